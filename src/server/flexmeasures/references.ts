/** When sensors go, what other assets say about them goes too (reference Annex A.1, rows 24 and 29). */
import { type Asset, auditAsset, offspring, type Principal, type Sensor } from '#ems'
import { asJson } from '#store'
import type { Rooms } from '../rooms.ts'

interface Mentions {
  id: number
  flex_model: unknown
  flex_context: unknown
  sensors_to_show: unknown
  sensors_to_show_as_kpis: unknown
}
const FIELDS = ['flex_model', 'flex_context', 'sensors_to_show', 'sensors_to_show_as_kpis'] as const

/** Removes references to all sensors of an asset and of what lies below it. */
export async function dropReferences(rooms: Rooms, who: Principal, asset: Asset): Promise<void> {
  const going = await offspring(rooms.store, asset.id)
  const ids = await rooms.store.query<{ id: number }>('select id from sensor where generic_asset_id = any($1::int[])', [going])
  for (const { id } of ids) {
    const sensor = await rooms.sensors.get(id)
    if (sensor) await dropSensorReferences(rooms, who, sensor, going)
  }
}

/** Removes references to one sensor from every asset but `except`, and notes it in their audit logs. */
export async function dropSensorReferences(rooms: Rooms, who: Principal, sensor: Sensor, except: readonly number[] = []): Promise<void> {
  const { store, clock } = rooms
  const pattern = `(^|[^0-9])${sensor.id}([^0-9]|$)`
  const rows = await store.query<Mentions>(
    `select id, flex_model, flex_context, sensors_to_show, sensors_to_show_as_kpis from generic_asset where not id = any($1::int[])
     and (flex_model::text ~ $2 or flex_context::text ~ $2 or sensors_to_show::text ~ $2 or sensors_to_show_as_kpis::text ~ $2)`,
    [except, pattern],
  )
  for (const row of rows) {
    for (const field of FIELDS) {
      const cleaned = without(row[field], sensor.id, field === 'sensors_to_show' || field === 'sensors_to_show_as_kpis')
      if (JSON.stringify(cleaned) === JSON.stringify(row[field])) continue
      await store.query(`update generic_asset set ${field} = $2 where id = $1`, [
        row.id,
        asJson(cleaned ?? (Array.isArray(row[field]) ? [] : {})),
      ])
      const where = field === 'flex_model' ? 'flex-model' : field === 'flex_context' ? 'flex-context' : field
      await auditAsset(
        store,
        clock.now(),
        who,
        `Removed sensor reference '${sensor.name}': ${sensor.id} from ${where} (because sensor has been deleted).`,
        row.id,
      )
    }
  }
}

/** The value without mentions of the sensor; undefined when nothing is left of it. `shown`: bare numbers are sensors. */
function without(value: unknown, sensor: number, shown: boolean): unknown {
  if (Array.isArray(value)) {
    const kept = value
      .map((item) => (shown && item === sensor ? undefined : without(item, sensor, shown)))
      .filter((item) => item !== undefined)
    return kept.length === 0 && value.length > 0 ? undefined : kept
  }
  if (typeof value !== 'object' || value === null) return value
  const entry = value as Record<string, unknown>
  if (entry['sensor'] === sensor) return undefined
  const out: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(entry)) {
    const listed = key === 'sensors' || key === 'inflexible-device-sensors'
    const kept =
      (key === 'consumption-price-sensor' || key === 'production-price-sensor') && item === sensor
        ? undefined
        : without(item, sensor, shown || listed)
    if (kept !== undefined) out[key] = kept
    else if (shown && (key === 'plots' || key === 'sensors')) return undefined
  }
  return out
}
