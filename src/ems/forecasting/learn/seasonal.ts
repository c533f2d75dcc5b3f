/** Forecasts that repeat the past: persistence families and seasonal means. The ones to beat, and often the best. */
import { MINUTE } from '#kernel'
import { meanSameClock, newestValue, sameClock, type View } from './view.ts'

/** A forecast of one slot from what is known before the origin; NaN when it has nothing to say. */
export type Guess = (view: View, origin: number, slot: number) => number

/** How far the present lies from the usual is halved every four hours. */
const SHIFT_MEMORY = 345 * MINUTE

const valueAt = (view: View, at: number): number => (at < 0 ? Number.NaN : view.target[at]!)

export const SEASONAL = {
  /** The newest value stays. */
  Persistence: (view, origin) => newestValue(view, origin),
  /** The same clock time on the last day that is known. */
  Yesterday: (view, origin, slot) => valueAt(view, sameClock(view, slot, origin, 0, 1)),
  /** The same clock time on the last such weekday that is known. */
  LastWeek: (view, origin, slot) => valueAt(view, sameClock(view, slot, origin, 0, 7)),
  MeanOf3Days: (view, origin, slot) => meanSameClock(view, slot, origin, 3, 1),
  MeanOf7Days: (view, origin, slot) => meanSameClock(view, slot, origin, 7, 1),
  MeanOf4Weeks: (view, origin, slot) => meanSameClock(view, slot, origin, 4, 7),
  /** The mean of a week's same clock times, shifted by how far the newest value lies from its own. */
  UsualHour: (view, origin, slot) => {
    const at = origin <= 0 ? -1 : view.newest[origin - 1]!
    if (at < 0) return Number.NaN
    const off = view.target[at]! - meanSameClock(view, at, origin, 7, 1)
    const usual = meanSameClock(view, slot, origin, 7, 1)
    return Number.isNaN(off) ? usual : usual + off * Math.exp((-(slot - at) * view.step) / SHIFT_MEMORY)
  },
} as const satisfies Record<string, Guess>

export type SeasonalName = keyof typeof SEASONAL
