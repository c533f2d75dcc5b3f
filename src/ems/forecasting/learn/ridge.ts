/** Linear regression with a penalty on large coefficients; features are brought to one scale first. */

export interface Ridge {
  means: Float64Array
  scales: Float64Array
  weights: Float64Array
  base: number
}

/**
 * Fits `target` (no NaN) to columns (NaN = missing, taken as the column's mean). `penalty` is the share of the rows by which each
 * coefficient is pulled to zero.
 */
export function fitRidge(columns: readonly Float64Array[], target: Float64Array, penalty = 0.01): Ridge {
  const width = columns.length
  const rows = target.length
  const means = new Float64Array(width)
  const scales = new Float64Array(width)
  columns.forEach((column, index) => {
    let [sum, squares, known] = [0, 0, 0]
    for (const value of column) {
      if (Number.isNaN(value)) continue
      sum += value
      squares += value * value
      known++
    }
    means[index] = known === 0 ? 0 : sum / known
    const variance = known === 0 ? 0 : squares / known - means[index]! ** 2
    // A column that never changes says nothing.
    scales[index] = variance > 1e-12 * (1 + means[index]! ** 2) ? 1 / Math.sqrt(variance) : 0
  })
  const scaled = columns.map((column, index) => Float64Array.from(column, (value) => scale(value, means[index]!, scales[index]!)))
  const base = rows === 0 ? 0 : target.reduce((sum, value) => sum + value, 0) / rows
  const matrix = new Float64Array(width * width)
  const right = new Float64Array(width)
  for (let a = 0; a < width; a++) {
    const one = scaled[a]!
    for (let row = 0; row < rows; row++) right[a]! += one[row]! * (target[row]! - base)
    for (let b = 0; b <= a; b++) {
      const other = scaled[b]!
      let sum = 0
      for (let row = 0; row < rows; row++) sum += one[row]! * other[row]!
      matrix[a * width + b] = sum
      matrix[b * width + a] = sum
    }
    matrix[a * width + a]! += penalty * rows + 1e-9
  }
  return { means, scales, weights: solve(matrix, right), base }
}

/** Foretells each row of the columns. */
export function askRidge({ means, scales, weights, base }: Ridge, columns: readonly Float64Array[]): Float64Array {
  const answer = new Float64Array(columns[0]?.length ?? 0).fill(base)
  columns.forEach((column, index) => {
    const weight = weights[index]!
    if (weight === 0) return
    for (let row = 0; row < answer.length; row++) answer[row]! += weight * scale(column[row]!, means[index]!, scales[index]!)
  })
  return answer
}

const scale = (value: number, mean: number, by: number): number => (Number.isNaN(value) ? 0 : (value - mean) * by)

/** Solves a symmetric positive definite system (Cholesky); the arrays are used up. */
export function solve(matrix: Float64Array, right: Float64Array): Float64Array {
  const size = right.length
  for (let row = 0; row < size; row++)
    for (let column = 0; column <= row; column++) {
      let sum = matrix[row * size + column]!
      for (let at = 0; at < column; at++) sum -= matrix[row * size + at]! * matrix[column * size + at]!
      matrix[row * size + column] = row === column ? Math.sqrt(Math.max(sum, 1e-12)) : sum / matrix[column * size + column]!
    }
  for (let row = 0; row < size; row++) {
    let sum = right[row]!
    for (let at = 0; at < row; at++) sum -= matrix[row * size + at]! * right[at]!
    right[row] = sum / matrix[row * size + row]!
  }
  for (let row = size - 1; row >= 0; row--) {
    let sum = right[row]!
    for (let at = row + 1; at < size; at++) sum -= matrix[at * size + row]! * right[at]!
    right[row] = sum / matrix[row * size + row]!
  }
  return right
}
