/**
 * Why a plan is as it is, read off the plan and its marginal values: what holds each device in each slot, what one more kWh or kW in a slot
 * costs, and what a larger storage, charger or connection would bring.
 */
import { pricesAt } from './formulate.ts'
import { at, bandsAt, type Commitment, groupsOf, highest, lossFactors, lowest, type SchedulingProblem } from './problem.ts'
import type { Solution } from './solution.ts'

/**
 * What holds a device in a slot. 'absent': it cannot take or give anything · 'power': its own highest power · 'mode': the edge of an operation
 * mode · 'full' and 'empty': bounds of its storage · 'price': nothing, the prices say so · else what it shares or is wished: a flow's hard
 * limit ('limit'), a commitment ('commitment'), the kink between buying and selling ('balance').
 */
export type Hold =
  | { by: 'absent' | 'power' | 'mode' | 'full' | 'empty' | 'price' }
  | { by: 'limit' | 'commitment' | 'balance'; name: string }

/** Slots `from` to `to` (exclusive) held by the same. */
export interface HeldRun {
  from: number
  to: number
  holds: Hold[]
}

export interface DeviceExplanation {
  name: string
  held: HeldRun[]
  /** What one kWh more in the storage after each slot is worth, currency per kWh. */
  storedValue?: number[]
  /** What one kWh more of storage would bring over the plan, currency. */
  moreStorage?: number
  /** What one kW more of power would bring over the plan, each way, currency. */
  moreConsumption?: number
  moreProduction?: number
}

export interface FlowExplanation {
  name: string
  /** What one kW more in a slot costs, currency per kWh. */
  marginalPrice?: number[]
  /** Slots at which a limit or a priced capacity binds or is broken, by name. */
  bound: { from: number; to: number; names: string[] }[]
  /** What one kW more of the connection would bring over the plan, each way, currency. */
  moreConsumption?: number
  moreProduction?: number
}

export interface Explanation {
  devices: DeviceExplanation[]
  /** The site (or each commodity) and groups; flows that price single devices are left out. */
  flows: FlowExplanation[]
}

/** kW and kWh within which a value stands at a bound. */
const SAME = 1e-5

/** Explains a solved plan. Values that the solver did not give are left out. */
export function explain(problem: SchedulingProblem, solution: Solution): Explanation {
  const bounds = problem.flows.map((_, flow) => boundsOf(problem, solution, flow))
  return {
    devices: problem.devices.map((device, index) => ({
      name: device.name,
      held: runsOf(problem.steps, (step) => holdsAt(problem, solution, index, step, bounds)),
      ...valuesOf(problem, solution, index),
    })),
    flows: problem.flows.flatMap((_, index) => (isTold(problem, index) ? [flowTold(problem, solution, index, bounds[index]!)] : [])),
  }
}

const isTold = ({ flows }: SchedulingProblem, index: number): boolean =>
  index === 0 || flows[index]!.role === 'site' || flows[index]!.role === 'group' || flows[index]!.devices.length > 1

/** Runs of slots that give the same list. */
function runsOf(steps: number, each: (step: number) => Hold[]): HeldRun[] {
  const runs: HeldRun[] = []
  let last = ''
  for (let step = 0; step < steps; step++) {
    const holds = each(step)
    const key = JSON.stringify(holds)
    if (key === last) runs.at(-1)!.to = step + 1
    else runs.push({ from: step, to: step + 1, holds })
    last = key
  }
  return runs
}

/** Names of limits that bind a flow from above and below, per step. */
interface FlowBounds {
  above: Hold[][]
  below: Hold[][]
}

function boundsOf(problem: SchedulingProblem, solution: Solution, index: number): FlowBounds {
  const flow = problem.flows[index]!
  const level = solution.flows[index]!
  const above: Hold[][] = Array.from({ length: problem.steps }, () => [])
  const below: Hold[][] = Array.from({ length: problem.steps }, () => [])
  for (let step = 0; step < problem.steps; step++) {
    if (level[step]! >= highest(flow.max, step) - SAME) above[step]!.push({ by: 'limit', name: flow.name })
    if (level[step]! <= lowest(flow.min, step) + SAME) below[step]!.push({ by: 'limit', name: flow.name })
  }
  for (const commitment of problem.commitments) {
    if (commitment.tieBreak || !('flow' in commitment.on) || commitment.on.flow !== index) continue
    for (const group of groupsOf(commitment, problem.steps)) addHolds(commitment, group, level, { above, below })
  }
  return { above, below }
}

/** Where a commitment holds a flow: at its kink, and for 'any' at the largest deviation it is paid for. */
function addHolds(commitment: Commitment, group: readonly number[], level: Float64Array, { above, below }: FlowBounds): void {
  const { up, down } = pricesAt(commitment, group[0]!)
  if (!(up > down)) return
  const deviation = (step: number) => level[step]! - at(commitment.quantity, step)
  const most = Math.max(0, ...group.map(deviation))
  const least = Math.min(0, ...group.map(deviation))
  const isBalance = commitment.up !== undefined && commitment.down !== undefined
  const hold: Hold = { by: isBalance ? 'balance' : 'commitment', name: commitment.name }
  for (const step of group) {
    const here = deviation(step)
    const isKink = Math.abs(here) <= SAME
    // A breach that is paid for at every step holds nothing beyond its kink; the highest one does.
    if (up > 0 && commitment.up !== undefined && (isKink || (group.length > 1 && most > SAME && here >= most - SAME)))
      above[step]!.push(hold)
    else if (isBalance && isKink) above[step]!.push(hold)
    if (down < 0 && commitment.down !== undefined && (isKink || (group.length > 1 && least < -SAME && here <= least + SAME)))
      below[step]!.push(hold)
    else if (isBalance && isKink) below[step]!.push(hold)
  }
}

function holdsAt(problem: SchedulingProblem, solution: Solution, index: number, step: number, bounds: readonly FlowBounds[]): Hold[] {
  const device = problem.devices[index]!
  const power = solution.powers[index]![step]!
  const [low, high] = [at(device.min, step), at(device.max, step)]
  if (low === 0 && high === 0) return [{ by: 'absent' }]
  const holds: Hold[] = []
  const isActive = Math.abs(power) > SAME
  if (isActive && (power >= high - SAME || power <= low + SAME)) holds.push({ by: 'power' })
  else if (isActive && bandsAt(device, step)?.some(({ from, to }) => Math.abs(power - from) <= SAME || Math.abs(power - to) <= SAME))
    holds.push({ by: 'mode' })
  if (device.stock !== undefined) holds.push(...stockHolds(problem, solution, device.stock, step, power))
  problem.flows.forEach((flow, key) => {
    if (!flow.devices.includes(index)) return
    const { above, below } = bounds[key]!
    for (const hold of [...(power >= -SAME ? above[step]! : []), ...(power <= SAME && flow.part !== 'consumption' ? below[step]! : [])])
      if (!holds.some((other) => JSON.stringify(other) === JSON.stringify(hold))) holds.push(hold)
  })
  return holds.length > 0 ? holds : [{ by: 'price' }]
}

function stockHolds(problem: SchedulingProblem, solution: Solution, index: number, step: number, power: number): Hold[] {
  const stock = problem.stocks[index]!
  const level = solution.stocks[index]![step + 1]!
  const holds: Hold[] = []
  if (power >= -SAME && level >= highest(stock.max, step) - SAME) holds.push({ by: 'full' })
  if (power <= SAME && level <= lowest(stock.min, step) + SAME) holds.push({ by: 'empty' })
  for (const { name, on, quantity, tieBreak } of problem.commitments) {
    if (tieBreak || !('stock' in on) || on.stock !== index || holds.some((hold) => 'name' in hold && hold.name === name)) continue
    if (Math.abs(level - at(quantity, step)) <= SAME) holds.push({ by: 'commitment', name })
  }
  return holds
}

/** Marginal price of power where a device stands: the sum over the flows it is in, currency per kW and step. */
function priceOfPower(problem: SchedulingProblem, solution: Solution, index: number, step: number, consumes: boolean): number {
  let price = 0
  problem.flows.forEach((flow, key) => {
    if (flow.devices.includes(index) && (flow.part !== 'consumption' || consumes)) price += solution.flowValues![key]![step]!
  })
  return price
}

function valuesOf(problem: SchedulingProblem, solution: Solution, index: number): Partial<DeviceExplanation> {
  const device = problem.devices[index]!
  const { stock } = device
  const worth = stock === undefined ? undefined : solution.stockValues?.[stock]
  if (!solution.flowValues || (stock !== undefined && !worth)) return worth ? { storedValue: Array.from(worth) } : {}
  let moreConsumption = 0
  let moreProduction = 0
  for (let step = 0; step < problem.steps; step++) {
    const power = solution.powers[index]![step]!
    const [low, high] = [at(device.min, step), at(device.max, step)]
    if (low === 0 && high === 0) continue
    const [, b] = stock === undefined ? [1, 1] : lossFactors(at(problem.stocks[stock]!.retention ?? 1, step))
    const perKw = (factor: number) => (worth ? worth[step]! * b * problem.hours * factor : 0)
    if (power >= high - SAME && high > 0)
      moreConsumption += Math.max(perKw(at(device.chargingEfficiency ?? 1, step)) - priceOfPower(problem, solution, index, step, true), 0)
    if (power <= low + SAME && low < 0)
      moreProduction += Math.max(
        priceOfPower(problem, solution, index, step, false) - perKw(1 / at(device.dischargingEfficiency ?? 1, step)),
        0,
      )
  }
  return {
    ...(worth && { storedValue: Array.from(worth), moreStorage: moreStorage(problem, solution, stock!, worth) }),
    moreConsumption,
    moreProduction,
  }
}

/** Sum of what the upper bound of a stock costs: worth later, less worth now, where it is full. */
function moreStorage(problem: SchedulingProblem, solution: Solution, index: number, worth: Float64Array): number {
  const stock = problem.stocks[index]!
  let sum = 0
  for (let step = 0; step < problem.steps; step++) {
    const level = solution.stocks[index]![step + 1]!
    if (level < highest(stock.max, step) - SAME) continue
    const isLast = step + 1 === problem.steps
    const [a] = isLast ? [0] : lossFactors(at(stock.retention ?? 1, step + 1))
    const later = isLast ? 0 : a * worth[step + 1]!
    sum += Math.max(later - worth[step]! - slopeOf(problem, { stock: index }, step, level), 0)
  }
  return sum
}

/** What commitments of single steps add per unit where a flow or stock stands (right of it), those in `except` apart. */
function slopeOf(
  problem: SchedulingProblem,
  on: Commitment['on'],
  step: number,
  level: number,
  except: ReadonlySet<string> = new Set(),
): number {
  let slope = 0
  for (const commitment of problem.commitments) {
    const isSame =
      'flow' in on
        ? 'flow' in commitment.on && commitment.on.flow === on.flow
        : 'stock' in commitment.on && commitment.on.stock === on.stock
    if (!isSame || commitment.grouping !== 'each' || except.has(commitment.name)) continue
    const deviation = level - at(commitment.quantity, step)
    if (!Number.isFinite(deviation)) continue
    const { up, down } = pricesAt(commitment, step)
    slope += deviation > -SAME ? up : down
  }
  return slope
}

/** Commitments that stand for a capacity: what one kW more of it would spare. */
const isCapacity = ({ name, up, down, tieBreak }: Commitment): boolean =>
  !tieBreak && (up === undefined || down === undefined) && /breach|site (import|export)/.test(name)

function flowTold(problem: SchedulingProblem, solution: Solution, index: number, bounds: FlowBounds): FlowExplanation {
  const flow = problem.flows[index]!
  const values = solution.flowValues?.[index]
  const names = (step: number) => [...bounds.above[step]!, ...bounds.below[step]!].flatMap((hold) => ('name' in hold ? [hold.name] : []))
  const bound = runsOf(problem.steps, (step) => [...new Set(names(step))].map((name): Hold => ({ by: 'commitment', name })))
    .filter(({ holds }) => holds.length > 0)
    .map(({ from, to, holds }) => ({ from, to, names: holds.flatMap((hold) => ('name' in hold ? [hold.name] : [])) }))
  return {
    name: flow.name,
    bound,
    ...(values && {
      marginalPrice: Array.from(values, (value) => value / problem.hours),
      moreConsumption: moreConnection(problem, solution, index, values, 1),
      moreProduction: moreConnection(problem, solution, index, values, -1),
    }),
  }
}

/** What the capacity of a flow costs to one side: the marginal price there, less what is paid for the power itself. */
function moreConnection(problem: SchedulingProblem, solution: Solution, index: number, values: Float64Array, side: 1 | -1): number {
  const flow = problem.flows[index]!
  const own = problem.commitments.filter(
    (one) => 'flow' in one.on && one.on.flow === index && isCapacity(one) && (side > 0 ? one.up : one.down) !== undefined,
  )
  const names = new Set(own.map(({ name }) => name))
  let sum = 0
  for (let step = 0; step < problem.steps; step++) {
    const level = solution.flows[index]![step]!
    const hard = side > 0 ? highest(flow.max, step) : -lowest(flow.min, step)
    const soft = Math.min(
      ...own.map(({ quantity }) => side * at(quantity, step)).map((each) => (Number.isNaN(each) ? Infinity : each)),
      Infinity,
    )
    if (side * level < Math.min(hard, soft) - SAME) continue
    // Seen from inside the capacity: what the power itself costs there.
    const plain = slopeOf(problem, { flow: index }, step, level - side * 10 * SAME, names)
    sum += Math.max(side * (values[step]! - plain), 0)
  }
  return sum
}
