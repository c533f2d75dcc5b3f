import assert from 'node:assert/strict'
import test from 'node:test'
import type { PlannedDevice } from '../wire.ts'
import { blocksOf, neighbour, outline } from './plan-blocks.ts'

const planned = (powerKw: number[], reasons: PlannedDevice['reasons'] = []): PlannedDevice => ({
  device: 'BAT001',
  asset: 11,
  sensor: 151,
  powerKw,
  reasons,
})
const QUARTER = 900_000

test('every slot belongs to exactly one block, with or without reasons', () => {
  const blocks = blocksOf(
    planned(
      [5, 5, 0, 0, -3, -3, 7],
      [
        { from: 0, to: 2, because: 'cheap' },
        { from: 4, to: 6, because: 'dear' },
      ],
    ),
    96,
    QUARTER,
  )
  assert.deepEqual(
    blocks.map(({ from, to, because }) => [from, to, because]),
    [
      [0, 2, 'cheap'],
      [2, 4, ''],
      [4, 6, 'dear'],
      [6, 7, ''],
    ],
  )
})

test('a block says its mean power and its energy', () => {
  const [block] = blocksOf(planned([4, 8], [{ from: 0, to: 2, because: 'sun' }]), 96, QUARTER)
  assert.equal(block!.meanKw, 6)
  assert.equal(block!.energyKwh, 3)
})

test('one reason over a turn of direction is two blocks', () => {
  assert.equal(blocksOf(planned([4, -4], [{ from: 0, to: 2, because: 'prices' }]), 96, QUARTER).length, 2)
})

test('arrow keys walk along a row and between rows at the same time of day', () => {
  const rows = [blocksOf(planned([1, 1, 0, 0]), 4, QUARTER), blocksOf(planned([0, 2, 2, 2]), 4, QUARTER)]
  assert.deepEqual(neighbour(rows, 0, 0, 'ArrowRight'), { row: 0, index: 1 })
  assert.deepEqual(neighbour(rows, 0, 1, 'ArrowDown'), { row: 1, index: 1 })
  assert.equal(neighbour(rows, 0, 1, 'ArrowRight'), undefined)
  assert.equal(neighbour(rows, 0, 0, 'ArrowUp'), undefined)
  assert.deepEqual(neighbour(rows, 1, 1, 'Home'), { row: 1, index: 0 })
})

test('power beyond the scale stays inside the picture', () => {
  assert.equal(outline([50, -100], 50, 50), 'M0 50V0H1V100H2V50')
})
