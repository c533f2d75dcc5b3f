/** Commitments of a flex-context: a baseline, and prices on being above or below it. */
import { type GroupKey, readGroup } from './flex-parts.ts'
import { type FlexValue, pricePer, quantityOf, type ReadingRoom, readSensorId, readValue, refuse } from './flex-value.ts'

export interface FlexCommitment {
  name: string
  /** kW. */
  baseline: FlexValue
  /** Currency per kW in one step, or per kWh. */
  up?: FlexValue
  down?: FlexValue
  /** True when the prices are per energy: they are then charged for the length of the step. */
  upPerEnergy: boolean
  downPerEnergy: boolean
  /** Power sensors it is about; undefined = all devices of its commodity. */
  sensors?: number[]
  group?: GroupKey
  commodity?: string
}

const KEYS = new Set(['name', 'baseline', 'up-price', 'down-price', 'sensors', 'group', 'commodity'])

/** Reads the list; refusals go to the room. */
export function readCommitments(raw: unknown, path: string[], room: ReadingRoom): FlexCommitment[] {
  if (raw === undefined || raw === null) return []
  if (!Array.isArray(raw)) {
    refuse(room, path, 'Invalid input type.')
    return []
  }
  return raw.flatMap((item, index) => readCommitment(item, [...path, String(index)], room) ?? [])
}

function readCommitment(raw: unknown, path: string[], room: ReadingRoom): FlexCommitment | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refuse(room, path, 'Invalid input type.')
  const item = raw as Record<string, unknown>
  for (const key of Object.keys(item)) if (!KEYS.has(key)) refuse(room, [...path, key], 'Unknown field.')
  const { name, commodity } = item
  if (name === undefined) refuse(room, [...path, 'name'], 'Missing data for required field.')
  else if (typeof name !== 'string') refuse(room, [...path, 'name'], 'Not a valid string.')
  else if (name === '') refuse(room, [...path, 'name'], 'Shorter than minimum length 1.')
  if (commodity !== undefined && typeof commodity !== 'string') refuse(room, [...path, 'commodity'], 'Not a valid string.')
  if (item['sensors'] !== undefined && item['group'] !== undefined)
    refuse(room, [...path, 'sensors'], "A commitment may be scoped by 'sensors' or by 'group', not both.")
  if (item['baseline'] === undefined) refuse(room, [...path, 'baseline'], 'A commitment requires a baseline.')
  if (item['up-price'] === undefined && item['down-price'] === undefined)
    refuse(room, [...path, 'up-price'], 'A commitment requires at least one deviation price (up-price and/or down-price).')
  const baseline = item['baseline'] === undefined ? undefined : readValue(item['baseline'], [...path, 'baseline'], { unit: 'kW' }, room)
  const price = (field: string) => {
    if (item[field] === undefined) return undefined
    const own: ReadingRoom = { ...room, currency: {} }
    const value = readValue(item[field], [...path, field], { unit: 'price per kW or kWh' }, own)
    if (value) shareCurrency(own.currency.code, { field, name: String(name), list: path.slice(0, -1) }, room)
    return value && { value, perEnergy: perEnergy(item[field], value) }
  }
  const up = price('up-price')
  const down = price('down-price')
  const sensors = readSensors(item['sensors'], [...path, 'sensors'], room)
  const group = readGroup(item['group'], [...path, 'group'], room)
  if (typeof name !== 'string' || !baseline || (!up && !down)) return undefined
  return {
    name,
    baseline,
    upPerEnergy: up?.perEnergy ?? false,
    downPerEnergy: down?.perEnergy ?? false,
    ...(up && { up: up.value }),
    ...(down && { down: down.value }),
    ...(sensors && { sensors }),
    ...(group && { group }),
    ...(typeof commodity === 'string' && { commodity }),
  }
}

/** The price of a commitment is in the currency of all others, or sets it. */
function shareCurrency(
  code: string | undefined,
  { field, name, list }: { field: string; name: string; list: string[] },
  room: ReadingRoom,
): void {
  const { currency } = room
  if (code === undefined) return
  if (currency.code === undefined) Object.assign(currency, { code, field })
  else if (currency.code !== code)
    refuse(
      room,
      list,
      `Invalid unit. A valid unit would be, for example, '${currency.code}/MWh' (this example uses '${currency.code}', because '${currency.field}' used that currency). However, you passed an incompatible price ('${code}') for the '${field}' field of commitment '${name}'. Also note that all prices in the flex-context must share the same currency unit (in this case: '${currency.code}').`,
    )
}

function readSensors(raw: unknown, path: string[], room: ReadingRoom): number[] | undefined {
  if (raw === undefined || raw === null) return undefined
  if (!Array.isArray(raw)) return refuse(room, path, 'Not a valid list.')
  return raw.flatMap((id, index) => readSensorId(id, [...path, String(index)], room)?.id ?? [])
}

/** Whether a price as written is per energy ('EUR/kWh') rather than per power. */
function perEnergy(raw: unknown, value: FlexValue): boolean {
  if (value.kind === 'sensor') return value.toUnit.endsWith('kWh')
  const text = Array.isArray(raw) ? String((raw[0] as Record<string, unknown> | undefined)?.['value'] ?? '') : String(raw)
  return pricePer(quantityOf(text)?.unit ?? '')?.per === 'kWh'
}
