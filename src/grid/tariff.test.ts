import assert from 'node:assert/strict'
import test from 'node:test'
import { parseInstant } from '#kernel'
import { priceOf } from './tariff.ts'

const STEPS = [
  { from: '17:00', price: 246 },
  { from: '18:30', price: 318 },
  { from: '00:00', price: 118 },
]
const at = (text: string) => priceOf(STEPS, parseInstant(text), 'America/Martinique')

test('an hour has the price of its local time, and the mean when the price changes within it', () => {
  assert.deepEqual(
    [at('2026-11-24T00:00:00-04:00'), at('2026-11-24T17:00:00-04:00'), at('2026-11-24T18:00:00-04:00'), at('2026-11-24T23:00:00-04:00')],
    [118, 246, 282, 318],
  )
})

test('the price before the first step of the day is that of the last one', () => {
  assert.equal(
    priceOf(
      [
        { from: '06:00', price: 10 },
        { from: '22:00', price: 5 },
      ],
      parseInstant('2026-11-24T03:00:00-04:00'),
      'America/Martinique',
    ),
    5,
  )
})
