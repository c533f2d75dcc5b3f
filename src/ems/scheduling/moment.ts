/**
 * One step of a flow by itself, exactly: devices that lie each in one of some intervals and pay by their power, and a convex price with kinks
 * on their sum. Branch and bound, in which the relaxed question (each device in the convex hull of its costs) is answered by sorting slopes.
 */

/** An interval of power (kW) and what the device pays in it: `slope` per kW and `base`. */
export interface Piece {
  from: number
  to: number
  slope: number
  base: number
}

/** A price on the sum (kW): `up` per kW above `quantity`, `down` per kW below (both ≥ 0). */
export interface Bend {
  quantity: number
  up: number
  down: number
}

export interface Question {
  /** Pieces of each device, lowest power first; at least one. */
  devices: readonly (readonly Piece[])[]
  bends: readonly Bend[]
  /** Hard bounds of the sum, kW. */
  least: number
  most: number
}

export interface Answer {
  /** Proven: nothing costs less. Infinity when nothing is possible. */
  bound: number
  /** The best powers that were found, and what they cost. */
  powers?: Float64Array
  cost: number
}

/** Nodes, times devices, after which the search stops with the bound it has: the more devices, the less is lost. */
const MOST_WORK = 4000
/** kW below which two powers are one. */
const SAME = 1e-9

/** The pieces a device is still free to take, from first to last. */
interface Node {
  first: Int32Array
  last: Int32Array
  /** What the parent costs at least. */
  bound: number
}

/** The least cost. */
export function bestMoment({ devices, bends, least, most }: Question): Answer {
  const count = devices.length
  let best: Float64Array | undefined
  let cost = Infinity
  const bendCost = (sum: number): number => {
    let paid = 0
    for (const { quantity, up, down } of bends) paid += sum > quantity ? up * (sum - quantity) : down * (quantity - sum)
    return paid
  }
  const offer = (powers: Float64Array) => {
    let sum = 0
    let paid = 0
    for (let device = 0; device < count; device++) {
      const power = powers[device]!
      let own = Infinity
      for (const piece of devices[device]!)
        if (power >= piece.from - SAME && power <= piece.to + SAME) own = Math.min(own, paidIn(piece, power))
      sum += power
      paid += own
    }
    if (paid === Infinity || sum < least - 1e-7 || sum > most + 1e-7) return
    const total = paid + bendCost(sum)
    if (total >= cost) return
    cost = total
    best = powers
  }

  const stack: Node[] = [{ first: new Int32Array(count), last: Int32Array.from(devices, (pieces) => pieces.length - 1), bound: -Infinity }]
  let open = Infinity
  for (let nodes = 0; stack.length > 0; nodes++) {
    if (nodes * count >= MOST_WORK) {
      for (const { bound } of stack) open = Math.min(open, bound)
      break
    }
    const node = stack.pop()!
    if (node.bound >= cost - SAME) continue
    const found = relaxed(devices, node, bends, least, most)
    if (!found) continue
    const total = found.paid + bendCost(found.sum)
    if (total >= cost - SAME) continue
    const { powers, odd } = found
    offer(powers)
    if (odd < 0) continue
    // One device lies between two corners of its hull: in a piece that costs what the hull says, or else it must decide.
    const pieces = devices[odd]!
    const power = powers[odd]!
    const [first, last] = [node.first[odd]!, node.last[odd]!]
    const child = (from: number, to: number) => {
      const made = { first: node.first.slice(), last: node.last.slice(), bound: total }
      made.first[odd] = from
      made.last[odd] = to
      return made
    }
    const inside = pieces.findIndex(({ from, to }, piece) => piece >= first && piece <= last && power >= from - SAME && power <= to + SAME)
    if (inside >= 0) {
      if (first === last || paidIn(pieces[inside]!, power) <= found.oddPaid + SAME) continue
      if (inside > first) stack.push(child(first, inside - 1))
      if (inside < last) stack.push(child(inside + 1, last))
      stack.push(child(inside, inside))
      continue
    }
    let right = first
    while (pieces[right]!.from < power) right++
    const [below, above] = [child(first, right - 1), child(right, last)]
    // The nearer side is looked at first.
    if (power - pieces[right - 1]!.to < pieces[right]!.from - power) stack.push(above, below)
    else stack.push(below, above)
  }
  return { bound: Math.min(cost, open), cost, ...(best && { powers: best }) }
}

const paidIn = ({ slope, base }: Piece, power: number): number => slope * power + base

/** From one corner of a device's hull to the next. */
interface Edge {
  device: number
  length: number
  slope: number
}

interface Found {
  powers: Float64Array
  sum: number
  /** What the devices pay, by their hulls. */
  paid: number
  /** The device that lies between two corners of its hull, -1 = none, and what it pays there. */
  odd: number
  oddPaid: number
}

/** The best powers when each device may lie in the convex hull of its pieces; undefined when the bounds cannot be kept. */
function relaxed(
  devices: Question['devices'],
  { first, last }: Node,
  bends: readonly Bend[],
  least: number,
  most: number,
): Found | undefined {
  const powers = new Float64Array(devices.length)
  const own = new Float64Array(devices.length)
  const edges: Edge[] = []
  let sum = 0
  let paid = 0
  devices.forEach((pieces, device) => {
    const corners = hullOf(pieces, first[device]!, last[device]!)
    const [start] = corners
    powers[device] = start!.x
    own[device] = start!.y
    sum += start!.x
    paid += start!.y
    for (let corner = 1; corner < corners.length; corner++) {
      const length = corners[corner]!.x - corners[corner - 1]!.x
      edges.push({ device, length, slope: (corners[corner]!.y - corners[corner - 1]!.y) / length })
    }
  })
  if (sum > most + SAME) return undefined
  edges.sort((one, other) => one.slope - other.slope)
  let odd = -1
  for (const { device, length, slope } of edges) {
    const part = advance(sum, Math.min(length, Math.max(most - sum, 0)), slope, bends, least)
    powers[device]! += part
    own[device]! += part * slope
    sum += part
    paid += part * slope
    if (part >= length - SAME) continue
    if (part > SAME) odd = device
    break
  }
  return sum < least - SAME ? undefined : { powers, sum, paid, odd, oddPaid: odd < 0 ? 0 : own[odd]! }
}

/** How far along an edge the sum should go: as long as that costs less than it saves, or the least sum is not reached. */
function advance(sum: number, length: number, slope: number, bends: readonly Bend[], least: number): number {
  const end = sum + length
  let here = sum
  while (here < end - SAME) {
    let rise = slope
    let next = end
    for (const { quantity, up, down } of bends) {
      rise += quantity <= here + SAME ? up : -down
      if (quantity > here + SAME) next = Math.min(next, quantity)
    }
    if (rise >= 0) {
      if (here >= least - SAME) break
      next = Math.min(next, least)
    }
    here = next
  }
  return here - sum
}

/** Corners of the lower convex hull of some pieces. */
function hullOf(pieces: readonly Piece[], first: number, last: number): { x: number; y: number }[] {
  const hull: { x: number; y: number }[] = []
  const add = (x: number, y: number) => {
    while (hull.length > 0) {
      const top = hull[hull.length - 1]!
      if (x - top.x < 1e-12) {
        if (top.y <= y) return
      } else {
        if (hull.length < 2) break
        const under = hull[hull.length - 2]!
        if ((top.y - under.y) * (x - under.x) < (y - under.y) * (top.x - under.x) - 1e-10) break
      }
      hull.pop()
    }
    hull.push({ x, y })
  }
  for (let index = first; index <= last; index++) {
    const piece = pieces[index]!
    add(piece.from, paidIn(piece, piece.from))
    if (piece.to > piece.from) add(piece.to, paidIn(piece, piece.to))
  }
  return hull
}
