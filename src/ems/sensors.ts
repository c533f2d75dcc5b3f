/** Sensors: what is measured, forecast or planned, in which unit, how often, and whose it is. Looked up once, then kept in memory. */
import { type Millis, measures, millis, Problem } from '#kernel'
import { isRowId, type Queryable, type Store } from '#store'
import { type KnowledgeRule, type KnowledgeTime, knowledgeOffset, knowledgeTime } from './knowledge.ts'

export interface Sensor {
  id: number
  name: string
  unit: string
  timezone: string
  /** Milliseconds; 0 = instantaneous. */
  resolution: Millis
  attributes: Readonly<Record<string, unknown>>
  asset: number
  assetName: string
  /** Owner of the asset; null = public. */
  account: number | null
  /** Consultancy of the owner, when it has one. */
  consultancy: number | null
  knowledge: KnowledgeRule
  knownAt: KnowledgeTime
  /** Milliseconds from an event's start to its knowledge time, when that is fixed. */
  knownAfter: number | undefined
  /** -1 when values are stored production-positive, 1 otherwise. */
  sign: 1 | -1
}

export interface NewSensor {
  id?: number
  name: string
  unit: string
  resolution: number
  asset: number
  timezone: string
  attributes?: Record<string, unknown>
  knowledge?: { fnc: string; par: Record<string, unknown> }
}

export interface SensorFilter {
  /** Accounts whose sensors are wanted; null stands for public assets; 'all' for everything. */
  accounts?: readonly (number | null)[] | 'all'
  /** Sensors of this asset and of all below it. */
  under?: number
  asset?: number
  unit?: string
  /** Any of these must occur in the sensor's, asset's or account's name, or begin its id. */
  terms?: readonly string[]
}

export interface Page {
  limit?: number
  offset?: number
  sort?: string
  descending?: boolean
}

export interface Sensors {
  get(id: number): Promise<Sensor | undefined>
  /** @throws Problem `unknown-sensor` (404) */
  need(id: number): Promise<Sensor>
  list(filter: SensorFilter, page?: Page): Promise<{ sensors: Sensor[]; total: number }>
  create(sensor: NewSensor): Promise<Sensor>
  update(
    id: number,
    change: { name?: string; unit?: string; timezone?: string; resolution?: number; attributes?: Record<string, unknown> },
  ): Promise<Sensor>
  /** Deletes the sensor with all its beliefs. */
  remove(id: number): Promise<void>
  /** Drops what is remembered, of one sensor or of all (its asset or account changed). */
  forget(id?: number): void
}

interface SensorRow {
  id: number
  name: string
  unit: string
  timezone: string
  resolution: number
  attributes: Record<string, unknown>
  fnc: string
  par: Record<string, unknown>
  asset: number
  asset_name: string
  account: number | null
  consultancy: number | null
}

const SELECT = `select s.id, s.name, s.unit, s.timezone, (extract(epoch from s.event_resolution) * 1000)::float8 as resolution, s.attributes,
  s.knowledge_horizon_fnc as fnc, s.knowledge_horizon_par as par, a.id as asset, a.name as asset_name, a.account_id as account,
  c.consultancy_account_id as consultancy
  from sensor s join generic_asset a on a.id = s.generic_asset_id left join account c on c.id = a.account_id`

/** Sensors of the database; remembered for at most `keep` milliseconds so that another process's changes are seen. */
export function openSensors(store: Store, now: () => number, keep = 30_000): Sensors {
  const remembered = new Map<number, { sensor: Sensor; until: number }>()
  const get = async (id: number): Promise<Sensor | undefined> => {
    const hit = remembered.get(id)
    if (hit && hit.until > now()) return hit.sensor
    if (!isRowId(id)) return undefined
    const row = await store.first<SensorRow>(`${SELECT} where s.id = $1`, [id])
    if (!row) {
      remembered.delete(id)
      return undefined
    }
    const sensor = sensorFrom(row)
    remembered.set(id, { sensor, until: now() + keep })
    return sensor
  }
  const need = async (id: number): Promise<Sensor> => {
    const sensor = await get(id)
    if (sensor) return sensor
    throw new Problem('unknown-sensor', `No sensor found with ID ${id}.`, { status: 404, hint: 'List the sensors you can reach.' })
  }
  return {
    get,
    need,
    list: (filter, page) => list(store, filter, page ?? {}),
    async create(given) {
      const id = await insert(store, given)
      return need(id)
    },
    async update(id, change) {
      await store.query(
        `update sensor set name = coalesce($2, name), unit = coalesce($3, unit), timezone = coalesce($4, timezone),
         event_resolution = coalesce(make_interval(secs => $5::float8), event_resolution), attributes = coalesce($6::jsonb, attributes) where id = $1`,
        [
          id,
          change.name ?? null,
          change.unit ?? null,
          change.timezone ?? null,
          change.resolution === undefined ? null : change.resolution / 1000,
          change.attributes === undefined ? null : JSON.stringify(change.attributes),
        ],
      )
      remembered.delete(id)
      return need(id)
    },
    async remove(id) {
      await store.query('delete from sensor where id = $1', [id])
      remembered.delete(id)
    },
    forget: (id) => (id === undefined ? remembered.clear() : void remembered.delete(id)),
  }
}

async function insert(store: Queryable, given: NewSensor): Promise<number> {
  const rule = given.knowledge ?? { fnc: 'ex_post', par: { ex_post_horizon: 'P0D' } }
  const values = [
    given.name,
    given.unit,
    given.timezone,
    given.resolution / 1000,
    rule.fnc,
    JSON.stringify(rule.par),
    given.asset,
    JSON.stringify(given.attributes ?? {}),
  ]
  const row = await store.first<{ id: number }>(
    `insert into sensor (${given.id === undefined ? '' : 'id, '}name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par,
     generic_asset_id, attributes) values (${given.id === undefined ? '' : '$9, '}$1, $2, $3, make_interval(secs => $4::float8), $5, $6::json, $7, $8::jsonb)
     returning id`,
    given.id === undefined ? values : [...values, given.id],
  )
  return row!.id
}

const ORDER: Record<string, string> = { id: 's.id', name: 'lower(s.name)', resolution: 's.event_resolution' }

async function list(store: Queryable, filter: SensorFilter, page: Page): Promise<{ sensors: Sensor[]; total: number }> {
  const params: unknown[] = []
  const bind = (value: unknown) => `$${params.push(value)}`
  const where: string[] = []
  if (filter.accounts !== undefined && filter.accounts !== 'all') {
    const own = bind(filter.accounts.filter((account) => account !== null))
    where.push(`(a.account_id = any(${own}::int[])${filter.accounts.includes(null) ? ' or a.account_id is null' : ''})`)
  }
  if (filter.asset !== undefined) where.push(`a.id = ${bind(filter.asset)}`)
  if (filter.under !== undefined)
    where.push(`a.id in (with recursive tree as (select id from generic_asset where id = ${bind(filter.under)}
      union select g.id from generic_asset g join tree t on g.parent_asset_id = t.id) select id from tree)`)
  if (filter.unit !== undefined) where.push(`s.unit = ${bind(filter.unit)}`)
  if (filter.terms && filter.terms.length > 0) {
    const any = bind(filter.terms.map((term) => `%${term.replace(/[\\%_]/g, '\\$&')}%`))
    const begins = bind(filter.terms.map((term) => `${term.replace(/[\\%_]/g, '\\$&')}%`))
    where.push(
      `(s.name ilike any(${any}::text[]) or a.name ilike any(${any}::text[]) or c.name ilike any(${any}::text[]) or s.id::text like any(${begins}::text[]))`,
    )
  }
  const condition = where.length > 0 ? ` where ${where.join(' and ')}` : ''
  const order = ` order by ${ORDER[page.sort ?? 'id'] ?? 's.id'} ${page.descending ? 'desc' : 'asc'}, s.id`
  const counted = page.limit === undefined ? undefined : await store.first<{ n: number }>(countOf(condition), params)
  const limited = page.limit === undefined ? '' : ` limit ${bind(page.limit)} offset ${bind(page.offset ?? 0)}`
  const rows = await store.query<SensorRow>(SELECT + condition + order + limited, params)
  return { sensors: rows.map(sensorFrom), total: counted?.n ?? rows.length }
}

const countOf = (condition: string) =>
  `select count(*)::int as n from sensor s join generic_asset a on a.id = s.generic_asset_id left join account c on c.id = a.account_id${condition}`

function sensorFrom(row: SensorRow): Sensor {
  const rule = { fnc: row.fnc, par: row.par }
  const flows = measures(row.unit, 'power') || (measures(row.unit, 'energy') && row.resolution > 0)
  return {
    id: row.id,
    name: row.name,
    unit: row.unit,
    timezone: row.timezone,
    resolution: millis(row.resolution),
    attributes: row.attributes,
    asset: row.asset,
    assetName: row.asset_name,
    account: row.account,
    consultancy: row.consultancy,
    knowledge: rule,
    knownAt: knowledgeTime(rule, row.resolution, row.timezone),
    knownAfter: knowledgeOffset(rule, row.resolution),
    sign: flows && row.attributes['consumption_is_positive'] !== true ? -1 : 1,
  }
}
