/**
 * Tables of beliefs as reports chain operations on them: rows are events (perhaps told apart by belief time, source and probability), columns
 * are numbers, NaN where nothing is known. What pandas calls a Series is a frame of one column with `isSeries`.
 */
import { Problem } from '#kernel'

/** What tells rows of one event apart, in the order of pandas' index. */
export const LEVELS = ['belief_time', 'source', 'cumulative_probability'] as const
export type Level = (typeof LEVELS)[number]

export interface Column {
  name: string
  values: number[]
}

export interface Frame {
  kind: 'frame'
  /** Event starts, ms. */
  starts: number[]
  /** Values of the levels that are left, one a row. */
  levels: Partial<Record<Level, number[]>>
  columns: Column[]
  isSeries: boolean
  /** Length of an event, ms; 0 = a moment. */
  step: number
  /** Days are those of this zone. */
  zone: string
  /** The sensor it was read from. */
  sensor?: SensorFacts
}

/** A sensor as operations may ask it. */
export interface SensorFacts {
  kind: 'sensor'
  id: number
  attributes: Readonly<Record<string, unknown>>
}

/** What chained operations pass on. */
export type Value = Frame | Grouped | SensorFacts | number

/** Rows gathered for an aggregate: what pandas calls a Resampler, a GroupBy or a Rolling. */
export interface Grouped {
  kind: 'grouped'
  by: 'resample' | 'groupby' | 'rolling'
  frame: Frame
  /** Rows of each group, with what the group is called. */
  groups: { start: number; rows: number[] }[]
  /** Length of an event of the result. */
  step: number
  /** Rolling: values that a window must have. */
  least?: number
  /** Groups without rows stay in the result. */
  keepsEmpty: boolean
}

export const isFrame = (value: unknown): value is Frame =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'frame'
export const isGrouped = (value: unknown): value is Grouped =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'grouped'

export const isEmpty = (value: Value): boolean => isFrame(value) && value.starts.length === 0

/** The refusal of an operation that cannot be done. */
export const refuseReport = (message: string, hint?: string, fields?: Record<string, unknown>): Problem =>
  new Problem('invalid-report', message, {
    status: 422,
    retry: 'never',
    ...(hint !== undefined && { hint }),
    ...(fields && { details: { fields } }),
  })

/** A frame of other values on the same rows. */
export const withColumns = (frame: Frame, columns: Column[], isSeries = frame.isSeries): Frame => ({ ...frame, columns, isSeries })

/** Each value on its own. */
export const mapValues = (frame: Frame, turn: (value: number) => number): Frame =>
  withColumns(
    frame,
    frame.columns.map(({ name, values }) => ({ name, values: values.map(turn) })),
  )

/** The rows of these numbers, in this order. */
export function pickRows(frame: Frame, rows: readonly number[]): Frame {
  const pick = (values: readonly number[]) => rows.map((row) => values[row]!)
  return {
    ...frame,
    starts: pick(frame.starts),
    levels: Object.fromEntries(Object.entries(frame.levels).map(([level, values]) => [level, pick(values)])),
    columns: frame.columns.map(({ name, values }) => ({ name, values: pick(values) })),
  }
}

export const levelsOf = (frame: Frame): Level[] => LEVELS.filter((level) => frame.levels[level] !== undefined)

/** @throws Problem `invalid-report` for levels that are not there; numbers count from event_start = 0 */
export function dropLevels(frame: Frame, which: readonly (string | number)[]): Frame {
  const own = ['event_start', ...levelsOf(frame)]
  const names = which.map((level) => (typeof level === 'number' ? own[level < 0 ? own.length + level : level] : level))
  for (const [k, name] of names.entries())
    if (name === undefined || !own.includes(name) || name === 'event_start')
      throw refuseReport(
        `Level ${JSON.stringify(which[k])} cannot be dropped.`,
        `There are: ${own.slice(1).join(', ') || 'none but event_start'}.`,
      )
  const levels = Object.fromEntries(Object.entries(frame.levels).filter(([level]) => !names.includes(level)))
  return { ...frame, levels }
}

/** The frame with nothing but events. @throws Problem `invalid-report` when an event has several rows */
export function onlyEvents(frame: Frame): Frame {
  for (let k = 1; k < frame.starts.length; k++)
    if (frame.starts[k] === frame.starts[k - 1])
      throw refuseReport(
        'An event has several beliefs: which of them counts is not said.',
        'Name the source in the input (sources: [12]), or ask for one_deterministic_belief_per_event.',
      )
  return { ...frame, levels: {} }
}

const keyOf = (frame: Frame, levels: readonly Level[], row: number): string => {
  let key = String(frame.starts[row])
  for (const level of levels) key += ` ${frame.levels[level]![row]}`
  return key
}

/** Rows of both frames that belong together by event and the levels they share; -1 where one has none. As pandas: outer, ascending. */
export function alignRows(one: Frame, other: Frame, how: 'outer' | 'inner' | 'left' = 'outer'): { rows: [number, number][]; like: Frame } {
  const shared = levelsOf(one).filter((level) => other.levels[level] !== undefined)
  const more = levelsOf(other).length > shared.length && levelsOf(one).length === shared.length
  if (sameIndex(one, other)) return { rows: one.starts.map((_, row) => [row, row]), like: one }
  const byKey = new Map<string, number[]>()
  other.starts.forEach((_, row) => {
    const key = keyOf(other, shared, row)
    const known = byKey.get(key)
    if (known) known.push(row)
    else byKey.set(key, [row])
  })
  const rows: [number, number][] = []
  const used = new Set<number>()
  one.starts.forEach((_, row) => {
    const partners = byKey.get(keyOf(one, shared, row)) ?? []
    if (partners.length === 0 && how !== 'inner') rows.push([row, -1])
    for (const partner of partners) {
      rows.push([row, partner])
      used.add(partner)
    }
  })
  if (how === 'outer') other.starts.forEach((_, row) => void (used.has(row) || rows.push([-1, row])))
  rows.sort((a, b) => startOf(one, other, a) - startOf(one, other, b))
  return { rows, like: more ? other : one }
}

const startOf = (one: Frame, other: Frame, [left, right]: [number, number]): number =>
  left >= 0 ? one.starts[left]! : other.starts[right]!

function sameIndex(one: Frame, other: Frame): boolean {
  if (one.starts.length !== other.starts.length || levelsOf(one).join() !== levelsOf(other).join()) return false
  for (let row = 0; row < one.starts.length; row++) {
    if (one.starts[row] !== other.starts[row]) return false
    for (const level of levelsOf(one)) if (one.levels[level]![row] !== other.levels[level]![row]) return false
  }
  return isUnique(one)
}

function isUnique(frame: Frame): boolean {
  const levels = levelsOf(frame)
  const seen = new Set<string>()
  for (let row = 0; row < frame.starts.length; row++) seen.add(keyOf(frame, levels, row))
  return seen.size === frame.starts.length
}

/** The index of aligned rows: of the first frame where it has one, else of the other. */
export function alignedIndex(one: Frame, other: Frame, rows: readonly [number, number][], like: Frame): Pick<Frame, 'starts' | 'levels'> {
  const levels: Frame['levels'] = {}
  for (const level of levelsOf(like))
    levels[level] = rows.map(
      ([left, right]) => (left >= 0 ? one.levels[level]?.[left] : undefined) ?? other.levels[level]?.[right] ?? Number.NaN,
    )
  return { starts: rows.map((pair) => startOf(one, other, pair)), levels }
}
