/** The last value of each sensor of an asset: what was measured until now, or said of the present. */
import { Type } from 'typebox'
import { demand } from '#ems'
import { formatInstant, Problem } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data } from './shape.ts'

const Latest = Data(
  Type.Array(
    Type.Object({
      sensor: Type.Integer(),
      name: Type.String(),
      unit: Type.String(),
      resolution: Type.Integer({ description: 'Seconds; 0 = moments.' }),
      at: Type.Unsafe<string | null>({ type: ['string', 'null'], description: 'Begin of the event; null when there is no value yet.' }),
      value: Type.Unsafe<number | null>({ type: ['number', 'null'], description: "In the sensor's unit and sign." }),
    }),
  ),
)

/** `GET /assets/{id}/latest`. */
export function latestRoute(app: App, { assets, sensors, beliefs, clock }: Rooms): void {
  app.get(
    '/assets/:id/latest',
    {
      schema: {
        tags: ['assets'],
        summary: 'Last value of each sensor of an asset',
        params: Type.Object({ id: Type.Integer() }),
        response: { 200: Latest },
      },
    },
    async (request) => {
      const asset = await assets.get(request.params.id)
      if (!asset) throw new Problem('unknown-asset', `No asset found with ID ${request.params.id}.`, { status: 404 })
      demand(request.principal!, 'read', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
      const now = clock.now()
      const data = []
      for (const { id, name } of asset.sensors) {
        const sensor = await sensors.get(id)
        if (!sensor) continue
        const last = await beliefs.latest(id, now)
        data.push({
          sensor: id,
          name,
          unit: sensor.unit,
          resolution: Math.round(sensor.resolution / 1000),
          at: last ? formatInstant(last.start, sensor.timezone) : null,
          value: last ? last.value : null,
        })
      }
      return { data }
    },
  )
}
