/**
 * Solves a scheduling problem with HiGHS: the linear program first, kept when no device consumes and produces at once (then it is
 * exact); else whole-number columns exactly where that happened, again until it happens nowhere. Always with a deadline, a bound and a gap.
 */
import { doings, type Formulation, formulate, powersOf, SCALE, signKey } from './formulate.ts'
import { type Priced, pricePlan } from './price.ts'
import type { SchedulingProblem } from './problem.ts'
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
  const run = (formulation: Formulation, start?: Float64Array) =>
    pool.solve(formulation.program, {
      timeLimitMs: left(),
      gap,
      deadlineMs: left() + Math.min(left(), 5000) + 250,
      presolve: formulation.program.columns > 2000 || formulation.program.integrality ? 'on' : 'off',
      ...(start ? { start } : {}),
    })
  const signed = new Set<number>()
  let best: Solution | undefined
  let bound = -Infinity
  for (let round = 0; ; round++) {
    const formulation = formulate(problem, signed)
    let answer: SolveAnswer
    try {
      answer = await run(formulation)
    } catch (error) {
      if (best) return { ...best, status: 'feasible', solveMs: performance.now() - begin }
      throw error
    }
    const solver = formulation.program.integrality ? 'highs-mip' : 'highs-lp'
    const solveMs = performance.now() - begin
    if (answer.status === 'infeasible' || answer.status === 'unbounded') return { status: 'infeasible', solver, solveMs }
    bound = Math.max(bound, answer.bound / SCALE)
    if (answer.columns.length === 0 && formulation.program.columns > 0)
      return best ? { ...best, solveMs } : { status: 'none', solver, solveMs }
    const both = doings(problem, formulation, answer.columns)
    if (both.length === 0) return finish(problem, formulation, answer, bound, solver, solveMs)
    best = (await heldSigns(problem, formulation, answer, run, bound, solver, () => performance.now() - begin)) ?? best
    if (best && (best.gap <= gap || performance.now() - begin > deadlineMs)) return { ...best, solveMs: performance.now() - begin }
    for (const key of both) signed.add(key)
    // Neighbours of what just failed fail next: after two rounds all steps of the devices concerned are signed.
    if (round >= 2)
      for (const key of both)
        for (let step = 0; step < problem.steps; step++) signed.add(signKey(problem, Math.floor(key / problem.steps), step))
  }
}

/** A plan in the signs that the relaxed one has on balance: quick, never better than the best, often equal to it. */
async function heldSigns(
  problem: SchedulingProblem,
  relaxed: Formulation,
  answer: SolveAnswer,
  run: (formulation: Formulation) => Promise<SolveAnswer>,
  bound: number,
  solver: string,
  spent: () => number,
): Promise<Solution | undefined> {
  const powers = powersOf(problem, relaxed, answer.columns)
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
  return finish(problem, formulation, second, bound, solver, spent())
}

const atMost = (series: SchedulingProblem['devices'][number]['max'], step: number): number =>
  typeof series === 'number' ? series : series[step]!

function finish(
  problem: SchedulingProblem,
  formulation: Formulation,
  answer: SolveAnswer,
  bound: number,
  solver: string,
  solveMs: number,
): Solution {
  const powers = powersOf(problem, formulation, answer.columns)
  const priced = pricePlan(problem, powers)
  // The solver's bound includes the tie-breaks: take their least possible share (0, they are never negative) off by what they cost here.
  const total = priced.objective + priced.tieBreak
  const proven = Math.min(bound, total)
  const gap = total === proven ? 0 : Math.max(0, (total - proven) / Math.max(Math.abs(total), 1e-9))
  const duals = answer.rowDuals
  return {
    ...priced,
    status: answer.status === 'optimal' || gap <= 1e-9 ? 'optimal' : 'feasible',
    powers,
    bound: Math.min(priced.objective, proven - priced.tieBreak),
    gap: gap < 1e-9 ? 0 : gap,
    solver,
    solveMs,
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
  }
}
