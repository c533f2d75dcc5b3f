/** One run of HiGHS over a program given as arrays. Used by the worker thread, and directly by benches. */
import type { Highs } from 'highs'
import type { LinearProgram } from './linear-program.ts'
import type { SolveAnswer, SolveOptions } from './solver-message.ts'

const OPTIMAL = 7
const INFEASIBLE = 8
const UNBOUNDED_OR_INFEASIBLE = 9
const UNBOUNDED = 10
/** HiGHS' `primal_solution_status` when a feasible point is there. */
const POINT = 2

/** Solves; never throws for what the program says (infeasible, unbounded, out of time), only for a broken program. */
export function runProgram(highs: Highs, program: LinearProgram, options: SolveOptions): SolveAnswer {
  const begin = performance.now()
  if (program.columns === 0)
    return empty(program.rowLower.every((low) => low <= 1e-9) && program.rowUpper.every((high) => high >= -1e-9), program)
  const { columns, rows, integrality } = program
  return highs.withModel(
    {
      numCols: columns,
      numRows: rows,
      colCost: program.cost,
      colLower: program.lower,
      colUpper: program.upper,
      rowLower: program.rowLower,
      rowUpper: program.rowUpper,
      matrix: { format: 'csr', numRows: rows, numCols: columns, starts: program.starts, indices: program.indices, values: program.values },
      offset: program.offset,
      ...(integrality ? { integrality } : {}),
    },
    (model): SolveAnswer => {
      model.options.set({
        output_flag: false,
        time_limit: Math.max(options.timeLimitMs, 1) / 1000,
        mip_rel_gap: options.gap ?? 0,
        mip_abs_gap: 0,
        primal_feasibility_tolerance: 1e-9,
        dual_feasibility_tolerance: 1e-9,
        mip_feasibility_tolerance: 1e-9,
        random_seed: 1,
        presolve: options.presolve ?? 'on',
      })
      if (!integrality) model.options.set('solver', 'simplex')
      if (options.start) model.setSolution({ colValue: options.start })
      model.run()
      const status = model.getModelStatus()
      const hasPoint = Number(model.info.get('primal_solution_status')) === POINT
      const none = new Float64Array(0)
      const milliseconds = performance.now() - begin
      if (status !== OPTIMAL && !hasPoint) {
        const name =
          status === INFEASIBLE || status === UNBOUNDED_OR_INFEASIBLE ? 'infeasible' : status === UNBOUNDED ? 'unbounded' : 'none'
        return { status: name, objective: Number.NaN, bound: -Infinity, gap: Infinity, columns: none, rowDuals: none, milliseconds }
      }
      const solution = model.getSolution()
      const objective = model.getObjectiveValue()
      const bound = integrality ? Number(model.info.get('mip_dual_bound')) : status === OPTIMAL ? objective : -Infinity
      return {
        status: status === OPTIMAL ? 'optimal' : 'feasible',
        objective,
        bound,
        gap: integrality ? Math.max(0, Number(model.info.get('mip_gap'))) : status === OPTIMAL ? 0 : Infinity,
        columns: solution.colValue,
        rowDuals: integrality ? none : solution.rowDual,
        milliseconds,
      }
    },
  )
}

function empty(feasible: boolean, program: LinearProgram): SolveAnswer {
  const columns = new Float64Array(0)
  const rowDuals = new Float64Array(program.rows)
  if (!feasible) return { status: 'infeasible', objective: Number.NaN, bound: -Infinity, gap: Infinity, columns, rowDuals, milliseconds: 0 }
  return { status: 'optimal', objective: program.offset, bound: program.offset, gap: 0, columns, rowDuals, milliseconds: 0 }
}
