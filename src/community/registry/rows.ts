/** The lines of an inventory as RFC 4180 has them: a broken line is told with its number and takes none of its neighbours along. */
import { parse } from 'csv-parse/sync'
import { Problem, say } from '#kernel'
import { SAYING } from './saying.ts'

export interface InventoryLine {
  /** Where it begins in the file, from 1. */
  line: number
  /** Its cells by column; undefined when they cannot be told apart. */
  cells: Readonly<Record<string, string>> | undefined
  /** Why not. */
  fault?: string
}

/** Lines that one import takes. */
const MOST_LINES = 20_000
/** A quoted cell that goes on for longer is one that nobody closed. */
const MOST_LINES_OF_A_CELL = 20

/**
 * @param columns those there are; others in the file are passed over
 * @param needed those of them that must be in the file
 * @throws Problem `invalid-inventory` (422) when the file as a whole is of no use
 */
export function inventoryLines(text: string, columns: readonly string[], needed: readonly string[]): InventoryLine[] {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
  if (lines.length > MOST_LINES) throw refuse([say(SAYING.tooManyRows, { count: MOST_LINES })], say(SAYING.inParts))
  const first = lines.findIndex((line) => line.trim() !== '')
  const header = first < 0 ? undefined : cellsOf(lines[first]!)?.map((cell) => cell.trim())
  const hint = say(SAYING.columnsAre, { columns: columns.join(', ') })
  if (!header) throw refuse([say(SAYING.noHeader)], hint)
  const faults = [
    ...needed.filter((column) => !header.includes(column)).map((column) => say(SAYING.noColumn, { column })),
    ...columns
      .filter((column) => header.indexOf(column) !== header.lastIndexOf(column))
      .map((column) => say(SAYING.columnTwice, { column })),
  ]
  if (faults.length > 0) throw refuse(faults, hint)

  const found: InventoryLine[] = []
  for (let at = first + 1; at < lines.length; at++) {
    if (lines[at]!.trim() === '') continue
    const line = at + 1
    const last = endOf(lines, at)
    const cells = cellsOf(lines.slice(at, last + 1).join('\n'))
    if (cells?.length === header.length) {
      found.push({ line, cells: Object.fromEntries(header.map((column, index) => [column, cells[index]!.trim()])) })
      at = last
    } else {
      // What a stray quote seemed to hold are lines of their own.
      const own = last === at ? cells : cellsOf(lines[at]!)
      const fault = own ? say(SAYING.cellCount, { cells: own.length, columns: header.length }) : say(SAYING.badQuotes)
      found.push({ line, cells: undefined, fault })
    }
  }
  return found
}

/** The line with which the record that begins at `start` ends: quotes come in pairs. */
function endOf(lines: readonly string[], start: number): number {
  let quotes = 0
  for (let at = start; at < Math.min(lines.length, start + MOST_LINES_OF_A_CELL); at++) {
    quotes += lines[at]!.split('"').length - 1
    if (quotes % 2 === 0) return at
  }
  return start
}

function cellsOf(record: string): string[] | undefined {
  try {
    const [cells] = parse(record, { delimiter: ',', record_delimiter: '\u0000', relax_column_count: true }) as string[][]
    return cells
  } catch {
    return undefined
  }
}

const refuse = (faults: string[], hint: string) => new Problem('invalid-inventory', faults.join(' '), { status: 422, hint })
