/** Users: read, change of name, time zone, activity and roles, and their audit log. */
import { type Static, Type } from 'typebox'
import { auditAccount, demand, forbidden, mayGrant, type Principal, readableAccounts, type User } from '#ems'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { accountView, userView } from './account-view.ts'
import { accountFor, auditAnswer } from './accounts.ts'
import { failed, invalid } from './envelope.ts'
import { pythonText } from './format.ts'
import { canonical, Flag, flag, idOf, paged, pageOf, paging } from './query.ts'
import { check } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const ListQuery = Type.Object(
  {
    ...paging('username', 'email', 'lastLogin', 'lastSeen', 'id'),
    account: Type.Optional(Type.Integer()),
    'include-inactive': Type.Optional(Flag),
  },
  closed,
)
const Change = Type.Object(
  {
    username: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    active: Type.Optional(Type.Boolean()),
    timezone: Type.Optional(Type.String({ format: 'timezone' })),
    flexmeasures_roles: Type.Optional(Type.Array(Type.Integer())),
  },
  closed,
)

const subjectOf = (user: User) => ({ kind: 'user' as const, account: user.account, consultancy: user.consultancy, user: user.id })

async function userFor(rooms: Rooms, who: Principal, action: 'read' | 'update', id: number): Promise<User> {
  const user = await rooms.users.get(id)
  if (!user) throw failed(404, `No user found with ID ${id}.`)
  demand(who, action, subjectOf(user))
  return user
}

export function userRoutes(app: App, rooms: Rooms): void {
  const { users, presence, accounts, store, clock } = rooms
  const view = (user: User) => userView(user, presence.last(user.id, user.lastSeen))
  app.get('/users', { schema: { tags, summary: 'Users one may read', querystring: ListQuery } }, async (request) => {
    const who = request.principal!
    const query = check(ListQuery, canonical(request.query), 'query') as Static<typeof ListQuery>
    if (query.account !== undefined) await accountFor(rooms, who, 'read', query.account)
    const scope = query.account === undefined ? readableAccounts(who) : [query.account]
    const page = pageOf(query)
    const everyone = { accounts: scope, inactive: flag(query['include-inactive'], false) }
    const filter = { ...everyone, terms: page.terms }
    const rows = await users.list(filter, page.page)
    const owners = new Map((await accounts.list({ accounts: [...new Set(rows.map((row) => row.account))] })).map((one) => [one.id, one]))
    const views = rows.map((row) => ({
      ...view(row),
      flexmeasures_roles: row.roles.map((role) => role.name),
      account: accountView(owners.get(row.account)!),
    }))
    return page.paged ? paged(views, await users.count(everyone), await users.count(filter)) : views
  })

  app.get('/users/:id', { schema: { tags, summary: 'One user' } }, async (request) => ({
    ...view(await userFor(rooms, request.principal!, 'read', idOf(request.params))),
    status: 200,
  }))

  app.patch('/users/:id', { schema: { tags, summary: 'Changes a user', body: Change } }, async (request) => {
    const who = request.principal!
    const user = await userFor(rooms, who, 'update', idOf(request.params))
    const body = check(Change, request.body ?? {}, 'json') as Static<typeof Change>
    if (user.id === who.user && (body.active !== undefined || body.flexmeasures_roles !== undefined)) throw forbidden()
    if (body.flexmeasures_roles !== undefined) await refuseRoles(rooms, who, user, body.flexmeasures_roles)
    const { flexmeasures_roles: roles, ...plain } = body
    const changed = await users.update(user.id, { ...plain, ...(roles !== undefined && { roles }) } as Parameters<typeof users.update>[1])
    for (const [key, value] of Object.entries(body))
      await auditAccount(store, clock.now(), who, `User ${user.username} updated, Field: ${key}, To: ${pythonText(value)}`, {
        user: user.id,
        account: user.account,
      })
    rooms.tokens.forget()
    return { ...view(changed), status: 200 }
  })

  app.get('/users/:id/auditlog', { schema: { tags, summary: 'Who changed the user' } }, async (request) => {
    const user = await userFor(rooms, request.principal!, 'read', idOf(request.params))
    return auditAnswer(rooms, { user: user.id }, request.query, false)
  })
}

/** Every role that is given or taken must be one the principal may give (reference 1.5). */
async function refuseRoles(rooms: Rooms, who: Principal, user: User, wanted: readonly number[]): Promise<void> {
  const known = await rooms.users.roles()
  const has = new Set(user.roles.map((role) => role.id))
  for (const id of wanted)
    if (!known.some((role) => role.id === id)) throw invalid('json', { flexmeasures_roles: [`Role with id ${id} doesn't exist.`] })
  for (const role of known)
    if (has.has(role.id) !== wanted.includes(role.id) && !mayGrant(who, role.name, subjectOf(user))) throw forbidden()
}
