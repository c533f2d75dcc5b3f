/**
 * One device by itself, exactly, whatever its modes: backward dynamic programming over piecewise-linear value functions that need not be
 * convex. Takes what `storage.ts` leaves: operation modes, negative prices with both directions open, production dearer than consumption.
 *
 * Every step's cost is split into branches, each convex in the power (a mode, or a direction). The value before a step is the lowest, over
 * branches and convex runs of the value after it, of their best combinations. 'any' commitments are left out: they can only add cost, so
 * the plan's cost without them is a bound, and with them it is what the plan costs.
 */
import { before, type ConvexCurve, type Curve, combined, convexRuns, lowestOf, plusKink, simplified, valueAt, within } from './curve.ts'
import { pricesAt } from './formulate.ts'
import { at, bandsAt, groupsOf, highest, lossFactors, lowest, type SchedulingProblem } from './problem.ts'

/** A branch of a step's cost over v = -(stock change): v rises as the power falls. */
interface Branch extends ConvexCurve {
  /** Power at the left end and after each piece. */
  powers: number[]
}

interface PowerKink {
  at: number
  up: number
  down: number
  consumedOnly: boolean
}

interface StockKink {
  at: number
  up: number
  down: number
}

export interface UnitPlan {
  power: Float64Array
  /** Proven: no plan of this device costs less (commitments of single steps only, as `problem` has them). */
  bound: number
}

/** Hard bounds of the stock are widened by so much (kWh), so that a fixed mode can meet a fixed target in spite of rounding. */
const WIDE = 1e-7

/**
 * The least-cost plan of device 0, alone in its problem. `slack`: what the bound may lie below the true optimum (currency, > 0: without any,
 * rounding breeds segments without end).
 * @returns 'infeasible', or undefined when it has not the form (another device, several stocks, a stock that keeps nothing)
 */
export function solveUnit(problem: SchedulingProblem, slack: number): UnitPlan | 'infeasible' | undefined {
  const [device] = problem.devices
  if (!device || problem.devices.length !== 1 || problem.couplings?.length) return undefined
  if (problem.stocks.length !== (device.stock === undefined ? 0 : 1)) return undefined
  const { steps } = problem
  const costs = kinksByStep(problem)
  const [stock] = problem.stocks
  if (!stock) return (device.minRun ?? 1) + (device.minRest ?? 1) > 2 ? undefined : withoutStock(problem, costs.flow)

  const branches: Branch[][] = []
  const keep = new Float64Array(steps)
  const shift = new Float64Array(steps)
  const floor = new Float64Array(steps)
  const ceiling = new Float64Array(steps)
  let low = stock.start
  let high = stock.start
  for (let step = 0; step < steps; step++) {
    const [a, b] = lossFactors(at(stock.retention ?? 1, step))
    if (a <= 0) return undefined
    keep[step] = a
    shift[step] = b * problem.hours * at(stock.inflow ?? 0, step)
    const here = branchesOf(problem, step, costs.flow[step]!, b * problem.hours)
    if (here === undefined || here.length === 0) return here && 'infeasible'
    branches.push(here)
    const least = Math.min(...here.map((branch) => branch.left))
    const most = Math.max(...here.map((branch) => branch.lengths.reduce((sum, length) => sum + length, branch.left)))
    floor[step] = Math.max(a * low + shift[step]! - most, lowest(stock.min, step)) - WIDE
    ceiling[step] = Math.min(a * high + shift[step]! - least, highest(stock.max, step)) + WIDE
    if (floor[step]! > ceiling[step]!) return 'infeasible'
    low = floor[step]!
    high = ceiling[step]!
  }

  const states = statesOf(device)
  const after: Curve[][] = new Array(steps)
  let values: Curve[] = states.map(() => ({ x0: [floor[steps - 1]!], y0: [0], x1: [ceiling[steps - 1]!], y1: [0] }))
  for (let step = steps - 1; step >= 0; step--) {
    after[step] = values.map((value) => {
      let held = within(value, floor[step]!, ceiling[step]!)
      for (const kink of costs.stock[step]!) held = plusKink(held, kink.at, kink.up, kink.down)
      return simplified(held, slack / steps)
    })
    if (after[step]!.every(({ x0 }) => x0.length === 0)) return 'infeasible'
    const best = bestFrom(after[step]!, branches[step]!)
    values = states.map((moves) => before(lowestOf(moves.map(best)), keep[step]!, shift[step]!))
  }

  const power = new Float64Array(steps)
  let level = stock.start
  const first = firstState(states)
  let moves = states[first]!
  const bound = valueAt(values[first]!, level, 10 * WIDE)
  if (bound === Infinity) return 'infeasible'
  for (let step = 0; step < steps; step++) {
    const x = keep[step]! * level + shift[step]!
    let best: (Choice & { to: number }) | undefined
    for (const { kind, to } of moves) {
      const choice = bestAt(
        after[step]![to]!,
        branches[step]!.filter((branch) => fits(branch, kind)),
        x,
      )
      if (choice && (!best || choice.cost < best.cost - 1e-12 * (1 + Math.abs(best.cost)))) best = { ...choice, to }
    }
    if (!best) return 'infeasible'
    power[step] = best.power
    level = best.level
    moves = states[best.to]!
  }
  return { power, bound }
}

/** From a state the device goes to another by running, by resting, or by anything. */
interface Move {
  kind: 'run' | 'rest' | 'any'
  to: number
}

/**
 * What the device may do next, by state: one state, unless runs or rests have a shortest time; then first how long it still must run (0 = it
 * runs and may stop), after these how long it still must rest.
 */
function statesOf({ minRun = 1, minRest = 1 }: SchedulingProblem['devices'][number]): Move[][] {
  if (minRun <= 1 && minRest <= 1) return [[{ kind: 'any', to: 0 }]]
  const run = (left: number): Move => ({ kind: 'run', to: left })
  const rest = (left: number): Move => ({ kind: 'rest', to: minRun + left })
  return [
    ...Array.from({ length: minRun }, (_, left) => (left > 0 ? [run(left - 1)] : [run(0), rest(minRest - 1)])),
    ...Array.from({ length: minRest }, (_, left) => (left > 0 ? [rest(left - 1)] : [rest(0), run(minRun - 1)])),
  ]
}

/** Before the first step it rested, for long enough. */
const firstState = (states: Move[][]): number => states.findLastIndex((moves) => moves.length > 1 || states.length === 1)

const fits = (branch: Branch, kind: Move['kind']): boolean =>
  kind === 'any' || (branch.powers.length === 1 && branch.powers[0] === 0) === (kind === 'rest')

/** The value before a step of each move: the lowest combination of a branch with a convex run of the value after it. */
function bestFrom(after: readonly Curve[], branches: readonly Branch[]): (move: Move) => Curve {
  const runs = after.map((curve) => convexRuns(curve))
  const known = new Map<string, Curve>()
  return ({ kind, to }) => {
    const key = `${kind} ${to}`
    let curve = known.get(key)
    if (!curve) {
      const fitting = branches.filter((branch) => fits(branch, kind))
      curve = lowestOf(fitting.map((branch) => lowestOf(runs[to]!.map((run) => combined(after[to]!, run, branch)))))
      known.set(key, curve)
    }
    return curve
  }
}

interface Choice {
  level: number
  power: number
  cost: number
}

/** The branch, power and level after a step whose stock would be x without the device. */
function bestAt(after: Curve, branches: Branch[], x: number): Choice | undefined {
  let best: Choice | undefined
  const offer = (level: number, power: number, cost: number) => {
    if (cost < Infinity && (!best || cost < best.cost - 1e-12 * (1 + Math.abs(best.cost)))) best = { level, power, cost }
  }
  for (const branch of branches) {
    // Ends of pieces, highest power first: among equals the device consumes now.
    let v = branch.left
    let cost = branch.value
    offer(x - v, branch.powers[0]!, cost + valueAt(after, x - v))
    let from = v
    for (let piece = 0; piece < branch.lengths.length; piece++) {
      const length = branch.lengths[piece]!
      const slope = branch.slopes[piece]!
      v = from + length
      // Kinks of the value function that this piece reaches.
      let i = firstEndAbove(after, x - v)
      for (; i < after.x0.length && after.x0[i]! < x - from; i++) {
        for (const end of [0, 1] as const) {
          const level = end === 0 ? after.x0[i]! : after.x1[i]!
          const along = x - level - from
          if (along <= 0 || along >= length) continue
          const share = along / length
          const power = branch.powers[piece]! + share * (branch.powers[piece + 1]! - branch.powers[piece]!)
          offer(level, power, cost + along * slope + (end === 0 ? after.y0[i]! : after.y1[i]!))
        }
      }
      cost += length * slope
      offer(x - v, branch.powers[piece + 1]!, cost + valueAt(after, x - v))
      from = v
    }
  }
  return best
}

function firstEndAbove(curve: Curve, x: number): number {
  let low = 0
  let high = curve.x0.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (curve.x1[middle]! < x) low = middle + 1
    else high = middle
  }
  return low
}

/** Costs per step of power and of the stock at its end; commitments that group steps are left out. */
function kinksByStep(problem: SchedulingProblem): { flow: PowerKink[][]; stock: StockKink[][] } {
  const flow: PowerKink[][] = Array.from({ length: problem.steps }, () => [])
  const stock: StockKink[][] = Array.from({ length: problem.steps }, () => [])
  for (const commitment of problem.commitments) {
    const { on } = commitment
    if ('flow' in on ? !problem.flows[on.flow]!.devices.includes(0) : on.stock !== problem.devices[0]!.stock) continue
    for (const group of groupsOf(commitment, problem.steps)) {
      if (group.length > 1) continue
      const step = group[0]!
      const { up, down } = pricesAt(commitment, step)
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

/** Intervals of power the device may take in a step, from its bounds, modes and the flows it is in. */
function allowed(problem: SchedulingProblem, step: number): [low: number, high: number][] | undefined {
  const device = problem.devices[0]!
  let low = at(device.min, step)
  let high = at(device.max, step)
  for (const flow of problem.flows) {
    if (!flow.devices.includes(0)) continue
    const fixed = at(flow.fixed ?? 0, step)
    const most = highest(flow.max, step) - fixed
    const least = lowest(flow.min, step) - fixed
    if (flow.part === 'consumption') {
      if (most < -1e-9) return []
      if (least > 0) low = Math.max(low, least)
      high = Math.min(high, Math.max(most, 0))
    } else {
      high = Math.min(high, most)
      low = Math.max(low, least)
    }
  }
  const bands = bandsAt(device, step)?.map(({ from, to }): [number, number] => [from, to]) ?? [[low, high]]
  return bands.flatMap(([from, to]): [number, number][] => {
    const start = Math.max(from, low)
    const end = Math.min(to, high)
    if (start <= end) return [[start, end]]
    return start - end <= 1e-9 ? [[Math.min(Math.max(end, from), to), Math.min(Math.max(end, from), to)]] : []
  })
}

const costAt = (kinks: readonly PowerKink[], power: number): number => {
  let sum = 0
  for (const { at: turn, up, down, consumedOnly } of kinks) {
    const deviation = (consumedOnly ? Math.max(power, 0) : power) - turn
    sum += deviation * (deviation > 0 ? up : down)
  }
  return sum
}

/** The step's cost in convex branches over v; `factor` turns kW of stock into kWh in the step. */
function branchesOf(problem: SchedulingProblem, step: number, kinks: PowerKink[], factor: number): Branch[] | undefined {
  const device = problem.devices[0]!
  const charging = at(device.chargingEfficiency ?? 1, step)
  const discharging = at(device.dischargingEfficiency ?? 1, step)
  if (!(charging > 0) || !(discharging > 0)) return undefined
  const change = (power: number) => factor * (power >= 0 ? power * charging : power / discharging)
  const branches: Branch[] = []
  for (const [low, high] of allowed(problem, step) ?? []) {
    const turns = [0, ...kinks.map((kink) => kink.at)].filter((power) => power > low && power < high)
    const ends = [high, ...[...new Set(turns)].sort((one, other) => other - one), ...(low < high ? [low] : [])]
    let branch: Branch = { left: -change(high), value: costAt(kinks, high), lengths: [], slopes: [], powers: [high] }
    for (let piece = 1; piece < ends.length; piece++) {
      const upper = ends[piece - 1]!
      const under = ends[piece]!
      const length = change(upper) - change(under)
      if (length < 1e-10) continue
      const cost = costAt(kinks, under)
      const slope = (cost - costAt(kinks, upper)) / length
      const last = branch.slopes.at(-1)
      if (last !== undefined && slope < last - 1e-11 * Math.max(Math.abs(slope), Math.abs(last))) {
        branches.push(branch)
        branch = { left: -change(upper), value: costAt(kinks, upper), lengths: [], slopes: [], powers: [upper] }
      }
      branch.lengths.push(length)
      branch.slopes.push(slope)
      branch.powers.push(under)
    }
    branches.push(branch)
  }
  return branches
}

/** A device that fills no stock: every step by itself. */
function withoutStock(problem: SchedulingProblem, kinks: PowerKink[][]): UnitPlan | 'infeasible' {
  const power = new Float64Array(problem.steps)
  let bound = 0
  for (let step = 0; step < problem.steps; step++) {
    let best = Infinity
    for (const [low, high] of allowed(problem, step) ?? [])
      for (const one of [0, high, low, ...kinks[step]!.map((kink) => kink.at)]) {
        if (one < low || one > high) continue
        const cost = costAt(kinks[step]!, one)
        if (cost >= best - 1e-12 * (1 + Math.abs(best === Infinity ? 0 : best))) continue
        best = cost
        power[step] = one
      }
    if (best === Infinity) return 'infeasible'
    bound += best
  }
  return { power, bound }
}
