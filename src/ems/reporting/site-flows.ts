/** What flowed at a site, slot by slot: its plants, storages, chargers and loads, with prices and CO₂, for the ready reports. */
import { after, converter, currencyOf, type Instant, instant, MINUTE, measures, parseQuantity, say } from '#kernel'
import type { Store } from '#store'
import type { Beliefs } from '../belief.ts'
import { inheritedFlexContext } from '../flex-source.ts'
import { kindOf } from '../forecasting/kinds.ts'
import type { Sensor, Sensors } from '../sensors.ts'
import { findTerritory, siteOf } from '../territory.ts'
import { refuseReport } from './frame.ts'
import { SAYING } from './saying.ts'

export const SLOT = 15 * MINUTE
/** Of the power of an hour, what a slot is. */
export const HOURS = SLOT / (60 * MINUTE)
/** A ready report looks at so many slots: a year of quarter-hours. */
const MOST_SLOTS = 366 * 96 + 8

export interface SiteFlow {
  asset: number
  name: string
  /** Identity on its bus, of a device that is steered here. */
  device?: string
  kind: 'pv' | 'battery' | 'evse' | 'load'
  sensor: number
  nominalKw?: number
  /** Mean power a slot, kW, consumption positive; null where nothing was measured. */
  kw: (number | null)[]
}

export interface SiteFlows {
  asset: number
  zone: string
  start: Instant
  end: Instant
  slots: number
  flows: SiteFlow[]
}

export interface FlowParts {
  store: Store
  beliefs: Beliefs
  sensors: Sensors
}

const ESTIMATES = ['scheduler', 'forecaster', 'reporter']
const KINDS: Record<string, SiteFlow['kind']> = {
  solar: 'pv',
  wind: 'pv',
  battery: 'battery',
  'one-way_evse': 'evse',
  'two-way_evse': 'evse',
}

/** Measured flows of the site or of any asset with its children. @throws Problem `invalid-report` when nothing measures power there */
export async function siteFlows(parts: FlowParts, asset: number, start: Instant, end: Instant): Promise<SiteFlows> {
  const slots = Math.ceil((end - start) / SLOT)
  if (slots > MOST_SLOTS) throw refuseReport(say(SAYING.yearAtMost), say(SAYING.takeShorter))
  const [members, zone] = await membersOf(parts, asset)
  if (members.length === 0) throw refuseReport(say(SAYING.noFlows, { number: asset }), say(SAYING.addFlows))
  const flows = await Promise.all(
    members.map(async (member) => ({
      ...member,
      kw: await seriesOf(parts, member.sensor, { start, end, to: 'kW', sign: 'consumption-positive' }),
    })),
  )
  return { asset, zone, start, end, slots, flows }
}

type Member = Omit<SiteFlow, 'kw'>

async function membersOf(parts: FlowParts, asset: number): Promise<[Member[], string]> {
  const established = await findTerritory(parts.store)
  if (established?.site === asset) {
    const site = siteOf(established, { author: '', demandResponseLevels: [] })
    const members = site.devices.flatMap(({ asset: own, name, device, kind, power, nominal }): Member[] =>
      power === undefined || kind === 'vehicle' ? [] : [{ asset: own, name, device, kind, sensor: power, nominalKw: nominal / 1000 }],
    )
    return [members, site.zone]
  }
  return treeMembers(parts, asset)
}

interface Branch {
  id: number
  name: string
  type: string
  isLeaf: boolean
  model: Record<string, unknown>
}

/** One sensor of power for each asset of the tree: assets with children count only by the sensors the flex-context calls inflexible. */
async function treeMembers({ store, sensors }: FlowParts, root: number): Promise<[Member[], string]> {
  const branches = await store.query<Branch>(
    `with recursive tree as (
       select id, array[id] as path from generic_asset where id = $1
       union all select k.id, tree.path || k.id from generic_asset k join tree on k.parent_asset_id = tree.id
       where cardinality(tree.path) < 100 and k.id <> all(tree.path))
     select g.id, g.name, t.name as type, g.flex_model as model, not exists (select from generic_asset k where k.parent_asset_id = g.id) as "isLeaf"
     from tree join generic_asset g on g.id = tree.id join generic_asset_type t on t.id = g.generic_asset_type_id order by tree.path`,
    [root],
  )
  const context = await inheritedFlexContext(store, root)
  const named = [context['inflexible-device-sensors']?.value ?? []]
    .flat()
    .flatMap((one) => (typeof one === 'number' ? [one] : (refOf(one) ?? [])))
  const members: Member[] = []
  let zone: string | undefined
  for (const { id, name, type, isLeaf, model } of branches) {
    const { sensors: own } = await sensors.list({ asset: id })
    const flows = own.filter((sensor) => (measures(sensor.unit, 'power') || measures(sensor.unit, 'energy')) && sensor.resolution > 0)
    const inflexible = flows.filter((sensor) => named.includes(sensor.id))
    const powers = flows.filter(
      (sensor) => measures(sensor.unit, 'power') && !/capacity|limit|headroom|aggregate|setpoint|max|min/i.test(sensor.name),
    )
    const chosen = inflexible.length > 0 ? inflexible : isLeaf ? preferred(powers) : []
    zone ??= own[0]?.timezone
    for (const sensor of chosen) {
      const nominal = quantity(model['power-capacity'])
      members.push({
        asset: id,
        name,
        kind: KINDS[type] ?? 'load',
        sensor: sensor.id,
        ...(nominal !== undefined && { nominalKw: nominal }),
      })
    }
  }
  return [members, zone ?? 'UTC']
}

const refOf = (value: unknown): number | undefined =>
  typeof value === 'object' && value !== null && 'sensor' in value && typeof value.sensor === 'number' ? value.sensor : undefined

const preferred = (powers: Sensor[]): Sensor[] => {
  const [first] = powers
  const best = powers.find(({ name }) => /^(electricity-)?power$/i.test(name)) ?? first
  return best ? [best] : []
}

const quantity = (value: unknown): number | undefined => {
  if (typeof value !== 'string') return undefined
  const { value: amount, unit } = parseQuantity(value)
  return unit === 'kVA' ? amount : measures(unit, 'power') ? converter(unit, 'kW')(amount) : undefined
}

/** Values per slot in a unit, as measured or told: no forecasts and plans. */
export async function seriesOf(
  { beliefs, sensors }: Pick<FlowParts, 'beliefs' | 'sensors'>,
  id: number,
  { start, end, to, sign }: { start: Instant; end: Instant; to: string; sign?: 'consumption-positive' },
): Promise<(number | null)[]> {
  const sensor = await sensors.need(id)
  const values = await beliefs.series({
    ...{ sensor: id, from: start, until: end, step: SLOT, excludeSourceTypes: ESTIMATES },
    ...(sign && { sign }),
  })
  const turn = converter(sensor.unit, to, sensor.resolution || undefined)
  return values.map((value) => (value === null ? null : turn(value)))
}

export interface Prices {
  currency: string
  /** Per MWh. */
  consumption: (number | null)[]
  production: (number | null)[]
  note: string
}

/** Prices of the site, from its territory or its flex-context. @throws Problem `invalid-report` when it has none */
export async function pricesOf(parts: FlowParts, asset: number, start: Instant, end: Instant): Promise<Prices> {
  const established = await findTerritory(parts.store)
  const context = await inheritedFlexContext(parts.store, asset)
  const consumption = context['consumption-price']?.value
  const production = context['production-price']?.value
  if (consumption === undefined && production === undefined)
    throw refuseReport(say(SAYING.noPrice, { number: asset }), say(SAYING.addPrice, { sensor: '{"sensor": 12}' }))
  const slots = Math.ceil((end - start) / SLOT)
  const read = async (value: unknown): Promise<{ currency: string; values: (number | null)[] }> => {
    const id = refOf(value)
    if (id !== undefined) {
      const { unit } = await parts.sensors.need(id)
      const currency = currencyOf(unit) ?? 'EUR'
      return { currency, values: await seriesOf(parts, id, { start, end, to: `${currency}/MWh` }) }
    }
    if (typeof value === 'string') {
      const { value: amount, unit } = parseQuantity(value)
      const currency = currencyOf(unit) ?? 'EUR'
      return { currency, values: new Array<number>(slots).fill(converter(unit, `${currency}/MWh`)(amount)) }
    }
    throw refuseReport(say(SAYING.priceForm), say(SAYING.writePrice, { sensor: '{"sensor": 12}', quantity: "'0.21 EUR/kWh'" }))
  }
  const bought = await read(consumption ?? production)
  if (production !== undefined) {
    const sold = await read(production)
    if (sold.currency !== bought.currency) throw refuseReport(say(SAYING.twoCurrencies, { one: bought.currency, other: sold.currency }))
    return {
      currency: bought.currency,
      consumption: bought.values,
      production: sold.values,
      note: say(SAYING.productionPrice),
    }
  }
  const share = established?.site === asset ? siteOf(established, { author: '', demandResponseLevels: [] }).productionPriceShare : 1
  return {
    currency: bought.currency,
    consumption: bought.values,
    production: bought.values.map((price) => (price === null ? null : price * share)),
    note: share === 1 ? say(SAYING.samePrice) : say(SAYING.partOfPrice, { share: `${share * 100} %` }),
  }
}

/** Kilograms of CO₂ per MWh of the grid. @throws Problem `invalid-report` when no sensor tells it */
export async function intensityOf(
  parts: FlowParts,
  asset: number,
  account: number | null,
  start: Instant,
  end: Instant,
): Promise<(number | null)[]> {
  const under = await parts.sensors.list({ under: asset })
  const open = await parts.sensors.list({ accounts: account === null ? [null] : [account, null] })
  const found = [...under.sensors, ...open.sensors].find((sensor) => kindOf(sensor) === 'co2')
  if (!found) throw refuseReport(say(SAYING.noCarbon), say(SAYING.addCarbon))
  const unit = found.unit.replace(/\s|CO2(e|eq)?/gi, '')
  const values = await parts.beliefs.series({ sensor: found.id, from: start, until: end, step: SLOT, excludeSourceTypes: ESTIMATES })
  const turn = converter(unit, 'kg/MWh')
  return values.map((value) => (value === null ? null : turn(value)))
}

/** Net power of the site a slot, kW; null where a flow that has data elsewhere lacks it. */
export function netOf(
  { slots, flows }: SiteFlows,
  of: (flow: SiteFlow) => readonly (number | null)[] = (flow) => flow.kw,
): (number | null)[] {
  const counted = flows.filter((flow) => of(flow).some((value) => value !== null))
  return Array.from({ length: slots }, (_, slot) => {
    let sum = 0
    for (const flow of counted) {
      const value = of(flow)[slot] ?? null
      if (value === null) return null
      sum += value
    }
    return counted.length === 0 ? null : sum
  })
}

export const slotStart = ({ start }: Pick<SiteFlows, 'start'>, slot: number): Instant => instant(after(start, slot * SLOT))
