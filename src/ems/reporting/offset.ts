/** Offsets as pandas writes them ('-1D', '1h', 'MS'), and chains of them with DB and HB for the begin of the day and the hour (reference 4.2). */
import { addDuration, atWallClock, DAY, dayStart, HOUR, type Instant, instant, MINUTE, millis, Problem, SECOND, wallClock } from '#kernel'

/** Fixed lengths, and calendar steps that bins and offsets are counted in. */
export type Offset =
  | { unit: 'exact'; length: number }
  | { unit: 'day'; count: number }
  | { unit: 'week'; count: number }
  | { unit: 'month' | 'year'; count: number }

const EXACT: Record<string, number> = { h: HOUR, H: HOUR, min: MINUTE, T: MINUTE, s: SECOND, S: SECOND }
const FORM = /^([+-]?\d*(?:\.\d+)?)\s*([A-Za-z]+(?:-[A-Z]{3})?)$/

/** What people may write, for messages. */
export const OFFSET_FORMS = "'15min', '1h', '1D', '1W', 'MS' (begin of a month) or 'YS' (begin of a year)"

/** Reads one offset; undefined when it is none. */
export function readOffset(text: string): Offset | undefined {
  const hit = FORM.exec(text.trim())
  if (!hit) return undefined
  const [, number = '', unit = ''] = hit
  const count = number === '' || number === '+' ? 1 : number === '-' ? -1 : Number(number)
  const exact = EXACT[unit]
  if (exact !== undefined) return { unit: 'exact', length: count * exact }
  if (!Number.isInteger(count)) return unit === 'D' ? { unit: 'exact', length: count * DAY } : undefined
  if (unit === 'D') return { unit: 'day', count }
  if (unit === 'W' || unit === 'W-SUN') return { unit: 'week', count }
  if (unit === 'MS') return { unit: 'month', count }
  if (unit === 'YS' || unit === 'AS' || unit === 'YS-JAN') return { unit: 'year', count }
  return undefined
}

/**
 * The moment that a chain such as 'DB,-1D' leads to; days and months are those of the zone's calendar.
 * @throws Problem `invalid-offset` (422)
 */
export function applyOffsets(at: Instant, chain: string, zone: string): Instant {
  let moment = at
  for (const part of chain.split(',').map((word) => word.trim())) {
    if (part === '') continue
    if (/^db$/i.test(part)) moment = dayStart(moment, zone)
    else if (/^hb$/i.test(part)) moment = hourStart(moment, zone)
    else {
      const offset = readOffset(part)
      if (!offset)
        throw new Problem('invalid-offset', `'${part}' is not an offset.`, {
          status: 422,
          hint: `Separate offsets by commas: DB (begin of the day), HB (begin of the hour), ${OFFSET_FORMS}.`,
        })
      moment = addOffset(moment, offset, zone)
    }
  }
  return moment
}

function hourStart(at: Instant, zone: string): Instant {
  const { minute, second } = wallClock(at, zone)
  return instant(at - (minute * MINUTE + second * SECOND + (((at % SECOND) + SECOND) % SECOND)))
}

/** One step as pandas takes it: weeks go to Sundays, months and years to their first day, keeping the time of day. */
function addOffset(at: Instant, offset: Offset, zone: string): Instant {
  if (offset.unit === 'exact') return instant(at + offset.length)
  if (offset.unit === 'day') return addDuration(at, { months: 0, days: offset.count, exact: millis(0) }, zone)
  const { year, month, day, hour, minute, second, weekday } = wallClock(at, zone)
  if (offset.unit === 'week') {
    const behind = weekday % 7
    const days = behind === 0 ? 7 * offset.count : offset.count > 0 ? 7 * offset.count - behind : 7 * (offset.count + 1) - behind
    return addDuration(at, { months: 0, days, exact: millis(0) }, zone)
  }
  const onAnchor = day === 1 && (offset.unit === 'month' || month === 1)
  const steps = !onAnchor && offset.count < 0 ? offset.count + 1 : offset.count
  const first = offset.unit === 'month' ? year * 12 + (month - 1) + steps : (year + steps) * 12
  return atWallClock({ year: Math.floor(first / 12), month: (((first % 12) + 12) % 12) + 1, day: 1, hour, minute, second }, zone)
}

/**
 * Edges of bins of this length from the bin that holds `from` to the one that holds `last`: as pandas, lengths below a day are counted from
 * the local midnight before `from`, days and months are those of the calendar.
 */
export function binEdges(from: Instant, last: Instant, offset: Offset, zone: string): Instant[] {
  if (offset.unit === 'exact') {
    const origin = dayStart(from, zone)
    const first = origin + Math.floor((from - origin) / offset.length) * offset.length
    const count = Math.floor((last - first) / offset.length) + 2
    return Array.from({ length: count }, (_, k) => instant(first + k * offset.length))
  }
  const edges = [anchor(from, offset, zone)]
  const step = { months: 0, days: 0, exact: millis(0) }
  if (offset.unit === 'day') step.days = offset.count
  else if (offset.unit === 'week') step.days = 7 * offset.count
  else step.months = offset.unit === 'month' ? offset.count : 12 * offset.count
  const first = edges[0]!
  for (let k = 1; edges.at(-1)! <= last; k++)
    edges.push(addDuration(first, { months: k * step.months, days: k * step.days, exact: step.exact }, zone))
  return edges
}

function anchor(at: Instant, { unit }: Offset, zone: string): Instant {
  const { year, month, weekday } = wallClock(at, zone)
  if (unit === 'month' || unit === 'year') return atWallClock({ year, month: unit === 'month' ? month : 1, day: 1 }, zone)
  const day = dayStart(at, zone)
  return unit === 'week' ? addDuration(day, { months: 0, days: 1 - weekday, exact: millis(0) }, zone) : day
}

/** Length of a bin, ms; calendar steps by their usual length. */
export const offsetLength = (offset: Offset): number => {
  if (offset.unit === 'exact') return offset.length
  return offset.count * { day: DAY, week: 7 * DAY, month: 30 * DAY, year: 365 * DAY }[offset.unit]
}
