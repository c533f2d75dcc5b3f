/** Dates and times as files write them: ISO 8601, day or month first, with or without an offset; and clock times placed in a zone. */
import { type Instant, instant, say, wallClock } from '#kernel'
import { unreadable } from './refusal.ts'
import { SAYING } from './saying.ts'

/** What a text says: milliseconds as if UTC, and the UTC offset in milliseconds when it carries one. */
export interface Written {
  wall: number
  offset: number | undefined
}

export type DayOrder = 'day-first' | 'month-first'

const TIME = String.raw`(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?(?: ?([AaPp][Mm]))?`
const ZONE = String.raw` ?(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?`
const YEAR_FIRST = new RegExp(String.raw`^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:(?:[Tt]|,? +)${TIME}${ZONE})?$`)
const YEAR_LAST = new RegExp(String.raw`^(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?:(?:[Tt]|,? +)${TIME}${ZONE})?$`)

/** The text as date and time; undefined when it is none. Dates that end with the year need an order. */
export function readWritten(text: string, order: DayOrder): Written | undefined {
  const first = YEAR_FIRST.exec(text)
  const hit = first ?? YEAR_LAST.exec(text)
  if (!hit) return undefined
  const [a, b, c] = [Number(hit[1]), Number(hit[2]), Number(hit[3])]
  const [year, month, day] = first ? [a, b, c] : order === 'day-first' ? [c, b, a] : [c, a, b]
  const clock = clockOf(hit)
  if (clock === undefined || month < 1 || month > 12 || day < 1 || day > 31) return undefined
  const date = Date.UTC(year, month - 1, day)
  // 31 February rolls over to March.
  if (new Date(date).getUTCDate() !== day) return undefined
  const zone = hit[9]
  return { wall: date + clock, offset: zone === undefined ? undefined : offsetOf(zone) }
}

function clockOf(hit: RegExpExecArray): number | undefined {
  if (hit[4] === undefined) return 0
  let hour = Number(hit[4])
  const half = hit[8]?.toLowerCase()
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return undefined
    hour = (hour % 12) + (half === 'pm' ? 12 : 0)
  }
  const minute = Number(hit[5])
  const second = Number(hit[6] ?? 0)
  if (hour > 24 || minute > 59 || second > 60 || (hour === 24 && minute + second > 0)) return undefined
  const fraction = hit[7] === undefined ? 0 : Math.floor(Number(`0.${hit[7]}`) * 1000)
  return hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction
}

function offsetOf(zone: string): number {
  if (/^[zug]/i.test(zone)) return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(zone.length > 5 ? 4 : 3) || 0)
  return (zone[0] === '-' ? -1 : 1) * (hours * 3_600_000 + minutes * 60_000)
}

/**
 * Which part of dates like 05/06/2025 is the day, as all texts together tell: a number above 12 can only be a day; among dates that could be
 * both, starts follow each other most closely in the right order. Undefined when no text needs an order.
 * @throws Problem `invalid-upload` when both orders make sense
 */
export function dayOrderOf(texts: readonly string[]): DayOrder | undefined {
  const dates = texts.map((text) => YEAR_LAST.exec(text)).filter((hit) => hit !== null)
  if (dates.length === 0) return undefined
  if (dates.some((hit) => hit[0].includes('.'))) return 'day-first'
  if (dates.some((hit) => Number(hit[1]) > 12)) return 'day-first'
  if (dates.some((hit) => Number(hit[2]) > 12)) return 'month-first'
  if (dates.every((hit) => hit[1] === hit[2])) return 'day-first'
  const [day, month] = (['day-first', 'month-first'] as const).map((order) => widestStep(dates, order))
  if (day !== month) return day! < month! ? 'day-first' : 'month-first'
  throw unreadable(say(SAYING.dayOrMonth, { text: dates[0]![0] }), SAYING.writeDate)
}

function widestStep(dates: readonly RegExpExecArray[], order: DayOrder): number {
  let widest = 0
  let last: number | undefined
  for (const hit of dates) {
    const wall = readWritten(hit[0], order)?.wall ?? 0
    if (last !== undefined) widest = Math.max(widest, Math.abs(wall - last))
    last = wall
  }
  return widest
}

/** How clock times of a zone become moments. */
export interface Placing {
  /** The moment; `previous` is the one of the row before. Undefined when the clock never shows that time. */
  place(wall: number, previous: Instant | undefined, repeats: boolean): Instant | undefined
  /** A clock time that occurs twice and that the file has only once, when there was such: it was taken for the earlier one. */
  guessed(): number | undefined
}

const DAY = 86_400_000

/**
 * Clock times of one zone, in the order of the file. On the night the clock goes back times occur twice: the first occurrence is the earlier
 * moment, a time at or before that of the row before is the later one.
 */
export function placingIn(zone: string): Placing {
  const steady = new Map<number, number | undefined>()
  const offsetAt = (at: number): number => wallClock(instant(at), zone).offset
  /** The offset that holds all through the local day, where it does. */
  const offsetOn = (day: number): number | undefined => {
    if (steady.has(day)) return steady.get(day)
    const before = offsetAt((day - 1) * DAY)
    const offset = before === offsetAt((day + 2) * DAY) && before === offsetAt(day * DAY + DAY / 2) ? before : undefined
    steady.set(day, offset)
    return offset
  }
  let ambiguous: number | undefined
  return {
    place(wall, previous, repeats) {
      const offset = offsetOn(Math.floor(wall / DAY))
      if (offset !== undefined) return instant(wall - offset)
      const [early, late] = [offsetAt(wall - DAY), offsetAt(wall + DAY)]
        .map((candidate) => wall - candidate)
        .filter((at, i, all) => offsetAt(at) === wall - at && all.indexOf(at) === i)
        .sort((a, b) => a - b)
      if (early === undefined || late === undefined) return early === undefined ? undefined : instant(early)
      if (previous !== undefined && (repeats ? previous > early : previous >= early)) {
        ambiguous = undefined
        return instant(late)
      }
      ambiguous ??= wall
      return instant(early)
    },
    guessed: () => ambiguous,
  }
}
