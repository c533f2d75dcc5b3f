/** What was measured, in equal slots: the food of all forecasting models. */
import { after, DAY, floorTo, type Instant } from '#kernel'
import type { Beliefs } from '../belief.ts'

/** Markets tell at most so far ahead. */
const TOLD_AHEAD = 3 * DAY

export interface Past {
  start: Instant
  step: number
  /** Value per slot in the sensor's unit, consumption positive; null where nothing was measured. */
  values: (number | null)[]
}

export interface Ahead {
  /** Only what was known by then may be used. */
  at: Instant
  from: Instant
  step: number
  slots: number
}

/** Measurements of a sensor over [from, until), as known at `until`. */
export async function pastOf(beliefs: Beliefs, sensor: number, from: Instant, until: Instant, step: number): Promise<Past> {
  const start = floorTo(from, step)
  const values = await beliefs.series({ sensor, from: start, until, step, horizon: 'ex-post', sign: 'consumption-positive' })
  return { start, step, values }
}

/** What a market told of a sensor from `from` on, also beyond `at`, up to the last slot it told of. */
export async function toldOf(beliefs: Beliefs, sensor: number, from: Instant, at: Instant, step: number): Promise<Past> {
  const start = floorTo(from, step)
  const values = await beliefs.series({
    sensor,
    from: start,
    until: after(at, TOLD_AHEAD),
    step,
    excludeSourceTypes: ['forecaster', 'scheduler'],
    sign: 'consumption-positive',
  })
  return { start, step, values: values.slice(0, values.findLastIndex((value) => value !== null) + 1) }
}

/** Value of the slot that contains the moment; null outside. */
export const valueAt = (past: Past, at: number): number | null => past.values[Math.floor((at - past.start) / past.step)] ?? null

/** The part of a past that lies before a moment. */
export const pastBefore = (past: Past, at: Instant): Past => ({
  ...past,
  values: past.values.slice(0, Math.max(0, Math.floor((at - past.start) / past.step))),
})

/** The same clock time on the last day that is known (24 hours or a multiple earlier): the forecast to beat. */
export function persistence(past: Past, { from, step, slots }: Ahead): (number | null)[] {
  const DAY = 86_400_000
  return Array.from({ length: slots }, (_, slot) => {
    const at = after(from, slot * step + step / 2)
    for (let back = DAY; at - back >= past.start; back += DAY) {
      const value = valueAt(past, at - back)
      if (value !== null) return value
    }
    return null
  })
}
