import assert from 'node:assert/strict'
import test from 'node:test'
import { gridOf } from './session-line.ts'

const at = (minutes: number, seconds = 0) => new Date(Date.UTC(2026, 10, 25, 18, minutes, seconds)).toISOString()

test('the last sample of a minute counts, and a minute without one stays empty', () => {
  const grid = gridOf(
    [
      { at: at(0, 10), kw: 5, soc: null },
      { at: at(0, 50), kw: 7, soc: 40 },
      { at: at(2), kw: 0, soc: 41 },
      { at: at(59), kw: 99, soc: 99 },
    ],
    Date.parse(at(0, 5)),
    Date.parse(at(3)),
  )
  assert.equal(grid.step, 60_000)
  assert.deepEqual(grid.kw, [7, null, 0, null])
  assert.deepEqual(grid.soc, [40, null, 41, null])
})

test('a long session is drawn in longer steps', () => {
  assert.equal(gridOf([], 0, 24 * 3_600_000).step, 5 * 60_000)
})
