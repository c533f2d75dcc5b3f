/** Columns chosen, renamed and put side by side; one of many sources. */
import { type AggregateName, aggregate } from './aggregate.ts'
import { momentOf } from './along.ts'
import type { Given } from './arguments.ts'
import {
  alignedIndex,
  alignRows,
  type Column,
  type Frame,
  isFrame,
  levelsOf,
  onlyEvents,
  pickRows,
  refuseReport,
  withColumns,
} from './frame.ts'

/** One value a row of all its columns. */
export function acrossColumns(frame: Frame, name: AggregateName, least?: number): Frame {
  const values = frame.starts.map((_, row) =>
    aggregate(
      name,
      frame.columns.map((column) => column.values[row]!),
      least,
    ),
  )
  return withColumns(frame, [{ name: '0', values }], true)
}

/** @throws Problem `invalid-report` that names the columns there are */
export function columnNamed(frame: Frame, name: unknown): Column {
  const found = frame.columns.find((column) => column.name === name)
  if (found) return found
  throw refuseReport(`There is no column ${JSON.stringify(name)}.`, `There are: ${frame.columns.map((column) => column.name).join(', ')}.`)
}

/** A column (a series), several of them (a frame), or the events of a day or of a span `[first, last]` of moments. */
export function select(frame: Frame, given: Given): Frame {
  const wanted = given.raw('key')
  if (Array.isArray(wanted) && wanted.every((name) => frame.columns.some((column) => column.name === name)))
    return withColumns(
      frame,
      wanted.map((name) => columnNamed(frame, name)),
      false,
    )
  if (typeof wanted === 'string' && frame.columns.some(({ name }) => name === wanted))
    return withColumns(frame, [columnNamed(frame, wanted)], true)
  const span = Array.isArray(wanted) ? wanted : [wanted, wanted]
  const [first, last] = span
  if (span.length === 2 && span.every((text) => typeof text === 'string' && /^\d{4}-\d{2}/.test(text))) {
    const [from, until] = [momentOf(first, frame.zone, false), momentOf(last, frame.zone, true)]
    return pickRows(
      frame,
      frame.starts.flatMap((start, row) => (start >= from && start <= until ? [row] : [])),
    )
  }
  columnNamed(frame, Array.isArray(wanted) ? wanted.find((name) => !frame.columns.some((column) => column.name === name)) : wanted)
  return frame
}

export function rename(frame: Frame, given: Given): Frame {
  const names = given.raw('columns') ?? given.raw('mapper') ?? given.raw('index')
  if (typeof names === 'string' && frame.isSeries) return withColumns(frame, [{ ...frame.columns[0]!, name: names }])
  if (typeof names !== 'object' || names === null) throw given.refuse('columns', 'an object of old and new names')
  const map = names as Record<string, unknown>
  return withColumns(
    frame,
    frame.columns.map((column) => ({ ...column, name: String(map[column.name] ?? column.name) })),
  )
}

export function dropColumns(frame: Frame, given: Given): Frame {
  const gone = given.has('columns') ? given.list('columns') : given.list('labels')
  for (const name of gone) columnNamed(frame, name)
  return withColumns(
    frame,
    frame.columns.filter(({ name }) => !gone.includes(name)),
  )
}

/** The rows of one source ('@source_12'), or of one event. */
export function crossSection(frame: Frame, given: Given): Frame {
  const level = given.raw('level') ?? 'event_start'
  const own = ['event_start', ...levelsOf(frame)]
  const name = typeof level === 'number' ? own[level] : String(level)
  const key = given.raw('key')
  if (name !== 'source' || frame.levels.source === undefined || typeof key !== 'number')
    throw refuseReport(
      `'xs' takes the rows of one source.`,
      'Write {"method": "xs", "args": ["@source_12"], "kwargs": {"level": "source"}}.',
    )
  const { source } = frame.levels
  const picked = pickRows(
    frame,
    frame.starts.flatMap((_, row) => (source[row] === key ? [row] : [])),
  )
  const { source: _, ...levels } = picked.levels
  return { ...picked, levels }
}

/** Columns of two frames side by side, event by event; names that both have get a suffix. */
export function beside(frame: Frame, given: Given, how: 'merge' | 'join'): Frame {
  const right = given.raw(how === 'merge' ? 'right' : 'other')
  if (!isFrame(right)) throw given.refuse(how === 'merge' ? 'right' : 'other', "a frame by '@name'")
  const kind = given.oneOf('how', ['inner', 'outer', 'left'], how === 'merge' ? 'inner' : 'left')
  const on = given.raw('on')
  if (on !== undefined && on !== 'event_start' && String(on) !== 'event_start')
    throw given.refuse('on', "'event_start', by which frames meet,")
  const suffixes = how === 'merge' ? given.list('suffixes').map(String) : [given.text('lsuffix', ''), given.text('rsuffix', '')]
  const [left = '_x', other = '_y'] = suffixes
  const [one, two] = [onlyEvents(frame), onlyEvents(right)]
  const { rows, like } = alignRows(one, two, kind)
  const twice = new Set(one.columns.filter(({ name }) => two.columns.some((column) => column.name === name)).map(({ name }) => name))
  const column = (from: Frame, side: 0 | 1, suffix: string) =>
    from.columns.map(({ name, values }) => ({
      name: twice.has(name) ? name + suffix : name,
      values: rows.map((pair) => (pair[side] < 0 ? Number.NaN : values[pair[side]]!)),
    }))
  return { ...withColumns(one, [...column(one, 0, left), ...column(two, 1, other)], false), ...alignedIndex(one, two, rows, like) }
}
