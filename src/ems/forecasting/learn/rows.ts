/** Which forecasts (origin, slot) the learners learn from, and on which they are judged. */
import type { Bucket } from './buckets.ts'
import { randomFrom } from './trees.ts'
import type { View } from './view.ts'

export interface Rows {
  origins: Int32Array
  slots: Int32Array
}

/** Rows to learn from at most, all groups of horizons together. */
const MOST_ROWS = 16_000
/** Forecasts judged in the rolling validation, and per origin, at most. */
const MOST_JUDGED = 14_000
const MOST_PER_ORIGIN = 240

/** Forecasts of known slots before `until`, as many of each group of horizons, drawn from the seed; origins have a day of past at least. */
export function lessonRows(view: View, buckets: readonly Bucket[], until: number, seed: number): Rows {
  const random = randomFrom(seed)
  const origins: number[] = []
  const slots: number[] = []
  const first = firstKnown(view) + view.perDay
  const each = Math.floor(MOST_ROWS / buckets.length)
  for (const { from, until: far } of buckets) {
    const room = until - first - from + 1
    if (room <= 0) continue
    const wanted = Math.min(each, room * (far - from + 1), 3 * room)
    for (let row = 0; row < wanted; row++) {
      const horizon = from + Math.floor(random() * (far - from + 1))
      const span = until - first - horizon + 1
      if (span <= 0) continue
      const origin = first + Math.floor(random() * span)
      const slot = origin + horizon - 1
      if (Number.isNaN(view.target[slot]!)) continue
      origins.push(origin)
      slots.push(slot)
    }
  }
  return { origins: Int32Array.from(origins), slots: Int32Array.from(slots) }
}

/** Forecasts of known slots in [from, until) from origins spread over that time and over the hours of the day. */
export function validationRows(view: View, horizon: number, from: number, until: number): Rows {
  const origins: number[] = []
  const slots: number[] = []
  const stride = strideOf(until - from, MOST_JUDGED / Math.min(horizon, MOST_PER_ORIGIN), view.perDay)
  const near = Math.min(horizon, 48)
  const leap = Math.max(1, Math.ceil((horizon - near) / (MOST_PER_ORIGIN - near)))
  for (let origin = from; origin < until; origin += stride)
    for (let ahead = 1; ahead <= horizon && origin + ahead <= until; ahead += ahead < near ? 1 : leap) {
      const slot = origin + ahead - 1
      if (Number.isNaN(view.target[slot]!)) continue
      origins.push(origin)
      slots.push(slot)
    }
  return { origins: Int32Array.from(origins), slots: Int32Array.from(slots) }
}

/** Far enough for at most so many origins, and no divisor of the day, so that all hours get their turn. */
function strideOf(span: number, most: number, perDay: number): number {
  let stride = Math.max(1, Math.ceil(span / most))
  while (stride > 1 && perDay > stride && perDay % stride === 0) stride++
  return stride
}

/** The forecasts of every slot from the origin on. */
export const rowsFrom = (origin: number, count: number): Rows => ({
  origins: new Int32Array(count).fill(origin),
  slots: Int32Array.from({ length: count }, (_, ahead) => origin + ahead),
})

function firstKnown({ target }: View): number {
  const first = target.findIndex((value) => !Number.isNaN(value))
  return first < 0 ? target.length : first
}
