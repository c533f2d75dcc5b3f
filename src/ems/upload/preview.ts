/** What an upload would do, looked at without writing. */
import type { Instant } from '#kernel'
import type { Queryable } from '#store'
import type { BeliefBatch } from '../belief.ts'
import type { Sensor } from '../sensors.ts'
import { settleBatch } from '../settle-batch.ts'

export interface UploadForecast {
  /** Events that would be looked at. */
  events: number
  /** Values that say nothing new. */
  alreadyKnown: number
  /** Values that contradict one of the same source and belief time: with any of them the upload is refused, unless data may be overwritten. */
  replacements: number
}

/** As recording judges (`record.ts`): the same belief, or the most recent earlier one of its class. */
const JUDGE = `
with given as materialized (
  select to_timestamp(g.start / 1000) as event_start, make_interval(secs => g.horizon / 1000) as belief_horizon, g.value
  from unnest($1::float8[], $2::float8[], $3::float8[]) as g(start, horizon, value)
)
select count(*) filter (where coalesce(same.event_value, earlier.event_value) = g.value)::int as known,
  count(*) filter (where same.event_value <> g.value)::int as replaced
from given g
left join lateral (select b.event_value from timed_belief b where b.sensor_id = $4::int and b.event_start = g.event_start
  and b.source_id = $5::int and b.belief_horizon = g.belief_horizon and b.cumulative_probability = 0.5) same on true
left join lateral (select b.event_value from timed_belief b where b.sensor_id = $4::int and b.event_start = g.event_start
  and b.source_id = $5::int and b.belief_horizon > g.belief_horizon
  and (b.belief_horizon > interval '0') = (g.belief_horizon > interval '0') order by b.belief_horizon limit 1) earlier on true`

/** Judges the batches of one sensor against what is stored. */
export async function foreseeUpload(db: Queryable, sensor: Sensor, batches: readonly BeliefBatch[], now: Instant): Promise<UploadForecast> {
  const forecast: UploadForecast = { events: 0, alreadyKnown: 0, replacements: 0 }
  for (const batch of batches) {
    const { starts, horizons, values, source } = settleBatch(batch, sensor, now)
    const row = await db.first<{ known: number; replaced: number }>(JUDGE, [starts, horizons, values, sensor.id, source])
    forecast.events += starts.length
    forecast.alreadyKnown += row!.known
    forecast.replacements += row!.replaced
  }
  return forecast
}
