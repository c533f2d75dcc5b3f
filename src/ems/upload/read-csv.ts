/** CSV as people and programs write it: any delimiter, UTF-8 with or without BOM, UTF-16, or the Windows code page. */
import { parse } from 'csv-parse/sync'
import { say } from '#kernel'
import { unreadable } from './refusal.ts'
import { SAYING } from './saying.ts'
import type { Sheet } from './sheet.ts'

/** Of two that fit, the one that stands first wins: a comma may also be a decimal comma. */
const DELIMITERS = ['\t', ';', '|', ','] as const

/** A single cell longer than this is a file that forgot to close a quote. */
const LONGEST_RECORD = 20_000

/** @throws Problem `invalid-upload` */
export function readCsv(bytes: Uint8Array, mostRows: number): Sheet {
  const text = decode(bytes)
  const delimiter = delimiterOf(text)
  let rows: string[][]
  try {
    rows = parse(text, {
      delimiter,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: false,
      trim: true,
      max_record_size: LONGEST_RECORD,
      to: mostRows + 2,
    })
  } catch (error) {
    throw unreadable(say(SAYING.notRead, { kind: 'CSV', why: error instanceof Error ? error.message : String(error) }))
  }
  // A file of the longest allowed length may end with an empty line.
  if (rows.length > mostRows + 1 && rows.at(-1)!.some((cell) => cell !== ''))
    throw unreadable(say(SAYING.tooManyRows, { count: mostRows }), SAYING.inParts)
  return { rows, delimiter, notes: [] }
}

/** By its byte order mark, else UTF-8, else Windows-1252 (which no byte sequence fails). */
function decode(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  if (bytes.subarray(0, 1000).includes(0)) throw unreadable(say(SAYING.notRead, { kind: 'CSV', why: SAYING.noText }))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** The character that parts the first lines most evenly. */
function delimiterOf(text: string): string {
  const lines = text
    .slice(0, 20_000)
    .split(/\r\n?|\n/)
    .filter((line) => line.trim() !== '')
    .slice(0, 20)
  // A line cut off by the slice says nothing.
  if (text.length > 20_000 && lines.length > 1) lines.pop()
  let best: { delimiter: string; even: number } | undefined
  for (const delimiter of DELIMITERS) {
    const counts = lines.map((line) => line.replace(/"[^"]*"/g, '').split(delimiter).length - 1)
    const usual = counts[counts.length >> 1] ?? 0
    const even = usual === 0 ? 0 : counts.filter((count) => count === usual).length / counts.length
    if (even > (best?.even ?? 0)) best = { delimiter, even }
  }
  return best?.delimiter ?? ','
}
