// Piecewise-linear functions against what they say point by point.
import assert from 'node:assert/strict'
import test from 'node:test'
import { random } from '../../../test/oracle/schedule-model.ts'
import { type ConvexCurve, type Curve, combined, convexRuns, lower, lowestOf, plusKink, simplified, valueAt, within } from './curve.ts'

/** A random curve on about [0, 10], with jumps and gaps. */
function randomCurve(next: () => number): Curve {
  const curve: Curve = { x0: [], y0: [], x1: [], y1: [] }
  let x = next()
  let y = next()
  for (let piece = 0; piece < 6; piece++) {
    const end = x + 0.2 + next()
    const height = y + 2 * (next() - 0.5)
    curve.x0.push(x)
    curve.y0.push(y)
    curve.x1.push(end)
    curve.y1.push(height)
    x = end + (next() < 0.2 ? 0.5 : 0)
    y = next() < 0.3 ? next() : height
  }
  return curve
}
const points = Array.from({ length: 400 }, (_, index) => index / 35 - 0.5 + 1e-4)
const near = (actual: number, expected: number, what: string) =>
  assert.ok(actual === expected || Math.abs(actual - expected) < 1e-6, `${what}: ${actual} instead of ${expected}`)

test('the lower of two curves is the lower one everywhere, gaps and jumps included', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const next = random(seed)
    const [one, other] = [randomCurve(next), randomCurve(next)]
    const least = lower(one, other)
    for (const x of points) near(valueAt(least, x, 0), Math.min(valueAt(one, x, 0), valueAt(other, x, 0)), `seed ${seed} at ${x}`)
  }
})

test('a curve combined with a convex cost is the best split at every point', () => {
  for (let seed = 1; seed <= 8; seed++) {
    const next = random(seed)
    const curve = randomCurve(next)
    const cost: ConvexCurve = { left: -1, value: 0.3, lengths: [0.7, 0.9], slopes: [-0.4, 0.2] }
    const costAt = (v: number) => (v <= -0.3 ? 0.3 - 0.4 * (v + 1) : 0.02 + 0.2 * (v + 0.3))
    const sum = lowestOf(convexRuns(curve).map((run) => combined(curve, run, cost)))
    for (const x of points.filter((_, index) => index % 9 === 0)) {
      let least = Infinity
      for (let v = -1; v <= 0.6 + 1e-12; v += 0.0005) least = Math.min(least, valueAt(curve, x - v, 0) + costAt(v))
      const value = valueAt(sum, x, 0)
      assert.ok(value <= least + 1e-6 && (least === Infinity || value >= least - 5e-3), `seed ${seed} at ${x}: ${value} against ${least}`)
    }
  }
})

test('a simplified curve lies below the curve, by no more than allowed', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const curve = randomCurve(random(seed))
    let many = curve
    for (let turn = 1; turn < 9; turn += 0.05) many = plusKink(many, turn, 1e-4, 0)
    const simple = simplified(many, 0.01)
    assert.ok(simple.x0.length < many.x0.length / 3)
    for (const x of points) {
      const [less, full] = [valueAt(simple, x, 0), valueAt(many, x, 0)]
      if (full === Infinity) continue
      assert.ok(less <= full + 1e-9 && less >= full - 0.01 - 1e-9, `seed ${seed} at ${x}: ${less} for ${full}`)
    }
  }
})

test('cut and bent, a curve is what it was where it was, with the cost on top', () => {
  const curve = randomCurve(random(5))
  const bent = within(plusKink(curve, 2, 3, -1), 1, 4)
  for (const x of points) {
    const expected = x < 1 || x > 4 ? Infinity : valueAt(curve, x, 0) + (x > 2 ? 3 * (x - 2) : x - 2 === 0 ? 0 : -1 * (x - 2))
    near(valueAt(bent, x, 0), expected, `at ${x}`)
  }
})
