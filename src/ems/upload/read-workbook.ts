/** XLSX, XLSM and XLS: the first sheet's cells as the file holds them. Formulas are never computed, macros never looked at. */
import { type CellObject, read, SSF, type WorkSheet } from '@e965/xlsx'
import { say } from '#kernel'
import { unreadable } from './refusal.ts'
import { SAYING } from './saying.ts'
import type { Cell, Sheet } from './sheet.ts'
import { checkZip, type ZipLimits } from './zip-size.ts'

/** Cells further right are not looked at: a table of events has two or three columns. */
const COLUMNS = 50

/** An XLS file may hold so much; it is not compressed. */
const XLS_MOST_BYTES = 64_000_000

/** @throws Problem `invalid-upload` */
export function readWorkbook(bytes: Uint8Array, mostRows: number, limits: ZipLimits): Sheet {
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b
  const isCompound = bytes[0] === 0xd0 && bytes[1] === 0xcf
  if (isZip) checkZip(bytes, limits)
  else if (!isCompound) throw unreadable(SAYING.notZip)
  else if (bytes.length > XLS_MOST_BYTES) throw unreadable(say(SAYING.tooLargeInside, { count: XLS_MOST_BYTES / 1e6 }), SAYING.inParts)
  const book = open(bytes, mostRows)
  const name = book.SheetNames[0]
  const sheet: WorkSheet | undefined = name === undefined ? undefined : book.Sheets[name]
  if (!sheet) throw unreadable(SAYING.noSheet)
  const notes = book.SheetNames.length > 1 ? [say(SAYING.firstSheet, { text: name!, count: book.SheetNames.length - 1 })] : []
  const data = (sheet['!data'] ?? []) as (CellObject[] | undefined)[]
  if (data.length > mostRows + 1) throw unreadable(say(SAYING.tooManyRows, { count: mostRows }), SAYING.inParts)
  const from1904 = book.Workbook?.WBProps?.date1904 === true
  return { rows: Array.from(data, (row) => (row ?? []).slice(0, COLUMNS).map((cell) => cellOf(cell, from1904))), notes }
}

function open(bytes: Uint8Array, mostRows: number) {
  try {
    return read(bytes, {
      type: 'array',
      dense: true,
      sheets: 0,
      sheetRows: mostRows + 2,
      cellFormula: true,
      cellNF: true,
      cellText: false,
      cellHTML: false,
      bookVBA: false,
      bookFiles: false,
    })
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    if (/password|encrypt/i.test(why)) throw unreadable(SAYING.locked, SAYING.withoutPassword)
    throw unreadable(say(SAYING.notRead, { kind: 'Excel', why }))
  }
}

function cellOf(cell: CellObject | undefined, from1904: boolean): Cell {
  if (!cell || cell.t === 'z') return null
  if (cell.f !== undefined && cell.t !== 'n') return { formula: cell.f }
  if (cell.t === 'e') return String(cell.w ?? ERRORS[Number(cell.v)] ?? '#ERROR!')
  if (cell.t === 'n' && typeof cell.v === 'number') return isDate(cell) ? wallOf(cell.v, from1904) : cell.v
  if (cell.v instanceof Date) return { wall: cell.v.getTime() }
  return cell.v ?? null
}

const ERRORS: Record<number, string> = { 0: '#NULL!', 7: '#DIV/0!', 15: '#VALUE!', 23: '#REF!', 29: '#NAME?', 36: '#NUM!', 42: '#N/A' }

const isDate = (cell: CellObject): boolean => typeof cell.z === 'string' && SSF.is_date(cell.z) === true

function wallOf(serial: number, date1904: boolean): Cell {
  const parts = SSF.parse_date_code(serial, { date1904 }) as { y: number; m: number; d: number; H: number; M: number; S: number } | null
  if (!parts) return serial
  return { wall: Date.UTC(parts.y, parts.m - 1, parts.d, parts.H, parts.M, Math.round(parts.S)) }
}
