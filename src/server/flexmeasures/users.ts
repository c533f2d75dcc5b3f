/** Users: list, invite, read, change of name, time zone, activity and roles, new passwords, and their audit log. */
import { type Static, Type } from 'typebox'
import { auditAccount, demand, forbidden, mayGrant, type Principal, readableAccounts, type User } from '#ems'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { accountView, userView } from './account-view.ts'
import { AuditQuery, accountFor, auditAnswer } from './accounts.ts'
import { failed, hasCode, invalid } from './envelope.ts'
import { canonical, flag, flagOf, IdPath, idOf, paged, pageOf, paging } from './query.ts'
import { check } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const ListQuery = Type.Object(
  {
    ...paging('username', 'email', 'lastLogin', 'lastSeen', 'id'),
    account: Type.Optional(Type.Integer({ description: 'Id of the account whose users are wanted; all one may read unless said.' })),
    'include-inactive': Type.Optional(flagOf('Also users who may not sign in; False unless said.')),
  },
  closed,
)
const Email = Type.String({ format: 'email', maxLength: 255, description: 'Where mails go; one signs in with it.' })
const Username = Type.String({ minLength: 1, maxLength: 255, description: 'Name that is shown and that data sources carry.' })
const Zone = Type.Optional(Type.String({ format: 'timezone', description: 'IANA time zone of the user.' }))
const Roles = Type.Optional(Type.Array(Type.Integer(), { description: 'Ids of user roles; they replace those the user has.' }))
const NewUser = Type.Object(
  {
    email: Email,
    username: Username,
    account_id: Type.Integer({ description: 'Id of the account the user belongs to.' }),
    timezone: Zone,
    flexmeasures_roles: Roles,
  },
  closed,
)
const Change = Type.Object(
  {
    email: Type.Optional(Email),
    username: Type.Optional(Username),
    active: Type.Optional(Type.Boolean({ description: 'Whether the user may sign in.' })),
    timezone: Zone,
    flexmeasures_roles: Roles,
  },
  closed,
)

const subjectOf = (user: User, kind: 'user' | 'user-log' = 'user') => ({
  kind,
  account: user.account,
  consultancy: user.consultancy,
  user: user.id,
})

async function userFor(
  rooms: Rooms,
  who: Principal,
  action: 'read' | 'update',
  id: number,
  kind: 'user' | 'user-log' = 'user',
): Promise<User> {
  const user = await rooms.users.get(id)
  if (!user) throw failed(404, `User ${id} not found`)
  demand(who, action, subjectOf(user, kind))
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

  app.post(
    '/users',
    { schema: { tags, summary: 'A new user, who gets a mail to choose a password', body: NewUser } },
    async (request, reply) => {
      const who = request.principal!
      const body = check(NewUser, request.body ?? {}, 'json') as Static<typeof NewUser>
      const account = await accountFor(rooms, who, 'create-children', body.account_id)
      const roles = await namesOfRoles(rooms, body.flexmeasures_roles ?? [])
      const subject = { kind: 'user' as const, account: account.id, consultancy: account.consultancy_account_id, user: 0 }
      if (roles.some((role) => !mayGrant(who, role, subject))) throw forbidden()
      await rooms.accountPlans.demandRoom(account.id, 'users')
      const { email, username, timezone = rooms.config.timezone } = body
      const user = await users.create({ email, username, account: account.id, timezone, roles }).catch((error: unknown) => {
        if (hasCode(error, 'user-exists')) throw invalid('json', { [String(error.details?.['field'] ?? 'email')]: [error.message] })
        throw error
      })
      await users.scramblePassword(user.id)
      await rooms.sources.of({ name: user.username, type: 'user', user: user.id, account: user.account })
      await auditAccount(store, clock.now(), who, `User ${user.username} created`, { user: user.id, account: user.account })
      await rooms.mails.mailPasswordReset(user)
      return reply.code(201).send({ ...view(user), status: 201 })
    },
  )

  app.get('/users/:id', { schema: { tags, summary: 'One user', params: IdPath } }, async (request) => ({
    ...view(await userFor(rooms, request.principal!, 'read', idOf(request.params))),
    status: 200,
  }))

  app.patch('/users/:id', { schema: { tags, summary: 'Changes a user', params: IdPath, body: Change } }, async (request, reply) => {
    const who = request.principal!
    const user = await userFor(rooms, who, 'update', idOf(request.params))
    const body = check(Change, request.body ?? {}, 'json') as Static<typeof Change>
    if (user.id === who.user && (body.active !== undefined || body.flexmeasures_roles !== undefined)) throw forbidden()
    if (body.flexmeasures_roles !== undefined) await refuseRoles(rooms, who, user, body.flexmeasures_roles)
    const { flexmeasures_roles: roles, ...plain } = body
    let changed: User
    try {
      changed = await users.update(user.id, { ...plain, ...(roles !== undefined && { roles }) } as Parameters<typeof users.update>[1])
    } catch (error) {
      if (!hasCode(error, 'user-exists')) throw error
      return reply.code(400).send({ message: 'Duplicate user already exists', detail: error.message, status: 400 })
    }
    for (const event of changesOf(user, changed))
      await auditAccount(store, clock.now(), who, event, { user: user.id, account: user.account })
    rooms.tokens.forget()
    return { ...view(changed), status: 200 }
  })

  app.patch(
    '/users/:id/password-reset',
    { schema: { tags, summary: 'Ends the password and all tokens of a user, who gets a mail to choose a new one', params: IdPath } },
    async (request) => {
      const who = request.principal!
      const user = await userFor(rooms, who, 'update', idOf(request.params))
      await users.scramblePassword(user.id)
      await rooms.tokens.revokeAll(user.id)
      await auditAccount(store, clock.now(), who, `Password reset for user ${user.username}`, { user: user.id })
      await rooms.mails.mailPasswordReset(user)
      return { status: 200 }
    },
  )

  app.get(
    '/users/:id/auditlog',
    { schema: { tags, summary: 'Who changed the user', params: IdPath, querystring: AuditQuery } },
    async (request) => {
      const user = await userFor(rooms, request.principal!, 'read', idOf(request.params), 'user-log')
      return auditAnswer(rooms, { user: user.id }, request.query, false)
    },
  )
}

/** What the audit log says: roles and activity in FlexMeasures' words, the rest as for sensors. */
function changesOf(before: User, after: User): string[] {
  const names = (user: User) => user.roles.map(({ name }) => name)
  const removed = names(before).filter((name) => !names(after).includes(name))
  const added = names(after).filter((name) => !names(before).includes(name))
  const security = [
    removed.length > 0 ? `Removed role(s): [${removed.join(',')}].` : '',
    added.length > 0 ? `Added role(s): [${added.join(',')}].` : '',
    before.active === after.active ? '' : `Active status set to '${after.active ? 'True' : 'False'}'.`,
  ].join('')
  const plain = (['email', 'username', 'timezone'] as const)
    .filter((key) => before[key] !== after[key])
    .map((key) => `Field name: ${key}, Old value: ${before[key]}, New value: ${after[key]}`)
  return [
    ...(security === '' ? [] : [security]),
    ...(plain.length > 0 ? [`Updated user '${before.username}': ${before.id}. Updated fields: ${plain.join('; ')}`] : []),
  ]
}

/** @throws 422 for ids that are no roles */
async function namesOfRoles(rooms: Rooms, ids: readonly number[]): Promise<string[]> {
  const known = new Map((await rooms.users.roles()).map(({ id, name }) => [id, name]))
  return ids.map((id) => {
    const name = known.get(id)
    if (name === undefined) throw invalid('json', { flexmeasures_roles: [`Role with id ${id} doesn't exist.`] })
    return name
  })
}

/** Every role that is given or taken must be one the principal may give (reference 1.5). */
async function refuseRoles(rooms: Rooms, who: Principal, user: User, wanted: readonly number[]): Promise<void> {
  const is = await namesOfRoles(rooms, wanted)
  const was = user.roles.map(({ name }) => name)
  const changed = [...is.filter((name) => !was.includes(name)), ...was.filter((name) => !is.includes(name))]
  if (changed.some((name) => !mayGrant(who, name, subjectOf(user) as Parameters<typeof mayGrant>[2]))) throw forbidden()
}
