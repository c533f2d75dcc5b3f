/** What a solve gives: a plan with its proven bound and gap, or why there is none. */
import { type Priced, pricePlan, violations } from './price.ts'
import type { SchedulingProblem } from './problem.ts'

/** Who found the plan: `docs/explanation/the-plan.md`. */
export type SolverName = 'storage' | 'unit' | 'highs-lp' | 'highs-mip' | 'decomposition' | 'in-turn'

export interface Solution extends Priced {
  status: 'optimal' | 'feasible'
  /** Signed power per device and step, kW. */
  powers: Float64Array[]
  /** Proven: no plan of this problem has a lower objective (in currency, tie-breaks apart). */
  bound: number
  /** (objective - bound) / |objective|, 0 when proven best. */
  gap: number
  solver: SolverName
  solveMs: number
  /** What one kWh more stock after each step is worth, per stock (currency per kWh), with operation modes and directions as they are. */
  stockValues?: Float64Array[]
  /** Marginal cost of one kW more of the fixed profile at each step, per flow (currency per kW), modes and directions as they are. */
  flowValues?: Float64Array[]
}

export type Outcome = Solution | { status: 'infeasible' | 'none'; solver: SolverName; solveMs: number }

/** True when the outcome holds a plan. */
export const isSolved = (outcome: Outcome): outcome is Solution => 'powers' in outcome

/** A gap this small is rounding. */
export const EXACT = 1e-9

/** Objective and tie-breaks together: what solvers minimise. */
export const totalOf = (plan: Priced): number => plan.objective + plan.tieBreak

/** (cost - bound) / |cost| of objective and tie-breaks together; at least 0. */
export function gapOf(plan: Priced, bound: number): number {
  const total = totalOf(plan)
  const proven = Math.min(bound, total)
  return total === proven ? 0 : (total - proven) / Math.max(Math.abs(total), EXACT)
}

/** A plan with its bound and gap. `bound` is about objective and tie-breaks together; this plan's tie-breaks are taken off. */
export function judged(
  plan: Priced & { powers: Float64Array[] } & Partial<Solution>,
  bound: number,
  { solver, solveMs }: { solver: SolverName; solveMs: number },
): Solution {
  const gap = gapOf(plan, bound)
  const isBest = gap < EXACT
  return {
    ...plan,
    status: isBest ? 'optimal' : 'feasible',
    bound: Math.min(plan.objective, Math.min(bound, totalOf(plan)) - plan.tieBreak),
    gap: isBest ? 0 : gap,
    solver,
    solveMs,
  }
}

/** The plan with these powers, priced, when it breaks no hard rule. */
export function planWith(problem: SchedulingProblem, powers: Float64Array[]): (Priced & { powers: Float64Array[] }) | undefined {
  return violations(problem, powers).length > 0 ? undefined : { ...pricePlan(problem, powers), powers }
}
