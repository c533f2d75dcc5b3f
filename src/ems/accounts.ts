/** Accounts: who owns assets and employs users. */
import { isRowId, type Queryable, type Store } from '#store'

export interface Account {
  id: number
  name: string
  primary_color: string | null
  secondary_color: string | null
  logo_url: string | null
  attributes: Record<string, unknown>
  consultancy_account_id: number | null
  plan_id: number | null
  account_roles: { id: number; name: string }[]
}

export interface AccountChange {
  name?: string
  primary_color?: string | null
  secondary_color?: string | null
  logo_url?: string | null
  attributes?: Record<string, unknown>
  consultancy_account_id?: number | null
  plan_id?: number | null
  /** Ids of roles; they replace those it has. */
  account_roles?: readonly number[]
}

export interface AccountFilter {
  accounts: readonly number[] | 'all'
  /** Any of these must occur in the name or begin the id. */
  terms?: readonly string[]
  role?: number
}

export type CountedAccount = Account & { user_count: number; asset_count: number }

const COLUMNS = `a.id, a.name, a.primary_color, a.secondary_color, a.logo_url, a.attributes, a.consultancy_account_id, a.plan_id,
  coalesce((select json_agg(json_build_object('id', r.id, 'name', r.name) order by r.id) from roles_accounts l join account_role r on r.id = l.role_id
  where l.account_id = a.id), '[]'::json) as account_roles`
/** Users and assets are counted once for all accounts: their tables have no index by account. */
const SELECT = `select ${COLUMNS}, coalesce(u.n, 0) as user_count, coalesce(g.n, 0) as asset_count from account a
  left join (select account_id, count(*)::int as n from fm_user group by account_id) u on u.account_id = a.id
  left join (select account_id, count(*)::int as n from generic_asset group by account_id) g on g.account_id = a.id`

const ORDER: Record<string, string> = { id: 'a.id', name: 'lower(a.name)', assets: 'asset_count', users: 'user_count' }

export interface Accounts {
  get(id: number): Promise<Account | undefined>
  list(filter: AccountFilter, page?: { limit?: number; offset?: number; sort?: string; descending?: boolean }): Promise<CountedAccount[]>
  count(filter: AccountFilter): Promise<number>
  create(account: { name: string; consultancy?: number | null }): Promise<Account>
  update(id: number, change: AccountChange): Promise<Account>
  /** Id of the account of exactly this name. */
  named(name: string): Promise<number | undefined>
  roles(): Promise<{ id: number; name: string }[]>
}

export function openAccounts(store: Store): Accounts {
  const get = async (id: number) => {
    if (!isRowId(id)) return undefined
    return store.first<Account>(`select ${COLUMNS} from account a where a.id = $1`, [id])
  }
  return {
    get,
    async list(filter, page = {}) {
      const { condition, params } = where(filter)
      const limited = page.limit === undefined ? '' : ` limit ${Number(page.limit)} offset ${Number(page.offset ?? 0)}`
      const direction = page.descending ? 'desc' : 'asc'
      return store.query<CountedAccount>(
        `${SELECT}${condition} order by ${ORDER[page.sort ?? 'id'] ?? 'a.id'} ${direction}, a.id${limited}`,
        params,
      )
    },
    async count(filter) {
      const { condition, params } = where(filter)
      return (await store.first<{ n: number }>(`select count(*)::int as n from account a${condition}`, params))!.n
    },
    async create({ name, consultancy }) {
      const row = await store.first<{ id: number }>('insert into account (name, consultancy_account_id) values ($1, $2) returning id', [
        name,
        consultancy ?? null,
      ])
      return (await get(row!.id))!
    },
    async update(id, { account_roles: roles, ...change }) {
      await store.transact(async (tx) => {
        await updateColumns(tx, 'account', id, { ...change, ...(change.attributes && { attributes: JSON.stringify(change.attributes) }) })
        if (roles === undefined) return
        await tx.query('delete from roles_accounts where account_id = $1', [id])
        await tx.query('insert into roles_accounts (account_id, role_id) select distinct $1::int, unnest($2::int[])', [id, roles])
      })
      return (await get(id))!
    },
    named: async (name) => (await store.first<{ id: number }>('select id from account where name = $1', [name]))?.id,
    roles: () => store.query('select id, name from account_role order by id'),
  }
}

function where({ accounts, terms, role }: AccountFilter): { condition: string; params: unknown[] } {
  const params: unknown[] = []
  const bind = (value: unknown) => `$${params.push(value)}`
  const all: string[] = []
  if (accounts !== 'all') all.push(`a.id = any(${bind(accounts)}::int[])`)
  if (terms && terms.length > 0) {
    const safe = terms.map((term) => term.replace(/[\\%_]/g, '\\$&'))
    all.push(
      `(a.name ilike any(${bind(safe.map((term) => `%${term}%`))}::text[]) or a.id::text like any(${bind(safe.map((term) => `${term}%`))}::text[]))`,
    )
  }
  if (role !== undefined) all.push(`exists (select from roles_accounts l where l.account_id = a.id and l.role_id = ${bind(role)})`)
  return { condition: all.length > 0 ? ` where ${all.join(' and ')}` : '', params }
}

/** Sets the given columns of one row; keys come from our own code, never from a request. */
export async function updateColumns(db: Queryable, table: string, id: number, change: Record<string, unknown>): Promise<void> {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined)
  if (entries.length === 0) return
  const sets = entries.map(([column], index) => `"${column}" = $${index + 2}`).join(', ')
  await db.query(`update "${table}" set ${sets} where id = $1`, [id, ...entries.map(([, value]) => value)])
}
