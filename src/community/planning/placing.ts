// Where every appliance stands, the load that follows, and the best place of one of them among all others.
import { bestHeat } from './heat.ts'
import { Landscape } from './landscape.ts'
import { bestSteps } from './steps.ts'
import type { Choice, Heat, Run, Steps, Village } from './village.ts'

/** Not placed. */
export const NOWHERE = -1
/** Of a choice that is spread over slots and not one start. */
export const SPREAD = 0
const EPSILON = 1e-9

/** A copy of where everything stands, to come back to. */
export interface Placement {
  starts: Int32Array
  spread: Uint8Array
}

/**
 * The state of a search. `starts[i]` is the start slot of a run, or `NOWHERE`; of the other kinds it is `SPREAD` when placed, and their slots
 * lie in `spread`: the level (0 off) of each slot of a window, or 1 for comfort in each slot of the horizon.
 */
export class Placing {
  readonly village: Village
  readonly land: Landscape
  readonly starts: Int32Array
  readonly spread: Uint8Array
  /** Room that each group has left in each slot, in kW. */
  readonly room: readonly Float64Array[]
  private readonly offsets: Int32Array
  private readonly groupsOf: readonly (readonly number[])[]
  private readonly flat: Float64Array
  private readonly free: Float64Array
  private readonly costs: Float64Array
  private readonly chosen: Uint8Array

  constructor(village: Village) {
    const { choices, slots } = village
    this.village = village
    this.land = new Landscape(village.net, village.under, village.over)
    this.starts = new Int32Array(choices.length).fill(NOWHERE)
    this.offsets = new Int32Array(choices.length)
    let size = 0
    let most = slots
    for (const choice of choices) {
      this.offsets[choice.index] = size
      if (choice.kind === 'steps') {
        size += choice.to - choice.from
        most = Math.max(most, choice.levels.length * slots)
      } else if (choice.kind === 'heat') size += slots
    }
    this.spread = new Uint8Array(size)
    this.room = village.groups.map(({ maxKw }) => new Float64Array(slots).fill(maxKw))
    const groupsOf: number[][] = choices.map(() => NO_GROUPS)
    for (const [group, { members }] of village.groups.entries())
      for (const member of members) groupsOf[member] = [...groupsOf[member]!, group]
    this.groupsOf = groupsOf
    this.flat = new Float64Array(slots + 1)
    this.free = new Float64Array(slots)
    this.costs = new Float64Array(most)
    this.chosen = new Uint8Array(slots)
  }

  isPlaced(index: number): boolean {
    return this.starts[index] !== NOWHERE
  }

  groupsWith(index: number): readonly number[] {
    return this.groupsOf[index]!
  }

  /** Slots of a spread choice: levels of its window, or comfort of the horizon. */
  slotsOf(choice: Steps | Heat, index: number): Uint8Array {
    const at = this.offsets[index]!
    return this.spread.subarray(at, at + (choice.kind === 'steps' ? choice.to - choice.from : this.village.slots))
  }

  /** Calls with each slot and power of a placed choice. */
  eachPower(choice: Choice, use: (slot: number, power: number) => void): void {
    const start = this.starts[choice.index]!
    if (start === NOWHERE) return
    if (choice.kind === 'run') {
      const length = Math.min(choice.powers.length, choice.to - start)
      for (let q = 0; q < length; q++) use(start + q, choice.powers[q]!)
    } else if (choice.kind === 'steps') {
      const slots = this.slotsOf(choice, choice.index)
      for (let t = 0; t < slots.length; t++) if (slots[t]! > 0) use(choice.from + t, choice.levels[slots[t]! - 1]!)
    } else {
      const comfort = this.slotsOf(choice, choice.index)
      for (let slot = 0; slot < comfort.length; slot++) use(slot, choice.eco + (comfort[slot]! > 0 ? choice.more : 0))
    }
  }

  /** Adds (`sign` 1) or takes away (-1) the load of a placed choice. */
  private shift(choice: Choice, sign: number): void {
    const { load } = this.land
    const groups = this.groupsOf[choice.index]!
    if (choice.kind === 'run' && groups.length === 0) {
      const start = this.starts[choice.index]!
      const { powers } = choice
      const length = Math.min(powers.length, choice.to - start)
      for (let q = 0; q < length; q++) load[start + q]! += sign * powers[q]!
      return
    }
    this.eachPower(choice, (slot, power) => {
      load[slot]! += sign * power
      for (const group of groups) this.room[group]![slot]! -= sign * power
    })
  }

  /** Takes a choice out. */
  remove(choice: Choice): void {
    if (this.starts[choice.index] === NOWHERE) return
    this.shift(choice, -1)
    this.starts[choice.index] = NOWHERE
  }

  /** Puts a run at a start. */
  putAt(choice: Choice & Run, start: number): void {
    this.remove(choice)
    this.starts[choice.index] = start
    this.shift(choice, 1)
  }

  /** Whether the groups of a run that is out have room for it at a start. */
  hasRoomAt({ index, powers, to }: Choice & Run, start: number): boolean {
    for (const group of this.groupsOf[index]!)
      for (let q = 0; q < powers.length && start + q < to; q++) if (powers[q]! > this.room[group]![start + q]! + EPSILON) return false
    return true
  }

  /** Puts a choice that is out where a `Spot` says. */
  put(choice: Choice, spot: Spot): void {
    this.starts[choice.index] = spot.start
    if (choice.kind !== 'run') this.slotsOf(choice, choice.index).set(spot.slots!)
    this.shift(choice, 1)
  }

  /** Power that may be used in each slot by a choice that is out, for its groups; undefined without groups. */
  private limitOf(choice: Choice): Float64Array | undefined {
    const groups = this.groupsOf[choice.index]!
    if (groups.length === 0) return undefined
    const { free } = this
    free.set(this.room[groups[0]!]!)
    for (const group of groups.slice(1)) for (let t = 0; t < free.length; t++) free[t] = Math.min(free[t]!, this.room[group]![t]!)
    for (let t = 0; t < free.length; t++) free[t]! += EPSILON
    return free
  }

  /**
   * Moves a choice to where it costs least, all others as they are; stays where it is unless that is better.
   *
   * @returns whether it moved; a choice that is out and has no room stays out
   */
  improve(choice: Choice): boolean {
    return choice.kind === 'run' ? this.improveRun(choice) : this.improveSpread(choice)
  }

  private improveRun(choice: Choice & Run): boolean {
    const { index, powers, firstStart, lastStart, to } = choice
    const { load, price, under, over, rise } = this.land
    const before = this.starts[index]!
    if (before !== NOWHERE && firstStart === lastStart) return false
    if (before !== NOWHERE) this.shift(choice, -1)
    const { flat } = this
    const limit = this.limitOf(choice)
    const slack = rise * EPSILON
    let best = Number.POSITIVE_INFINITY
    let start = NOWHERE
    let present = Number.POSITIVE_INFINITY
    if (choice.uniform) {
      const power = powers[0]!
      let sum = 0
      const end = Math.min(to, lastStart + powers.length)
      for (let t = firstStart; t < end; t++) {
        flat[t] = sum
        const at = price[t]! + rise * load[t]!
        const held = Math.min(Math.max(at, under[t]!), over[t]!)
        const then = at + rise * power
        const heldThen = Math.min(Math.max(then, under[t]!), over[t]!)
        sum += limit && power > limit[t]! ? Number.POSITIVE_INFINITY : heldThen * (then - heldThen / 2) - held * (at - held / 2)
      }
      flat[end] = sum
      for (let k = firstStart; k <= lastStart; k++) {
        const stop = Math.min(end, k + powers.length)
        const cost = sum === Number.POSITIVE_INFINITY ? this.flatFrom(k, stop, power, limit!) : flat[stop]! - flat[k]!
        if (k === before) present = cost
        if (cost < best) {
          best = cost
          start = k
        }
      }
    } else {
      let sum = 0
      const end = Math.min(to, lastStart + powers.length)
      for (let t = firstStart; t < end; t++) {
        flat[t] = sum
        const at = price[t]! + rise * load[t]!
        const held = Math.min(Math.max(at, under[t]!), over[t]!)
        sum += held * (at - held / 2)
      }
      flat[end] = sum
      for (let k = firstStart; k <= lastStart; k++) {
        const length = Math.min(powers.length, end - k)
        let cost = flat[k]! - flat[k + length]!
        for (let q = 0; q < length; q++) {
          const t = k + q
          const power = powers[q]!
          const at = price[t]! + rise * (load[t]! + power)
          const held = Math.min(Math.max(at, under[t]!), over[t]!)
          cost += limit && power > limit[t]! ? Number.POSITIVE_INFINITY : held * (at - held / 2)
        }
        if (k === before) present = cost
        if (cost < best) {
          best = cost
          start = k
        }
      }
    }
    if (before !== NOWHERE && !(best < present - slack)) start = before
    this.starts[index] = start
    if (start !== NOWHERE) this.shift(choice, 1)
    return start !== before
  }

  /**
   * Among the starts of a run that cost no more than where it is: `wanted` if it is one, else where squares of the load grow least, else the
   * earliest.
   */
  preferAmongEqual(choice: Choice & Run, wanted: number | undefined): void {
    const { land } = this
    const before = this.starts[choice.index]!
    this.remove(choice)
    const slack = land.rise * EPSILON
    const costAt = (start: number): { cost: number; squares: number } => {
      let [cost, squares] = [0, 0]
      for (let q = 0; q < choice.powers.length && start + q < choice.to; q++) {
        const power = choice.powers[q]!
        cost += land.cost(start + q, power) - land.cost(start + q, 0)
        squares += Math.max(0, land.load[start + q]! + power) ** 2 - Math.max(0, land.load[start + q]!) ** 2
      }
      return { cost, squares }
    }
    const present = costAt(before)
    let [best, squares] = [before, present.squares]
    for (let start = choice.firstStart; start <= choice.lastStart; start++) {
      if (start === before && wanted !== before) continue
      const at = costAt(start)
      if (at.cost > present.cost + slack || !this.hasRoomAt(choice, start)) continue
      if (start === wanted) {
        best = start
        break
      }
      if (at.squares < squares - EPSILON || (at.squares < squares + EPSILON && start < best)) {
        best = start
        squares = at.squares
      }
    }
    this.putAt(choice, best)
  }

  /** The cost of a uniform run where some slot has no room. */
  private flatFrom(from: number, to: number, power: number, limit: Float64Array): number {
    let sum = 0
    for (let t = from; t < to; t++) sum += power > limit[t]! ? Number.POSITIVE_INFINITY : this.land.cost(t, power) - this.land.cost(t, 0)
    return sum
  }

  private improveSpread(choice: Choice & (Steps | Heat)): boolean {
    const { index } = choice
    const wasPlaced = this.isPlaced(index)
    if (wasPlaced) this.shift(choice, -1)
    const kept = this.slotsOf(choice, index)
    const present = wasPlaced ? this.spreadCost(choice, kept) : Number.POSITIVE_INFINITY
    const cost = this.bestSpread(choice)
    const moves = cost < present - this.land.rise * EPSILON
    if (moves) {
      kept.set(this.chosen.subarray(0, kept.length))
      this.starts[index] = SPREAD
    }
    if (moves || wasPlaced) this.shift(choice, 1)
    return moves
  }

  private spreadCost(choice: Steps | Heat, slots: Uint8Array): number {
    const { land } = this
    let sum = 0
    if (choice.kind === 'steps') {
      for (let t = 0; t < slots.length; t++)
        if (slots[t]! > 0) sum += land.cost(choice.from + t, choice.levels[slots[t]! - 1]!) - land.cost(choice.from + t, 0)
    } else
      for (const { from, to } of choice.periods)
        for (let t = from; t < to; t++) if (slots[t]! > 0) sum += land.cost(t, choice.eco + choice.more) - land.cost(t, choice.eco)
    return sum
  }

  /** The best slots for a spread choice that is out, into `chosen`; Infinity when there is no room. Costs of eco are left out. */
  private bestSpread(choice: Choice & (Steps | Heat)): number {
    const { land, costs, chosen } = this
    const limit = this.limitOf(choice)
    if (choice.kind === 'steps') {
      const { from, to, levels, least, most, maxStarts } = choice
      const slots = to - from
      for (let t = 0; t < slots; t++) {
        const idle = land.cost(from + t, 0)
        for (let level = 0; level < levels.length; level++)
          costs[level * slots + t] =
            limit && levels[level]! > limit[from + t]! ? Number.POSITIVE_INFINITY : land.cost(from + t, levels[level]!) - idle
      }
      return bestSteps({ slots, levels, costs, least, most, maxStarts }, chosen).cost
    }
    const { periods, eco, more, sliding, slidingEco } = choice
    if (limit?.some((room) => eco > room)) return Number.POSITIVE_INFINITY
    chosen.fill(0)
    let sum = 0
    for (const { from, to, mostEco } of periods) {
      const slots = to - from
      for (let t = 0; t < slots; t++)
        costs[t] =
          limit && eco + more > limit[from + t]! ? Number.POSITIVE_INFINITY : land.cost(from + t, eco + more) - land.cost(from + t, eco)
      sum += bestHeat({ slots, costs, mostEco, sliding, slidingEco }, chosen.subarray(from, to))
    }
    return sum
  }

  /** A copy of the place of one choice. */
  spotOf(choice: Choice): Spot {
    const start = this.starts[choice.index]!
    return choice.kind === 'run' ? { start } : { start, slots: this.slotsOf(choice, choice.index).slice() }
  }

  keep(): Placement {
    return { starts: this.starts.slice(), spread: this.spread.slice() }
  }

  /** Comes back to a copy. */
  restore({ starts, spread }: Placement): void {
    this.starts.set(starts)
    this.spread.set(spread)
    this.land.load.set(this.village.net)
    for (const [group, { maxKw }] of this.village.groups.entries()) this.room[group]!.fill(maxKw)
    for (const choice of this.village.choices) if (this.starts[choice.index] !== NOWHERE) this.shift(choice, 1)
  }
}

/** Where one choice stands. */
export interface Spot {
  start: number
  slots?: Uint8Array
}

const NO_GROUPS: number[] = []
