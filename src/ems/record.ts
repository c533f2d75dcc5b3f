/** Writing beliefs: what is new is stored, what is known is not, what contradicts is refused (reference 1.2). */
import { dayStart, floorTo, type Instant, instant, Problem, wallClock } from '#kernel'
import type { Queryable, Row, Store } from '#store'
import type { BeliefBatch, RecordOutcome } from './belief.ts'
import type { Sensor } from './sensors.ts'

/** One batch made ready: floored, signed, without NaN and without two values for one event. */
interface Prepared {
  sensor: Sensor
  source: number
  starts: number[]
  /** Belief horizon in milliseconds per value. */
  horizons: number[]
  values: number[]
}

/** From this many values on, COPY is worth its round trips when nothing is known yet. */
const COPY_FROM = 200

/** Lines COPY streams per chunk, so that a million values never become one string. */
const CHUNK = 5000

/**
 * Commits the batches in one transaction.
 * @throws Problem `invalid-replacement` (403) when a value would replace another and no batch says `overwrite`
 */
export async function record(
  store: Store,
  batches: readonly { batch: BeliefBatch; sensor: Sensor }[],
  now: Instant,
): Promise<RecordOutcome> {
  const overwrite = batches.some(({ batch }) => batch.overwrite === true)
  const ready = batches.map(({ batch, sensor }) => prepare(batch, sensor, now)).filter((one) => one.starts.length > 0)
  if (ready.length === 0) return { stored: 0, known: 0 }
  const total = ready.reduce((sum, one) => sum + one.starts.length, 0)
  if (total === 1 && !overwrite && (await storeFirst(store, ready[0]!))) return { stored: 1, known: 0 }
  if (total < COPY_FROM || overwrite) return mergeOnce(store, ready, overwrite)
  try {
    return await store.transact((tx) => copyOrMerge(tx, ready))
  } catch (error) {
    // Somebody stored one of these beliefs between our look and our COPY: look again, row by row.
    if (isUniqueViolation(error)) return mergeOnce(store, ready, false)
    throw error
  }
}

const FIRST = `insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
  select to_timestamp($1::float8 / 1000), make_interval(secs => $2::float8 / 1000), 0.5, $3::float8, $4::int, $5::int
  where not exists (select 1 from timed_belief b where b.sensor_id = $4 and b.event_start = to_timestamp($1::float8 / 1000) and b.source_id = $5)
  returning 1`

/** The everyday case: one value of an event that this source said nothing of yet. False when it did. */
async function storeFirst(store: Store, { starts, horizons, values, sensor, source }: Prepared): Promise<boolean> {
  try {
    return (await store.first(FIRST, [starts[0], horizons[0], values[0], sensor.id, source], 'believe-first')) !== undefined
  } catch (error) {
    if (isUniqueViolation(error)) return false
    throw error
  }
}

/** Merges again once when another writer was quicker; the second look sees what it committed. */
async function mergeOnce(store: Queryable, ready: readonly Prepared[], overwrite: boolean): Promise<RecordOutcome> {
  try {
    return await merge(store, ready, overwrite)
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    return merge(store, ready, overwrite)
  }
}

const isUniqueViolation = (error: unknown): boolean => {
  for (let at: unknown = error; at instanceof Error; at = at.cause) if ((at as { code?: unknown }).code === '23505') return true
  return false
}

function prepare(batch: BeliefBatch, sensor: Sensor, now: Instant): Prepared {
  const { starts, values } = settle(inOrder(batch), sensor)
  const sign = batch.sign === 'consumption-positive' ? sensor.sign : 1
  const at = batch.beliefTime ?? now
  const end = sensor.resolution
  const horizons = new Array<number>(starts.length)
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i]!
    const known = sensor.knownAfter === undefined ? sensor.knownAt(instant(start)) : start + sensor.knownAfter
    horizons[i] = batch.horizon ?? known - (at === 'event-end' ? start + end : at)
    const value = values[i]!
    values[i] = value === 0 ? 0 : sign * value
  }
  return { sensor, source: batch.source, starts, horizons, values }
}

/** The batch with ascending starts, the order that `settle` needs. */
function inOrder(batch: BeliefBatch): BeliefBatch {
  if (batch.starts.every((start, i) => i === 0 || batch.starts[i - 1]! <= start)) return batch
  const order = batch.starts.map((_, i) => i).sort((a, b) => batch.starts[a]! - batch.starts[b]!)
  return { ...batch, starts: order.map((i) => batch.starts[i]!), values: order.map((i) => batch.values[i]!) }
}

/** Floors starts to the sensor's clock; values that fall into one event become their mean (instantaneous: the last one stays). */
function settle(batch: BeliefBatch, sensor: Sensor): { starts: number[]; values: number[] } {
  const floor = floorOf(sensor, batch.starts[0])
  const starts: number[] = []
  const values: number[] = []
  let merged = 1
  for (let i = 0; i < batch.starts.length; i++) {
    const value = batch.values[i]
    if (value === undefined || !Number.isFinite(value)) continue
    const start = floor(batch.starts[i]!)
    const last = starts.length - 1
    if (last >= 0 && starts[last] === start) {
      merged++
      values[last] = sensor.resolution === 0 ? value : values[last]! + (value - values[last]!) / merged
      continue
    }
    merged = 1
    starts.push(start)
    values.push(value)
  }
  return { starts, values }
}

/** How starts move onto the sensor's clock: local midnight for days, else multiples of the resolution in its time zone. */
function floorOf(sensor: Sensor, first: Instant | undefined): (start: Instant) => number {
  const { resolution, timezone } = sensor
  if (first === undefined) return (start) => start
  if (resolution === 0) {
    const tick = typeof sensor.attributes['frequency'] === 'string' ? frequencyLength(sensor.attributes['frequency']) : 0
    return tick > 0 ? (start) => Math.round(start / tick) * tick : (start) => start
  }
  if (sensor.attributes['floor_datetimes_to_resolution'] === false) return (start) => start
  if (resolution % 86_400_000 === 0) return (start) => dayStart(start, timezone)
  const shift = 3_600_000 % resolution === 0 && wholeHours(timezone, first) ? 0 : wallClock(first, timezone).offset
  return (start) => floorTo(instant(start + shift), resolution) - shift
}

const wholeHours = (zone: string, at: Instant): boolean => zone === 'UTC' || wallClock(at, zone).offset % 3_600_000 === 0

const TICKS: Record<string, number> = { s: 1000, min: 60_000, t: 60_000, h: 3_600_000, d: 86_400_000 }

/** '15min', '1h', 'h' as pandas writes frequencies; 0 when it is none. */
function frequencyLength(text: string): number {
  const hit = /^(\d*)\s*([a-z]+)$/i.exec(text.trim())
  const unit = TICKS[hit?.[2]?.toLowerCase() ?? '']
  return unit === undefined ? 0 : unit * (hit?.[1] ? Number(hit[1]) : 1)
}

async function copyOrMerge(tx: Queryable, ready: readonly Prepared[]): Promise<RecordOutcome> {
  const fresh: Prepared[] = []
  const mixed: Prepared[] = []
  for (const one of ready) (await anythingKnown(tx, one)) ? mixed.push(one) : fresh.push(one)
  let stored = 0
  if (fresh.length > 0)
    stored = await tx.copyIn(
      'copy timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id) from stdin',
      lines(fresh),
    )
  if (mixed.length === 0) return { stored, known: 0 }
  const rest = await merge(tx, mixed, false)
  return { stored: stored + rest.stored, known: rest.known }
}

async function anythingKnown(tx: Queryable, one: Prepared): Promise<boolean> {
  let first = one.starts[0]!
  let last = first
  for (const start of one.starts) {
    if (start < first) first = start
    if (start > last) last = start
  }
  const row = await tx.first(
    `select 1 from timed_belief where sensor_id = $1 and source_id = $2
     and event_start between to_timestamp($3::float8 / 1000) and to_timestamp($4::float8 / 1000) limit 1`,
    [one.sensor.id, one.source, first, last],
  )
  return row !== undefined
}

function* lines(ready: readonly Prepared[]): Generator<string> {
  let text = ''
  let count = 0
  for (const { sensor, source, starts, horizons, values } of ready) {
    const tail = `\t${sensor.id}\t${source}\n`
    for (let i = 0; i < starts.length; i++) {
      text += `${new Date(starts[i]!).toISOString()}\t${horizons[i]! / 1000} seconds\t0.5\t${values[i]}${tail}`
      if (++count % CHUNK === 0) {
        yield text
        text = ''
      }
    }
  }
  if (text !== '') yield text
}

/**
 * One statement that looks and writes. A value is not stored when the most recent earlier belief of its class (measured after the fact,
 * or foretold) says the same; it contradicts when another value has the same belief time.
 */
const MERGE = (conflict: string, allow: string) => `
with given as materialized (
  select to_timestamp(g.start / 1000) as event_start, make_interval(secs => g.horizon / 1000) as belief_horizon, g.value, g.sensor, g.source
  from unnest($1::float8[], $2::float8[], $3::float8[], $4::int[], $5::int[]) as g(start, horizon, value, sensor, source)
), judged as materialized (
  select g.*, same.event_value as same, earlier.event_value as earlier from given g
  left join lateral (select b.event_value from timed_belief b where b.sensor_id = g.sensor and b.event_start = g.event_start
    and b.source_id = g.source and b.belief_horizon = g.belief_horizon and b.cumulative_probability = 0.5) same on true
  left join lateral (select b.event_value from timed_belief b where b.sensor_id = g.sensor and b.event_start = g.event_start
    and b.source_id = g.source and b.belief_horizon > g.belief_horizon
    and (b.belief_horizon > interval '0') = (g.belief_horizon > interval '0') order by b.belief_horizon limit 1) earlier on true
), stored as (
  insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
  select event_start, belief_horizon, 0.5, value, sensor, source from judged
  where same is distinct from value and earlier is distinct from value ${allow} ${conflict} returning 1
)
select (select count(*) from stored)::int as stored, count(*) filter (where same <> value)::int as replaced, count(*)::int as given from judged`

const MERGE_NEW = MERGE('', 'and not exists (select 1 from judged where same <> value)')
const MERGE_OVER = MERGE(
  'on conflict (event_start, belief_horizon, cumulative_probability, sensor_id, source_id) do update set event_value = excluded.event_value',
  '',
)

/** Up to so many rows the plan of the statement is always the same and worth keeping. */
const FEW = 500

async function merge(db: Queryable, ready: readonly Prepared[], overwrite: boolean): Promise<RecordOutcome> {
  const columns: [number[], number[], number[], number[], number[]] = [[], [], [], [], []]
  for (const { sensor, source, starts, horizons, values } of ready)
    for (let i = 0; i < starts.length; i++) {
      columns[0].push(starts[i]!)
      columns[1].push(horizons[i]!)
      columns[2].push(values[i]!)
      columns[3].push(sensor.id)
      columns[4].push(source)
    }
  const row = await db.first<Row & { stored: number; replaced: number; given: number }>(
    overwrite ? MERGE_OVER : MERGE_NEW,
    columns,
    columns[0].length <= FEW ? (overwrite ? 'merge-over' : 'merge-new') : undefined,
  )
  const { stored, replaced, given } = row!
  if (replaced > 0 && !overwrite)
    throw new Problem(
      'invalid-replacement',
      'Some of the data represents a replacement: another value is known for the same belief time.',
      {
        status: 403,
        hint: 'Send it with a later belief time (prior), or allow data to be overwritten.',
        details: { replaced },
      },
    )
  return { stored, known: given - stored }
}
