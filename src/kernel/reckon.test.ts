import assert from 'node:assert/strict'
import test from 'node:test'
import { reckon } from './reckon.ts'
import { parseQuantity } from './unit.ts'

test('sums have a value; what is no sum has none', () => {
  const values = ['(30/2 - 1)', '3 * 4.5', '-2 - -3', '2*(3+4)/7', '1e3/2', '.5 + 1'].map(reckon)
  assert.deepEqual(values, [14, 13.5, 1, 2, 500, 1.5])
  for (const text of ['', '1/0', '(1', '1)', '2 3', '1 +', 'a', '1e', '()', `${'('.repeat(200)}1`])
    assert.equal(reckon(text), undefined, text)
})

test('a quantity may begin with a sum, as in FlexMeasures', () => {
  assert.deepEqual(parseQuantity('(30/2 - 1) kW'), { value: 14, unit: 'kW' })
  assert.deepEqual(parseQuantity('30/2 EUR/MWh'), { value: 15, unit: 'EUR/MWh' })
  assert.deepEqual(parseQuantity('10 kW'), { value: 10, unit: 'kW' })
  for (const text of ['(30/0) kW', '(30 kW', 'kW', '30/ kW', '(1) horses']) assert.throws(() => parseQuantity(text))
})
