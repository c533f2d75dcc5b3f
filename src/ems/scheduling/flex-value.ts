/** Values of flex-model and flex-context fields in every form: '15 kW', a bare number, {"sensor": 5, …}, a list of segments. */
import { addDuration, convert, currencyOf, type Instant, isUnit, parseDuration, parseInstant, parseQuantity } from '#kernel'
import type { RefusalBook } from './refusal.ts'
import type { SensorFacts, SourceFilters } from './series-source.ts'

/** A value that may change over time, in the field's unit (kW, kWh, ratio, currency per kWh or per kW). */
export type FlexValue =
  | { kind: 'fixed'; value: number }
  | { kind: 'sensor'; sensor: SensorFacts; filters: SourceFilters /** Slots without data. */; fallback?: number; toUnit: string }
  | { kind: 'segments'; segments: Segment[] }

export interface Segment {
  from: Instant
  /** Equal to `from` for a single moment. */
  to: Instant
  value: number
}

/** What a field measures. Prices are turned into whole currency per kWh or per kW. */
export interface FieldKind {
  unit: 'kW' | 'kWh' | 'ratio' | 'price per kWh' | 'price per kW' | 'price per kW or kWh'
  /** Unit of a bare number; none = bare numbers are refused. */
  bare?: string
  /** Lowest value allowed, in the field's unit. */
  min?: number
  /** Highest value allowed. */
  max?: number
  minIsOpen?: boolean
  /** False where FlexMeasures stores or takes no list of segments. */
  segments?: boolean
  sensors?: boolean
  /** Further sensor units that are taken as they are ('%' for a state of charge). */
  sensorUnits?: string[]
}

export interface ReadingRoom {
  refusals: RefusalBook
  sensors: ReadonlyMap<number, SensorFacts>
  hasAsset: (id: number) => boolean
  /** For calendar durations. */
  zone: string
  /** The value is to be stored on an asset, in this field of it: no series, no fixed energy prices, no bare energies. */
  storing?: 'flex-model' | 'flex-context'
  /** The currency all prices must share; set by the first price that has one. */
  currency: { code?: string; field?: string }
}

const NOT_A_QUANTITY = (text: unknown) => `Cannot convert value '${String(text)}' to a valid quantity.`
const pythonType = (value: unknown): string =>
  value === null
    ? 'NoneType'
    : typeof value === 'boolean'
      ? 'bool'
      : Number.isInteger(value)
        ? 'int'
        : typeof value === 'number'
          ? 'float'
          : typeof value

/** Reads one value; on failure notes why and returns undefined. */
export function readValue(raw: unknown, path: string[], kind: FieldKind, room: ReadingRoom): FlexValue | undefined {
  if (Array.isArray(raw) && room.storing)
    return refuse(
      room,
      path,
      `A time series specification (listing segments) is not supported when storing ${room.storing} fields. Use a fixed quantity or a sensor reference instead.`,
    )
  if (Array.isArray(raw))
    return kind.segments === false ? refuse(room, path, 'A time series is not supported here.') : readSegments(raw, path, kind, room)
  if (typeof raw === 'object' && raw !== null) return readSensor(raw as Record<string, unknown>, path, kind, room)
  const value = readNumber(raw, path, kind, room)
  return value === undefined ? undefined : { kind: 'fixed', value }
}

/** Reads a value that may only be fixed (a number or quantity). */
export function readNumber(raw: unknown, path: string[], kind: FieldKind, room: ReadingRoom): number | undefined {
  let value: number
  let unit: string
  if (typeof raw === 'string') {
    const quantity = quantityOf(raw)
    if (!quantity) return refuse(room, path, NOT_A_QUANTITY(raw))
    value = quantity.value
    unit = quantity.unit
  } else if (typeof raw === 'number' && Number.isFinite(raw) && kind.bare !== undefined) {
    value = raw
    unit = kind.bare
  } else return refuse(room, path, unsupported(raw))
  const wanted = targetUnit(unit, path, kind, room)
  if (wanted === undefined) return undefined
  let converted: number
  try {
    converted = convert(value, unit, wanted)
  } catch {
    return refuse(room, path, `Cannot convert value \`${String(raw)}\` to '${FOREIGN[wanted] ?? wanted}'`)
  }
  return inRange(converted, path, kind, room)
}

/** '15 kW', or a product such as '3 * 230V * 16A'. */
export function quantityOf(text: string): { value: number; unit: string } | undefined {
  try {
    return parseQuantity(text)
  } catch {
    return text.includes('*') && isUnit(text) ? { value: 1, unit: text } : undefined
  }
}

const unsupported = (raw: unknown) =>
  `Unsupported value type. \`<class '${pythonType(raw)}'>\` was provided but only dict, list, str, pint Quantity, tuple, and numeric values with a default source unit are supported.`

function inRange(value: number, path: string[], kind: FieldKind, room: ReadingRoom): number | undefined {
  if (!Number.isFinite(value)) return refuse(room, path, NOT_A_QUANTITY(value))
  const tooLow = kind.min !== undefined && (kind.minIsOpen ? value <= kind.min : value < kind.min)
  const tooHigh = kind.max !== undefined && value > kind.max
  if (!tooLow && !tooHigh) return value
  if (kind.unit === 'ratio') return refuse(room, path, 'Must be greater than 0 % and less than or equal to 100 %.')
  return refuse(room, path, `Must be greater than or equal to ${kind.min}.`)
}

/** The unit a value in `unit` is turned into for this field; notes and returns undefined when it measures something else. */
function targetUnit(unit: string, path: string[], kind: FieldKind, room: ReadingRoom): string | undefined {
  if (kind.unit === 'kW' || kind.unit === 'kWh') return kind.unit
  if (kind.unit === 'ratio') return ''
  const per = pricePer(unit)
  const field = path.at(-1) ?? ''
  const wanted = kind.unit === 'price per kWh' ? 'kWh' : kind.unit === 'price per kW' ? 'kW' : per?.per
  const denominator = kind.unit === 'price per kW' ? '/MW' : '/MWh'
  if ((!per || per.per !== wanted) && room.storing && kind.unit !== 'price per kW or kWh') {
    const [what, article] = kind.unit === 'price per kW' ? ['capacity price', 'a'] : ['energy price', 'an']
    return refuse(room, path, `${what[0]!.toUpperCase()}${what.slice(1)} field '${field}' must have ${article} ${what} unit.`)
  }
  if (!per || per.per !== wanted) {
    const code = room.currency.code ?? 'EUR'
    const why = room.currency.field ? ` (this example uses '${code}', because '${room.currency.field}' used that currency)` : ''
    return refuse(
      room,
      path,
      kind.unit === 'price per kW or kWh'
        ? `Commitment ${field} must have a power or energy unit in its denominator.`
        : `Invalid unit. A valid unit would be, for example, '${code}${denominator}'${why}. However, you passed an incompatible price ('${unit}') for the '${field}' field.`,
    )
  }
  if (room.currency.code === undefined) {
    room.currency.code = per.currency
    room.currency.field = field
  } else if (room.currency.code !== per.currency)
    return refuse(
      room,
      path,
      `Invalid unit. A valid unit would be, for example, '${room.currency.code}${denominator}' (this example uses '${room.currency.code}', because '${room.currency.field}' used that currency). However, you passed an incompatible price ('${unit}') for the '${field}' field. Also note that all prices in the flex-context must share the same currency unit (in this case: '${room.currency.code}').`,
    )
  return `${per.currency}/${per.per}`
}

/** 'EUR/MWh' → EUR per kWh; 'kg/MWh' → kg per kWh; undefined when it is no price. */
export function pricePer(unit: string): { currency: string; per: 'kW' | 'kWh' } | undefined {
  if (!isUnit(unit)) return undefined
  for (const currency of [currencyOf(unit), 'kg'])
    for (const per of ['kWh', 'kW'] as const) {
      if (currency === undefined) continue
      try {
        convert(1, unit, `${currency}/${per}`)
        return { currency, per }
      } catch {
        // not this one
      }
    }
  return undefined
}

/** What FlexMeasures would convert to. */
const FOREIGN: Record<string, string> = { '': '%', kW: 'MW', kWh: 'MWh' }

const REFERENCE_KEYS = new Set([
  'sensor',
  'source-types',
  'exclude-source-types',
  'sources',
  'source-account',
  'default',
  'source',
  'source-type',
])

function readSensor(raw: Record<string, unknown>, path: string[], kind: FieldKind, room: ReadingRoom): FlexValue | undefined {
  if (!('sensor' in raw)) return refuse(room, path, 'Dictionary provided but `sensor` key not found.')
  if (kind.sensors === false) return refuse(room, path, 'A sensor reference is not supported here.')
  for (const key of Object.keys(raw)) if (!REFERENCE_KEYS.has(key)) refuse(room, [...path, key], 'Unknown field.')
  const sensor = readSensorId(raw['sensor'], path, room)
  if (!sensor) return undefined
  let toUnit: string
  if (kind.sensorUnits?.includes(sensor.unit)) toUnit = sensor.unit
  else {
    const wanted = targetUnit(sensor.unit, path, kind, room)
    if (wanted === undefined) return undefined
    try {
      convert(1, sensor.unit, wanted, sensor.resolution > 0 ? sensor.resolution : undefined)
    } catch {
      return refuse(room, path, `Cannot convert ${sensor.unit} to ${FOREIGN[wanted] ?? wanted}`)
    }
    toUnit = wanted
  }
  const fallback = raw['default'] === undefined ? undefined : readDefault(raw['default'], path, kind, room)
  return { kind: 'sensor', sensor, filters: readFilters(raw, path, room), toUnit, ...(fallback === undefined ? {} : { fallback }) }
}

function readDefault(raw: unknown, path: string[], kind: FieldKind, room: ReadingRoom): number | undefined {
  if (typeof raw === 'string' || (typeof raw === 'number' && kind.bare !== undefined)) return readNumber(raw, path, kind, room)
  return refuse(room, path, 'Sensor reference `default` must be a quantity string or a numeric value with a known default source unit.')
}

/** A sensor id: a whole number, or its digits. */
export function readSensorId(raw: unknown, path: string[], room: ReadingRoom): SensorFacts | undefined {
  const id = typeof raw === 'string' && /^\d+$/.test(raw) ? Number(raw) : raw
  if (typeof id !== 'number' || !Number.isInteger(id))
    return typeof raw === 'string' || typeof raw === 'number'
      ? refuse(room, path, 'Not a valid integer.')
      : refuse(room, path, `Sensor ID has the wrong type. Got \`${pythonType(raw)}\` but \`int\` was expected.`)
  return room.sensors.get(id) ?? refuse(room, path, `No sensor found with ID ${id}.`)
}

function readFilters(raw: Record<string, unknown>, path: string[], room: ReadingRoom): SourceFilters {
  const filters: SourceFilters = {}
  const list = <Item>(key: string, isItem: (item: unknown) => item is Item, message: string): Item[] | undefined => {
    const value = raw[key]
    if (value === undefined || value === null) return undefined
    if (Array.isArray(value) && value.every(isItem)) return value
    return refuse(room, path, message)
  }
  const isText = (item: unknown): item is string => typeof item === 'string'
  const isId = (item: unknown): item is number => Number.isInteger(item)
  const types = list('source-types', isText, '`source-types` must be a list of strings.')
  const without = list('exclude-source-types', isText, '`exclude-source-types` must be a list of strings.')
  const sources = list('sources', isId, '`sources` must be a list of data source IDs.')
  const accounts = list('source-account', isId, '`source-account` must be a list of account IDs.')
  if (types) filters.sourceTypes = types
  if (without) filters.excludeSourceTypes = without
  if (sources) filters.sources = sources
  if (accounts) filters.sourceAccounts = accounts
  return filters
}

const SEGMENT_KEYS = new Set(['value', 'datetime', 'start', 'end', 'duration'])

function readSegments(raw: unknown[], path: string[], kind: FieldKind, room: ReadingRoom): FlexValue | undefined {
  const segments: Segment[] = []
  if (kind.unit.startsWith('price') && !shareOneUnit(raw)) return refuse(room, path, 'Segments of a time series must share the same unit.')
  let good = true
  raw.forEach((item, index) => {
    const segment = readSegment(item, [...path, String(index)], kind, room)
    if (segment) segments.push(segment)
    else good = false
  })
  return good ? { kind: 'segments', segments } : undefined
}

/** True unless two segments price different things (EUR/kW beside EUR/kWh) or in different currencies. */
function shareOneUnit(raw: unknown[]): boolean {
  const units = raw.map((item) => quantityOf(String((item as Record<string, unknown> | null)?.['value'] ?? ''))?.unit)
  const prices = units.flatMap((unit) => (unit === undefined ? [] : (pricePer(unit) ?? [])))
  return prices.every(({ currency, per }) => currency === prices[0]!.currency && per === prices[0]!.per)
}

function readSegment(raw: unknown, path: string[], kind: FieldKind, room: ReadingRoom): Segment | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refuse(room, path, 'Invalid input type.')
  const item = raw as Record<string, unknown>
  let good = true
  for (const key of Object.keys(item))
    if (!SEGMENT_KEYS.has(key)) {
      refuse(room, [...path, key], 'Unknown field.')
      good = false
    }
  if (!('value' in item)) {
    refuse(room, [...path, 'value'], 'Missing data for required field.')
    good = false
  }
  const value = 'value' in item ? readNumber(item['value'], [...path, 'value'], kind, room) : undefined
  const moment = (key: string): Instant | undefined => {
    const text = item[key]
    if (text === undefined || text === null) return undefined
    const read = readMoment(text, [...path, key], room)
    if (read === undefined) good = false
    return read
  }
  const datetime = moment('datetime')
  const start = moment('start')
  const end = moment('end')
  const duration = item['duration'] === undefined ? undefined : readLength(item['duration'], [...path, 'duration'], room)
  if (item['duration'] !== undefined && duration === undefined) good = false
  if (!good || value === undefined) return undefined
  if (datetime !== undefined) {
    if (start !== undefined || end !== undefined || duration !== undefined)
      return refuse(room, [...path, '_schema'], "If using the 'datetime' field, no 'start', 'end' or 'duration' is expected.")
    return { from: datetime, to: datetime, value }
  }
  if (duration !== undefined) {
    if ((start === undefined) === (end === undefined))
      return refuse(room, [...path, '_schema'], "If using the 'duration' field, either 'start' or 'end' is expected.")
    if (start !== undefined) return { from: start, to: addDuration(start, duration, room.zone), value }
    const back = { months: -duration.months, days: -duration.days, exact: -duration.exact as typeof duration.exact }
    return { from: addDuration(end!, back, room.zone), to: end!, value }
  }
  if (start === undefined || end === undefined)
    return refuse(
      room,
      [...path, '_schema'],
      "Missing field(s) to describe timing: use the 'datetime' field, or a combination of 2 fields of 'start', 'end' and 'duration'.",
    )
  return { from: start, to: end, value }
}

/** An ISO moment with offset. */
export function readMoment(raw: unknown, path: string[], room: ReadingRoom): Instant | undefined {
  if (typeof raw !== 'string') return refuse(room, path, 'Not a valid datetime.')
  try {
    return parseInstant(raw)
  } catch (error) {
    const naive = error instanceof Error && 'code' in error && error.code === 'naive-datetime'
    return refuse(room, path, naive ? 'Not a valid aware datetime.' : 'Not a valid datetime.')
  }
}

function readLength(raw: unknown, path: string[], room: ReadingRoom) {
  try {
    return parseDuration(String(raw))
  } catch {
    return refuse(room, path, `Cannot parse ${String(raw)} as ISO8601 duration.`)
  }
}

/** Notes a refusal; returns undefined so that it can be returned. */
export function refuse(room: ReadingRoom, path: string[], message: string): undefined {
  room.refusals.add(path, message)
  return undefined
}
