/** Which mails a user gets when something cannot be kept: what one chose for oneself, and what an account chose for its users. */
import { type Static, Type } from 'typebox'
import { auditAccount, demand, keepAccountNotices, keepNotices, type NoticePreference, readAccountNotices, readNotices } from '#ems'
import { Problem, say } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { SAYING } from './saying.ts'
import { Data, reads, whoOf } from './shape.ts'

const tags = ['notices']
const closed = { additionalProperties: false }
const Level = Type.Union([Type.Literal('off'), Type.Literal('asked'), Type.Literal('account')], {
  description: 'off: nothing · asked: of what one asked for and of the assets one watches · account: of all assets of the account too',
})
const Language = Type.Union([Type.Literal('fr'), Type.Literal('en')], { description: 'Of the letters; that of the platform unless said.' })
const Assets = Type.Array(Type.Integer({ minimum: 1 }), {
  maxItems: 200,
  uniqueItems: true,
  description: 'Assets that are watched, each with all below it.',
})
const Own = Type.Object({ mail: Type.Optional(Level), language: Type.Optional(Language), assets: Type.Optional(Assets) }, closed)
const Shown = Data(
  Type.Object({
    mail: Level,
    chosenBy: Type.Union([Type.Literal('user'), Type.Literal('account'), Type.Literal('platform')], { description: 'Who chose `mail`.' }),
    language: Type.Union([Language, Type.Null()]),
    assets: Type.Array(Type.Object({ id: Type.Integer(), name: Type.String() })),
  }),
)
const OfAccount = Type.Union([Level, Type.Null()], { description: 'Of users who chose nothing; null = asked.' })
const AccountPath = Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2147483647, description: 'Id of the account' }) })

export function noticeRoutes(app: App, rooms: Rooms): void {
  const { store, clock, assets, accounts } = rooms
  const shown = async ({ mail, chosenBy, language, assets: watched }: NoticePreference) => ({
    mail,
    chosenBy,
    language: language ?? null,
    assets: (await Promise.all(watched.map((id) => assets.get(id)))).flatMap((asset) =>
      asset ? [{ id: asset.id, name: asset.name }] : [],
    ),
  })
  app.get(
    '/notices',
    { schema: { tags, summary: 'Which mails one gets when a wish cannot be kept', response: { 200: Shown } } },
    async (request) => ({ data: await shown(await readNotices(store, whoOf(request).user)) }),
  )
  app.put(
    '/notices',
    {
      schema: {
        tags,
        summary: 'Chooses which mails one gets when a wish cannot be kept; without `mail` as the account says',
        body: Own,
        response: { 200: Shown },
      },
    },
    async (request) => {
      const who = whoOf(request)
      const { assets: watched = [], ...rest } = request.body as Static<typeof Own>
      const known = await Promise.all(watched.map((id) => assets.get(id)))
      const strange = watched.filter((_, index) => !known[index] || !reads(who, known[index].account))
      if (strange.length > 0)
        throw new Problem('unknown-asset', say(SAYING.unwatchable, { names: strange.join(', ') }), {
          status: 422,
          hint: say(SAYING.watchReadable),
        })
      await keepNotices(store, who.user, { ...rest, assets: watched })
      return { data: await shown(await readNotices(store, who.user)) }
    },
  )

  const accountOf = async (id: number) => {
    const account = await accounts.get(id)
    if (!account) throw new Problem('unknown-account', say(SAYING.unknownAccount, { account: id }), { status: 404 })
    return { kind: 'account' as const, account: id, consultancy: account.consultancy_account_id }
  }
  app.get(
    '/accounts/:id/notices',
    {
      schema: {
        tags,
        summary: 'What an account chose for its users',
        params: AccountPath,
        response: { 200: Data(Type.Object({ mail: OfAccount })) },
      },
    },
    async (request) => {
      const { id } = request.params as Static<typeof AccountPath>
      demand(whoOf(request), 'read', await accountOf(id))
      return { data: { mail: await readAccountNotices(store, id) } }
    },
  )
  app.put(
    '/accounts/:id/notices',
    {
      schema: {
        tags,
        summary: 'Chooses for the users of an account who chose nothing',
        params: AccountPath,
        body: Type.Object({ mail: OfAccount }, closed),
        response: { 200: Data(Type.Object({ mail: OfAccount })) },
      },
    },
    async (request) => {
      const { id } = request.params as Static<typeof AccountPath>
      const { mail } = request.body as { mail: NoticePreference['mail'] | null }
      const who = whoOf(request)
      // Of all its users, not of oneself: what only the administrators of the account may do.
      demand(who, 'create-children', await accountOf(id))
      await keepAccountNotices(store, id, mail)
      await auditAccount(store, clock.now(), who, `Mails about wishes that are not kept, for users who chose nothing: ${mail ?? 'asked'}`, {
        account: id,
      })
      return { data: { mail } }
    },
  )
}
