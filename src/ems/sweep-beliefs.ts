/** Deleting beliefs by what they are rather than by sensor alone: measurements, forecasts, repetitions, values that are none. */
import { type Instant, instant } from '#kernel'
import { asTimestamp, type Queryable } from '#store'
import { closedAt, NOTED } from './belief-change.ts'

export interface Sweep {
  /** Sensors; absent: all. */
  sensors?: readonly number[]
  sources?: readonly number[]
  /** Of events that start at or after, and end at or before. */
  from?: Instant
  until?: Instant
  /** Only measurements (horizon ≤ 0), or only forecasts and schedules (> 0). */
  horizon?: 'ex-post' | 'ex-ante'
  /** Only those that say what the same source last said of the event, or only NaN. */
  only?: 'unchanged' | 'nan'
}

export interface SweepCount {
  measurements: number
  forecasts: number
}

const MEANT = `($1::int[] is null or b.sensor_id = any($1)) and ($2::int[] is null or b.source_id = any($2))
  and b.event_start >= $3::timestamptz and ($4::timestamptz = 'infinity' or b.event_start + (select s.event_resolution from sensor s where s.id = b.sensor_id) <= $4)`
const CLASS = { 'ex-post': "and b.belief_horizon <= interval '0'", 'ex-ante': "and b.belief_horizon > interval '0'" }

/** Which rows go, as a table of their keys. Repetitions are judged among measurements and among forecasts, each for itself. */
const which = ({ horizon, only }: Sweep): string => `
  select sensor_id, event_start, source_id, belief_horizon, cumulative_probability from (
    select b.*, lag(b.event_value) over (partition by b.sensor_id, b.source_id, b.event_start, b.cumulative_probability, b.belief_horizon > interval '0'
      order by b.belief_horizon desc) as earlier
    from timed_belief b where ${MEANT} ${horizon === undefined ? '' : CLASS[horizon]}
  ) b where ${only === 'unchanged' ? 'b.earlier = b.event_value' : only === 'nan' ? "b.event_value = 'NaN'" : 'true'}`

const parametersOf = ({ sensors, sources, from, until }: Sweep) => [
  sensors ?? null,
  sources ?? null,
  asTimestamp(from ?? instant(-Infinity)),
  asTimestamp(until ?? instant(Infinity)),
]

/** How many would go. */
export async function countSweep(db: Queryable, sweep: Sweep): Promise<SweepCount> {
  const row = await db.first<SweepCount>(
    `select count(*) filter (where belief_horizon <= interval '0')::float8 as measurements,
     count(*) filter (where belief_horizon > interval '0')::float8 as forecasts from (${which(sweep)}) gone`,
    parametersOf(sweep),
  )
  return row!
}

/** Deletes them; resolves to their number. */
export async function sweepBeliefs(db: Queryable, sweep: Sweep, now: Instant): Promise<number> {
  const row = await db.first<{ n: number }>(
    `with chosen as materialized (${which(sweep)}), gone as (
       delete from timed_belief b using chosen c where b.sensor_id = c.sensor_id and b.event_start = c.event_start and b.source_id = c.source_id
         and b.belief_horizon = c.belief_horizon and b.cumulative_probability = c.cumulative_probability returning b.sensor_id, b.event_start
     ), ${NOTED('gone', '$5')} select count(*)::float8 as n from gone`,
    [...parametersOf(sweep), closedAt(now)],
  )
  return row!.n
}
