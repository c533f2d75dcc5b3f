/** Deleting beliefs, with a note for the figures that are kept of them. */
import { type Instant, instant } from '#kernel'
import { asTimestamp, type Queryable } from '#store'
import { closedAt, NOTED } from './belief-change.ts'

export interface Removed {
  count: number
  /** Whose beliefs went. */
  sources: number[]
  /** First and last event that lost beliefs. */
  first: Instant | null
  last: Instant | null
}

/** Deletes the beliefs of a sensor about events that start in [from, until), of one source or of all. */
export async function removeBeliefs(
  db: Queryable,
  { sensor, source, from, until }: { sensor: number; source?: number; from?: Instant; until?: Instant },
  now: Instant,
): Promise<Removed> {
  const row = await db.first<Removed>(
    `with gone as (
       delete from timed_belief where sensor_id = $1 and ($2::int is null or source_id = $2) and event_start >= $3::timestamptz
         and event_start < $4::timestamptz returning sensor_id, event_start, source_id
     ), ${NOTED('gone', '$5')}
     select count(*)::float8 as count, coalesce(array_agg(distinct source_id), '{}') as sources, min(event_start) as first, max(event_start) as last
     from gone`,
    [sensor, source ?? null, asTimestamp(from ?? instant(-Infinity)), asTimestamp(until ?? instant(Infinity)), closedAt(now)],
  )
  return row!
}
