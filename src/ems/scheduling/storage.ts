/**
 * One storage, solved exactly without a solver: backward dynamic programming over convex piecewise-linear value functions.
 *
 * The least cost from a step on, as a function of the stock before it, is the value function after the step combined with what the step's
 * own power costs; both are convex, so their best combination simply sorts their pieces by slope. 96 steps take about a millisecond.
 * Convex it is as long as no step pays for charging and discharging at once (a negative price with both directions open) and prices are
 * not higher for production than for consumption; other problems, and 'any' commitments that turn out to cost something, are left to HiGHS.
 */
import { pricesAt } from './formulate.ts'
import { type Priced, pricePlan } from './price.ts'
import { at, groupsOf, highest, lossFactors, lowest, type SchedulingProblem } from './problem.ts'

export interface StoragePlan extends Priced {
  powers: Float64Array[]
}

/** A convex function from `left` on: pieces of length > 0 with rising slopes. */
interface Convex {
  left: number
  lengths: number[]
  slopes: number[]
}

/** Cost of a step over the stock change -v (v rising = power falling), with the powers at the piece ends. */
interface StepCost extends Convex {
  /** Power at the left end and after each piece (falling). */
  powers: number[]
}

/** Slopes may fall by this share through rounding and still count as convex. */
const ROUNDING = 1e-11

/**
 * Solves the problem if it has the form (one device with a stock, nothing that ties steps together but the stock).
 * @returns the plan with proven least objective (tie-breaks included), 'infeasible', or undefined when HiGHS must be asked
 */
export function solveStorage(problem: SchedulingProblem): StoragePlan | 'infeasible' | undefined {
  const [device] = problem.devices
  const [stock] = problem.stocks
  if (!device || !stock || problem.devices.length !== 1 || problem.stocks.length !== 1 || device.stock !== 0) return undefined
  if (device.bands || problem.couplings?.length) return undefined
  const { steps } = problem
  const costs = kinksByStep(problem)
  if (!costs) return undefined

  // What the stock can be at all, forward: keeps every domain finite.
  const stepCosts: StepCost[] = []
  const shift = new Float64Array(steps)
  const keep = new Float64Array(steps)
  const floor = new Float64Array(steps)
  const ceiling = new Float64Array(steps)
  let low = stock.start
  let high = stock.start
  for (let step = 0; step < steps; step++) {
    const [a, b] = lossFactors(at(stock.retention ?? 1, step))
    if (a <= 0) return undefined
    keep[step] = a
    shift[step] = b * problem.hours * at(stock.inflow ?? 0, step)
    const cost = costOfStep(problem, step, costs.flow[step]!, b * problem.hours)
    if (cost === undefined || cost === 'infeasible') return cost
    stepCosts.push(cost)
    const change = cost.lengths.reduce((sum, length) => sum + length, 0)
    high = a * high + shift[step]! - cost.left
    low = a * low + shift[step]! - cost.left - change
    floor[step] = low = Math.max(low, lowest(stock.min, step))
    ceiling[step] = high = Math.min(high, highest(stock.max, step))
    if (low > high) {
      if (low > high + 1e-9 * Math.max(1, Math.abs(high))) return 'infeasible'
      floor[step] = ceiling[step] = low = high
    }
  }

  // Backward: the value function after each step, with the costs of the stock at its end.
  const after: Convex[] = new Array(steps)
  let value: Convex = { left: floor[steps - 1]!, lengths: [ceiling[steps - 1]! - floor[steps - 1]!], slopes: [0] }
  for (let step = steps - 1; step >= 0; step--) {
    const held = within(value, floor[step]!, ceiling[step]!)
    if (held === undefined) return 'infeasible'
    const withCosts = addKinks(held, costs.stock[step]!)
    if (withCosts === undefined) return undefined
    after[step] = withCosts
    value = before(combine(withCosts, stepCosts[step]!), keep[step]!, shift[step]!)
  }

  // Forward: the best power in each step, read off the same pieces.
  const power = new Float64Array(steps)
  let level = stock.start
  for (let step = 0; step < steps; step++) {
    const best = split(after[step]!, stepCosts[step]!, keep[step]! * level + shift[step]!)
    if (best === undefined) return 'infeasible'
    power[step] = best.power
    level = best.level
  }
  const powers = [power]
  const priced = pricePlan(problem, powers)
  // 'any' commitments were left out so far: when they cost nothing, a plan that is best without them is best with them.
  const tied = { ...problem, commitments: problem.commitments.filter((one) => groupsOf(one, steps).some((group) => group.length > 1)) }
  const extra = pricePlan(tied, powers)
  if (Math.abs(extra.objective) + Math.abs(extra.tieBreak) > 0) return undefined
  return { ...priced, powers }
}

interface Kink {
  at: number
  up: number
  down: number
}

/** A kink of the power cost; `consumedOnly` counts only power above 0. */
interface PowerKink extends Kink {
  consumedOnly: boolean
}

/** Costs per step: of power and of the stock at its end. Undefined when a commitment ties steps in a way that cannot be left out first. */
function kinksByStep(problem: SchedulingProblem): { flow: PowerKink[][]; stock: Kink[][] } | undefined {
  const flow: PowerKink[][] = Array.from({ length: problem.steps }, () => [])
  const stock: Kink[][] = Array.from({ length: problem.steps }, () => [])
  for (const commitment of problem.commitments) {
    const { on } = commitment
    if ('flow' in on && !problem.flows[on.flow]!.devices.includes(0)) continue
    for (const group of groupsOf(commitment, problem.steps)) {
      const step = group[0]!
      const { up, down } = pricesAt(commitment, step)
      if (group.length > 1) {
        // Left out at first: sound only when it can never pay.
        if (up < 0 || down > 0) return undefined
        continue
      }
      const quantity = at(commitment.quantity, step)
      if (!Number.isFinite(quantity) || (up === 0 && down === 0)) continue
      if ('flow' in on) {
        const { fixed, part } = problem.flows[on.flow]!
        flow[step]!.push({ at: quantity - at(fixed ?? 0, step), up, down, consumedOnly: part === 'consumption' })
      } else stock[step]!.push({ at: quantity, up, down })
    }
  }
  return { flow, stock }
}

/** The convex cost of a step's power, over v = -(stock change); `factor` turns kW of stock into kWh in the step. */
function costOfStep(problem: SchedulingProblem, step: number, kinks: PowerKink[], factor: number): StepCost | 'infeasible' | undefined {
  const device = problem.devices[0]!
  const charging = at(device.chargingEfficiency ?? 1, step)
  const discharging = at(device.dischargingEfficiency ?? 1, step)
  if (!(charging > 0) || !(discharging > 0)) return undefined
  let low = at(device.min, step)
  let high = at(device.max, step)
  for (const flow of problem.flows) {
    if (!flow.devices.includes(0)) continue
    const fixed = at(flow.fixed ?? 0, step)
    const most = highest(flow.max, step) - fixed
    const least = lowest(flow.min, step) - fixed
    if (flow.part === 'consumption') {
      if (most < 0 || least > 0) return undefined
      high = Math.min(high, most)
    } else {
      high = Math.min(high, most)
      low = Math.max(low, least)
    }
  }
  if (low > high + 1e-9) return 'infeasible'
  if (low > high) low = high
  const turns = [0, ...kinks.map((kink) => kink.at)].filter((power) => power > low && power < high)
  const ends = [high, ...[...new Set(turns)].sort((one, other) => other - one), low]
  const change = (power: number) => factor * (power >= 0 ? power * charging : power / discharging)
  const cost: StepCost = { left: -change(high), lengths: [], slopes: [], powers: [high] }
  for (let piece = 1; piece < ends.length; piece++) {
    const upper = ends[piece - 1]!
    const lower = ends[piece]!
    const length = change(upper) - change(lower)
    if (!(length > 0)) continue
    const middle = (upper + lower) / 2
    let slope = 0
    for (const kink of kinks) if (!kink.consumedOnly || middle > 0) slope += middle > kink.at ? kink.up : kink.down
    // Cost per kWh of stock *less*: minus the price, per what a kW puts in.
    const each = (-slope * (upper - lower)) / length
    const last = cost.slopes.at(-1)
    if (last !== undefined && each < last - ROUNDING * Math.max(Math.abs(each), Math.abs(last))) return undefined
    cost.lengths.push(length)
    cost.slopes.push(last === undefined ? each : Math.max(each, last))
    cost.powers.push(lower)
  }
  return cost
}

/** The function on [low, high] only; undefined when it is defined nowhere there. */
function within({ left, lengths, slopes }: Convex, low: number, high: number): Convex | undefined {
  const cut: Convex = { left: Math.max(left, low), lengths: [], slopes: [] }
  let start = left
  for (let piece = 0; piece < lengths.length; piece++) {
    const end = start + lengths[piece]!
    const length = Math.min(end, high) - Math.max(start, low)
    if (length > 0) {
      cut.lengths.push(length)
      cut.slopes.push(slopes[piece]!)
    }
    start = end
  }
  const tolerance = 1e-9 * Math.max(1, Math.abs(low), Math.abs(high))
  if (left > high + tolerance || start < low - tolerance) return undefined
  if (cut.left > high) cut.left = high
  if (start < low) cut.left = start
  return cut
}

/** The function plus costs with a kink each; undefined when one of them is not convex. */
function addKinks(value: Convex, kinks: Kink[]): Convex | undefined {
  if (kinks.length === 0) return value
  if (kinks.some((kink) => kink.up < kink.down)) return undefined
  const sum: Convex = { left: value.left, lengths: [], slopes: [] }
  const turns = kinks.map((kink) => kink.at).sort((one, other) => one - other)
  let start = value.left
  for (let piece = 0; piece < value.lengths.length; piece++) {
    const end = start + value.lengths[piece]!
    let from = start
    for (const stop of [...turns.filter((turn) => turn > start && turn < end), end]) {
      const middle = (from + stop) / 2
      sum.lengths.push(stop - from)
      sum.slopes.push(kinks.reduce((slope, kink) => slope + (middle > kink.at ? kink.up : kink.down), value.slopes[piece]!))
      from = stop
    }
    start = end
  }
  return sum
}

/** The best of value and step cost together, over the stock before the step's power: their pieces, sorted by slope. */
function combine(value: Convex, cost: StepCost): Convex {
  const lengths: number[] = []
  const slopes: number[] = []
  let v = 0
  let c = 0
  while (v < value.lengths.length || c < cost.lengths.length) {
    const fromValue = c >= cost.lengths.length || (v < value.lengths.length && value.slopes[v]! <= cost.slopes[c]!)
    const slope = fromValue ? value.slopes[v]! : cost.slopes[c]!
    const length = fromValue ? value.lengths[v++]! : cost.lengths[c++]!
    if (slopes.length > 0 && slopes[slopes.length - 1] === slope) lengths[lengths.length - 1]! += length
    else {
      lengths.push(length)
      slopes.push(slope)
    }
  }
  return { left: value.left + cost.left, lengths, slopes }
}

/** The function over the stock at the end of the step before: x = keep × stock + shift. */
const before = ({ left, lengths, slopes }: Convex, keep: number, shift: number): Convex => ({
  left: (left - shift) / keep,
  lengths: lengths.map((length) => length / keep),
  slopes: slopes.map((slope) => slope * keep),
})

/** How the best sum at x splits into a stock level after the step and a power; equal slopes go to the stock (charge now). */
function split(value: Convex, cost: StepCost, x: number): { level: number; power: number } | undefined {
  let rest = x - value.left - cost.left
  const tolerance = 1e-7 * Math.max(1, Math.abs(x))
  if (rest < -tolerance) return undefined
  rest = Math.max(rest, 0)
  let level = value.left
  let v = 0
  let c = 0
  while (v < value.lengths.length || c < cost.lengths.length) {
    const valueSlope = value.slopes[v] ?? Infinity
    const costSlope = cost.slopes[c] ?? Infinity
    const fromValue = v < value.lengths.length && valueSlope <= costSlope + ROUNDING * Math.abs(costSlope === Infinity ? 0 : costSlope)
    const length = fromValue ? value.lengths[v]! : cost.lengths[c]!
    if (rest < length - 1e-10) {
      if (fromValue) return { level: level + rest, power: cost.powers[c]! }
      const share = rest <= 1e-10 ? 0 : rest / length
      return { level, power: cost.powers[c]! + share * (cost.powers[c + 1]! - cost.powers[c]!) }
    }
    rest -= length
    if (fromValue) {
      level += length
      v++
    } else c++
  }
  return rest <= tolerance ? { level, power: cost.powers[cost.powers.length - 1]! } : undefined
}
