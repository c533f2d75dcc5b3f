/** What a series always is at a clock time: the nights of a plant, the days of an empty house. */
import type { View } from './view.ts'

/** The series is taken as fixed at a clock time when it never changed there for so many days. */
const FIXED_DAYS = 14
/** By such a light a plant may well produce, W/m²: what was always zero (a plant that was off) need not stay so. */
const LIGHT = 20

/** The value that the series always has at a clock time and the ones beside it (nights of a plant); NaN where it varies. */
export function fixedValues(view: View, origin: number, slots: Int32Array): Float64Array {
  const least = new Float64Array(view.perDay).fill(Number.POSITIVE_INFINITY)
  const most = new Float64Array(view.perDay).fill(Number.NEGATIVE_INFINITY)
  const seen = new Int32Array(view.perDay)
  for (let slot = Math.max(0, origin - FIXED_DAYS * view.perDay); slot < origin; slot++) {
    const value = view.target[slot]!
    const at = view.slotOfDay[slot]!
    if (Number.isNaN(value)) continue
    least[at] = Math.min(least[at]!, value)
    most[at] = Math.max(most[at]!, value)
    seen[at]! += 1
  }
  return Float64Array.from(slots, (slot) => {
    if ((view.clear?.[slot] ?? 0) > LIGHT) return Number.NaN
    const at = view.slotOfDay[slot]!
    const around = [at, (at + 1) % view.perDay, (at + view.perDay - 1) % view.perDay]
    const value = least[at]!
    return around.every((near) => seen[near]! >= 3 && least[near] === value && most[near] === value) ? value : Number.NaN
  })
}
