import assert from 'node:assert/strict'
import test from 'node:test'
import { gridOf } from './session-line.ts'

const at = (minutes: number, seconds = 0) => new Date(Date.UTC(2026, 10, 25, 18, minutes, seconds)).toISOString()

test('the last sample of a step counts, and a step without one stays empty', () => {
  const grid = gridOf(
    [
      { at: at(0, 10), kw: 5, soc: null },
      { at: at(0, 50), kw: 7, soc: 40 },
      { at: at(2), kw: 0, soc: 41 },
      { at: at(119), kw: 99, soc: 99 },
    ],
    Date.parse(at(0, 5)),
    Date.parse(at(90)),
  )
  assert.equal(grid.step, 60_000)
  assert.deepEqual(grid.kw.slice(0, 4), [7, null, 0, null])
  assert.deepEqual(grid.soc.slice(0, 4), [40, null, 41, null])
  assert.ok(!grid.kw.includes(99), 'what was measured after the session belongs to the next')
})

test('a session that has only begun is drawn by seconds, a long one in longer steps', () => {
  const begun = gridOf([{ at: at(0, 20), kw: 3, soc: null }], Date.parse(at(0)), Date.parse(at(0, 30)))
  assert.equal(begun.step, 10_000)
  assert.equal(begun.kw.length, 61)
  assert.equal(begun.kw[2], 3)
  assert.equal(gridOf([], 0, 24 * 3_600_000).step, 5 * 60_000)
})
