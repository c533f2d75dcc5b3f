/** A frame with its local calendar and running sums: what is asked of a past a million times is answered by a look into a table. */
import { after, DAY, HOUR, wallClock } from '#kernel'
import { clearSkyMean } from '../sun.ts'
import type { Frame } from './frame.ts'

export interface View extends Frame {
  slots: number
  /** Slots of a day, at least 1. */
  perDay: number
  /** Local: which slot of its day, which day since the first one, which weekday (0 = Monday). */
  slotOfDay: Int32Array
  day: Int32Array
  weekday: Int8Array
  /** The slot of a day (row) and slot of day (column), -1 where the clock never showed it. */
  table: Int32Array
  /** Newest slot at or before this one with a value, -1 when there is none. */
  newest: Int32Array
  /** Sums and counts of the values before each slot. */
  sum: Float64Array
  count: Int32Array
  /** Sum of how far values lay from the mean of the days before at the same clock time, and how many such there are, before each slot. */
  oddSum: Float64Array
  oddCount: Int32Array
  /** Clear sky over the slot, W/m², when the frame has a sun. */
  clear: Float64Array | undefined
}

/** How many same clock times make "the usual". */
export const USUAL_DAYS = 7
/** The search for a same clock time with a value goes back this far, days. */
const FAR = 35

/** Looks at a frame once and for all. Costs about a millisecond per thousand slots. */
export function viewOf(frame: Frame): View {
  const slots = frame.target.length
  const perDay = Math.max(1, Math.round(DAY / frame.step))
  const calendar = localCalendar(frame, perDay)
  const days = slots === 0 ? 0 : calendar.day[slots - 1]! + 1
  const table = new Int32Array(days * perDay).fill(-1)
  for (let slot = 0; slot < slots; slot++) {
    const cell = calendar.day[slot]! * perDay + calendar.slotOfDay[slot]!
    if (table[cell] === -1) table[cell] = slot
  }
  const newest = new Int32Array(slots)
  const sum = new Float64Array(slots + 1)
  const count = new Int32Array(slots + 1)
  let last = -1
  for (let slot = 0; slot < slots; slot++) {
    const value = frame.target[slot]!
    const isKnown = !Number.isNaN(value)
    if (isKnown) last = slot
    newest[slot] = last
    sum[slot + 1] = sum[slot]! + (isKnown ? value : 0)
    count[slot + 1] = count[slot]! + (isKnown ? 1 : 0)
  }
  const view: View = {
    ...frame,
    slots,
    perDay,
    ...calendar,
    table,
    newest,
    sum,
    count,
    oddSum: new Float64Array(slots + 1),
    oddCount: new Int32Array(slots + 1),
    clear: clearOf(frame, slots),
  }
  for (let slot = 0; slot < slots; slot++) {
    const odd = frame.target[slot]! - meanSameClock(view, slot, slot, USUAL_DAYS, 1)
    const isKnown = !Number.isNaN(odd)
    view.oddSum[slot + 1] = view.oddSum[slot]! + (isKnown ? odd : 0)
    view.oddCount[slot + 1] = view.oddCount[slot]! + (isKnown ? 1 : 0)
  }
  return view
}

function clearOf({ start, step, sun }: Frame, slots: number): Float64Array | undefined {
  if (!sun) return undefined
  return Float64Array.from({ length: slots }, (_, slot) => clearSkyMean(after(start, slot * step), step, sun))
}

/** Local day, slot of day and weekday of each slot; the zone's offset is asked for once an hour at most. */
function localCalendar({ start, step, zone, target }: Frame, perDay: number): Pick<View, 'slotOfDay' | 'day' | 'weekday'> {
  const slots = target.length
  const slotOfDay = new Int32Array(slots)
  const day = new Int32Array(slots)
  const weekday = new Int8Array(slots)
  const offsetAt = offsets(zone)
  let first = 0
  for (let slot = 0; slot < slots; slot++) {
    const at = start + slot * step
    const local = at + offsetAt(at)
    const days = Math.floor(local / DAY)
    if (slot === 0) first = days
    day[slot] = days - first
    slotOfDay[slot] = Math.min(perDay - 1, Math.floor(((local - days * DAY) * perDay) / DAY))
    // 1970-01-01 was a Thursday.
    weekday[slot] = (((days + 3) % 7) + 7) % 7
  }
  return { slotOfDay, day, weekday }
}

/** The zone's offset at ascending moments, ms: looked up at both ends of each day, and each hour of the days on which it changes. */
function offsets(zone: string): (at: number) => number {
  const ask = (at: number) => wallClock(at as Frame['start'], zone).offset
  let from = Number.POSITIVE_INFINITY
  let until = Number.NEGATIVE_INFINITY
  let offset = 0
  return (at) => {
    if (at >= from && at < until) return offset
    offset = ask(at)
    const [day, hour] = [Math.floor(at / DAY) * DAY, Math.floor(at / HOUR) * HOUR]
    const isPlain = ask(day) === ask(day + DAY)
    from = isPlain ? day : hour
    until = isPlain ? day + DAY : hour + HOUR
    return offset
  }
}

/** The slot that shows the same clock time so many days before; -1 outside of the frame. */
export function daysBefore(view: View, slot: number, days: number): number {
  const row = view.day[slot]! - days
  return row < 0 ? -1 : view.table[row * view.perDay + view.slotOfDay[slot]!]!
}

/** Fewest days back, a multiple of `every`, that lie before the origin. */
function nearestBack(view: View, slot: number, origin: number, every: number): number {
  let days = every
  for (let at = daysBefore(view, slot, days); at >= origin; at = daysBefore(view, slot, days)) days += every
  return days
}

/** The `nth` (0 = newest) slot with a value before the origin at the same clock time, `every` days apart (7: same weekday); -1 when there is none. */
export function sameClock(view: View, slot: number, origin: number, nth: number, every: 1 | 7): number {
  let rest = nth
  const first = nearestBack(view, slot, origin, every)
  for (let days = first; days < first + FAR; days += every) {
    const at = daysBefore(view, slot, days)
    if (at >= 0 && !Number.isNaN(view.target[at]!) && rest-- === 0) return at
  }
  return -1
}

/** Mean of the newest `most` values before the origin at the same clock time, `every` days apart; NaN when there is none. */
export function meanSameClock(view: View, slot: number, origin: number, most: number, every: 1 | 7): number {
  let sum = 0
  let found = 0
  const first = nearestBack(view, slot, origin, every)
  for (let days = first; days < first + FAR && found < most; days += every) {
    const at = daysBefore(view, slot, days)
    if (at < 0) continue
    const value = view.target[at]!
    if (Number.isNaN(value)) continue
    sum += value
    found++
  }
  return found === 0 ? Number.NaN : sum / found
}

/** Mean of the known values of slots [from, until); NaN when there is none. */
export function meanOver({ sum, count }: Pick<View, 'sum' | 'count'>, from: number, until: number): number {
  const begin = Math.max(0, from)
  const known = count[until]! - count[begin]!
  return known === 0 ? Number.NaN : (sum[until]! - sum[begin]!) / known
}

/** Value of the newest known slot before the origin; NaN when there is none. */
export function newestValue(view: View, origin: number): number {
  const at = origin <= 0 ? -1 : view.newest[origin - 1]!
  return at < 0 ? Number.NaN : view.target[at]!
}
