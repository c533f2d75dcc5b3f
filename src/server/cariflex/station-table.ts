/** Stations of a CSV file as rows of the import, each with its line. */
import { readCsv } from '#ems'
import { Problem, say } from '#kernel'
import { SAYING } from './saying.ts'

export type StationCells = { line: number } & Record<string, string | number | null>

const COLUMNS = ['identity', 'name', 'power_kw', 'phases', 'latitude', 'longitude', 'password']
const NEEDED = ['identity', 'power_kw']
/** Rows that one import takes. */
export const MOST_STATIONS = 10_000

/**
 * Cells by the names of the first line; empty lines are passed over, and lines count from 1 as an editor shows them.
 * @throws Problem `invalid-upload`
 */
export function stationTable(bytes: Uint8Array): StationCells[] {
  const [head = [], ...lines] = readCsv(bytes, MOST_STATIONS).rows
  const names = head.map((cell) => String(cell).trim().toLowerCase())
  const strange = names.filter((name) => name !== '' && !COLUMNS.includes(name))
  const missing = NEEDED.filter((name) => !names.includes(name))
  if (strange.length > 0 || missing.length > 0)
    throw new Problem(
      'invalid-upload',
      [
        ...strange.map((name) => say(SAYING.strangeColumn, { name: name.slice(0, 40) })),
        ...missing.map((name) => say(SAYING.missingColumn, { name })),
      ].join(' '),
      { status: 422, hint: say(SAYING.columns, { names: COLUMNS.join(', ') }) },
    )
  return lines.flatMap((cells, index) => {
    const filled = names.flatMap((name, column) => (name === '' ? [] : [[name, cells[column] ?? null] as const]))
    if (filled.every(([, value]) => value === null || value === '')) return []
    return [{ line: index + 2, ...Object.fromEntries(filled) } as StationCells]
  })
}
