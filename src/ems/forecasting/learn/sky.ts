/**
 * What the sun will give when no weather is known: clear sky × clearness. Clearness is learned per hour of the day from recent days (it
 * holds tilt, shade, losses and the usual clouds of that hour) and pulled towards what is measured now in the first hours (smart
 * persistence). Explainable: one number per hour. Reference grid 6.1, 6.2.
 */
import { after, type Instant, MINUTE } from '#kernel'
import { clearSkyMean, type Place } from '../sun.ts'
import type { View } from './view.ts'

export interface Clearness {
  /** Value under 1000 W/m² of a clear sky and clearness 1: negative for the power of a plant that produces. */
  full: number
  byHour: number[]
  whole: number
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
/** A clear sky below this is too dim to learn from, W/m². */
const DIM = 20

/**
 * Clearness per local hour from the last ten whole days before the origin (so that the far end of a forecast rests within a day), or
 * from what there is of the first day. Slots without a value (curtailed ones, say) are passed over.
 */
export function learnClearness(view: View, origin: number): Clearness {
  const midnight = origin - (view.slotOfDay[Math.min(origin, view.slots - 1)] ?? 0)
  const until = view.count[Math.max(0, midnight)]! > 0 ? midnight : origin
  const from = Math.max(0, until - RECENT_DAYS * view.perDay)
  const full = view.sun?.full ?? fullOf(view, from, until)
  const got = new Array<number>(24).fill(0)
  const could = new Array<number>(24).fill(0)
  for (let slot = from; slot < until; slot++) {
    const value = view.target[slot]!
    const clear = view.clear![slot]!
    if (Number.isNaN(value) || clear < DIM) continue
    const hour = hourOf(view, slot)
    got[hour]! += value / full
    could[hour]! += clear / 1000
  }
  const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0)
  const whole = sum(could) > 0 ? bounded(sum(got) / sum(could)) : USUAL
  const byHour = got.map((gotten, hour) => {
    // One day of this hour under a clear sky, as far as the past shows it.
    const prior = (could[hour]! / RECENT_DAYS) * PRIOR_DAYS + 1e-6
    return bounded((gotten + whole * prior) / (could[hour]! + prior))
  })
  return { full, byHour, whole }
}

/** What a series gives under a full sun, from its brightest moments; its sign is that of its mean. */
function fullOf(view: View, from: number, until: number): number {
  const shares: number[] = []
  let sum = 0
  for (let slot = from; slot < until; slot++) {
    const value = view.target[slot]!
    const clear = view.clear![slot]!
    if (Number.isNaN(value) || clear < 200) continue
    sum += value
    shares.push(Math.abs(value) / (clear / 1000))
  }
  shares.sort((one, other) => one - other)
  const bright = shares[Math.floor(0.97 * shares.length)] ?? 0
  return (sum < 0 ? -1 : 1) * Math.max(bright, 1e-9)
}

/** Clearness of the last 45 minutes before the origin, when the sun was high enough to tell. */
export function clearnessAt(view: View, origin: number, full: number): number | undefined {
  let got = 0
  let could = 0
  for (let slot = origin - 1; slot >= 0 && (origin - slot) * view.step <= Math.max(45 * MINUTE, view.step); slot--) {
    const value = view.target[slot]!
    if (Number.isNaN(value)) continue
    got += value / full
    could += view.clear![slot]! / 1000
  }
  return could < 0.06 ? undefined : coarse(got / could)
}

/** Clearness as one raw measurement tells it; undefined when the sun is too low. */
export function clearnessOf(value: number, at: Instant, full: number, place: Place): number | undefined {
  const clear = clearSkyMean(after(at, -2.5 * MINUTE), 5 * MINUTE, place)
  return clear < 60 ? undefined : coarse(value / full / (clear / 1000))
}

/** The value of a slot; night is exactly zero. */
export function sunValue(view: View, { full, byHour, whole }: Clearness, now: number | undefined, origin: number, slot: number): number {
  const clear = view.clear![slot]!
  if (clear <= 0) return 0
  const usual = byHour[hourOf(view, slot)] ?? whole
  const lead = Math.max(0, slot - origin) * view.step
  const say = now === undefined || lead >= REACH ? 0 : Math.exp(-lead / MEMORY)
  return full * (clear / 1000) * (say * (now ?? 0) + (1 - say) * usual)
}

const hourOf = ({ slotOfDay, perDay }: View, slot: number): number => Math.floor((slotOfDay[slot]! * 24) / perDay)
/** Steps of 0.02: a forecast that would hardly differ stays the same. */
const coarse = (clearness: number): number => bounded(Math.round(clearness * 50) / 50)
const bounded = (clearness: number): number => Math.min(MOST, Math.max(0, clearness))
