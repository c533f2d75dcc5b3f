/** From a read request to a scheduling problem: beliefs become numbers, defaults and precedence rules become bounds and commitments. */
import type { Instant } from '#kernel'
import { demandPossible } from './flex-check.ts'
import type { FlexCommitment } from './flex-commitment.ts'
import { type DeviceNumbers, deviceNumbers } from './flex-device.ts'
import { commoditiesOf, type GroupMembers, groupsOf } from './flex-inventory.ts'
import { powerSensorOf } from './flex-model.ts'
import { groupLabel } from './flex-parts.ts'
import { type FlexReading, least, negative, remembering, times, valueError } from './flex-reading.ts'
import { type FlexPlan, momentOf } from './flex-request.ts'
import { perStep } from './flex-series.ts'
import { breaches, type CommodityMembers, commoditiesIn, type SiteNumbers, siteNumbers } from './flex-site.ts'
import { type StockNumbers, stockNumbers, type WishName } from './flex-stock.ts'
import type { FlexValue } from './flex-value.ts'
import type { Commitment, Coupling, Flow, SchedulingProblem, Stock } from './problem.ts'
import type { SeriesSource } from './series-source.ts'
import { fullSooner } from './tie-break.ts'

/** A wish about a stock, as asked for: to be compared with what the plan gives. */
export interface StockWishSeries {
  /** First device of the stock. */
  device: number
  name: WishName
  /** kWh per tick; NaN = none. */
  wanted: Float64Array
}

export interface FlexProblem {
  problem: SchedulingProblem
  wishes: StockWishSeries[]
  /** Per device; of the others of a shared stock undefined. */
  socAtStart: (number | undefined)[]
  /** kWh, for outputs in %; per device. */
  socMax: (number | undefined)[]
  /** Flow of each commodity and of each group, by index. */
  commodities: { members: CommodityMembers; flow: number }[]
  groups: { members: GroupMembers; flow: number }[]
}

/**
 * Gathers the numbers and writes the problem. `relax` turns hard stock and site limits into dear wishes.
 * @throws Problem `unknown-prices`, `no-soc`, `no-power-capacity`, `bad-flex-model`, `bad-flex-context`, `impossible-limits`
 */
export async function flexProblem(plan: FlexPlan, given: SeriesSource, relax = false): Promise<FlexProblem> {
  const { steps, inventory } = plan
  const source = remembering(given)
  const reading: FlexReading = {
    plan,
    beholder: { source, steps, prior: plan.request.prior },
    hours: steps.step / 3_600_000,
    steps: steps.count,
    relax,
  }
  const groups = groupsOf(inventory)
  const members = commoditiesIn(plan)
  const [profiles, devices, customs] = await Promise.all([
    Promise.all(inventory.profiles.map(({ value, sign }) => profileOf(value, sign, reading))),
    Promise.all(plan.devices.map((device) => deviceNumbers(device, reading))),
    Promise.all(customsOf(plan).map((commitment) => customNumbers(commitment, reading))),
  ])
  const sum = (indices: readonly number[]): Float64Array => {
    const total = new Float64Array(steps.count)
    for (const index of indices) for (let step = 0; step < total.length; step++) total[step]! += profiles[index]![step]!
    return total
  }
  const [sites, stocks, groupSides] = await Promise.all([
    Promise.all(members.map((one) => siteNumbers(one, sum(one.profiles), reading))),
    Promise.all(inventory.stocks.map((stock) => stockNumbers(stock, devices[stock.members[0]!]!, reading))),
    Promise.all(groups.map((group) => groupNumbers(group, reading))),
  ])
  if (!relax) demandPossible(plan, devices, stocks)
  const builder = problemBuilder(reading)
  const commodities = members.map((one, index) => ({ members: one, flow: builder.addSite(sites[index]!) }))
  const priced = sites.find(({ price }) => price)
  if (!priced && members.length > 0)
    throw valueError('bad-flex-context', 'No commodity prices were available.', 'Give a price for one commodity at least.')
  devices.forEach((device, index) => {
    builder.addDevice(device, index)
  })
  inventory.stocks.forEach((stock, index) => {
    builder.addStock(stock.members, stocks[index]!, priced?.price ?? new Float64Array(steps.count))
  })
  const groupFlows = groups.map((group, index) => ({
    members: group,
    flow: builder.addGroup(group, sum(group.profiles), groupSides[index]!),
  }))
  builder.addCouplings()
  customs.forEach((custom) => {
    builder.addCustom(custom, sum)
  })
  return { ...builder.built(), commodities, groups: groupFlows }
}

const GROUP_BREACH = 10_000

/** Puts numbers together: devices, stocks, flows and commitments in the order and under the names of FlexMeasures. */
function problemBuilder({ plan, hours, steps }: FlexReading) {
  const problem: SchedulingProblem = { steps, hours, devices: [], stocks: [], flows: [], commitments: [] }
  const wishes: StockWishSeries[] = []
  const socAtStart: (number | undefined)[] = plan.devices.map(() => undefined)
  const socMax: (number | undefined)[] = plan.devices.map(() => undefined)
  const customs: Commitment[] = []
  const flowOf = (flow: Flow): number => problem.flows.push(flow) - 1
  const commit = (on: Commitment['on'], commitments: Omit<Commitment, 'on'>[]) => {
    for (const commitment of commitments) problem.commitments.push({ ...commitment, on })
  }
  return {
    addSite({ flow, commitments }: SiteNumbers): number {
      const index = flowOf(flow)
      commit({ flow: index }, commitments)
      return index
    },
    addDevice({ device, soft }: DeviceNumbers, index: number): void {
      problem.devices.push(device)
      for (const { side, cap, price } of soft) {
        const flow = flowOf({ name: device.name, role: 'device', devices: [index] })
        commit({ flow }, breaches('', side, cap, price, hours, ` device ${index}`))
      }
    },
    addStock(members: number[], numbers: StockNumbers, price: Float64Array): void {
      const lead = members[0]!
      socMax[lead] = numbers.most
      if (numbers.start === undefined) return
      socAtStart[lead] = numbers.start
      const index = problem.stocks.push(stockFrom(problem.devices[lead]!.name, numbers)) - 1
      for (const member of members) problem.devices[member]!.stock = index
      for (const { name, wanted } of numbers.wishes) wishes.push({ device: lead, name, wanted })
      for (const { label, wanted, side, price: each } of numbers.soft) {
        const signed = side === 'up' ? each : negative(each)
        const quantity = wanted
        commit({ stock: index }, [
          { name: `any ${label}`, grouping: 'any', quantity, [side]: times(signed, 1 / hours) },
          { name: `all ${label}`, grouping: 'each', quantity, [side]: signed },
        ])
      }
      const { preferChargingSooner, preferCurtailingLater } = ownerOf(plan, lead)
      if (!preferChargingSooner || !numbers.socMax || numbers.most === undefined) return
      const spread = Math.max(...price) - Math.min(...price)
      commit({ stock: index }, [
        {
          name: `prefer a full storage ${lead} sooner`,
          grouping: 'each',
          quantity: numbers.socMax,
          down: fullSooner(spread, steps, hours, preferCurtailingLater),
          tieBreak: true,
        },
      ])
    },
    addGroup({ group, devices }: GroupMembers, fixed: Float64Array, { power, consumption, production }: GroupSides): number {
      const name = `group ${groupLabel(group.key)}`
      const flow: Flow = { name, role: 'group', devices, fixed, ...(power && { max: power, min: negative(power) }) }
      const index = flowOf(flow)
      const price = new Float64Array(steps).fill(GROUP_BREACH)
      if (consumption) commit({ flow: index }, breaches(name, 'consumption', consumption, price, hours))
      if (production) commit({ flow: index }, breaches(name, 'production', production, price, hours))
      return index
    },
    addCouplings(): void {
      const byName = new Map<string, Coupling['members'][number][]>()
      plan.devices.forEach(({ coupling }, device) => {
        if (!coupling) return
        const members = byName.get(coupling.name) ?? []
        byName.set(coupling.name, members)
        members.push({ device, coefficient: coupling.coefficient })
      })
      if (byName.size > 0) problem.couplings = [...byName].map(([name, members]) => ({ name: `coupling ${name}`, members }))
    },
    addCustom({ commitment, quantity, up, down }: CustomNumbers, sum: (indices: number[]) => Float64Array): void {
      const { inventory } = plan
      const scope = scopeOf(commitment, plan)
      if (scope.devices.length + scope.profiles.length === 0) return
      const commodities = commoditiesOf(inventory, scope)
      if (commodities.length > 1)
        throw valueError(
          'bad-flex-context',
          `Commitment '${commitment.name}' is scoped to devices of more than one commodity ([${commodities.map((name) => `'${name}'`).join(', ')}]); a commitment binds the aggregate flow of a single commodity.`,
          'Split it by commodity.',
        )
      const flow = flowOf({ name: commitment.name, role: 'scope', devices: scope.devices, fixed: sum(scope.profiles) })
      customs.push({
        name: commitment.name,
        on: { flow },
        grouping: 'each',
        quantity,
        ...(up && { up }),
        ...(down && { down }),
      })
    },
    built(): { problem: SchedulingProblem; wishes: StockWishSeries[]; socAtStart: (number | undefined)[]; socMax: (number | undefined)[] } {
      const taken = new Set(problem.commitments.map(({ name }) => name))
      for (const custom of customs)
        problem.commitments.push(taken.has(custom.name) ? { ...custom, name: `${custom.name} (custom)` } : custom)
      return { problem, wishes, socAtStart, socMax }
    },
  }
}

const ownerOf = (plan: FlexPlan, lead: number) =>
  plan.inventory.stocks.find(({ members }) => members[0] === lead)?.owner ?? plan.devices[lead]!

/** Hard targets lie within the bounds; both bounds then stand at the target. */
function stockFrom(name: string, { start, min, max, equals, inflow, retention }: StockNumbers): Stock {
  const low = min.slice()
  const high = max.slice()
  equals.forEach((target, tick) => {
    if (Number.isNaN(target)) return
    const raised = Number.isNaN(min[tick]!) ? target : Math.max(target, min[tick]!)
    low[tick] = high[tick] = Number.isNaN(max[tick]!) ? raised : Math.min(raised, max[tick]!)
  })
  return { name, start: start!, min: low, max: high, inflow, retention }
}

async function profileOf(value: FlexValue & { kind: 'sensor' }, sign: 1 | -1, { beholder }: FlexReading): Promise<Float64Array> {
  return (await perStep(value, beholder)).map((power) => (Number.isNaN(power) ? 0 : sign * power))
}

interface GroupSides {
  power: Float64Array | undefined
  consumption: Float64Array | undefined
  production: Float64Array | undefined
}

async function groupNumbers({ group: { entry } }: GroupMembers, { beholder }: FlexReading): Promise<GroupSides> {
  const read = async (value: FlexValue | undefined) => value && perStep(value, beholder, 'min')
  const [power, consumption, production] = await Promise.all([
    read(entry.powerCapacity),
    read(entry.consumptionCapacity),
    read(entry.productionCapacity),
  ])
  return { power, consumption: consumption && least(consumption, power), production: production && least(production, power) }
}

interface CustomNumbers {
  commitment: FlexCommitment
  quantity: Float64Array
  up: Float64Array | undefined
  down: Float64Array | undefined
}

/** Commitments of the context and of each commodity, with the commodity they are about. */
const customsOf = ({ context }: FlexPlan): FlexCommitment[] => [
  ...context.commitments.map((one) => ({ ...one, commodity: one.commodity ?? 'electricity' })),
  ...context.commodities.flatMap(({ commodity, commitments }) => commitments.map((one) => ({ ...one, commodity }))),
]

/** Prices that are not given for a step are 0 there; a baseline that is not given binds nothing. */
async function customNumbers(commitment: FlexCommitment, { beholder, hours }: FlexReading): Promise<CustomNumbers> {
  const price = async (value: FlexValue | undefined, perEnergy: boolean) =>
    value && (await perStep(value, beholder)).map((each) => (Number.isNaN(each) ? 0 : each * (perEnergy ? hours : 1)))
  const [quantity, up, down] = await Promise.all([
    perStep(commitment.baseline, beholder),
    price(commitment.up, commitment.upPerEnergy),
    price(commitment.down, commitment.downPerEnergy),
  ])
  return { commitment, quantity, up, down }
}

/** Devices and profiles a commitment is about, by number. */
function scopeOf(commitment: FlexCommitment, plan: FlexPlan): { devices: number[]; profiles: number[] } {
  const { inventory } = plan
  if (commitment.group) {
    const label = groupLabel(commitment.group)
    const found = groupsOf(inventory).find(({ group }) => groupLabel(group.key) === label)
    return { devices: found?.devices ?? [], profiles: found?.profiles ?? [] }
  }
  const { sensors } = commitment
  const devices = inventory.devices.flatMap((device, index) => {
    const id = powerSensorOf(device)?.id
    return (sensors ? id !== undefined && sensors.includes(id) : device.commodity === commitment.commodity) ? [index] : []
  })
  const profiles = inventory.profiles.flatMap((profile, index) =>
    (sensors ? sensors.includes(profile.value.sensor.id) : profile.commodity === commitment.commodity) ? [index] : [],
  )
  return { devices, profiles }
}

/** The last moment of a plan. */
export const endOf = (plan: FlexPlan): Instant => momentOf(plan.steps, plan.steps.count)
