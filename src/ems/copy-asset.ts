/** A deep copy of an asset: everything below it, its sensors without their data, references re-mapped to the copies. */
import { asJson, type Queryable, type Store } from '#store'
import type { Asset } from './assets.ts'
import { offspring } from './assets.ts'

export interface CopyPlace {
  account: number | null
  parent: number | null
}

/** Copies the asset to the place; the copy is called 'X (Copy)', 'X (Copy 2)' and so on. Resolves to its id. */
export async function copyAsset(store: Store, asset: Asset, place: CopyPlace): Promise<number> {
  return store.transact(async (tx) => {
    const tree = await offspring(tx, asset.id)
    const assets = new Map<number, number>()
    const sensors = new Map<number, number>()
    for (const id of tree) {
      const made = await tx.first<{ id: number; parent: number | null }>(
        `insert into generic_asset (name, description, latitude, longitude, attributes, sensors_to_show, flex_context, flex_model,
         sensors_to_show_as_kpis, account_id, parent_asset_id, generic_asset_type_id)
         select coalesce($2, name), description, latitude, longitude, attributes, sensors_to_show, flex_context, flex_model, sensors_to_show_as_kpis,
         $3, $4, generic_asset_type_id from generic_asset where id = $1 returning id`,
        [
          id,
          id === asset.id ? await freeName(tx, asset.name, place) : null,
          place.account,
          id === asset.id ? place.parent : assets.get(await parentOf(tx, id)),
        ],
      )
      assets.set(id, made!.id)
      const own = await tx.query<{ id: number }>('select id from sensor where generic_asset_id = $1 order by id', [id])
      for (const sensor of own) {
        const twin = await tx.first<{ id: number }>(
          `insert into sensor (name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, attributes, generic_asset_id)
           select name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, attributes, $2 from sensor where id = $1
           returning id`,
          [sensor.id, made!.id],
        )
        sensors.set(sensor.id, twin!.id)
      }
    }
    for (const id of assets.values()) await remap(tx, id, assets, sensors)
    return assets.get(asset.id)!
  })
}

const parentOf = async (tx: Queryable, id: number): Promise<number> =>
  (await tx.first<{ parent: number }>('select parent_asset_id as parent from generic_asset where id = $1', [id]))!.parent

async function freeName(tx: Queryable, name: string, { account, parent }: CopyPlace): Promise<string> {
  const taken = await tx.query<{ name: string }>(
    parent === null
      ? 'select name from generic_asset where parent_asset_id is null and account_id is not distinct from $1::int'
      : 'select name from generic_asset where parent_asset_id = $1::int',
    [parent === null ? account : parent],
  )
  const names = new Set(taken.map((row) => row.name))
  for (let i = 1; ; i++) {
    const suffix = i === 1 ? ' (Copy)' : ` (Copy ${i})`
    const wanted = name.slice(0, 80 - suffix.length) + suffix
    if (!names.has(wanted)) return wanted
  }
}

const COLUMNS = ['flex_model', 'flex_context', 'sensors_to_show', 'sensors_to_show_as_kpis'] as const

async function remap(tx: Queryable, id: number, assets: ReadonlyMap<number, number>, sensors: ReadonlyMap<number, number>): Promise<void> {
  const row = await tx.first<Record<(typeof COLUMNS)[number], unknown>>(`select ${COLUMNS.join(', ')} from generic_asset where id = $1`, [
    id,
  ])
  for (const column of COLUMNS) {
    const shown = column.startsWith('sensors_to_show')
    const mapped = replaced(row![column], shown)
    if (JSON.stringify(mapped) !== JSON.stringify(row![column]))
      await tx.query(`update generic_asset set ${column} = $2 where id = $1`, [id, asJson(mapped)])
  }

  /** `numbers`: bare numbers here are sensors. */
  function replaced(value: unknown, numbers: boolean): unknown {
    if (typeof value === 'number') return numbers ? (sensors.get(value) ?? value) : value
    if (Array.isArray(value)) return value.map((item) => replaced(item, numbers))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        if (key === 'asset' && typeof item === 'number') return [key, assets.get(item) ?? item]
        return [
          key,
          replaced(item, key === 'sensor' || key === 'sensors' || key.endsWith('-sensor') || key.endsWith('-sensors') || key === 'plots'),
        ]
      }),
    )
  }
}
