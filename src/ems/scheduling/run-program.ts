/** One run of HiGHS over a program given as arrays. Used by the search in the worker thread, and directly by benches. */
import type { Highs, HighsCallbackMap } from 'highs'
import type { LinearProgram } from './linear-program.ts'

export interface RunOptions {
  /** HiGHS stops after so many milliseconds with the best it has. */
  timeLimitMs: number
  /** Relative gap at which a program with whole-number columns is good enough; default 0. */
  gap?: number
  /** Values of some columns to start from (whole-number programs); the rest is completed. */
  start?: { indices: Int32Array; values: Float64Array } | undefined
  /** 'on' | 'off'; default 'on'. */
  presolve?: 'on' | 'off'
  /** Asked at checkpoints of a whole-number program: true ends it with what it has. */
  stop?(gap: number): boolean
  /** Told of every better point of a whole-number program. */
  better?(columns: Float64Array): void
}

export interface RunAnswer {
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

/** HiGHS' model status codes. */
export const STATUS = { optimal: 7, infeasible: 8, unboundedOrInfeasible: 9, unbounded: 10 } as const
/** HiGHS' `primal_solution_status` when a feasible point is there. */
const POINT = 2
/** HiGHS' callback channels. */
const IMPROVING = 4
const INTERRUPT = 6

/** The program as HiGHS takes it. */
export const modelOf = (program: LinearProgram) => ({
  numCols: program.columns,
  numRows: program.rows,
  colCost: program.cost,
  colLower: program.lower,
  colUpper: program.upper,
  rowLower: program.rowLower,
  rowUpper: program.rowUpper,
  matrix: {
    format: 'csr' as const,
    numRows: program.rows,
    numCols: program.columns,
    starts: program.starts,
    indices: program.indices,
    values: program.values,
  },
  offset: program.offset,
})

/** Tolerances and silence, the same for every run; equal programs take equal paths. */
export const OPTIONS = {
  output_flag: false,
  primal_feasibility_tolerance: 1e-9,
  dual_feasibility_tolerance: 1e-9,
  mip_feasibility_tolerance: 1e-9,
  mip_abs_gap: 0,
  random_seed: 1,
} as const

/** Solves; never throws for what the program says (infeasible, unbounded, out of time), only for a broken program. */
export function runProgram(highs: Highs, program: LinearProgram, options: RunOptions): RunAnswer {
  const begin = performance.now()
  if (program.columns === 0)
    return empty(program.rowLower.every((low) => low <= 1e-9) && program.rowUpper.every((high) => high >= -1e-9), program)
  const { integrality } = program
  return highs.withModel({ ...modelOf(program), ...(integrality ? { integrality } : {}) }, (model): RunAnswer => {
    model.options.set({
      ...OPTIONS,
      time_limit: Math.max(options.timeLimitMs, 1) / 1000,
      mip_rel_gap: options.gap ?? 0,
      presolve: options.presolve ?? 'on',
    })
    if (!integrality) model.options.set('solver', 'simplex')
    if (options.start) model.setSolution(options.start)
    const { stop, better } = options
    const callbacks: HighsCallbackMap = {
      ...(stop && {
        [INTERRUPT]: (event) => {
          if (stop(event.data.mip_gap ?? Number.POSITIVE_INFINITY)) event.interrupt()
        },
      }),
      ...(better && {
        [IMPROVING]: (event) => {
          if (event.data.mip_solution) better(event.data.mip_solution)
        },
      }),
    }
    model.run(integrality && (stop || better) ? callbacks : undefined)
    const status = model.getModelStatus()
    const hasPoint = Number(model.info.get('primal_solution_status')) === POINT
    const none = new Float64Array(0)
    const milliseconds = performance.now() - begin
    if (status !== STATUS.optimal && !hasPoint) {
      const name =
        status === STATUS.infeasible || status === STATUS.unboundedOrInfeasible
          ? 'infeasible'
          : status === STATUS.unbounded
            ? 'unbounded'
            : 'none'
      const bound = integrality && name === 'none' ? Number(model.info.get('mip_dual_bound')) : -Infinity
      return { status: name, objective: Number.NaN, bound, gap: Infinity, columns: none, rowDuals: none, milliseconds }
    }
    const solution = model.getSolution()
    const objective = model.getObjectiveValue()
    const bound = integrality ? Number(model.info.get('mip_dual_bound')) : status === STATUS.optimal ? objective : -Infinity
    return {
      status: status === STATUS.optimal ? 'optimal' : 'feasible',
      objective,
      bound,
      gap: integrality ? Math.max(0, Number(model.info.get('mip_gap'))) : status === STATUS.optimal ? 0 : Infinity,
      columns: solution.colValue,
      rowDuals: integrality ? none : solution.rowDual,
      milliseconds,
    }
  })
}

function empty(feasible: boolean, program: LinearProgram): RunAnswer {
  const columns = new Float64Array(0)
  const rowDuals = new Float64Array(program.rows)
  if (!feasible) return { status: 'infeasible', objective: Number.NaN, bound: -Infinity, gap: Infinity, columns, rowDuals, milliseconds: 0 }
  return { status: 'optimal', objective: program.offset, bound: program.offset, gap: 0, columns, rowDuals, milliseconds: 0 }
}
