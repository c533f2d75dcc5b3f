/**
 * Notes of changed days, so that kept figures of the past stay true: whoever changes beliefs of a day that is counted, or old enough to be,
 * writes a note in the same transaction. A count that did not see the change did not see the note either, and leaves it for the next one.
 */
import { DAY, type Instant } from '#kernel'
import { asTimestamp, type Queryable } from '#store'

/** Days that ended longer ago may be counted. */
export const COUNTED_AFTER = 3 * DAY
/** Days that began longer ago are noted: earlier than they can be counted, so that no change slips between two clocks. */
const NOTED_AFTER = 1.5 * DAY

/** Before this moment every change is noted, counted or not; a parameter of the statements. */
export const closedAt = (now: Instant): string => asTimestamp((now - NOTED_AFTER) as Instant)

/** A CTE that notes the days of the rows (sensor_id, event_start) that another one, `changed`, returned; `closed` the parameter. */
export const NOTED = (changed: string, closed: string): string => `noted as (
  insert into cariflex.belief_change (sensor, day) select distinct sensor_id, (event_start at time zone 'UTC')::date from ${changed}
  where event_start < ${closed}::timestamptz
    or event_start < (select f.until::timestamp at time zone 'UTC' from cariflex.belief_figured f where f.sensor = ${changed}.sensor_id))`

/** The same for moments that are known here. */
export async function noteChanges(tx: Queryable, sensor: number, starts: readonly number[], closed: string): Promise<void> {
  const days = new Set<number>()
  for (const start of starts) days.add(Math.floor(start / DAY))
  await tx.query(
    `insert into cariflex.belief_change (sensor, day) select $1, date '1970-01-01' + d from unnest($2::int[]) d
     where (date '1970-01-01' + d)::timestamp at time zone 'UTC' < $3::timestamptz
       or date '1970-01-01' + d < (select f.until from cariflex.belief_figured f where f.sensor = $1)`,
    [sensor, [...days], closed],
    'note-changes',
  )
}
