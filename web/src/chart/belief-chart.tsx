/** A chart of beliefs with its choices: which sources, which versions, whether what was believed otherwise is shown as well. */
import { useMemo } from 'preact/hooks'
import { platformNow } from '../live.ts'
import { Empty, Stale } from '../parts/state.tsx'
import { type Route, refine } from '../route.ts'
import { useWords, type Words } from '../words.ts'
import { beliefLines, type ChartSource } from './belief-lines.ts'
import { last } from './digest.ts'
import { type Band, type Line, type Moment, TimeChart } from './time-chart.tsx'
import { type BeliefsRead, secondsOf } from './use-beliefs.ts'

export interface BeliefChoice {
  at: number | null
  latestVersion: boolean
  mostRecent: boolean
  hidden: ReadonlySet<number>
}

/** What the address says of it. */
export function useBeliefChoice(route: Route): BeliefChoice {
  const { at, versions, beliefs, off } = route.query
  return useMemo(() => {
    const moment = Date.parse(at ?? '')
    return {
      at: Number.isNaN(moment) ? null : moment,
      latestVersion: versions !== 'all',
      mostRecent: beliefs !== 'all',
      hidden: new Set((off ?? '').split(',').filter(Boolean).map(Number)),
    }
  }, [at, versions, beliefs, off])
}

/** Every source of what was read, by id. */
export function sourcesIn(read: BeliefsRead): Map<number, ChartSource> {
  const found = new Map<number, ChartSource>()
  for (const { sources } of read.data.values()) for (const [id, source] of Object.entries(sources)) found.set(Number(id), source)
  return found
}

export function BeliefBar({ choice, sources }: { choice: BeliefChoice; sources: ReadonlyMap<number, ChartSource> }) {
  const { t } = useWords()
  const toggle = (id: number) => {
    const next = new Set(choice.hidden)
    if (!next.delete(id)) next.add(id)
    refine({ off: [...next].sort((a, b) => a - b).join(',') })
  }
  return (
    <details class="fold" open={choice.hidden.size > 0 || !choice.latestVersion || !choice.mostRecent}>
      <summary>{t('graph.sources', { n: sources.size })}</summary>
      <fieldset class="choices">
        <legend class="unseen">{t('graph.sources.which')}</legend>
        {[...sources].map(([id, source]) => (
          <label key={id} class="choice">
            <input type="checkbox" checked={!choice.hidden.has(id)} onChange={() => toggle(id)} />
            <span>
              {sourceName(source, t)}
              <span class="muted small block">
                {[source.name, source.model, source.version && `v${source.version}`].filter(Boolean).join(' · ')}
              </span>
            </span>
          </label>
        ))}
      </fieldset>
      <fieldset class="choices">
        <legend class="unseen">{t('graph.beliefs')}</legend>
        <label class="choice">
          <input
            type="checkbox"
            checked={choice.latestVersion}
            onChange={(event) => refine({ versions: event.currentTarget.checked ? undefined : 'all' })}
          />
          <span>{t('graph.latest')}</span>
        </label>
        <label class="choice">
          <input
            type="checkbox"
            checked={choice.mostRecent}
            onChange={(event) => refine({ beliefs: event.currentTarget.checked ? undefined : 'all' })}
          />
          <span>{t('graph.recent')}</span>
        </label>
      </fieldset>
    </details>
  )
}

export const sourceName = (source: ChartSource, t: Words['t']): string => t.code('source.type', source.display_type)

export function BeliefChart({
  title,
  sensors,
  colours,
  fixed = [],
  beliefs,
  choice,
  bands,
  assetOf,
  home,
  linked = true,
}: {
  title: string
  sensors: readonly number[]
  colours: readonly string[]
  fixed?: readonly { label: string; value: number; unit: string }[]
  beliefs: BeliefsRead
  choice: BeliefChoice
  bands?: Band[]
  /** Name of the sensor with its asset, when that is another one than the page's. */
  assetOf?: (sensor: number) => string | undefined
  home?: number
  /** Whether links to the sensors stand below. */
  linked?: boolean
}) {
  const words = useWords()
  const { t } = words
  const { grid } = beliefs
  const lines = useMemo((): Line[] => {
    const drawn = sensors.flatMap((id, index) => {
      const sensor = beliefs.sensors.get(id)
      const data = beliefs.data.get(String(id))
      if (!sensor || !data) return []
      const name = assetOf?.(id) ?? sensor.name
      // One sensor: sources differ by colour; several: each sensor has its colour.
      const found = beliefLines(
        { sensor: id, name, unit: sensor.unit, resolution: secondsOf(sensor), colour: colours[index % colours.length]! },
        data,
        grid,
        { hidden: choice.hidden, spread: !choice.mostRecent, nameOf: (source) => distinct(source, Object.values(data.sources), t) },
      )
      return sensors.length > 1 ? found : found.map((line, order) => ({ ...line, colour: colours[order % colours.length]! }))
    })
    const constant = fixed.map(
      (line): Line => ({
        key: `fixed-${line.label}`,
        label: line.label,
        unit: line.unit,
        values: new Array(grid.count).fill(line.value),
        colour: '--text-soft',
        dash: [8, 4],
        width: 1.5,
      }),
    )
    return [...constant, ...drawn]
  }, [beliefs.data, beliefs.sensors, sensors.join(), choice.hidden, choice.mostRecent, words, fixed.length])
  const now = Math.floor(platformNow() / 60_000) * 60_000
  const moments = useMemo((): Moment[] => {
    const marks: Moment[] = [{ at: now, label: t('chart.now'), colour: '--text' }]
    if (choice.at !== null) marks.push({ at: choice.at, label: t('chart.believed'), colour: '--alert' })
    return marks
  }, [now, choice.at, t])
  const id = `graph-${home ?? ''}-${sensors.join('-')}`
  return (
    <section class="card" aria-labelledby={id} aria-busy={beliefs.loading}>
      <h2 id={id}>{title}</h2>
      <Stale error={beliefs.errors[0]} />
      {lines.length === 0 ? (
        <Empty title={t('chart.empty')}>
          <p>{t('chart.empty.next')}</p>
        </Empty>
      ) : (
        <TimeChart
          start={grid.start}
          step={grid.step}
          lines={lines}
          moments={moments}
          {...(bands ? { bands } : {})}
          height={280}
          summary={summaryOf(lines, grid, now, words)}
          caption={title}
          onZoom={(from, until) => {
            if (until - from >= 10 * 60_000)
              refine({ from: new Date(from).toISOString(), until: new Date(until).toISOString(), span: undefined, at: undefined })
          }}
        />
      )}
      {linked && sensors.length > 0 && (
        <p class="small sensor-links">
          {sensors.map((sensor) => (
            <a key={sensor} href={`/ops/sensors/${sensor}`}>
              {t('graph.sensor', { name: assetOf?.(sensor) ?? beliefs.sensors.get(sensor)?.name ?? String(sensor) })}
            </a>
          ))}
        </p>
      )}
    </section>
  )
}

/** The type of a source, with its model where several have that type. */
function distinct(source: ChartSource, all: ChartSource[], t: Words['t']): string {
  const twins = all.filter((other) => other.display_type === source.display_type)
  const name = sourceName(source, t)
  if (twins.length < 2) return name
  return `${name} ${[source.model || source.name, source.version && `v${source.version}`].filter(Boolean).join(' ')}`
}

/** One sentence per line, the first three: the value now (or last), the lowest and the highest. */
function summaryOf(lines: readonly Line[], grid: { start: number; step: number }, now: number, { t, f }: Words): string {
  const told = lines
    .filter((line) => !line.key.endsWith('-low') && !line.key.endsWith('-high') && !line.key.startsWith('fixed-'))
    .slice(0, 3)
  return told
    .map((line) => {
      const values = line.values.filter((value): value is number => typeof value === 'number')
      const newest = last(line.values)
      if (values.length === 0 || !newest) return ''
      return t('graph.summary', {
        name: line.label,
        min: f.number(Math.min(...values)),
        max: f.amount(Math.max(...values), line.unit),
        value: f.amount(newest.value, line.unit),
        time: f.near(grid.start + newest.index * grid.step, now),
      })
    })
    .filter(Boolean)
    .join(' ')
}
