/** Alarms of the assets that one may read: what is wrong now, and what was within the last day. */
import { Type } from 'typebox'
import { openAlarms, readableAccounts } from '#ems'
import { DAY } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, Moment, whoOf } from './shape.ts'

const Alarm = Type.Object({
  id: Type.Integer(),
  asset: Type.Integer(),
  code: Type.String(),
  message: Type.String(),
  since: Moment,
  active: Type.Boolean(),
})

export function alarmRoute(app: App, { store, clock, bus, steered, config }: Rooms): void {
  const alarms = steered?.line.alarms ?? openAlarms({ store, clock, bus })
  const zone = steered?.line.site.zone ?? config.timezone
  app.get(
    '/alarms',
    {
      schema: {
        tags: ['alarms'],
        summary: 'Active alarms and those of the last day, of the assets that one may read',
        response: { 200: Data(Type.Array(Alarm)) },
      },
    },
    async (request) => ({ data: await alarms.views(zone, DAY, readableAccounts(whoOf(request))) }),
  )
}
