/** Rows put together for an aggregate: resample, groupby and rolling. */
import { dayStart, instant, parseDurationLength } from '#kernel'
import { type AggregateName, aggregate } from './aggregate.ts'
import type { Given } from './arguments.ts'
import { type Frame, type Grouped, LEVELS, type Level, onlyEvents, pickRows, refuseReport, withColumns } from './frame.ts'
import { binEdges, OFFSET_FORMS, type Offset, offsetLength, readOffset } from './offset.ts'

/** Bins that one operation may make. */
const MOST_BINS = 200_000

function offsetOf(given: Given, name: string): Offset {
  const text = given.text(name)
  const offset = readOffset(text)
  if (!offset || offsetLength(offset) <= 0) throw refuseReport(`'${text}' is not a length of bins.`, `Write ${OFFSET_FORMS}.`)
  return offset
}

function binned(frame: Frame, offset: Offset): { start: number; rows: number[] }[] {
  const { starts, zone } = frame
  if (starts.length === 0) return []
  const [first, last] = [Math.min(...minMax(starts)), Math.max(...minMax(starts))]
  if ((last - first) / offsetLength(offset) > MOST_BINS)
    throw refuseReport(`That would be more than ${MOST_BINS} bins.`, 'Take longer ones.')
  const edges = binEdges(instant(first), instant(last), offset, zone)
  const groups = edges.slice(0, -1).map((start) => ({ start: start as number, rows: [] as number[] }))
  const order = starts.map((_, row) => row).sort((a, b) => starts[a]! - starts[b]!)
  let bin = 0
  for (const row of order) {
    while (bin + 1 < groups.length && edges[bin + 1]! <= starts[row]!) bin++
    groups[bin]!.rows.push(row)
  }
  return groups
}

const minMax = (values: readonly number[]): [number, number] => {
  let [least, most] = [values[0]!, values[0]!]
  for (const value of values) {
    if (value < least) least = value
    if (value > most) most = value
  }
  return [least, most]
}

/** Bins of equal length over all events. */
export function resample(frame: Frame, given: Given): Grouped {
  given.oneOf('closed', ['left'], 'left')
  given.oneOf('label', ['left'], 'left')
  const events = onlyEvents(frame)
  const offset = offsetOf(given, 'rule')
  return { kind: 'grouped', by: 'resample', frame: events, groups: binned(events, offset), step: offsetLength(offset), keepsEmpty: true }
}

const CALENDAR: Record<string, Offset> = {
  hour: { unit: 'exact', length: 3_600_000 },
  day: { unit: 'day', count: 1 },
  week: { unit: 'week', count: 1 },
  month: { unit: 'month', count: 1 },
}

/** Rows of one event, one source …, or of one hour, day, week or month of the calendar. */
export function groupBy(frame: Frame, given: Given): Grouped {
  const named = given.raw('by') ?? given.raw('level')
  const by = String(Array.isArray(named) && named.length === 1 ? named[0] : (named ?? ''))
  const offset = CALENDAR[by]
  const base = { kind: 'grouped', by: 'groupby', frame, keepsEmpty: false } as const
  if (offset) return { ...base, groups: binned(frame, offset).filter(({ rows }) => rows.length > 0), step: offsetLength(offset) }
  if (by === 'event_start' || by === '0') {
    const groups = new Map<number, number[]>()
    for (const [row, start] of frame.starts.entries()) {
      const known = groups.get(start)
      if (known) known.push(row)
      else groups.set(start, [row])
    }
    const sorted = [...groups].sort(([a], [b]) => a - b)
    return { ...base, groups: sorted.map(([start, rows]) => ({ start, rows })), step: frame.step }
  }
  throw refuseReport(
    `Rows cannot be grouped by ${JSON.stringify(named ?? null)}.`,
    `Group by event_start, or by ${Object.keys(CALENDAR).join(', ')} of the calendar.`,
  )
}

/** Each row with those before it: so many rows, or a length of time. */
export function rolling(frame: Frame, given: Given): Grouped {
  if (given.raw('center') === true) throw refuseReport("'rolling' looks back only.", 'Leave out center, and shift the result.')
  const window = given.raw('window')
  const rows = frame.starts.map((_, row) => row)
  const base = { kind: 'grouped', by: 'rolling', frame, step: frame.step, keepsEmpty: true } as const
  if (typeof window === 'number') {
    const size = given.integer('window')
    if (size < 1) throw given.refuse('window', 'at least one row')
    const groups = rows.map((row) => ({ start: frame.starts[row]!, rows: rows.slice(Math.max(0, row - size + 1), row + 1) }))
    return { ...base, groups, least: given.integer('min_periods', size) }
  }
  const length = offsetLength(offsetOf(given, 'window'))
  let from = 0
  const groups = rows.map((row) => {
    while (frame.starts[from]! <= frame.starts[row]! - length) from++
    return { start: frame.starts[row]!, rows: rows.slice(from, row + 1) }
  })
  return { ...base, groups, least: given.integer('min_periods', 1) }
}

/** One row a group. */
export function aggregateGroups({ by, frame, groups, step, least, keepsEmpty }: Grouped, name: AggregateName, minCount?: number): Frame {
  const kept = keepsEmpty ? groups : groups.filter(({ rows }) => rows.length > 0)
  const columns = frame.columns.map((column) => ({
    name: column.name,
    values: kept.map(({ rows }) =>
      aggregate(
        name,
        rows.map((row) => column.values[row]!),
        least ?? minCount,
      ),
    ),
  }))
  if (by === 'rolling') return withColumns(frame, columns)
  return { ...withColumns(frame, columns), starts: kept.map(({ start }) => start), levels: {}, step }
}

/** A finer grid: the value that holds at each of its events (the last known one, the next one, or only one that begins there). */
export function upsample({ frame, groups, step }: Grouped, how: 'forward' | 'back' | 'exact'): Frame {
  const rowAt = new Map(frame.starts.map((start, row) => [start, row]))
  const rows = groups.map(({ start }) => {
    const exact = rowAt.get(start)
    if (exact !== undefined || how === 'exact') return exact ?? -1
    if (how === 'forward') return frame.starts.findLastIndex((known) => known <= start)
    return frame.starts.findIndex((known) => known >= start)
  })
  const columns = frame.columns.map(({ name, values }) => ({ name, values: rows.map((row) => (row < 0 ? Number.NaN : values[row]!)) }))
  return { ...withColumns(frame, columns), starts: groups.map(({ start }) => start), levels: {}, step }
}

/** Events of another length with what tells beliefs apart: means of shorter ones (the latest belief time counts), repeats of longer ones. */
export function resampleEvents(frame: Frame, given: Given): Frame {
  const text = given.text('event_resolution')
  const length = text.startsWith('P') ? parseDurationLength(text) : offsetLength(offsetOf(given, 'event_resolution'))
  if (!(length > 0)) throw given.refuse('event_resolution', 'a length')
  return toLength(frame, length)
}

/** See `resampleEvents`; moments count where they lie, the first of a slot speaks for it. */
export function toLength(frame: Frame, length: number): Frame {
  if (frame.step === length || frame.starts.length === 0) return { ...frame, step: length }
  if (frame.step > length) return repeated(frame, length)
  const origin = dayStart(instant(minMax(frame.starts)[0]), frame.zone)
  const groups = new Map<string, { start: number; rows: number[] }>()
  frame.starts.forEach((at, row) => {
    const start = origin + Math.floor((at - origin) / length) * length
    const key = `${start} ${frame.levels.source?.[row] ?? ''} ${frame.levels.cumulative_probability?.[row] ?? ''}`
    const known = groups.get(key)
    if (known) known.rows.push(row)
    else groups.set(key, { start, rows: [row] })
  })
  const sorted = [...groups.values()].sort((a, b) => a.start - b.start)
  const rule: AggregateName = frame.step === 0 ? 'first' : 'mean'
  const levels: Frame['levels'] = {}
  for (const level of LEVELS) {
    const values = frame.levels[level]
    if (values)
      levels[level] = sorted.map(({ rows }) =>
        levelOf(
          level,
          rows.map((row) => values[row]!),
        ),
      )
  }
  const columns = frame.columns.map(({ name, values }) => ({
    name,
    values: sorted.map(({ rows }) =>
      aggregate(
        rule,
        rows.map((row) => values[row]!),
      ),
    ),
  }))
  return { ...frame, starts: sorted.map(({ start }) => start), levels, columns, step: length }
}

const levelOf = (level: Level, values: readonly number[]): number => (level === 'belief_time' ? Math.max(...values) : values[0]!)

function repeated(frame: Frame, length: number): Frame {
  const times = Math.max(1, Math.round(frame.step / length))
  if (times * frame.starts.length > 1_000_000)
    throw refuseReport('That would be more than a million events.', 'Take a coarser resolution or a shorter period.')
  const rows = frame.starts.flatMap((_, row) => Array.from({ length: times }, () => row))
  const picked = pickRows(frame, rows)
  return { ...picked, starts: picked.starts.map((start, k) => start + (k % times) * length), step: length }
}
