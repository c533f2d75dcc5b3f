/** Moments as people write them: ISO 8601 with an offset, and days and hours in a site's time zone (DST included). */
import { Temporal } from 'temporal-polyfill'
import { Problem } from './problem.ts'
import { type Instant, instant } from './quantity.ts'

const AWARE = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?)\s?(Z|z|[+-]\d{2}(?::?\d{2})?)$/

const FIRST = Date.parse('0001-01-01T00:00:00Z')
const LAST = Date.parse('9999-12-31T23:59:59.999Z')

/** The moment, when it lies in the years 1 to 9999, which every partner and the database can write. @throws Problem `moment-out-of-range` */
export function withinCalendar(at: number): Instant {
  if (at >= FIRST && at <= LAST) return instant(at)
  throw new Problem('moment-out-of-range', 'The moment lies outside the years 1 to 9999.', {
    status: 422,
    hint: 'Give an earlier moment or a shorter duration.',
  })
}

/**
 * Reads an ISO 8601 moment that carries an offset. A space standing in for the `+` of the offset is accepted (URLs decode it so).
 * @throws Problem `naive-datetime` when the offset is missing, `moment-out-of-range` beyond the years 1 to 9999, `invalid-datetime` otherwise
 */
export function parseInstant(text: string): Instant {
  const mended = text.replace(/^(.*\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) (\d{2}:?\d{2})$/, '$1+$2')
  const hit = AWARE.exec(mended)
  if (hit) {
    const [, day, time, zone] = hit as unknown as [string, string, string, string]
    const offset = /^[zZ]$/.test(zone)
      ? 'Z'
      : zone.length === 3
        ? `${zone}:00`
        : zone.length === 5
          ? `${zone.slice(0, 3)}:${zone.slice(3)}`
          : zone
    const clock = (time.length === 5 ? `${time}:00` : time).replace(',', '.').replace(/(\.\d{3})\d+$/, '$1')
    const value = Date.parse(`${day}T${clock}${offset}`)
    // Date.parse rolls 31 February over to March: refuse days that do not exist.
    const length = new Date(Date.UTC(Number(day.slice(0, 4)), Number(day.slice(5, 7)), 0)).getUTCDate()
    if (!Number.isNaN(value) && Number(day.slice(8, 10)) <= length) return withinCalendar(value)
  } else if (/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$/.test(text))
    throw new Problem('naive-datetime', `'${text}' has no UTC offset.`, {
      status: 422,
      hint: "Add one, as in '2026-11-24T10:00:00-04:00'.",
    })
  throw new Problem('invalid-datetime', `'${text}' is not an ISO 8601 moment.`, {
    status: 422,
    hint: "Write it like '2026-11-24T10:00:00-04:00'.",
  })
}

/** `2026-11-24T10:00:00-04:00` in the given zone (default UTC, written `+00:00`); milliseconds only when there are any. */
export function formatInstant(at: Instant, zone = 'UTC'): string {
  const iso = new Date(at).toISOString()
  if (zone === 'UTC') return `${iso.endsWith('.000Z') ? iso.slice(0, 19) : iso.slice(0, 23)}+00:00`
  const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  return zoned.toString({ timeZoneName: 'never', smallestUnit: at % 1000 === 0 ? 'second' : 'millisecond' })
}

/** Local midnight at or before the moment. */
export const dayStart = (at: Instant, zone: string): Instant =>
  instant(Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).startOfDay().epochMilliseconds)

/** Local midnight so many days after the local day of `at` (23, 24 or 25 hours apart per day). */
export const dayAfter = (at: Instant, zone: string, days = 1): Instant =>
  instant(Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).startOfDay().add({ days }).epochMilliseconds)

/** Wall clock of the zone at a moment; `weekday` 1 = Monday … 7 = Sunday; `dayOfYear` from 1. */
export function wallClock(at: Instant, zone: string) {
  const zoned = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone)
  return {
    year: zoned.year,
    month: zoned.month,
    day: zoned.day,
    hour: zoned.hour,
    minute: zoned.minute,
    second: zoned.second,
    weekday: zoned.dayOfWeek,
    dayOfYear: zoned.dayOfYear,
    offset: zoned.offsetNanoseconds / 1e6,
  }
}

/**
 * The moment of a local date and time; when the clock shows it twice the `which` one (default the first), shifted forward when it never does.
 * Days beyond the end of a month are its last one.
 */
export const atWallClock = (
  local: { year: number; month: number; day: number; hour?: number; minute?: number; second?: number; millisecond?: number },
  zone: string,
  which: 'first' | 'second' = 'first',
): Instant =>
  instant(
    Temporal.PlainDateTime.from({ hour: 0, minute: 0, ...local }).toZonedDateTime(zone, {
      disambiguation: which === 'first' ? 'compatible' : 'later',
    }).epochMilliseconds,
  )

/** True for names such as 'America/Martinique' that the time zone database knows. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
