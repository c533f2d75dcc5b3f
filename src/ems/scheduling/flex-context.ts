/**
 * The flex-context of a site: prices, capacities, what breaking them costs, profiles nobody decides, commitments; for electricity and for every
 * other commodity. Validation and defaults only.
 */

import type { FlexCommitment } from './flex-commitment.ts'
import { readCommitments } from './flex-commitment.ts'
import { type ContextExtra, readContextExtra } from './flex-extra.ts'
import { COMMODITY_FIELDS, FLEX_CONTEXT_FIELDS } from './flex-fields.ts'
import { type Profile, readFlag, readOutput, readProfile, signConflict } from './flex-parts.ts'
import { type FieldKind, type FlexValue, type ReadingRoom, readSensorId, readValue, refuse } from './flex-value.ts'
import type { SensorFacts } from './series-source.ts'

/** What is said about one commodity. Power in kW, prices in whole currency per kWh or kW. */
export interface CommodityContext {
  commodity: string
  consumptionPrice?: FlexValue
  productionPrice?: FlexValue
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
  /** Profiles that are not decided here; `sign` turns stored values consumption-positive, undefined = as the sensor says. */
  inflexible: { value: Profile; sign: 1 | -1 }[]
  commitments: FlexCommitment[]
  aggregateConsumption?: SensorFacts
  aggregateProduction?: SensorFacts
  /** Neither bought nor sold: what is produced is consumed. */
  isNode: boolean
}

export interface FlexContext extends CommodityContext {
  currency: string
  /** What is asked for beyond FlexMeasures. */
  extra?: ContextExtra
  aggregatePower?: SensorFacts
  /** Contexts of commodities as listed; the fields above count for electricity when it is not listed. */
  commodities: CommodityContext[]
  /** Relaxing wishes about stock is off (never overridden for off-tick wishes). */
  socRelaxing: 'asked' | 'off' | 'refused'
}

/** Which rules of relaxing hold: those of FlexMeasures 1.0, or of 0.33. */
export type Dialect = '1.0' | '0.33'

const POWER: FieldKind = { unit: 'kW', min: 0 }
const ENERGY_PRICE: FieldKind = { unit: 'price per kWh' }
const POWER_PRICE: FieldKind = { unit: 'price per kW', min: 0 }
const ENERGY_BREACH: FieldKind = { unit: 'price per kWh', min: 0 }

/** field → [key, kind], in the order in which prices set the common currency. */
const VALUES = [
  ['consumption-price', 'consumptionPrice', ENERGY_PRICE],
  ['production-price', 'productionPrice', ENERGY_PRICE],
  ['site-power-capacity', 'sitePower', POWER],
  ['site-consumption-capacity', 'siteConsumption', POWER],
  ['site-production-capacity', 'siteProduction', POWER],
  ['site-consumption-breach-price', 'siteConsumptionBreach', POWER_PRICE],
  ['site-production-breach-price', 'siteProductionBreach', POWER_PRICE],
  ['site-peak-consumption', 'peakConsumption', POWER],
  ['site-peak-consumption-price', 'peakConsumptionPrice', POWER_PRICE],
  ['site-peak-production', 'peakProduction', POWER],
  ['site-peak-production-price', 'peakProductionPrice', POWER_PRICE],
  ['consumption-breach-price', 'consumptionBreach', POWER_PRICE],
  ['production-breach-price', 'productionBreach', POWER_PRICE],
  ['soc-minima-breach-price', 'socMinimaBreach', ENERGY_BREACH],
  ['soc-maxima-breach-price', 'socMaximaBreach', ENERGY_BREACH],
] as const
const KNOWN = new Set(FLEX_CONTEXT_FIELDS.map(({ name }) => name))
const KNOWN_OF_COMMODITY = new Set(['commodity', ...COMMODITY_FIELDS.map(({ name }) => name)])
const INFLEXIBLE = ['inflexible-device-sensors', 'inflexible-consumption', 'inflexible-production']

/**
 * Reads a flex-context. `stored` is the one kept on the site's assets (nearest first); the request counts field by field before it.
 * Defaults of FlexMeasures are filled in: breach prices 10,000 per kW of site capacity and 1,000 per kWh of stock unless relaxing was
 * switched off or a deprecated price-sensor key is used.
 */
export function readFlexContext(
  request: Record<string, unknown>,
  stored: Record<string, unknown>,
  room: ReadingRoom,
  dialect: Dialect = '1.0',
): FlexContext {
  for (const key of Object.keys(request)) if (!KNOWN.has(key)) refuse(room, [key], 'Unknown field.')
  const kept = { ...stored }
  if (INFLEXIBLE.some((field) => request[field] !== undefined)) for (const field of INFLEXIBLE) delete kept[field]
  const all: Record<string, unknown> = { ...kept, ...request }
  const legacy = legacyPrices(all, room)
  if (all['commodity'] !== undefined && all['commodity'] !== 'electricity')
    refuse(
      room,
      ['commodity'],
      "The top-level flex-context dict only supports the 'electricity' commodity. Use the `commodities` list to define other commodities.",
    )
  const listed = readCommodities(all['commodities'], room)
  const own = readCommodity({ ...all, ...legacy.prices }, 'electricity', [], room)
  const context: FlexContext = { ...own, currency: 'EUR', commodities: listed.contexts, socRelaxing: 'off' }
  if (room.currency.code !== undefined && listed.currency !== undefined && listed.currency !== room.currency.code)
    refuse(
      room,
      ['commodities'],
      `all prices in the flex-context must share the same currency unit (found both '${room.currency.code}' at the top level and '${listed.currency}' in a commodity context)`,
    )
  if (listed.currency !== undefined) room.currency.code ??= listed.currency
  const extra = readContextExtra(all, room)
  if (extra) context.extra = extra
  const power = all['aggregate-power']
  if (power !== undefined && power !== null) {
    const sensor = readAggregatePower(power, room)
    if (sensor) context.aggregatePower = sensor
  }
  context.currency = room.currency.code ?? 'EUR'
  fillBreachPrices(context, all, legacy.isUsed, room, dialect)
  return context
}

function readCommodity(all: Record<string, unknown>, commodity: string, path: string[], room: ReadingRoom): CommodityContext {
  const context: CommodityContext = {
    commodity,
    inflexible: readInflexible(all, path, room),
    commitments: [],
    isNode: false,
  }
  for (const [field, key, kind] of VALUES) {
    const raw = all[field]
    if (raw === undefined || raw === null) continue
    if (room.storing && path.length === 0 && kind === ENERGY_PRICE && typeof raw !== 'object') {
      refuse(room, [...path, field], `Fixed prices are not currently supported for ${field} in flex-context fields in the DB.`)
      continue
    }
    const value = readValue(raw, [...path, field], kind, room)
    if (value) context[key] = value
  }
  context.commitments = readCommitments(all['commitments'], [...path, 'commitments'], room)
  for (const [field, key] of [
    ['aggregate-consumption', 'aggregateConsumption'],
    ['aggregate-production', 'aggregateProduction'],
  ] as const) {
    const sensor = readOutput(all[field], [...path, field], room)
    if (sensor) context[key] = sensor
  }
  return context
}

/** Contexts of commodities, each once, with what their silence means; and the currency they share. */
function readCommodities(raw: unknown, room: ReadingRoom): { contexts: CommodityContext[]; currency?: string | undefined } {
  if (raw === undefined || raw === null) return { contexts: [] }
  const field = 'commodities'
  if (!Array.isArray(raw)) {
    refuse(room, [field], 'Invalid input type.')
    return { contexts: [] }
  }
  const currencies: string[] = []
  const contexts = raw.flatMap((item, index): CommodityContext[] => {
    const path = [field, String(index)]
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      refuse(room, path, 'Invalid input type.')
      return []
    }
    const given = item as Record<string, unknown>
    for (const key of Object.keys(given)) if (!KNOWN_OF_COMMODITY.has(key)) refuse(room, [...path, key], 'Unknown field.')
    const name = given['commodity'] ?? 'electricity'
    if (typeof name !== 'string' || name.trim() === '') {
      refuse(room, [...path, 'commodity'], 'Not a valid string.')
      return []
    }
    const inner: ReadingRoom = { ...room, currency: {} }
    const context = readCommodity(given, name, path, inner)
    if (inner.currency.code !== undefined) currencies.push(inner.currency.code)
    fillConnection(context, given, path, room)
    return [context]
  })
  const other = currencies.find((currency) => currency !== currencies[0])
  if (other !== undefined)
    refuse(room, [field], `all prices in the flex-context must share the same currency unit (found both '${currencies[0]}' and '${other}')`)
  const names = contexts.map(({ commodity }) => commodity)
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))].sort()
  if (twice.length > 0)
    refuse(
      room,
      [field],
      `Each commodity may only be listed once in \`commodities\`. Duplicate(s): [${twice.map((name) => `'${name}'`).join(', ')}].`,
    )
  return { contexts, currency: currencies[0] }
}

const fixed = (value: number): FlexValue => ({ kind: 'fixed', value })

/**
 * A price means a connection of that direction without limit; a capacity means a price of 0; what nothing speaks of is no connection
 * (capacity 0, soft); the whole capacity alone holds both ways. Nothing at all: a node.
 */
function fillConnection(context: CommodityContext, given: Record<string, unknown>, path: string[], room: ReadingRoom): void {
  const has = (field: string) => given[field] !== undefined && given[field] !== null
  const price = { consumption: has('consumption-price'), production: has('production-price') }
  const capacity = { consumption: has('site-consumption-capacity'), production: has('site-production-capacity') }
  const power = has('site-power-capacity')
  const directional = price.consumption || price.production || capacity.consumption || capacity.production
  context.isNode = !directional && !power
  if (power && !directional) {
    if (context.sitePower) context.siteConsumption = context.siteProduction = context.sitePower
    context.consumptionPrice = context.productionPrice = fixed(0)
    return
  }
  const umbrella = readFlag(given, 'relax-constraints', true, room, path)
  const isSoft = readFlag(given, 'relax-site-capacity-constraints', undefined, room, path) ?? umbrella
  for (const [side, cap, breach, cost] of [
    ['consumption', 'siteConsumption', 'siteConsumptionBreach', 'consumptionPrice'],
    ['production', 'siteProduction', 'siteProductionBreach', 'productionPrice'],
  ] as const) {
    if (!price[side] && !capacity[side]) {
      context[cap] = fixed(0)
      if (isSoft) context[breach] ??= fixed(10_000)
    }
    if (capacity[side] && !price[side]) context[cost] = fixed(0)
  }
  context.consumptionPrice ??= fixed(0)
}

const NEW_PRICES = [
  'soc-minima-breach-price',
  'soc-maxima-breach-price',
  'site-consumption-breach-price',
  'site-production-breach-price',
  'site-peak-consumption-price',
  'site-peak-production-price',
  'relax-constraints',
  'relax-soc-constraints',
  'relax-capacity-constraints',
  'relax-site-capacity-constraints',
  'consumption-breach-price',
  'production-breach-price',
]

/** `consumption-price-sensor: 5` says what `consumption-price: {"sensor": 5}` says, and cannot stand beside newer price fields. */
function legacyPrices(all: Record<string, unknown>, room: ReadingRoom): { isUsed: boolean; prices: Record<string, unknown> } {
  const prices: Record<string, unknown> = {}
  let isUsed = false
  for (const side of ['consumption', 'production']) {
    const old = `${side}-price-sensor`
    const sensor = all[old]
    if (sensor === undefined || sensor === null) continue
    isUsed = true
    if (all[`${side}-price`] !== undefined) refuse(room, ['_schema'], `Must pass either ${side}-price or ${side}-price-sensor.`)
    if (NEW_PRICES.some((field) => all[field] !== undefined && all[field] !== null && all[field] !== false))
      refuse(room, ['_schema'], `Please switch to using \`${side}-price: {"sensor": ${String(sensor)}}\`.`)
    if (readSensorId(sensor, [old], room)) prices[`${side}-price`] = { sensor }
  }
  return { isUsed, prices }
}

function fillBreachPrices(context: FlexContext, all: Record<string, unknown>, legacy: boolean, room: ReadingRoom, dialect: Dialect): void {
  const old = dialect === '0.33'
  const umbrella = readFlag(all, 'relax-constraints', !old, room)
  const own = readFlag(all, 'relax-soc-constraints', undefined, room)
  const soc = old ? umbrella || own === true : (own ?? umbrella)
  const ownSite = readFlag(all, 'relax-site-capacity-constraints', undefined, room)
  const site = old ? umbrella || ownSite === true : (ownSite ?? umbrella)
  const capacity = readFlag(all, 'relax-capacity-constraints', false, room) || (old && umbrella)
  const isPriced = context.socMinimaBreach !== undefined || context.socMaximaBreach !== undefined
  context.socRelaxing = isPriced || soc ? 'asked' : own === false ? 'refused' : 'off'
  if (legacy) return
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

function readInflexible(all: Record<string, unknown>, path: string[], room: ReadingRoom): CommodityContext['inflexible'] {
  const found: CommodityContext['inflexible'] = []
  const old = all['inflexible-device-sensors']
  if (old !== undefined && old !== null) {
    const field = [...path, 'inflexible-device-sensors']
    if (all['inflexible-consumption'] !== undefined || all['inflexible-production'] !== undefined)
      refuse(room, field, 'Must pass either inflexible-device-sensors (deprecated) or inflexible-consumption/inflexible-production.')
    if (!Array.isArray(old)) refuse(room, field, 'Not a valid list.')
    else
      old.forEach((id, index) => {
        const value = readValue({ sensor: id }, [...field, String(index)], { unit: 'kW' }, room)
        if (value?.kind === 'sensor') found.push({ value, sign: value.sensor.consumptionIsPositive ? 1 : -1 })
      })
  }
  const seen = new Set<number>()
  for (const [name, consumes] of [
    ['inflexible-consumption', true],
    ['inflexible-production', false],
  ] as const) {
    const list = all[name]
    const field = [...path, name]
    if (list === undefined || list === null) continue
    if (!Array.isArray(list)) {
      refuse(room, field, 'Not a valid list.')
      continue
    }
    list.forEach((item, index) => {
      const value = readProfile(item, [...field, String(index)], room)
      if (!value) return
      const { id, consumptionIsPositive } = value.sensor
      if (seen.has(id)) refuse(room, field, `Sensor ${id} may only be listed once across inflexible-consumption and inflexible-production.`)
      seen.add(id)
      if (consumptionIsPositive !== undefined && consumptionIsPositive !== consumes) refuse(room, field, signConflict(value.sensor, name))
      found.push({ value, sign: consumes ? 1 : -1 })
    })
  }
  return found
}

/** The deprecated aggregate: a sensor reference without filters, or its id. */
function readAggregatePower(raw: unknown, room: ReadingRoom): SensorFacts | undefined {
  const field = ['aggregate-power']
  if (Array.isArray(raw) || typeof raw === 'string') return refuse(room, field, 'The `aggregate-power` field can only be a Sensor.')
  if (typeof raw !== 'object') return readSensorId(raw, field, room)
  const { sensor, ...more } = raw as Record<string, unknown>
  if (Object.keys(more).length > 0) return refuse(room, field, 'The `aggregate-power` field cannot use source filters.')
  const value = readValue({ sensor }, field, { unit: 'kW' }, room)
  return value?.kind === 'sensor' ? value.sensor : undefined
}
