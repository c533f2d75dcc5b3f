/** A linear program as arrays (rows compressed), the form the solver takes. `lpBuilder` gathers columns and rows one by one. */

export interface LinearProgram {
  columns: number
  rows: number
  cost: Float64Array
  lower: Float64Array
  upper: Float64Array
  rowLower: Float64Array
  rowUpper: Float64Array
  /** Row r holds the entries `starts[r]` to `starts[r + 1]` of `indices` (columns) and `values`. */
  starts: Int32Array
  indices: Int32Array
  values: Float64Array
  /** 1 for whole-number columns, 0 otherwise; absent when all are continuous. */
  integrality?: Int32Array
  /** Constant added to the objective. */
  offset: number
}

export interface LpBuilder {
  /** Adds a column; returns its index. */
  column(cost: number, lower: number, upper: number, whole?: boolean): number
  /** Adds to the cost of a column. */
  addCost(column: number, cost: number): void
  addOffset(cost: number): void
  /** Adds a row `lower ≤ Σ value × column ≤ upper`; returns its index. Entries with value 0 or column -1 are left out. */
  row(lower: number, upper: number, entries: readonly (readonly [column: number, value: number])[]): number
  build(): LinearProgram
}

/** An empty program to fill. */
export function lpBuilder(): LpBuilder {
  const cost: number[] = []
  const lower: number[] = []
  const upper: number[] = []
  const whole: number[] = []
  const rowLower: number[] = []
  const rowUpper: number[] = []
  const starts: number[] = [0]
  const indices: number[] = []
  const values: number[] = []
  let offset = 0
  let integers = 0
  return {
    column(price, low, high, isWhole = false) {
      if (isWhole) integers++
      whole.push(isWhole ? 1 : 0)
      lower.push(low)
      upper.push(high)
      return cost.push(price) - 1
    },
    addCost(column, price) {
      cost[column]! += price
    },
    addOffset(price) {
      offset += price
    },
    row(low, high, entries) {
      for (const [column, value] of entries) {
        if (column < 0 || value === 0) continue
        indices.push(column)
        values.push(value)
      }
      starts.push(indices.length)
      rowLower.push(low)
      return rowUpper.push(high) - 1
    },
    build: () => ({
      columns: cost.length,
      rows: rowLower.length,
      cost: Float64Array.from(cost),
      lower: Float64Array.from(lower),
      upper: Float64Array.from(upper),
      rowLower: Float64Array.from(rowLower),
      rowUpper: Float64Array.from(rowUpper),
      starts: Int32Array.from(starts),
      indices: Int32Array.from(indices),
      values: Float64Array.from(values),
      ...(integers > 0 ? { integrality: Int32Array.from(whole) } : {}),
      offset,
    }),
  }
}
