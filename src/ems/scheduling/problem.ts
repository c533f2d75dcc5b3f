/**
 * A scheduling problem as plain data: devices with power, stocks they fill and empty, flows they add up to (site, commodity, group, node),
 * couplings between devices, and commitments that price deviations (the formulation of FlexMeasures; docs/explanation/the-plan.md).
 * No sensors, no database, no clock.
 *
 * Units: power kW (consumption positive), stock kWh, time hours, prices in whole currency per kW or kWh of deviation *in one step*
 * (an energy price of 0.2 EUR/kWh over 15 min is 0.05 EUR per kW). Stocks are known at step ends.
 */

/** One value for all steps, or one a step. NaN = does not bind, where a bound or quantity is meant. */
export type Series = number | readonly number[] | Float64Array

/** Signed powers a device may run at, kW, ends included; `from` ≤ `to`. A mode {0, 0} is rest. */
export interface Band {
  from: number
  to: number
}

/**
 * Something with a power to decide. In one step it consumes or produces, never both at once (with efficiencies below 1 that would burn
 * energy). A profile that is given is no device: it belongs to `Flow.fixed` of every flow it counts in.
 */
export interface ProblemDevice {
  name: string
  /** Lowest and highest power, kW; finite. A device that may neither consume nor produce has 0 and 0. */
  min: Series
  max: Series
  /** Operation modes: in every step the power lies in one of these. Absent = anywhere between min and max. */
  bands?: readonly Band[]
  /**
   * Steps it runs at least once it starts, and rests at least once it stops; default 1. Running is any power but 0; such a device has bands,
   * and none but rest {0, 0} holds 0. Before the first step it rested, for long enough.
   */
  minRun?: number
  minRest?: number
  /** Index of the stock it fills (power > 0) and empties (power < 0). Several devices may share one stock (inverters of one battery). */
  stock?: number
  /** Stock gained per kWh consumed; default 1; above 1 for heat pumps. */
  chargingEfficiency?: Series
  /** Energy delivered per unit of stock taken; default 1. */
  dischargingEfficiency?: Series
}

/** What devices fill and empty: at a step end, retention and inflow done. Its wishes are bounds (hard) or commitments on it (soft). */
export interface Stock {
  name: string
  /** kWh before the first step. */
  start: number
  /** Hard bounds at step ends, kWh. */
  min?: Series
  max?: Series
  /** Share of the stock that is left after one step; default 1. Losses act all through the step (`lossFactors`). */
  retention?: Series
  /** Inflow (> 0) or use (< 0) beside the devices, kW of stock; efficiencies do not touch it. */
  inflow?: Series
}

/**
 * A sum of device powers and of a fixed profile, with hard bounds. Flow 0 is the site (the first commodity, electricity). Groups nest by
 * listing all devices below them; nesting is not written down otherwise.
 */
export interface Flow {
  name: string
  /**
   * What it stands for, for explanations and decomposition; it changes nothing in the mathematics. 'site': balance of a commodity that is
   * bought and sold · 'node': internal commodity, min = max = 0 · 'group': devices behind a common connection · 'device': one device, to
   * price its power · 'scope': what a commitment names
   */
  role?: 'site' | 'node' | 'group' | 'device' | 'scope'
  /** 'electricity', 'gas', 'heat' … */
  commodity?: string
  devices: readonly number[]
  /** Profile of everything that is not decided here, kW. */
  fixed?: Series
  min?: Series
  max?: Series
  /** 'net' (default) adds signed powers; 'consumption' adds only what devices consume (load control). */
  part?: 'net' | 'consumption'
}

/** Devices that run in proportion: power of each member = its coefficient × one common free number per step (CHP: gas 1, heat -0.5). */
export interface Coupling {
  name: string
  members: readonly { device: number; coefficient: number }[]
}

/**
 * A priced wish. With both prices, upward and downward deviation from the quantity are both accounted (downward deviation is negative,
 * so production at quantity 0 earns the down price). With one price, only deviation to that side counts; a breach below therefore
 * carries a negative down price.
 */
export interface Commitment {
  name: string
  on: { flow: number } | { stock: number }
  /**
   * 'each': every step is a sub-commitment of its own, convex when up ≥ down and else in need of a whole-number sign · 'any': runs of steps
   * with equal quantity and prices pay once, for the largest deviation to each side in the run (`groupsOf`); there up ≥ 0 and down ≤ 0
   */
  grouping: 'each' | 'any'
  /** kW of a flow, kWh of a stock (absolute, not relative to its start). NaN = does not bind. */
  quantity: Series
  up?: Series
  down?: Series
  /** True for preferences among equal plans; their cost is reported, but is no part of the objective. */
  tieBreak?: boolean
}

export interface SchedulingProblem {
  steps: number
  /** Length of a step in hours. */
  hours: number
  devices: ProblemDevice[]
  stocks: Stock[]
  flows: Flow[]
  commitments: Commitment[]
  couplings?: readonly Coupling[]
}

/**
 * A load that runs a fixed time at full power (washing machine, pump): when? 'inflexible' starts as early as it may, 'shiftable' runs in
 * one piece, 'breakable' step by step. Solved by counting, without a solver (`process.ts`).
 */
export interface Process {
  steps: number
  kind: 'inflexible' | 'shiftable' | 'breakable'
  /** Steps it runs. */
  runs: number
  /** Cost of running in each step (any unit); NaN counts as 0. */
  prices: Float64Array
  /** 1 where it must not run. */
  forbidden: Uint8Array
  /** Highest instead of least sum of prices. */
  most: boolean
}

/** Value of a series at a step. */
export const at = (series: Series, step: number): number => (typeof series === 'number' ? series : series[step]!)

/** A series as an array of its own. */
export const spread = (series: Series, steps: number): Float64Array =>
  typeof series === 'number' ? new Float64Array(steps).fill(series) : Float64Array.from(series)

/** The hard bound that holds: NaN and absent are no bound. */
export const lowest = (series: Series | undefined, step: number): number => {
  const value = series === undefined ? Number.NaN : at(series, step)
  return Number.isNaN(value) ? -Infinity : value
}
export const highest = (series: Series | undefined, step: number): number => {
  const value = series === undefined ? Number.NaN : at(series, step)
  return Number.isNaN(value) ? Infinity : value
}

/** What is left of a device's bands between its bounds at a step; undefined when it has none. */
export function bandsAt(device: ProblemDevice, step: number): Band[] | undefined {
  const min = at(device.min, step)
  const max = at(device.max, step)
  return device.bands?.flatMap(({ from, to }) => {
    const band = { from: Math.max(from, min), to: Math.min(to, max) }
    return band.from <= band.to ? [band] : []
  })
}

/** Stock after a step = a × before + b × inflow: losses are spread evenly through the step. */
export const lossFactors = (retention: number): [a: number, b: number] =>
  retention >= 1 ? [1, 1] : retention > 0 ? [retention, (retention - 1) / Math.log(retention)] : [0, 0]

/**
 * Steps that pay together under 'any': one group when quantity and prices never change (missing quantities apart), else runs of equal
 * values; steps without a quantity are left out.
 */
export function groupsOf(commitment: Commitment, steps: number): readonly (readonly number[])[] {
  const known = grouped.get(commitment)
  if (known?.steps === steps) return known.groups
  const groups = groupsIn(commitment, steps)
  grouped.set(commitment, { steps, groups })
  return groups
}

/** A commitment is asked for its groups a dozen times on the way to a plan, and never changes. */
const grouped = new WeakMap<Commitment, { steps: number; groups: readonly (readonly number[])[] }>()

function groupsIn(commitment: Commitment, steps: number): number[][] {
  const series = [commitment.quantity, commitment.up, commitment.down].filter((one) => one !== undefined)
  const binds = (step: number) => series.every((one) => !Number.isNaN(at(one, step)))
  const all = Array.from({ length: steps }, (_, step) => step)
  if (commitment.grouping === 'each') return all.filter(binds).map((step) => [step])
  const constant = series.every(
    (one) => new Set(typeof one === 'number' ? [one] : [...one].filter((value) => !Number.isNaN(value))).size <= 1,
  )
  if (constant) return [all.filter(binds)].filter((group) => group.length > 0)
  const groups: number[][] = []
  for (const step of all) {
    if (!binds(step)) continue
    const last = groups.at(-1)
    const same = last?.at(-1) === step - 1 && series.every((one) => at(one, step) === at(one, step - 1))
    if (last && same) last.push(step)
    else groups.push([step])
  }
  return groups
}

/** Stock after each step (index 0 = start, n + 1 values), kWh, for signed powers per device. */
export function stockPath(problem: SchedulingProblem, stock: number, powers: readonly ArrayLike<number>[]): Float64Array {
  const one = problem.stocks[stock]!
  const path = new Float64Array(problem.steps + 1)
  const members = problem.devices.flatMap((device, index) => (device.stock === stock ? [{ device, index }] : []))
  path[0] = one.start
  for (let step = 0; step < problem.steps; step++) {
    const [a, b] = lossFactors(at(one.retention ?? 1, step))
    let inflow = at(one.inflow ?? 0, step)
    for (const { device, index } of members) {
      const power = powers[index]![step]!
      inflow += power >= 0 ? power * at(device.chargingEfficiency ?? 1, step) : power / at(device.dischargingEfficiency ?? 1, step)
    }
    path[step + 1] = a * path[step]! + b * problem.hours * inflow
  }
  return path
}
