import assert from 'node:assert/strict'
import test from 'node:test'
import { Problem } from './problem.ts'
import { convert, currencyOf, isUnit, measures, parseQuantity } from './unit.ts'

const close = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`)

const TABLE: [number, string, string, number][] = [
  [1, 'kW', 'W', 1000],
  [1500, 'W', 'kW', 1.5],
  [2, 'MW', 'kW', 2000],
  [0.0453, 'MW', 'kW', 45.3],
  [1, 'MWh', 'kWh', 1000],
  [3.6, 'MJ', 'kWh', 1],
  [90, '%', '', 0.9],
  [0.9, '', '%', 90],
  [250, 'EUR/MWh', 'EUR/kWh', 0.25],
  [0.25, 'EUR/kWh', 'EUR/MWh', 250],
  [25, 'cents/kWh', 'EUR/MWh', 250],
  [5, 'kEUR', 'EUR', 5000],
  [20, '°C', 'K', 293.15],
  [68, '°F', '°C', 20],
  [1, 'l/h', 'm³/h', 0.001],
  [1, 'm^3/h', 'm³/h', 1],
  [1, 'kW/m²', 'W/m**2', 1000],
  [3.6, 'km/h', 'm/s', 1],
  [1, 'kVA', 'kW', 1],
  [1, 'EUR/(kW*h)', 'EUR/kWh', 1],
]

test('units convert as pint converts them', () => {
  for (const [value, from, to, expected] of TABLE) close(convert(value, from, to), expected)
})

test('an energy over a slot becomes the power of that slot, and back', () => {
  close(convert(1, 'kWh', 'kW', 900_000), 4)
  close(convert(-11.28, 'm³', 'm³/h', 600_000), -67.68)
  close(convert(4, 'kW', 'kWh', 900_000), 1)
})

test('what cannot be converted is refused with both units named', () => {
  for (const [from, to] of [
    ['kW', 'kWh'],
    ['kW', '°C'],
    ['EUR/MWh', 'USD/MWh'],
    ['m', 'm³/h'],
    ['%', 'kW'],
  ] as const)
    assert.throws(
      () => convert(1, from, to),
      (error: unknown) => error instanceof Problem && error.code === 'incompatible-units' && error.message.includes(from),
    )
})

test('unknown units are refused, not guessed', () => {
  for (const text of ['bananas', 'kWat', 'kW//h', 'EUR/', '(kW', 'kW^x', '°']) assert.equal(isUnit(text), text === '°')
})

test('a unit says what it measures and in which currency', () => {
  assert.equal(measures('kW', 'power'), true)
  assert.equal(measures('kWh', 'power'), false)
  assert.equal(measures('EUR/MWh', 'energy price'), true)
  assert.equal(measures('EUR/kW', 'power price'), true)
  assert.equal(measures('°C', 'temperature'), true)
  assert.equal(currencyOf('kEUR/MWh'), 'EUR')
  assert.equal(currencyOf('kW'), undefined)
})

test('quantities are a number and a unit', () => {
  assert.deepEqual(parseQuantity('15 kW'), { value: 15, unit: 'kW' })
  assert.deepEqual(parseQuantity('-0.5'), { value: -0.5, unit: '' })
  assert.deepEqual(parseQuantity('90%'), { value: 90, unit: '%' })
  assert.throws(() => parseQuantity('not-a-float'), {
    code: 'invalid-quantity',
    message: "Cannot convert value 'not-a-float' to a valid quantity.",
  })
})
