/** Reads the fields beyond FlexMeasures (`flex-extra-fields.ts`), with the same refusals as its own. */
import { durationLength, type Millis, parseDuration } from '#kernel'
import { type FieldKind, type FlexValue, type ReadingRoom, readNumber, readValue, refuse } from './flex-value.ts'

export interface DeviceExtra {
  /** Currency per kWh, each way. */
  cycleCost?: FlexValue
  /** Currency per kWh and hour. */
  calendarWearPrice?: FlexValue
  /** kWh. */
  calendarWearSoc?: number
  softSocMax?: FlexValue
  softSocMaxPrice?: FlexValue
  priority?: number
  minRun?: Millis
  minRest?: Millis
}

export interface ContextExtra {
  fairSharing?: 'none' | 'max-min' | 'weighted'
  changePrice?: FlexValue
  deadline?: Millis
  /** Relative. */
  gap?: number
}

const ENERGY_PRICE: FieldKind = { unit: 'price per kWh', min: 0 }

/** The extra fields of an entry; `energy` is how its energies are read. Undefined when it has none. */
export function readDeviceExtra(all: Record<string, unknown>, energy: FieldKind, room: ReadingRoom): DeviceExtra | undefined {
  const extra: DeviceExtra = {}
  const { put, value, given } = readers(extra, all, room)
  put('cycleCost', value('cycle-cost', ENERGY_PRICE))
  put('calendarWearPrice', value('calendar-wear-price', ENERGY_PRICE))
  if (given('calendar-wear-soc'))
    put('calendarWearSoc', readNumber(all['calendar-wear-soc'], ['calendar-wear-soc'], { ...energy, min: 0 }, room))
  put('softSocMax', value('soft-soc-max', { ...energy, min: 0 }))
  put('softSocMaxPrice', value('soft-soc-max-price', ENERGY_PRICE))
  put('priority', readPriority(all['priority'], room))
  put('minRun', readTime(all, 'min-run-time', room))
  put('minRest', readTime(all, 'min-rest-time', room))
  return Object.keys(extra).length > 0 ? extra : undefined
}

/** The extra fields of the context. Undefined when it has none. */
export function readContextExtra(all: Record<string, unknown>, room: ReadingRoom): ContextExtra | undefined {
  const extra: ContextExtra = {}
  const { put, value, given } = readers(extra, all, room)
  put('changePrice', value('change-price', ENERGY_PRICE))
  put('deadline', readTime(all, 'deadline', room))
  if (given('optimality-gap'))
    put('gap', readNumber(all['optimality-gap'], ['optimality-gap'], { unit: 'ratio', bare: '', min: 0, max: 1 }, room))
  const way = all['fair-sharing']
  if (given('fair-sharing')) {
    if (way === 'none' || way === 'max-min' || way === 'weighted') extra.fairSharing = way
    else refuse(room, ['fair-sharing'], 'Must be one of: none, max-min, weighted.')
  }
  return Object.keys(extra).length > 0 ? extra : undefined
}

function readers<Extra extends object>(extra: Extra, all: Record<string, unknown>, room: ReadingRoom) {
  const given = (field: string) => all[field] !== undefined && all[field] !== null
  return {
    given,
    put: <Key extends keyof Extra>(key: Key, read: Extra[Key] | undefined) => {
      if (read !== undefined) extra[key] = read
    },
    value: (field: string, kind: FieldKind): FlexValue | undefined =>
      given(field) ? readValue(all[field], [field], kind, room) : undefined,
  }
}

function readPriority(raw: unknown, room: ReadingRoom): number | undefined {
  if (raw === undefined || raw === null) return undefined
  if (typeof raw === 'number' && Number.isInteger(raw) && raw >= 1 && raw <= 1000) return raw
  return refuse(room, ['priority'], 'Must be a whole number from 1 (served first) to 1000.')
}

function readTime(all: Record<string, unknown>, field: string, room: ReadingRoom): Millis | undefined {
  const raw = all[field]
  if (raw === undefined || raw === null) return undefined
  try {
    const length = durationLength(parseDuration(String(raw)))
    if (length > 0) return length
  } catch {
    return refuse(room, [field], `Cannot parse ${String(raw)} as ISO8601 duration.`)
  }
  return refuse(room, [field], 'Must be longer than nothing.')
}
