import assert from 'node:assert/strict'
import test from 'node:test'
import { yard } from './yard.fixture.ts'

test('a station is registered where it stands, and half a place is refused before anything is made', async (t) => {
  const { store, charging, ask } = await yard(t)
  const register = (payload: object) => ask<{ asset: number }>('POST', '/stations', payload)
  for (const half of [{ latitude: 14.6 }, { longitude: -61 }]) {
    const { status, body } = await register({ identity: 'CP100', nominalKw: 22, ...half })
    assert.deepEqual([status, body.code], [422, 'half-a-place'])
  }
  assert.deepEqual(charging.stations(), [])
  const { status, body } = await register({ identity: 'CP100', nominalKw: 22, latitude: 14.61, longitude: -61.02 })
  assert.equal(status, 201)
  const row = await store.first('select latitude, longitude from generic_asset where id = $1', [body.data.asset])
  assert.deepEqual(row, { latitude: 14.61, longitude: -61.02 })
  assert.equal((await register({ identity: 'CP101', nominalKw: 22 })).status, 201)
})

test('a tariff is made, said, tried on a session, chosen and forgotten, and what is wrong with one is said', async (t) => {
  const { ask } = await yard(t)
  const tariff = { currency: 'EUR', elements: [{ price_components: [{ type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 }] }] }
  const made = await ask<{ said: { fr: string } }>('PUT', '/tariffs/DAY', tariff)
  assert.deepEqual([made.status, made.body.data.said.fr], [200, '0,30 EUR/kWh, TTC'])
  const wrong = await ask('PUT', '/tariffs/DAY', { ...tariff, currency: 'euro' })
  assert.deepEqual([wrong.status, wrong.body.code], [422, 'invalid-tariff'])
  const session = {
    start_date_time: '2026-11-24T12:00:00Z',
    end_date_time: '2026-11-24T13:00:00Z',
    time_zone: 'America/Martinique',
    periods: [{ start_date_time: '2026-11-24T12:00:00Z', state: 'CHARGING', energy_kwh: 10 }],
  }
  const tried = await ask<{ bill: { total: object } }>('POST', '/tariffs/preview', { tariff: { id: 'X', ...tariff }, session })
  assert.deepEqual(tried.body.data.bill.total, { excl_vat: '2.5', incl_vat: '3' })
  const words = await ask<{ said: { en: string } }>('POST', '/tariffs/preview', { tariff: { id: 'X', ...tariff } })
  assert.equal(words.body.data.said.en, '0.30 EUR/kWh, incl. VAT')
  const choice = { scope: 'all', key: '', tariff: 'DAY' }
  assert.deepEqual((await ask('PUT', '/tariff-choices', choice)).body.data, [choice])
  assert.equal((await ask('DELETE', '/tariffs/DAY')).body.code, 'tariff-in-use')
  assert.equal((await ask('PUT', '/tariff-choices', { ...choice, tariff: 'NIGHT' })).status, 404)
  assert.deepEqual((await ask('PUT', '/tariff-choices', { ...choice, tariff: null })).body.data, [])
  assert.equal((await ask('DELETE', '/tariffs/day')).status, 204)
  assert.deepEqual((await ask('GET', '/tariffs')).body.data, [])
  assert.deepEqual((await ask('GET', '/tariff-choices')).body.data, [])
  assert.equal((await ask('GET', '/stations/CP9/transactions/T1/bill')).status, 404)
})
