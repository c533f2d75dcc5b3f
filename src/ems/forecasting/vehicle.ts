/**
 * Habits of a car, from when its state of charge was known (it tells it while plugged): presence per weekday and hour, what is in it on
 * arrival, when it leaves and with how much.
 */
import { after, atWallClock, dayAfter, HOUR, type Instant, MINUTE, wallClock, wattHours } from '#kernel'
import type { Wish } from '../device.ts'
import type { Past } from './past.ts'

export interface VehicleHabits {
  /** Probability of being plugged, by weekday (0 = Monday) × 24 + hour. */
  presence: number[]
  /** Expected energy while plugged, kWh, likewise; null where it was never plugged. */
  levelKwh: (number | null)[]
  /** Mean energy on arrival and on departure, kWh. */
  arrivalKwh?: number
  departureKwh?: number
  /** Usual minute of the day of leaving, by weekday; null on days it usually stays. */
  departs: (number | null)[]
  /** Days of history behind these numbers. */
  days: number
}

/** Weight of all days' same hour in one weekday's, in observations. */
const PRIOR = 2
/** A gap this short is a lost message, not a trip. */
const SHORTEST_TRIP = 40 * MINUTE

/** Learns habits from a past of states of charge (kWh per slot, null while away). */
export function learnHabits(past: Past, zone: string): VehicleHabits {
  const seen = new Array<number>(168).fill(0)
  const present = new Array<number>(168).fill(0)
  const energy = new Array<number>(168).fill(0)
  const arrivals: number[] = []
  const departures: { minute: number; weekday: number; kwh: number }[] = []
  const begin = past.values.findIndex((value) => value !== null)
  let last: { slot: number; kwh: number } | undefined
  const weekdays = new Set<string>()
  for (let slot = Math.max(0, begin); begin >= 0 && slot < past.values.length; slot++) {
    const { weekday, hour, month, day } = wallClock(after(past.start, slot * past.step), zone)
    weekdays.add(`${weekday}-${month}-${day}`)
    const bin = (weekday - 1) * 24 + hour
    const kwh = past.values[slot]
    seen[bin]! += 1
    if (kwh === null || kwh === undefined) continue
    present[bin]! += 1
    energy[bin]! += kwh
    if (last && (slot - last.slot) * past.step > SHORTEST_TRIP) {
      arrivals.push(kwh)
      const left = wallClock(after(past.start, (last.slot + 1) * past.step), zone)
      departures.push({ weekday: left.weekday - 1, minute: left.hour * 60 + left.minute, kwh: last.kwh })
    }
    last = { slot, kwh }
  }
  const hourly = (of: readonly number[], hour: number) =>
    Array.from({ length: 7 }, (_, weekday) => of[weekday * 24 + hour]!).reduce((sum, each) => sum + each, 0)
  const mean = (numbers: number[]) => (numbers.length === 0 ? undefined : numbers.reduce((sum, each) => sum + each, 0) / numbers.length)
  const presence = seen.map((count, bin) => {
    const all = hourly(seen, bin % 24)
    const usual = all === 0 ? 0 : hourly(present, bin % 24) / all
    const perDay = Math.max(1, Math.round(HOUR / past.step))
    return (present[bin]! + PRIOR * perDay * usual) / (count + PRIOR * perDay)
  })
  const levelKwh = present.map((count, bin) => {
    const all = hourly(present, bin % 24)
    return count > 0 ? energy[bin]! / count : all > 0 ? hourly(energy, bin % 24) / all : null
  })
  const arrivalKwh = mean(arrivals)
  const departureKwh = mean(departures.map(({ kwh }) => kwh))
  return {
    presence,
    levelKwh,
    ...(arrivalKwh !== undefined && { arrivalKwh }),
    ...(departureKwh !== undefined && { departureKwh }),
    departs: Array.from({ length: 7 }, (_, weekday) => {
      const own = departures.filter((each) => each.weekday === weekday).map(({ minute }) => minute)
      const longest = own.toSorted((a, b) => a - b)
      return longest[0] ?? null
    }),
    days: weekdays.size,
  }
}

/** Expected states of charge per slot, kWh; null where the car is more likely away. */
export function expectedLevels(
  { presence, levelKwh }: VehicleHabits,
  zone: string,
  from: Instant,
  step: number,
  slots: number,
): (number | null)[] {
  return Array.from({ length: slots }, (_, slot) => {
    const { weekday, hour } = wallClock(after(from, slot * step), zone)
    const bin = (weekday - 1) * 24 + hour
    return presence[bin]! >= 0.5 ? (levelKwh[bin] ?? null) : null
  })
}

/** Probability of being plugged, per slot. */
export const expectedPresence = ({ presence }: VehicleHabits, zone: string, from: Instant, step: number, slots: number): number[] =>
  Array.from({ length: slots }, (_, slot) => {
    const { weekday, hour } = wallClock(after(from, slot * step), zone)
    return presence[(weekday - 1) * 24 + hour]!
  })

/** The wish of a car whose driver said nothing: ready for its usual departure with its usual charge. */
export function habitualWish({ departs, departureKwh }: VehicleHabits, at: Instant, zone: string): Wish | undefined {
  if (departureKwh === undefined) return undefined
  for (let ahead = 0; ahead < 8; ahead++) {
    const local = wallClock(dayAfter(at, zone, ahead), zone)
    const minute = departs[local.weekday - 1]
    if (minute === null || minute === undefined) continue
    const by = atWallClock(
      { year: local.year, month: local.month, day: local.day, hour: Math.floor(minute / 60), minute: minute % 60 },
      zone,
    )
    if (by > at + 15 * MINUTE) return { soc: wattHours(departureKwh * 1000), by, floor: wattHours(0) }
  }
  return undefined
}
