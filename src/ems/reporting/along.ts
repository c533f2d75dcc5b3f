/** Operations along the rows of each column. */
import { atWallClock, DAY, instant, wallClock } from '#kernel'
import type { Given } from './arguments.ts'
import { type Frame, pickRows, refuseReport, withColumns } from './frame.ts'
import { offsetLength, readOffset } from './offset.ts'

const perColumn = (frame: Frame, turn: (values: readonly number[]) => number[]): Frame =>
  withColumns(
    frame,
    frame.columns.map(({ name, values }) => ({ name, values: turn(values) })),
  )

/** So many rows later; with `freq` the events move instead. */
export function shift(frame: Frame, given: Given): Frame {
  const periods = given.integer('periods', 1)
  if (given.has('freq')) {
    const offset = readOffset(given.text('freq'))
    if (!offset) throw given.refuse('freq', "a length such as '1h'")
    return { ...frame, starts: frame.starts.map((start) => start + periods * offsetLength(offset)) }
  }
  const filler = given.has('fill_value') ? given.number('fill_value') : Number.NaN
  return perColumn(frame, (values) => values.map((_, row) => values[row - periods] ?? filler))
}

/** What each row adds to the one so many rows before. */
export function diff(frame: Frame, given: Given): Frame {
  const periods = given.integer('periods', 1)
  return perColumn(frame, (values) => values.map((value, row) => value - (values[row - periods] ?? Number.NaN)))
}

export function percentChange(frame: Frame, given: Given): Frame {
  const periods = given.integer('periods', 1)
  return perColumn(frame, (values) => values.map((value, row) => value / (values[row - periods] ?? Number.NaN) - 1))
}

/** Running sum, product, least, largest: missing values stay missing and are passed over. */
export function running(frame: Frame, work: (so: number, value: number) => number): Frame {
  return perColumn(frame, (values) => {
    let so: number | undefined
    return values.map((value) => {
      if (Number.isNaN(value)) return value
      so = so === undefined ? value : work(so, value)
      return so
    })
  })
}

/** The last known value goes on (or the next one back), at most `limit` rows. */
export function carry(frame: Frame, direction: 'forward' | 'back', limit = Number.POSITIVE_INFINITY): Frame {
  const forward = (values: readonly number[]): number[] => {
    let last = Number.NaN
    let age = 0
    return values.map((value) => {
      if (!Number.isNaN(value)) {
        last = value
        age = 0
        return value
      }
      age++
      return age <= limit ? last : value
    })
  }
  return perColumn(frame, (values) => (direction === 'forward' ? forward(values) : forward([...values].reverse()).reverse()))
}

/** Straight lines over what is missing; what lies after the last known value takes it. */
export function interpolate(frame: Frame): Frame {
  return perColumn(frame, (values) => {
    const filled = [...values]
    let last = -1
    for (let row = 0; row < filled.length; row++) {
      if (Number.isNaN(filled[row])) {
        if (last >= 0 && values.slice(row).every(Number.isNaN)) filled[row] = filled[last]!
        continue
      }
      for (let gap = last + 1; last >= 0 && gap < row; gap++)
        filled[gap] = filled[last]! + ((filled[row]! - filled[last]!) * (gap - last)) / (row - last)
      last = row
    }
    return filled
  })
}

/** Rows with a missing value leave (`how: all`: with nothing but missing ones). */
export function dropMissing(frame: Frame, given: Given): Frame {
  const how = given.oneOf('how', ['any', 'all'], 'any')
  const keep = frame.starts.flatMap((_, row) => {
    const missing = frame.columns.filter(({ values }) => Number.isNaN(values[row])).length
    return (how === 'any' ? missing > 0 : missing === frame.columns.length) ? [] : [row]
  })
  return pickRows(frame, keep)
}

/** To so many decimals, halves to the even digit as numpy does. */
export function round(frame: Frame, given: Given): Frame {
  const scale = 10 ** given.integer('decimals', 0)
  const even = (value: number): number => {
    const floor = Math.floor(value)
    const rest = value - floor
    if (rest !== 0.5) return Math.round(value)
    return floor % 2 === 0 ? floor : floor + 1
  }
  return perColumn(frame, (values) => values.map((value) => even(value * scale) / scale))
}

/** The first (last) rows; a negative number leaves out so many at the other end. */
export function ends(frame: Frame, given: Given, which: 'head' | 'tail'): Frame {
  const n = given.integer('n', 5)
  const rows = frame.starts.map((_, row) => row)
  if (which === 'head') return pickRows(frame, rows.slice(0, n))
  return pickRows(frame, n === 0 ? [] : n > 0 ? rows.slice(-n) : rows.slice(-n))
}

const clockOf = (given: Given, name: string): number => {
  const hit = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(given.text(name))
  if (!hit) throw given.refuse(name, "a time of day such as '06:00'")
  return Number(hit[1]) * 3600 + Number(hit[2]) * 60 + Number(hit[3] ?? 0)
}

/** Events that begin between two times of the local day; past midnight when the first is the later one. */
export function betweenTimes(frame: Frame, given: Given): Frame {
  const [from, until] = [clockOf(given, 'start_time'), clockOf(given, 'end_time')]
  const inclusive = given.oneOf('inclusive', ['both', 'left', 'right', 'neither'], 'both')
  const after = (time: number) => (inclusive === 'both' || inclusive === 'left' ? time >= from : time > from)
  const before = (time: number) => (inclusive === 'both' || inclusive === 'right' ? time <= until : time < until)
  return atTimes(frame, (time) => (from <= until ? after(time) && before(time) : after(time) || before(time)))
}

export const atTime = (frame: Frame, given: Given): Frame => {
  const wanted = clockOf(given, 'time')
  return atTimes(frame, (time) => time === wanted)
}

function atTimes(frame: Frame, test: (seconds: number) => boolean): Frame {
  const rows = frame.starts.flatMap((start, row) => {
    const { hour, minute, second } = wallClock(instant(start), frame.zone)
    return test(hour * 3600 + minute * 60 + second) ? [row] : []
  })
  return pickRows(frame, rows)
}

/** Events from one moment to another, both included; days and moments without offset are of the frame's zone. */
export function truncate(frame: Frame, given: Given): Frame {
  const from = given.has('before') ? momentOf(given.text('before'), frame.zone, false) : Number.NEGATIVE_INFINITY
  const until = given.has('after') ? momentOf(given.text('after'), frame.zone, false) : Number.POSITIVE_INFINITY
  return pickRows(
    frame,
    frame.starts.flatMap((start, row) => (start >= from && start <= until ? [row] : [])),
  )
}

/** A moment as pandas reads it; the end of the day when `last` and only a day is given. @throws Problem `invalid-report` */
export function momentOf(text: string, zone: string, last: boolean): number {
  const hit = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(text)
  if (!hit) {
    const at = /(?:Z|[+-]\d{2}:?\d{2})$/.test(text) ? Date.parse(text) : Number.NaN
    if (Number.isNaN(at)) throw refuseReport(`'${text}' is not a moment.`, "Write '2026-01-15' or '2026-01-15T10:00'.")
    return at
  }
  const [year, month, day, hour = 0, minute = 0, second = 0] = hit.slice(1).map((part) => (part === undefined ? undefined : Number(part)))
  const at = atWallClock({ year: year!, month: month!, day: day!, hour, minute, second }, zone)
  return last && hit[4] === undefined ? at + DAY - 1 : at
}
