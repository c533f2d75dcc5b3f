/** The flex-context of a site: prices, capacities, what breaking them costs, profiles nobody decides, commitments. Validation only. */
import { readFlag, readOutput } from './flex-model.ts'
import { type FieldKind, type FlexValue, type ReadingRoom, readSensorId, readValue, refuse } from './flex-value.ts'
import type { SensorFacts } from './series-source.ts'

/** Power in kW, prices in whole currency per kWh or kW. */
export interface FlexContext {
  currency: string
  consumptionPrice?: FlexValue
  productionPrice?: FlexValue
  /** Effective site capacities by the table of precedence: request before asset, direction before both. */
  sitePower?: FlexValue
  siteConsumption?: FlexValue
  siteProduction?: FlexValue
  siteConsumptionBreach?: FlexValue
  siteProductionBreach?: FlexValue
  peakConsumption?: FlexValue
  peakProduction?: FlexValue
  peakConsumptionPrice?: FlexValue
  peakProductionPrice?: FlexValue
  consumptionBreach?: FlexValue
  productionBreach?: FlexValue
  socMinimaBreach?: FlexValue
  socMaximaBreach?: FlexValue
  /** Profiles that are not decided here; `sign` turns stored values consumption-positive. */
  inflexible: { value: FlexValue & { kind: 'sensor' }; sign: 1 | -1 }[]
  commitments: FlexCommitment[]
  aggregateConsumption?: SensorFacts
  aggregateProduction?: SensorFacts
  aggregatePower?: SensorFacts
  /** Contexts of other commodities, as written; planned by later schedulers. */
  later: Record<string, unknown>
}

export interface FlexCommitment {
  name: string
  baseline: FlexValue
  up?: FlexValue
  down?: FlexValue
  /** True when the prices are per energy: they are then charged for the length of the step. */
  upPerEnergy: boolean
  downPerEnergy: boolean
  /** Power sensors it is about; undefined = all. */
  sensors?: number[]
  group?: unknown
}

const POWER: FieldKind = { unit: 'kW', min: 0 }
const ENERGY_PRICE: FieldKind = { unit: 'price per kWh' }
const POWER_BREACH: FieldKind = { unit: 'price per kW', min: 0 }
const ENERGY_BREACH: FieldKind = { unit: 'price per kWh', min: 0 }

/** field → [key, kind], in the order in which prices set the common currency. */
const VALUES = [
  ['consumption-price', 'consumptionPrice', ENERGY_PRICE],
  ['production-price', 'productionPrice', ENERGY_PRICE],
  ['site-power-capacity', 'sitePower', POWER],
  ['site-consumption-capacity', 'siteConsumption', POWER],
  ['site-production-capacity', 'siteProduction', POWER],
  ['site-consumption-breach-price', 'siteConsumptionBreach', POWER_BREACH],
  ['site-production-breach-price', 'siteProductionBreach', POWER_BREACH],
  ['site-peak-consumption', 'peakConsumption', POWER],
  ['site-peak-consumption-price', 'peakConsumptionPrice', POWER_BREACH],
  ['site-peak-production', 'peakProduction', POWER],
  ['site-peak-production-price', 'peakProductionPrice', POWER_BREACH],
  ['consumption-breach-price', 'consumptionBreach', POWER_BREACH],
  ['production-breach-price', 'productionBreach', POWER_BREACH],
  ['soc-minima-breach-price', 'socMinimaBreach', ENERGY_BREACH],
  ['soc-maxima-breach-price', 'socMaximaBreach', ENERGY_BREACH],
] as const
const FLAGS = ['relax-constraints', 'relax-soc-constraints', 'relax-capacity-constraints', 'relax-site-capacity-constraints']
const OTHERS = [
  'consumption-price-sensor',
  'production-price-sensor',
  'inflexible-device-sensors',
  'inflexible-consumption',
  'inflexible-production',
  'commitments',
  'aggregate-power',
  'aggregate-consumption',
  'aggregate-production',
  'commodities',
  'commodity',
]
const KNOWN = new Set<string>([...VALUES.map(([field]) => field), ...FLAGS, ...OTHERS])

/**
 * Reads a flex-context. `stored` is the one kept on the site's assets (nearest first); the request counts field by field before it.
 * Defaults of FlexMeasures 1.0 are filled in: breach prices 10,000 per kW of site capacity and 1,000 per kWh of stock unless relaxing was
 * switched off or a deprecated price-sensor key is used.
 */
export function readFlexContext(request: Record<string, unknown>, stored: Record<string, unknown>, room: ReadingRoom): FlexContext {
  for (const key of Object.keys(request)) if (!KNOWN.has(key)) refuse(room, [key], 'Unknown field.')
  const legacy = legacyPrices(request, room)
  const all: Record<string, unknown> = { ...stored, ...withoutShadowed(request), ...legacy }
  // A site-power-capacity of the request replaces the directional ones stored on the asset.
  if (request['site-power-capacity'] !== undefined)
    for (const field of ['site-consumption-capacity', 'site-production-capacity']) if (request[field] === undefined) delete all[field]
  const context: FlexContext = {
    currency: 'EUR',
    inflexible: readInflexible(all, room),
    commitments: [],
    later: Object.fromEntries(['commodities', 'commodity'].filter((key) => all[key] !== undefined).map((key) => [key, all[key]])),
  }
  for (const [field, key, kind] of VALUES) {
    if (all[field] === undefined || all[field] === null) continue
    const value = readValue(all[field], [field], kind, room)
    if (value) context[key] = value
  }
  context.commitments = readCommitments(all['commitments'], room)
  for (const [field, key] of [
    ['aggregate-consumption', 'aggregateConsumption'],
    ['aggregate-production', 'aggregateProduction'],
  ] as const) {
    const sensor = readOutput(all[field], field, room)
    if (sensor) context[key] = sensor
  }
  const power = all['aggregate-power']
  if (power !== undefined && power !== null) {
    const named = typeof power === 'object' ? (power as Record<string, unknown>)['sensor'] : power
    const sensor = readSensorId(named, ['aggregate-power'], room)
    if (sensor) context.aggregatePower = sensor
  }
  context.currency = room.currency.code ?? 'EUR'
  fillBreachPrices(context, all, Object.keys(legacy).length > 0, room)
  return context
}

const withoutShadowed = (request: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(request).filter(([key]) => !key.endsWith('-price-sensor')))

/** `consumption-price-sensor: 5` says what `consumption-price: {"sensor": 5}` says, and cannot stand beside the new price fields. */
function legacyPrices(request: Record<string, unknown>, room: ReadingRoom): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const side of ['consumption', 'production']) {
    const old = `${side}-price-sensor`
    const sensor = request[old]
    if (sensor === undefined || sensor === null) continue
    if (request[`${side}-price`] !== undefined) refuse(room, [old], `Must pass either ${side}-price or ${side}-price-sensor.`)
    const mixed = Object.keys(request).some((key) => key !== `${side}-price` && (/-price$/.test(key) || key.startsWith('relax-')))
    if (mixed) refuse(room, [old], `Please switch to using \`${side}-price: {"sensor": ${String(sensor)}}\`.`)
    found[`${side}-price`] = { sensor }
  }
  return found
}

function fillBreachPrices(context: FlexContext, all: Record<string, unknown>, legacy: boolean, room: ReadingRoom): void {
  const umbrella = readFlag(all, 'relax-constraints', true, room)
  const soc = readFlag(all, 'relax-soc-constraints', undefined, room) ?? umbrella
  const site = readFlag(all, 'relax-site-capacity-constraints', undefined, room) ?? umbrella
  const capacity = readFlag(all, 'relax-capacity-constraints', false, room)
  if (legacy) return
  const fixed = (value: number): FlexValue => ({ kind: 'fixed', value })
  if (site) {
    context.siteConsumptionBreach ??= fixed(10_000)
    context.siteProductionBreach ??= fixed(10_000)
  }
  if (soc) {
    context.socMinimaBreach ??= fixed(1000)
    context.socMaximaBreach ??= fixed(1000)
  }
  if (capacity && !context.consumptionBreach && !context.productionBreach) {
    context.consumptionBreach = fixed(100)
    context.productionBreach = fixed(100)
  }
}

function readInflexible(all: Record<string, unknown>, room: ReadingRoom): FlexContext['inflexible'] {
  const found: FlexContext['inflexible'] = []
  const old = all['inflexible-device-sensors']
  if (old !== undefined && old !== null) {
    if (all['inflexible-consumption'] !== undefined || all['inflexible-production'] !== undefined)
      refuse(
        room,
        ['inflexible-device-sensors'],
        'Must pass either inflexible-device-sensors (deprecated) or inflexible-consumption/inflexible-production.',
      )
    if (!Array.isArray(old)) refuse(room, ['inflexible-device-sensors'], 'Not a valid list.')
    else
      old.forEach((id, index) => {
        const path = ['inflexible-device-sensors', String(index)]
        const value = readValue({ sensor: id }, path, { unit: 'kW' }, room)
        if (value?.kind === 'sensor') found.push({ value, sign: value.sensor.consumptionIsPositive ? 1 : -1 })
      })
  }
  const seen = new Set<number>()
  for (const [field, consumes] of [
    ['inflexible-consumption', true],
    ['inflexible-production', false],
  ] as const) {
    const list = all[field]
    if (list === undefined || list === null) continue
    if (!Array.isArray(list)) {
      refuse(room, [field], 'Not a valid list.')
      continue
    }
    list.forEach((item, index) => {
      const value = readValue(item, [field, String(index)], { unit: 'kW', segments: false }, room)
      if (value?.kind !== 'sensor') {
        if (value) refuse(room, [field, String(index)], 'Dictionary provided but `sensor` key not found.')
        return
      }
      const { id, consumptionIsPositive } = value.sensor
      if (seen.has(id))
        refuse(room, [field], `Sensor ${id} may only be listed once across inflexible-consumption and inflexible-production.`)
      seen.add(id)
      if (consumptionIsPositive !== undefined && consumptionIsPositive !== consumes)
        refuse(
          room,
          [field],
          `Sensor ${id} has \`consumption_is_positive=${consumptionIsPositive ? 'True' : 'False'}\`, which conflicts with the sign convention of the \`${field}\` field.`,
        )
      found.push({ value, sign: consumes ? 1 : -1 })
    })
  }
  return found
}

function readCommitments(raw: unknown, room: ReadingRoom): FlexCommitment[] {
  if (raw === undefined || raw === null) return []
  if (!Array.isArray(raw)) {
    refuse(room, ['commitments'], 'Invalid input type.')
    return []
  }
  return raw.flatMap((item, index) => readCommitment(item, ['commitments', String(index)], room) ?? [])
}

const COMMITMENT_KEYS = new Set(['name', 'baseline', 'up-price', 'down-price', 'sensors', 'group', 'commodity'])

function readCommitment(raw: unknown, path: string[], room: ReadingRoom): FlexCommitment | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return refuse(room, path, 'Invalid input type.')
  const item = raw as Record<string, unknown>
  for (const key of Object.keys(item)) if (!COMMITMENT_KEYS.has(key)) refuse(room, [...path, key], 'Unknown field.')
  const { name } = item
  if (name === undefined) refuse(room, [...path, 'name'], 'Missing data for required field.')
  else if (typeof name !== 'string') refuse(room, [...path, 'name'], 'Not a valid string.')
  else if (name === '') refuse(room, [...path, 'name'], 'Shorter than minimum length 1.')
  if (item['sensors'] !== undefined && item['group'] !== undefined)
    refuse(room, [...path, 'sensors'], "A commitment may be scoped by 'sensors' or by 'group', not both.")
  if (item['baseline'] === undefined) refuse(room, [...path, 'baseline'], 'A commitment requires a baseline.')
  if (item['up-price'] === undefined && item['down-price'] === undefined)
    refuse(room, [...path, 'up-price'], 'A commitment requires at least one deviation price (up-price and/or down-price).')
  const baseline = item['baseline'] === undefined ? undefined : readValue(item['baseline'], [...path, 'baseline'], { unit: 'kW' }, room)
  const price = (field: string) => {
    if (item[field] === undefined) return undefined
    // Read as energy price first, then as power price: the unit decides.
    const value = readValue(item[field], [...path, field], { unit: 'price per kW or kWh' }, room)
    return value && { value, perEnergy: perEnergy(item[field], value) }
  }
  const up = price('up-price')
  const down = price('down-price')
  if (typeof name !== 'string' || !baseline || (!up && !down)) return undefined
  return {
    name,
    baseline,
    upPerEnergy: up?.perEnergy ?? false,
    downPerEnergy: down?.perEnergy ?? false,
    ...(up ? { up: up.value } : {}),
    ...(down ? { down: down.value } : {}),
    ...(Array.isArray(item['sensors']) ? { sensors: item['sensors'] as number[] } : {}),
    ...(item['group'] === undefined ? {} : { group: item['group'] }),
  }
}

/** Whether a price as written is per energy ('EUR/kWh') rather than per power. */
function perEnergy(raw: unknown, value: FlexValue): boolean {
  if (value.kind === 'sensor') return value.toUnit.endsWith('kWh')
  const text = Array.isArray(raw) ? String((raw[0] as Record<string, unknown> | undefined)?.['value'] ?? '') : String(raw)
  return /h\s*$/.test(text)
}
