/** The other CSMS of a station: we stand between them. */
import { Type } from 'typebox'
import type { Charging } from '#charging'
import { auditAsset, type Established, steers } from '#ems'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, onSite, whoOf } from './shape.ts'

export interface StationUpstreamParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

const Identity = Type.Object({ identity: Type.String({ description: 'Identity of the station: the last part of its URL.' }) })
const ORDERS = 'Whether its orders reach the station (start, stop, reset, unlock, settings); its questions and charging profiles always do.'
const Badges = Type.Union([Type.Literal('theirs'), Type.Literal('ours')], { description: 'Whose word counts for badges.' })
const Upstream = Data(
  Type.Union([
    Type.Null(),
    Type.Object({
      url: Type.String({ description: 'Address of the other CSMS.' }),
      connected: Type.Boolean({ description: 'Whether the station is connected there now.' }),
      fault: Type.Optional(Type.String({ description: 'How the last attempt to connect failed, while it is not connected.' })),
      waiting: Type.Integer({ description: 'Messages that it has not heard yet.' }),
      orders: Type.Boolean({ description: ORDERS }),
      badges: Badges,
    }),
  ]),
)

/** Routes below `/stations/<identity>/upstream`. */
export const stationUpstreamRoutes =
  ({ charging, established, rooms }: StationUpstreamParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const tags = ['stations']
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }
    const note = (request: Request, event: string, identity: string) =>
      auditAsset(rooms.store, rooms.clock.now(), whoOf(request), event, charging.station(identity).record.asset ?? established.site)

    app.get(
      '/stations/:identity/upstream',
      {
        ...read,
        schema: { tags, summary: 'The other CSMS of a station; null when it has none', params: Identity, response: { 200: Upstream } },
      },
      async ({ params }) => ({ data: charging.upstreams.view(charging.station(params.identity)) ?? null }),
    )
    app.put(
      '/stations/:identity/upstream',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Connects a station to another CSMS as well: through us, with its limits and ours; it reconnects',
          params: Identity,
          body: Type.Object(
            {
              url: Type.String({
                minLength: 1,
                maxLength: 512,
                description: 'Address of the other CSMS without the identity: wss://csms.example/ocpp.',
              }),
              password: Type.Optional(
                Type.String({
                  minLength: 1,
                  maxLength: 64,
                  description: 'Password of the station there; the one before stays unless given.',
                }),
              ),
              orders: Type.Optional(Type.Boolean({ description: `${ORDERS} At first they do; what was said before stays unless given.` })),
              badges: Type.Optional(Badges),
            },
            { additionalProperties: false },
          ),
          response: { 200: Upstream },
        },
      },
      async (request) => {
        const { identity } = request.params
        const data = await charging.upstreams.set(charging.station(identity), request.body)
        await note(request, `Connected station '${identity}' to ${request.body.url} as well`, identity)
        return { data: data ?? null }
      },
    )
    app.delete(
      '/stations/:identity/upstream',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Takes a station from its other CSMS; what waits for it is forgotten',
          params: Identity,
          response: { 200: Upstream },
        },
      },
      async (request) => {
        const { identity } = request.params
        await charging.upstreams.set(charging.station(identity), undefined)
        await note(request, `Took station '${identity}' from its other CSMS`, identity)
        return { data: null }
      },
    )
  }
