/**
 * The plan of a problem: by the own algorithm on the spot where the problem has its form (one storage, convex), else in a thread of the
 * solver pool. Always with a deadline, a bound and a gap.
 */
import { isProblem } from '#kernel'
import { marginalValues } from './marginal.ts'
import type { SchedulingProblem } from './problem.ts'
import type { SearchOptions } from './search.ts'
import { planInTurn } from './sequential.ts'
import { judged, type Outcome, planWith, totalOf } from './solution.ts'
import type { SolverPool } from './solver-pool.ts'
import { solveStorage } from './storage.ts'

export { isSolved, type Outcome, type Solution } from './solution.ts'

export interface SolveHow extends SearchOptions {
  pool: SolverPool
}

/** Modes to choose (devices × steps × bands) from which a problem is large: it may stop at a small gap sooner. */
const MANY_CHOICES = 1000
/** When a gap of one per cent is good enough, unless the caller says. */
const patienceFor = ({ devices, steps }: SchedulingProblem): { afterMs: number; gap: number } => {
  const choices = devices.reduce((sum, { bands }) => sum + (bands && bands.length > 1 ? bands.length * steps : 0), 0)
  return { afterMs: choices >= MANY_CHOICES ? 2000 : 15_000, gap: 0.01 }
}

/**
 * The plan of least cost. A problem with whole numbers is solved to `gap`; after a while one per cent is good enough (2 s with many modes to
 * choose, else 15 s; `patience`). Objective, bound and costs in currency; the bound is the proven one of objective and tie-breaks together, less
 * the tie-breaks of this plan. A thread that is lost is replaced and asked again, once; then the plan is made device by device, and says
 * that nothing is proven (`in-turn`).
 * @throws Problem `solver-killed` when no thread gave a plan and none can be made device by device, `program-too-large`, `solver-closed`
 */
export async function solve(problem: SchedulingProblem, { pool, ...given }: SolveHow): Promise<Outcome> {
  const options: SearchOptions = { patience: patienceFor(problem), ...given }
  const begin = performance.now()
  const spent = () => performance.now() - begin
  if (options.by !== 'highs') {
    const own = solveStorage(problem)
    if (own === 'infeasible') return { status: 'infeasible', solver: 'storage', solveMs: spent() }
    if (own) {
      const plan = { ...own, ...marginalValues(problem, own) }
      return judged(plan, totalOf(own), { solver: 'storage', solveMs: spent() })
    }
  }
  const isLost = (error: unknown) => isProblem(error) && error.code === 'solver-killed'
  const left = () => options.deadlineMs - spent()
  try {
    return await pool.plan(problem, options).catch((error: unknown) => {
      if (isLost(error) && left() > options.deadlineMs / 2) return pool.plan(problem, { ...options, deadlineMs: left() })
      throw error
    })
  } catch (error) {
    const powers = isLost(error) ? planInTurn(problem) : undefined
    const plan = powers && planWith(problem, powers)
    if (plan) return judged(plan, -Infinity, { solver: 'in-turn', solveMs: spent() })
    throw error
  }
}

/** As `solve`, with HiGHS whatever the form: to compare with. */
export const solveWithHighs = (problem: SchedulingProblem, how: SolveHow): Promise<Outcome> => solve(problem, { ...how, by: 'highs' })
