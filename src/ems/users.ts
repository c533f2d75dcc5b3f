/** Users: who may sign in. Passwords are only ever stored as hashes; roles are looked at in access.ts. */
import { randomBytes } from 'node:crypto'
import { type Instant, Problem } from '#kernel'
import { isRowId, type Queryable, type Store } from '#store'
import type { Principal } from './access.ts'
import { updateColumns } from './accounts.ts'
import { hashPassword, inventPassword } from './password.ts'
import type { Passwords } from './passwords.ts'

export interface User {
  id: number
  email: string
  username: string
  account: number
  accountName: string
  consultancy: number | null
  active: boolean
  timezone: string
  roles: { id: number; name: string }[]
  lastLogin: Instant | null
  lastSeen: Instant | null
}

export interface NewUser {
  email: string
  username?: string
  /** Absent: nobody can sign in until a password is set. */
  password?: string
  account: number
  roles?: readonly string[]
  timezone?: string
  active?: boolean
}

export interface UserChange {
  email?: string
  username?: string
  active?: boolean
  timezone?: string
  roles?: readonly number[]
}

export interface UserFilter {
  accounts: readonly number[] | 'all'
  inactive?: boolean
  /** Every one must occur in the email, the username or the account's name. */
  terms?: readonly string[]
}

export interface Users {
  get(id: number): Promise<User | undefined>
  /** The row that a sign-in needs; emails are compared without case. */
  credentials(email: string): Promise<{ id: number; password: string | null; active: boolean } | undefined>
  list(filter: UserFilter, page?: { limit?: number; offset?: number; sort?: string; descending?: boolean }): Promise<User[]>
  count(filter: UserFilter): Promise<number>
  /** @throws Problem `user-exists` (409), `unknown-account`, `unknown-role` (422) */
  create(user: NewUser): Promise<User>
  /** Whoever is deactivated is signed out everywhere. @throws Problem `user-exists` (409) when the email or username is taken */
  update(id: number, change: UserChange): Promise<User>
  /** @throws Problem `weak-password` (422) */
  checkPassword(password: string): void
  setPassword(id: number, password: string): Promise<void>
  /** Puts a password in place that nobody knows and ends every token of the user. */
  scramblePassword(id: number): Promise<void>
  /** The principal an active user signs in as; undefined when there is none. */
  principal(id: number): Promise<Principal | undefined>
  roles(): Promise<{ id: number; name: string }[]>
  anyone(): Promise<boolean>
}

const SELECT = `select u.id, u.email, u.username, u.account_id as account, a.name as "accountName", a.consultancy_account_id as consultancy,
  coalesce(u.active, false) as active, coalesce(u.timezone, 'UTC') as timezone, u.last_login_at as "lastLogin", u.last_seen_at as "lastSeen",
  coalesce((select json_agg(json_build_object('id', r.id, 'name', r.name) order by r.id) from roles_users l join role r on r.id = l.role_id
  where l.user_id = u.id), '[]'::json) as roles from fm_user u join account a on a.id = u.account_id`

const ORDER: Record<string, string> = {
  id: 'u.id',
  username: 'lower(u.username)',
  email: 'lower(u.email)',
  lastLogin: 'u.last_login_at',
  lastSeen: 'u.last_seen_at',
}

/** `passwords` says in which form new ones are written; ours by default. */
export function openUsers(store: Store, { hash }: Pick<Passwords, 'hash'> = { hash: hashPassword }): Users {
  const get = async (id: number) => (isRowId(id) ? store.first<User>(`${SELECT} where u.id = $1`, [id]) : undefined)
  const storePassword = async (id: number, password: string) =>
    void (await store.query('update fm_user set password = $2, fs_uniquifier = $3 where id = $1', [id, await hash(password), uniquifier()]))
  return {
    get,
    credentials: (email) =>
      store.first('select id, password, coalesce(active, false) as active from fm_user where lower(email) = lower($1)', [email.trim()]),
    list(filter, page = {}) {
      const { condition, params } = where(filter)
      const limited = page.limit === undefined ? '' : ` limit ${Number(page.limit)} offset ${Number(page.offset ?? 0)}`
      return store.query<User>(
        `${SELECT}${condition} order by ${ORDER[page.sort ?? 'id'] ?? 'u.id'} ${page.descending ? 'desc' : 'asc'} nulls last, u.id${limited}`,
        params,
      )
    },
    async count(filter) {
      const { condition, params } = where(filter)
      const row = await store.first<{ n: number }>(
        `select count(*)::int as n from fm_user u join account a on a.id = u.account_id${condition}`,
        params,
      )
      return row!.n
    },
    async create(user) {
      if (user.password !== undefined) checkPassword(user.password)
      const hashed = user.password === undefined ? null : await hash(user.password)
      const id = await store.transact((tx) => insertUser(tx, user, hashed))
      return (await get(id))!
    },
    async update(id, { roles, ...change }) {
      await store.transact(async (tx) => {
        await refuseTaken(tx, change, id)
        await updateColumns(tx, 'fm_user', id, { ...change, ...(change.active === false && { fs_uniquifier: uniquifier() }) })
        if (roles === undefined) return
        await tx.query('delete from roles_users where user_id = $1', [id])
        await tx.query('insert into roles_users (user_id, role_id) select distinct $1::int, unnest($2::int[])', [id, roles])
      })
      return (await get(id))!
    },
    checkPassword,
    async setPassword(id, password) {
      checkPassword(password)
      await storePassword(id, password)
    },
    scramblePassword: (id) => storePassword(id, inventPassword()),
    async principal(id) {
      const user = await get(id)
      if (!user?.active) return undefined
      const roles = user.roles.map((role) => role.name)
      const clients = roles.includes('consultant')
        ? await store.query<{ id: number }>('select id from account where consultancy_account_id = $1 order by id', [user.account])
        : []
      const { email, username, account, accountName, timezone } = user
      return { user: id, email, username, account, accountName, timezone, roles, clients: clients.map((client) => client.id) }
    },
    roles: () => store.query('select id, name from role order by id'),
    anyone: async () => (await store.first('select 1 from fm_user limit 1')) !== undefined,
  }
}

/** What tokens are bound to: with a new one they all end. */
const uniquifier = (): string => randomBytes(32).toString('hex')

/** Emails and usernames belong to one user. @throws Problem `user-exists` */
async function refuseTaken(tx: Queryable, { email, username }: { email?: string; username?: string }, except = 0): Promise<void> {
  const taken = await tx.first<{ email: string; username: string }>(
    'select email, username from fm_user where (lower(email) = lower($1) or username = $2) and id <> $3',
    [email ?? null, username ?? null, except],
  )
  if (!taken) return
  const byEmail = email !== undefined && taken.email.toLowerCase() === email.toLowerCase()
  throw new Problem('user-exists', `User with ${byEmail ? `email ${email}` : `username ${username}`} already exists.`, {
    status: 409,
    hint: 'Choose another email or username.',
    details: { field: byEmail ? 'email' : 'username' },
  })
}

function checkPassword(password: string): void {
  if (password.length < 8 || password.length > 1024)
    throw new Problem('weak-password', 'The password must have 8 to 1024 characters.', { status: 422, hint: 'Take a longer one.' })
}

async function insertUser(tx: Queryable, user: NewUser, password: string | null): Promise<number> {
  const email = user.email.trim()
  if (!/^[^@\s]+@[^@\s]+$/.test(email) || email.length > 255)
    throw new Problem('invalid-email', `'${email}' is not an email address.`, { status: 422, hint: "Write it like 'name@example.com'." })
  const username = user.username ?? email.split('@')[0]!
  await refuseTaken(tx, { email, username })
  if (!(await tx.first('select 1 from account where id = $1', [user.account])))
    throw new Problem('unknown-account', `No account found with id ${user.account}.`, { status: 422, hint: 'Create the account first.' })
  const row = await tx.first<{ id: number }>(
    `insert into fm_user (email, username, password, active, timezone, fs_uniquifier, account_id) values ($1, $2, $3, $4, $5, $6, $7) returning id`,
    [email, username, password, user.active ?? true, user.timezone ?? 'UTC', uniquifier(), user.account],
  )
  for (const role of user.roles ?? []) {
    const made = await tx.query('insert into roles_users (user_id, role_id) select $1, id from role where name = $2 returning id', [
      row!.id,
      role,
    ])
    if (made.length === 0)
      throw new Problem('unknown-role', `There is no role '${role}'.`, {
        status: 422,
        hint: 'Roles are admin, admin-reader, account-admin and consultant.',
      })
  }
  return row!.id
}

function where({ accounts, inactive, terms }: UserFilter): { condition: string; params: unknown[] } {
  const params: unknown[] = []
  const bind = (value: unknown) => `$${params.push(value)}`
  const all: string[] = []
  if (accounts !== 'all') all.push(`u.account_id = any(${bind(accounts)}::int[])`)
  if (!inactive) all.push('u.active')
  for (const term of terms ?? []) {
    const like = bind(`%${term.replace(/[\\%_]/g, '\\$&')}%`)
    all.push(`(u.email ilike ${like} or u.username ilike ${like} or a.name ilike ${like})`)
  }
  return { condition: all.length > 0 ? ` where ${all.join(' and ')}` : '', params }
}

export interface AdministratorOptions {
  email: string
  /** Absent: one is invented and given back, once. */
  password?: string
  account: number
  timezone?: string
}

/**
 * The first user of a database, with the roles admin and account-admin. Does nothing when any user exists: the administrator variables
 * never alter an existing user. Resolves to the email of the administrator there is, and to the invented password when none was given.
 */
export async function createAdministrator(
  users: Users,
  options: AdministratorOptions,
): Promise<{ created: boolean; email: string; password?: string }> {
  if (await users.anyone()) {
    const known = (await users.credentials(options.email)) !== undefined
    const administrators = known
      ? []
      : (await users.list({ accounts: 'all' })).filter(({ roles }) => roles.some(({ name }) => name === 'admin'))
    return { created: false, email: administrators[0]?.email ?? options.email }
  }
  const password = options.password ?? inventPassword()
  await users.create({
    email: options.email,
    password,
    account: options.account,
    roles: ['admin', 'account-admin'],
    ...(options.timezone !== undefined && { timezone: options.timezone }),
  })
  return { created: true, email: options.email, ...(options.password === undefined && { password }) }
}
