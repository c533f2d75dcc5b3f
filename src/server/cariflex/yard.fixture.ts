/** For tests of routes of the charging room: a territory without stations, on a scratch database. */
import type { TestContext } from 'node:test'
import { type Charging, openCharging } from '#charging'
import {
  deviceRegistry,
  type Established,
  establishTerritory,
  type News,
  openAlarms,
  openBeliefs,
  openConversationLog,
  type Site,
  siteOf,
} from '#ems'
import { inProcessBus, type ManualClock, manualClock, parseInstant, silentLog, type Territory } from '#kernel'
import { type Store, scratchStore } from '#store'
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
/** What routes may need. */
export interface YardParts {
  charging: Charging
  established: Established
  site: Site
  store: Store
  clock: ManualClock
}

export async function yard(
  t: TestContext,
  more: (server: Server, account: number, parts: YardParts) => void = () => {},
  charges: Partial<Parameters<typeof openCharging>[0]> = {},
) {
  const store = await scratchStore(t)
  const clock = manualClock(parseInstant('2026-11-24T12:00:00Z'))
  const bus = inProcessBus<News>(() => {})
  const established = await establishTerritory(store, clock, structuredClone(TERRITORY), false)
  const site = siteOf(established, { author: 'Cariflex', demandResponseLevels: [100, 75, 50, 0] })
  const conversation = openConversationLog({ store, clock, bus, log: silentLog })
  const parts = { store, clock, bus, log: silentLog, conversation, alarms: openAlarms({ store, clock, bus }) }
  const charging = await openCharging({ ...parts, beliefs: openBeliefs({ store, clock, bus }), devices: deviceRegistry(), ...charges })
  const config = { host: '127.0.0.1', port: 0, platformName: 'Cariflex', timezone: 'UTC', web: '/nowhere' }
  const server = createServer({ config, store, clock, bus, log: silentLog })
  watchRoutes(server.app, t)
  server.register(stationRoutes({ charging, conversation, established, site, rooms: server }), '/api/cariflex/v1')
  server.register(tariffRoutes({ charging, established, rooms: server }), '/api/cariflex/v1')
  more(server, established.account, { charging, established, site, store, clock })
  t.after(async () => {
    // Stations hang on the port: it closes only when they have gone.
    await charging.close()
    await server.close()
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
  const token = await tokenOf('ann@example.com', ['account-admin'])
  return {
    /** Of somebody who may steer it. */
    token,
    ...{ store, clock, charging, server, established },
    ask: asking(token),
    /** Asks as somebody who may only read. */
    nobody: asking(await tokenOf('mel@example.com', [])),
  }
}
