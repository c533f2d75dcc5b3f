/** Measured, forecast and plan of one asset in one picture, and the slider that asks what was believed earlier. */

import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useCell } from '../../cell.ts'
import { energy, highest, last, type Values } from '../../chart/digest.ts'
import { type Line, type Moment, TimeChart } from '../../chart/time-chart.tsx'
import { iso, milliseconds } from '../../format.ts'
import { platformNow, versions } from '../../live.ts'
import { Chips } from '../../parts/chips.tsx'
import { Empty, Failure, Loading, Stale } from '../../parts/state.tsx'
import { useResource } from '../../resource.ts'
import { address, type Route, refine } from '../../route.ts'
import type { Asset, Kind, Series, SeriesSet } from '../../wire.ts'
import { useWords, type Words } from '../../words.ts'

const HOUR = 3_600_000
const SPANS = { PT12H: 12, PT36H: 36, P7D: 168 } as const
type Span = keyof typeof SPANS
const COLOUR: Record<Kind, string> = {
  pv: '--solar',
  battery: '--battery',
  evse: '--vehicle',
  vehicle: '--vehicle',
  weather: '--solar',
  grid: '--import',
  site: '--import',
}

/** The picture of a solar panel shows production upwards; everything else shows consumption (charging) upwards. */
const upwards = (kind: Kind, series: Series): Values =>
  kind === 'pv' && series.unit === 'kW' ? series.values.map((value) => (value === null ? null : value === 0 ? 0 : -value)) : series.values

function linesOf(asset: Asset, set: SeriesSet, { t }: Words): Line[] {
  const colour = COLOUR[asset.kind]
  return set.series
    .filter((series) => series.values.some((value) => value !== null))
    .map((series, index): Line => {
      const values = upwards(asset.kind, series)
      const many = set.series.filter((other) => other.key === series.key).length > 1
      const label = t.code('series', series.key) + (many ? ` · ${series.name}` : '')
      const line = { key: `${series.key}-${series.sensor}-${index}`, label, unit: series.unit, values }
      if (series.key === 'measured') return { ...line, colour, fill: !many && asset.kind === 'pv' }
      if (series.key === 'forecast') return { ...line, colour: '--export', dash: [6, 4] }
      if (series.key === 'plan') return { ...line, colour: '--text', stepped: true, width: 1.5 }
      if (series.key === 'soc') return { ...line, colour: '--import' }
      if (series.key === 'soc-plan') return { ...line, colour: '--import', dash: [2, 3] }
      return { ...line, colour: '--text-soft', dash: [8, 3, 2, 3], stepped: true, off: asset.kind !== 'grid' }
    })
}

function summaryOf(asset: Asset, start: number, step: number, lines: Line[], { t, f }: Words): string {
  const now = platformNow()
  const when = (index: number) => f.near(start + index * step, now)
  const say: string[] = []
  const of = (key: string) => lines.find((line) => line.key.startsWith(`${key}-`))
  const name = asset.device ?? asset.name
  const measured = of('measured')
  const newest = measured && last(measured.values)
  const most = measured && highest(measured.values)
  if (measured && newest && most)
    say.push(
      t('summary.measured', {
        name,
        value: f.amount(newest.value, measured.unit),
        time: when(newest.index),
        max: f.amount(most.value, measured.unit),
        maxTime: when(most.index),
      }),
    )
  const forecast = of('forecast')
  const peak = forecast && highest(forecast.values.map((value, index) => (start + index * step >= now ? value : null)))
  if (forecast && peak) say.push(t('summary.forecast', { value: f.amount(peak.value, forecast.unit), time: when(peak.index) }))
  const plan = of('plan')
  if (plan) {
    const ahead = plan.values.map((value, index) => (start + index * step >= now ? value : null))
    if (ahead.some((value) => value !== null)) {
      const sum = energy(ahead, step)
      const amount = f.amount(Math.abs(sum), 'kWh')
      say.push(
        asset.kind === 'pv'
          ? t('summary.plan.pv', { energy: amount })
          : sum >= 0
            ? t('summary.plan.take', { energy: amount })
            : t('summary.plan.give', { energy: amount }),
      )
    }
  }
  const soc = of('soc')
  const charge = soc && last(soc.values)
  if (soc && charge) say.push(t('summary.soc', { value: f.amount(charge.value, soc.unit), time: when(charge.index) }))
  return say.length > 0 ? say.join(' ') : t('summary.none', { name })
}

function BeliefSlider({ from, until, at, loading }: { from: number; until: number; at: number | null; loading: boolean }) {
  const { t, f } = useWords()
  const steps = Math.max(1, Math.round((until - from) / (15 * 60_000)))
  const [draft, setDraft] = useState<number | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const shown = draft ?? (at === null ? steps : Math.min(steps, Math.max(0, Math.round((at - from) / (15 * 60_000)))))
  const moment = from + shown * 15 * 60_000
  const text = shown >= steps ? t('belief.now') : t('belief.at', { time: f.moment(moment) })
  const move = (value: number) => {
    setDraft(value)
    clearTimeout(timer.current)
    timer.current = setTimeout(() => {
      refine({ at: value >= steps ? undefined : iso(from + value * 15 * 60_000) })
      setDraft(null)
    }, 180)
  }
  return (
    <div class="belief">
      <label class="field">
        <span>
          {t('belief.label')} <b class="belief-text">{text}</b>
          {loading && <span class="spinner" aria-hidden="true" />}
        </span>
        <input
          type="range"
          min={0}
          max={steps}
          step={1}
          value={shown}
          aria-valuetext={text}
          onInput={(event) => move(Number(event.currentTarget.value))}
        />
      </label>
      {at !== null && (
        <button type="button" class="button" onClick={() => refine({ at: undefined })}>
          {t('belief.back')}
        </button>
      )}
    </div>
  )
}

export function AssetChart({ asset, route }: { asset: Asset; route: Route }) {
  const words = useWords()
  const { t } = words
  const seen = useCell(versions)
  const span: Span = route.query['span'] && route.query['span'] in SPANS ? (route.query['span'] as Span) : 'PT36H'
  const hours = SPANS[span]
  const asked = Date.parse(route.query['from'] ?? '')
  // Without a wish the picture follows the clock, in jumps of a quarter of an hour.
  const quarter = Math.floor(platformNow() / 900_000) * 900_000
  const following = quarter - (span === 'P7D' ? 6 * 24 : hours / 2) * HOUR
  const start = Number.isNaN(asked) ? following : asked
  const at = Number.isNaN(Date.parse(route.query['at'] ?? '')) ? null : Date.parse(route.query['at']!)
  const path = address(`/assets/${asset.asset}/series`, {
    start: iso(start),
    duration: span,
    resolution: span === 'P7D' ? 'PT15M' : 'PT5M',
    at: at === null ? undefined : iso(at),
  })
  const minute = Math.floor(Date.parse(asset.live.at ?? '') / 60_000)
  const { data, error, loading, reload } = useResource<SeriesSet>(path, `${seen.plan}/${seen.forecast}/${seen.caughtUp}/${minute}`)
  // While another period loads, the last picture stays.
  const kept = useRef<SeriesSet | undefined>(undefined)
  if (data) kept.current = data
  const set = data ?? (error ? undefined : kept.current)
  const lines = useMemo(() => (set ? linesOf(asset, set, words) : []), [set, asset.kind, words])
  const first = set ? Date.parse(set.start) : start
  const step = set ? milliseconds(set.step) : 300_000
  const now = Math.floor(platformNow() / 60_000) * 60_000
  const moments = useMemo((): Moment[] => {
    const marks: Moment[] = [{ at: now, label: t('chart.now'), colour: '--text' }]
    if (at !== null) marks.push({ at, label: t('chart.believed'), colour: '--alert' })
    return marks
  }, [now, at, t])
  const shift = (hoursBy: number) => refine({ from: iso(start + hoursBy * HOUR), at: undefined })
  const name = asset.device ?? asset.name
  return (
    <section class="card" aria-labelledby="asset-chart">
      <h2 id="asset-chart">{t('chart.title')}</h2>
      <div class="toolbar">
        <Chips
          legend={t('chart.span')}
          chosen={span}
          onChoose={(each) => refine({ span: each, from: undefined, at: undefined })}
          choices={(Object.keys(SPANS) as Span[]).map((value) => ({ value, label: t.code('chart.span', value) }))}
        />
        <div class="chips">
          <button type="button" class="chip" aria-label={t('chart.earlier')} onClick={() => shift(-hours / 2)}>
            ◀
          </button>
          <button type="button" class="chip" disabled={Number.isNaN(asked)} onClick={() => refine({ from: undefined, at: undefined })}>
            {t('chart.today')}
          </button>
          <button type="button" class="chip" aria-label={t('chart.later')} onClick={() => shift(hours / 2)}>
            ▶
          </button>
        </div>
      </div>
      {set && <Stale error={error} />}
      {!set && error ? (
        <Failure error={error} retry={reload} />
      ) : !set ? (
        <Loading />
      ) : lines.length === 0 ? (
        <Empty title={t('chart.empty')}>
          <p>{t('chart.empty.next')}</p>
        </Empty>
      ) : (
        <TimeChart
          start={first}
          step={step}
          lines={lines}
          moments={moments}
          summary={summaryOf(asset, first, step, lines, words)}
          caption={t('chart.caption', { name })}
        />
      )}
      {asset.kind === 'pv' && <p class="muted small">{t('chart.pv')}</p>}
      <BeliefSlider from={start} until={Math.min(quarter, start + hours * HOUR)} at={at} loading={loading && at !== null} />
    </section>
  )
}
