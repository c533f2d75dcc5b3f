// The cheapest way to take energy in any slots of a window at some levels, each slot and level with a cost of its own.

/** What is asked: costs by level and slot, bounds on the sum of powers, and how often it may go on. */
export interface StepsQuestion {
  slots: number
  /** kW, ascending. */
  levels: Float64Array
  /** Cost of level `i` in slot `t` at `[i · slots + t]`; Infinity where it may not be. */
  costs: Float64Array
  least: number
  most: number
  maxStarts: number
}
/** Best answer: `chosen[t]` is 0 for off, else 1 + the level's position. `bound` is a proven lower bound of `cost`. */
export interface StepsAnswer {
  cost: number
  bound: number
}

const EPSILON = 1e-6
/** Beyond so many states and slots the energy is priced instead of counted. */
const EXACT_MOST = 400_000

/** Answers into `chosen`; a cost of Infinity says that it cannot be done. */
export function bestSteps(question: StepsQuestion, chosen: Uint8Array): StepsAnswer {
  const { levels, maxStarts, slots } = question
  if (levels.length === 1 && maxStarts >= (slots + 1) / 2) return cheapestSlots(question, chosen)
  const unit = unitOf(levels)
  const starts = maxStarts >= (slots + 1) / 2 ? 0 : maxStarts
  const energies = unit > 0 ? mostEnergies(question, unit) : Number.POSITIVE_INFINITY
  if (energies * Math.max(1, 2 * starts) * slots * levels.length <= EXACT_MOST) return counted(question, unit, energies, starts, chosen)
  return priced(question, starts, chosen)
}

/** Sums of power that have to be counted, in units, from 0: where no slot costs less than nothing, none is taken beyond what must be. */
function mostEnergies({ levels, costs, slots, least, most }: StepsQuestion, unit: number): number {
  const greatest = Math.floor(most / unit + EPSILON) + 1
  for (let at = 0; at < levels.length * slots; at++) if (costs[at]! < 0) return greatest
  return Math.min(greatest, Math.ceil(least / unit - EPSILON) + Math.round(levels.at(-1)! / unit))
}

const order = new Uint16Array(10_000)

/** One level and any number of starts: the cheapest slots, as many as must be, and those that cost less than nothing. */
function cheapestSlots({ slots, levels, costs, least, most }: StepsQuestion, chosen: Uint8Array): StepsAnswer {
  const fewest = Math.max(0, Math.ceil(least / levels[0]! - EPSILON))
  const greatest = Math.floor(most / levels[0]! + EPSILON)
  chosen.fill(0, 0, slots)
  let sorted = 0
  for (let slot = 0; slot < slots; slot++) {
    const cost = costs[slot]!
    if (cost === Number.POSITIVE_INFINITY) continue
    let at = sorted++
    for (; at > 0 && costs[order[at - 1]!]! > cost; at--) order[at] = order[at - 1]!
    order[at] = slot
  }
  if (sorted < fewest) return NONE
  let cost = 0
  for (let taken = 0; taken < Math.min(sorted, greatest); taken++) {
    const slot = order[taken]!
    if (taken >= fewest && costs[slot]! >= 0) break
    chosen[slot] = 1
    cost += costs[slot]!
  }
  return { cost, bound: cost }
}

const NONE: StepsAnswer = { cost: Number.POSITIVE_INFINITY, bound: Number.POSITIVE_INFINITY }

let before = new Float64Array(0)
let after = new Float64Array(0)
let came = new Uint8Array(0)

/**
 * Exact, over (energy so far, starts so far, on or off). Came-from bytes hold the level chosen, and whether the slot before was on.
 * Without a limit of starts there is one state an energy.
 */
function counted(question: StepsQuestion, unit: number, energies: number, starts: number, chosen: Uint8Array): StepsAnswer {
  const { slots, levels, costs } = question
  const layers = starts === 0 ? 1 : 2 * starts + 1
  const states = energies * layers
  if (before.length < states) {
    before = new Float64Array(states)
    after = new Float64Array(states)
  }
  if (came.length < states * slots) came = new Uint8Array(states * slots)
  const strides = Array.from(levels, (level) => Math.round(level / unit))
  const longest = strides.at(-1)!
  const fewest = Math.max(0, Math.ceil(question.least / unit - EPSILON))
  before.fill(Number.POSITIVE_INFINITY, 0, states)
  before[0] = 0
  // Layer 0: never on; odd layers: on for the ((layer + 1) / 2)th time; even ones: off again.
  for (let slot = 0; slot < slots; slot++) {
    after.fill(Number.POSITIVE_INFINITY, 0, states)
    const row = slot * states
    // Sums that can be there by now, and from which there is still enough to come.
    const highest = Math.min(energies - 1, slot * longest)
    const lowest = Math.max(0, fewest - (slots - slot) * longest)
    for (let layer = 0; layer < layers; layer++) {
      const isOn = layer % 2 === 1
      const offLayer = isOn ? layer + 1 : layer
      const onLayer = starts === 0 || isOn ? layer : layer + 1
      for (let energy = lowest; energy <= highest; energy++) {
        const cost = before[layer * energies + energy]!
        if (cost === Number.POSITIVE_INFINITY) continue
        const off = (offLayer < layers ? offLayer : layer) * energies + energy
        if (cost < after[off]!) {
          after[off] = cost
          came[row + off] = isOn ? 128 : 0
        }
        if (onLayer >= layers) continue
        for (let level = 0; level < strides.length; level++) {
          const to = energy + strides[level]!
          const dearer = cost + costs[level * slots + slot]!
          if (to >= energies || !(dearer < after[onLayer * energies + to]!)) continue
          after[onLayer * energies + to] = dearer
          came[row + onLayer * energies + to] = (level + 1) | (isOn ? 128 : 0)
        }
      }
    }
    ;[before, after] = [after, before]
  }
  let best = -1
  for (let layer = 0; layer < layers; layer++)
    for (let energy = fewest; energy < energies; energy++) {
      const state = layer * energies + energy
      if (before[state]! < (best < 0 ? Number.POSITIVE_INFINITY : before[best]!)) best = state
    }
  if (best < 0) return NONE
  const cost = before[best]!
  for (let slot = slots - 1, state = best; slot >= 0; slot--) {
    const how = came[slot * states + state]!
    const level = how & 127
    chosen[slot] = level
    let layer = Math.floor(state / energies)
    const energy = (state % energies) - (level > 0 ? strides[level - 1]! : 0)
    if (starts > 0) {
      const wasOn = how >= 128
      if (level > 0 && !wasOn) layer -= 1
      if (level === 0 && wasOn) layer -= 1
    }
    state = layer * energies + energy
  }
  return { cost, bound: cost }
}

/**
 * With a price on energy instead of a count: the price at which what is chosen holds just enough. What is chosen there is allowed and near the
 * best; the value of the question with that price is the bound.
 */
function priced(question: StepsQuestion, starts: number, chosen: Uint8Array): StepsAnswer {
  const { slots, least, most } = question
  const trial = new Uint8Array(slots)
  let answer = NONE
  let bound = Number.NEGATIVE_INFINITY
  const tryAt = (reward: number): number => {
    const value = atReward(question, starts, reward, trial)
    let power = 0
    for (let slot = 0; slot < slots; slot++) if (trial[slot]! > 0) power += question.levels[trial[slot]! - 1]!
    bound = Math.max(bound, value + (reward >= 0 ? reward * least : reward * most))
    if (power >= least - EPSILON && power <= most + EPSILON) {
      let cost = 0
      for (let slot = 0; slot < slots; slot++) if (trial[slot]! > 0) cost += question.costs[(trial[slot]! - 1) * slots + slot]!
      if (cost < answer.cost) {
        answer = { cost, bound: cost }
        chosen.set(trial)
      }
    }
    return power
  }
  const free = tryAt(0)
  if (free >= least - EPSILON && free <= most + EPSILON) return { ...answer, bound }
  const sign = free < least ? 1 : -1
  let [low, high] = [0, 1]
  const isPast = (power: number): boolean => (sign > 0 ? power >= least - EPSILON : power <= most + EPSILON)
  for (let doubled = 0; doubled < 60 && !isPast(tryAt(sign * high)); doubled++) high *= 2
  for (let halved = 0; halved < 40 && high - low > 1e-9 * high; halved++) {
    const middle = (low + high) / 2
    if (isPast(tryAt(sign * middle))) high = middle
    else low = middle
  }
  if (answer.cost === Number.POSITIVE_INFINITY && !block(question, chosen)) return { ...answer, bound }
  if (answer.cost === Number.POSITIVE_INFINITY) {
    let cost = 0
    for (let slot = 0; slot < slots; slot++) if (chosen[slot]! > 0) cost += question.costs[(chosen[slot]! - 1) * slots + slot]!
    answer = { cost, bound: cost }
  }
  return { cost: answer.cost, bound: Math.min(bound, answer.cost) }
}

/** Least of costs less `reward` per kW, with at most `starts` starts (0: any). Returns that value. */
function atReward({ slots, levels, costs }: StepsQuestion, starts: number, reward: number, trial: Uint8Array): number {
  const best = new Float64Array(slots)
  const which = new Uint8Array(slots)
  for (let slot = 0; slot < slots; slot++) {
    best[slot] = Number.POSITIVE_INFINITY
    for (let level = 0; level < levels.length; level++) {
      const cost = costs[level * slots + slot]! - reward * levels[level]!
      if (cost < best[slot]!) {
        best[slot] = cost
        which[slot] = level + 1
      }
    }
  }
  trial.fill(0)
  if (starts === 0) {
    let sum = 0
    for (let slot = 0; slot < slots; slot++)
      if (best[slot]! < 0) {
        trial[slot] = which[slot]!
        sum += best[slot]!
      }
    return sum
  }
  const layers = 2 * starts + 1
  let now = new Float64Array(layers).fill(Number.POSITIVE_INFINITY)
  now[0] = 0
  const stayed = new Uint8Array(layers * slots)
  for (let slot = 0; slot < slots; slot++) {
    const next = new Float64Array(layers).fill(Number.POSITIVE_INFINITY)
    for (let layer = 0; layer < layers; layer++) {
      const stay = now[layer]!
      const step = layer > 0 ? now[layer - 1]! : Number.POSITIVE_INFINITY
      const from = Math.min(stay, step)
      stayed[slot * layers + layer] = stay <= step ? 1 : 0
      next[layer] = from + (layer % 2 === 1 ? best[slot]! : 0)
    }
    now = next
  }
  let layer = 0
  for (let one = 1; one < layers; one++) if (now[one]! < now[layer]!) layer = one
  const value = now[layer]!
  for (let slot = slots - 1; slot >= 0; slot--) {
    if (layer % 2 === 1) trial[slot] = which[slot]!
    if (stayed[slot * layers + layer] === 0) layer--
  }
  return value
}

/** One block at the highest level that is allowed in each slot, or nothing. */
function block({ slots, levels, costs, least, most }: StepsQuestion, chosen: Uint8Array): boolean {
  for (let from = 0; from < slots; from++) {
    chosen.fill(0, 0, slots)
    let power = 0
    for (let slot = from; slot < slots && power < least - EPSILON; slot++) {
      let level = levels.length - 1
      while (level >= 0 && (costs[level * slots + slot] === Number.POSITIVE_INFINITY || power + levels[level]! > most + EPSILON)) level--
      if (level < 0) break
      chosen[slot] = level + 1
      power += levels[level]!
    }
    if (power >= least - EPSILON) return true
  }
  return false
}

const units = new Map<string, number>()
/** The greatest power in whole watts that all levels are multiples of; 0 when there is none. */
function unitOf(levels: Float64Array): number {
  const key = levels.join()
  const known = units.get(key)
  if (known !== undefined) return known
  const watts = Array.from(levels, (level) => Math.round(level * 1000))
  const isWhole = watts.every((watt, index) => watt > 0 && Math.abs(watt / 1000 - levels[index]!) < 1e-9)
  const unit = isWhole ? watts.reduce(greatestDivisor) / 1000 : 0
  units.set(key, unit)
  return unit
}
const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b))
