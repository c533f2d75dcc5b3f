/** A table as a file holds it, before anybody asks what its cells mean. */

/** Date and time without a zone, as milliseconds as if it were UTC: how spreadsheets keep dates. */
export interface WallCell {
  wall: number
}

/** A formula whose value the file does not carry. It is never computed here. */
export interface FormulaCell {
  formula: string
}

export type Cell = string | number | boolean | WallCell | FormulaCell | null

export interface Sheet {
  /** Row n of the file is `rows[n - 1]`; empty rows are there, as rows without cells. */
  rows: readonly (readonly Cell[])[]
  /** What parts columns, where that is a character. */
  delimiter?: string
  /** Sentences about how it was read. */
  notes: string[]
}

export const isBlank = (cell: Cell | undefined): cell is null | undefined =>
  cell === null || cell === undefined || (typeof cell === 'string' && cell.trim() === '')

/** A cell as a message shows it. */
export function cellText(cell: Cell | undefined): string {
  if (cell === null || cell === undefined) return ''
  if (typeof cell !== 'object') return String(cell).slice(0, 60)
  return 'wall' in cell ? new Date(cell.wall).toISOString().slice(0, 19).replace('T', ' ') : `=${cell.formula.slice(0, 60)}`
}
