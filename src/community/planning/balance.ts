// Prices of slots at which the wishes of all appliances and the production fit together, and a plan near them.

import { type Cluster, FEW } from './groups.ts'
import { scratchOf } from './least.ts'
import { type Placement, Placing } from './placing.ts'
import { improveTogether } from './together.ts'
import type { Choice, Village } from './village.ts'

export interface Balanced {
  /** The best plan met on the way. */
  placement: Placement
  /** What it costs, exactly, in kW·slots. */
  value: number
  /** Prices of the slots at the end. */
  prices: Float64Array
}

/** Price steps per kW of imbalance, of the mean flexible load: how hard prices answer. */
const ANSWER = 2
/** Beyond so many appliances, prices are first found for a part of them. */
const MANY = 12_000
const SAMPLE = 2_500
/** Rounds 1, 2, 4, 8, … in which members of groups are moved together: it takes long, and soon changes little. */
const isPowerOfTwo = (round: number): boolean => round > 0 && (round & (round - 1)) === 0
/** An appliance that has found its place is looked at less and less often, at least every so many rounds. */
const MOST_PATIENCE = 6

/**
 * The method of multipliers, appliance by appliance: the price of a slot rises with what it lacks, each appliance in turn takes its best place
 * at the prices as they are, and after each round the prices are the middle from which the next ones rise or fall. Where prices settle, they
 * prove a bound; the plan is whole at every moment.
 *
 * @param placing holds what must be in place before (members of groups); all others are placed
 * @param goOn asked after each round, with the best value so far, the prices and how many moved
 */
export function balance(
  placing: Placing,
  clusters: readonly Cluster[],
  order: Int32Array,
  random: () => number,
  goOn: (best: number, prices: Float64Array, round: number, moved: number) => boolean,
): Balanced {
  const { village, land } = placing
  const { choices } = village
  if (choices.length > MANY) land.price.set(pricesOfPart(village, random))
  land.rise = ANSWER / meanFlexible(village)
  const scratch = scratchOf(village)
  const patience = new Uint8Array(choices.length)
  const rest = new Uint8Array(choices.length)
  let best = Number.POSITIVE_INFINITY
  let placement = placing.keep()
  for (let round = 0; ; round++) {
    let moved = 0
    for (const index of order) {
      if (rest[index]! > 0) rest[index]!--
      else if (placing.improve(choices[index]!)) {
        moved++
        patience[index] = 0
      } else rest[index] = patience[index] = Math.min(MOST_PATIENCE, patience[index]! + 1)
    }
    if (isPowerOfTwo(round))
      for (const cluster of clusters) if (cluster.members.length <= FEW && improveTogether(placing, cluster, scratch)) moved++
    const value = land.value()
    if (value < best) {
      best = value
      placement = placing.keep()
    }
    land.settle()
    if (!goOn(best, land.price, round, moved)) break
  }
  return { placement, value: best, prices: land.price.slice() }
}

/** Prices for a part of a large village, with its share of the base and the production. */
function pricesOfPart(village: Village, random: () => number): Float64Array {
  const share = SAMPLE / village.choices.length
  const picked = shuffled(village.choices.length, random).subarray(0, SAMPLE)
  const part: Village = {
    ...village,
    net: village.net.map((value) => value * share),
    choices: Array.from(picked, (from, index) => ({ ...village.choices[from]!, index })),
    groups: [],
  }
  const placing = new Placing(part)
  return balance(placing, [], shuffled(SAMPLE, random), random, (_best, _prices, round) => round < 24).prices
}

/** 0 … count - 1 in some order. */
export function shuffled(count: number, random: () => number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index)
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const held = order[last]!
    order[last] = order[other]!
    order[other] = held
  }
  return order
}

/** kW that all flexible load takes in the mean. */
function meanFlexible({ choices, slots }: Village): number {
  let sum = 0
  for (const choice of choices) sum += powerSum(choice)
  return Math.max(sum / slots, 1e-6)
}

function powerSum(choice: Choice): number {
  if (choice.kind === 'run') return choice.powers.reduce((sum, power) => sum + power, 0)
  if (choice.kind === 'steps') return (choice.least + choice.most) / 2
  return choice.periods.reduce((sum, { from, to }) => sum + choice.more * (to - from), 0)
}
