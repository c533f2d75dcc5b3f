/** Wishes of drivers for their sessions, judged before they are kept; the public page behind the code on an EVSE. */
import { type Static, Type } from 'typebox'
import type { Charging, WishInput } from '#charging'
import { auditAsset, type Established, type Line, steers } from '#ems'
import { after, DAY, type Instant, MINUTE, Problem, parseInstant, say } from '#kernel'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { SAYING } from './saying.ts'
import { Data, onSite, whoOf } from './shape.ts'

const Wish = Type.Object(
  {
    energyKwh: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 1000, description: 'So much more from now on, kWh at the outlet.' }),
    ),
    socPercent: Type.Optional(Type.Number({ minimum: 1, maximum: 100, description: 'So full, in percent; instead of energyKwh.' })),
    by: Type.Optional(
      Type.String({ description: "Until when: a moment with offset, or 'HH:MM', the next time the clock of the site shows it." }),
    ),
    maxCost: Type.Optional(Type.Number({ minimum: 0, maximum: 10_000, description: 'At most so much money from now on.' })),
    solarOnly: Type.Optional(Type.Boolean({ description: 'Only what the site makes itself.' })),
    priority: Type.Optional(Type.Boolean({ description: 'As fast as possible, whatever it costs.' })),
    discharge: Type.Optional(Type.Boolean({ description: 'Whether the car may give energy back.' })),
  },
  { additionalProperties: false },
)
type WishBody = Static<typeof Wish>

const Said = Type.Object(
  {
    units: Type.Optional(
      Type.Array(Type.Union([Type.Literal('A'), Type.Literal('W')]), { minItems: 1, maxItems: 2, description: 'Best first.' }),
    ),
    maxPeriods: Type.Optional(Type.Integer({ minimum: 1, maximum: 1024, description: 'Periods that one profile may have.' })),
    wholeAmperes: Type.Optional(Type.Boolean({ description: 'It cuts limits to whole amperes.' })),
    minCurrent: Type.Optional(Type.Number({ minimum: 1, maximum: 32, description: 'A; below it a car can only pause. 6 unless said.' })),
    negative: Type.Optional(Type.Boolean({ description: 'It understands orders to discharge.' })),
    dynamic: Type.Optional(Type.Boolean({ description: 'It has Dynamic profiles (2.1).' })),
  },
  { additionalProperties: false },
)

const Judged = Type.Object({
  session: Type.String(),
  station: Type.String(),
  evse: Type.Integer(),
  said: Type.Boolean({ description: 'false: what the car or its habits say' }),
  wish: Type.Object({ ...Wish.properties }, { additionalProperties: false }),
  feasible: Type.Boolean(),
  energyKwh: Type.Number({ description: 'still wanted' }),
  reachableKwh: Type.Number(),
  missingKwh: Type.Number({ description: 'will be missing at the time of the wish' }),
  by: Type.String(),
  ready: Type.Union([Type.String(), Type.Null()], { description: 'when it could be full' }),
  cost: Type.Union([Type.Number(), Type.Null()], { description: 'what the energy will cost; null: no price is known' }),
  currency: Type.String(),
  uncertain: Type.Boolean({ description: 'part of it counts on prices that are not known yet' }),
  reasons: Type.Array(Type.String(), { description: 'sentences, price first' }),
})
const DryRun = Type.Object({
  dryRun: Type.Optional(Type.Boolean({ description: 'Only say what would become of it; nothing is kept.' })),
})
const Code = Type.Object({ code: Type.String({ minLength: 8, maxLength: 64, description: 'What the sticker on the EVSE says.' }) })

const nullable = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) => Type.Union([schema, Type.Null()])
const Page = Type.Object({
  price: Type.Object(
    {
      text: nullable(Type.Object({ fr: Type.String(), en: Type.String() })),
      perKwh: nullable(Type.Number()),
      currency: Type.String(),
      soFar: nullable(Type.Number()),
    },
    { description: 'what a kWh costs now, and what the session cost so far' },
  ),
  station: Type.String(),
  name: Type.String(),
  evse: Type.Integer(),
  online: Type.Boolean(),
  plugged: Type.Boolean(),
  session: nullable(
    Type.Object({
      startedAt: Type.String(),
      energyKwh: Type.Number(),
      powerKw: nullable(Type.Number()),
      socPercent: nullable(Type.Number()),
      authorized: Type.Boolean(),
    }),
  ),
  now: nullable(Type.Object({ kw: Type.Number(), because: Type.String(), until: Type.String() })),
  wish: nullable(Judged),
})

export interface WishParts {
  charging: Charging
  established: Established
  line: Line
  rooms: Rooms
}

/** Requests of one address for pages of drivers, within a minute. */
const PER_MINUTE = 60

/** Routes of wishes; those below `/driver` need nobody signed in, only the code. */
export const wishRoutes =
  ({ charging, established, line, rooms }: WishParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }
    const desk = charging.wishes
    const now = () => rooms.clock.now()

    const around = async () => ({ limits: await line.limits.within(now(), after(now(), 2 * DAY)) })
    const inputOf = ({ by, ...wish }: WishBody): WishInput => ({ ...wish, ...(by === undefined ? {} : { by: momentOf(by) }) })
    const momentOf = (text: string): Instant => {
      if (!/^\d{2}:\d{2}$/.test(text)) return parseInstant(text)
      const moment = desk.nextTime(text)
      if (moment !== undefined) return moment
      throw new Problem('invalid-wish', say(SAYING.noClockTime, { time: text }), { status: 422, hint: say(SAYING.clockTimeLike) })
    }

    const turns = new Map<string, { count: number; until: Instant }>()
    /** Codes cannot be guessed by trying, nor pages be polled to death. */
    const slow = async ({ ip }: Request) => {
      const at = now()
      if (turns.size > 10_000) for (const [old, { until }] of turns) if (until <= at) turns.delete(old)
      const known = turns.get(ip)
      const turn = known && known.until > at ? known : { count: 0, until: after(at, MINUTE) }
      turn.count++
      turns.set(ip, turn)
      if (turn.count <= PER_MINUTE) return
      const wait = Math.max(1, Math.ceil((turn.until - at) / 1000))
      throw new Problem('too-many-attempts', say(SAYING.manyLooks), {
        status: 429,
        retry: 'later',
        hint: say(SAYING.waitABit, { count: wait }),
        details: { retryAfter: wait },
      })
    }

    app.get(
      '/sessions/:session/wish',
      {
        ...read,
        schema: {
          tags: ['stations'],
          summary: 'What is wanted of a charging session, and whether it will be',
          params: SESSION,
          response: { 200: Data(Judged) },
        },
      },
      async ({ params }) => ({ data: await desk.view(desk.session(params.session), await around()) }),
    )
    app.put(
      '/sessions/:session/wish',
      {
        ...operate,
        schema: {
          tags: ['stations'],
          summary: 'Says what a driver wants of a session; with dryRun only what would become of it',
          params: SESSION,
          querystring: DryRun,
          body: Wish,
          response: { 200: Data(Judged) },
        },
      },
      async (request) => {
        const input = inputOf(request.body)
        const place = desk.session(request.params.session)
        if (request.query.dryRun) return { data: await desk.judge(place, input, await around()) }
        const who = whoOf(request)
        const data = await desk.keep(place, input, who.email, await around())
        const { asset, identity } = place.station.record
        await auditAsset(
          rooms.store,
          now(),
          who,
          `Wish for the session at '${identity}': ${data.reasons.join(' ')}`.slice(0, 250),
          asset ?? established.site,
        )
        return { data }
      },
    )
    app.delete(
      '/sessions/:session/wish',
      {
        ...operate,
        schema: {
          tags: ['stations'],
          summary: 'Takes a wish back: what the car or its habits say holds again',
          params: SESSION,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await desk.remove(desk.session(request.params.session), whoOf(request).email)
        return reply.code(204).send(null)
      },
    )
    app.put(
      '/stations/:identity/evses/:evse/wish',
      {
        ...operate,
        schema: {
          tags: ['stations'],
          summary: 'The same for the session that goes on at an EVSE',
          params: EVSE,
          querystring: DryRun,
          body: Wish,
          response: { 200: Data(Judged) },
        },
      },
      async (request) => {
        const input = inputOf(request.body)
        const place = desk.at(request.params.identity, request.params.evse)
        if (request.query.dryRun) return { data: await desk.judge(place, input, await around()) }
        return { data: await desk.keep(place, input, whoOf(request).email, await around()) }
      },
    )
    app.get(
      '/stations/:identity/evses/:evse/wish',
      {
        ...read,
        schema: { tags: ['stations'], summary: 'What is wanted of the session at an EVSE', params: EVSE, response: { 200: Data(Judged) } },
      },
      async ({ params }) => ({ data: await desk.view(desk.at(params.identity, params.evse), await around()) }),
    )
    app.post(
      '/stations/:identity/evses/:evse/driver-page',
      {
        ...operate,
        schema: {
          tags: ['stations'],
          summary: "The code of an EVSE's public page, for its sticker; with renew the old one opens nothing any more",
          params: EVSE,
          body: Type.Object(
            { renew: Type.Optional(Type.Boolean({ description: 'Another code; the old one opens nothing any more.' })) },
            { additionalProperties: false },
          ),
          response: { 200: Data(Type.Object({ code: Type.String(), path: Type.String() })) },
        },
      },
      async ({ params, body }) => {
        const code = await desk.code(params.identity, params.evse, body.renew)
        return { data: { code, path: `/driver/${code}` } }
      },
    )
    app.get(
      '/stations/:identity/card',
      {
        ...read,
        schema: {
          tags: ['stations'],
          summary: 'What the model of a station takes of charging profiles, and what was found out by trying',
          params: Type.Object({ identity: Type.String() }),
          response: { 200: Data(Type.Record(Type.String(), Type.Unknown())) },
        },
      },
      async ({ params }) => ({ data: { ...charging.card(params.identity) } }),
    )
    app.put(
      '/stations/:identity/card',
      {
        ...operate,
        schema: {
          tags: ['stations'],
          summary: 'Says what the model of a station takes; it stands before what the station says of itself, for all of that model',
          params: Type.Object({ identity: Type.String() }),
          body: Said,
          response: { 200: Data(Type.Record(Type.String(), Type.Unknown())) },
        },
      },
      async (request) => {
        const { params, body } = request
        const card = await charging.sayCard(params.identity, body)
        await auditAsset(rooms.store, now(), whoOf(request), `Said what '${card.model}' takes`.slice(0, 250), established.site)
        return { data: { ...card } }
      },
    )
    app.get(
      '/driver/:code',
      {
        onRequest: slow,
        schema: {
          tags: ['driver'],
          security: [],
          summary: 'The page of an EVSE, price first; nobody need be signed in',
          params: Code,
          response: { 200: Data(Page) },
        },
      },
      async ({ params }, reply) => {
        const { identity, evse } = await desk.placeOf(params.code)
        reply.header('Cache-Control', 'no-store')
        return { data: await desk.page(identity, evse, await around()) }
      },
    )
    app.put(
      '/driver/:code/wish',
      {
        onRequest: slow,
        schema: {
          tags: ['driver'],
          security: [],
          summary: 'Says what the driver wants of the session at this EVSE; with dryRun only what would become of it',
          params: Code,
          querystring: DryRun,
          body: Wish,
          response: { 200: Data(Judged) },
        },
      },
      async ({ params, body, query }) => {
        const { identity, evse } = await desk.placeOf(params.code)
        // Whoever stands before the car may forbid its discharge, but not allow it.
        if (body.discharge === true)
          throw new Problem('forbidden', say(SAYING.consentByOwner), { status: 403, hint: say(SAYING.askOperator) })
        const input = inputOf(body)
        const place = desk.at(identity, evse)
        return {
          data: await (query.dryRun ? desk.judge(place, input, await around()) : desk.keep(place, input, 'driver page', await around())),
        }
      },
    )
  }

const SESSION = Type.Object({ session: Type.String({ minLength: 1, maxLength: 255, description: 'transactionId of the session' }) })
const EVSE = Type.Object({
  identity: Type.String({ description: 'Identity of the station: the last part of its URL.' }),
  evse: Type.Integer({ minimum: 1, maximum: 1000, description: 'EVSE of the station, from 1.' }),
})
