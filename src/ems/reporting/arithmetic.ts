/** Operations of a frame with a number or another frame, event by event. */
import type { Given } from './arguments.ts'
import { alignedIndex, alignRows, type Column, type Frame, isFrame, mapValues, withColumns } from './frame.ts'

type Two = (one: number, other: number) => number

const flip =
  (work: Two): Two =>
  (one, other) =>
    work(other, one)
const truth =
  (test: (one: number, other: number) => boolean): Two =>
  (one, other) =>
    test(one, other) ? 1 : 0
const plus: Two = (one, other) => one + other
const minus: Two = (one, other) => one - other
const times: Two = (one, other) => one * other
const over: Two = (one, other) => one / other
/** As Python: the sign of the divisor. */
const modulo: Two = (one, other) => one - other * Math.floor(one / other)

/** By the names of pandas; comparisons give 1 and 0. */
export const BINARY: Record<string, Two> = {
  add: plus,
  radd: plus,
  sub: minus,
  subtract: minus,
  rsub: flip(minus),
  mul: times,
  multiply: times,
  rmul: times,
  div: over,
  divide: over,
  truediv: over,
  rdiv: flip(over),
  rtruediv: flip(over),
  floordiv: (one, other) => Math.floor(one / other),
  mod: modulo,
  pow: (one, other) => one ** other,
  gt: truth((one, other) => one > other),
  ge: truth((one, other) => one >= other),
  lt: truth((one, other) => one < other),
  le: truth((one, other) => one <= other),
  eq: truth((one, other) => one === other),
  ne: truth((one, other) => one !== other),
}

/** Both sides event by event, missing where either is; `fill` stands for what only one side lacks. */
export function combine(one: Frame, other: Frame | number, work: Two, fill?: number): Frame {
  if (!isFrame(other)) return mapValues(one, (value) => work(fill !== undefined && Number.isNaN(value) ? fill : value, other))
  const { rows, like } = alignRows(one, other)
  const index = alignedIndex(one, other, rows, like)
  const pairs = pairColumns(one, other)
  const columns = pairs.map(({ name, left, right }): Column => {
    const values = rows.map(([a, b]) => {
      const x = a >= 0 && left ? left[a]! : Number.NaN
      const y = b >= 0 && right ? right[b]! : Number.NaN
      if (fill === undefined || (Number.isNaN(x) && Number.isNaN(y))) return work(x, y)
      return work(Number.isNaN(x) ? fill : x, Number.isNaN(y) ? fill : y)
    })
    return { name, values }
  })
  const base = one.starts.length === 0 && other.starts.length > 0 ? { ...one, step: other.step } : one
  return { ...withColumns(base, columns, one.isSeries && other.isSeries), ...index }
}

/** Columns meet by name; a series meets every column. */
function pairColumns(one: Frame, other: Frame): { name: string; left?: number[]; right?: number[] }[] {
  if (one.isSeries && other.isSeries) return [{ name: one.columns[0]!.name, left: one.columns[0]!.values, right: other.columns[0]!.values }]
  if (other.isSeries) return one.columns.map(({ name, values }) => ({ name, left: values, right: other.columns[0]!.values }))
  if (one.isSeries) return other.columns.map(({ name, values }) => ({ name, left: one.columns[0]!.values, right: values }))
  const names = [...new Set([...one.columns, ...other.columns].map(({ name }) => name))]
  const valuesOf = (frame: Frame, name: string) => frame.columns.find((column) => column.name === name)?.values
  return names.map((name) => {
    const [left, right] = [valuesOf(one, name), valuesOf(other, name)]
    return { name, ...(left && { left }), ...(right && { right }) }
  })
}

/** The other side laid onto the rows of the frame: NaN where it has none. */
export function laidOnto(frame: Frame, other: Frame | number): (column: number, row: number) => number {
  if (!isFrame(other)) return () => other
  const { rows } = alignRows(frame, other, 'left')
  const partner = new Map(rows.map(([row, right]) => [row, right]))
  return (column, row) => {
    const right = partner.get(row) ?? -1
    const values = (other.isSeries ? other.columns[0] : other.columns.find(({ name }) => name === frame.columns[column]!.name))?.values
    return right >= 0 && values ? values[right]! : Number.NaN
  }
}

const perCell = (frame: Frame, turn: (value: number, column: number, row: number) => number): Frame =>
  withColumns(
    frame,
    frame.columns.map(({ name, values }, column) => ({ name, values: values.map((value, row) => turn(value, column, row)) })),
  )

/** Values within bounds; a missing bound does not hold. */
export function clip(frame: Frame, given: Given): Frame {
  const bound = (name: string, none: number) => {
    const of = given.has(name) ? laidOnto(frame, given.operand(name)) : () => none
    return (column: number, row: number) => {
      const value = of(column, row)
      return Number.isNaN(value) ? none : value
    }
  }
  const [lower, upper] = [bound('lower', Number.NEGATIVE_INFINITY), bound('upper', Number.POSITIVE_INFINITY)]
  return perCell(frame, (value, column, row) => Math.min(Math.max(value, lower(column, row)), upper(column, row)))
}

/** Keeps values where the condition holds (or, turned round, where it does not), others become `other`. */
export function choose(frame: Frame, given: Given, keepsWhere: boolean): Frame {
  const condition = laidOnto(frame, given.operand('cond'))
  const other = given.has('other') ? laidOnto(frame, given.operand('other')) : () => Number.NaN
  return perCell(frame, (value, column, row) => {
    const said = condition(column, row)
    const holds = said !== 0
    // As pandas: where nothing is said, the value goes.
    return !Number.isNaN(said) && holds === keepsWhere ? value : other(column, row)
  })
}

/** Missing values become `value`, a number or those of another frame. */
export function fill(frame: Frame, value: Frame | number): Frame {
  const of = laidOnto(frame, value)
  return perCell(frame, (known, column, row) => (Number.isNaN(known) ? of(column, row) : known))
}
