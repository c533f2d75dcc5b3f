/** GET /sensors/{id}/status: how fresh the data of a sensor is, one line per kind of source (reference 1.5, 2.4). */
import { isoLength, judgeStaleness, relationsTo } from '#ems'
import { formatInstant } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { idOf } from './query.ts'
import { sensorFor } from './sensors.ts'

export function statusRoute(app: App, rooms: Rooms): void {
  const { lastEvents, clock, store, config } = rooms
  app.get('/sensors/:id/status', { schema: { tags: ['flexmeasures'], summary: 'How fresh the data is' } }, async (request) => {
    const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
    const now = clock.now()
    const [events, relations] = await Promise.all([lastEvents.of([sensor], now), relationsTo(store, sensor.asset)])
    const lines = judgeStaleness(sensor, events.get(sensor.id) ?? [], now)
    return {
      sensors_data: lines.map((line) => ({
        staleness: line.code === 'no-future-data' || line.staleness === null ? null : isoLength(line.staleness),
        stale: line.stale,
        staleness_since: line.since === null ? null : formatInstant(line.since, config.timezone),
        reason: line.reason,
        source_type: line.sourceType,
        id: sensor.id,
        name: sensor.name,
        resolution: isoLength(sensor.resolution),
        asset_name: sensor.assetName,
        relation: relations.of(sensor).join(';'),
      })),
      status: 200,
    }
  })
}
