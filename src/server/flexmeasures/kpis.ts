/** GET /assets/{id}/kpis: what the daily sensors of an asset amount to over a time (reference 2.4, 4.6). */
import { type Static, Type } from 'typebox'
import { kpisOf, permits } from '#ems'
import { parseInstant } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { assetFor } from './assets.ts'
import { invalid } from './envelope.ts'
import { canonical, idOf } from './query.ts'
import { check } from './validate.ts'

const Query = Type.Object(
  {
    start: Type.String({ format: 'aware-datetime', description: 'Begin of the days, ISO 8601 with offset.' }),
    end: Type.String({ format: 'aware-datetime', description: 'End of the days.' }),
  },
  { additionalProperties: false },
)

export function kpiRoute(app: App, rooms: Rooms): void {
  app.get(
    '/assets/:id/kpis',
    { schema: { tags: ['flexmeasures'], summary: 'Daily figures of an asset over a time', querystring: Query } },
    async (request) => {
      const who = request.principal!
      const asset = await assetFor(rooms, who, 'read', idOf(request.params))
      const { start, end } = check(Query, canonical(request.query), 'query') as Static<typeof Query>
      const window = { from: parseInstant(start), until: parseInstant(end) }
      if (window.until < window.from) throw invalid('query', { end: ['end must not be before start.'] })
      const kpis = await kpisOf(rooms, asset, window, (sensor) =>
        permits(who, 'read', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy }),
      )
      return {
        data: kpis.map((kpi) => ({
          title: kpi.title,
          unit: kpi.sensor.unit,
          sensor: kpi.sensor.id,
          downsample_value: Math.round(kpi.value * 100) / 100,
          downsample_function: kpi.function,
        })),
        status: 200,
      }
    },
  )
}
