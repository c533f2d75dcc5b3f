/** Orders by hand to the devices of a community, and how its devices are. */
import { Type } from 'typebox'
import type { Control } from '#community'
import { steers } from '#ems'
import { formatInstant } from '#kernel'
import type { Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, Moment, onSite, whoOf } from './shape.ts'

export interface DeviceOrderParts {
  control: Control
  /** The account whose community it is, and its time zone. */
  account: number
  zone: string
  rooms: Pick<Rooms, 'identity'>
}

const Nothing = Type.Null()
const Word = Type.Union([Type.Literal('on'), Type.Literal('off')])
const DeviceId = Type.String({ pattern: '^[A-Z][0-9]{1,4}$', description: 'ELFE id of the device, e.g. A101.' })
const Order = Type.Object({
  uuid: Type.String(),
  id: Type.String({ description: 'The device.' }),
  order: Word,
  state: Type.String({ description: 'waiting | sent | acknowledged | failed | refused' }),
  tries: Type.Integer(),
  ackMs: Type.Union([Type.Integer({ description: 'From the first try to the acknowledgement.' }), Nothing]),
  reason: Type.Union([Type.String(), Nothing]),
})
const Status = Type.Object({
  id: Type.String(),
  online: Type.Union([Type.Boolean(), Nothing], { description: 'By its last will; null while it never said.' }),
  relay: Type.Union([Word, Nothing]),
  powerW: Type.Union([Type.Number(), Nothing]),
  energyWh: Type.Union([Type.Number(), Nothing]),
  control: Type.Integer({ description: 'Of the appliance: 15 on, 25 off, 60 fault, 70 unknown.' }),
  command: Type.Integer({
    description: '1 initial, 11 waits for its slot, 12 and 13 running, 21 being started, 30 fault, 99 not commanded.',
  }),
  lastSeen: Type.Union([Moment, Nothing]),
  lastOrder: Type.Union([Order, Nothing]),
})

export const deviceOrderRoutes =
  ({ control, account, zone, rooms: { identity } }: DeviceOrderParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = identity
    app.get(
      '/community/devices/status',
      {
        onRequest: [authenticate, onSite(account, 'read')],
        schema: {
          tags: ['community'],
          summary: 'How the devices of the community are, by their own words, and the last order of each',
          querystring: Type.Object({ id: Type.Optional(DeviceId) }),
          response: { 200: Data(Type.Array(Status)) },
        },
      },
      async ({ query: { id } }) => ({
        data: control
          .status(id)
          .map(({ lastSeen, ...one }) => ({ ...one, lastSeen: lastSeen === null ? null : formatInstant(lastSeen, zone) })),
      }),
    )
    app.post(
      '/community/devices/:id/orders',
      {
        onRequest: [authenticate, onSite(account, 'update'), requirePermission(steers)],
        schema: {
          tags: ['community'],
          summary: 'Switches a device by hand; how it goes is in its status',
          params: Type.Object({ id: DeviceId }),
          body: Type.Object({ order: Word }, { additionalProperties: false }),
          response: { 200: Data(Order) },
        },
      },
      async (request) => ({ data: control.order(request.params.id, request.body.order === 'on', whoOf(request).username) }),
    )
  }
