import assert from 'node:assert/strict'
import test from 'node:test'
import type { Line } from '#ems'
import { HOUR, instant } from '#kernel'
import { wishRoutes } from './wishes.ts'
import { yard } from './yard.fixture.ts'

test('the page of an EVSE opens by its code to anybody, price first, and to nobody by guessing', async (t) => {
  const line = { limits: { within: async () => [] } } as unknown as Line
  const { ask, nobody, clock, server, charging, established } = await yard(t, (own, _, rooms) => {
    own.register(wishRoutes({ ...rooms, line, rooms: own }), '/api/cariflex/v1')
  })
  await ask('POST', '/stations', { identity: 'CP100', name: 'Quai 4', nominalKw: 22 })
  await ask('PUT', '/tariffs/DAY', {
    currency: 'EUR',
    elements: [{ price_components: [{ type: 'ENERGY', price: 0.25, vat: 20, step_size: 1 }] }],
  })
  await ask('PUT', '/tariff-choices', { scope: 'all', key: '', tariff: 'DAY' })
  const made = await ask<{ code: string; path: string }>('POST', '/stations/CP100/evses/1/driver-page', {})
  assert.equal(made.status, 200)
  const { code, path } = made.body.data
  assert.equal(path, `/driver/${code}`)
  assert.equal(
    (await ask<{ code: string }>('POST', '/stations/CP100/evses/1/driver-page', {})).body.data.code,
    code,
    'the sticker stays good',
  )
  assert.equal((await nobody('POST', '/stations/CP100/evses/1/driver-page', {})).status, 403)
  assert.equal((await ask('POST', '/stations/CP404/evses/1/driver-page', {})).body.code, 'unknown-station')

  const open = (method: 'GET' | 'PUT', url: string, payload?: object) =>
    server.app.inject({ method, url: `/api/cariflex/v1${url}`, ...(payload && { payload }) })
  const page = await open('GET', `/driver/${code}`)
  assert.equal(page.statusCode, 200)
  assert.equal(page.headers['cache-control'], 'no-store')
  const { data } = page.json()
  assert.equal(Object.keys(data)[0], 'price')
  assert.deepEqual(data.price, {
    text: { fr: '0,30 EUR/kWh, TTC', en: '0.30 EUR/kWh, incl. VAT' },
    perKwh: 0.3,
    currency: 'EUR',
    soFar: null,
  })
  assert.deepEqual([data.name, data.evse, data.online, data.plugged, data.session, data.wish], ['Quai 4', 1, false, false, null, null])
  assert.equal((await open('PUT', `/driver/${code}/wish`, { energyKwh: 20 })).json().code, 'no-session')
  assert.equal((await open('PUT', `/driver/${code}/wish`, { discharge: true })).statusCode, 403)
  assert.equal((await open('PUT', `/driver/${code}/wish`, { energyKwh: -1 })).statusCode, 422)
  assert.equal((await open('PUT', `/driver/${code}/wish`, { by: '7 o’clock' })).statusCode, 422)
  assert.equal((await open('PUT', `/driver/${code}/wish`, { by: '27:00' })).json().code, 'invalid-wish')
  assert.equal((await open('GET', '/driver/no-such-code')).json().code, 'unknown-page')

  const renewed = await ask<{ code: string }>('POST', '/stations/CP100/evses/1/driver-page', { renew: true })
  assert.notEqual(renewed.body.data.code, code)
  assert.equal((await open('GET', `/driver/${code}`)).statusCode, 404, 'the old sticker opens nothing')

  // Signed-in routes: the session must be there.
  assert.equal((await ask('GET', '/sessions/T9/wish')).body.code, 'unknown-session')
  assert.equal((await ask('PUT', '/sessions/T9/wish', { energyKwh: 5 })).status, 404)
  assert.equal((await ask('DELETE', '/sessions/T9/wish')).status, 404)
  assert.equal((await ask('GET', '/stations/CP100/evses/1/wish')).body.code, 'no-session')
  assert.equal((await ask('PUT', '/stations/CP100/evses/1/wish', { energyKwh: 5 })).status, 409)
  const card = await ask<{ card: { units: string[] } }>('GET', '/stations/CP100/card')
  assert.deepEqual(card.body.data.card.units, ['A', 'W'])
  const said = await ask<{ card: { units: string[]; maxPeriods: number } }>('PUT', '/stations/CP100/card', { units: ['W'], maxPeriods: 3 })
  assert.deepEqual([said.body.data.card.units, said.body.data.card.maxPeriods], [['W'], 3])
  assert.equal((await ask('PUT', '/stations/CP100/card', { maxPeriods: 0 })).status, 422)
  assert.equal((await nobody('PUT', '/stations/CP100/card', {})).status, 403)
  assert.equal(charging.stations().length, 1)
  assert.ok(established.site > 0)

  let refused = 0
  for (let count = 0; count < 70; count++) if ((await open('GET', '/driver/guess-guess')).statusCode === 429) refused++
  assert.ok(refused > 10)
  clock.set(instant(clock.now() + HOUR))
  assert.equal((await open('GET', '/driver/guess-guess')).statusCode, 404)
})
