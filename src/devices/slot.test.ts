import assert from 'node:assert/strict'
import test from 'node:test'
import { blocksOf, findSlot } from './slot.ts'

const at = (register: number, type: 'u16' | 'u32' = 'u16', table: 'holding' | 'input' = 'holding') =>
  findSlot({ register, type, table }, 'big', undefined)
const blocks = (slots: Parameters<typeof blocksOf>[0], gap: number) =>
  blocksOf(slots, gap).map(({ table, from, until }) => `${table} ${from}-${until - 1}`)

test('registers side by side come in one request, others only over gaps that the template allows', () => {
  assert.deepEqual(blocks([at(12), at(10, 'u32'), at(20), at(11)], 0), ['holding 10-12', 'holding 20-20'])
  assert.deepEqual(blocks([at(12), at(10, 'u32'), at(20)], 7), ['holding 10-20'])
  assert.deepEqual(blocks([at(12), at(20)], 6), ['holding 12-12', 'holding 20-20'])
})

test('tables are never mixed, and no request asks for more than 125 registers', () => {
  assert.deepEqual(blocks([at(5, 'u16', 'input'), at(6)], 100), ['holding 6-6', 'input 5-5'])
  assert.deepEqual(blocks([at(0), at(100), at(124), at(125)], 100), ['holding 0-124', 'holding 125-125'])
})

test('a SunSpec model is fetched whole, its scale factors with it', () => {
  const chain = { base: 40_000, models: [{ id: 103, address: 40_070, length: 50 }] }
  const power = findSlot({ model: [101, 103], point: 'W' }, 'big', chain)
  assert.deepEqual([power.address, power.exponentAt, power.label], [40_084, 40_085, '103.W'])
  const heat = findSlot({ model: 103, point: 'TmpCab' }, 'big', chain)
  assert.deepEqual(blocks([heat, power], 0), ['holding 40084-40107'])
  assert.throws(() => findSlot({ model: 124, point: 'InWRte' }, 'big', chain), /no SunSpec point 124\.InWRte/)
})
