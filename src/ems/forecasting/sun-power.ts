/**
 * What the sun will give: clear sky × clearness. Clearness is learned per hour of the day from recent weeks (it holds tilt, shade, losses
 * and the usual clouds of that hour) and pulled towards what is measured now in the first hours (smart persistence). Explainable: two
 * numbers per hour. Reference grid 6.1, 6.2.
 */
import { after, floorTo, type Instant, MINUTE, wallClock } from '#kernel'
import { type Ahead, type Past, pastBefore } from './past.ts'
import { clearSkyMean, type Place } from './sun.ts'

export interface SunSensor {
  place: Place
  zone: string
  /** Value at 1000 W/m² and clearness 1: -kWp for the power of a plant (production is negative), 1000 for irradiance. */
  full: number
}

/** Clearness that stands in for a place without any history. */
const USUAL = 0.65
/** Weight of the whole day's clearness in that of one hour, in days of measurements. */
const PRIOR_DAYS = 1
const RECENT_DAYS = 10
/** What is measured now loses half of its say in 80 minutes and all of it after six hours. */
const MEMORY = 115 * MINUTE
const REACH = 360 * MINUTE
const MOST = 1.25

export interface Clearness {
  byHour: number[]
  whole: number
}

/** Clearness per local hour, from the last ten days of a past. Slots for which `isValid` is false (curtailed) are passed over. */
export function learnClearness(past: Past, sensor: SunSensor, isValid: (start: Instant) => boolean = () => true): Clearness {
  const got = new Array<number>(24).fill(0)
  const could = new Array<number>(24).fill(0)
  const first = Math.max(0, past.values.length - Math.round((RECENT_DAYS * 86_400_000) / past.step))
  for (let slot = first; slot < past.values.length; slot++) {
    const value = past.values[slot]
    const start = after(past.start, slot * past.step)
    const clear = clearSkyMean(start, past.step, sensor.place)
    if (value === null || value === undefined || clear < 20 || !isValid(start)) continue
    const { hour } = wallClock(start, sensor.zone)
    got[hour]! += value / sensor.full
    could[hour]! += clear / 1000
  }
  const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0)
  const whole = sum(could) > 0 ? bounded(sum(got) / sum(could)) : USUAL
  const byHour = got.map((gotten, hour) => {
    // One day of this hour under a clear sky, as far as the past shows it.
    const prior = (could[hour]! / RECENT_DAYS) * PRIOR_DAYS + 1e-6
    return bounded((gotten + whole * prior) / (could[hour]! + prior))
  })
  return { byHour, whole }
}

/** Clearness of the last half hour before a moment, when the sun was high enough to tell. */
export function clearnessNow(past: Past, sensor: SunSensor, at: Instant, measuredNow?: number): number | undefined {
  if (measuredNow !== undefined) {
    const clear = clearSkyMean(after(at, -2.5 * MINUTE), 5 * MINUTE, sensor.place)
    return clear < 60 ? undefined : coarse(measuredNow / sensor.full / (clear / 1000))
  }
  const known = pastBefore(past, at)
  let got = 0
  let could = 0
  for (let slot = known.values.length - 1; slot >= 0; slot--) {
    const start = after(known.start, slot * known.step)
    if (start < at - 45 * MINUTE) break
    const value = known.values[slot]
    if (value === null || value === undefined) continue
    got += value / sensor.full
    could += clearSkyMean(start, known.step, sensor.place) / 1000
  }
  return could < 0.06 ? undefined : coarse(got / could)
}

/** Values per slot, in the sensor's unit and the house's sign; night is exactly zero. */
export function sunForecast(sensor: SunSensor, learned: Clearness, now: number | undefined, { at, from, step, slots }: Ahead): number[] {
  return Array.from({ length: slots }, (_, slot) => {
    const start = after(from, slot * step)
    const clear = clearSkyMean(start, step, sensor.place)
    if (clear <= 0) return 0
    const usual = learned.byHour[wallClock(start, sensor.zone).hour] ?? learned.whole
    const lead = Math.max(0, start - floorTo(at, step))
    const say = now === undefined || lead >= REACH ? 0 : Math.exp(-lead / MEMORY)
    return sensor.full * (clear / 1000) * (say * (now ?? 0) + (1 - say) * usual)
  })
}

/** Steps of 0.02: a forecast that would hardly differ stays the same. */
const coarse = (clearness: number): number => bounded(Math.round(clearness * 50) / 50)
const bounded = (clearness: number): number => Math.min(MOST, Math.max(0, clearness))
