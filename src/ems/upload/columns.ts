/** From the cells of a table to columns of moments and numbers: which column is which, in which order days stand, where rows are no data. */
import { type Instant, instant, parseDurationLength, say } from '#kernel'
import { type DayOrder, dayOrderOf, placingIn, readWritten, type Written } from './moment.ts'
import { decimalOf, readNumber } from './number.ts'
import { unreadable } from './refusal.ts'
import { SAYING } from './saying.ts'
import { type Cell, cellText, isBlank, type Sheet } from './sheet.ts'
import type { UploadReading, UploadTarget } from './target.ts'

export interface Columns {
  /** In the order of the file, or reversed when it runs backwards. */
  starts: number[]
  /** NaN where a row has no value. Seconds since 1970 for datetimes, seconds for lengths of time. */
  values: number[]
  beliefTimes?: number[]
  notes: string[]
}

interface Layout {
  start: number
  value: number
  belief: number | undefined
  /** Index of the first row of data. */
  first: number
}

/** @throws Problem `invalid-upload` that names the row */
export function readColumns(sheet: Sheet, target: UploadTarget, reading: UploadReading): Columns {
  const notes = [...sheet.notes]
  const layout = layoutOf(sheet, notes)
  const rows = rowsOf(sheet, layout)
  if (rows.length === 0) throw unreadable(SAYING.noRows)
  const order = orderOf(sheet, layout, rows, reading, notes)
  if (runsBackwards(sheet, layout, rows, order)) rows.reverse()
  const hasBeliefs = layout.belief !== undefined
  const starts = readMoments(sheet, rows, layout.start, order, target.timezone, hasBeliefs, notes)
  const beliefTimes = layout.belief === undefined ? undefined : readMoments(sheet, rows, layout.belief, order, target.timezone, true, notes)
  const values = readValues(sheet, rows, layout.value, target, reading, order, notes)
  return { starts, values, ...(beliefTimes && { beliefTimes }), notes }
}

const cellAt = (sheet: Sheet, row: number, column: number): Cell => sheet.rows[row]?.[column] ?? null

/** Two columns are start and value, three have the belief time in whichever of the last two holds moments; more need names. */
function layoutOf(sheet: Sheet, notes: string[]): Layout {
  const top = sheet.rows.findIndex((row) => row.some((cell) => !isBlank(cell)))
  if (top < 0) throw unreadable(SAYING.noRows)
  const isData = isMoment(cellAt(sheet, top, 0))
  if (isData) notes.push(SAYING.noHeader)
  const first = isData ? top : top + 1
  const names = isData ? [] : (sheet.rows[top] ?? []).map((cell) => nameOf(cell))
  const named = (name: string): number | undefined => (names.includes(name) ? names.indexOf(name) : undefined)
  const [start, value] = [named('event_start'), named('event_value')]
  if (start !== undefined && value !== undefined) return { start, value, belief: named('belief_time'), first }
  let width = names.findLastIndex((name) => name !== '') + 1
  for (const row of sheet.rows.slice(first, first + 100)) width = Math.max(width, row.findLastIndex((cell) => !isBlank(cell)) + 1)
  if (width < 2) throw unreadable(SAYING.oneColumn)
  if (width === 2) return { start: 0, value: 1, belief: undefined, first }
  if (width > 3) throw unreadable(say(SAYING.manyColumns, { count: width }))
  const belief = named('belief_time') ?? (isMoment(cellAt(sheet, first, 2)) && !isMoment(cellAt(sheet, first, 1)) ? 2 : 1)
  return { start: 0, value: belief === 1 ? 2 : 1, belief, first }
}

const nameOf = (cell: Cell): string =>
  cellText(cell)
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')

const isMoment = (cell: Cell): boolean =>
  typeof cell === 'string'
    ? readWritten(cell.trim(), 'day-first') !== undefined || readWritten(cell.trim(), 'month-first') !== undefined
    : typeof cell === 'object' && cell !== null && 'wall' in cell

/** Indexes of the rows that say something. @throws when one has a value but no start */
function rowsOf(sheet: Sheet, { start, value, first }: Layout): number[] {
  const rows: number[] = []
  for (let row = first; row < sheet.rows.length; row++) {
    const [noStart, noValue] = [isBlank(cellAt(sheet, row, start)), isBlank(cellAt(sheet, row, value))]
    if (noStart && noValue) continue
    if (noStart) throw unreadable(say(SAYING.noStart, { row: row + 1 }))
    rows.push(row)
  }
  return rows
}

function orderOf(sheet: Sheet, layout: Layout, rows: number[], reading: UploadReading, notes: string[]): DayOrder {
  if (reading.dayFirst !== undefined) return reading.dayFirst ? 'day-first' : 'month-first'
  if (reading.unit === 'dayfirst datetime') return 'day-first'
  const texts = rows.map((row) => cellAt(sheet, row, layout.start)).filter((cell): cell is string => typeof cell === 'string')
  const order = dayOrderOf(texts.map((text) => text.trim()))
  if (order !== undefined) notes.push(order === 'day-first' ? SAYING.dayComesFirst : SAYING.monthComesFirst)
  return order ?? 'day-first'
}

function runsBackwards(sheet: Sheet, { start }: Layout, rows: number[], order: DayOrder): boolean {
  const at = (row: number) => writtenOf(cellAt(sheet, row, start), order)
  const [first, last] = [at(rows[0]!), at(rows.at(-1)!)]
  return first !== undefined && last !== undefined && first.wall - (first.offset ?? 0) > last.wall - (last.offset ?? 0)
}

function writtenOf(cell: Cell, order: DayOrder): Written | undefined {
  if (typeof cell === 'string') return readWritten(cell.trim(), order)
  return typeof cell === 'object' && cell !== null && 'wall' in cell ? { wall: cell.wall, offset: undefined } : undefined
}

function readMoments(
  sheet: Sheet,
  rows: readonly number[],
  column: number,
  order: DayOrder,
  zone: string,
  repeats: boolean,
  notes: string[],
): number[] {
  const placing = placingIn(zone)
  const moments = new Array<number>(rows.length)
  let previous: Instant | undefined
  for (let i = 0; i < rows.length; i++) {
    const cell = cellAt(sheet, rows[i]!, column)
    const written = writtenOf(cell, order)
    if (!written) {
      if (typeof cell === 'object' && cell !== null && 'formula' in cell)
        throw unreadable(say(SAYING.formula, { row: rows[i]! + 1, text: cellText(cell) }), SAYING.saveComputed)
      throw unreadable(say(SAYING.notMoment, { row: rows[i]! + 1, text: cellText(cell) }), SAYING.writeMoment)
    }
    const at = written.offset === undefined ? placing.place(written.wall, previous, repeats) : instant(written.wall - written.offset)
    if (at === undefined) throw unreadable(say(SAYING.skippedHour, { row: rows[i]! + 1, text: cellText(cell), zone }), SAYING.writeOffset)
    if (!(at >= FIRST && at <= LAST)) throw unreadable(say(SAYING.notMoment, { row: rows[i]! + 1, text: cellText(cell) }))
    moments[i] = at
    previous = at
  }
  const guessed = placing.guessed()
  if (guessed !== undefined) notes.push(say(SAYING.earlierHour, { text: new Date(guessed).toISOString().slice(0, 10) }))
  return moments
}

const FIRST = Date.parse('0001-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T00:00:00Z')

function readValues(
  sheet: Sheet,
  rows: readonly number[],
  column: number,
  target: UploadTarget,
  reading: UploadReading,
  order: DayOrder,
  notes: string[],
): number[] {
  if (reading.unit === 'datetime' || reading.unit === 'dayfirst datetime')
    return readMoments(sheet, rows, column, order, target.timezone, true, notes).map((at) => Math.floor(at / 1000))
  const read = reading.unit === 'timedelta' ? readTimedelta : numberReader(sheet, rows, column, notes)
  const values = new Array<number>(rows.length)
  let empty = 0
  for (let i = 0; i < rows.length; i++) {
    const cell = cellAt(sheet, rows[i]!, column)
    const value = isBlank(cell) ? Number.NaN : read(cell)
    if (value === undefined) throw wrongValue(cell, rows[i]! + 1, reading.unit === 'timedelta')
    values[i] = value
    if (Number.isNaN(value)) empty++
  }
  if (empty > 0) notes.push(say(SAYING.emptyValues, { count: empty }))
  return values
}

function numberReader(sheet: Sheet, rows: readonly number[], column: number, notes: string[]): (cell: Cell) => number | undefined {
  const texts = rows.map((row) => cellAt(sheet, row, column)).filter((cell): cell is string => typeof cell === 'string')
  const { decimal, note } = decimalOf(texts, sheet.delimiter)
  if (note !== undefined) notes.push(note)
  return (cell) => {
    if (typeof cell === 'number') return Number.isFinite(cell) ? cell : undefined
    return typeof cell === 'string' ? readNumber(cell, decimal) : undefined
  }
}

const TIMEDELTA = /^(-)?(?:(\d+) days? ?)?(?:\+?(\d+):(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?$/

/** '0 days 01:18:25', '-1 days +23:00:00', '01:18:25' or ISO 8601, in seconds. */
function readTimedelta(cell: Cell): number | undefined {
  if (typeof cell === 'number') return undefined
  const text = cellText(cell).trim()
  if (/^(nat|nan)?$/i.test(text)) return Number.NaN
  const hit = TIMEDELTA.exec(text)
  if (hit) {
    const days = Number(hit[2] ?? 0) * 86_400
    const clock = Number(hit[3] ?? 0) * 3600 + Number(hit[4] ?? 0) * 60 + Number(hit[5] ?? 0) + Number(`0.${hit[6] ?? 0}`)
    if (hit[2] === undefined && hit[3] === undefined) return undefined
    // Python writes minus one hour as '-1 days +23:00:00': only the days are negative.
    return hit[1] === undefined ? days + clock : text.includes('+') ? clock - days : -(days + clock)
  }
  try {
    return parseDurationLength(text) / 1000
  } catch {
    return undefined
  }
}

function wrongValue(cell: Cell, row: number, isDuration: boolean): Error {
  const text = cellText(cell)
  if (typeof cell === 'object' && cell !== null && 'formula' in cell)
    return unreadable(say(SAYING.formula, { row, text }), SAYING.saveComputed)
  return isDuration
    ? unreadable(say(SAYING.notDuration, { row, text }), SAYING.writeDuration)
    : unreadable(say(SAYING.notNumber, { row, text }), SAYING.leaveEmpty)
}
