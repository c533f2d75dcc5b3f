/** What grows is thinned: raw readings after hours, plans after days, old opinions of planner and forecasters when newer ones replaced them. */
import { after, DAY, floorTo, HOUR, type Instant } from '#kernel'
import { asTimestamp } from '#store'
import type { Line } from './line.ts'

/** How long things are kept, ms. */
export interface Retention {
  readings: number
  plans: number
  /** Superseded beliefs of schedulers and forecasters; the last one of each event stays for ever, and so do all measurements. */
  opinions: number
  setpoints: number
  alarms: number
}

export const RETENTION: Retention = { readings: 2 * HOUR, plans: 2 * DAY, opinions: 7 * DAY, setpoints: 400 * DAY, alarms: 400 * DAY }

/** Thins once; cheap enough for every hour. Opinions are thinned for the two days that crossed the age last. */
export async function thin({ store, recorder, plans, site }: Line, at: Instant, given: Partial<Retention> = {}): Promise<void> {
  const keep = { ...RETENTION, ...given }
  await recorder.forgetBefore(after(at, -keep.readings))
  await plans.forgetBefore(after(at, -keep.plans))
  await store.query('delete from cariflex.setpoint where site = $1 and until < $2', [site.asset, asTimestamp(after(at, -keep.setpoints))])
  await store.query('delete from cariflex.alarm where ended_at < $1', [asTimestamp(after(at, -keep.alarms))])
  const until = floorTo(after(at, -keep.opinions), HOUR)
  await store.query(
    `delete from timed_belief b using data_source s where s.id = b.source_id and s.type in ('scheduler', 'forecaster')
     and b.event_start >= $1 and b.event_start < $2
     and exists (select 1 from timed_belief newer where newer.sensor_id = b.sensor_id and newer.event_start = b.event_start
       and newer.source_id = b.source_id and newer.belief_horizon < b.belief_horizon)`,
    [asTimestamp(after(until, -2 * DAY)), asTimestamp(until)],
  )
}
