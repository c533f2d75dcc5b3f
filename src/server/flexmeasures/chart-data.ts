/** What charts draw: beliefs of sensors, and fixed values of flex-models and flex-contexts (reference 2.8). */
import { commonUnit, type FoundBeliefs, type ShownSensor, type Source } from '#ems'
import { type Instant, instant, Problem } from '#kernel'
import type { Rooms } from '../rooms.ts'
import { type ChartBelief, FIXED_SOURCES, longRecords, type RecordWriter, shortRecords } from './chart-records.ts'

export interface ChartQuery {
  /** Events that start at or after `from` and end at or before `until`. */
  from?: Instant
  until?: Instant
  /** Beliefs recorded until (from) then. */
  prior?: Instant
  since?: Instant
  /** Of sources that are versions of one another only the latest. */
  latestVersion: boolean
  /** False: every belief of an event, not only the most recent of each source. */
  mostRecent: boolean
  /** Milliseconds; default the finest of the sensors. */
  resolution?: number
  compress: boolean
}

/** More records than this no chart draws. */
const MOST_RECORDS = 1_000_000

const ALWAYS = { from: Date.parse('0001-01-02T00:00:00Z'), until: Date.parse('9999-12-30T00:00:00Z') }

/**
 * The records as JSON text: a list, or with `compress` `{ data, sensors, sources }` with short names.
 * Sensors of coarser resolution are repeated at the finest one, so that all have a value wherever one has.
 * @throws Problem `too-many-records` (422)
 */
export async function chartData(rooms: Rooms, sensors: readonly ShownSensor[], query: ChartQuery): Promise<string> {
  const real = sensors.filter((one) => one.sensor)
  const steps = real.map(({ resolution }) => resolution).filter((resolution) => resolution > 0)
  const step = query.resolution ?? (steps.length === 0 ? 0 : Math.min(...steps))
  const found = await Promise.all(real.map((one) => find(rooms, one, query)))
  const { factors } = commonUnit(sensors.map(({ unit }) => unit))
  const writer = (query.compress ? shortRecords : longRecords)(await sourcesOf(rooms, found), factors)
  const room = roomFor(MOST_RECORDS)
  real.forEach((one, i) => {
    const beliefs = found[i]!
    if (one.resolution > 0 && step > one.resolution) writeMeans(writer, one, beliefs, step)
    else writeBeliefs(writer, one, beliefs, step, room)
  })
  const { from, until } = query
  if (from !== undefined && until !== undefined)
    for (const one of sensors) if (one.fixed) writeFixed(writer, one, { from, until }, step, room)
  return writer.text()
}

/** Counts records and refuses too many before they take memory. */
function roomFor(most: number): (records: number) => void {
  let left = most
  return (records) => {
    left -= records
    if (left < 0)
      throw new Problem('too-many-records', `The chart would have more than ${most} records.`, {
        status: 422,
        hint: 'Ask for a shorter time.',
      })
  }
}

function find({ beliefs }: Rooms, { sensor, resolution }: ShownSensor, query: ChartQuery): Promise<FoundBeliefs> {
  return beliefs.search({
    sensor: sensor!.id,
    from: query.from ?? instant(ALWAYS.from),
    until: instant(query.until === undefined ? ALWAYS.until : query.until - resolution + 1),
    ...(query.prior !== undefined && { at: query.prior }),
    ...(query.since !== undefined && { since: query.since }),
    beliefs: query.mostRecent ? 'recent' : 'all',
    versions: query.latestVersion ? 'latest' : 'all',
    one: 'per-source',
  })
}

async function sourcesOf({ store }: Rooms, found: readonly FoundBeliefs[]): Promise<Map<number, Source>> {
  const ids = new Set<number>()
  for (const { sources } of found) for (let i = 0; i < sources.length; i++) if (sources[i] !== sources[i - 1]) ids.add(sources[i]!)
  if (ids.size === 0) return new Map()
  const rows = await store.query<Source>(
    `select id, name, coalesce(type, '') as type, model, version, account_id as account, user_id as user from data_source where id = any($1::int[])`,
    [[...ids]],
  )
  return new Map(rows.map((row) => [row.id, row]))
}

function writeBeliefs(writer: RecordWriter, shown: ShownSensor, found: FoundBeliefs, step: number, room: (records: number) => void): void {
  const { resolution, sensor } = shown
  const copies = step > 0 && resolution > step ? Math.ceil(resolution / step) : 1
  room(found.length * copies)
  // A shorter event is known when it ends: the horizon counts from there.
  const ends = copies > 1 && sensor?.knownAfter !== undefined
  for (let i = 0; i < found.length; i++) {
    const belief: ChartBelief = {
      start: found.starts[i]!,
      value: found.values[i]!,
      source: found.sources[i]!,
      beliefTime: found.beliefTimes[i]!,
      horizon: found.horizons[i]! - (ends ? resolution - step : 0),
    }
    writer.record(shown, belief)
    for (let k = 1; k < copies; k++) {
      belief.start += step
      if (ends) belief.horizon += step
      writer.record(shown, belief)
    }
  }
}

/** Means of longer steps, each source by itself, believed when the last of them was. */
function writeMeans(writer: RecordWriter, shown: ShownSensor, found: FoundBeliefs, step: number): void {
  const open = new Map<number, ChartBelief & { count: number }>()
  const flush = (until: number) => {
    for (const [source, bin] of open)
      if (bin.start < until) {
        writer.record(shown, { ...bin, value: bin.value / bin.count })
        open.delete(source)
      }
  }
  for (let i = 0; i < found.length; i++) {
    const [value, source] = [found.values[i]!, found.sources[i]!]
    if (!Number.isFinite(value)) continue
    const start = Math.floor(found.starts[i]! / step) * step
    flush(start)
    const bin = open.get(source)
    if (!bin) open.set(source, { start, value, source, beliefTime: found.beliefTimes[i]!, horizon: found.horizons[i]!, count: 1 })
    else {
      bin.value += value
      bin.count++
      bin.beliefTime = Math.max(bin.beliefTime, found.beliefTimes[i]!)
      bin.horizon = Math.min(bin.horizon, found.horizons[i]!)
    }
  }
  flush(Infinity)
}

function writeFixed(
  writer: RecordWriter,
  shown: ShownSensor,
  { from, until }: { from: number; until: number },
  step: number,
  room: (records: number) => void,
): void {
  const { value, from: place } = shown.fixed!
  const belief: ChartBelief = { start: from, value, source: FIXED_SOURCES[place], beliefTime: from, horizon: 0 }
  room(step > 0 ? Math.ceil((until - from) / step) + 1 : 2)
  writer.record(shown, belief)
  if (step > 0) for (let start = from + step; start < until; start += step) writer.record(shown, { ...belief, start })
  if (until > from) writer.record(shown, { ...belief, start: until })
}
