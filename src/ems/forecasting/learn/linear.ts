/** The linear candidate: ridge regression on lags, regressors and the shapes of day and weekend, one fit per group of horizons. */
import { type Bucket, bucketAt } from './buckets.ts'
import { type Block, FIRST_QUANTITY } from './features.ts'
import { askRidge, fitRidge, type Ridge } from './ridge.ts'

const PENALTY = 0.01
/** Fewer rows teach nothing. */
const FEWEST = 100

/** Fits what the usual value misses, per group; undefined where there are too few rows. */
export function fitLinear(block: Block, missed: Float64Array, buckets: readonly Bucket[], perDay: number): (Ridge | undefined)[] {
  const columns = linearColumns(block, perDay)
  return buckets.map((_, index) => {
    const rows = rowsOf(block, buckets, index)
    return rows.length < FEWEST
      ? undefined
      : fitRidge(
          pick(columns, rows),
          Float64Array.from(rows, (row) => missed[row]!),
          PENALTY,
        )
  })
}

/** What the usual value will miss, per row; NaN where nothing was fitted. */
export function askLinear(ridges: readonly (Ridge | undefined)[], block: Block, buckets: readonly Bucket[], perDay: number): Float64Array {
  const columns = linearColumns(block, perDay)
  const answer = new Float64Array(block.origins.length).fill(Number.NaN)
  ridges.forEach((ridge, index) => {
    if (!ridge) return
    const rows = rowsOf(block, buckets, index)
    const said = askRidge(ridge, pick(columns, rows))
    rows.forEach((row, at) => {
      answer[row] = said[at]!
    })
  })
  return answer
}

function rowsOf({ origins, slots }: Block, buckets: readonly Bucket[], bucket: number): Int32Array {
  const rows: number[] = []
  for (let row = 0; row < origins.length; row++) if (bucketAt(buckets, slots[row]! - origins[row]! + 1) === bucket) rows.push(row)
  return Int32Array.from(rows)
}

const pick = (columns: readonly Float64Array[], rows: Int32Array): Float64Array[] =>
  columns.map((column) => Float64Array.from(rows, (row) => column[row]!))

/** The quantities as they are, and the clock as waves. */
function linearColumns({ columns }: Block, perDay: number): Float64Array[] {
  const [slotOfDay, weekday] = columns as [Float64Array, Float64Array]
  const wave = (times: number, of: (angle: number) => number) => slotOfDay.map((slot) => of((2 * Math.PI * times * slot) / perDay))
  const waves = perDay < 4 ? [] : [1, 2, 3].flatMap((times) => [wave(times, Math.sin), wave(times, Math.cos)])
  const weekend = weekday.map((day) => (day >= 5 ? 1 : 0))
  return [
    ...columns.slice(FIRST_QUANTITY),
    ...waves,
    weekend,
    ...waves.slice(0, 4).map((column) => column.map((value, row) => value * weekend[row]!)),
  ]
}
