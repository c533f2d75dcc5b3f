/** What is forecast: how good it was lately, which models were chosen, and making one again, followed here. */
import '../style/work.css'
import { useState } from 'preact/hooks'
import { post, type Refusal, remove } from '../api.ts'
import { useCell } from '../cell.ts'
import { problemLine } from '../format.ts'
import { session, versions } from '../live.ts'
import { useSending } from '../parts/form.tsx'
import { Progress } from '../parts/progress.tsx'
import { Search } from '../parts/search.tsx'
import { SkillTable } from '../parts/skill-table.tsx'
import { Empty, Failure, Pending, Stale } from '../parts/state.tsx'
import { useTick } from '../parts/tick.ts'
import { useResource } from '../resource.ts'
import { type PageProps, refine } from '../route.ts'
import { acts } from '../things.ts'
import type { Skill } from '../wire.ts'
import { useWords } from '../words.ts'

interface Choice {
  hours: number
  models: string[]
  rmse: number | null
  skill: number | null
}
interface Listed {
  name: string
  sensor: number
  kind: string
  unit: string
  /** Null: nobody configured it; somebody asked for it once. */
  every: string | null
  mayMake: boolean
  model: string
  fallback: string
  chosen: { madeAt: string; days: number; choices: Choice[] } | null
}
interface Made {
  status: string
  stage: string | null
  done: number
  total: number
  problem: string | null
  seconds: number | null
}
interface Entry {
  key: string
  sensor: number
  name: string
  unit: string
  /** Undefined: only its skill is known; the planner makes it. */
  listed: Listed | undefined
  days: Skill[]
}

const DAYS = 14
const SHOWN = 20

export function Forecasts({ route }: PageProps) {
  const { t } = useWords()
  const seen = useCell(versions)
  const [made, setMade] = useState(0)
  const version = `${seen.forecast} ${seen.caughtUp} ${made}`
  const list = useResource<Listed[]>('/forecasts', version)
  const skill = useResource<Skill[]>(`/forecasts/skill?days=${DAYS}`, version)
  const error = list.error ?? skill.error
  const { q = '' } = route.query
  const all = list.data && skill.data ? gathered(list.data, skill.data) : undefined
  const found = all?.filter(({ name }) => name.toLowerCase().includes(q.toLowerCase()))
  const shown = Math.max(SHOWN, Number(route.query['rows']) || 0)
  return (
    <div class="page">
      <h1>{t('forecasts.title')}</h1>
      <section class="card" aria-label={t('forecasts.title')}>
        <p class="muted lead work-lead">{t('skill.lead')}</p>
        <div class="filters">
          <Search label={t('table.search')} words={q} onWords={(words) => refine({ q: words, rows: undefined })} />
        </div>
        {all && <Stale error={error} />}
        {!all || !found ? (
          <Pending
            error={error as Refusal}
            retry={() => {
              list.reload()
              skill.reload()
            }}
          />
        ) : all.length === 0 ? (
          <Empty title={t('forecasts.empty')}>
            <p>{t('forecasts.empty.next')}</p>
          </Empty>
        ) : found.length === 0 ? (
          <p class="empty">{t('table.none')}</p>
        ) : (
          <ul class="plain works">
            {found.slice(0, shown).map((entry) => (
              <ForecastLine key={entry.key} entry={entry} onDone={() => setMade(made + 1)} />
            ))}
          </ul>
        )}
        {found && found.length > shown && (
          <button type="button" class="button" onClick={() => refine({ rows: String(shown + 4 * SHOWN) })}>
            {t('thing.more', { n: found.length - shown })}
          </button>
        )}
      </section>
    </div>
  )
}

/** Those that are configured or were chosen for, then those of which only the skill is known; newest day of each first. */
function gathered(list: Listed[], skills: Skill[]): Entry[] {
  const byDay = (a: Skill, b: Skill) => b.day.localeCompare(a.day)
  const entries = list.map(
    (listed): Entry => ({
      key: `${listed.sensor} ${listed.name}`,
      sensor: listed.sensor,
      name: listed.name,
      unit: listed.unit,
      listed,
      days: skills.filter(({ sensor }) => sensor === listed.sensor).sort(byDay),
    }),
  )
  const known = new Set(list.map(({ sensor }) => sensor))
  const others = new Map<number, Skill[]>()
  for (const each of skills) if (!known.has(each.sensor)) others.set(each.sensor, [...(others.get(each.sensor) ?? []), each])
  for (const [sensor, days] of others) {
    const { name, unit } = days[0]!
    entries.push({ key: String(sensor), sensor, name, unit, listed: undefined, days: days.sort(byDay) })
  }
  return entries
}

const mean = (values: number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length

function ForecastLine({ entry, onDone }: { entry: Entry; onDone: () => void }) {
  const { t, f } = useWords()
  const who = useCell(session)
  const { listed, days } = entry
  const gain = mean(days.map(({ skill }) => skill).filter((one) => one !== null))
  const error = mean(days.map(({ rmse }) => rmse))
  const models = (names: string[]) => names.map((name) => t.code('model', name)).join(' + ')
  const choices = listed?.chosen?.choices ?? []
  return (
    <li class="work">
      <div class="work-head">
        <h2>
          <a href={`/ops/sensors/${entry.sensor}`}>{entry.name}</a>
        </h2>
        {listed && <span class="rung">{t.code('forecasts.kind', listed.kind)}</span>}
        <span class="muted small">{listed?.every ? t('forecasts.every', { every: t.code('resolution', listed.every) }) : ''}</span>
      </div>
      <dl class="figures">
        <div>
          <dt>{t('forecasts.gain', { n: new Set(days.map(({ day }) => day)).size })}</dt>
          <dd>
            <b class={`figure ${gain !== null && gain < 0 ? 'bad' : ''}`}>{f.percent(gain)}</b>
          </dd>
        </div>
        <div>
          <dt>{t('skill.rmse')}</dt>
          <dd>
            <span class="figure">{f.amount(error, entry.unit, 2)}</span>
          </dd>
        </div>
        <div>
          <dt>{t('skill.model')}</dt>
          <dd>
            {choices[0]
              ? models(choices[0].models)
              : listed
                ? t('forecasts.fallback', { model: t.code('model', listed.fallback) })
                : t.code('model', days[0]?.model ?? '–')}
          </dd>
        </div>
      </dl>
      <div class="work-folds">
        {choices.length > 0 && listed?.chosen && (
          <details class="fold">
            <summary>{t('forecasts.choices')}</summary>
            <p class="muted small">
              {t('forecasts.chosen', { at: f.moment(Date.parse(listed.chosen.madeAt)), days: f.number(listed.chosen.days, 0) })}
            </p>
            <table class="table">
              <caption class="unseen">{t('forecasts.choices')}</caption>
              <thead>
                <tr>
                  <th scope="col">{t('forecasts.ahead')}</th>
                  <th scope="col">{t('skill.model')}</th>
                  <th scope="col" class="number wide">
                    {t('skill.rmse')}
                  </th>
                  <th scope="col" class="number">
                    {t('skill.skill')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {choices.map((choice) => (
                  <tr key={choice.hours}>
                    <th scope="row">{t('forecasts.hours', { n: f.number(choice.hours) })}</th>
                    <td>{models(choice.models)}</td>
                    <td class="number wide">{f.amount(choice.rmse, entry.unit, 2)}</td>
                    <td class="number">{f.percent(choice.skill)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </details>
        )}
        {days.length > 0 && (
          <details class="fold">
            <summary>{t('forecasts.days')}</summary>
            <SkillTable days={days} />
          </details>
        )}
      </div>
      {listed?.mayMake && who.state === 'in' && acts(who.user) && <Again listed={listed} onDone={onDone} />}
    </li>
  )
}

/** Makes the forecast now and follows it; leaving the page does not stop it. */
function Again({ listed, onDone }: { listed: Listed; onDone: () => void }) {
  const { t, f, said } = useWords()
  const sending = useSending()
  const [job, setJob] = useState<string | null>(null)
  const beat = useTick(1_000)
  const { data } = useResource<Made>(job === null ? null : `/forecasts/${job}`, beat)
  const running = job !== null && (!data || ['QUEUED', 'SCHEDULED', 'DEFERRED', 'STARTED'].includes(data.status))
  const ask = async () => {
    const answer = (await post('/forecasts', listed.every === null ? { sensor: listed.sensor } : { name: listed.name })) as {
      data: { job: string }
    }
    setJob(answer.data.job)
  }
  return (
    <>
      <div class="work-do buttons">
        {running ? (
          <button
            type="button"
            class="button"
            disabled={sending.busy}
            onClick={() => void sending.send(() => remove(`/forecasts/${job}`), t('jobs.cancelled'))}
          >
            {t('job.cancel')}
          </button>
        ) : (
          <button
            type="button"
            class="button"
            disabled={sending.busy}
            onClick={async () => {
              if (await sending.send(ask, t('job.asked'))) onDone()
            }}
          >
            {t('forecasts.again')}
          </button>
        )}
      </div>
      <div class="work-said">
        {running && (
          <Progress progress={data?.stage ? { stage: data.stage, done: data.done, total: data.total } : { message: t('job.waiting') }} />
        )}
        {job !== null && data?.status === 'FINISHED' && (
          <p class="good" role="status">
            {t('forecasts.made', { seconds: f.number(data.seconds ?? 0, 1) })} <a href={`/ops/sensors/${listed.sensor}`}>{t('job.see')}</a>
          </p>
        )}
        {job !== null && !running && data && data.status !== 'FINISHED' && (
          <p class="bad" role="alert">
            {t.code('job.status', data.status)}
            {data.problem ? ` : ${said(problemLine(data.problem))}` : ''}
          </p>
        )}
        {sending.error && <Failure error={sending.error} />}
      </div>
    </>
  )
}
