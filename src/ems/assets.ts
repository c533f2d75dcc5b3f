/** Assets: the tree of sites, devices and buildings, whose they are and how flexible they say they are (reference 1.4). */
import { isRowId, type Queryable, type Store } from '#store'
import { updateColumns } from './accounts.ts'

export interface Asset {
  id: number
  name: string
  description: string | null
  latitude: number | null
  longitude: number | null
  attributes: Record<string, unknown>
  flexContext: Record<string, unknown>
  flexModel: Record<string, unknown>
  sensorsToShow: unknown[]
  kpis: unknown[]
  externalId: string | null
  parent: number | null
  type: { id: number; name: string }
  /** Null: public. */
  account: number | null
  accountName: string | null
  consultancy: number | null
  sensors: { id: number; name: string }[]
  children: { id: number; name: string; account: number | null; type: { id: number; name: string } }[]
}

export interface AssetFields {
  name?: string
  description?: string | null
  latitude?: number | null
  longitude?: number | null
  attributes?: Record<string, unknown>
  flexContext?: Record<string, unknown>
  flexModel?: Record<string, unknown>
  sensorsToShow?: unknown[]
  kpis?: unknown[]
  externalId?: string | null
  parent?: number | null
  type?: number
  account?: number | null
}

export type NewAsset = AssetFields & { id?: number; name: string; type: number }

export interface AssetFilter {
  /** Accounts whose assets are wanted; null in the list stands for public assets. */
  accounts?: readonly (number | null)[] | 'all'
  /** The asset and all below it, down to `depth` levels. */
  root?: number
  depth?: number
  type?: number
  /** Every one must occur in the asset's or account's name or begin its id. */
  terms?: readonly string[]
}

export interface Assets {
  get(id: number): Promise<Asset | undefined>
  list(filter: AssetFilter, page?: { limit?: number; offset?: number; sort?: string; descending?: boolean }): Promise<Asset[]>
  count(filter: AssetFilter): Promise<number>
  create(asset: NewAsset): Promise<Asset>
  update(id: number, change: AssetFields): Promise<Asset>
  /** Deletes the asset with its children, sensors and beliefs. */
  remove(id: number): Promise<void>
  types(): Promise<{ id: number; name: string; description: string | null }[]>
  /** Ids of the asset and of those above it, nearest first. */
  lineage(id: number): Promise<number[]>
  /** Levels of the tree that begins with the asset: 1 when nothing is below it. */
  height(id: number): Promise<number>
  /** Id of an asset of that name at that place (under the parent, else top level of the account), other than `except`. */
  namesake(name: string, place: { parent: number | null; account: number | null }, except?: number): Promise<number | undefined>
}

const COLUMNS = `g.id, g.name, g.description, g.latitude, g.longitude, g.attributes, g.flex_context as "flexContext", g.flex_model as "flexModel",
  g.sensors_to_show as "sensorsToShow", g.sensors_to_show_as_kpis as kpis, g.external_id as "externalId", g.parent_asset_id as parent,
  json_build_object('id', t.id, 'name', t.name) as type, g.account_id as account, a.name as "accountName", a.consultancy_account_id as consultancy`
const SENSORS = `json_agg(json_build_object('id', s.id, 'name', s.name) order by s.name)`
const CHILDREN = `json_agg(json_build_object('id', k.id, 'name', k.name, 'account', k.account_id,
  'type', json_build_object('id', kt.id, 'name', kt.name)) order by k.id)`
const KIN = 'generic_asset k join generic_asset_type kt on kt.id = k.generic_asset_type_id'
const ONE = `select ${COLUMNS}, coalesce((select ${SENSORS} from sensor s where s.generic_asset_id = g.id), '[]'::json) as sensors,
  coalesce((select ${CHILDREN} from ${KIN} where k.parent_asset_id = g.id), '[]'::json) as children`
const FROM = ' from generic_asset g join generic_asset_type t on t.id = g.generic_asset_type_id left join account a on a.id = g.account_id'

const ORDER: Record<string, string> = { id: 'g.id', name: 'lower(g.name)', owner: 'lower(a.name)' }

export function openAssets(store: Store): Assets {
  const get = (id: number) => (isRowId(id) ? store.first<Asset>(`${ONE}${FROM} where g.id = $1`, [id]) : Promise.resolve(undefined))
  return {
    get,
    async list(filter, page = {}) {
      const { condition, params } = where(filter)
      const limited = page.limit === undefined ? '' : ` limit ${Number(page.limit)} offset ${Number(page.offset ?? 0)}`
      const rows = await store.query<Omit<Asset, 'sensors' | 'children'>>(
        `select ${COLUMNS}${FROM}${condition} order by ${ORDER[page.sort ?? 'id'] ?? 'g.id'} ${page.descending ? 'desc' : 'asc'}, g.id${limited}`,
        params,
      )
      return withKin(store, rows)
    },
    async count(filter) {
      const { condition, params } = where(filter)
      return (await store.first<{ n: number }>(`select count(*)::int as n${FROM}${condition}`, params))!.n
    },
    async create(asset) {
      const columns = columnsOf({ attributes: {}, ...asset })
      const names = Object.keys(columns)
      if (asset.id !== undefined) names.push('id')
      const values = [...Object.values(columns), ...(asset.id === undefined ? [] : [asset.id])]
      const row = await store.first<{ id: number }>(
        `insert into generic_asset (${names.map((name) => `"${name}"`).join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')}) returning id`,
        values,
      )
      return (await get(row!.id))!
    },
    async update(id, change) {
      await updateColumns(store, 'generic_asset', id, columnsOf(change))
      return (await get(id))!
    },
    async remove(id) {
      await store.query('delete from generic_asset where id = $1', [id])
    },
    types: () => store.query('select id, name, description from generic_asset_type order by id'),
    async lineage(id) {
      const rows = await store.query<{ id: number }>(
        `with recursive line as (select id, parent_asset_id as parent, 1 as level from generic_asset where id = $1
         union select g.id, g.parent_asset_id, l.level + 1 from generic_asset g join line l on g.id = l.parent where l.level < 1000)
         select id from line order by level`,
        [id],
      )
      return rows.map((row) => row.id)
    },
    async height(id) {
      const row = await store.first<{ levels: number }>(
        `with recursive tree as (select id, 1 as level from generic_asset where id = $1
         union select k.id, t.level + 1 from generic_asset k join tree t on k.parent_asset_id = t.id where t.level < 1000)
         select max(level) as levels from tree`,
        [id],
      )
      return row?.levels ?? 0
    },
    async namesake(name, place, except) {
      const row = await store.first<{ id: number }>(
        place.parent === null
          ? 'select id from generic_asset where name = $1 and parent_asset_id is null and account_id is not distinct from $2::int and id <> $3 limit 1'
          : 'select id from generic_asset where name = $1 and parent_asset_id = $2::int and id <> $3 limit 1',
        [name, place.parent === null ? place.account : place.parent, except ?? 0],
      )
      return row?.id
    },
  }
}

/** Sensors and children of all assets at once: their tables have no index by asset, so one look through each must do. */
async function withKin(store: Store, rows: Omit<Asset, 'sensors' | 'children'>[]): Promise<Asset[]> {
  if (rows.length === 0) return []
  const ids = [rows.map((row) => row.id)]
  const [sensors, children] = await Promise.all([
    store.query<{ id: number; list: Asset['sensors'] }>(
      `select s.generic_asset_id as id, ${SENSORS} as list from sensor s where s.generic_asset_id = any($1::int[]) group by 1`,
      ids,
    ),
    store.query<{ id: number; list: Asset['children'] }>(
      `select k.parent_asset_id as id, ${CHILDREN} as list from ${KIN} where k.parent_asset_id = any($1::int[]) group by 1`,
      ids,
    ),
  ])
  const [own, below] = [new Map(sensors.map(({ id, list }) => [id, list])), new Map(children.map(({ id, list }) => [id, list]))]
  return rows.map((row) => ({ ...row, sensors: own.get(row.id) ?? [], children: below.get(row.id) ?? [] }))
}

const json = (value: unknown) => (value === undefined ? undefined : JSON.stringify(value))

const columnsOf = (fields: AssetFields): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries({
      name: fields.name,
      description: fields.description,
      latitude: fields.latitude,
      longitude: fields.longitude,
      attributes: json(fields.attributes),
      flex_context: json(fields.flexContext),
      flex_model: json(fields.flexModel),
      sensors_to_show: json(fields.sensorsToShow),
      sensors_to_show_as_kpis: json(fields.kpis),
      external_id: fields.externalId,
      parent_asset_id: fields.parent,
      generic_asset_type_id: fields.type,
      account_id: fields.account,
    }).filter(([, value]) => value !== undefined),
  )

function where(filter: AssetFilter): { condition: string; params: unknown[] } {
  const params: unknown[] = []
  const bind = (value: unknown) => `$${params.push(value)}`
  const all: string[] = []
  if (filter.accounts !== undefined && filter.accounts !== 'all') {
    const open = filter.accounts.includes(null) ? ' or g.account_id is null' : ''
    all.push(`(g.account_id = any(${bind(filter.accounts.filter((id) => id !== null))}::int[])${open})`)
  }
  if (filter.root !== undefined)
    all.push(
      filter.depth === undefined
        ? `g.id in (with recursive tree as (select id from generic_asset where id = ${bind(filter.root)}
          union select k.id from generic_asset k join tree on k.parent_asset_id = tree.id) select id from tree)`
        : `g.id in (with recursive tree as (select id, 0 as level from generic_asset where id = ${bind(filter.root)}
          union select k.id, tree.level + 1 from generic_asset k join tree on k.parent_asset_id = tree.id
          where tree.level < ${bind(Math.min(filter.depth, 1000))}::int) select id from tree)`,
    )
  if (filter.type !== undefined) all.push(`g.generic_asset_type_id = ${bind(filter.type)}`)
  for (const term of filter.terms ?? []) {
    const safe = term.replace(/[\\%_]/g, '\\$&')
    const like = bind(`%${safe}%`)
    all.push(`(g.name ilike ${like} or a.name ilike ${like} or g.id::text like ${bind(`${safe}%`)})`)
  }
  return { condition: all.length > 0 ? ` where ${all.join(' and ')}` : '', params }
}

/** Ids of the asset and everything below it. */
export async function offspring(db: Queryable, root: number): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `with recursive tree as (select id from generic_asset where id = $1 union
     select k.id from generic_asset k join tree on k.parent_asset_id = tree.id) select id from tree`,
    [root],
  )
  return rows.map((row) => row.id)
}
