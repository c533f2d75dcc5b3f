// For the tests of security: a charging room with its encrypted port, certificates for trials, and simulated stations that come to it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type Charging, type ChargingConfig, type ChargingParts, openCharging } from '#charging'
import { deviceRegistry, type News, openAlarms, openBeliefs } from '#ems'
import { inProcessBus, isProblem, manualClock, openOutward, silentLog, systemClock, watts } from '#kernel'
import { openTrialPki, type TrialPki } from '#protocols/pki'
import { openSecrets, type Store, scratchStore } from '#store'
import { type Station, type StationOptions, startStation } from '../../src/simulators/station.ts'

export const PASSWORD = 'correct-horse-battery'
export const ORGANIZATION = 'Island Charging'

export interface House {
  store: Store
  clock: ReturnType<typeof manualClock>
  charging: Charging
  pki: TrialPki
  /** Roots of the platform, PEM. */
  root: string
  plain: string
  secure: string
  port: number
  register(identity: string, more?: { password?: string; securityProfile?: 0 | 1 | 2 | 3 }): Promise<void>
  /** A simulated station that is on line with an accepted boot. */
  station(identity: string, options?: Partial<StationOptions>): Promise<Station>
  /** Polls until it is so; the clock stands still. */
  until(what: string, condition: () => boolean | Promise<boolean>): Promise<void>
  /** Lets seconds pass. */
  pass(seconds: number): Promise<void>
  events(identity: string): Promise<string[]>
  isOnline(identity: string): boolean
}

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 1))
export const refused = (code: string) => (error: unknown) => isProblem(error) && error.code === code
export const answered = (status: number) => (error: unknown) => isProblem(error) && error.details?.['status'] === status

export type Ground = Pick<ChargingParts, 'store' | 'clock' | 'bus'>

export interface Furniture {
  /** With its encrypted port. */
  isEncrypted: boolean
  config?: Partial<ChargingConfig>
  /** Other parts than those of a house without a site. */
  furnish?(ground: Ground): Promise<Partial<ChargingParts>>
}

/** Opens it. */
export async function open(t: TestContext, { isEncrypted, config = {}, furnish }: Furniture): Promise<House> {
  // The other end of TLS is OpenSSL, which looks at the clock of the machine.
  const clock = manualClock(systemClock.now())
  const store = await scratchStore(t)
  const bus = inProcessBus<News>((error) => {
    throw error
  })
  const secrets = await openSecrets({ store, clock, folder: '', key: Buffer.alloc(32, 7).toString('base64') })
  const charging = await openCharging({
    ...{ store, clock, log: silentLog, bus, secrets, beliefs: openBeliefs({ store, clock, bus }), devices: deviceRegistry() },
    conversation: { note: () => undefined },
    alarms: openAlarms({ store, clock, bus }),
    outward: openOutward({ allow: ['127.0.0.1'] }),
    ...(await furnish?.({ store, clock, bus })),
    config: {
      ...{ ping: 0, bootPause: 0, organization: ORGANIZATION },
      ...(isEncrypted && { tls: { host: '127.0.0.1', port: 0, names: ['localhost', '127.0.0.1'], certificates: [] } }),
      ...config,
    },
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const plain = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`
  const port = (await charging.openSecurePort(() => plain))?.port ?? 0
  const stations: Station[] = []
  t.after(async () => {
    const stopping = stations.map((station) => station.stop())
    const ticking = setInterval(() => clock.forward(1000), 1)
    await Promise.all(stopping)
    await charging.close()
    clearInterval(ticking)
    server.closeAllConnections()
    server.close()
  })
  const isOnline = (identity: string) =>
    charging.stations().some((one) => one.identity === identity && one.online && one.boot === 'Accepted')
  const until: House['until'] = async (what, condition) => {
    for (let turns = 0; !(await condition()); turns++) {
      assert.ok(turns < 5000, what)
      await turn()
    }
  }
  let asset = 100
  return {
    ...{ store, clock, charging, plain, port, until, isOnline },
    secure: `wss://localhost:${port}/ocpp`,
    pki: await openTrialPki(clock),
    root: await charging.security.roots(),
    register: (identity, more = {}) =>
      charging.registerStation({ identity, asset: ++asset, powerSensor: asset, nominalW: 22_000, ...more }),
    async station(identity, options = {}) {
      const station = startStation({ spec: { identity, nominal: watts(22_000), v2x: false }, url: plain, clock, ...options })
      stations.push(station)
      clock.forward(0)
      // Both ends: the platform keeps that a boot is accepted before the station hears it.
      await until(`${identity} is on line`, () => isOnline(identity) && station.state().registration === 'Accepted')
      return station
    },
    async pass(seconds) {
      for (let second = 0; second < seconds; second++) {
        clock.forward(1000)
        for (let turns = 0; turns < 5; turns++) await turn()
      }
    },
    events: async (identity) =>
      (
        await store.query<{ info: string }>(
          `select info from cariflex.security_event where station = $1 and type = 'InvalidCredential' order by id`,
          [identity],
        )
      ).map(({ info }) => info),
  }
}
