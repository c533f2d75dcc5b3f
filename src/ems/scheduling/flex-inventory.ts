/**
 * What a flex-model holds, sorted once: devices to plan, stocks they fill (shared when they name the same state-of-charge sensor), groups with
 * limits on a sum, profiles that are given. Order and numbers are those of FlexMeasures: costs carry them in their names.
 */
import { Problem } from '#kernel'
import type { CommodityContext, FlexContext } from './flex-context.ts'
import { type FlexDevice, powerSensorOf } from './flex-model.ts'
import { type GroupKey, groupLabel, type Profile } from './flex-parts.ts'
import type { RefusalBook } from './refusal.ts'

export interface FlexStock {
  /** Id of the state-of-charge sensor; negative for a stock of its own. */
  key: number
  /** The entry that says what the stock may hold: a device, or an entry for the stock alone. */
  owner?: FlexDevice
  /** Devices by number. */
  members: number[]
}

export interface FlexGroup {
  key: GroupKey
  entry: FlexDevice
}

export interface FlexProfile {
  commodity: string
  value: Profile
  sign: 1 | -1
  group?: GroupKey
}

export interface Inventory {
  devices: FlexDevice[]
  stocks: FlexStock[]
  groups: FlexGroup[]
  profiles: FlexProfile[]
  /** Groups that entries name. */
  named: GroupKey[]
}

/** What makes an entry the owner of its stock. */
const OF_STOCK = ['socAtStart', 'socMin', 'socMax', 'socTargets', 'socMinima', 'socMaxima'] as const
const sayStock = (key: number) =>
  `Multiple flex-model entries define state-of-charge parameters for the same stock (state-of-charge sensor ${key}). Please define them on a single entry.`

/**
 * Sorts the entries. A stock that two entries describe is refused in the book.
 * @throws Problem `bad-flex-model` (422): a group entry that also names a power sensor, a group or profile in the flex-model of one sensor
 */
export function inventoryOf(
  entries: FlexDevice[],
  context: FlexContext,
  {
    refusals,
    single,
    apart,
  }: { refusals: RefusalBook; single: boolean /** Every device has a stock of its own (0.33). */; apart: boolean },
): Inventory {
  const named = entries.flatMap((entry) => entry.group ?? [])
  if (single && named.length > 0) throw badModel("The 'group' field is only supported in multi-device flex-models.")
  const inventory: Inventory = { devices: [], stocks: [], groups: [], profiles: [], named }
  const isNamed = (key: GroupKey) => named.some((other) => sameGroup(other, key))
  let own = -entries.length
  const describe = (key: number, entry: FlexDevice) => {
    const stock = stockOf(inventory, key)
    if (stock.owner) refusals.add([], sayStock(key))
    else stock.owner = entry
  }
  for (const entry of entries) {
    const group = groupOf(entry, isNamed)
    if (group) inventory.groups.push({ key: group, entry })
    else if (entry.inflexible) {
      if (single)
        throw badModel("The 'inflexible-consumption'/'inflexible-production' fields are only supported in multi-device flex-models.")
      const { commodity } = entry
      inventory.profiles.push({ commodity, ...entry.inflexible, ...(entry.group && { group: entry.group }) })
    } else {
      const shared = entry.stateOfCharge?.kind === 'sensor' && !apart ? entry.stateOfCharge.sensor.id : undefined
      const key = shared ?? own++
      if (!single && !powerSensorOf(entry) && entry.stateOfCharge) {
        describe(key, entry)
        continue
      }
      const index = inventory.devices.push(entry) - 1
      stockOf(inventory, key).members.push(index)
      if (shared === undefined || OF_STOCK.some((field) => entry[field] !== undefined)) describe(key, entry)
    }
  }
  for (const one of [context, ...context.commodities] as CommodityContext[])
    for (const { value, sign } of one.inflexible) inventory.profiles.push({ commodity: one.commodity, value, sign })
  inventory.stocks = inventory.stocks.filter(({ members }) => members.length > 0)
  return inventory
}

const badModel = (message: string) =>
  new Problem('bad-flex-model', message, {
    status: 422,
    hint: 'Correct the flex-model.',
    details: { exception: 'ValueError' },
  })

function stockOf({ stocks }: Inventory, key: number): FlexStock {
  const known = stocks.find((stock) => stock.key === key)
  if (known) return known
  const stock: FlexStock = { key, members: [] }
  stocks.push(stock)
  return stock
}

const sameGroup = (a: GroupKey, b: GroupKey): boolean => groupLabel(a) === groupLabel(b)

/** The group an entry is, when others name it as theirs. */
function groupOf(entry: FlexDevice, isNamed: (key: GroupKey) => boolean): GroupKey | undefined {
  if (entry.sensor && isNamed({ sensor: entry.sensor.id })) return { sensor: entry.sensor.id }
  if (!entry.namesAsset || entry.asset === undefined || !isNamed({ asset: entry.asset })) return undefined
  if (entry.sensor)
    throw badModel(
      `Group entry for asset ${entry.asset} is referenced by asset, but also carries a 'sensor' field; an asset-referenced group entry must not define its own power sensor.`,
    )
  return { asset: entry.asset }
}

/** Members of a group with those of the groups in it: devices and profiles by number. */
export interface GroupMembers {
  group: FlexGroup
  devices: number[]
  profiles: number[]
}

const ONLY_OF_DEVICES = [
  ['socAtStart', 'soc_at_start'],
  ['socMin', 'soc_min'],
  ['socMax', 'soc_max'],
  ['socMinima', 'soc_minima'],
  ['socMaxima', 'soc_maxima'],
  ['socTargets', 'soc_targets'],
  ['socGain', 'soc_gain'],
  ['socUsage', 'soc_usage'],
  ['stateOfCharge', 'state_of_charge'],
  ['storageEfficiency', 'storage_efficiency'],
  ['chargingEfficiency', 'charging_efficiency'],
  ['dischargingEfficiency', 'discharging_efficiency'],
  ['roundtripEfficiency', 'roundtrip_efficiency'],
] as const

/**
 * Every group with its members.
 * @throws Problem `bad-flex-model` for groups nobody describes, that describe nothing, hold nobody, mix commodities, or hold themselves
 */
export function groupsOf(inventory: Inventory): GroupMembers[] {
  const missing = inventory.named.filter((key) => !inventory.groups.some((group) => sameGroup(group.key, key)))
  if (missing.length > 0) {
    const labels = [...new Set(missing.map((key) => `'${groupLabel(key, ' ')}'`))].sort().join(', ')
    throw badModel(
      `The 'group' field references [${labels}], but no flex-model entry was found for it. Add a flex-model entry for the group, carrying the group's power-capacity, consumption-capacity and/or production-capacity.`,
    )
  }
  for (const { key, entry } of inventory.groups) {
    const label = groupLabel(key, ' ')
    const wrong = ONLY_OF_DEVICES.filter(([field]) => {
      const value = entry[field]
      return Array.isArray(value) ? value.length > 0 : value !== undefined
    }).map(([, name]) => `'${name}'`)
    if (wrong.length > 0)
      throw badModel(
        `Group entry for ${label} carries device-only field(s) [${wrong.join(', ')}], which is not allowed: group entries only describe constraints on the group's aggregate power.`,
      )
    if (!entry.powerCapacity && !entry.consumptionCapacity && !entry.productionCapacity)
      throw badModel(
        `Group entry for ${label} defines none of 'power-capacity', 'consumption-capacity' or 'production-capacity'; such an entry has no effect.`,
      )
  }
  return inventory.groups.map((group) => {
    const members = membersOf(inventory, group.key, [])
    const label = groupLabel(group.key, ' ')
    if (members.devices.length + members.profiles.length === 0)
      throw badModel(`The 'group' field references ${label}, but no device in the flex-model belongs to that group.`)
    const commodities = commoditiesOf(inventory, members)
    if (commodities.length > 1)
      throw badModel(
        `All member devices of group ${label} must share the same commodity; found [${commodities.map((name) => `'${name}'`).join(', ')}].`,
      )
    return { group, ...members }
  })
}

/** Commodities of devices and profiles, each once, sorted. */
export const commoditiesOf = (inventory: Inventory, { devices, profiles }: { devices: number[]; profiles: number[] }): string[] =>
  [
    ...new Set([
      ...devices.map((index) => inventory.devices[index]!.commodity),
      ...profiles.map((index) => inventory.profiles[index]!.commodity),
    ]),
  ].sort()

function membersOf(inventory: Inventory, key: GroupKey, path: GroupKey[]): { devices: number[]; profiles: number[] } {
  if (path.some((other) => sameGroup(other, key)))
    throw badModel(`Cyclic 'group' reference detected involving group ${groupLabel(key, ' ')}.`)
  const isHere = (one: { group?: GroupKey }) => one.group !== undefined && sameGroup(one.group, key)
  const devices = new Set(inventory.devices.flatMap((device, index) => (isHere(device) ? [index] : [])))
  const profiles = new Set(inventory.profiles.flatMap((profile, index) => (isHere(profile) ? [index] : [])))
  for (const other of inventory.groups) {
    if (!isHere(other.entry) || sameGroup(other.key, key)) continue
    const inner = membersOf(inventory, other.key, [...path, key])
    for (const index of inner.devices) devices.add(index)
    for (const index of inner.profiles) profiles.add(index)
  }
  return { devices: [...devices].sort((a, b) => a - b), profiles: [...profiles].sort((a, b) => a - b) }
}
