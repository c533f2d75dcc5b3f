import assert from 'node:assert/strict'
import test from 'node:test'
import { chargingFirmwareCampaign } from '../../cli/verbs/charging-firmware.ts'
import { chargingRoutes } from './charging.ts'
import { campaignRoutes } from './firmware-campaigns.ts'
import { yard } from './yard.fixture.ts'

interface Shown {
  id: number
  state: string
  firmware: Record<string, unknown>
  counts: Record<string, number>
  stations: { station: string; wave: number; state: string }[]
}

test('a firmware campaign is begun for named stations, looked at, stopped and resumed, and what cannot be is refused', async (t) => {
  const { ask, nobody, charging, server, token } = await yard(t, (server, _account, { charging, established }) => {
    server.register(chargingRoutes({ charging, established, rooms: server }), '/api/cariflex/v1')
    server.register(campaignRoutes({ charging, established, rooms: server }), '/api/cariflex/v1')
  })
  for (const identity of ['CP1', 'CP2', 'CP3']) await ask('POST', '/stations', { identity, nominalKw: 22 })
  const path = '/charging/firmware-campaigns'
  const begin = (payload: object) =>
    ask<Shown>('POST', path, { name: 'Autumn', firmware: { url: 'https://example.org/a.bin' }, ...payload })
  assert.equal((await nobody('POST', path, { name: 'x', firmware: { url: 'https://a' }, stations: ['CP1'] })).status, 403)
  assert.deepEqual([(await begin({ stations: ['CP9'] })).body.code, (await begin({})).body.code], ['unknown-station', 'no-stations'])
  assert.equal((await begin({ model: { vendor: 'Nobody' } })).body.code, 'no-stations')
  assert.equal((await begin({ stations: ['CP1'], firmware: {} })).body.code, 'no-firmware')
  assert.equal((await begin({ stations: ['CP1'], mostFailures: 0 })).status, 422)
  const installAt = '2026-11-25T02:00:00-04:00'
  const { status, body } = await begin({ stations: ['CP1', 'CP2', 'CP3'], firmware: { url: 'https://example.org/a.bin', installAt } })
  assert.equal(status, 201)
  assert.deepEqual(body.data.firmware, { url: 'https://example.org/a.bin', installAt })
  assert.deepEqual(
    body.data.stations.map(({ wave, state }) => `${wave} ${state}`),
    ['0 waiting', '1 waiting', '2 waiting'],
  )
  const one = `${path}/${body.data.id}`
  assert.equal((await ask<Shown>('POST', `${one}/stop`, {})).body.data.state, 'stopped')
  assert.equal((await ask<Shown>('POST', `${one}/resume`, {})).body.data.state, 'running')
  assert.equal((await ask('POST', `${one}/retry`, {})).body.code, 'nothing-failed')
  assert.equal((await ask('GET', `${path}/99`)).body.code, 'unknown-campaign')
  assert.deepEqual((await ask<Shown[]>('GET', path)).body.data[0]?.counts, { waiting: 3, sent: 0, done: 0, failed: 0 })
  // All stations of a model, as they are known.
  assert.equal((await begin({ model: {} })).body.data.stations.length, 3)
  await charging.blocks.campaigns.advance()

  const { url } = await server.listen()
  const verb = async (words: string[], options: Record<string, string | string[]> = {}) => {
    let told = ''
    const show = (_data: unknown, render: () => string) => {
      told = render()
    }
    const env = { CARIFLEX_URL: url, CARIFLEX_TOKEN: token }
    await chargingFirmwareCampaign.run({ words, options, env, show, say: () => undefined, progress: () => undefined })
    return told
  }
  const started = await verb(['start', 'https://example.org/b.bin'], { station: ['CP1', 'CP2'], share: ['50'], failures: '2' })
  assert.match(started, /^Campaign 3 'b\.bin': running, wave 1 of 2; 2 waiting, 0 sent, 0 done, 0 failed\.$/)
  assert.equal((await verb([])).split('\n').length, 3)
  assert.match(await verb(['stop', '3']), /stopped[\s\S]*CP2 +1 +waiting/)
  await assert.rejects(verb(['start', '/nowhere/image.bin'], { station: ['CP1'] }), { code: 'usage' })
  await assert.rejects(verb(['begin', '3']), { code: 'usage' })
})
