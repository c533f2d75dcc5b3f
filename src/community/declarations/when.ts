// Wall clocks of homes: deadlines of a week and hours of a day as moments, right on the two days a year that have 23 and 25 hours.
import { atWallClock, dayAfter, dayStart, type Instant, parseInstant, wallClock } from '#kernel'
import type { Span, When } from './wish.ts'

/** A span of time, its end left out. */
export interface Period {
  start: Instant
  end: Instant
}

/** What a wall clock shows so many seconds of the day after midnight of the local day of `day`; above 86400 that is the next day. */
function atSecond(day: Instant, second: number, zone: string): Instant {
  const { year, month, day: date } = wallClock(second >= 86_400 ? dayAfter(day, zone, Math.floor(second / 86_400)) : day, zone)
  const rest = second % 86_400
  return atWallClock(
    { year, month, day: date, hour: Math.floor(rest / 3600), minute: Math.floor((rest % 3600) / 60), second: rest % 60 },
    zone,
  )
}

/**
 * The deadline that counts from `now` on: that of a wish for once, be it over or not; of a standing one the next after `now`.
 *
 * @throws Problem `naive-datetime`, `invalid-datetime` when the moment of a wish for once is none
 */
export function deadlineOf(when: When, now: Instant, zone: string): Instant {
  if ('at' in when) return parseInstant(when.at)
  const [hour, minute] = when.time.split(':').map(Number) as [number, number]
  for (let ahead = 0; ; ahead++) {
    const day = dayAfter(now, zone, ahead)
    const moment = atSecond(day, hour * 3600 + minute * 60, zone)
    if (moment > now && when.days.includes(wallClock(day, zone).weekday)) return moment
  }
}

/** Spans of each local day as moments, those that touch `from` to `until`, in their order. */
export function periodsBetween(spansOn: (weekday: number) => readonly Span[], from: Instant, until: Instant, zone: string): Period[] {
  const periods: Period[] = []
  // From two days before: a span may cross midnight.
  for (let day = dayAfter(from, zone, -2); day < until; day = dayAfter(day, zone))
    for (const { startSecond, endSecond } of spansOn(wallClock(day, zone).weekday)) {
      const period = { start: atSecond(day, startSecond, zone), end: atSecond(day, endSecond, zone) }
      if (period.end > from && period.start < until && period.end > period.start) periods.push(period)
    }
  return periods.sort((a, b) => a.start - b.start)
}

/** `18:00` on the wall clock of the zone, with its date when it is another day than `now`. */
export function clockTime(at: Instant, now: Instant, zone: string): string {
  const { hour, minute, day, month } = wallClock(at, zone)
  const two = (value: number): string => String(value).padStart(2, '0')
  const time = `${two(hour)}:${two(minute)}`
  return dayStart(at, zone) === dayStart(now, zone) ? time : `${two(day)}/${two(month)} ${time}`
}
