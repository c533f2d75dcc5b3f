/** Reading beliefs out of `timed_belief` as columns: one statement a question, a few arrays for an answer (docs/decisions/0010). */
import type { Queryable } from '#store'
import type { BeliefFilter } from './belief.ts'
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

/**
 * The beliefs of a sensor about events that start in [from, until).
 * @throws Problem `database-unavailable`
 */
export async function readColumns(db: Queryable, sensor: Sensor, filter: BeliefFilter, reduction: Reduction): Promise<BeliefColumns> {
  const params: unknown[] = []
  const bind = (value: unknown) => `$${params.push(value)}`
  const beliefs = `from timed_belief b where ${conditions(sensor, filter, bind)}`
  const whole = reduction === 'newest-whole' || reduction === 'every'
  const packed = (column: string, name: string) => `array_send(array_agg(${column})) as ${name}`
  const text = `select ${packed("date_part('epoch', r.event_start)", 'starts')}, ${packed("date_part('epoch', r.belief_horizon)", 'horizons')},
    ${packed('r.event_value', 'values')}, ${packed('r.source_id', 'sources')}${whole ? `, ${packed('r.cumulative_probability', 'probabilities')}` : ''}
    from (${reduced(reduction, beliefs)}) r`
  const row = await db.first<Record<'starts' | 'horizons' | 'values' | 'sources', Buffer | null> & { probabilities?: Buffer | null }>(
    text,
    params,
    nameOf(text),
  )
  const length = countIn(row!.starts)
  return {
    length,
    starts: doublesIn(row!.starts, 1000),
    horizons: doublesIn(row!.horizons, 1000),
    values: doublesIn(row!.values),
    sources: integersIn(row!.sources),
    // The middle of a belief is as good as certain, whichever point of its distribution told it.
    probabilities: whole ? doublesIn(row!.probabilities ?? null) : new Float64Array(length).fill(0.5),
  }
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

/** PostgreSQL's binary form of an array of one dimension: five words of head, then each element behind its length. */
const HEAD = 20

const countIn = (packed: Buffer | null): number => (packed === null || packed.readInt32BE(0) === 0 ? 0 : packed.readInt32BE(12))

function doublesIn(packed: Buffer | null, scale = 1): Float64Array {
  const values = new Float64Array(countIn(packed))
  if (packed) {
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
    for (let i = 0; i < values.length; i++) values[i] = view.getFloat64(HEAD + 12 * i + 4)
    // Moments have at most microseconds: what lies beside the millisecond is rounding.
    if (scale !== 1) for (let i = 0; i < values.length; i++) values[i] = Math.round(values[i]! * scale * 1000) / 1000
  }
  return values
}

function integersIn(packed: Buffer | null): Int32Array {
  const values = new Int32Array(countIn(packed))
  if (packed) {
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
    for (let i = 0; i < values.length; i++) values[i] = view.getInt32(HEAD + 8 * i + 4)
  }
  return values
}
