/** The records of chart data as lines on one grid: a line for each sensor and source. */
import type { Line } from './time-chart.tsx'

export interface BeliefRecord {
  ts: number
  sid: number
  val: number | null
  src: number
  bt: number
}
export interface ChartSource {
  name: string
  model: string
  version: string
  /** forecaster, scheduler or other. */
  type: string
  display_type: string
  description: string
}
export interface ChartData {
  data: BeliefRecord[]
  sensors: Record<string, { name: string; unit: string; event_resolution: number; description: string; asset_id: number }>
  sources: Record<string, ChartSource>
}
export interface Grid {
  start: number
  step: number
  count: number
}

const MINUTE = 60_000
const LADDER = [1, 5, 15, 30, 60, 180, 360, 1440].map((minutes) => minutes * MINUTE)
const MOST_POINTS = 720

/** The finest grid that a picture can show; never finer than what is measured. */
export function gridOf(from: number, until: number, finest = MINUTE): Grid {
  const length = Math.max(MINUTE, until - from)
  const step = LADDER.find((each) => each >= finest && length / each <= MOST_POINTS) ?? LADDER.at(-1)!
  const start = Math.floor(from / step) * step
  return { start, step, count: Math.max(1, Math.ceil((until - start) / step)) }
}

export const COLOURS = ['--battery', '--import', '--vehicle', '--solar', '--export', '--text'] as const

export interface Wanted {
  sensor: number
  name: string
  unit: string
  /** Seconds; 0 = moments. */
  resolution: number
  colour: string
}

/**
 * Lines of one sensor: forecasts dashed, plans dotted, and steps wherever a value holds for a while (moments are drawn through). With `spread` the lowest and the highest of
 * all beliefs of an event are drawn faintly around the newest.
 */
export function beliefLines(
  { sensor, name, unit, resolution, colour }: Wanted,
  { data, sources }: ChartData,
  { start, step, count }: Grid,
  { hidden, spread, nameOf }: { hidden: ReadonlySet<number>; spread: boolean; nameOf: (source: ChartSource) => string },
): Line[] {
  interface Drawn {
    values: (number | null)[]
    believed: number[]
    /** The one event of each slot whose beliefs are compared: several moments may fall into one. */
    event: number[]
    low: (number | null)[]
    high: (number | null)[]
  }
  const drawn = new Map<number, Drawn>()
  const holds = Math.max(1, Math.floor((resolution * 1000) / step))
  for (const { ts, val, src, bt } of data) {
    const slot = Math.floor((ts - start) / step)
    if (val === null || slot < 0 || slot >= count || hidden.has(src)) continue
    let line = drawn.get(src)
    if (!line) {
      const empty = () => new Array<number | null>(count).fill(null)
      line = {
        values: empty(),
        believed: new Array<number>(count).fill(Number.NEGATIVE_INFINITY),
        event: new Array<number>(count).fill(Number.NaN),
        low: empty(),
        high: empty(),
      }
      drawn.set(src, line)
    }
    // A value holds for the whole of its event, also where the grid is finer.
    for (let each = slot; each < Math.min(count, slot + holds); each++)
      if (bt >= line.believed[each]!) {
        line.values[each] = val
        line.believed[each] = bt
      }
    if (Number.isNaN(line.event[slot]!)) line.event[slot] = ts
    if (line.event[slot] !== ts) continue
    line.low[slot] = Math.min(line.low[slot] ?? val, val)
    line.high[slot] = Math.max(line.high[slot] ?? val, val)
  }
  const span = resolution === 0
  return [...drawn].flatMap(([id, { values, low, high }]): Line[] => {
    const source = sources[id]
    const type = source?.type ?? 'other'
    const label = `${name} · ${source ? nameOf(source) : id}`
    const look = type === 'forecaster' ? { dash: [6, 4] } : type === 'scheduler' ? { dash: [2, 3], width: 2 } : {}
    const { dash, ...rest } = look as { dash?: number[]; width?: number }
    const line = { key: `${sensor}-${id}`, label, unit, values, colour, span, stepped: !span, ...rest, ...(dash ? { dash } : {}) }
    if (!spread || values.every((value, slot) => low[slot] === high[slot] || value === null)) return [line]
    const around = { unit, colour, span, stepped: !span, dash: [1, 3], width: 1 }
    return [
      line,
      { ...around, key: `${sensor}-${id}-low`, label: `${label} ↓`, values: low },
      { ...around, key: `${sensor}-${id}-high`, label: `${label} ↑`, values: high },
    ]
  })
}
