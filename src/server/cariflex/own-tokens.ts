/** Tokens of the one who asks: which there are, a new one for a program, and the end of one. */
import { type Static, Type } from 'typebox'
import { auditAccount } from '#ems'
import { DAY, formatInstant, Problem, say } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { SAYING } from './saying.ts'
import { Data, whoOf } from './shape.ts'

const tags = ['session']
const closed = { additionalProperties: false }
/** So many programs one user lets in at most. */
const MOST = 100

const Token = Type.Object({
  id: Type.String({ description: 'To end it by; not the token itself' }),
  kind: Type.Union([Type.Literal('session'), Type.Literal('token'), Type.Literal('program')], {
    description: 'session: a browser that is signed in · token: of requestAuthToken, lasts hours · program: made by its user',
  }),
  label: Type.Union([Type.String(), Type.Null()]),
  createdAt: Type.String(),
  expiresAt: Type.Union([Type.String(), Type.Null()], { description: 'null: does not end by itself' }),
  lastUsedAt: Type.Union([Type.String(), Type.Null()], { description: 'To the minute; null: never.' }),
  own: Type.Boolean({ description: 'The request was made with it' }),
})
const Wanted = Type.Object(
  {
    label: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S', description: 'Which program it is for.' }),
    days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650, description: 'Ends after so many days; never by itself unless said.' })),
  },
  closed,
)
const IdPath = Type.Object({ id: Type.String({ maxLength: 40, description: 'Id of the token, as listed' }) })

export function ownTokenRoutes(app: App, { tokens, identity, store, clock }: Rooms): void {
  app.get(
    '/tokens',
    { schema: { tags, summary: 'Your own tokens and sessions, newest first', response: { 200: Data(Type.Array(Token)) } } },
    async (request) => ({
      data: (await tokens.list(whoOf(request).user, identity.tokenOf(request))).map(({ createdAt, expiresAt, lastUsedAt, ...line }) => ({
        ...line,
        createdAt: formatInstant(createdAt),
        expiresAt: expiresAt === null ? null : formatInstant(expiresAt),
        lastUsedAt: lastUsedAt === null ? null : formatInstant(lastUsedAt),
      })),
    }),
  )
  app.post(
    '/tokens',
    {
      schema: {
        tags,
        summary: 'A token of your own for a program, with your rights; shown only in this answer',
        body: Wanted,
        response: { 201: Type.Object({ token: Type.String() }) },
      },
    },
    async (request, reply) => {
      const who = whoOf(request)
      const { label, days } = request.body as Static<typeof Wanted>
      const programs = (await tokens.list(who.user)).filter(({ kind }) => kind === 'program')
      if (programs.length >= MOST)
        throw new Problem('too-many-tokens', say(SAYING.manyTokens, { count: programs.length }), {
          status: 409,
          hint: say(SAYING.endUnused),
        })
      const token = await tokens.issue(who.user, 'program', label.trim(), days === undefined ? undefined : days * DAY)
      await auditAccount(store, clock.now(), who, `Token for '${label.trim()}' made by ${who.username}`, {
        account: who.account,
        user: who.user,
      })
      return reply.code(201).send({ token })
    },
  )
  app.delete(
    '/tokens/:id',
    { schema: { tags, summary: 'Ends one of your own tokens or sessions', params: IdPath } },
    async (request, reply) => {
      const who = whoOf(request)
      const line = (await tokens.list(who.user)).find(({ id }) => id === request.params.id)
      if (!line || !(await tokens.revokeOne(who.user, line.id)))
        throw new Problem('unknown-token', say(SAYING.noSuchToken), { status: 404, hint: say(SAYING.lookAtTokens) })
      if (line.kind === 'program')
        await auditAccount(store, clock.now(), who, `Token for '${line.label ?? ''}' ended by ${who.username}`, {
          account: who.account,
          user: who.user,
        })
      return reply.code(204).send()
    },
  )
}
