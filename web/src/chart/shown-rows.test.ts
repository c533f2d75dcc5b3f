import assert from 'node:assert/strict'
import test from 'node:test'
import { moved, readRows, writeRows } from './shown-rows.ts'

test('every spelling of sensors_to_show is read', () => {
  assert.deepEqual(readRows([1, [2, 3]]), [
    { title: '', plots: [{ sensor: 1 }], rest: {} },
    { title: '', plots: [{ sensor: 2 }, { sensor: 3 }], rest: {} },
  ])
  assert.deepEqual(
    readRows([{ title: 'Power', 'y-axis': 'zero', plots: [{ sensor: 4 }, { sensors: [5, 6] }, { asset: 7, 'flex-model': 'soc-max' }] }]),
    [
      {
        title: 'Power',
        plots: [{ sensor: 4 }, { sensor: 5 }, { sensor: 6 }, { asset: 7, from: 'flex-model', field: 'soc-max' }],
        rest: { 'y-axis': 'zero' },
      },
    ],
  )
  assert.deepEqual(readRows('nonsense'), [])
})

test('what is written is read back, without empty graphs', () => {
  const rows = readRows([{ title: 'A', plots: [{ sensor: 4 }, { asset: 7, 'flex-context': 'consumption-price' }], 'y-axis': [0, 1] }])
  assert.deepEqual(readRows(writeRows(rows)), rows)
  assert.deepEqual(writeRows([{ title: 'empty', plots: [], rest: {} }]), [])
})

test('an entry is moved up and down, and not out of the list', () => {
  assert.deepEqual(moved(['a', 'b', 'c'], 2, 0), ['c', 'a', 'b'])
  assert.deepEqual(moved(['a', 'b', 'c'], 0, 9), ['b', 'c', 'a'])
})
