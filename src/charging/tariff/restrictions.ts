/** Whether an element of a tariff holds for a piece of a session (OCPI 2.2.1 mod_tariffs, TariffRestrictions). */

import { wallClock } from '#kernel'
import type { Piece } from './pieces.ts'
import { type Restrictions, WEEKDAYS } from './tariff.ts'

/** All restrictions but `reservation`, which says what is priced and not when. A power or current that is not known matches no bound. */
export function holds(restrictions: Restrictions, piece: Piece, zone: string): boolean {
  const { min_kwh, max_kwh, min_power, max_power, min_current, max_current, min_duration, max_duration } = restrictions
  return (
    between(piece.soFar.valueOf(), min_kwh, max_kwh) &&
    between(piece.powerKw, min_power, max_power) &&
    between(piece.currentA, min_current, max_current) &&
    between(piece.seconds, min_duration, max_duration) &&
    holdsLocally(restrictions, piece, zone)
  )
}

function between(value: number | undefined, least: number | undefined, most: number | undefined): boolean {
  if (least === undefined && most === undefined) return true
  return value !== undefined && value >= (least ?? -Infinity) && value < (most ?? Infinity)
}

function holdsLocally({ start_time, end_time, start_date, end_date, day_of_week }: Restrictions, { at }: Piece, zone: string): boolean {
  if (!(start_time ?? end_time ?? start_date ?? end_date ?? day_of_week)) return true
  const { year, month, day, hour, minute, weekday } = wallClock(at, zone)
  const date = [String(year).padStart(4, '0'), String(month).padStart(2, '0'), String(day).padStart(2, '0')].join('-')
  if (start_date !== undefined && date < start_date) return false
  if (end_date !== undefined && date >= end_date) return false
  if (day_of_week && day_of_week.length > 0 && !day_of_week.includes(WEEKDAYS[weekday - 1]!)) return false
  return isWithinDay(`${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`, start_time ?? '00:00', end_time ?? '00:00')
}

/** Both ends alike, or an end of 00:00 with no start: the whole day. An end before the start lies on the next day. */
const isWithinDay = (time: string, from: string, until: string): boolean =>
  from === until || (until === '00:00' ? time >= from : from < until ? time >= from && time < until : time >= from || time < until)
