/** Many numbers into one, as pandas does it: missing ones are passed over. */
import { refuseReport } from './frame.ts'

type Aggregate = (known: readonly number[]) => number

const sum: Aggregate = (known) => known.reduce((total, value) => total + value, 0)
const mean: Aggregate = (known) => (known.length === 0 ? Number.NaN : sum(known) / known.length)
const variance: Aggregate = (known) => {
  if (known.length < 2) return Number.NaN
  const middle = mean(known)
  return sum(known.map((value) => (value - middle) ** 2)) / (known.length - 1)
}
const median: Aggregate = (known) => {
  if (known.length === 0) return Number.NaN
  const sorted = [...known].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
const extreme =
  (better: (a: number, b: number) => number): Aggregate =>
  (known) =>
    known.length === 0 ? Number.NaN : known.reduce((best, value) => better(best, value))

export const AGGREGATES = {
  sum,
  mean,
  min: extreme(Math.min),
  max: extreme(Math.max),
  median,
  std: (known) => Math.sqrt(variance(known)),
  var: variance,
  prod: (known) => known.reduce((product, value) => product * value, 1),
  count: (known) => known.length,
  first: (known) => known[0] ?? Number.NaN,
  last: (known) => known.at(-1) ?? Number.NaN,
} satisfies Record<string, Aggregate>
export type AggregateName = keyof typeof AGGREGATES

export const isAggregate = (name: string): name is AggregateName => Object.hasOwn(AGGREGATES, name)

/** @throws Problem `invalid-report` that names what exists */
export function aggregateNamed(name: unknown): AggregateName {
  if (typeof name === 'string' && isAggregate(name)) return name
  throw refuseReport(`There is no aggregate ${JSON.stringify(name)}.`, `There are: ${Object.keys(AGGREGATES).join(', ')}.`)
}

/** One number of many; `least` known ones are needed for it. */
export function aggregate(name: AggregateName, values: readonly number[], least = 0): number {
  const known = values.filter((value) => !Number.isNaN(value))
  return known.length < least ? Number.NaN : AGGREGATES[name](known)
}
