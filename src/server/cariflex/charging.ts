/** What concerns all stations: badges, sessions, firmware and logs on their way, and the files of both. */
import { Type } from 'typebox'
import type { Charging } from '#charging'
import { type Established, steers } from '#ems'
import { parseInstant } from '#kernel'
import type { Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { onSite } from './shape.ts'

export interface ChargingParts {
  charging: Charging
  established: Established
  rooms: Rooms
}

const optional = Type.Optional
const Text = (description: string, most: number) => Type.String({ minLength: 1, maxLength: most, description })
const Token = Type.Object({ token: Text('The badge, as its reader shows it.', 36) })
const STATUSES = [
  'Accepted',
  'Blocked',
  'Expired',
  'Invalid',
  'NoCredit',
  'NotAllowedTypeEVSE',
  'NotAtThisLocation',
  'NotAtThisTime',
  'ConcurrentTx',
  'Unknown',
] as const
const Badge = Type.Object(
  {
    type: optional(Text('Kind of badge (ISO14443, eMAID, KeyCode …); any unless said.', 20)),
    status: optional(
      Type.Union(
        STATUSES.map((word) => Type.Literal(word)),
        { description: 'Accepted unless said.' },
      ),
    ),
    nickname: optional(Text('What people call it.', 80)),
    group: optional(Text('Badges of one group stop each other’s sessions.', 36)),
    master: optional(Type.Boolean({ description: 'It stops any session and begins none.' })),
    vehicle: optional(Type.Integer({ description: 'Asset of the car that it comes with.' })),
    places: optional(
      Type.Array(Text('A station, or STATION/EVSE.', 60), { maxItems: 1000, description: 'Where it may charge; everywhere unless said.' }),
    ),
    validUntil: optional(Type.String({ format: 'date-time', description: 'When it ends.' })),
    language: optional(Text('RFC 5646, for the display.', 8)),
    message: optional(Text('Shown when it is accepted.', 512)),
    cacheSeconds: optional(Type.Integer({ minimum: 1, maximum: 31_536_000, description: 'How long a station may remember it.' })),
    local: optional(Type.Boolean({ description: 'In the local lists of stations; true unless said.' })),
    concurrent: optional(Type.Boolean({ description: 'Several sessions at once; true unless said.' })),
  },
  { additionalProperties: false },
)

/** Routes below `/charging`. */
export const chargingRoutes =
  ({ charging, established, rooms }: ChargingParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const { blocks, badges, archive } = charging
    const zone = established.territory.site.timezone
    const tags = ['charging']
    const read = { onRequest: [authenticate, onSite(established.account, 'read')] }
    const operate = { onRequest: [authenticate, onSite(established.account, 'update'), requirePermission(steers)] }

    app.get('/charging/badges', { ...read, schema: { tags, summary: 'Badges that may charge, or may not' } }, async () => ({
      data: await badges.list(),
    }))
    app.put(
      '/charging/badges/:token',
      { ...operate, schema: { tags, summary: 'Makes a badge known, or changes what is said of it', params: Token, body: Badge } },
      async ({ params, body: { validUntil, ...rest } }) => {
        await badges.register({
          token: params.token,
          ...rest,
          ...(validUntil === undefined ? {} : { validUntil: parseInstant(validUntil) }),
        })
        return { data: (await badges.list()).find(({ token }) => token.toLowerCase() === params.token.toLowerCase()) ?? null }
      },
    )
    app.delete(
      '/charging/badges/:token',
      { ...operate, schema: { tags, summary: 'Takes a badge out', params: Token } },
      async ({ params }) => {
        await badges.remove(params.token)
        return { data: { removed: params.token } }
      },
    )
    app.get(
      '/charging/unknown-badges',
      { ...read, schema: { tags, summary: 'Badges that were shown and that nobody knows' } },
      async () => ({
        data: await badges.unknown(),
      }),
    )
    app.delete(
      '/charging/unknown-badges/:token',
      { ...operate, schema: { tags, summary: 'Takes a badge out of the inbox', params: Token } },
      async ({ params }) => {
        await badges.dismiss(params.token)
        return { data: { dismissed: params.token } }
      },
    )

    app.get(
      '/charging/sessions',
      {
        ...read,
        schema: {
          tags,
          summary: 'Sessions, newest first',
          querystring: Type.Object({
            station: optional(Text('Only of this station.', 48)),
            open: optional(Type.Boolean({ description: 'Only those that go on, or only those that ended.' })),
            before: optional(Type.String({ format: 'date-time', description: 'Only those that began before.' })),
            since: optional(Type.String({ format: 'date-time', description: 'Only those that went on then or later.' })),
            limit: optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'So many at most.' })),
          }),
        },
      },
      async ({ query: { before, since, ...rest } }) => ({
        data: await archive.sessions({
          ...rest,
          ...(before === undefined ? {} : { before: parseInstant(before) }),
          ...(since === undefined ? {} : { since: parseInstant(since) }),
        }),
      }),
    )
    app.get(
      '/charging/sessions/:station/:id',
      {
        ...read,
        schema: {
          tags,
          summary: 'One session with its events',
          params: Type.Object({
            station: Type.String({ description: 'Identity of the station.' }),
            id: Type.String({ description: 'Id of the transaction.' }),
          }),
        },
      },
      async ({ params }) => ({ data: await archive.session(params.station, params.id) }),
    )
    app.get(
      '/charging/samples/:station/:evse',
      {
        ...read,
        schema: {
          tags,
          summary: 'Power and state of charge that an EVSE measured, for two days',
          params: Type.Object({
            station: Type.String({ description: 'Identity of the station.' }),
            evse: Type.Integer({ description: 'Number of the EVSE.' }),
          }),
          querystring: Type.Object({
            from: Type.String({ format: 'date-time', description: 'Since when.' }),
            until: Type.String({ format: 'date-time', description: 'Until when.' }),
          }),
        },
      },
      async ({ params, query }) => ({
        data: await archive.samples(params.station, params.evse, parseInstant(query.from), parseInstant(query.until)),
      }),
    )

    app.get(
      '/charging/errands',
      {
        ...read,
        schema: {
          tags,
          summary: 'Firmware and logs on their way, with every word of the stations',
          querystring: Type.Object({
            station: optional(Text('Only of this station.', 48)),
            kind: optional(
              Type.Union([Type.Literal('firmware'), Type.Literal('publish'), Type.Literal('log')], { description: 'Only of this kind.' }),
            ),
          }),
        },
      },
      async ({ query }) => ({ data: await blocks.errands.list(query, zone) }),
    )
    app.get('/charging/files', { ...read, schema: { tags, summary: 'Files for stations and of stations' } }, async () => ({
      data: await blocks.files.list(zone),
    }))
    app.get(
      '/charging/files/:id',
      {
        ...operate,
        schema: {
          tags,
          summary: 'The content of a file',
          params: Type.Object({ id: Type.Integer({ description: 'Number of the file.' }) }),
        },
      },
      async ({ params }, reply) => {
        const { file, content } = await blocks.files.open(params.id)
        return reply
          .type('application/octet-stream')
          .header('content-disposition', `attachment; filename="${file.name}"`)
          .header('content-length', file.size)
          .send(content)
      },
    )
    app.register(async (scope) => {
      scope.removeAllContentTypeParsers()
      scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
      scope.post(
        '/charging/files',
        {
          ...operate,
          schema: {
            tags,
            summary: 'Keeps a file that stations may fetch: firmware (the body is the file)',
            querystring: Type.Object({ name: Text('Its name.', 120) }),
          },
        },
        async (request, reply) => {
          const { name } = request.query as { name: string }
          return reply.code(201).send({ data: await blocks.files.add(name, bodyOf(request)) })
        },
      )
    })
  }

const bodyOf = ({ body, raw }: { body: unknown; raw: AsyncIterable<Uint8Array> }) => (body as AsyncIterable<Uint8Array> | undefined) ?? raw

/** `/station-files/<secret>/<name>`: what stations fetch and bring. Nobody is signed in: the secret is the permission. */
export const stationFileRoutes =
  ({ blocks: { files } }: Charging): Routes =>
  (app) => {
    const params = Type.Object({ secret: Type.String({ minLength: 20, maxLength: 60 }), '*': Type.String() })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    app.get('/station-files/:secret/*', { schema: { hide: true, params } }, async (request, reply) => {
      const { file, content } = await files.fetch(request.params.secret)
      return reply
        .type('application/octet-stream')
        .header('content-length', file.size)
        .header('content-disposition', `attachment; filename="${file.name}"`)
        .send(content)
    })
    app.route({
      method: ['PUT', 'POST'],
      url: '/station-files/:secret/*',
      schema: { hide: true, params },
      async handler(request, reply) {
        const { secret } = request.params as { secret: string }
        const { size } = await files.take(secret, bodyOf(request))
        return reply.code(201).send({ size })
      },
    })
  }
