/** Beliefs put into slots, told apart by kind, or as they are (reference 1.2, 2.6). */
import { HOUR, type Instant, instant, Problem } from '#kernel'
import type { Queryable } from '#store'
import type { Belief, BeliefSearch, FoundBeliefs, SeriesByKind, SeriesQuery } from './belief.ts'
import { latestVersions, onePerEvent, sourcesOf, where } from './belief-choice.ts'
import { type BeliefColumns, HORIZON, MIDDLE, NEVER, type Reduction, readColumns } from './belief-columns.ts'
import type { Sensor } from './sensors.ts'
import type { SourceBook } from './source-ranks.ts'

/** Where readings come from. */
export interface Readable {
  db: Queryable
  book: SourceBook
}

type Question = Omit<SeriesQuery, 'sensor'>

/** One belief per event, as the query prefers. */
async function believed({ db, book }: Readable, sensor: Sensor, query: Question): Promise<BeliefColumns> {
  const found = await readColumns(db, sensor, query, 'newest')
  const ranks = await book.ranks(sourcesOf(found))
  return onePerEvent(latestVersions(found, ranks, 'event'), ranks, query.prefer ?? 'recent')
}

/** The beliefs in the window, one per event, ascending; values as stored or consumption positive. */
export async function readEvents(from: Readable, sensor: Sensor, query: Question): Promise<Belief[]> {
  const sign = signOf(sensor, query)
  const { length, starts, horizons, values, sources } = await believed(from, sensor, query)
  return Array.from({ length }, (_, i) => {
    const start = instant(starts[i]!)
    return { start, value: signed(values[i]!, sign), beliefTime: instant(sensor.knownAt(start) - horizons[i]!), source: sources[i]! }
  })
}

/** Value per slot; see `Beliefs.series`. */
export async function readSeries(from: Readable, sensor: Sensor, query: Question): Promise<(number | null)[]> {
  const slots = slotsOf(sensor, query)
  return slots.count === 0 ? [] : fill(await believed(from, sensor, { ...query, from: slots.reach }), sensor, slots, signOf(sensor, query))
}

/** Measured, forecast and planned values per slot, with one look at the beliefs of the window. */
export async function readSeriesByKind({ db, book }: Readable, sensor: Sensor, query: Question): Promise<SeriesByKind> {
  const slots = slotsOf(sensor, query)
  const found = await readColumns(db, sensor, { ...query, from: slots.reach }, 'newest-by-class')
  const ranks = await book.ranks(sourcesOf(found))
  const typed = (type: string) => (row: number) => found.horizons[row]! > 0 && ranks.get(found.sources[row]!)?.type === type
  const series = (test: (row: number) => boolean) =>
    fill(onePerEvent(latestVersions(where(found, test), ranks, 'event'), ranks, 'recent'), sensor, slots, signOf(sensor, query))
  return { measured: series((row) => found.horizons[row]! <= 0), forecast: series(typed('forecaster')), plan: series(typed('scheduler')) }
}

/** Beliefs with all that is known of them; see `Beliefs.search`. */
export async function searchBeliefs({ db, book }: Readable, sensor: Sensor, query: Omit<BeliefSearch, 'sensor'>): Promise<FoundBeliefs> {
  const { beliefs = 'recent', versions = 'latest', one } = query
  const found = await readColumns(db, sensor, query, REDUCTIONS[beliefs][one === undefined ? 'whole' : 'middle'])
  const ranks = await book.ranks(sourcesOf(found))
  const latest = versions === 'all' ? found : latestVersions(found, ranks, one === 'per-event' ? 'event' : 'belief')
  const chosen = one === 'per-event' ? onePerEvent(latest, ranks, 'version') : latest
  const sign = signOf(sensor, query)
  if (sign === -1)
    for (let i = 0; i < chosen.length; i++) {
      chosen.values[i] = signed(chosen.values[i]!, sign)
      chosen.probabilities[i] = Math.round((1 - chosen.probabilities[i]!) * 1e12) / 1e12
    }
  return { ...chosen, beliefTimes: chosen.starts.map((start, i) => sensor.knownAt(instant(start)) - chosen.horizons[i]!) }
}

const REDUCTIONS: Record<'recent' | 'all', Record<'whole' | 'middle', Reduction>> = {
  recent: { whole: 'newest-whole', middle: 'newest' },
  all: { whole: 'every', middle: 'every-middle' },
}

const signOf = (sensor: Sensor, query: { sign?: SeriesQuery['sign'] }): 1 | -1 => (query.sign === 'consumption-positive' ? sensor.sign : 1)

const signed = (value: number, sign: 1 | -1): number => (value === 0 ? 0 : sign * value)

interface Slots {
  from: number
  step: number
  count: number
  /** From where events reach into the first slot. */
  reach: Instant
}

/** @throws Problem `missing-step` for instantaneous sensors without a step */
function slotsOf(sensor: Sensor, query: Question): Slots {
  const step = query.step ?? sensor.resolution
  if (!(step > 0))
    throw new Problem('missing-step', `Sensor ${sensor.id} is instantaneous: its series needs a step.`, {
      status: 422,
      hint: 'Say a resolution.',
    })
  const { from, until } = query
  const count = Math.max(0, Math.ceil((until - from) / step))
  return { from, step, count, reach: sensor.resolution > step ? instant(from - sensor.resolution + 1) : from }
}

/** Events finer than a slot become their mean (instantaneous sensors: the first), coarser ones are repeated. */
function fill(beliefs: BeliefColumns, sensor: Sensor, { from, step, count }: Slots, sign: 1 | -1): (number | null)[] {
  const values = new Array<number | null>(count).fill(null)
  const lasts = Math.max(1, Math.round(sensor.resolution / step))
  const isMean = sensor.resolution > 0 && step > sensor.resolution
  let slot = -1
  let merged = 0
  for (let i = 0; i < beliefs.length; i++) {
    const at = Math.floor((beliefs.starts[i]! - from) / step)
    const value = signed(beliefs.values[i]!, sign)
    if (at === slot && sensor.resolution === 0) continue
    if (at === slot && isMean) {
      merged++
      values[slot] = values[slot]! + (value - values[slot]!) / merged
      continue
    }
    slot = at
    merged = 1
    for (let k = Math.max(0, at); k < Math.min(count, at + lasts); k++) values[k] = value
  }
  return values
}

/** How far before the last event a measured one is looked for first; each further look reaches twelve times as far. */
const CLOSE_BY = 2 * HOUR

/** Finds the last event by the index on (sensor_id, event_start) alone, then what was measured in the time that ends with it. */
const LATEST = `
with last as materialized (
  select event_start from timed_belief where sensor_id = $1 and event_start <= to_timestamp($2::float8 / 1000) order by event_start desc limit 1
), close as materialized (
  select b.* from timed_belief b where b.sensor_id = $1 and ${HORIZON} <= interval '0' and (b.event_start <= (select event_start from last)
    and b.event_start > (select event_start from last) - make_interval(secs => $3::float8 / 1000) or ${NEVER})
)
select date_part('epoch', last.event_start) * 1000 as last, date_part('epoch', m.event_start) * 1000 as start,
  date_part('epoch', m.belief_horizon) * 1000 as horizon, m.event_value as value, m.source_id as source
from last left join lateral (
  select * from close b order by b.event_start desc, b.belief_horizon, b.source_id desc, ${MIDDLE} limit 1
) m on true`

/** Most recent measured event at or before `at`. */
export async function readLatest({ db }: Readable, sensor: Sensor, at: Instant): Promise<Belief | undefined> {
  let until: number = at
  for (let reach = CLOSE_BY; ; reach *= 12) {
    const row = await db.first<{ last: number; start: number | null; horizon: number; value: number; source: number }>(
      LATEST,
      [sensor.id, until, reach],
      'belief-latest',
    )
    if (!row) return undefined
    if (row.start !== null) {
      const start = instant(row.start)
      return { start, value: row.value, beliefTime: instant(sensor.knownAt(start) - row.horizon), source: row.source }
    }
    until = row.last - reach
  }
}
