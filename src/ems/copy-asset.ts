/** A deep copy of an asset: everything below it, its sensors without their data, references re-mapped to the copies. */
import { asJson, type Queryable, type Store } from '#store'
import type { Asset } from './assets.ts'
import { offspring } from './assets.ts'

export interface CopyPlace {
  account: number | null
  parent: number | null
}

/**
 * Copies the asset to the place; the copy is called 'X (Copy)', 'X (Copy 2)' and so on. What it says of sensors outside of what is copied is
 * left out unless they are public: the copy may belong to somebody who must not read them. Resolves to its id.
 */
export async function copyAsset(store: Store, asset: Asset, place: CopyPlace): Promise<number> {
  return store.transact(async (tx) => {
    const tree = await offspring(tx, asset.id)
    const members = await tx.query<{ id: number; parent: number }>(
      'select id, parent_asset_id as parent from generic_asset where id = any($1::int[])',
      [tree],
    )
    const above = new Map(members.map(({ id, parent }) => [id, parent]))
    const assets = new Map<number, number>()
    for (const id of tree) {
      const isRoot = id === asset.id
      const made = await tx.first<{ id: number }>(
        `insert into generic_asset (name, description, latitude, longitude, attributes, sensors_to_show, flex_context, flex_model,
         sensors_to_show_as_kpis, account_id, parent_asset_id, generic_asset_type_id)
         select coalesce($2, name), case when attributes ? 'template' then ${WITHOUT_GUIDANCE} else description end, latitude, longitude,
         attributes - 'template', sensors_to_show, flex_context, flex_model, sensors_to_show_as_kpis, $3, $4, generic_asset_type_id
         from generic_asset where id = $1 returning id`,
        [id, isRoot ? await freeName(tx, asset.name, place) : null, place.account, isRoot ? place.parent : assets.get(above.get(id)!)],
      )
      assets.set(id, made!.id)
    }
    const sensors = await copySensors(tx, assets)
    await remap(tx, assets, sensors)
    return assets.get(asset.id)!
  })
}

/** The description of a template without its advice to copy it. */
const WITHOUT_GUIDANCE = String.raw`nullif(btrim(regexp_replace(description, '\s*Copy this\y.*?(\.\s*|$)', '', 'gi')), '')`

/** Copies the sensors of all assets. Resolves to the ids of the copies by those of the originals. */
async function copySensors(tx: Queryable, assets: ReadonlyMap<number, number>): Promise<Map<number, number>> {
  const own = await tx.query<{ id: number; asset: number }>(
    'select id, generic_asset_id as asset from sensor where generic_asset_id = any($1::int[]) order by id',
    [[...assets.keys()]],
  )
  if (own.length === 0) return new Map()
  const made = await tx.query<{ old: number; id: number }>(
    `with pair as (select s.*, p.asset as target, nextval(pg_get_serial_sequence('sensor', 'id'))::int as copy
     from sensor s join unnest($1::int[], $2::int[]) as p(id, asset) on p.id = s.id),
     kept as (insert into sensor (id, name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, attributes, generic_asset_id)
     select copy, name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, attributes - 'template_role', target from pair)
     select id as old, copy as id from pair`,
    [own.map(({ id }) => id), own.map(({ asset }) => assets.get(asset))],
  )
  return new Map(made.map(({ old, id }) => [old, id]))
}

async function freeName(tx: Queryable, name: string, { account, parent }: CopyPlace): Promise<string> {
  const taken = await tx.query<{ name: string }>(
    parent === null
      ? 'select name from generic_asset where parent_asset_id is null and account_id is not distinct from $1::int'
      : 'select name from generic_asset where parent_asset_id = $1::int',
    [parent === null ? account : parent],
  )
  const numbers = taken.map((row) => copyNumber(row.name, name)).filter((number) => number > 0)
  const next = numbers.length === 0 ? 1 : Math.max(...numbers) + 1
  return nameOfCopy(name, next)
}

const nameOfCopy = (name: string, number: number): string => {
  const suffix = number === 1 ? ' (Copy)' : ` (Copy ${number})`
  return name.slice(0, 80 - suffix.length) + suffix
}

/** 2 for 'X (Copy 2)', 1 for 'X (Copy)', 0 for what is no copy of X. */
function copyNumber(candidate: string, name: string): number {
  const number = Number(/ \(Copy(?: (\d+))?\)$/.exec(candidate)?.[1] ?? (candidate.endsWith(' (Copy)') ? 1 : 0))
  return number > 0 && candidate === nameOfCopy(name, number) ? number : 0
}

const COLUMNS = ['flex_model', 'flex_context', 'sensors_to_show', 'sensors_to_show_as_kpis'] as const
type Config = { id: number } & Record<(typeof COLUMNS)[number], unknown>

/** Lets the copies speak of copied sensors and assets. */
async function remap(tx: Queryable, assets: ReadonlyMap<number, number>, sensors: ReadonlyMap<number, number>): Promise<void> {
  const open = await tx.query<{ id: number }>(
    'select s.id from sensor s join generic_asset g on g.id = s.generic_asset_id where g.account_id is null',
  )
  const isPublic = new Set(open.map(({ id }) => id))
  const rows = await tx.query<Config>(`select id, ${COLUMNS.join(', ')} from generic_asset where id = any($1::int[])`, [
    [...assets.values()],
  ])
  for (const row of rows)
    for (const column of COLUMNS) {
      const empty = Array.isArray(row[column]) ? [] : {}
      const mapped = replaced(row[column], column.startsWith('sensors')) ?? empty
      if (JSON.stringify(mapped) !== JSON.stringify(row[column]))
        await tx.query(`update generic_asset set ${column} = $2 where id = $1`, [row.id, asJson(mapped)])
    }

  /** Undefined when it speaks of a sensor that the copy cannot keep. `numbers`: bare numbers here are sensors. */
  function replaced(value: unknown, numbers: boolean): unknown {
    if (typeof value === 'number' && numbers) return sensors.get(value) ?? (isPublic.has(value) ? value : undefined)
    if (Array.isArray(value)) return value.map((item) => replaced(item, numbers)).filter((item) => item !== undefined)
    if (typeof value !== 'object' || value === null) return value
    const entry: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(value)) {
      if (key === 'asset' && typeof item === 'number') {
        entry[key] = assets.get(item) ?? item
        continue
      }
      const mapped = replaced(item, NUMBERED.test(key))
      if (mapped === undefined && key === 'sensor') return undefined
      if (mapped !== undefined) entry[key] = mapped
    }
    return entry
  }
}

/** Keys under which bare numbers are sensors. */
const NUMBERED = /^(sensors?|plots|.*-sensors?|inflexible-(consumption|production))$/
