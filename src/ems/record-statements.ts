/**
 * The statements that write beliefs: one for news, one that looks at each value, and COPY (reference 1.2). Each locks the sensors and sources that
 * it writes of, as PostgreSQL's own checks of foreign keys do, so that none is deleted before the beliefs are there (belief-writer.ts).
 */
import { asDoubles, asIntegers, type Queryable, type Row } from '#store'
import { NOTED, noteChanges } from './belief-change.ts'
import { NEVER, SOURCE } from './belief-columns.ts'
import { binaryRows, ROW_COLUMNS } from './belief-rows.ts'
import type { SettledBatch } from './settle-batch.ts'

/** Up to so many rows the plan of a statement is always the same and worth keeping. */
const FEW = 500

const KNOWN = (first: string, last: string, sensor: string, source: string) =>
  `select 1 from timed_belief b where b.sensor_id = ${sensor} and ${SOURCE} = ${source} and
   (b.event_start between to_timestamp(${first}::float8 / 1000) and to_timestamp(${last}::float8 / 1000) or ${NEVER})`

const OWNERS = (sensor: string, source: string, patience = '') => `whose as materialized (
    select id from sensor where id = ${sensor} for key share ${patience}
  ), who as materialized (select id from data_source where id = ${source} for key share ${patience})`

/** Does not wait for whoever deletes a sensor: others in the same statement would wait, too. */
const NEWS = `
with ${OWNERS('$4::int', '$5::int', 'skip locked')}, stored as (
  insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
  select to_timestamp(g.start / 1000), make_interval(secs => g.horizon / 1000), 0.5, g.value, $4::int, $5::int
  from unnest($1::float8[], $2::float8[], $3::float8[]) as g(start, horizon, value)
  where exists (select from whose) and exists (select from who) and not exists (${KNOWN('$6', '$7', '$4', '$5')})
  returning sensor_id, event_start
), ${NOTED('stored', '$8')}
select count(*)::int as stored from stored`

/** The same for several batches: all of them are stored, or none. Looked for one by one: as a join PostgreSQL would read all beliefs of the sensors. */
const NEWS_TOGETHER = `
with ${OWNERS('any($10::int[])', 'any($11::int[])', 'skip locked')}, known as materialized (
  select 1 from unnest($6::float8[], $7::float8[], $8::int[], $9::int[]) as k(first, last, sensor, source)
  where (${KNOWN('k.first', 'k.last', 'k.sensor', 'k.source')} limit 1) is not null limit 1
), stored as (
  insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
  select to_timestamp(g.start / 1000), make_interval(secs => g.horizon / 1000), 0.5, g.value, g.sensor, g.source
  from unnest($1::float8[], $2::float8[], $3::float8[], $4::int[], $5::int[]) as g(start, horizon, value, sensor, source)
  where (select count(*) from whose) = cardinality($10::int[]) and (select count(*) from who) = cardinality($11::int[])
    and not exists (select from known)
  returning sensor_id, event_start
), ${NOTED('stored', '$12')}
select count(*)::int as stored from stored`

/**
 * Stores batches of certain values when their sources said nothing of the times that they span. False: one of them did (or sensor or source are gone
 * or going), and nothing was stored.
 */
export async function storeNews(db: Queryable, batches: readonly SettledBatch[], closed: string): Promise<boolean> {
  const [only] = batches
  if (batches.length === 1) {
    const { starts, horizons, values, sensor, source } = only!
    const params = [asDoubles(starts), asDoubles(horizons), asDoubles(values), sensor.id, source, starts[0], starts.at(-1), closed]
    return (await db.first<{ stored: number }>(NEWS, params, 'believe-news'))!.stored > 0
  }
  const [starts, horizons, values] = [
    batches.flatMap((one) => one.starts),
    batches.flatMap((one) => one.horizons),
    batches.flatMap((one) => one.values),
  ]
  const [sensors, sources] = [
    batches.flatMap((one) => one.starts.map(() => one.sensor.id)),
    batches.flatMap((one) => one.starts.map(() => one.source)),
  ]
  const row = await db.first<{ stored: number }>(
    NEWS_TOGETHER,
    [
      ...[starts, horizons, values].map(asDoubles),
      ...[sensors, sources].map(asIntegers),
      ...[batches.map((one) => one.starts[0]!), batches.map((one) => one.starts.at(-1)!)].map(asDoubles),
      ...[batches.map((one) => one.sensor.id), batches.map((one) => one.source)].map(asIntegers),
      [...new Set(sensors)],
      [...new Set(sources)],
      closed,
    ],
    'believe-news-together',
  )
  return row!.stored > 0
}

const LOOK = `
with ${OWNERS('$1::int', '$2::int')}
select exists (select from whose) and exists (select from who) as "isThere", exists (${KNOWN('$3', '$4', '$1', '$2')}) as "isKnown"`

/** Whether sensor and source of a batch are (still) there, and whether the source said something of the time that it spans. */
export async function lookAt(tx: Queryable, { starts, sensor, source }: SettledBatch): Promise<{ isThere: boolean; isKnown: boolean }> {
  return (await tx.first(LOOK, [sensor.id, source, starts[0], starts.at(-1)], 'believe-look'))!
}

/** Stores batches that were looked at and of which nothing is known yet, by COPY. Resolves to the number of rows. */
export async function copyAll(tx: Queryable, batches: readonly SettledBatch[], closed: string): Promise<number> {
  const copied = await tx.copyIn(`copy timed_belief ${ROW_COLUMNS} from stdin (format binary)`, binaryRows(batches))
  for (const { sensor, starts } of batches) await noteChanges(tx, sensor.id, starts, closed)
  return copied
}

const OWN = 'b.sensor_id = g.sensor and b.event_start = g.event_start and b.source_id = g.source'
const EARLIER = `${OWN} and b.belief_horizon > g.belief_horizon
    and (b.belief_horizon > interval '0') = (g.belief_horizon > interval '0') order by b.belief_horizon limit 1`

/** What the most recent earlier belief of the same class said: of certain values in one look, of distributions at the same probability. */
const SAID = {
  certain: {
    earlier: 'earlier.event_value',
    look: `select b.event_value from timed_belief b where b.cumulative_probability = 0.5 and ${EARLIER}`,
    changed: 'earlier is distinct from value',
  },
  whole: {
    earlier: `case when earlier.belief_horizon is not null then (select b.event_value from timed_belief b where ${OWN}
      and b.belief_horizon = earlier.belief_horizon and b.cumulative_probability = g.probability) end`,
    look: `select b.belief_horizon from timed_belief b where ${EARLIER}`,
    changed: 'bool_or(earlier is distinct from value) over (partition by sensor, source, event_start, belief_horizon)',
  },
}

/**
 * Looks and writes. A belief is not stored when the most recent earlier one of its class (measured after the fact, or foretold) says the same,
 * a distribution when all of it does; it contradicts when another value has the same belief time.
 */
const MERGE = ({ earlier, look, changed }: (typeof SAID)[keyof typeof SAID], conflict: string, allow: string) => `
with ${OWNERS('any($8::int[])', 'any($9::int[])')}, missing as materialized (
  select cardinality($8::int[]) + cardinality($9::int[]) - (select count(*) from whose) - (select count(*) from who) as n
), given as materialized (
  select to_timestamp(g.start / 1000) as event_start, make_interval(secs => g.horizon / 1000) as belief_horizon, g.probability, g.value, g.sensor,
    g.source
  from unnest($1::float8[], $2::float8[], $3::float8[], $4::float8[], $5::int[], $6::int[]) as g(start, horizon, probability, value, sensor, source)
), looked as (
  select g.*, same.event_value as same, ${earlier} as earlier
  from given g
  left join lateral (select b.event_value from timed_belief b where ${OWN} and b.belief_horizon = g.belief_horizon
    and b.cumulative_probability = g.probability) same on true
  left join lateral (${look}) earlier on true
), judged as materialized (
  select *, ${changed} as changed from looked
), stored as (
  insert into timed_belief (event_start, belief_horizon, cumulative_probability, event_value, sensor_id, source_id)
  select event_start, belief_horizon, probability, value, sensor, source from judged
  where same is distinct from value and (changed or same is not null) and (select n from missing) = 0 ${allow} ${conflict} returning sensor_id, event_start
), ${NOTED('stored', '$7')}
select (select count(*) from stored)::int as stored, count(*) filter (where same <> value)::int as replaced, count(*)::int as given,
  (select n from missing)::int as missing from judged`

const UNLESS_REPLACED = 'and not exists (select 1 from judged where same <> value)'
const REPLACING =
  'on conflict (event_start, belief_horizon, cumulative_probability, sensor_id, source_id) do update set event_value = excluded.event_value'

const merging = (said: (typeof SAID)[keyof typeof SAID]) => ({ new: MERGE(said, '', UNLESS_REPLACED), over: MERGE(said, REPLACING, '') })
const MERGES = { certain: merging(SAID.certain), whole: merging(SAID.whole) }

export interface Merged {
  stored: number
  /** Values that contradict one of the same belief time. Without `overwrite` nothing was stored when there are any. */
  replaced: number
  given: number
  /** Sensors and sources that are not there (any more). Nothing was stored when there are any. */
  missing: number
}

/** Stores what is new or changed of the batches, one look a value. */
export async function mergeAll(db: Queryable, batches: readonly SettledBatch[], overwrite: boolean, closed: string): Promise<Merged> {
  const columns: [number[], number[], number[], number[], number[], number[]] = [[], [], [], [], [], []]
  for (const { sensor, source, starts, horizons, values, probabilities } of batches)
    for (let i = 0; i < starts.length; i++) {
      columns[0].push(starts[i]!)
      columns[1].push(horizons[i]!)
      columns[2].push(probabilities?.[i] ?? 0.5)
      columns[3].push(values[i]!)
      columns[4].push(sensor.id)
      columns[5].push(source)
    }
  const [values, conflict] = [batches.some((batch) => batch.probabilities) ? 'whole' : 'certain', overwrite ? 'over' : 'new'] as const
  const row = await db.first<Row & Merged>(
    MERGES[values][conflict],
    [
      ...columns.slice(0, 4).map(asDoubles),
      ...columns.slice(4).map(asIntegers),
      closed,
      [...new Set(columns[4])],
      [...new Set(columns[5])],
    ],
    columns[0].length <= FEW ? `merge-${values}-${conflict}` : undefined,
  )
  return row!
}
