/** Series from files of the reader's own: a column of moments and one of values, put on a regular grid. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { Frame, Regressor } from '#ems'
import { asSentence, atWallClock, describeError, type Instant, instant, Problem, parseInstant } from '#kernel'

export interface SeriesFile {
  path: string
  /** Name or number (from 1, the moments being 0) of the column of values; default the first after the moments. */
  column?: string
  /** Of moments without an offset, and of the days and weeks that repeat. */
  zone: string
  /** Days repeat in the offset of the first moment where it has one (not Z); nobody named a zone. */
  ownOffset?: boolean
}

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?$/

/** The file as a frame without regressors. @throws Problem `data-unreadable` */
export function readSeries({ path, column, zone, ownOffset = false }: SeriesFile): Frame {
  const { points, offset } = pointsOf(path, column, zone)
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
  const own = ownOffset && offset !== undefined ? offset : zone
  return { start, step, zone: own, target: sums.map((sum, slot) => (counts[slot]! > 0 ? sum / counts[slot]! : Number.NaN)), regressors: [] }
}

/** Another file on the grid of a frame, as a series whose future is known. */
export function readRegressor(file: SeriesFile & { unit: string; name?: string }, frame: Frame): Regressor {
  const other = readSeries(file)
  const values = frame.target.map((_, slot) => {
    const at = Math.floor((frame.start + slot * frame.step - other.start) / other.step)
    return other.target[at] ?? Number.NaN
  })
  return { name: file.name ?? file.path, unit: file.unit, kind: 'future', values }
}

export interface Folder {
  series: { file: string; frame: Frame }[]
  /** Files that are no series, and why. */
  left: { file: string; why: string }[]
}

/** Names of files that hold the light a plant sees, and of those of plants. */
const LIGHT = /irradia|ghi/i
const PLANT = /pv|solar|production/i

/**
 * The CSV files of a folder, each a series by its first column of values. A file of irradiation (by its name; W/m²) explains those of plants
 * whose moments it covers, and is none of the series itself; such a plant comes twice: with it, and without.
 * @throws Problem `data-unreadable` when the folder cannot be listed
 */
export function readFolder(folder: string, zone: string, ownOffset: boolean): Folder {
  let files: string[]
  try {
    files = readdirSync(folder)
      .filter((file) => /\.csv$/i.test(file))
      .sort()
  } catch (error) {
    throw unreadable(folder, describeError(error))
  }
  const found: Folder = { series: [], left: [] }
  const known: { file: string; frame: Frame }[] = []
  for (const file of files)
    try {
      const frame = readSeries({ path: join(folder, file), zone, ownOffset })
      if (frame.target.every((value) => Number.isNaN(value))) throw unreadable(file, 'its second column holds no numbers')
      known.push({ file, frame })
    } catch (error) {
      found.left.push({ file, why: asSentence(describeError(error)) })
    }
  for (const { file, frame } of known) {
    if (LIGHT.test(file)) continue
    const light = PLANT.test(file) ? known.find((one) => LIGHT.test(one.file) && covers(one.frame, frame)) : undefined
    if (light) {
      const regressor = readRegressor({ path: join(folder, light.file), unit: 'W/m²', zone, name: light.file }, frame)
      found.series.push({ file, frame: { ...frame, regressors: [regressor] } })
    }
    found.series.push({ file, frame })
  }
  return found
}

const covers = (light: Frame, { start, step, target }: Frame): boolean =>
  light.start <= start && light.start + light.target.length * light.step >= start + target.length * step

function pointsOf(
  path: string,
  column: string | undefined,
  zone: string,
): { points: { at: Instant; value: number }[]; offset: string | undefined } {
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
  const first = rows[hasHead ? 1 : 0]?.[0] ?? ''
  return { points: points.sort((one, other) => one.at - other.at), offset: zoneOf(first) }
}

/** A zone of the whole-hour offset at the end of a moment; undefined for Z, none, or another. */
function zoneOf(text: string): string | undefined {
  const [, sign, hours] = /[T ].*([+-])(\d{2}):?00$/.exec(text) ?? []
  if (hours === undefined || Number(hours) === 0 || Number(hours) > 12) return undefined
  // By POSIX these names count westwards.
  return `Etc/GMT${sign === '+' ? '-' : '+'}${Number(hours)}`
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
