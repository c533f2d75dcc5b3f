// Groups that may not take more than so much together: who has room in them, and who has to be left out when not all have.
import type { Tied } from './bound.ts'
import { NOWHERE, Placing, type Spot } from './placing.ts'
import type { Choice, Village, VillageGroup } from './village.ts'

/** Appliances that share groups, directly or by others. */
export interface Cluster {
  members: readonly Choice[]
  groups: readonly VillageGroup[]
  /** Sets of members, of the same least weight, one of which has to stay out; the empty set when all have room. */
  leftOut: readonly (readonly Choice[])[]
  /** What the bound has to reckon with. */
  tied: Tied
}

/** Beyond so many members, who stays out is found by putting in as many as have room. */
export const FEW = 8
/** Steps of a search for room for all members at once. */
const MOST_TRIALS = 20_000

/** Members and groups of each cluster of a village. */
function clustersOf({ choices, groups }: Village): { members: Choice[]; groups: VillageGroup[] }[] {
  const root = new Map<number, number>()
  const find = (index: number): number => {
    const up = root.get(index) ?? index
    if (up === index) return index
    const top = find(up)
    root.set(index, top)
    return top
  }
  for (const { members } of groups) for (const member of members) root.set(find(member), find(members[0]!))
  const clusters = new Map<number, { members: Choice[]; groups: VillageGroup[] }>()
  for (const index of new Set(groups.flatMap(({ members }) => members))) {
    const top = find(index)
    const cluster = clusters.get(top) ?? { members: [], groups: [] }
    clusters.set(top, cluster)
    cluster.members.push(choices[index]!)
  }
  for (const group of groups) if (group.members.length > 0) clusters.get(find(group.members[0]!))!.groups.push(group)
  return [...clusters.values()]
}

/**
 * Puts the members of all groups somewhere they have room, leaving out the least weight. What a group holds afterwards stays placed;
 * where it stands is only a beginning. Who has room does not depend on what is minimised, so all is sought where energy costs something.
 */
export function settleGroups(into: Placing): Cluster[] {
  const { village } = into
  if (village.groups.length === 0) return []
  const placing = new Placing({ ...village, under: new Float64Array(village.slots), over: new Float64Array(village.slots).fill(1) })
  const clusters = clustersOf(village).map(({ members, groups }) => {
    if (members.length > FEW) return settleMany(placing, members, groups)
    const sets = subsetsByWeight(members)
    const leftOut: Choice[][] = []
    // Those of that weight for which nobody proved that the others have no room.
    const possible: Choice[][] = []
    for (const { out, weight } of sets) {
      if (leftOut.length > 0 && weight > weightOf(leftOut[0]!)) break
      const inside = members.filter((member) => !out.includes(member))
      const room = findRoom(placing, inside)
      if (room === 'unknown') possible.push(out)
      if (room !== 'found') continue
      leftOut.push(out)
      possible.push(out)
      if (out.length === 0) break
      for (const member of inside) placing.remove(member)
    }
    if (leftOut[0]!.length > 0)
      findRoom(
        placing,
        members.filter((member) => !leftOut[0]!.includes(member)),
      )
    const weight = weightOf(leftOut[0]!)
    return { members, groups, leftOut, tied: { members, groups, out: possible.filter((out) => weightOf(out) === weight) } }
  })
  into.restore(placing.keep())
  return clusters
}

export const weightOf = (choices: readonly Choice[]): number => choices.reduce((sum, { weight }) => sum + weight, 0)

function subsetsByWeight(members: readonly Choice[]): { out: Choice[]; weight: number }[] {
  const sets = Array.from({ length: 2 ** members.length }, (_, bits) => {
    const out = members.filter((_member, position) => (bits >> position) & 1)
    return { out, weight: weightOf(out) }
  })
  return sets.sort((a, b) => a.weight - b.weight)
}

/**
 * Looks for room for all of these at once: starts of runs by trial, the others where the runs left them room, in any order of them. `none` is
 * proven; `unknown` when trials ran out, or several that are spread over slots were in each other's way.
 */
function findRoom(placing: Placing, members: readonly Choice[]): 'found' | 'none' | 'unknown' {
  const runs = members.filter((member) => member.kind === 'run').sort((a, b) => optionsOf(a) - optionsOf(b))
  const spread = members.filter((member) => member.kind !== 'run')
  let trials = 0
  let isProven = true
  const placeSpread = (left: readonly Choice[]): boolean => {
    if (left.length === 0) return true
    for (const member of left) {
      trials++
      placing.improve(member)
      if (!placing.isPlaced(member.index)) {
        if (left.length < spread.length) isProven = false
        return false
      }
      if (placeSpread(left.filter((other) => other !== member))) return true
      placing.remove(member)
    }
    return false
  }
  const placeRun = (position: number): boolean => {
    const run = runs[position]
    if (run?.kind !== 'run') return placeSpread(spread)
    for (let start = run.firstStart; start <= run.lastStart && trials < MOST_TRIALS; start++) {
      trials++
      if (!placing.hasRoomAt(run, start)) continue
      placing.putAt(run, start)
      if (placeRun(position + 1)) return true
      placing.remove(run)
    }
    return false
  }
  // Where they cost least, if that goes; it mostly does.
  for (const member of [...runs, ...spread]) placing.improve(member)
  if (members.every((member) => placing.isPlaced(member.index))) return 'found'
  for (const member of members) placing.remove(member)
  if (placeRun(0)) return 'found'
  return isProven && trials < MOST_TRIALS ? 'none' : 'unknown'
}

const optionsOf = (choice: Choice): number => (choice.kind === 'run' ? choice.lastStart - choice.firstStart : Number.POSITIVE_INFINITY)

/** The heaviest wishes first; who finds no room may push out lighter ones. */
function settleMany(placing: Placing, members: readonly Choice[], groups: readonly VillageGroup[]): Cluster {
  const queue = [...members].sort((a, b) => b.weight - a.weight || optionsOf(a) - optionsOf(b))
  for (const member of queue) placing.improve(member)
  for (const member of queue.filter(({ index }) => !placing.isPlaced(index))) makeRoom(placing, member, members)
  const out = members.filter(({ index }) => !placing.isPlaced(index))
  return { members, groups, leftOut: [out], tied: { members, groups, out: out.length > 0 ? undefined : [out] } }
}

/** Takes others out, one at a time, until this one fits and they do again elsewhere; else all is as before. */
function makeRoom(placing: Placing, wanted: Choice, members: readonly Choice[]): void {
  for (const other of members) {
    if (other === wanted || placing.starts[other.index] === NOWHERE) continue
    const spot: Spot = placing.spotOf(other)
    placing.remove(other)
    placing.improve(wanted)
    if (placing.isPlaced(wanted.index)) {
      placing.improve(other)
      if (placing.isPlaced(other.index) || other.weight < wanted.weight) return
      placing.remove(wanted)
    }
    placing.put(other, spot)
  }
}
