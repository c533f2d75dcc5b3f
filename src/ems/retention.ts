/** What grows in our own tables is thinned: raw readings after hours, plans after days, orders and alarms after a year. Beliefs: thin-beliefs.ts. */
import { after, DAY, HOUR, type Instant } from '#kernel'
import { asTimestamp } from '#store'
import type { Line } from './line.ts'

/** How long things are kept, ms. */
export interface Retention {
  readings: number
  plans: number
  setpoints: number
  alarms: number
}

export const RETENTION: Retention = { readings: 2 * HOUR, plans: 2 * DAY, setpoints: 400 * DAY, alarms: 400 * DAY }

/** Thins once; cheap enough for every hour. */
export async function thin({ store, recorder, plans, site }: Line, at: Instant, given: Partial<Retention> = {}): Promise<void> {
  const keep = { ...RETENTION, ...given }
  await recorder.forgetBefore(after(at, -keep.readings))
  await plans.forgetBefore(after(at, -keep.plans))
  await store.query('delete from cariflex.setpoint where site = $1 and until < $2', [site.asset, asTimestamp(after(at, -keep.setpoints))])
  await store.query('delete from cariflex.alarm where ended_at < $1', [asTimestamp(after(at, -keep.alarms))])
}
