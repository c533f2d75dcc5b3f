import assert from 'node:assert/strict'
import test from 'node:test'
import { openAlarms } from '#ems'
import { inProcessBus } from '#kernel'
import { stationSurveyRoutes } from './station-survey.ts'
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

test('stations are found by words, state and alarm, page by page, with how many do what, and where they stand', async (t) => {
  const { ask, store, clock } = await yard(t, (server, _account, { charging, established, store, clock }) => {
    const alarms = openAlarms({ store, clock, bus: inProcessBus(() => {}) })
    server.register(stationSurveyRoutes({ charging, established, line: { alarms }, rooms: server }), '/api/cariflex/v1')
  })
  const assets: number[] = []
  for (const [index, name] of ['Le Diamant nord', 'Le Diamant sud', 'Saint-Pierre'].entries()) {
    const place = index === 0 ? { latitude: 14.5, longitude: -61 } : {}
    assets.push(
      (await ask<{ asset: number }>('POST', '/stations', { identity: `CP${index}`, name, nominalKw: 22, ...place })).body.data.asset,
    )
  }
  interface Found {
    stations: { identity: string; alarm: boolean }[]
    total: number
    counts: Record<string, number>
    places?: object[]
  }
  const look = async (query: string) => (await ask<Found>('GET', `/charging/stations?${query}`)).body.data
  const page = await look('search=diamant%20le&limit=1&offset=1&places=true')
  assert.deepEqual([page.stations.map(({ identity }) => identity), page.total, page.counts['offline']], [['CP1'], 2, 2])
  assert.deepEqual(page.places, [{ identity: 'CP0', standing: 'offline', latitude: 14.5, longitude: -61 }])
  assert.equal((await look('standing=busy')).total, 0)
  assert.equal((await look('alarm=true')).total, 0)
  await openAlarms({ store, clock, bus: inProcessBus(() => {}) }).raise(assets[2]!, 'station-problem', 'CP2 reports a problem.')
  assert.deepEqual(
    (await look('alarm=true')).stations.map(({ identity, alarm }) => [identity, alarm]),
    [['CP2', true]],
  )
  assert.equal((await ask('GET', '/charging/stations?standing=lost')).status, 422)
})
