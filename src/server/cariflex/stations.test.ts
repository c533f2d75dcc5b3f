import assert from 'node:assert/strict'
import test from 'node:test'
import { openCharging } from '#charging'
import { deviceRegistry, establishTerritory, type News, openAlarms, openBeliefs, openConversationLog, siteOf } from '#ems'
import { inProcessBus, manualClock, parseInstant, silentLog, type Territory } from '#kernel'
import { scratchStore } from '#store'
import { watchRoutes } from '../coverage.fixture.ts'
import { createServer } from '../server.ts'
import { stationRoutes } from './stations.ts'

const TERRITORY: Territory = {
  account: 'Cariflex',
  site: { name: 'Yard', timezone: 'America/Martinique', currency: 'EUR', latitude: 14.6, longitude: -61, roles: {} },
  assets: [],
  devices: [],
}

test('a station is registered where it stands, and half a place is refused before anything is made', async (t) => {
  const store = await scratchStore(t)
  const clock = manualClock(parseInstant('2026-11-24T12:00:00Z'))
  const bus = inProcessBus<News>(() => {})
  const established = await establishTerritory(store, clock, TERRITORY, false)
  const site = siteOf(established, { author: 'Cariflex', demandResponseLevels: [100, 75, 50, 0] })
  const conversation = openConversationLog({ store, clock, bus, log: silentLog })
  const parts = { store, clock, bus, log: silentLog, conversation, alarms: openAlarms({ store, clock, bus }) }
  const charging = await openCharging({ ...parts, beliefs: openBeliefs({ store, clock, bus }), devices: deviceRegistry() })
  const config = { host: '127.0.0.1', port: 0, platformName: 'Cariflex', timezone: 'UTC', web: '/nowhere' }
  const server = createServer({ config, store, clock, bus, log: silentLog })
  watchRoutes(server.app, t)
  server.register(stationRoutes({ charging, conversation, established, site, rooms: server }), '/api/cariflex/v1')
  t.after(async () => {
    await server.close()
    await charging.close()
    await conversation.close()
  })
  const user = await server.users.create({ email: 'ann@example.com', account: established.account, roles: ['account-admin'] })
  const token = await server.tokens.issue(user.id, 'program')
  const register = async (payload: object) => {
    const headers = { authorization: `Bearer ${token}` }
    const answer = await server.app.inject({ method: 'POST', url: '/api/cariflex/v1/stations', headers, payload })
    return { status: answer.statusCode, body: answer.json() as { code?: string; data: { asset: number } } }
  }
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
