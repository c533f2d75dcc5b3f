// From a village to its plan with proof: balance, bound, polish, in the time there is.
import { balance, shuffled } from './balance.ts'
import { settleGroups } from './groups.ts'
import { NOWHERE, Placing } from './placing.ts'
import { descend, regroup, settleTies } from './polish.ts'
import { Proof } from './prices.ts'
import type { Choice, Village } from './village.ts'

export interface SolveOptions {
  /** Milliseconds from now in which the answer should be there; a plan comes in any case. */
  milliseconds: number
  /** The same seed leads to the same plan, unless time cuts in. */
  seed?: number
  /** Where a run started in the plan before, by id: kept where it costs nothing. */
  previous?: ReadonlyMap<string, number>
}

export interface Solved {
  placing: Placing
  /** kW·slots, exact. */
  value: number
  /** Proven, over all plans that leave out the same weight. */
  bound: number
  /** That prove it: what one more kWh in each slot costs. */
  prices: Float64Array
  leftOut: readonly Choice[]
  status: 'optimal' | 'feasible' | 'timeout'
  milliseconds: number
}

/** How much is done for a village of some size: rounds of balancing, passes of single moves, trials of prices, attempts without gain, and when it is good enough. */
interface Effort {
  rounds: number
  passes: number
  trials: number
  attempts: number
  goodGap: number
}
/** A gap below which nothing is left to find. */
const OPTIMAL = 1e-6

const effortFor = (count: number): Effort =>
  count <= 300
    ? { rounds: 40, passes: 100, trials: 80, attempts: Math.min(20_000, 1_000 + 200 * count), goodGap: OPTIMAL }
    : count <= 3_000
      ? { rounds: 32, passes: 20, trials: 40, attempts: 6_000, goodGap: 5e-5 }
      : { rounds: 60, passes: 1, trials: 4, attempts: 500, goodGap: 1e-4 }

/** Plans a village. */
export function solveVillage(village: Village, { milliseconds, seed = 1, previous }: SolveOptions): Solved {
  const begin = performance.now()
  const isLate = (share: number): boolean => performance.now() - begin > milliseconds * share
  const { choices } = village
  const effort = effortFor(choices.length)
  const random = seededRandom(seed)
  const placing = new Placing(village)
  const clusters = settleGroups(placing)
  const out = new Set(clusters.flatMap(({ leftOut: [first] }) => first!))
  const order = shuffled(choices.length, random).filter((index) => !out.has(choices[index]!))
  const proof = new Proof(
    village,
    clusters.map(({ tied }) => tied),
  )

  const {
    placement,
    value: balanced,
    prices,
  } = balance(placing, clusters, order, random, (best, present, round) => {
    if (isLate(0.4) || round >= effort.rounds) return false
    if (round < 4 || round % 4 > 0) return true
    proof.tryAt(present)
    return proof.gapTo(best) > effort.goodGap
  })
  proof.tryAt(prices)
  if (proof.gapTo(balanced) > effort.goodGap)
    proof.raise(balanced, (gap, trials) => gap > effort.goodGap && trials < effort.trials && !isLate(0.6))

  placing.restore(placement)
  descend(placing, order, (pass) => pass < effort.passes && proof.gapTo(placing.land.value()) > OPTIMAL && !isLate(0.7))
  regroup(placing, clusters, random, (now, idle) => proof.gapTo(now) > effort.goodGap && idle < effort.attempts && !isLate(0.8))
  if (!isLate(0.8)) settleTies(placing, order, previous)
  const value = placing.land.value()
  const bound = Math.min(proof.bound, value)
  return {
    placing,
    value,
    bound,
    prices: proof.prices,
    leftOut: choices.filter(({ index }) => placing.starts[index] === NOWHERE),
    status: proof.gapTo(value) <= OPTIMAL ? 'optimal' : isLate(0.8) ? 'timeout' : 'feasible',
    milliseconds: performance.now() - begin,
  }
}

/** Numbers in [0, 1) that a seed repeats. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}
