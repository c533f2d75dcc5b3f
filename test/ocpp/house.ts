/** For tests: a platform with its stations on a real socket, a real PostgreSQL and a clock moved by hand; the strict simulated station comes to it. */
import assert from 'node:assert/strict'
import { type Charging, type ChargingConfig, openCharging } from '#charging'
import { deviceRegistry, establishTerritory, type News, openAlarms, openBeliefs, openConversationLog, siteOf } from '#ems'
import {
  inProcessBus,
  type ManualClock,
  manualClock,
  type Outward,
  parseInstant,
  silentLog,
  type Territory,
  wattHours,
  watts,
} from '#kernel'
import type { Action, CallError, Frame, Messages, Payload } from '#protocols/ocpp'
import { openSecrets, type Store, scratchStore, type Transaction } from '#store'
import { chargingRoutes, stationFileRoutes } from '../../src/server/cariflex/charging.ts'
import { contractRoutes } from '../../src/server/cariflex/contracts.ts'
import { stationBlockRoutes } from '../../src/server/cariflex/station-blocks.ts'
import { stationSecurityRoutes } from '../../src/server/cariflex/station-security.ts'
import { stationTariffRoutes } from '../../src/server/cariflex/station-tariffs.ts'
import { stationUpstreamRoutes } from '../../src/server/cariflex/station-upstream.ts'
import { stationRoutes } from '../../src/server/cariflex/stations.ts'
import { tariffRoutes } from '../../src/server/cariflex/tariffs.ts'
import { type Witness, watchRoutes } from '../../src/server/coverage.fixture.ts'
import { createServer } from '../../src/server/server.ts'
import { type Car, openCar } from '../../src/simulators/car.ts'
import { type Station, type StationSpec, startStation } from '../../src/simulators/station.ts'

export const NOW = parseInstant('2026-11-24T12:00:00Z')
const TERRITORY: Territory = {
  account: 'Cariflex',
  site: { name: 'Yard', timezone: 'America/Martinique', currency: 'EUR', latitude: 14.6, longitude: -61, roles: {} },
  assets: [],
  devices: [],
}

/** What a station answers instead of what it would; throw a CallError to refuse. */
export type Instead = { [A in Action]?: (request: Messages[A]['request']) => Messages[A]['response'] | CallError }

export interface Visit {
  password?: string
  /** Not registered before. */
  stranger?: boolean
  /** Resolve at once, before its boot is accepted. */
  early?: boolean
  firmware?: string
  version?: StationSpec['version']
  /** It speaks ISO 15118 with its cars. */
  cable?: boolean
}

/** A station that came, and what was said. */
export interface Subject {
  readonly identity: string
  readonly station: Station
  readonly frames: Frame[]
  /** Payloads of its CALLs of an action, in order, and of those that the platform sent it. */
  said<A extends Action>(action: A): Messages[A]['request'][]
  heard<A extends Action>(action: A): Messages[A]['request'][]
  /** Answers to its own CALLs of an action. */
  told<A extends Action>(action: A): Messages[A]['response'][]
  instead: Instead
  /** A car of this token stands at the cable. */
  car(token?: string, type?: string): Car
}

export interface OcppHouse {
  readonly store: Store
  readonly clock: ManualClock
  readonly charging: Charging
  readonly news: News[]
  readonly url: string
  /** The same platform for programs: its address and the token of its administrator. */
  readonly http: string
  readonly token: string
  api<T = { data: unknown }>(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: T }>
  upload(path: string, content: Uint8Array): Promise<{ status: number; body: { data: { id: number; size: number; name: string } } }>
  download(path: string): Promise<string>
  come(identity: string, visit?: Visit): Promise<Subject>
  /** Lets seconds pass; after each, what is on the wire and in the database has arrived. */
  pass(seconds: number): Promise<void>
  until(what: string, condition: () => unknown, most?: number): Promise<void>
  close(): Promise<void>
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** Resolves when something happened, at the latest soon: nobody burns the processor that the database needs. */
function doorbell() {
  let waiting: (() => void)[] = []
  return {
    ring() {
      for (const wake of waiting.splice(0)) wake()
    },
    rung: () =>
      new Promise<void>((resolve) => {
        const late = setTimeout(resolve, 25)
        waiting = [
          ...waiting,
          () => {
            clearTimeout(late)
            resolve()
          },
        ]
      }),
  }
}

/** A store that knows whether somebody waits for it. */
function counted(store: Store, ring: () => void): { store: Store; busy(): boolean } {
  let under = 0
  const count = async <T>(work: Promise<T>): Promise<T> => {
    under++
    return work.finally(() => {
      under--
      ring()
    })
  }
  return {
    busy: () => under > 0,
    store: {
      ...store,
      query: (sql, params, name) => count(store.query(sql, params, name)),
      first: (sql, params, name) => count(store.first(sql, params, name)),
      transact: <T>(work: (tx: Transaction) => Promise<T>) => count(store.transact(work)),
    },
  }
}

export async function ocppHouse(t: Witness, config: Partial<ChargingConfig> = {}, outward?: Outward): Promise<OcppHouse> {
  const bell = doorbell()
  const { store, busy } = counted(await scratchStore(t), bell.ring)
  const clock = manualClock(NOW)
  const news: News[] = []
  const bus = inProcessBus<News>(() => undefined)
  bus.any((one) => void news.push(one))
  const log = silentLog
  const established = await establishTerritory(store, clock, TERRITORY, false)
  await store.query(
    `insert into sensor (id, name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, generic_asset_id, attributes)
     values (6100, 'power', 'kW', 'America/Martinique', '5 minutes', 'ex_post', '{"ex_post_horizon":"PT0S"}', $1, '{"consumption_is_positive":true}')`,
    [established.site],
  )
  const site = siteOf(established, { author: 'Cariflex', demandResponseLevels: [100, 75, 50, 0] })
  const conversation = openConversationLog({ store, clock, bus, log })
  const charging = await openCharging({
    ...{ store, clock, log, bus, conversation, devices: deviceRegistry() },
    ...(outward && { outward }),
    secrets: await openSecrets({ store, clock, folder: '', key: Buffer.alloc(32, 7).toString('base64') }),
    beliefs: openBeliefs({ store, clock, bus }),
    alarms: openAlarms({ store, clock, bus }),
    site: established.site,
    config: { ping: 0, zone: 'America/Martinique', ...config },
  })
  const server = createServer({
    config: { host: '127.0.0.1', port: 0, platformName: 'Cariflex', timezone: 'UTC', web: '/nowhere' },
    ...{ store, clock, bus, log },
  })
  watchRoutes(server.app, t)
  const parts = { charging, established, rooms: server }
  server.register(stationRoutes({ ...parts, conversation, site }), '/api/cariflex/v1')
  server.register(stationBlockRoutes(parts), '/api/cariflex/v1')
  server.register(chargingRoutes(parts), '/api/cariflex/v1')
  server.register(stationUpstreamRoutes(parts), '/api/cariflex/v1')
  server.register(stationSecurityRoutes(parts), '/api/cariflex/v1')
  server.register(contractRoutes(parts), '/api/cariflex/v1')
  server.register(tariffRoutes(parts), '/api/cariflex/v1')
  server.register(stationTariffRoutes(parts), '/api/cariflex/v1')
  server.register(stationFileRoutes(charging))
  server.http.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
  const { url } = await server.listen()
  const user = await server.users.create({ email: 'ann@example.com', account: established.account, roles: ['account-admin'] })
  const token = await server.tokens.issue(user.id, 'program')
  const subjects: (Subject & { underWay(): boolean })[] = []

  const quiet = async () => {
    for (let calm = 0, turns = 0; calm < 6 && turns < 200_000; turns++) {
      const isBusy = busy() || subjects.some((one) => one.underWay())
      await (isBusy ? bell.rung() : turn())
      calm = isBusy ? 0 : calm + 1
    }
  }
  // A test that waits for an answer which takes time of the clock, with nobody to move it: after two real seconds it moves by itself.
  let moved = performance.now()
  const pump = setInterval(() => {
    if (performance.now() - moved > 2000) clock.forward(1000)
  }, 250)
  t.after(() => clearInterval(pump))
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      moved = performance.now()
      clock.forward(1000)
      await quiet()
    }
  }
  const until: OcppHouse['until'] = async (what, condition, most = 120) => {
    await quiet()
    for (let second = 0; !(await condition()); second++) {
      assert.ok(second < most, `${what} within ${most} s`)
      await pass(1)
    }
  }

  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= (async () => {
      const ticking = setInterval(() => clock.forward(1000), 1)
      await Promise.all(subjects.map(({ station }) => station.stop()))
      clearInterval(ticking)
      await charging.close()
      await server.close()
      await conversation.close()
    })()
    return closing
  }
  t.after(close)

  return {
    ...{ store, clock, charging, news, pass, until, close },
    url: `${url.replace(/^http/, 'ws')}/ocpp`,
    http: url,
    token,
    async api(method, path, body) {
      const answer = await fetch(`${url}/api/cariflex/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: answer.status, body: (await answer.json().catch(() => undefined)) as never }
    },
    async upload(path, content) {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' }
      const answer = await fetch(`${url}/api/cariflex/v1${path}`, {
        method: 'POST',
        headers,
        body: new Blob([content as Uint8Array<ArrayBuffer>]),
      })
      return { status: answer.status, body: (await answer.json()) as never }
    },
    download: async (path) => (await fetch(`${url}/api/cariflex/v1${path}`, { headers: { authorization: `Bearer ${token}` } })).text(),
    async come(identity, { password, stranger = false, early = false, firmware, version, cable = false } = {}) {
      if (!stranger)
        await charging.registerStation({
          ...{ identity, asset: established.site, device: identity, powerSensor: 6100, nominalW: 22_080 },
          ...(password === undefined ? {} : { password }),
        })
      const frames: Frame[] = []
      let open = 0
      const of = (direction: Frame['direction'], kind: Frame['kind'], action: string) =>
        frames
          .filter((frame) => frame.direction === direction && frame.kind === kind && frame.action === action)
          .map(({ payload }) => payload)
      const station = startStation({
        spec: { identity, nominal: watts(22_080), v2x: false, ...(firmware && { firmware }), ...(version && { version }) },
        url: `${url.replace(/^http/, 'ws')}/ocpp`,
        ...{ clock, cable },
        ...(password === undefined ? {} : { password }),
        instead: (action, payload) => {
          const answer = subject.instead[action as Action]?.(payload as never)
          if (answer instanceof Error) throw answer
          return answer as Payload | undefined
        },
        onFrame(frame) {
          frames.push(frame)
          if (frame.kind === 'CALL') open++
          else if (frame.kind !== 'garbage' || frame.direction === 'out') open--
          bell.ring()
        },
      })
      const subject: Subject & { underWay(): boolean } = {
        ...{ identity, station, frames, instead: {} },
        said: (action) => of('out', 'CALL', action) as never,
        heard: (action) => of('in', 'CALL', action) as never,
        told: (action) => of('in', 'CALLRESULT', action) as never,
        underWay() {
          // A connection that broke leaves calls without answers.
          if (!station.state().connected) open = 0
          return open > 0
        },
        car: (idToken = 'CARIFLEX001', type = 'ISO14443') =>
          openCar(
            {
              ...{ id: `CAR-${identity}`, home: identity, seed: 7, rhythm: 'commuter', zone: 'America/Martinique', target: 1, reserve: 0 },
              token: { idToken, type: type as 'ISO14443' },
              capacity: wattHours(75_000),
              onboard: watts(11_040),
              discharge: watts(0),
            },
            { at: clock.now(), soc: wattHours(20_000) },
          ),
      }
      subjects.push(subject)
      clock.forward(0)
      for (let turns = 0; !station.state().connected && turns < 100_000; turns++) await turn()
      if (!early)
        await until(
          `${identity} accepted`,
          () => station.state().registration === 'Accepted' && subject.heard('TriggerMessage').length >= 2,
        )
      return subject
    },
  }
}
