/** What `sensors_to_show` of an asset says, whichever of its forms it has: rows of sensors and of fixed values (reference 1.4). */

/** How the axis of a row is chosen: around zero (default), around the data, at least a range, exactly a range. */
export type AxisRange = 'data' | readonly [number, number] | { min: number; max: number }

/** A sensor, or a field of an asset's flex-model or flex-context (which holds a sensor or a fixed value). */
export type Plot = { sensor: number } | { asset: number; from: 'flex-model' | 'flex-context'; field: string }

export interface ShownRow {
  title: string | null
  axis?: AxisRange
  plots: Plot[]
}

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const idsIn = (value: unknown): number[] => [value].flat().filter((id): id is number => Number.isInteger(id) && (id as number) > 0)

/** The rows; what makes no sense (stored long ago, or by hand) is passed over. */
export function readShownRows(list: unknown): ShownRow[] {
  const given = typeof list === 'string' ? parsed(list) : list
  return Array.isArray(given) ? given.map(rowOf).filter((row) => row.plots.length > 0) : []
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const sensors = (value: unknown): Plot[] => idsIn(value).map((sensor) => ({ sensor }))

function rowOf(item: unknown): ShownRow {
  if (!isObject(item)) return { title: null, plots: sensors(item) }
  const plots = [
    ...sensors(item['sensor'] ?? []),
    ...sensors(item['sensors'] ?? []),
    ...(Array.isArray(item['plots']) ? item['plots'].flatMap((plot) => (isObject(plot) ? plotsOf(plot) : sensors(plot))) : []),
  ]
  const axis = axisOf(item['y-axis'])
  return { title: typeof item['title'] === 'string' ? item['title'] : null, ...(axis !== undefined && { axis }), plots }
}

function plotsOf(plot: Json): Plot[] {
  const own = [...sensors(plot['sensor'] ?? []), ...sensors(plot['sensors'] ?? [])]
  const asset = plot['asset']
  if (!Number.isInteger(asset)) return own
  for (const from of ['flex-context', 'flex-model'] as const)
    for (const field of [plot[from] ?? []].flat()) if (typeof field === 'string') own.push({ asset: asset as number, from, field })
  return own
}

function axisOf(given: unknown): AxisRange | undefined {
  if (given === 'data') return 'data'
  const number = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
  if (Array.isArray(given) && given.length === 2 && given.every(number) && given[0]! <= given[1]!) return [given[0]!, given[1]!]
  if (isObject(given) && number(given['min']) && number(given['max']) && given['min'] < given['max'])
    return { min: given['min'], max: given['max'] }
  return undefined
}
