/** Passwords: a link to choose a new one, choosing it, changing one's own; and the mails of the platform as administrators see them. */
import { type Static, Type } from 'typebox'
import { auditAccount, isAdmin, openPasswordLinks, type User } from '#ems'
import { formatInstant, HOUR, type Instant, Problem, say } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { createThrottle } from '../throttle.ts'
import { SAYING } from './saying.ts'
import { whoOf } from './shape.ts'

const closed = { additionalProperties: false }
const Password = Type.String({ maxLength: 1024, description: '8 characters or more.' })
const tags = ['session']

/** Letters that one user is sent in an hour at most, however often they are asked for. */
const LETTERS_AN_HOUR = 5

export function passwordRoutes(app: App, rooms: Rooms): void {
  const { users, clock, store, tokens, identity, mails } = rooms
  const links = openPasswordLinks(store, clock)
  const asking = createThrottle(clock, 20, HOUR)
  const trying = createThrottle(clock, 20, HOUR)

  const change = async (user: User, password: string, how: string) => {
    await users.setPassword(user.id, password)
    tokens.forget()
    await auditAccount(store, clock.now(), undefined, `Password of ${user.username} ${how}`, { account: user.account, user: user.id })
    await mails.mailPasswordChanged(user)
  }

  app.post(
    '/password-reset',
    {
      schema: {
        tags,
        summary: 'Mails a link to choose a new password; the answer is the same whether the user exists or not',
        security: [],
        body: Type.Object({ email: Type.String({ maxLength: 255, description: 'Where the link goes, when a user has it.' }) }, closed),
        response: { 202: Type.Object({ message: Type.String() }) },
      },
    },
    async (request, reply) => {
      asking.check(request.ip)
      asking.failed(request.ip)
      const known = await users.credentials(request.body.email)
      const user = known?.active ? await users.get(known.id) : undefined
      if (user && (await links.recent(user.id)) < LETTERS_AN_HOUR) await mails.mailPasswordReset(user)
      return reply.code(202).send({ message: 'If a user has this email, a letter with a link is on its way.' })
    },
  )

  app.post(
    '/password',
    {
      schema: {
        tags,
        summary: 'Chooses a new password with the token of a mailed link; ends all sessions and tokens of the user',
        security: [],
        body: Type.Object(
          { token: Type.String({ maxLength: 200, description: 'What stands in the link that was mailed.' }), password: Password },
          closed,
        ),
      },
    },
    async (request, reply) => {
      trying.check(request.ip)
      const { token, password } = request.body
      users.checkPassword(password)
      const id = await links.redeem(token).catch((error: unknown) => {
        trying.failed(request.ip)
        throw error
      })
      await change((await users.get(id))!, password, 'chosen with a mailed link')
      return reply.code(204).send()
    },
  )

  app.put(
    '/password',
    {
      schema: {
        tags,
        summary: 'Changes your own password; ends all your other sessions and tokens',
        body: Type.Object({ old: Type.String({ maxLength: 1024, description: 'The password until now.' }), password: Password }, closed),
      },
      onRequest: identity.authenticate,
    },
    async (request, reply) => {
      const who = whoOf(request)
      users.checkPassword(request.body.password)
      await identity.signIn(who.email, request.body.old, request.ip)
      await change((await users.get(who.user))!, request.body.password, 'changed by its user')
      const token = await tokens.issue(who.user, 'session')
      return reply
        .header('Set-Cookie', identity.cookie(token, request.protocol === 'https'))
        .code(204)
        .send()
    },
  )

  const Page = Type.Object(
    {
      limit: Type.Integer({ minimum: 1, maximum: 500, default: 50, description: 'So many at most.' }),
      offset: Type.Integer({ minimum: 0, maximum: 1_000_000, default: 0, description: 'So many are passed over.' }),
    },
    closed,
  )
  app.get(
    '/mails',
    {
      schema: {
        tags: ['platform'],
        summary: 'Mails of the platform; with their text where no mail server is configured',
        querystring: Page,
      },
      onRequest: identity.authenticate,
    },
    async (request) => {
      if (!isAdmin(whoOf(request))) throw new Problem('forbidden', say(SAYING.mailsForAdmins), { status: 403, hint: say(SAYING.askAdmin) })
      const { rows, total } = await mails.list(request.query as Static<typeof Page>)
      const moment = (at: Instant | null) => (at === null ? null : formatInstant(at))
      const data = rows.map(({ createdAt, sentAt, failedAt, sendAt, ...row }) => ({
        ...row,
        createdAt: moment(createdAt),
        sentAt: moment(sentAt),
        failedAt: moment(failedAt),
        nextTryAt: sentAt === null && failedAt === null ? moment(sendAt) : null,
      }))
      return { data, total, carried: mails.carried }
    },
  )
}
