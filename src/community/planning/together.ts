// The members of a few groups together, within the limits of their groups: what they cost at least at prices, and where they go.
import { leastCost, type Scratch } from './least.ts'
import type { Placing } from './placing.ts'
import type { Choice, Run, VillageGroup } from './village.ts'

const EPSILON = 1e-9

interface Option {
  start: number
  cost: number
}

/**
 * A lower bound of what these cost together, adding its load to `load`: exact for runs and one other; several others are held against the
 * runs, not against each other.
 */
export function leastTogether(
  members: readonly Choice[],
  groups: readonly VillageGroup[],
  prices: Float64Array,
  scratch: Scratch,
  load?: Float64Array,
): number {
  const slots = prices.length
  const own = members.map(() => new Float64Array(slots))
  const alone = members.map((member, position) => leastCost(member, prices, scratch, own[position]!))
  const total = alone.reduce((sum, cost) => sum + cost, 0)
  const addOwn = (): void => {
    if (load) for (const one of own) for (let t = 0; t < slots; t++) load[t]! += one[t]!
  }
  const isWithin = groups.every(({ maxKw, members: inside }) => {
    for (let t = 0; t < slots; t++) {
      let sum = 0
      for (const [position, { index }] of members.entries()) if (inside.includes(index)) sum += own[position]![t]!
      if (sum > maxKw + EPSILON) return false
    }
    return true
  })
  if (isWithin) {
    addOwn()
    return total
  }
  const found = search(members, groups, alone, prices, scratch)
  if (!found) {
    addOwn()
    return total
  }
  if (load) for (let t = 0; t < slots; t++) load[t]! += found.load[t]!
  return found.cost
}

interface Found {
  cost: number
  load: Float64Array
  /** Where runs start. */
  starts: ReadonlyMap<Choice & Run, number>
}

function search(
  members: readonly Choice[],
  groups: readonly VillageGroup[],
  alone: readonly number[],
  prices: Float64Array,
  scratch: Scratch,
): Found | undefined {
  const slots = prices.length
  const room = groups.map(({ maxKw }) => new Float64Array(slots).fill(maxKw + EPSILON))
  const roomsOf = members.map(({ index }) => room.filter((_room, group) => groups[group]!.members.includes(index)))
  const runs = [...members.keys()].filter((position) => members[position]!.kind === 'run')
  const others = [...members.keys()].filter((position) => members[position]!.kind !== 'run')
  const options = runs.map((position) => optionsOf(members[position] as Choice & Run, prices))
  // What those after a position cost at least.
  const rest = new Float64Array(runs.length + 1)
  rest[runs.length] = others.reduce((sum, position) => sum + alone[position]!, 0)
  for (let at = runs.length - 1; at >= 0; at--) rest[at] = rest[at + 1]! + alone[runs[at]!]!
  const chosen = new Int32Array(runs.length)
  const limit = new Float64Array(slots)
  let best: Found | undefined
  let trials = 0
  const shift = (position: number, start: number, sign: number, into: readonly Float64Array[]): void => {
    const { powers, to } = members[position] as Choice & Run
    for (const one of into) for (let q = 0; q < powers.length && start + q < to; q++) one[start + q]! += sign * powers[q]!
  }
  const finish = (cost: number): void => {
    const load = new Float64Array(slots)
    let sum = cost
    for (const position of others) {
      limit.fill(Number.POSITIVE_INFINITY)
      for (const one of roomsOf[position]!) for (let t = 0; t < slots; t++) limit[t] = Math.min(limit[t]!, one[t]!)
      sum += leastCost(members[position]!, prices, scratch, load, limit)
    }
    if (best && sum >= best.cost) return
    for (const [at, position] of runs.entries()) shift(position, chosen[at]!, 1, [load])
    best = { cost: sum, load, starts: new Map(runs.map((position, at) => [members[position] as Choice & Run, chosen[at]!])) }
  }
  const walk = (at: number, cost: number): void => {
    if (at === runs.length) {
      finish(cost)
      return
    }
    const position = runs[at]!
    const { powers, to } = members[position] as Choice & Run
    for (const option of options[at]!) {
      if (best && cost + option.cost + rest[at + 1]! >= best.cost - EPSILON) return
      if (trials++ > scratch.trials) return
      const hasRoom = roomsOf[position]!.every((one) => {
        for (let q = 0; q < powers.length && option.start + q < to; q++) if (powers[q]! > one[option.start + q]!) return false
        return true
      })
      if (!hasRoom) continue
      chosen[at] = option.start
      shift(position, option.start, -1, roomsOf[position]!)
      walk(at + 1, cost + option.cost)
      shift(position, option.start, 1, roomsOf[position]!)
    }
  }
  walk(0, 0)
  return trials > scratch.trials || !best || best.cost === Number.POSITIVE_INFINITY ? undefined : best
}

/**
 * Moves the members of some groups at once: runs to their best starts together at the present prices, then the others where they have room.
 * Where some have to stay out, those whose absence saves most do. All stay as they are unless that costs less.
 *
 * @param leftOut sets of members one of which stays out
 */
export function improveTogether(
  placing: Placing,
  { members, leftOut, groups }: { members: readonly Choice[]; leftOut: readonly (readonly Choice[])[]; groups: readonly VillageGroup[] },
  scratch: Scratch,
): boolean {
  const { land } = placing
  const before = land.total()
  const present = members.filter(({ index }) => placing.isPlaced(index))
  const spots = present.map((member) => placing.spotOf(member))
  for (const member of present) placing.remove(member)
  const prices = new Float64Array(land.load.length)
  land.pricesInto(prices)
  const without = (out: readonly Choice[]): readonly Choice[] =>
    out.length === 0 ? members : members.filter((member) => !out.includes(member))
  const costs = leftOut.map((out) => (leftOut.length === 1 ? 0 : leastTogether(without(out), groups, prices, scratch)))
  const inside = without(leftOut[costs.indexOf(Math.min(...costs))]!)
  const alone = inside.map((member) => leastCost(member, prices, scratch))
  const found = search(inside, groups, alone, prices, scratch)
  if (found) {
    for (const [run, start] of found.starts) placing.putAt(run, start)
    for (const member of inside) if (member.kind !== 'run') placing.improve(member)
    if (inside.every(({ index }) => placing.isPlaced(index)) && land.total() < before - land.rise * EPSILON) return true
    for (const member of inside) placing.remove(member)
  }
  for (const [at, member] of present.entries()) placing.put(member, spots[at]!)
  return false
}

function optionsOf({ powers, firstStart, lastStart, to }: Run, prices: Float64Array): Option[] {
  const options: Option[] = []
  for (let start = firstStart; start <= lastStart; start++) {
    let cost = 0
    for (let q = 0; q < powers.length && start + q < to; q++) cost += powers[q]! * prices[start + q]!
    options.push({ start, cost })
  }
  return options.sort((a, b) => a.cost - b.cost)
}
