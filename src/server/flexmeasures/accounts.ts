/** Accounts: list, found, read, change, and their audit log. */
import { type Static, Type } from 'typebox'
import {
  type Account,
  type AccountChange,
  auditAccount,
  demand,
  forbidden,
  isAdmin,
  mayConsult,
  mayFoundAccounts,
  type Principal,
  readAudit,
  readableAccounts,
} from '#ems'
import { formatInstant } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { accountView } from './account-view.ts'
import { failed, invalid } from './envelope.ts'
import { jsonOf } from './format.ts'
import { canonical, IdPath, idOf, paged, pageOf, paging } from './query.ts'
import { check } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const ListQuery = Type.Object(
  {
    ...paging('id', 'name', 'assets', 'users'),
    role: Type.Optional(Type.String({ description: 'Only accounts with the account role of this name.', examples: ['Prosumer'] })),
  },
  closed,
)
export const AuditQuery = Type.Object(paging('event_datetime', 'event', 'active_user_name'), closed)
const Name = Type.String({ minLength: 1, maxLength: 100, description: 'Name of the account, unlike that of any other.' })
const Consultancy = Type.Optional(
  Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description: 'Id of the account whose consultants may read and change this one; null for none.',
  }),
)
const NewAccount = Type.Object({ name: Name, consultancy_account_id: Consultancy }, closed)
const colour = (which: string) =>
  Type.Optional(
    Type.Unsafe<string | null>({
      type: ['string', 'null'],
      format: 'colour',
      description: `${which} colour of the account's pages, hexadecimal.`,
    }),
  )
const Change = Type.Object(
  {
    name: Type.Optional(Name),
    primary_color: colour('First'),
    secondary_color: colour('Second'),
    logo_url: Type.Optional(
      Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength: 255, format: 'web-address', description: 'Address of the logo.' }),
    ),
    consultancy_account_id: Consultancy,
    plan_id: Type.Optional(
      Type.Unsafe<number | null>({
        type: ['integer', 'null'],
        description: 'Id of the plan that limits the account; administrators only.',
      }),
    ),
    attributes: Type.Optional(Type.Unknown({ description: 'Anything else about the account: an object, or JSON in a string.' })),
    account_roles: Type.Optional(Type.Array(Type.Integer(), { description: 'Ids of account roles; administrators only.' })),
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
  who: Principal,
  action: Parameters<typeof demand>[1],
  id: number,
  kind: 'account' | 'account-log' = 'account',
): Promise<Account> {
  const account = await rooms.accounts.get(id)
  if (!account) throw failed(404, `Account ${id} not found`)
  demand(who, action, { ...subjectOf(account), kind })
  return account
}

export function accountRoutes(app: App, rooms: Rooms): void {
  const { accounts, accountPlans, store, clock } = rooms
  app.get('/accounts', { schema: { tags, summary: 'Accounts one may read', querystring: ListQuery } }, async (request) => {
    const who = request.principal!
    const query = check(ListQuery, canonical(request.query), 'query') as Static<typeof ListQuery>
    const scope = readableAccounts(who)
    const page = pageOf(query)
    const role = query.role === undefined ? undefined : (await accounts.roles()).find((one) => one.name === query.role)
    if (query.role !== undefined && !role) throw invalid('query', { role: [`No account role found with name ${query.role}.`] })
    const filter = { accounts: scope, terms: page.terms, ...(role && { role: role.id }) }
    const rows = await accounts.list(filter, page.page)
    if (!page.paged) return rows.map(accountView)
    const views = rows.map((row) => ({ ...accountView(row), user_count: row.user_count, asset_count: row.asset_count }))
    return paged(views, await accounts.count({ accounts: scope }), await accounts.count(filter))
  })

  // FlexMeasures makes accounts through its API since 1.0.
  if (rooms.flexMeasures.dialect === '1.0') foundingRoute(app, rooms)

  app.get('/accounts/:id', { schema: { tags, summary: 'One account', params: IdPath } }, async (request) => ({
    ...accountView(await accountFor(rooms, request.principal!, 'read', idOf(request.params))),
    status: 200,
  }))

  app.patch('/accounts/:id', { schema: { tags, summary: 'Changes an account', params: IdPath, body: Change } }, async (request) => {
    const who = request.principal!
    const account = await accountFor(rooms, who, 'update', idOf(request.params))
    const body = check(Change, request.body ?? {}, 'json') as Static<typeof Change>
    const change = await readChange(rooms, who, account, body)
    const changed = await accounts.update(account.id, change)
    const fields = Object.keys(change).filter(
      (key) => JSON.stringify(accountValue(account, key)) !== JSON.stringify(accountValue(changed, key)),
    )
    if (fields.length > 0) {
      const event = `Account Updated, Field: ${fields.join(', ')}`
      await auditAccount(store, clock.now(), who, event, { user: who.user, account: account.id })
    }
    rooms.tokens.forget()
    rooms.sensors.forget()
    accountPlans.forget()
    return { ...accountView(changed), status: 200 }
  })

  app.get(
    '/accounts/:id/auditlog',
    { schema: { tags, summary: 'Who changed the account and its users', params: IdPath, querystring: AuditQuery } },
    async (request) => {
      const account = await accountFor(rooms, request.principal!, 'read', idOf(request.params), 'account-log')
      return auditAnswer(rooms, { account: account.id }, request.query, false)
    },
  )
}

function foundingRoute(app: App, rooms: Rooms): void {
  const { accounts, accountPlans, store, clock } = rooms
  app.post('/accounts', { schema: { tags, summary: 'A new account', body: NewAccount } }, async (request, reply) => {
    const who = request.principal!
    if (!isAdmin(who) && !mayFoundAccounts(who, await rolesOf(rooms, who))) throw forbidden()
    const body = check(NewAccount, request.body ?? {}, 'json') as Static<typeof NewAccount>
    if (body.name.trim() === '') throw invalid('json', { name: ['Account name cannot be empty.'] })
    if ((await accounts.named(body.name)) !== undefined)
      throw invalid('json', { name: [`An account with name '${body.name}' already exists.`] })
    const wanted = body.consultancy_account_id ?? null
    if (wanted !== null) await demandConsultancy(rooms, who, wanted)
    const consultancy = wanted ?? (isAdmin(who) ? null : who.account)
    await accountPlans.demandRoom(consultancy, 'clients')
    const account = await accounts.create({ name: body.name, consultancy })
    await auditAccount(store, clock.now(), who, `Account ${account.name} created`, { user: who.user, account: account.id })
    rooms.tokens.forget()
    return reply.code(201).send({ ...accountView(account), status: 201 })
  })
}

const accountValue = (account: Account, key: string): unknown => account[key as keyof Account]

/** Names of the roles of one's own account. */
const rolesOf = async ({ accounts }: Rooms, who: Principal): Promise<string[]> =>
  ((await accounts.get(who.account))?.account_roles ?? []).map(({ name }) => name)

/** Administrators name any account as consultancy, consultants only their own. @throws 403, 422 */
async function demandConsultancy(rooms: Rooms, who: Principal, wanted: number | null): Promise<void> {
  if (!isAdmin(who) && !mayConsult(who, await rolesOf(rooms, who))) throw forbidden()
  if (wanted === null) return
  if (!(await rooms.accounts.get(wanted))) throw invalid('json', { consultancy_account_id: [`No account found with id ${wanted}.`] })
  if (!isAdmin(who) && wanted !== who.account) throw forbidden()
}

/** The change of an account, checked field by field. @throws 403 for what only administrators change, 422 */
async function readChange(rooms: Rooms, who: Principal, account: Account, body: Static<typeof Change>): Promise<AccountChange> {
  const { attributes, account_roles: roles, ...plain } = body
  const change: AccountChange = { ...plain } as AccountChange
  for (const key of ['primary_color', 'secondary_color'] as const) {
    const value = body[key]
    if (value && !value.startsWith('#')) change[key] = `#${value}`
  }
  if (attributes !== undefined) change.attributes = objectField(attributes, 'attributes')
  const { consultancy_account_id: consultancy, plan_id: plan, name } = body
  if (name !== undefined && name !== account.name) {
    if (name.trim() === '') throw invalid('json', { name: ['Account name cannot be empty.'] })
    if ((await rooms.accounts.named(name)) !== undefined)
      throw invalid('json', { name: [`An account with name '${name}' already exists.`] })
  }
  if (consultancy !== undefined && consultancy !== account.consultancy_account_id) {
    await demandConsultancy(rooms, who, consultancy)
    if (consultancy === account.id) throw invalid('json', { consultancy_account_id: ['An account cannot be its own consultancy.'] })
    await rooms.accountPlans.demandRoom(consultancy, 'clients')
  }
  if (plan !== undefined && plan !== account.plan_id) await demandPlan(rooms, who, plan)
  if (roles !== undefined) {
    const has = account.account_roles.map(({ id }) => id)
    if (!isAdmin(who) && roles.toSorted().join() !== has.toSorted().join()) throw forbidden()
    const known = new Set((await rooms.accounts.roles()).map(({ id }) => id))
    const unknown = roles.filter((id) => !known.has(id))
    if (unknown.length > 0) throw invalid('json', { account_roles: [`Invalid account role ID(s): [${unknown.join(', ')}].`] })
    change.account_roles = roles
  }
  return change
}

async function demandPlan(rooms: Rooms, who: Principal, id: number | null): Promise<void> {
  if (!isAdmin(who)) throw forbidden()
  if (id === null) return
  const plan = await rooms.accountPlans.get(id)
  if (!plan) throw invalid('json', { plan_id: [`No plan found with id ${id}.`] })
  if (plan.legacy) throw invalid('json', { plan_id: [`Plan '${plan.name}' has been retired and can no longer be assigned.`] })
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
