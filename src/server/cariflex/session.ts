/** Signing in and out by password; the cookie carries a token that only the hash of is kept. */
import { Type } from 'typebox'
import type { Accounts, Principal } from '#ems'
import { asTimestamp } from '#store'
import type { App, Reply, Request } from '../app.ts'
import { sessionOf } from '../identity.ts'
import type { Rooms } from '../rooms.ts'
import { createSecondFactor } from './second-factor.ts'

const Credentials = Type.Object(
  {
    email: Type.String({ maxLength: 255, description: 'Email of the user, in any case.' }),
    password: Type.String({ maxLength: 1024, description: 'Password of the user.' }),
  },
  { additionalProperties: false },
)

const User = Type.Object({
  user: Type.Object({
    id: Type.Integer(),
    email: Type.String(),
    username: Type.String(),
    account: Type.Object({
      id: Type.Integer(),
      name: Type.String(),
      primaryColor: Type.Union([Type.String(), Type.Null()]),
      secondaryColor: Type.Union([Type.String(), Type.Null()]),
      logoUrl: Type.Union([Type.String(), Type.Null()]),
    }),
    roles: Type.Array(Type.String()),
    secondFactor: Type.Union([Type.Literal('mail'), Type.Null()], { description: 'What a sign-in takes beside the password' }),
  }),
})

/** Colours and logo of the account; those of the account that advises it where it has none. */
async function faceOf(accounts: Accounts, id: number) {
  const own = await accounts.get(id)
  const adviser = own?.consultancy_account_id == null ? undefined : await accounts.get(own.consultancy_account_id)
  return {
    primaryColor: own?.primary_color ?? adviser?.primary_color ?? null,
    secondaryColor: own?.secondary_color ?? adviser?.secondary_color ?? null,
    logoUrl: own?.logo_url ?? adviser?.logo_url ?? null,
  }
}

const Code = Type.Object(
  {
    ticket: Type.String({ maxLength: 100, description: 'What the sign-in by password gave.' }),
    code: Type.String({ maxLength: 20, description: 'The code that came by mail.' }),
  },
  { additionalProperties: false },
)
const CodeWanted = Type.Object({
  secondFactor: Type.Literal('mail'),
  ticket: Type.String({ description: 'To be sent to POST /session/code with the code that was mailed.' }),
})

export function sessionRoutes(app: App, { identity, tokens, users, accounts, store, clock, security, mails }: Rooms): void {
  const tags = ['session']
  const userOf = async (who: Principal) => ({
    user: {
      id: who.user,
      email: who.email,
      username: who.username,
      account: { id: who.account, name: who.accountName, ...(await faceOf(accounts, who.account)) },
      roles: [...who.roles],
      secondFactor: security.twoFactor ? ('mail' as const) : null,
    },
  })
  const secondFactor = createSecondFactor(clock)
  const begin = async (id: number, request: Request, reply: Reply) => {
    const token = await tokens.issue(id, 'session')
    await store.query('update fm_user set last_login_at = $2, login_count = coalesce(login_count, 0) + 1 where id = $1', [
      id,
      asTimestamp(clock.now()).replace('Z', ''),
    ])
    reply.header('Set-Cookie', identity.cookie(token, request.protocol === 'https'))
    return userOf((await users.principal(id))!)
  }
  app.post(
    '/session',
    {
      schema: {
        tags,
        summary: 'Sign in; where a second factor is demanded, answers 202 and mails a code',
        security: [],
        body: Credentials,
        response: { 200: User, 202: CodeWanted },
      },
    },
    async (request, reply) => {
      const id = await identity.signIn(request.body.email, request.body.password, request.ip)
      if (!security.twoFactor) return begin(id, request, reply)
      const { ticket, code } = secondFactor.begin(id)
      await mails.mailSignInCode((await users.get(id))!, code)
      return reply.code(202).send({ secondFactor: 'mail', ticket })
    },
  )
  app.post(
    '/session/code',
    { schema: { tags, summary: 'Sign in, second factor', security: [], body: Code, response: { 200: User } } },
    async (request, reply) => begin(secondFactor.finish(request.body.ticket, request.body.code), request, reply),
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
