/**
 * The linear relaxation of a scheduling problem as a living HiGHS model: operation modes and directions are free at first, then held as a
 * plan has them, and every solve starts from the one before.
 */
import type { Highs, Model } from 'highs'
import { type Formulation, formulate, SCALE } from './formulate.ts'
import type { LinearProgram } from './linear-program.ts'
import { at, bandsAt, type ProblemDevice, type SchedulingProblem } from './problem.ts'
import { modelOf, OPTIONS, STATUS } from './run-program.ts'

export interface Relaxed {
  status: 'optimal' | 'infeasible' | 'late'
  /** Objective and tie-breaks together, currency. */
  cost: number
  columns: Float64Array
  duals: Float64Array
}

/** A row `Σ values × columns ≥ bound` that every plan keeps, about one moment (`moments.ts`; scaled as the program). */
export interface Cut {
  /** Which moment: each flow and step has its own number. */
  key: number
  bound: number
  columns: Int32Array
  values: Float64Array
}

export interface Relaxation {
  formulation: Formulation
  /** Solves with the bounds as they are. */
  solve(timeLimitMs: number): Relaxed
  /** Notes where the solver stands, to go on from there later: solving from afar takes longer. Void once more cuts are made. */
  mark(): () => void
  /** Rows that were added (`moments.ts`); the row of cut i comes i after those of the program. */
  readonly cuts: readonly Cut[]
  cut(cuts: readonly Cut[]): void
  /** Lets the cuts go, so that marginal values are about the problem alone. */
  uncut(): void
  /** The rows of the program and of the cuts that a column is in. */
  columnRows(column: number): readonly { row: number; value: number }[]
  /** Holds the power of a device in a step between two bounds (kW, none of which crosses 0), or with its hull lets it free again. */
  hold(device: number, step: number, bounds: readonly [low: number, high: number]): void
}

/** Programs with more columns are presolved. */
const LARGE = 2000

/** Lowest and highest power a device has in a step, whatever its mode. */
export function hullAt(device: ProblemDevice, step: number): [low: number, high: number] {
  const bands = bandsAt(device, step)
  if (!bands) return [at(device.min, step), at(device.max, step)]
  if (bands.length === 0) return [0, 0]
  return [Math.min(...bands.map(({ from }) => from)), Math.max(...bands.map(({ to }) => to))]
}

/** The problem with each device free in the hull of its modes. */
export function hullOf(problem: SchedulingProblem): SchedulingProblem {
  return {
    ...problem,
    devices: problem.devices.map((device) => {
      if (!device.bands) return device
      const { bands: _, minRun: __, minRest: ___, ...free } = device
      const hulls = Array.from({ length: problem.steps }, (____, step) => hullAt(device, step))
      return { ...free, min: hulls.map(([low]) => low), max: hulls.map(([, high]) => high) }
    }),
  }
}

/** Opens the relaxation for the time of `work`. */
export function withRelaxation<Result>(highs: Highs, problem: SchedulingProblem, work: (relaxation: Relaxation) => Result): Result {
  const formulation = formulate(hullOf(problem))
  const { program } = formulation
  return highs.withModel(modelOf(program), (model: Model) => {
    model.options.set({ ...OPTIONS, solver: 'simplex', presolve: program.columns > LARGE ? 'on' : 'off' })
    const cuts: Cut[] = []
    const lower = program.lower.slice()
    const upper = program.upper.slice()
    const bound = (column: number, low: number, high: number) => {
      if (column < 0 || (lower[column] === low && upper[column] === high)) return
      lower[column] = low
      upper[column] = high
      model.changeColBounds(column, low, high)
    }
    let rowsOf: { row: number; value: number }[][] | undefined
    return work({
      formulation,
      cuts,
      mark() {
        const basis = model.getBasis()
        return () => void model.setBasis(basis)
      },
      cut(added) {
        rowsOf ??= columnsOf(program)
        for (const cut of added) {
          const row = program.rows + cuts.push(cut) - 1
          model.addRow(cut.bound, Infinity, { indices: cut.columns, values: cut.values })
          cut.columns.forEach((column, place) => void rowsOf![column]!.push({ row, value: cut.values[place]! }))
        }
      },
      uncut() {
        for (let row = program.rows; row < program.rows + cuts.length; row++) model.changeRowBounds(row, -Infinity, Infinity)
      },
      columnRows(column) {
        rowsOf ??= columnsOf(program)
        return rowsOf[column]!
      },
      solve(timeLimitMs) {
        model.zeroAllClocks()
        model.options.set('time_limit', Math.max(timeLimitMs, 1) / 1000)
        model.run()
        const status = model.getModelStatus()
        if (status !== STATUS.optimal) {
          const none = new Float64Array(0)
          const isNone = status === STATUS.infeasible || status === STATUS.unboundedOrInfeasible || status === STATUS.unbounded
          return { status: isNone ? 'infeasible' : 'late', cost: Number.NaN, columns: none, duals: none }
        }
        const { colValue, rowDual } = model.getSolution()
        return { status: 'optimal', cost: model.getObjectiveValue() / SCALE, columns: colValue, duals: rowDual }
      },
      hold(device, step, [low, high]) {
        bound(formulation.plus[device]![step]!, Math.max(low, 0), Math.max(high, 0))
        bound(formulation.minus[device]![step]!, Math.max(-high, 0), Math.max(-low, 0))
      },
    })
  })
}

/** The rows each column is in. */
function columnsOf({ columns, rows, starts, indices, values }: LinearProgram): { row: number; value: number }[][] {
  const found = Array.from({ length: columns }, (): { row: number; value: number }[] => [])
  for (let row = 0; row < rows; row++)
    for (let place = starts[row]!; place < starts[row + 1]!; place++) found[indices[place]!]!.push({ row, value: values[place]! })
  return found
}

/** What one kWh more in each stock is worth after each step (currency per kWh). */
export const stockValuesOf = ({ stockRows }: Formulation, duals: Float64Array): Float64Array[] =>
  stockRows.map((rows) => Float64Array.from(rows, (row) => -duals[row]! / SCALE))

/** What one kW more of each flow costs at each step (currency per kW). */
export const flowValuesOf = ({ flowPrices }: Formulation, duals: Float64Array): Float64Array[] =>
  flowPrices.map(({ plain, rows }) => {
    const value = plain.map((each) => each / SCALE)
    for (const { row, step, sign } of rows) value[step]! += (sign * duals[row]!) / SCALE
    return value
  })
