/** What a chart says in words and in a table: extremes, last values, rows thinned to a readable number. */

export type Values = (number | null)[]

export interface Extreme {
  value: number
  index: number
}

export function highest(values: Values): Extreme | undefined {
  let best: Extreme | undefined
  values.forEach((value, index) => {
    if (value !== null && (!best || value > best.value)) best = { value, index }
  })
  return best
}

export function lowest(values: Values): Extreme | undefined {
  const best = highest(values.map((value) => (value === null ? null : -value)))
  return best && { value: -best.value, index: best.index }
}

export function last(values: Values): Extreme | undefined {
  for (let index = values.length - 1; index >= 0; index--) {
    const value = values[index]
    if (value !== null && value !== undefined) return { value, index }
  }
  return undefined
}

/** Energy under a power curve, kWh: values in kW, `step` in ms. */
export const energy = (values: Values, step: number): number =>
  values.reduce<number>((sum, value) => sum + (value ?? 0) * (step / 3_600_000), 0)

/** Mean of each run of `size` values; null when a run has none. */
export function thin(values: Values, size: number): Values {
  const out: Values = []
  for (let from = 0; from < values.length; from += size) {
    const run = values.slice(from, from + size).filter((value): value is number => value !== null)
    out.push(run.length === 0 ? null : run.reduce((sum, value) => sum + value, 0) / run.length)
  }
  return out
}

/** How many steps go into one row so that a table of `count` steps has at most `rows` rows: a whole divisor of an hour or whole hours. */
export function rowSize(count: number, step: number, rows = 50): number {
  const minutes = step / 60_000
  for (const wanted of [5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440]) {
    if (wanted < minutes || wanted % minutes !== 0) continue
    if (Math.ceil(count / (wanted / minutes)) <= rows) return wanted / minutes
  }
  return Math.max(1, Math.ceil(count / rows))
}
