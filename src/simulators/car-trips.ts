/** When the cars of the island drive: days that look like days, the same ones for the same seed however often they are asked for. */
import { after, atWallClock, DAY, type Instant, instant, MINUTE, type WattHours, wallClock, wattHours } from '#kernel'
import { hashed } from './noise.ts'

/** The life of a driver: who is away by day, who by night, who is mostly at home. */
export type Rhythm = 'commuter' | 'evening' | 'errands'

export interface Trip {
  departure: Instant
  arrival: Instant
  /** Taken from the battery between the two. */
  energy: WattHours
}

/** Minutes of the local day [earliest, latest] for leaving and for coming back, and kWh [least, most]. */
type Habit = { leaves: [number, number]; returns: [number, number]; takes: [number, number]; share: number }
const hours = (from: number, to: number): [number, number] => [from * 60, to * 60]
const WEEKDAY: Record<Rhythm, Habit> = {
  commuter: { leaves: hours(6.25, 7.75), returns: hours(16, 18.5), takes: [8, 18], share: 1 },
  evening: { leaves: hours(17, 18.5), returns: hours(24, 26), takes: [8, 20], share: 0.9 },
  errands: { leaves: hours(9, 11), returns: hours(11.5, 14), takes: [4, 12], share: 0.8 },
}
const WEEKEND: Habit = { leaves: hours(8.5, 11), returns: hours(14, 19), takes: [6, 25], share: 0.6 }

/** The trip that begins on the local day of `at`, if the driver leaves that day. */
export function tripOf(driver: { seed: number; rhythm: Rhythm }, at: Instant, zone: string): Trip | undefined {
  const { year, month, day, weekday } = wallClock(at, zone)
  const date = (year * 12 + month) * 31 + day
  const habit = weekday >= 6 && driver.rhythm !== 'evening' ? WEEKEND : WEEKDAY[driver.rhythm]
  const pick = ([least, most]: [number, number], which: number) => least + (most - least) * hashed(driver.seed, date * 8 + which)
  if (hashed(driver.seed, date * 8) >= habit.share) return undefined
  const minute = (minutes: number) =>
    after(atWallClock({ year, month, day, hour: Math.floor(minutes / 60) % 24, minute: Math.floor(minutes % 60) }, zone), 0)
  const departure = minute(pick(habit.leaves, 1))
  const away = pick(habit.returns, 2) - pick(habit.leaves, 1)
  return { departure, arrival: after(departure, Math.round(away) * MINUTE), energy: wattHours(Math.round(pick(habit.takes, 3) * 1000)) }
}

/** The trip under way at a moment. */
export function tripAt(driver: { seed: number; rhythm: Rhythm }, at: Instant, zone: string): Trip | undefined {
  for (const back of [0, 1]) {
    const trip = tripOf(driver, after(at, -back * DAY), zone)
    if (trip && trip.departure <= at && at < trip.arrival) return trip
  }
  return undefined
}

/** The next trip that begins after a moment; every driver leaves within a few days. */
export function nextTrip(driver: { seed: number; rhythm: Rhythm }, at: Instant, zone: string): Trip {
  for (let ahead = 0; ahead < 60; ahead++) {
    const trip = tripOf(driver, instant(at + ahead * DAY), zone)
    if (trip && trip.departure > at) return trip
  }
  throw new Error(`driver ${driver.seed} never leaves`)
}

/** All trips that touch [from, to), in order. */
export function tripsBetween(driver: { seed: number; rhythm: Rhythm }, from: Instant, to: Instant, zone: string): Trip[] {
  const under = tripAt(driver, from, zone)
  const trips = under ? [under] : []
  for (let day: Instant = from; day < after(to, DAY); day = after(day, DAY)) {
    const trip = tripOf(driver, day, zone)
    if (trip && trip.departure > from && trip.departure < to && trip.departure !== trips.at(-1)?.departure) trips.push(trip)
  }
  return trips
}
