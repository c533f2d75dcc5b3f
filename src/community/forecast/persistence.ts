// The forecast of the balance of a territory by persistence: the present value, yesterday's changes, and ever more of yesterday itself.
import { DAY, type Instant, instant, MINUTE } from '#kernel'

/** A sample of a curve: it holds until the next one. */
export type Sample = readonly [at: Instant, power: number]

const STEP = 15 * MINUTE
const SLOTS = DAY / STEP

/**
 * ELFE's rule of persistence (elfe 1.5). Takes the last day, oldest first, of which the last value is the present one, and gives the next day at
 * the same steps: it starts from the present value, adds what changed a day before, and leans linearly towards the value of the day before.
 *
 * @param day values of the last 24 h, any unit
 * @returns as many values of the next 24 h, same unit; none of none
 */
export function persist(day: readonly number[]): number[] {
  const count = day.length
  let value = day.at(-1) ?? 0
  return day.map((past, index) => {
    const moved = value + past - day[Math.max(0, index - 1)]!
    value = (moved * (count - index) + past * index) / count
    return value
  })
}

/**
 * Means per quarter of an hour from `from` to `to`, weighted by time, where each sample holds until the next. Samples may come in any order; of
 * equal times the last wins. A quarter that nothing is known of from its start is `undefined`; a last one that `to` cuts is not among them.
 *
 * @returns one value a quarter, in the unit of the samples
 */
export function quarters(samples: readonly Sample[], from: Instant, to: Instant): (number | undefined)[] {
  const sorted = [...new Map(samples)].sort(([a], [b]) => a - b)
  const means: (number | undefined)[] = []
  let next = 0
  let held: number | undefined
  for (let start = from; start + STEP <= to; start = instant(start + STEP)) {
    for (; next < sorted.length && sorted[next]![0] <= start; next++) held = sorted[next]![1]
    const isKnown = held !== undefined
    let sum = 0
    let since: number = start
    for (; next < sorted.length && sorted[next]![0] < start + STEP; next++) {
      const [at, power] = sorted[next]!
      sum += (held ?? 0) * (at - since)
      since = at
      held = power
    }
    means.push(isKnown ? (sum + held! * (start + STEP - since)) / STEP : undefined)
  }
  return means
}

/** What a forecast of the balance goes by; curves in W. */
export interface BalancePast {
  /** Production less consumption of the territory, as measured. */
  balance: readonly Sample[]
  /** Consumption of what is planned, as measured: it is planned anew, and must not be in the forecast too. Left out: the balance is taken as it is, as ELFE does. */
  flexible?: readonly Sample[]
}

/**
 * The balance (production less consumption, W) of the 96 quarters from `start` on, by persistence on the 24 h before. Quarters without a value take
 * the next one known, those after the last known the last.
 *
 * @returns undefined when nothing of the last day is known
 */
export function forecastBalance({ balance, flexible }: BalancePast, start: Instant): number[] | undefined {
  const from = instant(start - DAY)
  const planned = flexible && quarters(flexible, from, start)
  const day: number[] = []
  let missing = 0
  for (const [slot, value] of quarters(balance, from, start).entries()) {
    if (value === undefined) missing++
    else day.push(value + (planned?.[slot] ?? 0))
  }
  if (day.length === 0) return undefined
  return persist([...new Array<number>(missing).fill(day[0]!), ...day]).slice(0, SLOTS)
}
