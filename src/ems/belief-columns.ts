/** Reading beliefs out of `timed_belief` as columns: one statement a question, one value of packed numbers for an answer (docs/decisions/0010). */
import { DAY, Problem } from '#kernel'
import type { Queryable } from '#store'
import type { BeliefFilter } from './belief.ts'
import { MILLENNIUM } from './belief-rows.ts'
import { knowledgeSql } from './knowledge.ts'
import type { Sensor } from './sensors.ts'

/** Beliefs as columns, ascending by event start. Moments and lengths in milliseconds, values as stored. */
export interface BeliefColumns {
  length: number
  starts: Float64Array
  /** How long before its knowledge time an event was believed; negative: after. */
  horizons: Float64Array
  values: Float64Array
  sources: Int32Array
  /** Cumulative probabilities; 0.5 where a belief is certain. */
  probabilities: Float64Array
}

/**
 * Which of several beliefs about one event come back:
 * `newest` the most recent of each source, the middle of its distribution; `newest-by-class` the same, measured and foretold ones apart;
 * `newest-whole` the most recent of each source with its distribution; `every-middle` all, the middle of each; `every` all there is.
 */
export type Reduction = 'newest' | 'newest-by-class' | 'newest-whole' | 'every-middle' | 'every'

/** The middle of a distribution is the first value that is reached with a probability of at least one half. */
export const MIDDLE = '(b.cumulative_probability < 0.5), abs(b.cumulative_probability - 0.5)'
const CLASS = "(b.belief_horizon <= interval '0')"
const BEFORE = 'b.event_start, b.source_id'

const reduced = (reduction: Reduction, from: string): string => {
  switch (reduction) {
    case 'newest':
      return `select distinct on (${BEFORE}) b.* ${from} order by ${BEFORE}, b.belief_horizon, ${MIDDLE}`
    case 'newest-by-class':
      return `select distinct on (${BEFORE}, ${CLASS}) b.* ${from} order by ${BEFORE}, ${CLASS}, b.belief_horizon, ${MIDDLE}`
    case 'newest-whole':
      return `select b.* from (select b.*, min(b.belief_horizon) over (partition by ${BEFORE}) as newest ${from}) b
        where b.belief_horizon = b.newest order by ${BEFORE}, b.cumulative_probability`
    case 'every-middle':
      return `select distinct on (${BEFORE}, b.belief_horizon) b.* ${from} order by ${BEFORE}, b.belief_horizon desc, ${MIDDLE}`
    case 'every':
      return `select b.* ${from} order by ${BEFORE}, b.belief_horizon desc, b.cumulative_probability`
  }
}

/** More beliefs than this are not read at once: they would not fit into one answer of the database, nor well into memory. */
const MOST = 4_000_000

/**
 * The beliefs of a sensor about events that start in [from, until).
 * @throws Problem `too-many-records` (422), `database-unavailable`
 */
export async function readColumns(db: Queryable, sensor: Sensor, filter: BeliefFilter, reduction: Reduction): Promise<BeliefColumns> {
  const params: unknown[] = []
  const bind = (value: unknown) => `$${params.push(value)}`
  const beliefs = `from timed_belief b where ${conditions(sensor, filter, bind)}`
  const whole = reduction === 'newest-whole' || reduction === 'every'
  const text = `select string_agg(timestamptz_send(r.event_start) || interval_send(r.belief_horizon) || float8send(r.event_value)
    || int4send(r.source_id)${whole ? ' || float8send(r.cumulative_probability)' : ''}, ''::bytea) as packed
    from (${reduced(reduction, beliefs)} limit ${MOST + 1}) r`
  const row = await db.first<{ packed: Buffer | null }>(text, params, nameOf(text))
  return unpack(row!.packed ?? Buffer.alloc(0), whole)
}

/**
 * An arm of an `or` that is never true, and is what makes PostgreSQL look into the index on (sensor_id, event_start): with a range of event starts
 * alone it takes the one on (event_start, sensor_id, source_id), believes that the rows found lie side by side, and reads the index entries of all
 * sensors. Of a table with the alias b.
 */
export const NEVER = "b.event_start = 'infinity' and b.event_start < 'infinity'"

/** Expressions instead of the columns, so that no index on horizons or sources is tried. Of a table with the alias b. */
export const HORIZON = "(b.belief_horizon + interval '0')"
export const SOURCE = '(b.source_id + 0)'

const within = (from: string, until: string): string => `(b.event_start >= ${from} and b.event_start < ${until} or ${NEVER})`

function conditions(sensor: Sensor, filter: BeliefFilter, bind: (value: unknown) => string): string {
  const moment = (at: number) => `to_timestamp(${bind(at)}::float8 / 1000)`
  const length = (ms: number) => `make_interval(secs => ${bind(ms / 1000)}::float8)`
  const where = [`b.sensor_id = ${bind(sensor.id)}::int`, within(moment(filter.from), moment(filter.until))]
  if (filter.horizon === 'ex-post') where.push(`${HORIZON} <= interval '0'`)
  if (filter.horizon === 'ex-ante') where.push(`${HORIZON} > interval '0'`)
  if (filter.horizonAtLeast !== undefined) where.push(`${HORIZON} >= ${length(filter.horizonAtLeast)}`)
  if (filter.horizonAtMost !== undefined) where.push(`${HORIZON} <= ${length(filter.horizonAtMost)}`)
  if (filter.at !== undefined || filter.since !== undefined) {
    const believed = `${knowledgeSql(sensor.knowledge, sensor.resolution, sensor.timezone, 'b.event_start', bind)} - b.belief_horizon`
    if (filter.at !== undefined) where.push(`${believed} <= ${moment(filter.at)}`)
    if (filter.since !== undefined) where.push(`${believed} >= ${moment(filter.since)}`)
  }
  const ofType = (types: string[]) => `${SOURCE} = any(array(select id from data_source where type = any(${bind(types)}::text[])))`
  if (filter.sources) where.push(`${SOURCE} = any(${bind(filter.sources)}::int[])`)
  if (filter.sourceAccounts)
    where.push(`${SOURCE} = any(array(select id from data_source where account_id = any(${bind(filter.sourceAccounts)}::int[])))`)
  if (filter.sourceTypes) where.push(ofType(filter.sourceTypes))
  if (filter.excludeSourceTypes) where.push(`not ${ofType(filter.excludeSourceTypes)}`)
  return where.join(' and ')
}

const names = new Map<string, string>()

/** Statements of this module are few and run often: each connection keeps them prepared. */
function nameOf(text: string): string {
  const name = names.get(text) ?? `beliefs-${names.size}`
  names.set(text, name)
  return name
}

/** Bytes of a belief: moment (8), interval (16: microseconds, days, months), value (8), source (4), and for whole distributions probability (8). */
const [CERTAIN, WHOLE] = [36, 44]

function unpack(packed: Buffer, whole: boolean): BeliefColumns {
  const size = whole ? WHOLE : CERTAIN
  const length = packed.length / size
  if (length > MOST)
    throw new Problem('too-many-records', `More than ${MOST} beliefs would have to be read at once.`, {
      status: 422,
      hint: 'Ask for a shorter time.',
    })
  const doubles = () => new Float64Array(length)
  const [starts, horizons, values, probabilities, sources] = [doubles(), doubles(), doubles(), doubles(), new Int32Array(length)]
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  for (let i = 0, at = 0; i < length; i++, at += size) {
    starts[i] = (view.getInt32(at) * HALF + view.getUint32(at + 4) + MILLENNIUM * 1000) / 1000
    const [days, months] = [view.getInt32(at + 16), view.getInt32(at + 20)]
    const micro = view.getInt32(at + 8) * HALF + view.getUint32(at + 12)
    horizons[i] = days === 0 && months === 0 ? micro / 1000 : micro / 1000 + days * DAY + lengthOfMonths(months)
    values[i] = view.getFloat64(at + 24)
    sources[i] = view.getInt32(at + 32)
    // The middle of a belief is as good as certain, whichever point of its distribution told it.
    probabilities[i] = whole ? view.getFloat64(at + 36) : 0.5
  }
  return { length, starts, horizons, values, sources, probabilities }
}

const HALF = 2 ** 32

/** Months as PostgreSQL counts them in seconds: years of 365¼ days, the rest of 30. */
const lengthOfMonths = (months: number): number => Math.trunc(months / 12) * 365.25 * DAY + (months % 12) * 30 * DAY
