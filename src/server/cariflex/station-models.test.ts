import assert from 'node:assert/strict'
import test from 'node:test'
import { connectStation } from '#protocols/ocpp'
import { stationModelRoutes } from './station-models.ts'
import { stickerRoutes } from './stickers.ts'
import { yard } from './yard.fixture.ts'

const NO_LIMITS = { within: async () => [], post: () => Promise.reject(), end: async () => {}, views: async () => [] }

test('stations are told by model with its card and quirks, its messages by schema, its power by what keeps it down, its page by a code', async (t) => {
  const { ask, nobody, server, token, clock } = await yard(t, (server, _account, { charging, established }) => {
    server.register(stationModelRoutes({ charging, established, line: { limits: NO_LIMITS }, rooms: server }), '/api/cariflex/v1')
    server.register(stickerRoutes({ charging, established, rooms: server }), '/api/cariflex/v1')
    server.http.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
  })
  await ask('POST', '/stations', { identity: 'CP1', nominalKw: 11, password: 'correct-horse-battery' })
  await ask('POST', '/stations', { identity: 'CP2', nominalKw: 22 })
  assert.deepEqual((await ask('GET', '/charging/models')).body.data, [])
  const url = `${(await server.listen()).url.replace('http', 'ws')}/ocpp`
  const handler = () => Promise.resolve({ status: 'Accepted' })
  const station = await connectStation(url, { identity: 'CP1', password: 'correct-horse-battery', handler, clock })
  await station.call('BootNotification', {
    reason: 'PowerUp',
    chargingStation: { model: 'Rig', vendorName: 'Cariflex', firmwareVersion: '1' },
  })
  const [model] = (
    await ask<{ model: string; count: number; online: number; quirks: string[]; card: { units: string[] } }[]>('GET', '/charging/models')
  ).body.data
  assert.deepEqual([model?.model, model?.count, model?.online, model?.card.units], ['Rig', 1, 1, ['A', 'W']])
  assert.ok(model?.quirks.includes('unwrapped') && !model.quirks.includes('empties'), 'a model nobody knows is forgiven what is harmless')
  station.close()

  const reset = await ask<{ required: string[] }>('GET', '/charging/messages/2.1/Reset')
  assert.deepEqual(reset.body.data.required, ['type'])
  for (const wrong of ['2.1/Fly', '2.1/BootNotification', '1.6/SetVariables'])
    assert.equal((await ask('GET', `/charging/messages/${wrong}`)).body.code, 'unknown-message', wrong)
  assert.equal((await ask('GET', '/charging/messages/3.0/Reset')).status, 422)

  const { data } = (await ask<{ binds: string; steps: { what: string; kw: number }[] }>('GET', '/stations/CP1/ladder')).body
  assert.deepEqual([data.binds, data.steps[0]], ['station', { what: 'station', kw: 11 }])
  assert.equal((await ask('GET', '/stations/CP9/ladder')).status, 404)

  const code = await server.app.inject({
    url: '/api/cariflex/v1/stations/CP1/evses/1/driver-page/qr.svg',
    headers: { authorization: `Bearer ${token}` },
  })
  assert.equal(code.statusCode, 200)
  assert.match(code.body, /^<svg /)
  assert.equal((await nobody('GET', '/stations/CP1/evses/1/driver-page/qr.svg')).status, 403)
})
