/** Tariffs of the charging stations: what they are, where they hold, what a session would cost or has cost. */

import { Type } from 'typebox'
import { type Charging, priceSession, readPricingCase, readTariff, sayTariff, writtenBill } from '#charging'
import { auditAsset, type Established, steers } from '#ems'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, onSite, whoOf } from './shape.ts'

const Id = Type.Object({ id: Type.String({ description: 'Id of the tariff; compared without regard to case.' }) })
const Amount = Type.Object({ excl_vat: Type.String(), incl_vat: Type.String() })
const Bill = Type.Object(
  {
    currency: Type.String(),
    total: Type.Union([Amount, Type.Null()], { description: 'Null when it cannot be priced; `issues` says why.' }),
    before_clamp: Type.Union([Amount, Type.Null()]),
    lines: Type.Array(Type.Record(Type.String(), Type.Unknown()), { description: 'One line per dimension, element and VAT rate.' }),
    issues: Type.Array(Type.String()),
  },
  { additionalProperties: true },
)
const Written = Type.Record(Type.String(), Type.Unknown(), { description: 'An OCPI 2.2.1 Tariff.' })
const Shown = Type.Object({ tariff: Written, said: Type.Object({ fr: Type.String(), en: Type.String() }) })
const Sum = Type.Union([Type.Number(), Type.Null()])
const StationCost = Type.Union(
  [
    Type.Null(),
    Type.Object({
      total_excl: Sum,
      total_incl: Sum,
      currency: Type.String(),
      at: Type.String(),
      difference: Type.Union([Type.Number(), Type.Null()], { description: "The station's sum less ours." }),
      failure: Type.Union([Type.String(), Type.Null()]),
    }),
  ],
  { description: 'What a station that prices by itself says that it cost (OCPP 2.1 CostDetails).' },
)
const Choice = Type.Object(
  {
    scope: Type.Union([Type.Literal('all'), Type.Literal('station'), Type.Literal('evse'), Type.Literal('token')]),
    key: Type.String({ maxLength: 100, description: "Nothing for all, a station's identity, 'identity/evse', or a token." }),
    tariff: Type.Union([Type.String(), Type.Null()], { description: 'Null: none of its own any more.' }),
  },
  { additionalProperties: false },
)

export interface TariffParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

const shown = (tariff: ReturnType<typeof readTariff>) => ({
  tariff: tariff as Record<string, unknown>,
  said: { fr: sayTariff(tariff, 'fr'), en: sayTariff(tariff, 'en') },
})

export const tariffRoutes =
  ({ charging, established, rooms }: TariffParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const { tariffs } = charging
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }
    const tags = ['tariffs']
    const note = (request: Request, event: string) => auditAsset(rooms.store, rooms.clock.now(), whoOf(request), event, established.site)

    app.get(
      '/tariffs',
      { ...read, schema: { tags, summary: 'Tariffs of the charging stations', response: { 200: Data(Type.Array(Shown)) } } },
      async () => ({ data: tariffs.list().map(shown) }),
    )
    app.put(
      '/tariffs/:id',
      {
        ...operate,
        schema: {
          tags,
          summary: 'Makes a tariff, or changes it for sessions that begin from now on',
          params: Id,
          body: Written,
          response: { 200: Data(Shown) },
        },
      },
      async (request) => {
        const tariff = await tariffs.put({ ...request.body, id: request.params.id })
        await note(request, `Tariff '${tariff.id}' was set`)
        return { data: shown(tariff) }
      },
    )
    app.delete(
      '/tariffs/:id',
      { ...operate, schema: { tags, summary: 'Forgets a tariff that holds nowhere', params: Id } },
      async (request, reply) => {
        await tariffs.remove(request.params.id)
        await note(request, `Tariff '${request.params.id}' was deleted`)
        return reply.status(204).send()
      },
    )
    app.get(
      '/tariff-choices',
      {
        ...read,
        schema: { tags, summary: 'Where which tariff holds; the narrowest decides', response: { 200: Data(Type.Array(Choice)) } },
      },
      async () => ({ data: tariffs.choices() }),
    )
    app.put(
      '/tariff-choices',
      {
        ...operate,
        schema: { tags, summary: 'Chooses the tariff of a place or a token', body: Choice, response: { 200: Data(Type.Array(Choice)) } },
      },
      async (request) => {
        const { scope, key, tariff } = request.body
        await tariffs.choose({ scope, key, tariff: tariff ?? undefined })
        await note(request, `Tariff of ${scope} ${key} is ${tariff ?? 'no longer its own'}`)
        return { data: tariffs.choices() }
      },
    )
    app.post(
      '/tariffs/preview',
      {
        ...read,
        schema: {
          tags,
          summary: 'What a session would cost by a tariff that need not be kept; without a session, the tariff in words',
          body: Type.Record(Type.String(), Type.Unknown(), {
            description: '{tariff | tariffs, session?, options?}; see docs/reference/tariffs.md.',
          }),
          response: { 200: Data(Type.Object({ said: Type.Object({ fr: Type.String(), en: Type.String() }), bill: Type.Optional(Bill) })) },
        },
      },
      async ({ body }) => {
        if (body['session'] === undefined) return { data: { said: shown(readTariff(body['tariff'])).said } }
        const given = readPricingCase(body)
        return { data: { said: shown(given.tariff ?? given.tariffs![0]!).said, bill: writtenBill(priceSession(given)) } }
      },
    )
    app.get(
      '/stations/:identity/transactions/:transaction/bill',
      {
        ...read,
        schema: {
          tags,
          summary: 'What a session cost, or costs until now, line by line; null when no tariff held',
          params: Type.Object({ identity: Type.String(), transaction: Type.String() }),
          response: {
            200: Data(
              Type.Union([Type.Object({ tariff: Written, bill: Bill, isFinal: Type.Boolean(), station: StationCost }), Type.Null()]),
            ),
          },
        },
      },
      async ({ params }) => {
        const found = await charging.bill(params.identity, params.transaction)
        return { data: found ? { ...found, tariff: found.tariff as Record<string, unknown> } : null }
      },
    )
  }
