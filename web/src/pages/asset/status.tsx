/** How fresh everything below an asset is, and the long work about it. */
import { useMemo } from 'preact/hooks'
import { platformNow } from '../../live.ts'
import { Pending, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { refine } from '../../route.ts'
import { useWords } from '../../words.ts'
import { Freshness } from './context.tsx'
import { JobsCard } from './jobs.tsx'
import type { TabProps } from './tab.ts'

interface Source {
  sourceType: string | null
  stale: boolean
  code: string
  staleness: string | null
  since: string | null
  limit: string | null
  ahead: boolean
  reason: string
}
interface Line {
  sensor: number
  name: string
  unit: string
  asset: number
  assetName: string
  stale: boolean
  sources: Source[]
}
interface Status {
  at: string
  sensors: number
  stale: number
  silent: number
  lines: Line[]
}

const PAGE = 50

export function StatusTab(props: TabProps) {
  return (
    <div class="page">
      <JobsCard {...props} />
      <Staleness {...props} />
    </div>
  )
}

function Staleness({ thing, route }: TabProps) {
  const { t, f } = useWords()
  const minute = Math.floor(platformNow() / 60_000)
  const { data, error, reload } = useResource<Status>(`/assets/${thing.id}/status`, minute)
  const only = route.query['only'] === 'stale'
  const shown = Math.max(PAGE, Number(route.query['rows']) || PAGE)
  const rows = useMemo(
    () =>
      (data?.lines ?? [])
        .filter((line) => !only || line.stale || isSilent(line))
        .flatMap((line): { line: Line; source: Source | undefined }[] =>
          line.sources.length === 0 ? [{ line, source: undefined }] : line.sources.map((source) => ({ line, source })),
        )
        .filter(({ source }) => !only || !source || source.stale || source.code === 'no-data'),
    [data, only],
  )
  return (
    <section class="card" aria-labelledby="staleness">
      <div class="card-head">
        <h2 id="staleness">{t('staleness.title')}</h2>
        <label class="choice">
          <input
            type="checkbox"
            checked={only}
            onChange={(event) => refine({ only: event.currentTarget.checked ? 'stale' : undefined, rows: undefined })}
          />
          <span>{t('staleness.only')}</span>
        </label>
      </div>
      {data && <Stale error={error} />}
      {!data ? (
        <Pending error={error} retry={reload} />
      ) : (
        <>
          <p class="lead" role="status">
            {data.sensors === 0
              ? t('staleness.nothing')
              : data.stale === 0
                ? t('staleness.good', { n: data.sensors })
                : t('staleness.sum', { n: data.sensors, stale: data.stale, silent: data.silent })}
          </p>
          {rows.length > 0 && (
            <table class="table">
              <caption class="unseen">{t('staleness.title')}</caption>
              <thead>
                <tr>
                  <th scope="col">{t('sensor.name')}</th>
                  <th scope="col">{t('staleness.state')}</th>
                  <th scope="col" class="wide">
                    {t('staleness.source')}
                  </th>
                  <th scope="col" class="wide">
                    {t('staleness.last')}
                  </th>
                  <th scope="col" class="wide">
                    {t('staleness.why')}
                  </th>
                </tr>
              </thead>
              <tbody>
                {rows.slice(0, shown).map(({ line, source }) => (
                  <tr key={`${line.sensor} ${source?.sourceType}`}>
                    <th scope="row">
                      <a class="row-link" href={`/ops/sensors/${line.sensor}`}>
                        <span>
                          {line.assetName} · {line.name}
                          <span class="narrow muted small block">{source ? t.code('source.type', source.sourceType ?? '') : ''}</span>
                        </span>
                      </a>
                    </th>
                    <td>
                      <Freshness code={source?.code ?? 'no-data'} />
                      {source && <span class="narrow muted small">{wordsOf(source)}</span>}
                    </td>
                    <td class="wide">{source?.sourceType ? t.code('source.type', source.sourceType) : '–'}</td>
                    <td class="wide nowrap">{source?.since ? f.near(Date.parse(source.since), platformNow()) : '–'}</td>
                    <td class="wide muted">{source ? wordsOf(source) : '–'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {rows.length > shown && (
            <button type="button" class="button" onClick={() => refine({ rows: String(shown + PAGE * 4) })}>
              {t('thing.more', { n: rows.length - shown })}
            </button>
          )}
        </>
      )}
    </section>
  )

  function wordsOf(source: Source): string {
    if (source.staleness === null) return source.code === 'no-data' ? t('staleness.words.none') : ''
    const fill = { age: span(source.staleness), limit: span(source.limit ?? 'PT0S') }
    return source.ahead ? t('staleness.words.ahead', fill) : t('staleness.words.old', fill)
  }

  /** `P1DT23H16M10S` as `1 d 23 h`: the two largest parts. */
  function span(iso: string): string {
    const [, days = '0', hours = '0', minutes = '0', seconds = '0'] =
      /^-?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?$/.exec(iso) ?? []
    const all: [number, string][] = [
      [Number(days), t('length.days', { n: days })],
      [Number(hours), t('length.hours', { n: hours })],
      [Number(minutes), t('minutes', { n: minutes })],
      [Math.round(Number(seconds)), t('age.seconds', { n: Math.round(Number(seconds)) })],
    ]
    const first = all.findIndex(([amount]) => amount > 0)
    if (first < 0) return t('age.seconds', { n: 0 })
    return all
      .slice(first, first + 2)
      .filter(([amount]) => amount > 0)
      .map(([, word]) => word)
      .join(' ')
  }
}

const isSilent = (line: Line): boolean => line.sources.length === 0 || line.sources[0]!.code === 'no-data'
