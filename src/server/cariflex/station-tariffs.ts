/** Tariffs at a station: what it holds, what it refused, and another one for a session that goes on. */
import { type Static, Type } from 'typebox'
import type { Charging } from '#charging'
import { auditAsset, type Established, steers } from '#ems'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, onSite, whoOf } from './shape.ts'

const Identity = Type.Object({ identity: Type.String({ description: 'Identity of the station: the last part of its URL.' }) })
const Transaction = Type.Object({ identity: Type.String(), transaction: Type.String() })
const Held = Type.Object({
  evse: Type.Integer({ description: '0: all of them.' }),
  tariff: Type.String(),
  sentAs: Type.String({ description: 'Its id at the station; another content has another id.' }),
  way: Type.Unsafe<'tariff' | 'text'>({
    type: 'string',
    enum: ['tariff', 'text'],
    description: 'tariff: the station prices by itself (OCPP 2.1) · text: it shows the price.',
  }),
  status: Type.String({
    description: "'Accepted', or the word of the refusal; NotExact, TooManyElements and ConditionNotSupported are never sent.",
  }),
  reason: Type.Union([Type.String(), Type.Null()]),
  at: Type.String(),
})
const Answer = Type.Record(Type.String(), Type.Unknown(), { description: "The station's answer as it came." })
const Order = Type.Object(
  { tariff: Type.String({ minLength: 1, maxLength: 36, description: 'Id of one of the tariffs.' }) },
  { additionalProperties: false },
)
const Changed = Type.Object({
  tariff: Type.String(),
  total: Type.Union([Type.String(), Type.Null()], { description: 'Until now, VAT included.' }),
})

export interface StationTariffParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

/** Routes below `/stations/<identity>/tariffs`. */
export const stationTariffRoutes =
  ({ charging, established, rooms }: StationTariffParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const { stationTariffs } = charging
    const tags = ['tariffs']
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }
    const note = (request: Request, event: string, identity: string) =>
      auditAsset(rooms.store, rooms.clock.now(), whoOf(request), event, charging.station(identity).record.asset ?? established.site)

    app.get(
      '/stations/:identity/tariffs',
      {
        ...read,
        schema: {
          tags,
          summary: 'Tariffs laid on a station, and why one was refused',
          params: Identity,
          response: { 200: Data(Type.Array(Held)) },
        },
      },
      async ({ params }) => ({ data: await stationTariffs.list(charging.station(params.identity).record.identity) }),
    )
    app.post(
      '/stations/:identity/tariffs/lay',
      {
        ...operate,
        schema: { tags, summary: 'Lays what holds there on a station anew', params: Identity, response: { 200: Data(Type.Array(Held)) } },
      },
      async ({ params }) => {
        const station = charging.station(params.identity)
        await stationTariffs.sync(station)
        return { data: await stationTariffs.list(station.record.identity) }
      },
    )
    app.post(
      '/stations/:identity/tariffs/ask',
      {
        ...operate,
        schema: { tags, summary: 'Asks a station of OCPP 2.1 which tariffs it holds', params: Identity, response: { 200: Data(Answer) } },
      },
      async (request) => ({ data: { ...(await stationTariffs.ask(charging.station(request.params.identity), whoOf(request).username)) } }),
    )
    app.delete(
      '/stations/:identity/tariffs',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Takes all tariffs from a station of OCPP 2.1, until it boots',
          params: Identity,
          response: { 200: Data(Answer) },
        },
      },
      async (request) => {
        const { identity } = request.params
        const data = { ...(await stationTariffs.clear(charging.station(identity), whoOf(request).username)) }
        await note(request, `Took the tariffs from station '${identity}'`, identity)
        return { data }
      },
    )
    app.put(
      '/stations/:identity/transactions/:transaction/tariff',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Another tariff for a session that goes on, from now on; at a station that prices by itself, only if it takes it',
          params: Transaction,
          body: Order,
          response: { 200: Data(Changed) },
        },
      },
      async (request) => {
        const { identity, transaction } = request.params
        const { tariff: wanted } = request.body as Static<typeof Order>
        const { tariff, bill } = await charging.changeTariff(identity, transaction, wanted, whoOf(request).username)
        await note(request, `Tariff of session ${transaction} at '${identity}' is '${tariff.id}' from now on`, identity)
        return { data: { tariff: tariff.id, total: bill.total?.incl_vat ?? null } }
      },
    )
  }
