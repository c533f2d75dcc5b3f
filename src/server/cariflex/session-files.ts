/** Sessions as files for spreadsheets: one line a session, its VAT in columns of the rates that occur. */
import type { PricedSession } from '#charging'
import { type CsvForm, csvText } from '#ems'

type Cell = string | number | boolean | null
export interface SessionTable {
  head: string[]
  rows: Cell[][]
}

const COLUMNS = [
  'station',
  'id',
  'evse',
  'token',
  'startedAt',
  'endedAt',
  'energyKwh',
  'exportedKwh',
  'tariff',
  'currency',
  'totalExcl',
  'totalIncl',
  'signed',
  'complete',
  'stoppedReason',
] as const satisfies readonly (keyof PricedSession)[]

const rateName = (rate: number | null): string => (rate === null ? 'none' : String(rate))

/** Names of columns are those of the API; `vat8.5_excl` and `vat8.5` for each rate. */
export function sessionTable(sessions: readonly PricedSession[]): SessionTable {
  const rates = [...new Set(sessions.flatMap(({ vat }) => vat.map(({ rate }) => rateName(rate))))].sort((a, b) => Number(a) - Number(b))
  return {
    head: [...COLUMNS, ...rates.flatMap((rate) => [`vat${rate}_excl`, `vat${rate}`])],
    rows: sessions.map((session) => [
      ...COLUMNS.map((name) => session[name]),
      ...rates.flatMap((rate) => {
        const found = session.vat.find((one) => rateName(one.rate) === rate)
        return found ? [found.excl, found.amount] : [null, null]
      }),
    ]),
  }
}

/** CSV of a table; nothing in it can become a formula. */
export function csvOf({ head, rows }: SessionTable, form: CsvForm): string {
  const cell = (value: Cell) =>
    value === null ? '' : typeof value === 'number' ? String(value).replace('.', form.decimal) : csvText(String(value), form)
  return [head, ...rows].map((row) => `${row.map(cell).join(form.delimiter)}\r\n`).join('')
}

/** A workbook with one sheet. */
export async function workbookOf({ head, rows }: SessionTable, name: string): Promise<Uint8Array> {
  const { utils, write } = await import('@e965/xlsx')
  const book = utils.book_new()
  const sheet = utils.aoa_to_sheet([head, ...rows])
  sheet['!cols'] = head.map((title) => ({ wch: Math.max(10, title.length + 2) }))
  utils.book_append_sheet(book, sheet, name)
  return new Uint8Array(write(book, { type: 'array', bookType: 'xlsx', compression: true }) as ArrayBuffer)
}
