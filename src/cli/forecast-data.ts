/** Series from files of the reader's own: a column of moments and one of values, put on a regular grid. */
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import type { Frame, Regressor } from '#ems'
import { atWallClock, describeError, type Instant, instant, Problem, parseInstant } from '#kernel'

export interface SeriesFile {
  path: string
  /** Name or number (from 1, the moments being 0) of the column of values; default the first after the moments. */
  column?: string
  /** Of moments without an offset, and of the days and weeks that repeat. */
  zone: string
}

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?$/

/** The file as a frame without regressors. @throws Problem `data-unreadable` */
export function readSeries({ path, column, zone }: SeriesFile): Frame {
  const points = pointsOf(path, column, zone)
  const step = stepOf(points.map(({ at }) => at))
  if (!(step > 0)) throw unreadable(path, 'its first column holds no series of moments')
  const start = points[0]!.at
  const slots = Math.round((points.at(-1)!.at - start) / step) + 1
  if (slots > 1_000_000) throw unreadable(path, `its moments span ${slots} steps`)
  const sums = new Float64Array(slots)
  const counts = new Int32Array(slots)
  for (const { at, value } of points) {
    const slot = Math.floor((at - start) / step)
    if (Number.isNaN(value)) continue
    sums[slot]! += value
    counts[slot]! += 1
  }
  return { start, step, zone, target: sums.map((sum, slot) => (counts[slot]! > 0 ? sum / counts[slot]! : Number.NaN)), regressors: [] }
}

/** Another file on the grid of a frame, as a series whose future is known. */
export function readRegressor(file: SeriesFile & { unit: string }, frame: Frame): Regressor {
  const other = readSeries(file)
  const values = frame.target.map((_, slot) => {
    const at = Math.floor((frame.start + slot * frame.step - other.start) / other.step)
    return other.target[at] ?? Number.NaN
  })
  return { name: file.path, unit: file.unit, kind: 'future', values }
}

function pointsOf(path: string, column: string | undefined, zone: string): { at: Instant; value: number }[] {
  let rows: string[][]
  try {
    rows = parse(readFileSync(path), { bom: true, relaxColumnCount: true, skipEmptyLines: true, trim: true, delimiter: [',', ';', '\t'] })
  } catch (error) {
    throw unreadable(path, describeError(error))
  }
  const [head = []] = rows
  const hasHead = head[0] !== undefined && momentOf(head[0], zone) === undefined
  const named = column === undefined ? 1 : head.indexOf(column)
  const index = named >= 0 ? named : Number(column)
  if (!Number.isInteger(index) || index < 1 || index >= head.length)
    throw unreadable(path, `it has no column '${column}'; there are ${head.slice(1).join(', ') || 'none'}`)
  const points = rows.slice(hasHead ? 1 : 0).flatMap((row, line) => {
    const at = momentOf(row[0] ?? '', zone)
    if (at === undefined) throw unreadable(path, `line ${line + 1 + (hasHead ? 1 : 0)} begins with '${row[0]}', which is no moment`)
    const text = row[index] ?? ''
    const value = text === '' ? Number.NaN : Number(text)
    return [{ at, value }]
  })
  return points.sort((one, other) => one.at - other.at)
}

function momentOf(text: string, zone: string): Instant | undefined {
  const local = LOCAL.exec(text)
  if (local) {
    const [year, month, day, hour, minute] = local.slice(1, 6).map(Number) as [number, number, number, number, number]
    return atWallClock({ year, month, day, hour, minute }, zone)
  }
  try {
    return instant(parseInstant(text))
  } catch {
    return undefined
  }
}

/** The usual distance of moments. */
function stepOf(moments: readonly number[]): number {
  const distances = moments
    .slice(1)
    .map((at, index) => at - moments[index]!)
    .filter((distance) => distance > 0)
    .sort((one, other) => one - other)
  return distances[Math.floor(distances.length / 2)] ?? 0
}

const unreadable = (path: string, why: string): Problem =>
  new Problem('data-unreadable', `${path} cannot be read as a series: ${why}.`, {
    hint: "Give a CSV file whose first column holds moments such as '2026-11-24T10:00:00-04:00' and whose second column holds values.",
  })
