import assert from 'node:assert/strict'
import test from 'node:test'
import { ticks } from './ticks.ts'

test('an axis has a few round marks and holds all values', () => {
  assert.deepEqual(ticks(0, 455), { low: 0, high: 600, marks: [0, 200, 400, 600] })
  assert.deepEqual(ticks(0, 100).marks, [0, 50, 100])
  assert.deepEqual(ticks(0, 0.37).marks, [0, 0.1, 0.2, 0.3, 0.4])
  assert.deepEqual(ticks(-1.2, 3).marks, [-2, 0, 2, 4])
  for (const [low, high] of [
    [0, 7],
    [-3, 0],
    [-0.02, 0.011],
    [0, 12_345],
    [-9, 9],
  ] as const) {
    const axis = ticks(low, high)
    assert.ok(axis.low <= low && axis.high >= high, `${low} ${high}`)
    assert.ok(axis.marks.length >= 3 && axis.marks.length <= 7, axis.marks.join())
  }
})

test('nothing at all still has an axis', () => {
  assert.deepEqual(ticks(0, 0), { low: 0, high: 1, marks: [0, 0.5, 1] })
})
