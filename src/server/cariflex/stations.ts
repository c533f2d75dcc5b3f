/** Charging stations: what they do now, what was said to and by them, commands with their answer. */
import { randomBytes } from 'node:crypto'
import { Type } from 'typebox'
import type { Charging } from '#charging'
import { auditAsset, type ConversationLog, type Established, type Site, steers } from '#ems'
import { Problem, say } from '#kernel'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { newStation } from './new-station.ts'
import { SAYING } from './saying.ts'
import { Data, onSite, whoOf } from './shape.ts'

const Identity = Type.Object({ identity: Type.String({ description: 'Identity of the station: the last part of its URL.' }) })
const Registration = Type.Object(
  {
    identity: Type.String({ pattern: '^[A-Za-z0-9*+=._@|-]{1,48}$', description: 'Identity of the station: the last part of its URL' }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 80, description: 'What people call it; its identity unless said.' })),
    nominalKw: Type.Number({ exclusiveMinimum: 0, maximum: 1000, description: 'Most it gives, kW.' }),
    phases: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(3)], { description: 'Phases it is connected to; 3 unless said.' })),
    password: Type.Optional(Type.String({ minLength: 16, maxLength: 40, description: 'Invented and shown once when absent' })),
    latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90, description: 'Degrees north.' })),
    longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180, description: 'Degrees east.' })),
  },
  { additionalProperties: false },
)

export interface StationParts {
  charging: Charging
  conversation: ConversationLog
  established: Established
  /** The site that the planner sees: new stations join it at once. */
  site: Site
  rooms: Rooms
}

/** Routes of the charging room. */
export const stationRoutes =
  ({ charging, conversation, established, site, rooms }: StationParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }

    const note = (request: Request, event: string, asset: number) =>
      auditAsset(rooms.store, rooms.clock.now(), whoOf(request), event, asset)

    app.get('/stations', { ...read, schema: { tags: ['stations'], summary: 'Charging stations and what they do now' } }, async () => ({
      data: charging.stations(),
    }))
    app.get(
      '/stations/:identity/conversation',
      {
        ...read,
        schema: {
          tags: ['stations'],
          summary: 'Who said what, newest first',
          params: Identity,
          querystring: Type.Object({
            before: Type.Optional(Type.Integer({ description: 'only what was said before this entry' })),
            search: Type.Optional(Type.String({ maxLength: 100, description: 'Only what holds this text.' })),
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'So many at most.' })),
          }),
        },
      },
      async ({ params, query }) => ({
        data: await conversation.search({ peer: params.identity, ...query }, established.territory.site.timezone),
      }),
    )
    app.post(
      '/stations/:identity/commands',
      {
        ...operate,
        schema: {
          tags: ['stations'],
          summary: 'Sends a command by hand; the answer of the station comes back',
          params: Identity,
          body: Type.Object(
            {
              action: Type.String({ description: "Name of the OCPP message, such as 'Reset'." }),
              payload: Type.Optional(
                Type.Record(Type.String(), Type.Unknown(), { description: 'Fields of the message, as OCPP has them.' }),
              ),
            },
            { additionalProperties: false },
          ),
        },
      },
      async (request) => {
        const { params, body } = request
        const data = await charging.call(params.identity, body.action, body.payload ?? {}, whoOf(request).email)
        const asset = charging.stations().find((station) => station.identity === params.identity)?.asset ?? established.site
        await note(request, `Sent ${body.action} to station '${params.identity}': ${data.status}`, asset)
        return { data }
      },
    )
    app.post(
      '/stations',
      {
        ...operate,
        schema: {
          tags: ['stations'],
          summary: 'Makes a station known: its asset, its sensor, its password and a token to charge with',
          body: Registration,
          response: { 201: Data(Type.Record(Type.String(), Type.Unknown())) },
        },
      },
      async (request, reply) => {
        const { identity, name, nominalKw, phases = 3, latitude, longitude } = request.body
        if (charging.stations().some((station) => station.identity === identity && station.state === 'registered'))
          throw new Problem('station-exists', say(SAYING.stationExists, { station: identity }), {
            status: 409,
            hint: say(SAYING.otherStation),
          })
        if ((latitude === undefined) !== (longitude === undefined))
          throw new Problem('half-a-place', say(latitude === undefined ? SAYING.longitudeAlone : SAYING.latitudeAlone), {
            status: 422,
            hint: say(SAYING.wholePlace),
          })
        const password = request.body.password ?? randomBytes(15).toString('hex')
        const { asset, sensor, token } = await newStation(
          { charging, established, site, store: rooms.store },
          { identity, name, nominalKw, phases, password, latitude, longitude },
        )
        await note(request, `Registered station '${identity}'`, asset)
        return reply.code(201).send({ data: { identity, asset, sensor, password, token } })
      },
    )
  }
