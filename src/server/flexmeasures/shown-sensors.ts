/** What `sensors_to_show` and the KPIs of an asset may be, in FlexMeasures' words when it is not (reference 1.4, Annex A.1 row 23). */

type Json = Record<string, unknown>
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const isId = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value)
const areIds = (value: unknown): value is number[] => Array.isArray(value) && value.every(isId)

/** What is wrong with a list of graphs, or undefined. Entries: a sensor, a list of sensors, or a mapping with `sensor`, `sensors` or `plots`. */
export function faultInGraphs(list: readonly unknown[]): string | undefined {
  for (const item of list) {
    const fault = faultInGraph(item)
    if (fault) return fault
  }
  return undefined
}

function faultInGraph(item: unknown): string | undefined {
  if (isId(item)) return undefined
  if (Array.isArray(item)) return areIds(item) ? undefined : "All elements in a list within 'sensors_to_show' must be integers."
  if (!isObject(item)) return "Invalid item type in 'sensors_to_show'. Expected int, list, or dict."
  const { title } = item
  if (title !== undefined && title !== null && typeof title !== 'string') return "'title' value must be a string."
  const axis = 'y-axis' in item ? faultInAxis(item['y-axis']) : undefined
  if (axis) return axis
  if ('sensor' in item || 'sensors' in item) return faultInSensors(item)
  if (!('plots' in item)) return "Dictionary must contain either 'sensor', 'sensors' or 'plots' key."
  if (!Array.isArray(item['plots'])) return "'plots' must be a list or dictionary."
  return item['plots'].map(faultInPlot).find((fault) => fault !== undefined)
}

function faultInPlot(plot: unknown): string | undefined {
  if (!isObject(plot)) return "Each plot in 'plots' must be a dictionary."
  if (!('sensor' in plot || 'sensors' in plot || 'asset' in plot))
    return "Each plot must contain either 'sensor', 'sensors' or an 'asset' key."
  if ('asset' in plot && !('flex-context' in plot || 'flex-model' in plot))
    return "When 'asset' is provided in a plot, 'flex-context' or 'flex-model' must also be provided."
  if ('asset' in plot && !isId(plot['asset'])) return "'asset' value must be an integer."
  for (const field of ['flex-context', 'flex-model'])
    if (field in plot && typeof plot[field] !== 'string') return `The value for '${field}' must be a string.`
  return faultInSensors(plot)
}

function faultInSensors(entry: Json): string | undefined {
  if ('sensor' in entry && !isId(entry['sensor'])) return "'sensor' value must be an integer."
  if ('sensors' in entry && !areIds(entry['sensors'])) return "'sensors' value must be a list of integers."
  return undefined
}

const AXIS = "'y-axis' must be 'zero', 'data', a [min, max] list of two numbers, or a {'min': min, 'max': max} dict."

function faultInAxis(axis: unknown): string | undefined {
  if (axis === 'zero' || axis === 'data') return undefined
  const bounds = Array.isArray(axis) ? axis : isObject(axis) && Object.keys(axis).length === 2 ? [axis['min'], axis['max']] : []
  const [least, most] = bounds as unknown[]
  if (bounds.length !== 2 || typeof least !== 'number' || typeof most !== 'number') return AXIS
  if (least > most) return "'y-axis' domain minimum cannot exceed its maximum."
  return least === most && !Array.isArray(axis) ? "'y-axis' strict domain minimum and maximum cannot be equal." : undefined
}

/** What is wrong with a list of KPIs, or undefined. Entries: title, sensor and perhaps a function. */
export function faultInKpis(list: readonly unknown[]): string | undefined {
  for (const item of list) {
    if (!isObject(item)) return 'Each KPI must be a dictionary.'
    if (typeof item['title'] !== 'string') return "'title' value must be a string."
    if (!isId(item['sensor'])) return "'sensor' value must be an integer."
    if (item['function'] !== undefined && !['sum', 'min', 'max', 'mean'].includes(String(item['function'])))
      return "'function' must be one of: sum, min, max, mean."
  }
  return undefined
}

/** Ids of sensors that graphs or KPIs name. */
export function sensorsShown(value: unknown): number[] {
  if (typeof value === 'number') return [value]
  if (Array.isArray(value)) return value.flatMap(sensorsShown)
  if (!isObject(value)) return []
  return [...sensorsShown(value['sensor']), ...sensorsShown(value['sensors']), ...sensorsShown(value['plots'])]
}

const LISTED = new Set(['sensors', 'inflexible-device-sensors', 'inflexible-consumption', 'inflexible-production'])

/** Ids of sensors that a flex-context or a flex-model names, wherever. */
export function sensorsInFlexConfig(value: unknown, key = ''): number[] {
  if (typeof value === 'number') return key === 'sensor' || key.endsWith('-sensor') || LISTED.has(key) ? [value] : []
  if (Array.isArray(value)) return value.flatMap((item) => sensorsInFlexConfig(item, LISTED.has(key) ? key : ''))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, item]) => sensorsInFlexConfig(item, name))
}
