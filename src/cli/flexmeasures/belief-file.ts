/** A file of beliefs, columns by number, as the plain table that uploads are read from: event_start, event_value, belief_time. */

import { parse } from 'csv-parse/sync'
import { atWallClock, formatInstant, type Instant, instant, Problem, wallClock } from '#kernel'
import type { Given } from './option.ts'

type Cell = string | number | Date | null | undefined

/** What means no value unless said. */
const EMPTY = new Set(['', 'nan', 'na', 'n/a', 'null', 'none', '#n/a'])

/** CSV with a header, moments with their offset. @throws Problem `data-unreadable` that names the row */
export async function canonicalTable(path: string, bytes: Uint8Array, given: Given): Promise<Uint8Array> {
  const rows = await rowsOf(path, bytes, given)
  const column = (name: string, usual: number) => given.number(name) ?? usual
  const [date, value, belief] = [column('datecol', 0), column('valuecol', 1), given.number('beliefcol')]
  const zone = given.text('timezone') ?? 'UTC'
  const filters = filtersOf(given)
  const nothing = new Set([...EMPTY, ...given.texts('na-values').map((text) => text.toLowerCase())])
  const first = given.number('skiprows') ?? 1
  const lines: string[] = []
  const end = given.has('nrows') ? first + given.number('nrows')! : rows.length
  for (let k = first; k < Math.min(end, rows.length); k++) {
    const row = rows[k]!
    if (row.every((cell) => cell === '' || cell === null || cell === undefined)) continue
    if (!filters.every(([at, wanted]) => textOf(row[at]) === wanted)) continue
    const text = textOf(row[value])
    if (nothing.has(text.toLowerCase())) continue
    const start = momentOf(row[date], zone, path, k)
    const believed = belief === undefined ? '' : `,${momentOf(row[belief], zone, path, k)}`
    lines.push(`${start},${quoted(numberText(text, given))}${believed}`)
  }
  if (lines.length === 0)
    throw unreadable(path, 'no row has a moment and a value', 'Check --skiprows, --datecol, --valuecol and --delimiter.')
  const head = `event_start,event_value${belief === undefined ? '' : ',belief_time'}`
  return new TextEncoder().encode(`${head}\n${lines.join('\n')}\n`)
}

async function rowsOf(path: string, bytes: Uint8Array, given: Given): Promise<Cell[][]> {
  if (/\.(xlsx|xlsm|xls)$/i.test(path)) {
    const { read, utils } = await import('@e965/xlsx')
    try {
      const book = read(bytes, { type: 'array', cellDates: true, UTC: true })
      const name = book.SheetNames[given.number('sheet_number') ?? 0]
      const sheet = name === undefined ? undefined : book.Sheets[name]
      if (!sheet) throw new Error(`it has ${book.SheetNames.length} sheets`)
      return utils.sheet_to_json<Cell[]>(sheet, { header: 1, raw: true, blankrows: true, UTC: true })
    } catch (error) {
      throw unreadable(path, error instanceof Error ? error.message : String(error))
    }
  }
  try {
    return parse(Buffer.from(bytes), {
      bom: true,
      delimiter: given.text('delimiter') ?? ',',
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: false,
      trim: true,
    }) as string[][]
  } catch (error) {
    throw unreadable(path, error instanceof Error ? error.message : String(error))
  }
}

const textOf = (cell: Cell): string =>
  cell === null || cell === undefined ? '' : cell instanceof Date ? cell.toISOString() : String(cell).trim()

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

/** With a decimal point and without thousands. */
function numberText(text: string, given: Given): string {
  const [decimal, thousands] = [given.text('decimal') ?? '.', given.text('thousands')]
  const plain = thousands === undefined ? text : text.replaceAll(thousands, '')
  return decimal === '.' ? plain : plain.replace(decimal, '.')
}

function filtersOf(given: Given): [number, string][] {
  const [columns, values] = [given.numbers('filter-column'), given.texts('filter-value')]
  if (columns.length !== values.length) throw new Problem('usage', 'The number of filter columns and filter values should be the same.')
  return columns.map((column, k) => [column, values[k]!])
}

const WRITTEN = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)? ?(Z|UTC|[+-]\d{2}:?\d{2})?$/
const DAY_FIRST = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?$/

/** The moment with its offset; clock times are those of the zone. */
function momentOf(cell: Cell, zone: string, path: string, row: number): string {
  const text = textOf(cell)
  const hit = WRITTEN.exec(text)
  if (cell instanceof Date) {
    const { year, month, day, hour, minute, second } = wallClock(instant(cell.getTime()), 'UTC')
    return formatInstant(place([year, month, day, hour, minute, second ?? 0], zone), zone)
  }
  const offset = hit?.[7]
  if (hit && offset !== undefined) {
    const [date, time] = [`${hit[1]}-${two(hit[2])}-${two(hit[3])}`, `${two(hit[4])}:${two(hit[5])}:${two(hit[6])}`]
    return `${date}T${time}${/^[ZU]/.test(offset) ? 'Z' : offset.includes(':') ? offset : `${offset.slice(0, 3)}:${offset.slice(3)}`}`
  }
  const other = hit ?? swapped(DAY_FIRST.exec(text))
  if (!other)
    throw unreadable(
      path,
      `row ${row + 1} has '${text}' where a moment should be`,
      'Write it like 2026-11-24 10:00, or name its column with --datecol.',
    )
  return formatInstant(
    place(
      other.slice(1, 7).map((part) => Number(part ?? 0)),
      zone,
    ),
    zone,
  )
}

const two = (text: string | undefined): string => (text ?? '0').padStart(2, '0')

/** Day, month, year → year, month, day. */
const swapped = (hit: RegExpExecArray | null): (string | undefined)[] | undefined =>
  hit ? [hit[0], hit[3], hit[2], hit[1], hit[4], hit[5], hit[6]] : undefined

const place = ([year, month, day, hour, minute, second]: number[], zone: string): Instant =>
  instant(atWallClock({ year: year!, month: month!, day: day!, hour: hour!, minute: minute! }, zone) + (second ?? 0) * 1000)

const unreadable = (path: string, why: string, hint?: string): Problem =>
  new Problem('data-unreadable', `${path} cannot be read: ${why}.`, { status: 422, ...(hint !== undefined && { hint }) })
