/** The sensors of an asset's rows with what a chart says of them; fixed values of flex-model and flex-context count as sensors with negative ids. */
import { parseQuantity } from '#kernel'
import type { Queryable } from '#store'
import type { Asset } from '../assets.ts'
import type { Sensor, Sensors } from '../sensors.ts'
import { type AxisRange, type Plot, readShownRows, type ShownRow } from './shown-row.ts'

export interface ShownSensor {
  /** Negative: a fixed value, -1 for the first of the chart. */
  id: number
  name: string
  unit: string
  /** Milliseconds. */
  resolution: number
  timezone: string
  /** Name with that of the asset. */
  description: string
  asset: number
  /** Name of the asset with that of its parent. */
  assetDescription: string
  /** What it measures, for axes: attribute `sensor_type`, else its name. */
  kind: string
  sensor?: Sensor
  fixed?: { value: number; from: 'flex-model' | 'flex-context' }
}

export interface ChartRow {
  title: string | null
  axis?: AxisRange
  sensors: ShownSensor[]
}

interface AssetRow {
  id: number
  name: string
  parent: string | null
  account: number | null
  model: Record<string, unknown>
  context: Record<string, unknown>
}

/**
 * Rows of the asset's chart. Sensors of other accounts are left out, as are those the reader may not see. Without `sensors_to_show` its first
 * two sensors are shown, in one row when they have one unit.
 */
export async function chartRows(
  db: Queryable,
  sensors: Pick<Sensors, 'get'>,
  asset: Asset,
  readable: (account: number | null) => boolean,
): Promise<ChartRow[]> {
  const wanted = readShownRows(asset.sensorsToShow)
  const rows = wanted.length > 0 ? wanted : await firstSensors(sensors, asset)
  const named = rows.flatMap((row) => row.plots.flatMap((plot) => ('asset' in plot ? [plot.asset] : [])))
  const referenced = await assetsOf(db, [...new Set(named)])
  const fields = new Map<Plot, ShownSensor | { sensor: number; field: string }>()
  let fixed = 0
  for (const plot of rows.flatMap((row) => row.plots)) {
    const found = 'asset' in plot ? fieldOf(plot, referenced.get(plot.asset), readable) : undefined
    if (!found) continue
    fields.set(plot, 'unit' in found ? { ...found, id: -++fixed } : found)
  }
  const ids = rows.flatMap((row) => row.plots.map((plot) => ('sensor' in plot ? plot.sensor : undefined)))
  const inFields = [...fields.values()].map((field) => ('field' in field ? field.sensor : undefined))
  const known = new Map<number, Sensor>()
  for (const id of new Set([...ids, ...inFields])) {
    const sensor = id === undefined ? undefined : await sensors.get(id)
    if (sensor && (sensor.account === asset.account || sensor.account === null || asset.account === null) && readable(sensor.account))
      known.set(sensor.id, sensor)
  }
  const parents = await assetsOf(db, [...new Set([...known.values()].map((sensor) => sensor.asset))])
  const show = (id: number, field?: string): ShownSensor[] => {
    const sensor = known.get(id)
    return sensor ? [shown(sensor, parents.get(sensor.asset)?.parent ?? null, field)] : []
  }
  return rows
    .map((row): ChartRow => {
      const found = row.plots.flatMap((plot) => {
        if ('sensor' in plot) return show(plot.sensor)
        const field = fields.get(plot)
        return field === undefined ? [] : 'field' in field ? show(field.sensor, field.field) : [field]
      })
      // Fixed values first, each sensor once.
      const ordered = [...found.filter(({ id }) => id < 0), ...found.filter(({ id }) => id > 0)]
      const once = ordered.filter((one, i) => ordered.findIndex(({ id }) => id === one.id) === i)
      return { title: row.title, ...(row.axis !== undefined && { axis: row.axis }), sensors: once }
    })
    .filter((row) => row.sensors.length > 0)
}

/** A sensor alone, as its own chart shows it. */
export async function shownSensor(db: Queryable, sensor: Sensor): Promise<ShownSensor> {
  return shown(sensor, (await assetsOf(db, [sensor.asset])).get(sensor.asset)?.parent ?? null)
}

/** Every sensor of the rows once, in the order of the chart. */
export const sensorsOf = (rows: readonly ChartRow[]): ShownSensor[] => [
  ...new Map(rows.flatMap((row) => row.sensors.map((sensor) => [sensor.id, sensor] as const))).values(),
]

async function firstSensors(sensors: Pick<Sensors, 'get'>, asset: Asset): Promise<ShownRow[]> {
  const [a, b] = asset.sensors.map(({ id }) => id).slice(0, 2)
  if (a === undefined) return []
  if (b === undefined) return [{ title: null, plots: [{ sensor: a }] }]
  const together = (await sensors.get(a))?.unit === (await sensors.get(b))?.unit
  const plots = [{ sensor: a }, { sensor: b }]
  return together ? [{ title: null, plots }] : plots.map((plot) => ({ title: null, plots: [plot] }))
}

function shown(sensor: Sensor, parent: string | null, field?: string): ShownSensor {
  const name = field === undefined ? sensor.name : `${sensor.name} (${field})`
  const kind = sensor.attributes['sensor_type']
  return {
    id: sensor.id,
    name,
    unit: sensor.unit,
    resolution: sensor.resolution,
    timezone: sensor.timezone,
    description: `${name} (${sensor.assetName})`,
    asset: sensor.asset,
    assetDescription: parent === null ? sensor.assetName : `${sensor.assetName} (${parent})`,
    kind: typeof kind === 'string' ? kind : sensor.name,
    sensor,
  }
}

/** What a field holds: a sensor, or a fixed quantity (its id is given later). */
function fieldOf(
  { from, field }: Extract<Plot, { asset: number }>,
  asset: AssetRow | undefined,
  readable: (account: number | null) => boolean,
): ShownSensor | { sensor: number; field: string } | undefined {
  if (!asset || !readable(asset.account)) return undefined
  const value = (from === 'flex-model' ? asset.model : asset.context)[field]
  if (typeof value === 'object' && value !== null && 'sensor' in value && Number.isInteger(value.sensor))
    return { sensor: value.sensor as number, field }
  const quantity = typeof value === 'string' ? quantityOf(value) : undefined
  if (!quantity) return undefined
  const name = `${field} (${asset.name})`
  return {
    id: 0,
    name,
    unit: quantity.unit,
    resolution: 0,
    timezone: 'UTC',
    description: name,
    asset: asset.id,
    assetDescription: asset.name,
    kind: name,
    fixed: { value: quantity.value, from },
  }
}

function quantityOf(text: string): { value: number; unit: string } | undefined {
  try {
    return parseQuantity(text)
  } catch {
    return undefined
  }
}

async function assetsOf(db: Queryable, ids: readonly number[]): Promise<Map<number, AssetRow>> {
  if (ids.length === 0) return new Map()
  const rows = await db.query<AssetRow>(
    `select g.id, g.name, p.name as parent, g.account_id as account, g.flex_model as model, g.flex_context as context
     from generic_asset g left join generic_asset p on p.id = g.parent_asset_id where g.id = any($1::int[])`,
    [ids],
  )
  return new Map(rows.map((row) => [row.id, row]))
}
