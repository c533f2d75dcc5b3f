/** Accounts: read, create, change, and their audit log. */
import { type Static, Type } from 'typebox'
import { type Account, type AccountChange, auditAccount, demand, forbidden, isAdmin, readAudit, readableAccounts } from '#ems'
import { formatInstant } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { accountView } from './account-view.ts'
import { failed, invalid } from './envelope.ts'
import { jsonOf, pythonText } from './format.ts'
import { canonical, idOf, paged, pageOf, paging } from './query.ts'
import { check } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const ListQuery = Type.Object({ ...paging('id', 'name', 'assets', 'users'), role: Type.Optional(Type.String()) }, closed)
export const AuditQuery = Type.Object(paging('event_datetime', 'event', 'active_user_name'), closed)
const NewAccount = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    consultancy_account_id: Type.Optional(Type.Union([Type.Integer(), Type.Null()])),
  },
  closed,
)
const text = (maxLength: number) => Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength })
const colour = Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'colour' })
const Change = Type.Object(
  {
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    primary_color: Type.Optional(colour),
    secondary_color: Type.Optional(colour),
    logo_url: Type.Optional(text(255)),
    consultancy_account_id: Type.Optional(Type.Unsafe<number | null>({ type: ['integer', 'null'] })),
    attributes: Type.Optional(Type.Unknown()),
  },
  closed,
)

export const subjectOf = (account: Account) => ({
  kind: 'account' as const,
  account: account.id,
  consultancy: account.consultancy_account_id,
})

/** The account, when the one who asks may do the action. @throws 404, 403 */
export async function accountFor(
  rooms: Rooms,
  who: Parameters<typeof demand>[0],
  action: Parameters<typeof demand>[1],
  id: number,
): Promise<Account> {
  const account = await rooms.accounts.get(id)
  if (!account) throw failed(404, `No account found with ID ${id}.`)
  demand(who, action, subjectOf(account))
  return account
}

export function accountRoutes(app: App, rooms: Rooms): void {
  const { accounts, store, clock } = rooms
  app.get('/accounts', { schema: { tags, summary: 'Accounts one may read', querystring: ListQuery } }, async (request) => {
    const who = request.principal!
    const query = check(ListQuery, canonical(request.query), 'query') as Static<typeof ListQuery>
    const scope = readableAccounts(who)
    const page = pageOf(query)
    const role = query.role === undefined ? undefined : (await accounts.roles()).find((one) => one.name === query.role)
    if (query.role !== undefined && !role) throw invalid('query', { role: [`Account role '${query.role}' does not exist.`] })
    const filter = { accounts: scope, terms: page.terms, ...(role && { role: role.id }) }
    const rows = await accounts.list(filter, page.page)
    if (!page.paged) return rows.map(accountView)
    const views = rows.map((row) => ({ ...accountView(row), user_count: row.user_count, asset_count: row.asset_count }))
    return paged(views, await accounts.count({ accounts: scope }), await accounts.count(filter))
  })

  app.post('/accounts', { schema: { tags, summary: 'A new account', body: NewAccount } }, async (request, reply) => {
    const who = request.principal!
    if (!isAdmin(who) && !who.roles.includes('consultant')) throw forbidden()
    const body = check(NewAccount, request.body ?? {}, 'json') as Static<typeof NewAccount>
    const consultancy = isAdmin(who) ? (body.consultancy_account_id ?? null) : who.account
    if (consultancy !== null && !(await accounts.get(consultancy)))
      throw invalid('json', { consultancy_account_id: [`No account found with id ${consultancy}.`] })
    if ((await accounts.list({ accounts: 'all', terms: [body.name] })).some((known) => known.name === body.name))
      throw invalid('json', { name: [`An account with the name '${body.name}' already exists.`] })
    const account = await accounts.create({ name: body.name, consultancy })
    await auditAccount(store, clock.now(), who, `Account ${account.name} created`, { account: account.id })
    rooms.tokens.forget()
    return reply.code(201).send({ ...accountView(account), status: 201 })
  })

  app.get('/accounts/:id', { schema: { tags, summary: 'One account' } }, async (request) => ({
    ...accountView(await accountFor(rooms, request.principal!, 'read', idOf(request.params))),
    status: 200,
  }))

  app.patch('/accounts/:id', { schema: { tags, summary: 'Changes an account', body: Change } }, async (request) => {
    const who = request.principal!
    const account = await accountFor(rooms, who, 'update', idOf(request.params))
    const body = check(Change, request.body ?? {}, 'json') as Static<typeof Change>
    if (body.consultancy_account_id !== undefined && !isAdmin(who)) throw forbidden()
    const change: AccountChange = { ...body } as AccountChange
    for (const key of ['primary_color', 'secondary_color'] as const) {
      const value = body[key]
      if (value && !value.startsWith('#')) change[key] = `#${value}`
    }
    if (body.attributes !== undefined) change.attributes = objectField(body.attributes, 'attributes')
    if (body.consultancy_account_id && !(await accounts.get(body.consultancy_account_id)))
      throw invalid('json', { consultancy_account_id: [`No account found with id ${body.consultancy_account_id}.`] })
    const changed = await accounts.update(account.id, change)
    for (const [key, value] of Object.entries(body))
      await auditAccount(
        store,
        clock.now(),
        who,
        `Account Updated, Field: ${key}, From: ${pythonText(account[key as keyof Account])}, To: ${pythonText(value)}`,
        { account: account.id },
      )
    rooms.tokens.forget()
    rooms.sensors.forget()
    return { ...accountView(changed), status: 200 }
  })

  app.get('/accounts/:id/auditlog', { schema: { tags, summary: 'Who changed the account', querystring: AuditQuery } }, async (request) => {
    const account = await accountFor(rooms, request.principal!, 'read', idOf(request.params))
    return auditAnswer(rooms, { account: account.id }, request.query, false)
  })
}

/** An object given as JSON in a string or as it is. @throws 422 */
export function objectField(value: unknown, field: string): Record<string, unknown> {
  let read: unknown
  try {
    read = jsonOf(value)
  } catch {
    throw invalid('json', { [field]: ['Not a valid JSON string.'] })
  }
  if (read === null) throw invalid('json', { [field]: ['Field may not be null.'] })
  if (typeof read !== 'object' || Array.isArray(read)) throw invalid('json', { [field]: ['Not a valid mapping type.'] })
  return read as Record<string, unknown>
}

/** A page (or the whole) of an audit log. */
export async function auditAnswer(rooms: Rooms, of: Parameters<typeof readAudit>[1], asked: unknown, always: boolean) {
  const query = check(AuditQuery, canonical(asked), 'query') as Static<typeof AuditQuery>
  const { paged: isPaged, page } = pageOf(query, always)
  const { entries, total, filtered } = await readAudit(rooms.store, of, {
    terms: (query.filter ?? '').split(' ').filter((term) => term !== ''),
    limit: page.limit,
    offset: page.offset ?? 0,
    sort: (query['sort-by'] as 'event' | undefined) ?? 'event_datetime',
    descending: query['sort-dir'] !== 'asc',
  })
  const rows = entries.map((entry) => ({ ...entry, event_datetime: formatInstant(entry.event_datetime) }))
  return isPaged ? paged(rows, total, filtered) : rows
}
