/** For tests of routes of the charging room: a territory without stations, on a scratch database. */
import type { TestContext } from 'node:test'
import { type Charging, openCharging } from '#charging'
import { deviceRegistry, type Established, establishTerritory, type News, openAlarms, openBeliefs, openConversationLog, siteOf } from '#ems'
import { inProcessBus, manualClock, parseInstant, silentLog, type Territory } from '#kernel'
import { scratchStore } from '#store'
import { watchRoutes } from '../coverage.fixture.ts'
import { createServer, type Server } from '../server.ts'
import { stationRoutes } from './stations.ts'
import { tariffRoutes } from './tariffs.ts'

const TERRITORY: Territory = {
  account: 'Cariflex',
  site: { name: 'Yard', timezone: 'America/Martinique', currency: 'EUR', latitude: 14.6, longitude: -61, roles: {} },
  assets: [],
  devices: [],
}

/** Its routes, those that `more` adds, and somebody who may steer it. */
export async function yard(
  t: TestContext,
  more: (server: Server, account: number, rooms: { charging: Charging; established: Established }) => void = () => {},
) {
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
  server.register(tariffRoutes({ charging, established, rooms: server }), '/api/cariflex/v1')
  more(server, established.account, { charging, established })
  t.after(async () => {
    await server.close()
    await charging.close()
    await conversation.close()
  })
  const tokenOf = async (email: string, roles: string[]) =>
    server.tokens.issue((await server.users.create({ email, account: established.account, roles })).id, 'program')
  const asking =
    (token: string) =>
    async <Data>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, payload?: object) => {
      const headers = { authorization: `Bearer ${token}` }
      const answer = await server.app.inject({ method, url: `/api/cariflex/v1${path}`, headers, ...(payload && { payload }) })
      const body = answer.statusCode === 204 ? {} : answer.json()
      return { status: answer.statusCode, body: body as { code?: string; data: Data } }
    }
  return {
    ...{ store, clock, charging, server, established },
    ask: asking(await tokenOf('ann@example.com', ['account-admin'])),
    /** Asks as somebody who may only read. */
    nobody: asking(await tokenOf('mel@example.com', [])),
  }
}
