/** What is thinned of old values, by which rule, and what was: nothing goes silently. */
import '../style/things.css'
import '../style/work.css'
import { formatFor, milliseconds } from '../format.ts'
import { Icon } from '../parts/icon.tsx'
import { Empty, Pending, Stale } from '../parts/state.tsx'
import { useResource } from '../resource.ts'
import { useWords } from '../words.ts'

interface Policy {
  name: string
  after: string
  keep: string
  every: string | null
  sourceTypes: string[] | null
  sources: string[] | null
  sensors: number[] | null
  except: number[]
}
interface Run {
  at: string
  policy: string
  sensors: number
  removed: number
  kept: number
  until: string
}

const DAY = 86_400_000

export function Retention() {
  const { t, f, language, zone } = useWords()
  const { data, error, reload } = useResource<{ policies: Policy[]; runs: Run[] }>('/retention')
  const day = formatFor(language, zone)
  return (
    <div class="page">
      <h1>{t('retention.title')}</h1>
      <p class="lead muted">{t('retention.lead')}</p>
      {data && <Stale error={error} />}
      {!data ? (
        <section class="card" aria-label={t('retention.title')}>
          <Pending error={error} retry={reload} />
        </section>
      ) : (
        <>
          <section class="card" aria-labelledby="policies">
            <h2 id="policies">{t('retention.policies')}</h2>
            {data.policies.length === 0 ? (
              <Empty title={t('retention.none')}>
                <p class="lead">{t('retention.none.next')}</p>
              </Empty>
            ) : (
              <ul class="plain works">
                {data.policies.map((policy) => (
                  <PolicyLine key={policy.name} policy={policy} last={data.runs.find((run) => run.policy === policy.name)} />
                ))}
              </ul>
            )}
          </section>
          <section class="card" aria-labelledby="thinned">
            <h2 id="thinned">{t('retention.runs')}</h2>
            {data.runs.length === 0 ? (
              <p class="empty">{t('retention.runs.none')}</p>
            ) : (
              <table class="table">
                <caption class="unseen">{t('retention.runs')}</caption>
                <thead>
                  <tr>
                    <th scope="col">{t('retention.at')}</th>
                    <th scope="col">{t('retention.policy')}</th>
                    <th scope="col" class="number wide">
                      {t('retention.sensors')}
                    </th>
                    <th scope="col" class="number">
                      {t('retention.removed')}
                    </th>
                    <th scope="col" class="number wide">
                      {t('retention.kept')}
                    </th>
                    <th scope="col" class="wide">
                      {t('retention.until')}
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {data.runs.map((run) => (
                    <tr key={`${run.at}${run.policy}`}>
                      <th scope="row">{f.moment(Date.parse(run.at))}</th>
                      <td class="break">{run.policy}</td>
                      <td class="number wide">{f.number(run.sensors, 0)}</td>
                      <td class="number">{f.number(run.removed, 0)}</td>
                      <td class="number wide">{f.number(run.kept, 0)}</td>
                      <td class="wide">{day.day(Date.parse(run.until))}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            )}
          </section>
        </>
      )}
    </div>
  )
}

/** One rule as a sentence, of what it holds, and what it did last. */
function PolicyLine({ policy, last }: { policy: Policy; last: Run | undefined }) {
  const { t, f } = useWords()
  const { sourceTypes, sources, sensors, except } = policy
  const days = milliseconds(policy.after) / DAY
  const age = Number.isNaN(days)
    ? policy.after
    : days >= 365 && days % 365 === 0
      ? t.count('retention.years', days / 365)
      : t.count('retention.days', days)
  const minutes = policy.every === null ? Number.NaN : milliseconds(policy.every) / 60_000
  const every = Number.isNaN(minutes) ? (policy.every ?? '') : minutes % 60 === 0 ? `${minutes / 60} h` : `${minutes} min`
  const of = [...(sourceTypes ?? []).map((type) => t.code('source.type', type)), ...(sources ?? []).map((name) => `« ${name} »`)]
  return (
    <li class="work">
      <div class="work-head">
        <h3>{policy.name}</h3>
      </div>
      <dl class="figures">
        <div>
          <dt>{t('retention.after')}</dt>
          <dd>{age}</dd>
        </div>
        <div>
          <dt>{t('retention.keep')}</dt>
          <dd>{policy.keep === 'one-per' ? t('retention.keep.one-per', { every }) : t.code('retention.keep', policy.keep)}</dd>
        </div>
        <div>
          <dt>{t('retention.of')}</dt>
          <dd>
            {of.length > 0 ? of.join(', ') : t('retention.of.all')}
            {sensors && <Sensors label={t('retention.only')} ids={sensors} />}
            {except.length > 0 && <Sensors label={t('retention.except')} ids={except} />}
          </dd>
        </div>
        <div>
          <dt>{t('retention.last')}</dt>
          <dd>
            {last ? (
              <>
                {t.count('retention.last.removed', last.removed, { n: f.number(last.removed, 0) })}
                <span class="muted small block">{f.moment(Date.parse(last.at))}</span>
              </>
            ) : (
              <span class="muted">
                <Icon name="waiting" size={18} /> {t('retention.last.none')}
              </span>
            )}
          </dd>
        </div>
      </dl>
    </li>
  )
}

const Sensors = ({ label, ids }: { label: string; ids: number[] }) => (
  <span class="small block">
    {label}{' '}
    {ids.slice(0, 12).map((id, n) => (
      <>
        {n > 0 && ', '}
        <a key={id} href={`/ops/sensors/${id}`}>
          {id}
        </a>
      </>
    ))}
    {ids.length > 12 && ` … (${ids.length})`}
  </span>
)
