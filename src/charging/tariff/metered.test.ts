import assert from 'node:assert/strict'
import test from 'node:test'
import { type Instant, instant, MINUTE, parseInstant } from '#kernel'
import { v21 } from '#protocols/ocpp'
import { periodsFrom } from './metered.ts'
import { fromOcppTariff, toOcppTariff } from './ocpp-tariff.ts'
import { priceSession } from './price.ts'
import { sayTariff } from './say-tariff.ts'
import { readTariff } from './tariff.ts'
import { writtenBill } from './written.ts'

const START = parseInstant('2026-11-25T12:00:00Z')
const at = (minutes: number): Instant => instant(START + minutes * MINUTE)

const DAY_AND_NIGHT = readTariff({
  id: 'DAY',
  currency: 'EUR',
  min_price: { excl_vat: 1, incl_vat: 1.085 },
  elements: [
    { price_components: [{ type: 'FLAT', price: 0.5, vat: 8.5, step_size: 0 }] },
    {
      price_components: [{ type: 'ENERGY', price: 0.22, vat: 8.5, step_size: 0 }],
      restrictions: {
        start_time: '22:00',
        end_time: '06:00',
        day_of_week: ['MONDAY', 'SUNDAY'],
        max_kwh: 30,
        min_power: 3.7,
        max_duration: 7200,
      },
    },
    {
      price_components: [
        { type: 'ENERGY', price: 0.35, vat: 8.5, step_size: 0 },
        { type: 'PARKING_TIME', price: 3, step_size: 0 },
      ],
    },
    { price_components: [{ type: 'TIME', price: 6, step_size: 0 }], restrictions: { reservation: 'RESERVATION' } },
  ],
})

test('energy between two meter values flows while the vehicle charges, and parking begins when it asks for nothing', () => {
  assert.deepEqual(
    periodsFrom(
      [
        { at: at(0), state: 'CHARGING', energy: 0 },
        { at: at(30), energy: 10_000 },
        { at: at(50), state: 'SUSPENDED_EV' },
        { at: at(60), energy: 14_000 },
      ],
      at(90),
    ),
    [
      { start_date_time: '2026-11-25T12:00:00+00:00', state: 'CHARGING', energy_kwh: 14 },
      { start_date_time: '2026-11-25T12:50:00+00:00', state: 'SUSPENDED_EV', energy_kwh: 0 },
    ],
  )
})

test('steps keep their mean power where a tariff looks at it, and marks in any order give the same periods', () => {
  const marks = [
    { at: at(60), energy: 11_000 },
    { at: at(0), state: 'CHARGING' as const, energy: 0 },
    { at: at(30), energy: 3_000 },
  ]
  const periods = periodsFrom(marks, at(60), true)
  assert.deepEqual(
    periods.map(({ energy_kwh, power_kw }) => [energy_kwh, power_kw]),
    [
      [3, 6],
      [8, 16],
    ],
  )
  assert.deepEqual(periodsFrom(marks.toReversed(), at(60), true), periods)
})

test('a session that ended as it began pays its start fee and the minimum, and one without marks has no periods', () => {
  assert.deepEqual(periodsFrom([], at(0)), [])
  const periods = periodsFrom([{ at: at(0), state: 'CHARGING', energy: 500 }], at(0))
  const session = {
    start_date_time: '2026-11-25T12:00:00Z',
    end_date_time: '2026-11-25T12:00:00Z',
    time_zone: 'America/Martinique',
    periods,
  }
  assert.deepEqual(writtenBill(priceSession({ tariff: DAY_AND_NIGHT, session })).total, { excl_vat: '1', incl_vat: '1.085' })
})

test('a tariff survives the way through OCPP 2.1 and back, its message is valid, and what has no word there is named', () => {
  const { tariff, lost } = toOcppTariff(DAY_AND_NIGHT)
  assert.deepEqual(lost, [])
  assert.deepEqual(v21.validate('SetDefaultTariff', 'request', { evseId: 0, tariff }), { ok: true })
  const back = fromOcppTariff(tariff)
  assert.deepEqual(back.lost, [])
  assert.deepEqual(toOcppTariff(back.tariff).tariff, tariff)
  const stepped = { ...DAY_AND_NIGHT, elements: [{ price_components: [{ type: 'TIME' as const, price: 1, step_size: 900 }] }] }
  assert.deepEqual(toOcppTariff(stepped).lost, ['step_size of chargingTime'])
  const foreign = { ...tariff, energy: { prices: [{ priceKwh: 1, conditions: { minIdleTime: 5 } }] } }
  assert.deepEqual(fromOcppTariff(foreign).lost, ['condition minIdleTime'])
})

test('a tariff is said in one line, price first, in the language of the driver', () => {
  assert.equal(
    sayTariff(DAY_AND_NIGHT, 'en'),
    '0.2387 EUR/kWh from 22:00 to 06:00 (Mon, Sun) below 30 kWh below 120 min; 0.3798 EUR/kWh; 6.00 EUR/h of charging for a reservation; 3.00 EUR/h of parking; 0.5425 EUR at the start; at least 1.085 EUR, incl. VAT',
  )
  assert.match(sayTariff(DAY_AND_NIGHT, 'fr'), /^0,2387 EUR\/kWh de 22:00 à 06:00 \(lun\., dim\.\)/)
  assert.equal(
    sayTariff({ id: 'F', currency: 'EUR', elements: [{ price_components: [{ type: 'FLAT', price: 0, step_size: 0 }] }] }, 'fr'),
    'gratuit',
  )
})
