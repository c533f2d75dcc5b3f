/** When sensors and assets go, what other assets say about them goes too (reference Annex A.1, rows 24 and 29). */
import { type Asset, auditAsset, offspring, type Principal, type Sensor } from '#ems'
import { asJson } from '#store'
import type { Rooms } from '../rooms.ts'

const FIELDS = ['flex_model', 'flex_context', 'sensors_to_show', 'sensors_to_show_as_kpis'] as const
type Field = (typeof FIELDS)[number]
type Mentions = { id: number } & Record<Field, unknown>

/** Names of what is going, by id. */
interface Going {
  sensors: ReadonlyMap<number, string>
  assets: ReadonlyMap<number, string>
}

/** Removes references to an asset, to what lies below it and to all their sensors. */
export async function dropAssetReferences(rooms: Rooms, who: Principal, asset: Asset): Promise<void> {
  const { store } = rooms
  const tree = await offspring(store, asset.id)
  const named = async (sql: string) =>
    new Map((await store.query<{ id: number; name: string }>(sql, [tree])).map(({ id, name }) => [id, name]))
  const sensors = await named('select id, name from sensor where generic_asset_id = any($1::int[])')
  const assets = await named('select id, name from generic_asset where id = any($1::int[])')
  await drop(rooms, who, { sensors, assets }, tree)
}

/** Removes references to one sensor. */
export const dropSensorReferences = (rooms: Rooms, who: Principal, { id, name }: Sensor): Promise<void> =>
  drop(rooms, who, { sensors: new Map([[id, name]]), assets: new Map() }, [])

/** Cleans every asset but `except`, and notes what was removed in their audit logs. */
async function drop({ store, clock }: Rooms, who: Principal, going: Going, except: readonly number[]): Promise<void> {
  const rows = await store.query<Mentions>(
    `select id, ${FIELDS.join(', ')} from generic_asset where not id = any($1::int[])
     and (flex_model <> '{}' or flex_context <> '{}' or sensors_to_show <> '[]' or sensors_to_show_as_kpis <> '[]')`,
    [except],
  )
  for (const row of rows)
    for (const field of FIELDS) {
      const gone: string[] = []
      const cleaned = without(row[field], field.startsWith('sensors'), going, gone)
      if (gone.length === 0) continue
      const empty = Array.isArray(row[field]) ? [] : {}
      await store.query(`update generic_asset set ${field} = $2 where id = $1`, [row.id, asJson(cleaned ?? empty)])
      for (const label of new Set(gone)) {
        const what = label.slice(0, label.indexOf(' '))
        const event = `Removed ${what} reference ${label.slice(what.length + 1)} from ${field.replaceAll('_', '-')} (because ${what} has been deleted).`
        await auditAsset(store, clock.now(), who, event, row.id)
      }
    }
}

/** The value without mentions of what is going, named in `gone`; undefined when nothing is left of it. `shown`: bare numbers are sensors. */
function without(value: unknown, shown: boolean, going: Going, gone: string[]): unknown {
  const isGone = (id: unknown): boolean => {
    const name = typeof id === 'number' ? going.sensors.get(id) : undefined
    if (name !== undefined) gone.push(`sensor '${name}': ${String(id)}`)
    return name !== undefined
  }
  if (Array.isArray(value)) {
    const kept = value
      .map((item) => (shown && isGone(item) ? undefined : without(item, shown, going, gone)))
      .filter((item) => item !== undefined)
    return kept.length === 0 && value.length > 0 ? undefined : kept
  }
  if (typeof value !== 'object' || value === null) return value
  const entry = value as Record<string, unknown>
  if (isGone(entry['sensor'])) return undefined
  const asset = typeof entry['asset'] === 'number' ? going.assets.get(entry['asset']) : undefined
  if (shown && asset !== undefined) {
    gone.push(`asset '${asset}': ${String(entry['asset'])}`)
    return undefined
  }
  const out: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(entry)) {
    const kept = PRICES.has(key) && isGone(item) ? undefined : without(item, shown || LISTS.has(key), going, gone)
    if (kept !== undefined) out[key] = kept
    else if (shown && (key === 'plots' || key === 'sensors')) return undefined
  }
  return out
}

/** Fields whose bare number, or whose list of bare numbers, are sensors. */
const PRICES = new Set(['consumption-price-sensor', 'production-price-sensor'])
const LISTS = new Set(['sensors', 'inflexible-device-sensors'])
