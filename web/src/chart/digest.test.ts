import assert from 'node:assert/strict'
import test from 'node:test'
import { energy, highest, last, lowest, rowSize, thin } from './digest.ts'

test('gaps in a series are no zeros', () => {
  const values = [null, 3, null, -2, null]
  assert.deepEqual(highest(values), { value: 3, index: 1 })
  assert.deepEqual(lowest(values), { value: -2, index: 3 })
  assert.deepEqual(last(values), { value: -2, index: 3 })
  assert.equal(highest([null, null]), undefined)
  assert.deepEqual(thin([1, null, null, null, 4, 6], 2), [1, null, 5])
})

test('12 kW for a quarter of an hour is 3 kWh', () => {
  assert.equal(energy([12, null], 900_000), 3)
})

test('a table of a day and a half in 5-minute steps is in whole hours', () => {
  assert.equal(rowSize(432, 300_000), 12)
  assert.equal(rowSize(7 * 96, 900_000), 16)
  assert.equal(rowSize(12, 300_000), 1)
})
