// What no plan can cost less than: every appliance, or every group of them, for itself at the prices of slots (Lagrange).
import { leastCost, scratchOf } from './least.ts'
import { leastTogether } from './together.ts'
import type { Choice, Village, VillageGroup } from './village.ts'

/** Appliances that groups tie together; where not all have room, the bound holds whichever of them stay out, at the same weight. */
export interface Tied {
  members: readonly Choice[]
  groups: readonly VillageGroup[]
  /** Sets of members that may be what stays out: the empty one alone when all have room; undefined: any. */
  out: readonly (readonly Choice[])[] | undefined
}

/**
 * The bound that prices prove: no plan that leaves out the same weight of those that lack room costs less.
 *
 * @param prices of each slot, between `under` and `over`
 * @param load if given, takes the load at which the bound is reached (kW a slot): at any other prices the bound is at most `prices · load`
 * @returns kW·slots, as {@link Landscape.value}
 */
export function boundAt(village: Village, prices: Float64Array, tied: readonly Tied[], load?: Float64Array): number {
  let sum = 0
  for (let t = 0; t < village.slots; t++) sum += prices[t]! * village.net[t]!
  load?.set(village.net)
  const scratch = scratchOf(village)
  const isTied = new Set(tied.flatMap(({ members }) => members))
  for (const choice of village.choices) if (!isTied.has(choice)) sum += leastCost(choice, prices, scratch, load)
  for (const { members, groups, out } of tied) {
    const without = (set: readonly Choice[]): readonly Choice[] =>
      set.length === 0 ? members : members.filter((member) => !set.includes(member))
    if (out) {
      const costs = out.map((set) => (out.length === 1 ? 0 : leastTogether(without(set), groups, prices, scratch)))
      sum += leastTogether(without(out[costs.indexOf(Math.min(...costs))]!), groups, prices, scratch, load)
      continue
    }
    for (const member of members) if (leastCost(member, prices, scratch) < 0) sum += leastCost(member, prices, scratch, load)
  }
  return sum
}
