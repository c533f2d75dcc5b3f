/**
 * How values cross the border between PostgreSQL and the program.
 *
 * | PostgreSQL | in rows | as a parameter |
 * |---|---|---|
 * | timestamptz, timestamp (taken as UTC) | `Instant`: ms since 1970, ±Infinity for ±infinity | `asTimestamp(at)` |
 * | interval | ms as a number (a month counts 30 days) | `asInterval(length)` |
 * | bigint, numeric | number | number |
 * | json, jsonb | parsed | `asJson(value)` (a bare array would become a PostgreSQL array) |
 * | date | text 'YYYY-MM-DD' | text |
 * | float8[], int[] | arrays of numbers | the same, or `asDoubles`, `asIntegers`: many numbers without their way through text |
 * | others | as `pg` gives them: number, boolean, text, Buffer, arrays of these | the same |
 */
import pg from 'pg'
import { type Instant, instant, type Millis, millis } from '#kernel'

/** A moment as a parameter for timestamptz or timestamp: ISO 8601 in UTC. */
export const asTimestamp = (at: Instant): string =>
  at === Infinity ? 'infinity' : at === -Infinity ? '-infinity' : new Date(at).toISOString()

/** True for numbers that an id of a row can be; others name no row, and PostgreSQL would refuse them. */
export const isRowId = (id: number): boolean => Number.isInteger(id) && id > 0 && id <= 2_147_483_647

/** A length of time in milliseconds as a parameter for interval. */
export const asInterval = (length: number): string => `${length} milliseconds`

/** A value as a parameter for json or jsonb; undefined becomes null. */
export const asJson = (value: unknown): string => JSON.stringify(value ?? null)

/** PostgreSQL's own numbers of the types of elements. */
const FLOAT8 = 701
const INT4 = 23

/** Numbers as a parameter for float8[], in PostgreSQL's binary form: head, then each element behind its length. */
export function asDoubles(values: readonly number[]): Buffer {
  const { packed, view } = arrayOf(FLOAT8, values.length, 8)
  for (let i = 0, at = HEAD; i < values.length; i++, at += 12) {
    view.setInt32(at, 8)
    view.setFloat64(at + 4, values[i]!)
  }
  return packed
}

/** The same for int[]. */
export function asIntegers(values: readonly number[]): Buffer {
  const { packed, view } = arrayOf(INT4, values.length, 4)
  for (let i = 0, at = HEAD; i < values.length; i++, at += 8) {
    view.setInt32(at, 4)
    view.setInt32(at + 4, values[i]!)
  }
  return packed
}

const HEAD = 20

/** The head: one dimension, no nulls, type, length, first index; then room for the elements. */
function arrayOf(type: number, length: number, size: number): { packed: Buffer; view: DataView } {
  const packed = Buffer.allocUnsafe(HEAD + length * (4 + size))
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  ;[1, 0, type, length, 1].forEach((word, i) => void view.setInt32(4 * i, word))
  return { packed, view }
}

/** Reads '2026-11-24 10:00:00.123456+00' as the server writes it (DateStyle ISO; the zone of our connections is UTC). */
export function readTimestamp(text: string): Instant {
  if (text.length >= 19 && text.charCodeAt(4) === 45 && text.charCodeAt(10) === 32 && !text.endsWith('BC')) {
    const fraction = text.charCodeAt(19) === 46 ? Number.parseFloat(text.slice(19, 23)) * 1000 : 0
    const zone = /[+-]\d{2}(?::\d{2}){0,2}$/.exec(text.slice(19))?.[0]
    const utc = Date.UTC(
      digits(text, 0, 4),
      digits(text, 5, 7) - 1,
      digits(text, 8, 10),
      digits(text, 11, 13),
      digits(text, 14, 16),
      digits(text, 17, 19),
      Math.trunc(fraction + 1e-6),
    )
    return instant(zone === undefined || zone === '+00' ? utc : utc - offsetOf(zone))
  }
  if (text === 'infinity') return instant(Infinity)
  if (text === '-infinity') return instant(-Infinity)
  return instant(Date.parse(text.replace(' ', 'T').replace(/([+-]\d{2})$/, '$1:00')))
}

/** Reads '1 year 2 mons -3 days +04:05:06.789' (IntervalStyle postgres) as milliseconds. */
export function readInterval(text: string): Millis {
  let total = 0
  for (const [, count, word] of text.matchAll(/([+-]?\d+) (year|mon|day)/g))
    total += Number(count) * (word === 'year' ? 360 : word === 'mon' ? 30 : 1) * 86_400_000
  const clock = /([+-])?(\d+):(\d{2}):(\d{2}(?:\.\d+)?)$/.exec(text)
  if (clock) {
    const length = Number(clock[2]) * 3_600_000 + Number(clock[3]) * 60_000 + Math.round(Number(clock[4]) * 1e6) / 1000
    total += clock[1] === '-' ? -length : length
  }
  return millis(total)
}

function digits(text: string, from: number, to: number): number {
  let value = 0
  for (let index = from; index < to; index++) value = value * 10 + text.charCodeAt(index) - 48
  return value
}

function offsetOf(zone: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = zone.slice(1).split(':').map(Number)
  return (zone[0] === '-' ? -1 : 1) * (hours * 3_600_000 + minutes * 60_000 + seconds * 1000)
}

const list = (read: (text: string) => unknown) => (text: string) =>
  (pg.types.getTypeParser(1009 as never)(text) as (string | null)[]).map((item) => (item === null ? null : read(item)))

/** PostgreSQL's own numbers of the types that we read in our way. */
const READERS = new Map<number, (text: string) => unknown>([
  [20, Number],
  [1700, Number],
  [1082, String],
  [1114, readTimestamp],
  [1184, readTimestamp],
  [1186, readInterval],
  [1016, list(Number)],
  [1231, list(Number)],
  [1182, list(String)],
  [1115, list(readTimestamp)],
  [1185, list(readTimestamp)],
  [1187, list(readInterval)],
])

/** The table above as `pg` wants it; kept off the library's global registry. */
export const valueReaders: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    (format !== 'binary' ? READERS.get(oid) : undefined) ?? pg.types.getTypeParser(oid as never, format as 'text')) as never,
}
