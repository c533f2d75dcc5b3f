/** Figures of daily sensors that an asset shows large: `sensors_to_show_as_kpis` (reference 1.4, 4.6). */
import type { Instant } from '#kernel'
import type { Asset } from './assets.ts'
import type { Beliefs } from './belief.ts'
import type { Sensor, Sensors } from './sensors.ts'

export type KpiFunction = 'sum' | 'min' | 'max' | 'mean'

export interface Kpi {
  title: string
  sensor: Sensor
  function: KpiFunction
  /** Of the values of events that start in the window, one belief an event; 0 when there are none. */
  value: number
  /** How many they are. */
  count: number
}

interface Wanted {
  title: string
  sensor: number
  function?: KpiFunction
}

/** The KPIs of the asset over [from, until). Sensors that are gone, or that the reader may not see, are left out. */
export async function kpisOf(
  { beliefs, sensors }: { beliefs: Pick<Beliefs, 'search'>; sensors: Pick<Sensors, 'get'> },
  asset: Asset,
  { from, until }: { from: Instant; until: Instant },
  readable: (sensor: Sensor) => boolean,
): Promise<Kpi[]> {
  const wanted = asset.kpis.flatMap((entry) => wantedOf(entry) ?? [])
  const found = await Promise.all(
    wanted.map(async ({ title, sensor: id, function: given }): Promise<Kpi[]> => {
      const sensor = await sensors.get(id)
      if (!sensor || !readable(sensor)) return []
      const { values } = await beliefs.search({ sensor: id, from, until, one: 'per-event' })
      const real = values.filter((value) => Number.isFinite(value))
      const how = given ?? (sensor.unit === '%' ? 'mean' : 'sum')
      return [{ title, sensor, function: how, value: real.length === 0 ? 0 : FUNCTIONS[how](real), count: real.length }]
    }),
  )
  return found.flat()
}

const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0)
const FUNCTIONS: Record<KpiFunction, (values: Float64Array) => number> = {
  sum,
  mean: (values) => sum(values) / values.length,
  min: (values) => values.reduce((least, value) => Math.min(least, value)),
  max: (values) => values.reduce((most, value) => Math.max(most, value)),
}

function wantedOf(entry: unknown): Wanted | undefined {
  if (Number.isInteger(entry)) return { title: '', sensor: entry as number }
  if (typeof entry !== 'object' || entry === null || !('sensor' in entry) || !Number.isInteger(entry.sensor)) return undefined
  const title = 'title' in entry && typeof entry.title === 'string' ? entry.title : ''
  const given = 'function' in entry ? entry.function : undefined
  return {
    title,
    sensor: entry.sensor as number,
    ...(typeof given === 'string' && given in FUNCTIONS && { function: given as KpiFunction }),
  }
}
