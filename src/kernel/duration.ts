/** ISO 8601 durations, including the forms pandas writes (`P0DT12H0M0S`, `P2DT0H0M0S`, `-PT15M`). */
import { Temporal } from 'temporal-polyfill'
import { Problem } from './problem.ts'
import { type Instant, type Millis, millis } from './quantity.ts'
import { withinCalendar } from './zone.ts'

/** Calendar part (grounded in a time zone) and exact part of a duration. */
export interface Duration {
  months: number
  days: number
  /** Hours and below, in milliseconds. */
  exact: Millis
}

const FORM =
  /^([+-])?P(?:(\d+(?:[.,]\d+)?)Y)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)W)?(?:(\d+(?:[.,]\d+)?)D)?(?:T(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?$/

/**
 * Reads an ISO 8601 duration. Weeks become days; fractions of days become exact time.
 * @throws Problem `invalid-duration`
 */
export function parseDuration(text: string): Duration {
  const hit = FORM.exec(text)
  if (!hit || /^[+-]?P(T)?$/.test(text) || text.endsWith('T'))
    throw new Problem('invalid-duration', `'${text}' is not an ISO 8601 duration.`, {
      status: 422,
      hint: "Write it like 'PT15M', 'PT2H' or 'P1DT12H'.",
    })
  const [, sign, years, months, weeks, days, hours, minutes, seconds] = hit
  const number = (part: string | undefined) => (part === undefined ? 0 : Number(part.replace(',', '.')))
  const factor = sign === '-' ? -1 : 1
  const wholeMonths = number(years) * 12 + number(months)
  const allDays = number(weeks) * 7 + number(days)
  const wholeDays = Math.trunc(allDays)
  const exact = (allDays - wholeDays) * 86_400_000 + number(hours) * 3_600_000 + number(minutes) * 60_000 + number(seconds) * 1000
  return { months: factor * wholeMonths, days: factor * wholeDays, exact: millis(factor * exact) }
}

/** Length in milliseconds with a day of 24 h and a month of 30 days; exact for durations without calendar parts. */
export const durationLength = (duration: Duration): Millis =>
  millis(duration.months * 30 * 86_400_000 + duration.days * 86_400_000 + duration.exact)

/** `parseDuration` followed by `durationLength`: milliseconds. */
export const parseDurationLength = (text: string): Millis => durationLength(parseDuration(text))

/**
 * The moment one duration after `at`, days and months counted in the time zone (a local day may have 23 or 25 hours).
 * @throws Problem `moment-out-of-range` beyond the years 1 to 9999
 */
export function addDuration(at: Instant, { months, days, exact }: Duration, zone: string): Instant {
  if (months === 0 && days === 0) return withinCalendar(at + exact)
  return withinCalendar(moved(at, { months, days }, zone) + exact)
}

function moved(at: Instant, by: Pick<Duration, 'months' | 'days'>, zone: string): number {
  try {
    return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).add(by).epochMilliseconds
  } catch (error) {
    // Temporal ends some way beyond our calendar.
    if (error instanceof RangeError) return Number.NaN
    throw error
  }
}

/** Milliseconds as an ISO duration in the shortest usual form: 900000 → 'PT15M', 0 → 'PT0S', 86400000 → 'P1D', 90000000 → 'P1DT1H'. */
export function formatDuration(length: number): string {
  if (length === 0) return 'PT0S'
  const sign = length < 0 ? '-' : ''
  let rest = Math.abs(length)
  const take = (size: number) => {
    const count = Math.floor(rest / size)
    rest -= count * size
    return count
  }
  const days = take(86_400_000)
  const hours = take(3_600_000)
  const minutes = take(60_000)
  const seconds = rest / 1000
  const time = (hours ? `${hours}H` : '') + (minutes ? `${minutes}M` : '') + (seconds ? `${seconds}S` : '')
  return `${sign}P${days ? `${days}D` : ''}${time ? `T${time}` : ''}`
}
