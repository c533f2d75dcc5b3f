// From a good plan to a better one at the exact costs: each appliance in turn, then a few at a time.
import type { Cluster } from './groups.ts'
import type { Placing, Spot } from './placing.ts'
import type { Choice } from './village.ts'

/** High enough that the rounded corner of the costs is nothing. */
const EXACT = 1e9

/** Moves appliances one by one until none gains, as long as `goOn` says of each pass. Makes the costs exact. */
export function descend(placing: Placing, order: Int32Array, goOn: (pass: number) => boolean): void {
  const { choices } = placing.village
  placing.land.rise = EXACT
  let moved = true
  for (let pass = 0; moved && goOn(pass); pass++) {
    moved = false
    for (const index of order) if (placing.isPlaced(index) && placing.improve(choices[index]!)) moved = true
  }
}

/**
 * Takes a few appliances out and puts them back one after the other, the first of them somewhere; what is not worse stays. Those of a group
 * are taken together now and then, and where some of them have to stay out, others may in their stead.
 *
 * @param goOn asked before each attempt, with the value so far in kW·slots and the attempts since it fell
 * @returns the value
 */
export function regroup(
  placing: Placing,
  clusters: readonly Cluster[],
  random: () => number,
  goOn: (value: number, idle: number) => boolean,
): number {
  const { village, land } = placing
  const inCluster = new Set(clusters.flatMap(({ leftOut, members }) => (leftOut[0]!.length > 0 ? members : [])))
  const free = village.choices.filter((choice) => !inCluster.has(choice))
  const any = (list: readonly Choice[]): Choice => list[Math.floor(random() * list.length)]!
  const pick = (): { out: readonly Choice[]; back: readonly Choice[] } => {
    if (clusters.length > 0 && (free.length === 0 || random() < 0.3)) {
      const { members, leftOut } = clusters[Math.floor(random() * clusters.length)]!
      const stays = leftOut[Math.floor(random() * leftOut.length)]!
      const taken = members.length > 8 ? [any(members), any(members), any(members)] : members
      const out = [...new Set(taken)]
      return {
        out,
        back: mixed(stays.length > 0 ? members.filter((member) => out.includes(member) && !stays.includes(member)) : out, random),
      }
    }
    const count = Math.min(free.length, 2 + Math.floor(random() * random() * 4))
    const out = new Set<Choice>()
    while (out.size < count) out.add(any(free))
    return { out: [...out], back: [...out] }
  }
  land.rise = EXACT
  let value = land.value()
  if (village.choices.length === 0) return value
  for (let idle = 0; goOn(value, idle); idle++) {
    const { out, back } = pick()
    const spots: (Spot | undefined)[] = out.map((choice) => (placing.isPlaced(choice.index) ? placing.spotOf(choice) : undefined))
    for (const choice of out) placing.remove(choice)
    for (const [position, choice] of back.entries())
      if (position === 0 && choice.kind === 'run') {
        const start = choice.firstStart + Math.floor(random() * (choice.lastStart - choice.firstStart + 1))
        if (placing.hasRoomAt(choice, start)) placing.putAt(choice, start)
        else placing.improve(choice)
      } else placing.improve(choice)
    const isWhole =
      out.length === back.length
        ? out.every((choice, at) => !spots[at] || placing.isPlaced(choice.index))
        : back.every(({ index }) => placing.isPlaced(index))
    const now = isWhole ? land.value() : Number.POSITIVE_INFINITY
    if (now <= value + 1e-9) {
      if (now < value - 1e-9) idle = 0
      value = Math.min(value, now)
      continue
    }
    for (const choice of out) placing.remove(choice)
    for (const [at, choice] of out.entries()) if (spots[at]) placing.put(choice, spots[at])
  }
  return value
}

function mixed<T>(list: readonly T[], random: () => number): T[] {
  const copy = [...list]
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    ;[copy[last], copy[other]] = [copy[other]!, copy[last]!]
  }
  return copy
}

/**
 * Among starts that cost the same: the one of the plan before, else the one that leaves the lowest peaks of import, else the earliest.
 *
 * @param previous starts by id
 */
export function settleTies(placing: Placing, order: Int32Array, previous: ReadonlyMap<string, number> | undefined): void {
  const { choices } = placing.village
  placing.land.rise = EXACT
  for (const index of order) {
    const choice = choices[index]!
    if (choice.kind === 'run' && placing.isPlaced(index)) placing.preferAmongEqual(choice, previous?.get(choice.id))
  }
}
