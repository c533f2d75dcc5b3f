/** What the solver pool and its worker threads say to each other. */
import type { LinearProgram } from './linear-program.ts'

export interface SolveOptions {
  /** HiGHS stops after so many milliseconds with the best it has. */
  timeLimitMs: number
  /** Relative gap at which a program with whole-number columns is good enough; default 0. */
  gap?: number
  /** A known point to start from (whole-number programs). */
  start?: Float64Array
  /** 'on' | 'off'; default 'on'. */
  presolve?: 'on' | 'off'
}

export interface SolveAnswer {
  /** 'optimal' within the gap · 'feasible': stopped early with a point · 'infeasible' · 'unbounded' · 'none': stopped without a point */
  status: 'optimal' | 'feasible' | 'infeasible' | 'unbounded' | 'none'
  objective: number
  /** Proven: no point costs less. -Infinity when nothing is proven. */
  bound: number
  /** (objective - bound) / |objective|; 0 for a solved linear program. */
  gap: number
  columns: Float64Array
  /** Marginal cost of each row's bound; empty for whole-number programs. */
  rowDuals: Float64Array
  milliseconds: number
}

export interface SolveRequest {
  id: number
  program: LinearProgram
  options: SolveOptions
}

export type SolverReply = { ready: true } | { id: number; answer: SolveAnswer } | { id: number; error: string }
