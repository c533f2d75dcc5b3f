/** When a load runs that runs a fixed time at full power: as early as it may, as one block, or step by step. Counted out, without a solver. */
import type { Process } from './problem.ts'

/**
 * The steps at which it runs, ascending. Among equal sums the earliest.
 * @returns undefined when the forbidden steps leave no room
 */
export function solveProcess({ steps, kind, runs, prices, forbidden, most }: Process): number[] | undefined {
  const count = Math.min(runs, steps)
  const all = Array.from({ length: steps }, (_, step) => step)
  if (count === 0) return []
  const sense = most ? -1 : 1
  const price = (step: number) => sense * (Number.isNaN(prices[step]!) ? 0 : prices[step]!)
  if (kind === 'breakable') {
    const open = all.filter((step) => !forbidden[step])
    if (open.length < count) return undefined
    return open
      .sort((a, b) => price(a) - price(b) || a - b)
      .slice(0, count)
      .sort((a, b) => a - b)
  }
  let best: number | undefined
  let least = 0
  for (let first = 0; first + count <= steps; first++) {
    let cost = 0
    let fits = true
    for (let step = first; step < first + count && fits; step++) {
      fits = !forbidden[step]
      cost += price(step)
    }
    if (!fits) continue
    if (kind === 'inflexible') {
      best = first
      break
    }
    if (best === undefined || cost < least - 1e-12 * Math.max(1, Math.abs(least))) {
      least = cost
      best = first
    }
  }
  return best === undefined ? undefined : Array.from({ length: count }, (_, index) => best + index)
}
