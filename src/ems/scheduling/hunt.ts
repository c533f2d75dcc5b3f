/** A hunt for the best plan of a problem within a time: the best so far, what is proven, and when it is good enough. */
import type { Priced } from './price.ts'
import type { SchedulingProblem } from './problem.ts'
import { EXACT, gapOf, planWith, type SolverName, totalOf } from './solution.ts'

export interface HuntOptions {
  /** For everything together, ms. */
  deadlineMs: number
  /** Relative gap that is good enough at once; default 0. */
  gap?: number
  /** From `afterMs` on this gap is good enough. */
  patience?: { afterMs: number; gap: number }
}

export interface Prey extends Priced {
  powers: Float64Array[]
  solver: SolverName
}

export interface Hunt {
  /** ms until the deadline; at most 0 when it is over. */
  left(): number
  spent(): number
  /** Takes a plan when it breaks no rule and costs less than the best so far; true when it was taken. */
  offer(powers: readonly Float64Array[], solver: SolverName): boolean
  /** Notes a proven bound (objective and tie-breaks together). */
  raise(bound: number): void
  best(): Prey | undefined
  bound(): number
  /** True when the plan is good enough for the time that was spent, or time is over. */
  isDone(): boolean
  /** The gap that is good enough now. */
  enough(): number
}

/** Starts the clock. `found` hears of every better plan. */
export function startHunt(problem: SchedulingProblem, options: HuntOptions, found?: (best: Prey, bound: number) => void): Hunt {
  const begin = performance.now()
  let best: Prey | undefined
  let bound = -Infinity
  const spent = () => performance.now() - begin
  const left = () => options.deadlineMs - spent()
  const enough = () => {
    const { gap = 0, patience } = options
    return Math.max(EXACT, gap, patience && spent() >= patience.afterMs ? patience.gap : 0)
  }
  return {
    left,
    spent,
    enough,
    offer(powers, solver) {
      const plan = planWith(problem, powers as Float64Array[])
      if (!plan || (best && totalOf(plan) >= totalOf(best) - 1e-12)) return false
      best = { ...plan, powers: powers.map((power) => power.slice()), solver }
      found?.(best, bound)
      return true
    },
    raise(proven) {
      if (proven > bound) bound = proven
    },
    best: () => best,
    bound: () => bound,
    isDone: () => left() <= 0 || (best !== undefined && gapOf(best, bound) <= enough()),
  }
}
