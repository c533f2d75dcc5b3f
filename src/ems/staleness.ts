/** When data of a sensor is stale, and why, as FlexMeasures words it (reference 1.4 `status_specs`, 1.5). */
import { formatDuration, HOUR, type Instant, instant, parseDurationLength } from '#kernel'
import type { Sensor } from './sensors.ts'

/** The last event that a kind of source wrote. */
export interface LastEvent {
  type: string
  start: Instant
}

export interface Staleness {
  /** Kind of the source; null when nothing was ever recorded. */
  sourceType: string | null
  stale: boolean
  code: 'fresh' | 'stale' | 'no-data' | 'no-future-data'
  /** How old the data is, ms; for data of the future how far ahead it reaches. Null when there is none that counts. */
  staleness: number | null
  /** Where that length is counted from. */
  since: Instant | null
  /** What it is measured against, ms. */
  limit: number | null
  isAhead: boolean
  reason: string
}

interface Specs {
  maxStaleness: number
  /** Negative: forecasts and plans must reach so far ahead. */
  maxFutureStaleness: number
}

/**
 * Rules of the sensor: its attribute `status_specs` as far as it can be read, else what FlexMeasures takes when there is none. There a sensor of
 * moments (a state of charge) is stale as soon as it is read; `momentary` says how old its last value may be instead.
 */
export function statusSpecs(sensor: Pick<Sensor, 'attributes' | 'knowledge' | 'resolution'>, momentary = 0): Specs {
  const given = sensor.attributes['status_specs']
  const own = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {}
  const daily = sensor.knowledge.fnc.startsWith('x_days_ago_at_y_o')
  return {
    maxStaleness: lengthIn(own['max_staleness']) ?? (daily ? 24 * HOUR : sensor.resolution > 0 ? 2 * sensor.resolution : momentary),
    maxFutureStaleness: lengthIn(own['max_future_staleness']) ?? -12 * HOUR,
  }
}

function lengthIn(value: unknown): number | undefined {
  try {
    return typeof value === 'string' ? parseDurationLength(value) : undefined
  } catch {
    return undefined
  }
}

/** Kinds of sources in the order in which FlexMeasures lists them; others follow by name. */
const ORDER = ['user', 'scheduler', 'forecaster', 'reporter', 'demo script', 'gateway', 'market']
const rank = (type: string): number => (ORDER.includes(type) ? ORDER.indexOf(type) : ORDER.length)

/** One line per kind of source that wrote the sensor; one that says so when none did. */
export function judgeStaleness(
  sensor: Pick<Sensor, 'attributes' | 'knowledge' | 'resolution' | 'knownAt'>,
  events: readonly LastEvent[],
  now: Instant,
  momentary = 0,
): Staleness[] {
  if (events.length === 0) return [NOTHING]
  const specs = statusSpecs(sensor, momentary)
  return [...events]
    .sort((a, b) => rank(a.type) - rank(b.type) || (a.type < b.type ? -1 : 1))
    .map(({ type, start }) => {
      const foretells = type === 'scheduler' || type === 'forecaster'
      if (foretells && start <= now) return { ...NOTHING, ...PAST, sourceType: type, since: start }
      const since = foretells ? start : sensor.knownAt(start)
      return judge(type, now - since, instant(since), specs)
    })
}

const NOTHING: Staleness = {
  sourceType: null,
  stale: true,
  code: 'no-data',
  staleness: null,
  since: null,
  limit: null,
  isAhead: false,
  reason: 'no data recorded',
}
const PAST = { code: 'no-future-data', reason: 'Found no future data which this source should have' } as const

function judge(sourceType: string, age: number, since: Instant, { maxStaleness, maxFutureStaleness }: Specs): Staleness {
  const isAhead = age <= 0
  const limit = isAhead ? maxFutureStaleness : maxStaleness
  const stale = age > limit
  const where = isAhead ? 'in the future' : 'old'
  const verdict = isAhead ? (stale ? 'but should be more' : 'which is not less') : stale ? 'but should not be more' : 'which is not more'
  return {
    sourceType,
    stale,
    code: stale ? 'stale' : 'fresh',
    staleness: Math.abs(age),
    since,
    limit: Math.abs(limit),
    isAhead,
    reason: `most recent data is ${preciseLength(Math.abs(age))} ${where}, ${verdict} than ${preciseLength(Math.abs(limit))} ${where}`,
  }
}

const UNITS: readonly [name: string, seconds: number][] = [
  ['year', 365 * 86_400],
  ['month', 30.5 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** '2 days, 1 hour and 33.12 seconds': how FlexMeasures words lengths of time. */
export function preciseLength(length: number): string {
  let rest = length / 1000
  const parts: string[] = []
  for (const [name, seconds] of UNITS) {
    const count = Math.floor(rest / seconds)
    rest -= count * seconds
    if (count > 0) parts.push(`${count} ${name}${count === 1 ? '' : 's'}`)
  }
  const seconds = Math.round(rest * 100) / 100
  if (seconds > 0 || parts.length === 0)
    parts.push(`${Number.isInteger(seconds) ? seconds : seconds.toFixed(2)} second${seconds === 1 ? '' : 's'}`)
  return parts.length === 1 ? parts[0]! : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/** Lengths as FlexMeasures writes them: 'PT15M', 'P0D' for none. */
export const isoLength = (length: number): string => (length === 0 ? 'P0D' : formatDuration(length))
