import assert from 'node:assert/strict'
import test from 'node:test'
import { clockOf, draftOf, otherDay, wishOf } from './wish-draft.ts'

const draft = draftOf(undefined, false)

test('a wish says only what was asked for', () => {
  assert.deepEqual(wishOf(draft), { energyKwh: 20 })
  assert.deepEqual(wishOf({ ...draft, amount: 'soc', by: '07:00', most: '3,50', solar: true }), {
    socPercent: 80,
    by: '07:00',
    maxCost: 3.5,
    solarOnly: true,
  })
  assert.deepEqual(wishOf({ ...draft, amount: 'none', fast: true, keep: true }), { priority: true, discharge: false })
})

test('no wish is sent while a number is none, or nothing is wished', () => {
  for (const wrong of [{ energy: 'much' }, { energy: '0' }, { energy: '' }, { amount: 'soc', soc: '101' } as const, { most: 'x' }])
    assert.equal(wishOf({ ...draft, ...wrong }), undefined)
  assert.equal(wishOf({ ...draft, amount: 'none' }), undefined)
})

test('a wish that stands is what the form begins with', () => {
  const found = draftOf({ energyKwh: 12, by: '2026-11-25T07:00:00-04:00', maxCost: 3, discharge: false }, true)
  assert.deepEqual(wishOf(found), { energyKwh: 12, by: '07:00', maxCost: 3, discharge: false })
})

test('times are those of the place', () => {
  assert.equal(clockOf('2026-11-25T07:00:00-04:00'), '07:00')
  // 23:30 on the island is already tomorrow in Greenwich.
  assert.equal(otherDay('2026-11-25T23:45:00-04:00', Date.parse('2026-11-26T03:30:00Z')), false)
  assert.equal(otherDay('2026-11-26T07:00:00-04:00', Date.parse('2026-11-26T03:30:00Z')), true)
})
