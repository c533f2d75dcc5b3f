/** For tests of the server: a running one on a scratch database with two accounts, their people, an asset and sensors. */
import type { News, SolverPool } from '#ems'
import {
  type Clock,
  FLEXMEASURES_DEFAULTS,
  type FlexMeasuresSettings,
  inProcessBus,
  type ManualClock,
  manualClock,
  parseInstant,
  silentLog,
} from '#kernel'
import { type Store, scratchStore } from '#store'
import { type Witness, watchRoutes } from './coverage.fixture.ts'
import type { ServerConfig } from './rooms.ts'
import { createServer, type Server, type ServerParts } from './server.ts'

export const NOON = parseInstant('2026-11-24T12:00:00Z')

export interface Door {
  url: string
  store: Store
  server: Server
  clock: ManualClock
  /** Tokens by name: ann (account-admin) and mel (member) of account A, bob of account B. */
  tokens: Record<'ann' | 'mel' | 'bob', string>
  asset: number
  ask(
    method: string,
    path: string,
    more?: { as?: 'ann' | 'mel' | 'bob'; body?: unknown; raw?: string; headers?: Record<string, string>; redirect?: 'follow' | 'manual' },
  ): Promise<Answer>
  sensor(more?: { unit?: string; resolution?: number; attributes?: Record<string, unknown>; timezone?: string }): Promise<number>
}

export interface Answer {
  status: number
  headers: Headers
  body: Record<string, unknown>
}

/** Opens a door; `given.store` brings a database of one's own. */
export async function openDoor(
  t: Witness,
  given: {
    store?: Store
    config?: Partial<ServerConfig>
    flexMeasures?: Partial<FlexMeasuresSettings>
    pool?: SolverPool
    mail?: ServerParts['mail']
    serverClock?: Clock
  } = {},
): Promise<Door> {
  const store = given.store ?? (await scratchStore(t))
  const clock = manualClock(NOON)
  const server = createServer({
    config: {
      host: '127.0.0.1',
      port: 0,
      platformName: 'Cariflex',
      timezone: 'UTC',
      web: '/nowhere',
      flexMeasures: { ...FLEXMEASURES_DEFAULTS, ...given.flexMeasures },
      ...given.config,
    },
    store,
    clock: given.serverClock ?? clock,
    log: silentLog,
    bus: inProcessBus<News>(() => {}),
    ...(given.pool && { pool: given.pool }),
    ...(given.mail && { mail: given.mail }),
  })
  watchRoutes(server.app, t)
  const [a, b] = [await server.accounts.create({ name: 'A' }), await server.accounts.create({ name: 'B' })]
  const people = [
    ['ann', a.id, ['account-admin']],
    ['mel', a.id, []],
    ['bob', b.id, ['account-admin']],
  ] as const
  const tokens = {} as Door['tokens']
  for (const [name, account, roles] of people) {
    const user = await server.users.create({ email: `${name}@example.com`, account, roles })
    tokens[name] = await server.tokens.issue(user.id, 'program')
  }
  const asset = await server.assets.create({ name: 'house', type: 6, account: a.id })
  const { url } = await server.listen()
  t.after(() => server.close())
  let serial = 0
  return {
    url,
    store,
    server,
    clock,
    tokens,
    asset: asset.id,
    async ask(method, path, { as, body, raw, headers = {}, redirect = 'follow' } = {}) {
      const answer = await fetch(url + path, {
        method,
        redirect,
        headers: {
          ...(as && { authorization: tokens[as] }),
          ...(body !== undefined || raw !== undefined ? { 'content-type': 'application/json' } : {}),
          ...headers,
        },
        ...(raw !== undefined ? { body: raw } : body !== undefined ? { body: JSON.stringify(body) } : {}),
      })
      const text = await answer.text()
      return { status: answer.status, headers: answer.headers, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }
    },
    async sensor({ unit = 'kW', resolution = 900_000, attributes = {}, timezone = 'UTC' } = {}) {
      return (await server.sensors.create({ name: `s${serial++}`, unit, resolution, asset: asset.id, timezone, attributes })).id
    },
  }
}
