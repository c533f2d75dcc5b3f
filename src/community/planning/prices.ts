// Better prices for a better bound: a proximal bundle method, over the loads that earlier prices led to.
import { boundAt, type Tied } from './bound.ts'
import type { Village } from './village.ts'

/** The best bound so far, and the prices that prove it. */
export class Proof {
  bound = Number.NEGATIVE_INFINITY
  prices: Float64Array
  private readonly village: Village
  private readonly tied: readonly Tied[]

  constructor(village: Village, tied: readonly Tied[]) {
    this.village = village
    this.tied = tied
    this.prices = village.over.slice()
  }

  /** What these prices prove, if it is more. */
  tryAt(prices: Float64Array): void {
    const bound = boundAt(this.village, prices, this.tied)
    if (bound <= this.bound) return
    this.bound = bound
    this.prices = prices.slice()
  }

  /** How far a value is above the bound, as a share of it. */
  gapTo(value: number): number {
    const above = value - this.bound
    return Math.abs(value) < 1e-6 ? Math.max(0, above) : above / Math.abs(value)
  }

  /** Looks for better prices than the best so far, as long as `goOn` says. */
  raise(value: number, goOn: (gap: number, trials: number) => boolean): void {
    const { village, tied } = this
    const prices = this.prices.slice()
    const at: BoundAt = (trial, load) => boundAt(village, trial, tied, load)
    this.bound = raiseBound(prices, village, value, at, (bound, trials) => {
      this.bound = bound
      return goOn(this.gapTo(value), trials)
    })
    this.prices = prices
  }
}

/** The bound at prices; writes the load it is reached at. */
type BoundAt = (prices: Float64Array, load: Float64Array) => number

const MOST_CUTS = 60

/**
 * Raises a bound. The bound is concave in the prices, and each load that was best once says that it is nowhere above `prices · load`. So many
 * such loads make a model of it, whose best point near the best prices so far is tried next.
 *
 * @param prices to begin at; holds the best ones at the end
 * @param value that the bound cannot pass: how far away it is says how far to step at first
 * @param goOn asked before each trial
 * @returns the bound
 */
function raiseBound(
  prices: Float64Array,
  { under, over }: { under: Float64Array; over: Float64Array },
  value: number,
  boundAt: BoundAt,
  goOn: (bound: number, trials: number) => boolean,
): number {
  const slots = prices.length
  const cuts: Float64Array[] = []
  const shares: number[] = []
  const trial = new Float64Array(slots)
  let load: Float64Array = new Float64Array(slots)
  let bound = boundAt(prices, load)
  const add = (cut: Float64Array): void => {
    if (cuts.length === MOST_CUTS) {
      let least = 0
      for (let index = 1; index < cuts.length; index++) if (shares[index]! < shares[least]!) least = index
      cuts.splice(least, 1)
      shares.splice(least, 1)
    }
    cuts.push(cut)
    shares.push(0)
  }
  add(load)
  let step = (value - bound) / freeSquare(prices, load, under, over)
  if (!(step > 0)) return bound
  for (let trials = 0; goOn(bound, trials); trials++) {
    const promised = nearBest(prices, { under, over }, cuts, shares, step, trial)
    if (promised - bound <= 1e-10 * Math.max(1, Math.abs(bound))) {
      if (step > 1e6) break
      step *= 10
      continue
    }
    load = new Float64Array(slots)
    const found = boundAt(trial, load)
    add(load)
    const share = (found - bound) / (promised - bound)
    if (share > 0.5) step *= 2
    else if (share < 0.1) step *= 0.7
    if (share > 0) {
      bound = found
      prices.set(trial)
    }
  }
  return bound
}

/** The square of what is lacking where the price may answer. */
function freeSquare(prices: Float64Array, load: Float64Array, under: Float64Array, over: Float64Array): number {
  let sum = 0
  for (let t = 0; t < prices.length; t++) if (load[t]! > 0 ? prices[t]! < over[t]! : prices[t]! > under[t]!) sum += load[t]! * load[t]!
  return Math.max(sum, 1e-12)
}

/**
 * The point that maximises `min over cuts (λ · cut) - |λ - centre|² / 2 step` between `under` and `over`: by its dual, shares of the cuts that
 * sum to 1, in which two at a time are traded until none can gain.
 *
 * @returns what the model promises there
 */
function nearBest(
  centre: Float64Array,
  { under, over }: { under: Float64Array; over: Float64Array },
  cuts: readonly Float64Array[],
  shares: number[],
  step: number,
  into: Float64Array,
): number {
  const slots = centre.length
  let total = 0
  for (const share of shares) total += share
  if (total <= 0) shares[shares.length - 1] = 1
  const mixed = new Float64Array(slots)
  for (const [index, cut] of cuts.entries()) if (shares[index]! > 0) for (let t = 0; t < slots; t++) mixed[t]! += shares[index]! * cut[t]!
  const settle = (): void => {
    for (let t = 0; t < slots; t++) into[t] = Math.min(Math.max(centre[t]! + step * mixed[t]!, under[t]!), over[t]!)
  }
  settle()
  const values = new Float64Array(cuts.length)
  let promised = Number.NEGATIVE_INFINITY
  for (let round = 0; round < 300; round++) {
    let low = 0
    let high = -1
    for (const [index, cut] of cuts.entries()) {
      let value = 0
      for (let t = 0; t < slots; t++) value += into[t]! * cut[t]!
      values[index] = value
      if (value < values[low]!) low = index
      if (shares[index]! > 1e-12 && (high < 0 || value > values[high]!)) high = index
    }
    promised = values[low]!
    const excess = high < 0 ? 0 : values[high]! - values[low]!
    if (excess <= 1e-9 * Math.max(1, Math.abs(promised))) break
    // Moving share from `high` to `low`: curvature is that of the slots that are not held at an end.
    let curve = 0
    for (let t = 0; t < slots; t++) {
      if (into[t]! <= under[t]! || into[t]! >= over[t]!) continue
      const way = cuts[low]![t]! - cuts[high]![t]!
      curve += step * way * way
    }
    const moved = Math.min(shares[high]!, curve > 0 ? excess / curve : shares[high]!)
    shares[high]! -= moved
    shares[low]! += moved
    for (let t = 0; t < slots; t++) mixed[t]! += moved * (cuts[low]![t]! - cuts[high]![t]!)
    settle()
  }
  return promised
}
