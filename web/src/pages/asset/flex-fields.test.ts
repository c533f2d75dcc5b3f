import assert from 'node:assert/strict'
import test from 'node:test'
import { aboutField, type FlexField, firstValue, formOf, formsOf, shortValue } from './flex-fields.ts'

const field = (change: Partial<FlexField>): FlexField => ({
  name: 'soc-max',
  of: 'flex-model',
  kind: 'quantity',
  description: 'Never more.',
  stored: true,
  inherited: false,
  storedForms: ['fixed', 'sensor'],
  ...change,
})

test('a field is written in the forms that may be stored', () => {
  assert.deepEqual(formsOf(field({})), ['fixed', 'sensor', 'json'])
  assert.deepEqual(formsOf(field({ storedForms: ['sensor'] })), ['sensor', 'json'])
  assert.deepEqual(formsOf(field({ kind: 'flag' })), ['flag'])
  assert.deepEqual(formsOf(field({ kind: 'commitments' })), ['json'])
})

test('a stored value finds its form, and nothing of it is lost', () => {
  assert.equal(formOf(field({}), '95 kWh'), 'fixed')
  assert.equal(formOf(field({}), { sensor: 5 }), 'sensor')
  assert.equal(formOf(field({}), { sensor: 5, default: '0 kW' }), 'json')
  assert.equal(formOf(field({ kind: 'sensors' }), [{ sensor: 5 }, { sensor: 6 }]), 'sensors')
  assert.equal(formOf(field({ kind: 'flag' }), 'nonsense'), 'json')
})

test('a fresh field begins with its example, and is said shortly', () => {
  assert.equal(firstValue(field({ example: '7 kWh' }), 'fixed', undefined), '7 kWh')
  assert.deepEqual(firstValue(field({}), 'sensor', 4), { sensor: 4 })
  assert.equal(
    shortValue({ sensor: 4 }, (id) => `power ${id}`),
    'power 4',
  )
  assert.equal(shortValue(true, String), 'true')
})

test('a field explains itself in French where a translation is known', () => {
  assert.match(aboutField(field({}), 'fr'), /100 %/)
  assert.equal(aboutField(field({}), 'en'), 'Never more.')
  assert.equal(aboutField(field({ name: 'brand-new' }), 'fr'), 'Never more.')
})
