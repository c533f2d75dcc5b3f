/**
 * Marginal values of the plan of one device, found without a solver: what one kWh more in its storage is worth after each step, and what one
 * kW more of each flow costs. They are a dual solution: consistent from step to step, whatever kinks the plan stands on.
 */
import { pricesAt } from './formulate.ts'
import type { Priced } from './price.ts'
import { at, bandsAt, groupsOf, highest, lossFactors, lowest, type SchedulingProblem } from './problem.ts'

export interface MarginalValues {
  /** Currency per kWh after each step; one for the stock of the device, none without. */
  stockValues: Float64Array[]
  /** Currency per kW and step, per flow. */
  flowValues: Float64Array[]
}

/** Values from `low` to `high`. */
type Range = [low: number, high: number]

/** kW and kWh within which a value stands at a bound or kink. */
const SAME = 1e-6

/** The values for a plan of least cost of the one device of a problem ('any' commitments apart: they must cost nothing). */
export function marginalValues(problem: SchedulingProblem, plan: Priced & { powers: readonly Float64Array[] }): MarginalValues {
  const slopes = slopesOf(problem, plan)
  const { steps } = problem
  const [stock] = problem.stocks
  const worth = new Float64Array(steps)
  const perKw = Array.from({ length: steps }, (_, step) => storedPerKw(problem, step, plan.powers[0]![step]!))
  if (stock) {
    const keep = Float64Array.from({ length: steps }, (_, step) => lossFactors(at(stock.retention ?? 1, step))[0])
    // Backward: all values that fit what the device does from here on.
    const fits: Range[] = new Array(steps)
    for (let step = steps - 1; step >= 0; step--) {
      const later: Range = step + 1 < steps ? [keep[step + 1]! * fits[step + 1]![0], keep[step + 1]! * fits[step + 1]![1]] : [0, 0]
      fits[step] = both(byPower(problem, plan, slopes, perKw, step), plus(later, byStock(problem, plan, step)))
    }
    // Forward: of these the ones that also fit the step before.
    for (let step = 0; step < steps; step++) {
      if (step === 0) {
        worth[0] = held(0, fits[0]!)
        continue
      }
      const [low, high] = byStock(problem, plan, step - 1)
      const wanted: Range = [(worth[step - 1]! - high) / keep[step]!, (worth[step - 1]! - low) / keep[step]!]
      worth[step] = held(worth[step - 1]!, both(fits[step]!, wanted))
    }
  }
  return { stockValues: stock ? [worth] : [], flowValues: flowValues(problem, slopes, perKw, worth) }
}

const plus = ([low, high]: Range, [less, more]: Range): Range => [low + less, high + more]

/** What is in both ranges; where rounding keeps them apart, the point between. */
function both([low, high]: Range, [less, more]: Range): Range {
  const bottom = Math.max(low, less)
  const top = Math.min(high, more)
  return bottom <= top ? [bottom, top] : [(bottom + top) / 2, (bottom + top) / 2]
}

const held = (value: number, [low, high]: Range): number => Math.min(Math.max(value, low), high)

/** kWh stored per kW more, and taken per kW less, in a step. */
function storedPerKw(problem: SchedulingProblem, step: number, power: number): { more: number; less: number } {
  const device = problem.devices[0]!
  const [stock] = problem.stocks
  if (!stock) return { more: 0, less: 0 }
  const [, b] = lossFactors(at(stock.retention ?? 1, step))
  const charging = b * problem.hours * at(device.chargingEfficiency ?? 1, step)
  const discharging = (b * problem.hours) / at(device.dischargingEfficiency ?? 1, step)
  return { more: power >= -SAME ? charging : discharging, less: power > SAME ? charging : discharging }
}

/** Slopes of each flow's cost left and right of where it stands; a hard limit is a slope without end. */
function slopesOf(problem: SchedulingProblem, { flows }: Priced): Range[][] {
  const slopes = problem.flows.map((flow, index) =>
    Array.from({ length: problem.steps }, (_, step): Range => {
      const level = flows[index]![step]!
      return [level <= lowest(flow.min, step) + SAME ? -Infinity : 0, level >= highest(flow.max, step) - SAME ? Infinity : 0]
    }),
  )
  for (const commitment of problem.commitments) {
    const { on, quantity } = commitment
    if (!('flow' in on)) continue
    for (const group of groupsOf(commitment, problem.steps)) {
      if (group.length > 1) continue
      const step = group[0]!
      const { up, down } = pricesAt(commitment, step)
      const deviation = flows[on.flow]![step]! - at(quantity, step)
      const range = slopes[on.flow]![step]!
      range[0] += deviation > SAME ? up : down
      range[1] += deviation < -SAME ? down : up
    }
  }
  return slopes
}

/** Cost of the device's own power: the sum over its flows; [left, right]. Power of a 'consumption' flow counts only above 0. */
function costOfPower(problem: SchedulingProblem, slopes: readonly Range[][], step: number, power: number): Range {
  const sum: Range = [0, 0]
  problem.flows.forEach((flow, index) => {
    if (!flow.devices.includes(0)) return
    const [left, right] = slopes[index]![step]!
    if (flow.part !== 'consumption' || power > SAME) sum[0] += left
    if (flow.part !== 'consumption' || power >= -SAME) sum[1] += right
  })
  return sum
}

/** Worths of stored energy at which the device does what it does: more must not pay, nor less. */
function byPower(
  problem: SchedulingProblem,
  { powers }: { powers: readonly Float64Array[] },
  slopes: readonly Range[][],
  perKw: readonly { more: number; less: number }[],
  step: number,
): Range {
  const device = problem.devices[0]!
  const power = powers[0]![step]!
  const band = bandsAt(device, step)?.find(({ from, to }) => power >= from - SAME && power <= to + SAME)
  const low = band ? band.from : at(device.min, step)
  const high = band ? band.to : at(device.max, step)
  const [left, right] = costOfPower(problem, slopes, step, power)
  const { more, less } = perKw[step]!
  return [power > low + SAME ? left / less : -Infinity, power < high - SAME ? right / more : Infinity]
}

/** What the stock's own costs and bounds add to its worth at a step end. */
function byStock(problem: SchedulingProblem, { stocks }: Priced, step: number): Range {
  const stock = problem.stocks[0]!
  const level = stocks[0]![step + 1]!
  const range: Range = [level >= highest(stock.max, step) - SAME ? -Infinity : 0, level <= lowest(stock.min, step) + SAME ? Infinity : 0]
  for (const commitment of problem.commitments) {
    if (!('stock' in commitment.on) || !isAlone(commitment, problem.steps, step)) continue
    const { up, down } = pricesAt(commitment, step)
    const deviation = level - at(commitment.quantity, step)
    range[0] -= deviation < -SAME ? down : up
    range[1] -= deviation > SAME ? up : down
  }
  return range
}

const isAlone = (commitment: SchedulingProblem['commitments'][number], steps: number, step: number): boolean =>
  Number.isFinite(at(commitment.quantity, step)) &&
  (commitment.grouping === 'each' || groupsOf(commitment, steps).some((group) => group.length === 1 && group[0] === step))

/** What one kW more of each flow costs: what stored energy is worth, within what the flow's own costs allow. */
function flowValues(
  problem: SchedulingProblem,
  slopes: readonly Range[][],
  perKw: readonly { more: number; less: number }[],
  worth: Float64Array,
): Float64Array[] {
  const values = problem.flows.map(() => new Float64Array(problem.steps))
  const own = problem.flows.flatMap((flow, index) => (flow.devices.includes(0) ? [index] : []))
  for (let step = 0; step < problem.steps; step++) {
    problem.flows.forEach((_, index) => {
      if (!own.includes(index)) values[index]![step] = slopes[index]![step]![1]
    })
    // To make room the device takes less, or gives more: the dearer of the two ways it can do without.
    let rest = worth[step]! * (worth[step]! >= 0 ? perKw[step]!.less : perKw[step]!.more)
    for (const index of own) {
      const [left] = slopes[index]![step]!
      values[index]![step] = left === -Infinity ? Math.min(0, slopes[index]![step]![1]) : left
      rest -= values[index]![step]!
    }
    for (const index of own) {
      const [left, right] = slopes[index]![step]!
      const moved = Math.min(Math.max(rest, left - values[index]![step]!), right - values[index]![step]!)
      values[index]![step]! += moved
      rest -= moved
    }
  }
  return values
}
