import assert from 'node:assert/strict'
import test from 'node:test'
import { BLANK, readSimple, sessionOf, writeTariff } from './simple-tariff.ts'

const FORM = {
  ...BLANK,
  id: 'DAY',
  flat: '0.5',
  energy: '0.35',
  parking: '3',
  vat: '8.5',
  windows: [{ from: '22:00', until: '06:00', energy: '0.22' }],
}

test('the hours stand before the price of all other hours, or they would never win', () => {
  const tariff = writeTariff({ ...FORM, energy: '0,35' })!
  assert.deepEqual(tariff.elements[0], {
    price_components: [{ type: 'ENERGY', price: 0.22, vat: 8.5, step_size: 1 }],
    restrictions: { start_time: '22:00', end_time: '06:00' },
  })
  assert.deepEqual(
    tariff.elements[1]?.price_components.map(({ type, price }) => [type, price]),
    [
      ['FLAT', 0.5],
      ['ENERGY', 0.35],
      ['PARKING_TIME', 3],
    ],
  )
})

test('what the form wrote it reads again', () => {
  assert.deepEqual(readSimple(writeTariff(FORM)!), FORM)
})

test('a field that is no price, a missing name or nothing priced makes no tariff', () => {
  for (const wrong of [{ energy: 'cheap' }, { energy: '-1' }, { vat: 'x' }, { id: ' ' }, { currency: 'Euro' }])
    assert.equal(writeTariff({ ...FORM, ...wrong }), undefined)
  assert.equal(writeTariff({ ...BLANK, id: 'FREE' }), undefined)
})

test('a tariff that the form would lose something of is left to JSON', () => {
  const tariff = writeTariff(FORM)!
  const [night, base] = tariff.elements as [(typeof tariff.elements)[0], (typeof tariff.elements)[0]]
  assert.equal(readSimple({ ...tariff, max_price: { excl_vat: 3 } }), undefined)
  assert.equal(
    readSimple({ ...tariff, elements: [{ ...night, restrictions: { ...night.restrictions, day_of_week: ['MONDAY'] } }, base] }),
    undefined,
  )
  assert.equal(readSimple({ ...tariff, elements: [base, night] }), undefined)
  assert.equal(readSimple({ ...tariff, elements: [{ price_components: [{ type: 'PARKING_TIME', price: 3, step_size: 300 }] }] }), undefined)
})

test('a session of an hour with a half parked after has two periods', () => {
  const session = sessionOf(0, 11, 60, 30, 'America/Martinique')
  assert.equal(session.end_date_time, '1970-01-01T01:30:00.000Z')
  assert.deepEqual(
    session.periods.map(({ state }) => state),
    ['CHARGING', 'SUSPENDED_EV'],
  )
  assert.equal(sessionOf(0, 11, 60, 0, 'UTC').periods.length, 1)
})
