// The least that one appliance costs at prices of slots.
import { bestHeat } from './heat.ts'
import { bestSteps } from './steps.ts'
import type { Choice, Village } from './village.ts'

export interface Scratch {
  costs: Float64Array
  chosen: Uint8Array
  sums: Float64Array
  /** Of starts of the members of a group together; beyond them its limits are left out of account. */
  trials: number
}
export function scratchOf({ slots, choices }: Village): Scratch {
  const levels = choices.reduce((most, choice) => (choice.kind === 'steps' ? Math.max(most, choice.levels.length) : most), 1)
  return {
    costs: new Float64Array(levels * slots),
    chosen: new Uint8Array(slots),
    sums: new Float64Array(slots + 1),
    trials: choices.length > 3_000 ? 400 : 6_000,
  }
}

/**
 * The least that one appliance costs at prices; adds the load of it to `load`. With `limit`, of places that take no more than so many kW in
 * each slot; Infinity when there is none.
 */
export function leastCost(
  choice: Choice,
  prices: Float64Array,
  { costs, chosen, sums }: Scratch,
  load?: Float64Array,
  limit?: Float64Array,
): number {
  if (choice.kind === 'run') {
    const { powers, firstStart, lastStart, to, uniform } = choice
    let best = Number.POSITIVE_INFINITY
    let start = firstStart
    if (uniform && !limit) {
      const end = Math.min(to, lastStart + powers.length)
      sums[firstStart] = 0
      for (let t = firstStart; t < end; t++) sums[t + 1] = sums[t]! + prices[t]!
      for (let k = firstStart; k <= lastStart; k++) {
        const cost = powers[0]! * (sums[Math.min(end, k + powers.length)]! - sums[k]!)
        if (cost < best) {
          best = cost
          start = k
        }
      }
    } else
      for (let k = firstStart; k <= lastStart; k++) {
        const length = Math.min(powers.length, to - k)
        let cost = 0
        for (let q = 0; q < length; q++)
          cost += limit && powers[q]! > limit[k + q]! ? Number.POSITIVE_INFINITY : powers[q]! * prices[k + q]!
        if (cost < best) {
          best = cost
          start = k
        }
      }
    if (load && best < Number.POSITIVE_INFINITY) for (let q = 0; q < powers.length && start + q < to; q++) load[start + q]! += powers[q]!
    return best
  }
  if (choice.kind === 'steps') {
    const { from, to, levels, least, most, maxStarts } = choice
    const slots = to - from
    for (let level = 0; level < levels.length; level++)
      for (let t = 0; t < slots; t++)
        costs[level * slots + t] =
          limit && levels[level]! > limit[from + t]! ? Number.POSITIVE_INFINITY : levels[level]! * prices[from + t]!
    const { cost, bound } = bestSteps({ slots, levels, costs, least, most, maxStarts }, chosen)
    if (load && cost < Number.POSITIVE_INFINITY)
      for (let t = 0; t < slots; t++) if (chosen[t]! > 0) load[from + t]! += levels[chosen[t]! - 1]!
    return bound
  }
  const { periods, eco, more, sliding, slidingEco } = choice
  if (limit?.some((most) => eco > most)) return Number.POSITIVE_INFINITY
  let sum = 0
  for (let t = 0; t < prices.length; t++) sum += eco * prices[t]!
  if (load) for (let t = 0; t < prices.length; t++) load[t]! += eco
  for (const { from, to, mostEco } of periods) {
    const slots = to - from
    for (let t = 0; t < slots; t++) costs[t] = limit && eco + more > limit[from + t]! ? Number.POSITIVE_INFINITY : more * prices[from + t]!
    sum += bestHeat({ slots, costs, mostEco, sliding, slidingEco }, chosen)
    if (load) for (let t = 0; t < slots; t++) if (chosen[t]! > 0) load[from + t]! += more
  }
  return sum
}
