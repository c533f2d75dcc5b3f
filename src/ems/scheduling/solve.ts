/**
 * Solves a scheduling problem with HiGHS: the linear program first, kept when no device consumes and produces at once (then it is
 * exact); else whole-number columns exactly where that happened, again until it happens nowhere. Always with a deadline, a bound and a gap.
 */

import { isProblem } from '#kernel'
import { doings, type Formulation, formulate, powersOf, SCALE, signKey } from './formulate.ts'
import { type Priced, pricePlan, violations } from './price.ts'
import type { SchedulingProblem } from './problem.ts'
import { planInTurn } from './sequential.ts'
import type { SolveAnswer } from './solver-message.ts'
import type { SolverPool } from './solver-pool.ts'
import { solveStorage } from './storage.ts'

export interface Solution extends Priced {
  status: 'optimal' | 'feasible'
  /** Signed power per device and step, kW. */
  powers: Float64Array[]
  /** Proven: no plan of this problem has a lower objective (in currency, tie-breaks apart). */
  bound: number
  /** (objective - bound) / |objective|, 0 when proven best. */
  gap: number
  solver: string
  solveMs: number
  /** What one kWh more stock after each step is worth, per stock (currency per kWh); absent for whole-number plans. */
  stockValues?: Float64Array[]
  /** Marginal cost of one kW more of the fixed profile at each step, per flow (currency per kW); absent for whole-number plans. */
  flowValues?: Float64Array[]
}

export type Outcome = Solution | { status: 'infeasible' | 'none'; solver: string; solveMs: number }

export interface SolveHow {
  pool: SolverPool
  /** For the whole solve, all phases together, ms. */
  deadlineMs: number
  /** Relative gap that is good enough; default 0. */
  gap?: number
}

/** True when the outcome holds a plan. */
export const isSolved = (outcome: Outcome): outcome is Solution => 'powers' in outcome

/**
 * The plan of least cost: by the own algorithm where the problem has its form (one storage, convex), else by HiGHS. Objective, bound and
 * costs in currency; the bound is the proven one of objective and tie-breaks together, less the tie-breaks of this plan.
 * @throws Problem `solver-killed` when the thread did not come back in time and no earlier phase gave a plan
 */
export async function solve(problem: SchedulingProblem, how: SolveHow): Promise<Outcome> {
  const begin = performance.now()
  const own = solveStorage(problem)
  if (own === undefined) return solveWithHighs(problem, how)
  const solveMs = performance.now() - begin
  if (own === 'infeasible') return { status: 'infeasible', solver: 'storage', solveMs }
  return { ...own, status: 'optimal', bound: own.objective, gap: 0, solver: 'storage', solveMs, stockValues: [own.values] }
}

/**
 * As `solve`, with HiGHS whatever the form.
 * @throws Problem `solver-killed` when the thread did not come back in time and no earlier phase gave a plan
 */
export async function solveWithHighs(problem: SchedulingProblem, { pool, deadlineMs, gap = 0 }: SolveHow): Promise<Outcome> {
  const begin = performance.now()
  const left = () => Math.max(deadlineMs - (performance.now() - begin), 1)
  const once = (formulation: Formulation) =>
    pool.solve(formulation.program, {
      timeLimitMs: left(),
      gap,
      deadlineMs: left() + Math.min(left(), 5000) + 250,
      presolve: formulation.program.columns > 2000 || formulation.program.integrality ? 'on' : 'off',
    })
  // A thread that dies before the deadline is replaced: ask again, once.
  const run = (formulation: Formulation) =>
    once(formulation).catch((error: unknown) => {
      if (isProblem(error) && error.code === 'solver-killed' && left() > deadlineMs / 2) return once(formulation)
      throw error
    })
  const spent = () => performance.now() - begin
  const enough = Math.max(gap, EXACT)
  const signed = new Set<number>()
  let best: Solution | undefined
  let bound = -Infinity
  const keep = (plan: Solution | undefined) => {
    if (plan && (!best || plan.objective + plan.tieBreak < best.objective + best.tieBreak)) best = plan
  }
  for (let round = 0; ; round++) {
    const formulation = formulate(problem, signed)
    const solver = formulation.program.integrality ? 'highs-mip' : 'highs-lp'
    let answer: SolveAnswer
    try {
      answer = await run(formulation)
    } catch (error) {
      const plan = best ? judged(best, bound) : unsolved(problem)
      if (plan) return { ...plan, solveMs: spent() }
      throw error
    }
    if (answer.status === 'infeasible' || answer.status === 'unbounded') return { status: 'infeasible', solver, solveMs: spent() }
    bound = Math.max(bound, answer.bound / SCALE)
    if (answer.columns.length === 0 && formulation.program.columns > 0) {
      const plan = best ? judged(best, bound) : unsolved(problem)
      return plan ? { ...plan, solveMs: spent() } : { status: 'none', solver, solveMs: spent() }
    }
    const plan = finish(problem, formulation, answer, bound, solver)
    const both = doings(problem, formulation, answer.columns)
    if (both.length === 0) return { ...plan, solveMs: spent() }
    // On balance the plan may do as well: where doing both at once is free, nothing is lost by not doing it.
    if (violations(problem, plan.powers).length === 0) keep(plan)
    if (!best || judged(best, bound).gap > enough) keep(await heldSigns(problem, plan.powers, run, bound, solver))
    if (best) best = judged(best, bound)
    const before = signed.size
    for (const key of both) signed.add(key)
    // What is forbidden in one step moves to the next that pays: where energy is worth less than nothing, and at last everywhere.
    for (const device of new Set(both.map((key) => Math.floor(key / problem.steps))))
      for (let step = 0; step < problem.steps; step++)
        if (round >= 1 || burningPays(problem, plan, device, step)) signed.add(signKey(problem, device, step))
    const isOver = spent() > deadlineMs || signed.size === before
    if (best && (best.gap <= enough || isOver)) return { ...best, solveMs: spent() }
    if (isOver) {
      const inTurn = unsolved(problem)
      return inTurn ? { ...inTurn, solveMs: spent() } : { status: 'none', solver, solveMs: spent() }
    }
  }
}

/** True where one more kW consumed by the device earns money. */
function burningPays(problem: SchedulingProblem, plan: Solution, device: number, step: number): boolean {
  let price = 0
  problem.flows.forEach((flow, index) => {
    if (flow.devices.includes(device)) price += plan.flowValues?.[index]?.[step] ?? 0
  })
  return price < 0
}

/** A gap this small is rounding. */
const EXACT = 1e-9

/** The plan one gets without a solver; nothing is proven about it. */
function unsolved(problem: SchedulingProblem): Solution | undefined {
  const powers = planInTurn(problem)
  if (!powers || violations(problem, powers).length > 0) return undefined
  return { ...pricePlan(problem, powers), status: 'feasible', powers, bound: -Infinity, gap: Infinity, solver: 'in-turn', solveMs: 0 }
}

/** A plan in the signs that the relaxed one has on balance: quick, never better than the best, often equal to it. */
async function heldSigns(
  problem: SchedulingProblem,
  powers: Float64Array[],
  run: (formulation: Formulation) => Promise<SolveAnswer>,
  bound: number,
  solver: string,
): Promise<Solution | undefined> {
  const held: SchedulingProblem = {
    ...problem,
    devices: problem.devices.map((device, index) => ({
      ...device,
      max: powers[index]!.map((power, step) => (power >= 0 ? atMost(device.max, step) : Math.min(atMost(device.max, step), 0))),
      min: powers[index]!.map((power, step) => (power >= 0 ? Math.max(atMost(device.min, step), 0) : atMost(device.min, step))),
    })),
  }
  const formulation = formulate(held)
  const second = await run(formulation).catch(() => undefined)
  if (!second || second.columns.length === 0) return undefined
  return finish(problem, formulation, second, bound, solver)
}

const atMost = (series: SchedulingProblem['devices'][number]['max'], step: number): number =>
  typeof series === 'number' ? series : series[step]!

function finish(problem: SchedulingProblem, formulation: Formulation, answer: SolveAnswer, bound: number, solver: string): Solution {
  const powers = powersOf(problem, formulation, answer.columns)
  const duals = answer.rowDuals
  return judged(
    {
      ...pricePlan(problem, powers),
      status: 'feasible',
      powers,
      bound,
      gap: Infinity,
      solver,
      solveMs: 0,
      ...(duals.length > 0
        ? {
            stockValues: formulation.stockRows.map((rows) => Float64Array.from(rows, (row) => -duals[row]! / SCALE)),
            flowValues: formulation.flowPrices.map(({ plain, rows }) => {
              const value = plain.map((each) => each / SCALE)
              for (const { row, step, sign } of rows) value[step]! += (sign * duals[row]!) / SCALE
              return value
            }),
          }
        : {}),
    },
    bound,
  )
}

/** The plan with its bound and gap. The solver's bound is about objective and tie-breaks together; this plan's tie-breaks are taken off. */
function judged(plan: Solution, bound: number): Solution {
  const total = plan.objective + plan.tieBreak
  const proven = Math.min(bound, total)
  const gap = total === proven ? 0 : (total - proven) / Math.max(Math.abs(total), EXACT)
  const isBest = gap < EXACT
  return {
    ...plan,
    status: isBest ? 'optimal' : 'feasible',
    bound: Math.min(plan.objective, proven - plan.tieBreak),
    gap: isBest ? 0 : gap,
  }
}
