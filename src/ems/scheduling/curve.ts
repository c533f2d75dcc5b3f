/**
 * Piecewise-linear functions of a stock level: segments in rising order, with gaps where nothing is feasible and jumps where the function
 * is cut. The lower of two, one combined with a convex one (inf-convolution), cuts and shifts: what dynamic programming over a stock needs.
 */

/** Segment i goes straight from (x0[i], y0[i]) to (x1[i], y1[i]); segments do not overlap. */
export interface Curve {
  x0: number[]
  y0: number[]
  x1: number[]
  y1: number[]
}

/** A convex function as its left end and pieces of length > 0 with rising slopes. */
export interface ConvexCurve {
  left: number
  value: number
  lengths: number[]
  slopes: number[]
}

/** Segments shorter than this (kWh) are noise. */
const SHORT = 1e-10
/** Lines that differ by less than this share in slope are one. */
const EQUAL = 1e-11

export const emptyCurve = (): Curve => ({ x0: [], y0: [], x1: [], y1: [] })

/** Appends a segment; lengthens the last one when it goes on in the same line. */
function push(curve: Curve, x0: number, y0: number, x1: number, y1: number): void {
  if (x1 - x0 < SHORT) return
  const last = curve.x0.length - 1
  if (last >= 0 && x0 - curve.x1[last]! <= SHORT && Math.abs(curve.y1[last]! - y0) <= 1e-9 * (1 + Math.abs(y0))) {
    const before = (curve.y1[last]! - curve.y0[last]!) / (curve.x1[last]! - curve.x0[last]!)
    const here = (y1 - y0) / (x1 - x0)
    if (Math.abs(here - before) <= EQUAL * (1 + Math.abs(before))) {
      curve.x1[last] = x1
      curve.y1[last] = y1
      return
    }
  }
  curve.x0.push(x0)
  curve.y0.push(y0)
  curve.x1.push(x1)
  curve.y1.push(y1)
}

const valueOn = (curve: Curve, i: number, x: number): number => {
  const length = curve.x1[i]! - curve.x0[i]!
  return curve.y0[i]! + ((curve.y1[i]! - curve.y0[i]!) * (x - curve.x0[i]!)) / length
}

/** The lower of two curves wherever either is defined. */
export function lower(one: Curve, other: Curve): Curve {
  const n = one.x0.length
  const m = other.x0.length
  if (n === 0) return other
  if (m === 0) return one
  if (one.x1[n - 1]! <= other.x0[0]!) return joined(one, other)
  if (other.x1[m - 1]! <= one.x0[0]!) return joined(other, one)
  const sum = emptyCurve()
  let i = 0
  let j = 0
  let x = Math.min(one.x0[0]!, other.x0[0]!)
  while (i < n || j < m) {
    const inOne = i < n && one.x0[i]! <= x
    const inOther = j < m && other.x0[j]! <= x
    if (!inOne && !inOther) {
      x = Math.min(i < n ? one.x0[i]! : Infinity, j < m ? other.x0[j]! : Infinity)
      continue
    }
    const next = Math.min(i < n ? (inOne ? one.x1[i]! : one.x0[i]!) : Infinity, j < m ? (inOther ? other.x1[j]! : other.x0[j]!) : Infinity)
    if (next > x) {
      if (!inOther) push(sum, x, valueOn(one, i, x), next, valueOn(one, i, next))
      else if (!inOne) push(sum, x, valueOn(other, j, x), next, valueOn(other, j, next))
      else {
        const a0 = valueOn(one, i, x)
        const a1 = valueOn(one, i, next)
        const b0 = valueOn(other, j, x)
        const b1 = valueOn(other, j, next)
        const d0 = a0 - b0
        const d1 = a1 - b1
        if (d0 <= 0 && d1 <= 0) push(sum, x, a0, next, a1)
        else if (d0 >= 0 && d1 >= 0) push(sum, x, b0, next, b1)
        else {
          const cross = x + ((next - x) * d0) / (d0 - d1)
          const y = a0 + ((a1 - a0) * d0) / (d0 - d1)
          push(sum, x, d0 < 0 ? a0 : b0, cross, y)
          push(sum, cross, y, next, d0 < 0 ? b1 : a1)
        }
      }
    }
    x = next
    if (i < n && one.x1[i]! <= x) i++
    if (j < m && other.x1[j]! <= x) j++
  }
  return sum
}

function joined(left: Curve, right: Curve): Curve {
  const all: Curve = { x0: left.x0.slice(), y0: left.y0.slice(), x1: left.x1.slice(), y1: left.y1.slice() }
  for (let i = 0; i < right.x0.length; i++) push(all, right.x0[i]!, right.y0[i]!, right.x1[i]!, right.y1[i]!)
  return all
}

/** The lowest of many. */
export function lowestOf(curves: Curve[]): Curve {
  let round = curves
  while (round.length > 1) {
    const next: Curve[] = []
    for (let i = 0; i < round.length; i += 2) next.push(i + 1 < round.length ? lower(round[i]!, round[i + 1]!) : round[i]!)
    round = next
  }
  return round[0] ?? emptyCurve()
}

/** Runs of segments that together are convex, as [first, last]. */
export function convexRuns(curve: Curve): [first: number, last: number][] {
  const runs: [number, number][] = []
  let first = 0
  let slope = Number.NaN
  for (let i = 0; i < curve.x0.length; i++) {
    const here = (curve.y1[i]! - curve.y0[i]!) / (curve.x1[i]! - curve.x0[i]!)
    const joins =
      i > first &&
      curve.x0[i]! - curve.x1[i - 1]! <= SHORT &&
      Math.abs(curve.y0[i]! - curve.y1[i - 1]!) <= 1e-9 * (1 + Math.abs(curve.y0[i]!)) &&
      here >= slope - EQUAL * (1 + Math.abs(slope))
    if (i > first && !joins) {
      runs.push([first, i - 1])
      first = i
    }
    slope = here
  }
  if (curve.x0.length > 0) runs.push([first, curve.x0.length - 1])
  return runs
}

/** The best sum of a convex run of the curve at x - v and a convex cost at v, as a function of x. */
export function combined(curve: Curve, [first, last]: readonly [number, number], cost: ConvexCurve): Curve {
  const sum = emptyCurve()
  let x = curve.x0[first]! + cost.left
  let y = curve.y0[first]! + cost.value
  let i = first
  let k = 0
  const pieces = cost.lengths.length
  while (i <= last || k < pieces) {
    const length = i <= last ? curve.x1[i]! - curve.x0[i]! : 0
    const slope = i <= last ? (curve.y1[i]! - curve.y0[i]!) / length : Infinity
    const isCurve = i <= last && (k >= pieces || slope <= cost.slopes[k]!)
    const step = isCurve ? length : cost.lengths[k]!
    const rise = isCurve ? curve.y1[i]! - curve.y0[i]! : step * cost.slopes[k]!
    push(sum, x, y, x + step, y + rise)
    x += step
    y += rise
    if (isCurve) i++
    else k++
  }
  return sum
}

/**
 * A curve with fewer segments, nowhere above the given one and nowhere more than `slack` below it: what is built on it stays a bound.
 * Greedy: each segment goes on as long as one straight line stays in between.
 */
export function simplified(curve: Curve, slack: number): Curve {
  const n = curve.x0.length
  if (slack <= 0 || n < 8) return curve
  const simple = emptyCurve()
  let first = 0
  while (first < n) {
    let last = first
    while (
      last + 1 < n &&
      curve.x0[last + 1]! - curve.x1[last]! <= SHORT &&
      Math.abs(curve.y0[last + 1]! - curve.y1[last]!) <= 1e-9 * (1 + Math.abs(curve.y1[last]!))
    )
      last++
    let x = curve.x0[first]!
    let y = curve.y0[first]! - slack / 2
    let low = -Infinity
    let high = Infinity
    for (let i = first; i <= last; i++) {
      const end = curve.x1[i]!
      const top = (curve.y1[i]! - y) / (end - x)
      const bottom = (curve.y1[i]! - slack - y) / (end - x)
      if (bottom > high || top < low) {
        // The line cannot reach this node: end it at the one before.
        const stop = curve.x0[i]!
        const slope = high === Infinity ? low : low === -Infinity ? high : (low + high) / 2
        const there = Math.min(Math.max(y + slope * (stop - x), curve.y0[i]! - slack), curve.y0[i]!)
        push(simple, x, y, stop, there)
        x = stop
        y = there
        low = (curve.y1[i]! - slack - y) / (end - x)
        high = (curve.y1[i]! - y) / (end - x)
      } else {
        low = Math.max(low, bottom)
        high = Math.min(high, top)
      }
    }
    push(simple, x, y, curve.x1[last]!, y + ((low + high) / 2) * (curve.x1[last]! - x))
    first = last + 1
  }
  return simple.x0.length < n ? simple : curve
}

/** The curve on [low, high] only. */
export function within(curve: Curve, low: number, high: number): Curve {
  const n = curve.x0.length
  if (n > 0 && curve.x0[0]! >= low && curve.x1[n - 1]! <= high) return curve
  const cut = emptyCurve()
  for (let i = 0; i < n; i++) {
    const x0 = Math.max(curve.x0[i]!, low)
    const x1 = Math.min(curve.x1[i]!, high)
    if (x1 - x0 >= SHORT) push(cut, x0, valueOn(curve, i, x0), x1, valueOn(curve, i, x1))
  }
  return cut
}

/** The curve over x' where x = keep × x' + shift. */
export function before(curve: Curve, keep: number, shift: number): Curve {
  if (keep === 1 && shift === 0) return curve
  const turn = (x: number) => (x - shift) / keep
  return { x0: curve.x0.map(turn), y0: curve.y0, x1: curve.x1.map(turn), y1: curve.y1 }
}

/** The curve plus a cost with a kink: `up` per unit above `turn`, `down` per unit below (counted negative there). */
export function plusKink(curve: Curve, turn: number, up: number, down: number): Curve {
  const sum = emptyCurve()
  const cost = (x: number) => (x > turn ? up : down) * (x - turn)
  for (let i = 0; i < curve.x0.length; i++) {
    const x0 = curve.x0[i]!
    const x1 = curve.x1[i]!
    if (x0 < turn && turn < x1 && turn - x0 >= SHORT && x1 - turn >= SHORT) {
      const y = valueOn(curve, i, turn)
      push(sum, x0, curve.y0[i]! + cost(x0), turn, y)
      push(sum, turn, y, x1, curve.y1[i]! + cost(x1))
    } else push(sum, x0, curve.y0[i]! + cost(x0), x1, curve.y1[i]! + cost(x1))
  }
  return sum
}

/** Index of the segment that holds x (or ends within `slack` of it), -1 without one. */
export function segmentAt(curve: Curve, x: number, slack = 1e-7): number {
  let low = 0
  let high = curve.x0.length - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    if (curve.x1[middle]! < x) low = middle + 1
    else if (curve.x0[middle]! > x) high = middle - 1
    else return middle
  }
  // Between two segments: the nearer end counts when it is near enough.
  const left = high >= 0 ? x - curve.x1[high]! : Infinity
  const right = low < curve.x0.length ? curve.x0[low]! - x : Infinity
  if (Math.min(left, right) > slack) return -1
  return left <= right ? high : low
}

/** Value at x; Infinity where nothing is defined. Where the curve jumps, the lower side counts. */
export function valueAt(curve: Curve, x: number, slack = 1e-7): number {
  const i = segmentAt(curve, x, slack)
  if (i < 0) return Infinity
  const held = Math.min(Math.max(x, curve.x0[i]!), curve.x1[i]!)
  let value = valueOn(curve, i, held)
  if (held >= curve.x1[i]! - SHORT && i + 1 < curve.x0.length && curve.x0[i + 1]! - held <= SHORT) value = Math.min(value, curve.y0[i + 1]!)
  if (held <= curve.x0[i]! + SHORT && i > 0 && held - curve.x1[i - 1]! <= SHORT) value = Math.min(value, curve.y1[i - 1]!)
  return value
}
