/** Forecasts that repeat the day: temperature by its usual hour, prices by yesterday's. */
import { after, type Instant, MINUTE, wallClock } from '#kernel'
import { type Ahead, type Past, pastBefore } from './past.ts'

const RECENT_DAYS = 7
/** The present deviation from the usual is halved every four hours. */
const MEMORY = 345 * MINUTE

/** Mean of the last week's same hour, shifted by how far the present lies from it; null without any past. */
export function usualHour(past: Past, zone: string, { at, from, step, slots }: Ahead): (number | null)[] {
  const known = pastBefore(past, at)
  const sums = new Array<number>(24).fill(0)
  const counts = new Array<number>(24).fill(0)
  const first = Math.max(0, known.values.length - Math.round((RECENT_DAYS * 86_400_000) / known.step))
  let last: { value: number; hour: number; at: Instant } | undefined
  for (let slot = first; slot < known.values.length; slot++) {
    const value = known.values[slot]
    if (value === null || value === undefined) continue
    const start = after(known.start, slot * known.step)
    const { hour } = wallClock(start, zone)
    sums[hour]! += value
    counts[hour]! += 1
    last = { value, hour, at: start }
  }
  const all = counts.reduce((sum, count) => sum + count, 0)
  if (all === 0 || last === undefined) return new Array<null>(slots).fill(null)
  const mean = sums.reduce((sum, value) => sum + value, 0) / all
  const usual = (hour: number) => (counts[hour]! > 0 ? sums[hour]! / counts[hour]! : mean)
  const off = last.value - usual(last.hour)
  const latest = last.at
  return Array.from({ length: slots }, (_, slot) => {
    const start = after(from, slot * step)
    return usual(wallClock(start, zone).hour) + off * Math.exp(-Math.max(0, start - latest) / MEMORY)
  })
}

/** The value of the same local hour on the day before (or the last day that has one), for slots that are null; days repeat one another. */
export function sameHourYesterday(values: readonly (number | null)[], start: Instant, step: number, zone: string): (number | null)[] {
  const filled = [...values]
  const offset = (slot: number) => wallClock(after(start, slot * step), zone).offset
  const day = Math.round(86_400_000 / step)
  for (let slot = 0; slot < filled.length; slot++) {
    if (filled[slot] !== null) continue
    for (let back = slot - day; back >= 0; back -= day) {
      // A day with a change of the clock is an hour shorter or longer.
      const same = back + Math.round((offset(slot) - offset(back)) / step)
      const value = filled[same]
      if (value !== null && value !== undefined && same < slot) {
        filled[slot] = value
        break
      }
    }
  }
  return filled
}
