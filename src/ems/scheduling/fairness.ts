/**
 * When not all wishes fit: who gets how much. Priorities come one after the other (lexicographic); within one, the worst served wish is served
 * as well as possible, then the next worst, and so on (max-min fair). Served is the share of what was missing at the start.
 *
 * Limits of the site are kept as the plan of least cost keeps them: sharing moves energy among devices, it breaks nothing more.
 */
import type { Highs } from 'highs'
import { formulate, pricesAt } from './formulate.ts'
import type { Priced } from './price.ts'
import { at, type Commitment, groupsOf, highest, lowest, type SchedulingProblem, type Series } from './problem.ts'
import { hullOf } from './relaxation.ts'
import { modelOf, OPTIONS, STATUS } from './run-program.ts'

/** A wish that a device's stock holds so much at the end of a step. */
export interface Claim {
  device: number
  /** Index of the step at whose end it holds. */
  step: number
  kwh: number
  /** 1 comes first. */
  priority: number
}

export interface Sharing {
  claims: readonly Claim[]
  /** 'max-min': by priority, and within one the worst served first · 'weighted': a wish of a higher priority costs more to miss */
  way: 'max-min' | 'weighted'
}

/** A shortage below this (kWh) is none. */
const NOTEWORTHY = 1e-3
/** A wish of one priority weighs so much more than one of the next. */
const WEIGHT = 4
/** What is allotted weighs so much more than other wishes. */
const ALLOTTED = 3

/** True when at least two devices have claims and one of them comes short in the plan. */
export function isShared(problem: SchedulingProblem, claims: readonly Claim[], plan: Priced): boolean {
  const devices = new Set(claims.map(({ device }) => device))
  return devices.size > 1 && claims.some((claim) => claim.kwh - levelAt(problem, claim, plan) > NOTEWORTHY)
}

const levelAt = (problem: SchedulingProblem, { device, step }: Claim, plan: Priced): number =>
  plan.stocks[problem.devices[device]!.stock!]![step + 1]!

/** The problem in which missing a wish costs by its priority: each priority `WEIGHT` times the next. */
export function weighted(problem: SchedulingProblem, claims: readonly Claim[]): SchedulingProblem {
  const last = Math.max(...claims.map(({ priority }) => priority))
  const weights = new Map<number, number>()
  for (const { device, priority } of claims) {
    const stock = problem.devices[device]!.stock!
    weights.set(stock, Math.max(weights.get(stock) ?? 0, WEIGHT ** (last - priority)))
  }
  return {
    ...problem,
    commitments: problem.commitments.map((commitment): Commitment => {
      const weight = 'stock' in commitment.on && !commitment.tieBreak ? (weights.get(commitment.on.stock) ?? 1) : 1
      const { down } = commitment
      if (weight === 1 || down === undefined) return commitment
      return { ...commitment, down: Array.from({ length: problem.steps }, (_, step) => at(down, step) * weight) }
    }),
  }
}

/**
 * What each claim gets, kWh, at most what it wants; undefined when the solver gave no answer in time. `plan` is the one of least cost.
 */
export function fairLevels(
  highs: Highs,
  problem: SchedulingProblem,
  plan: Priced,
  claims: readonly Claim[],
  timeLimitMs: number,
): number[] | undefined {
  const begin = performance.now()
  const formulation = formulate(withinPlan(hullOf(problem), plan, claims))
  const { program } = formulation
  const needs = claims.map((claim) => Math.max(claim.kwh - problem.stocks[problem.devices[claim.device]!.stock!]!.start, NOTEWORTHY))
  return highs.withModel(modelOf(program), (model) => {
    model.options.set({ ...OPTIONS, solver: 'simplex', presolve: 'off' })
    const share = program.columns
    model.addCol(1, 0, 1, { indices: new Int32Array(0), values: new Float64Array(0) })
    const rowOf = claims.map((claim, index) => {
      const level = formulation.stock[problem.devices[claim.device]!.stock!]![claim.step]!
      model.addRow(-Infinity, Infinity, { indices: Int32Array.of(level, share), values: Float64Array.of(1, needs[index]!) })
      return program.rows + index
    })
    const levels = claims.map(({ kwh }) => kwh)
    /** The claim gets what is left of it when `missing` (a share) is taken off, whatever becomes of the others. */
    const settle = (index: number, missing: number) => {
      levels[index] = claims[index]!.kwh - missing * needs[index]!
      model.changeCoefficient(rowOf[index]!, share, 0)
      model.changeRowBounds(rowOf[index]!, levels[index]! - 1e-7 * Math.max(1, Math.abs(levels[index]!)), Infinity)
    }
    for (const priority of [...new Set(claims.map((claim) => claim.priority))].sort((one, other) => one - other)) {
      let open = [...claims.keys()].filter((index) => claims[index]!.priority === priority)
      for (const index of open) model.changeRowBounds(rowOf[index]!, claims[index]!.kwh, Infinity)
      while (open.length > 0) {
        model.zeroAllClocks()
        model.options.set('time_limit', Math.max(timeLimitMs - (performance.now() - begin), 1) / 1000)
        model.run()
        if (model.getModelStatus() !== STATUS.optimal) return undefined
        const { colValue, rowDual } = model.getSolution()
        const missing = Math.max(colValue[share]!, 0)
        // Those whose row presses on the share cannot do better; at a share of 0 all have what they want.
        const pressing = missing < 1e-6 ? open : open.filter((index) => Math.abs(rowDual[rowOf[index]!]!) > 1e-7)
        const settled = pressing.length > 0 ? pressing : open
        for (const index of settled) settle(index, missing)
        open = open.filter((index) => !settled.includes(index))
      }
    }
    return levels
  })
}

/**
 * The problem without prices, in the limits that the plan keeps: what it breaks may stay broken, and no more. Claims are left out: they are
 * what is shared.
 */
function withinPlan(problem: SchedulingProblem, plan: Priced, claims: readonly Claim[]): SchedulingProblem {
  const { steps } = problem
  const bounded = <Thing extends { min?: Series; max?: Series }>(thing: Thing) => ({
    ...thing,
    min: Float64Array.from({ length: steps }, (_, step) => lowest(thing.min, step)),
    max: Float64Array.from({ length: steps }, (_, step) => highest(thing.max, step)),
  })
  const flows = problem.flows.map(bounded)
  const stocks = problem.stocks.map(bounded)
  const claimed = new Set(claims.map((claim) => problem.devices[claim.device]!.stock! * steps + claim.step))
  for (const commitment of problem.commitments) {
    const { on } = commitment
    if (commitment.tieBreak || (commitment.up !== undefined && commitment.down !== undefined)) continue
    const bounds = 'flow' in on ? flows[on.flow]! : stocks[on.stock]!
    const level = 'flow' in on ? plan.flows[on.flow]! : plan.stocks[on.stock]!.subarray(1)
    for (const group of groupsOf(commitment, steps)) {
      const { up, down } = pricesAt(commitment, group[0]!)
      const most = Math.max(...group.map((step) => level[step]! - at(commitment.quantity, step)), 0)
      const least = Math.min(...group.map((step) => level[step]! - at(commitment.quantity, step)), 0)
      for (const step of group) {
        if ('stock' in on && claimed.has(on.stock * steps + step)) continue
        const quantity = at(commitment.quantity, step)
        if (up > 0) bounds.max[step] = Math.min(bounds.max[step]!, Math.max(quantity + most, level[step]!))
        if (down < 0) bounds.min[step] = Math.max(bounds.min[step]!, Math.min(quantity + least, level[step]!))
      }
    }
  }
  return { ...problem, flows, stocks, commitments: [] }
}

/** The problem in which every claim is held to what it was allotted, at a price above that of the wish. */
export function allotted(problem: SchedulingProblem, claims: readonly Claim[], levels: readonly number[]): SchedulingProblem {
  const held = claims.map((claim, index): Commitment => {
    const stock = problem.devices[claim.device]!.stock!
    let price = 0
    for (const { on, down, tieBreak, quantity } of problem.commitments)
      if ('stock' in on && on.stock === stock && !tieBreak && down !== undefined && Number.isFinite(at(quantity, claim.step)))
        price -= at(down, claim.step)
    const wanted = new Float64Array(problem.steps).fill(Number.NaN)
    wanted[claim.step] = levels[index]! - 1e-6 * Math.max(1, Math.abs(levels[index]!))
    return { name: 'fair share', on: { stock }, grouping: 'each', quantity: wanted, down: -ALLOTTED * Math.max(price, 1), tieBreak: true }
  })
  return { ...problem, commitments: [...problem.commitments, ...held] }
}
