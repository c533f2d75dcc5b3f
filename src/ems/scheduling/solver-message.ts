/** What the solver pool and its worker threads say to each other. */
import type { SchedulingProblem } from './problem.ts'
import type { SearchOptions } from './search.ts'
import type { Outcome, Solution } from './solution.ts'

export interface PlanRequest {
  id: number
  problem: SchedulingProblem
  options: SearchOptions
}

export type SolverReply =
  | { ready: true }
  /** A better plan, on the way. */
  | { id: number; found: Solution }
  | { id: number; outcome: Outcome }
  | { id: number; error: string }
