/** What stands below the plan: wishes that cannot be met, how it was made, how good the forecasts were. */
import { useCell } from '../cell.ts'
import { platformNow, versions } from '../live.ts'
import { Icon } from '../parts/icon.tsx'
import { Empty, Failure, Loading } from '../parts/state.tsx'
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
  const { t, f } = useWords()
  const seen = useCell(versions)
  const { data, error, reload } = useResource<Skill[]>('/forecasts/skill', seen.caughtUp)
  return (
    <section class="card" aria-labelledby="plan-skill">
      <h2 id="plan-skill">{t('skill.title')}</h2>
      <p class="muted small">{t('skill.lead')}</p>
      {!data ? (
        error ? (
          <Failure error={error} retry={reload} />
        ) : (
          <Loading />
        )
      ) : data.length === 0 ? (
        <Empty title={t('skill.empty')}>
          <p>{t('skill.empty.next')}</p>
        </Empty>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        <section class="scroll" tabIndex={0} aria-label={t('skill.table')}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t('skill.name')}</th>
                <th scope="col">{t('skill.day')}</th>
                <th scope="col" class="right">
                  {t('skill.rmse')}
                </th>
                <th scope="col" class="right">
                  {t('skill.persistence')}
                </th>
                <th scope="col" class="right">
                  {t('skill.skill')}
                </th>
              </tr>
            </thead>
            <tbody>
              {data.map((row) => (
                <tr key={`${row.sensor}-${row.model}-${row.day}`}>
                  <th scope="row">
                    {row.name} <span class="muted small block">{row.model}</span>
                  </th>
                  <td class="nowrap">{f.day(Date.parse(`${row.day.slice(0, 10)}T12:00:00Z`))}</td>
                  <td class="right">{f.amount(row.rmse, row.unit, 2)}</td>
                  <td class="right">{f.amount(row.rmsePersistence, row.unit, 2)}</td>
                  <td class="right">
                    <b>{f.percent(row.skill)}</b>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </section>
  )
}
