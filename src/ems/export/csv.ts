/** CSV that spreadsheets open without harm: no text of a user can become a formula. */
import { HOUR, type Instant, instant, wallClock } from '#kernel'
import type { TableRow } from './table.ts'

export interface CsvForm {
  delimiter: ',' | ';'
  decimal: '.' | ','
}

export const PROGRAM_CSV: CsvForm = { delimiter: ',', decimal: '.' }
/** As spreadsheets of countries with a decimal comma want it. */
export const COMMA_CSV: CsvForm = { delimiter: ';', decimal: ',' }

/** A text as a cell. One that a spreadsheet would take for a formula begins with an apostrophe. */
export function csvText(text: string, { delimiter }: CsvForm): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return safe.includes(delimiter) || /["\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

const csvNumber = (value: number | null, { decimal }: CsvForm): string =>
  value === null || !Number.isFinite(value) ? '' : decimal === '.' ? String(value) : String(value).replace('.', ',')

/** Lines of the rows: local time with its offset, UTC, then the values; `tail` ends each line. */
export function csvLines(rows: readonly TableRow[], zone: string, form: CsvForm, tail = ''): string {
  const local = localTime(zone)
  let text = ''
  for (const { start, values } of rows) {
    text += `${local(start)}${form.delimiter}${clock(start)}Z`
    for (const value of values) text += form.delimiter + csvNumber(value, form)
    text += `${tail}\r\n`
  }
  return text
}

/** '2026-11-24T10:00:00', milliseconds only where there are any. */
const clock = (at: number): string => new Date(at).toISOString().slice(0, at % 1000 === 0 ? 19 : 23)

/** Moments in the zone with their offset; an hour's offset is asked for once. */
function localTime(zone: string): (at: Instant) => string {
  const offsetAt = (at: number) => wallClock(instant(at), zone).offset
  let from = Number.NaN
  let offset = 0
  return (at) => {
    const hour = at - (at % HOUR)
    if (hour !== from) {
      offset = offsetAt(at)
      // In the hour in which the clock changes, every moment is asked for.
      from = offsetAt(hour) === offsetAt(hour + HOUR) ? hour : Number.NaN
    }
    const minutes = Math.abs(offset) / 60_000
    const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
    return `${clock(at + offset)}${offset < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`
  }
}
