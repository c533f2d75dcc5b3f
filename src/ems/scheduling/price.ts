/** What a plan costs: every commitment by name, recomputed from the powers alone, whoever found them. */
import { pricesAt } from './formulate.ts'
import {
  at,
  bandsAt,
  type Commitment,
  groupsOf,
  highest,
  lowest,
  type ProblemDevice,
  type SchedulingProblem,
  stockPath,
} from './problem.ts'

export interface Priced {
  /** Sum of all commitments that are no tie-breaks, in currency. */
  objective: number
  /** Cost by name; commitments of one name are added up; tie-breaks included. */
  costs: Record<string, number>
  tieBreak: number
  /** Stock after each step, start first, kWh. */
  stocks: Float64Array[]
  /** Net power of each flow, kW. */
  flows: Float64Array[]
}

/** Deviation smaller than this (kW or kWh) is noise of the solver and costs nothing when it is a breach. */
const NOISE = 1e-6

/** A device with a shortest run or rest runs when its power is above this, kW. */
const RUNS = 1e-6

/** Prices signed powers per device (kW, one array a device). */
export function pricePlan(problem: SchedulingProblem, powers: readonly ArrayLike<number>[]): Priced {
  const stocks = problem.stocks.map((_, index) => stockPath(problem, index, powers))
  const flows = problem.flows.map((flow) =>
    Float64Array.from({ length: problem.steps }, (_, step) => {
      let sum = at(flow.fixed ?? 0, step)
      for (const device of flow.devices) sum += flow.part === 'consumption' ? Math.max(powers[device]![step]!, 0) : powers[device]![step]!
      return sum
    }),
  )
  const costs: Record<string, number> = {}
  let objective = 0
  let tieBreak = 0
  for (const commitment of problem.commitments) {
    const { on } = commitment
    const level = (step: number) => ('flow' in on ? flows[on.flow]![step]! : stocks[on.stock]![step + 1]!)
    const cost = costOf(commitment, problem.steps, level)
    costs[commitment.name] = (costs[commitment.name] ?? 0) + cost
    if (commitment.tieBreak) tieBreak += cost
    else objective += cost
  }
  return { objective, costs, tieBreak, stocks, flows }
}

function costOf(commitment: Commitment, steps: number, level: (step: number) => number): number {
  let cost = 0
  for (const group of groupsOf(commitment, steps)) {
    const { up, down } = pricesAt(commitment, group[0]!)
    let most = 0
    let least = 0
    for (const step of group) {
      const deviation = level(step) - at(commitment.quantity, step)
      if (!Number.isFinite(deviation)) continue
      most = Math.max(most, deviation)
      least = Math.min(least, deviation)
    }
    const oneSided = commitment.up === undefined || commitment.down === undefined
    if (!oneSided || most > NOISE) cost += most * up
    if (!oneSided || least < -NOISE) cost += least * down
  }
  return cost
}

/** The hard rules a plan breaks, in words; empty when it keeps them all within `tolerance` (kW, kWh). */
export function violations(problem: SchedulingProblem, powers: readonly ArrayLike<number>[], tolerance = 1e-6): string[] {
  const found: string[] = []
  const { stocks, flows } = pricePlan({ ...problem, commitments: [] }, powers)
  const check = (name: string, step: number, value: number, low: number, high: number) => {
    if (value < low - tolerance) found.push(`${name} at step ${step}: ${value} below ${low}`)
    if (value > high + tolerance) found.push(`${name} at step ${step}: ${value} above ${high}`)
    if (Number.isNaN(value)) found.push(`${name} at step ${step}: no number`)
  }
  for (let step = 0; step < problem.steps; step++) {
    problem.devices.forEach((device, index) => {
      const power = powers[index]![step]!
      check(device.name, step, power, at(device.min, step), at(device.max, step))
      const bands = bandsAt(device, step)
      if (bands && !bands.some(({ from, to }) => power >= from - tolerance && power <= to + tolerance))
        found.push(`${device.name} at step ${step}: ${power} in no operation mode`)
    })
    for (const { name, members } of problem.couplings ?? []) {
      const common = members.map(({ device, coefficient }) => powers[device]![step]! / coefficient)
      const apart = Math.max(...common) - Math.min(...common)
      if (apart * Math.min(...members.map(({ coefficient }) => Math.abs(coefficient))) > tolerance)
        found.push(`${name} at step ${step}: not in proportion`)
    }
    problem.devices.forEach((device, index) => {
      if ((device.minRun ?? 1) + (device.minRest ?? 1) > 2) found.push(...shortStays(device, powers[index]!, step, problem.steps))
    })
    problem.stocks.forEach((stock, index) => {
      check(stock.name, step, stocks[index]![step + 1]!, lowest(stock.min, step), highest(stock.max, step))
    })
    problem.flows.forEach((flow, index) => {
      check(flow.name, step, flows[index]![step]!, lowest(flow.min, step), highest(flow.max, step))
    })
  }
  return found
}

/** A start or stop at the step that does not last as long as it must. */
function shortStays(device: ProblemDevice, power: ArrayLike<number>, step: number, steps: number): string[] {
  const runs = (at: number) => at >= 0 && Math.abs(power[at]!) > RUNS
  if (runs(step) === runs(step - 1)) return []
  const least = (runs(step) ? device.minRun : device.minRest) ?? 1
  for (let later = step + 1; later < Math.min(step + least, steps); later++)
    if (runs(later) !== runs(step))
      return [`${device.name} ${runs(step) ? 'runs' : 'rests'} from step ${step} for less than ${least} steps`]
  return []
}
