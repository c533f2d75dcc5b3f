/** Signing in and out by password; the cookie carries a token that only the hash of is kept. */
import { Type } from 'typebox'
import type { Principal } from '#ems'
import { asTimestamp } from '#store'
import type { App } from '../app.ts'
import { sessionOf } from '../identity.ts'
import type { Rooms } from '../rooms.ts'

const Credentials = Type.Object(
  { email: Type.String({ maxLength: 255 }), password: Type.String({ maxLength: 1024 }) },
  { additionalProperties: false },
)

const User = Type.Object({
  user: Type.Object({
    id: Type.Integer(),
    email: Type.String(),
    username: Type.String(),
    account: Type.Object({ id: Type.Integer(), name: Type.String() }),
    roles: Type.Array(Type.String()),
  }),
})

const userOf = (who: Principal) => ({
  user: {
    id: who.user,
    email: who.email,
    username: who.username,
    account: { id: who.account, name: who.accountName },
    roles: [...who.roles],
  },
})

export function sessionRoutes(app: App, { identity, tokens, users, store, clock }: Rooms): void {
  const tags = ['session']
  app.post(
    '/session',
    { schema: { tags, summary: 'Sign in', security: [], body: Credentials, response: { 200: User } } },
    async (request, reply) => {
      const id = await identity.signIn(request.body.email, request.body.password, request.ip)
      const token = await tokens.issue(id, 'session')
      await store.query('update fm_user set last_login_at = $2, login_count = coalesce(login_count, 0) + 1 where id = $1', [
        id,
        asTimestamp(clock.now()).replace('Z', ''),
      ])
      const who = await users.principal(id)
      reply.header('Set-Cookie', identity.cookie(token, request.protocol === 'https'))
      return userOf(who!)
    },
  )
  app.get(
    '/session',
    { schema: { tags, summary: 'Who is signed in', response: { 200: User } }, onRequest: identity.authenticate },
    async (request) => userOf(request.principal!),
  )
  app.delete('/session', { schema: { tags, summary: 'Sign out' } }, async (request, reply) => {
    const token = sessionOf(request)
    if (token !== undefined && (await identity.whoAsks(request, { bearer: true }))) await tokens.revoke(token)
    return reply
      .header('Set-Cookie', identity.cookie(undefined, request.protocol === 'https'))
      .code(204)
      .send()
  })
}
