/** What stands below the plan: wishes that cannot be met, how it was made, how good the forecasts were. */
import { useCell } from '../cell.ts'
import { platformNow, versions } from '../live.ts'
import { Icon } from '../parts/icon.tsx'
import { SkillTable } from '../parts/skill-table.tsx'
import { Empty, Pending } from '../parts/state.tsx'
import { useResource } from '../resource.ts'
import type { Plan, Skill } from '../wire.ts'
import { useWords } from '../words.ts'

const HOUR = 3_600_000

export function Facts({ plan, step }: { plan: Plan; step: number }) {
  const { t, f, said } = useWords()
  const money = (value: number | null) => f.amount(value, plan.currency, 2)
  const now = platformNow()
  return (
    <section class="card" aria-labelledby="plan-how">
      <h2 id="plan-how">{t('plan.how')}</h2>
      <dl class="facts facts-wide">
        <div>
          <dt>{t('plan.made')}</dt>
          <dd>{f.near(Date.parse(plan.madeAt), now)}</dd>
        </div>
        <div>
          <dt>{t('plan.trigger')}</dt>
          <dd>{said(plan.trigger)}</dd>
        </div>
        <div>
          <dt>{t('plan.objective')}</dt>
          <dd>{money(plan.objective)}</dd>
        </div>
        <div>
          <dt>{t('plan.bound')}</dt>
          <dd>{plan.bound === null ? '–' : money(plan.bound)}</dd>
        </div>
        <div>
          <dt>{t('plan.gap')}</dt>
          <dd>{plan.gap === null ? '–' : `${f.number(plan.gap * 100, 3)}\u00a0%`}</dd>
        </div>
        <div>
          <dt>{t('plan.solver')}</dt>
          <dd>{t('plan.solver.value', { solver: plan.solver, time: f.amount(plan.solveMs / 1000, 's', 2) })}</dd>
        </div>
        <div>
          <dt>{t('plan.horizon')}</dt>
          <dd>{t('plan.horizon.value', { hours: f.number((plan.slots * step) / HOUR, 0), slot: step / 60_000 })}</dd>
        </div>
      </dl>
      {plan.notes?.map((note) => (
        <p key={note} class="muted">
          {said(note)}
        </p>
      ))}
    </section>
  )
}

export function BrokenWishes({ plan }: { plan: Plan }) {
  const { t, f, said } = useWords()
  return (
    <section class="card" aria-labelledby="plan-wishes">
      <h2 id="plan-wishes">{t('plan.wishes')}</h2>
      {plan.brokenWishes.length === 0 ? (
        <p class="muted">
          <Icon name="obeyed" size={18} /> {t('plan.wishes.none')}
        </p>
      ) : (
        <ul class="plain alarms">
          {plan.brokenWishes.map((wish) => (
            <li key={`${wish.device}-${wish.name}-${wish.at}`}>
              <Icon name="alert" size={20} />
              <div>
                <p>
                  <a href={`/ops/assets/${wish.asset}`}>{wish.device}</a>{' '}
                  {t('plan.wish', { amount: f.amount(wish.missingKwh, 'kWh'), time: f.near(Date.parse(wish.at), platformNow()) })}
                </p>
                <p class="muted">{said(wish.because)}</p>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

export function Accuracy() {
  const { t } = useWords()
  const seen = useCell(versions)
  const { data, error, reload } = useResource<Skill[]>('/forecasts/skill', seen.caughtUp)
  return (
    <section class="card" aria-labelledby="plan-skill">
      <h2 id="plan-skill">{t('skill.title')}</h2>
      <p class="muted small">{t('skill.lead')}</p>
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : data.length === 0 ? (
        <Empty title={t('skill.empty')}>
          <p>{t('skill.empty.next')}</p>
        </Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section class="scroll" tabIndex={0} aria-label={t('skill.table')}>
          <SkillTable days={data} named />
        </section>
      )}
    </section>
  )
}
