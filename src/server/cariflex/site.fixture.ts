/** For tests of our own API: a steered island with one battery, its account (ann) and a stranger's (bob). */
import type { TestContext } from 'node:test'
import { type Device, deviceRegistry, type News, openBeliefs, openLine, openSensors, type Site } from '#ems'
import { inProcessBus, kilowatts, manualClock, silentLog, wattHours, watts } from '#kernel'
import { scratchStore } from '#store'
import { watchRoutes } from '../coverage.fixture.ts'
import { NOON } from '../door.fixture.ts'
import { createServer } from '../server.ts'

export const MIN = 60_000

/** `add` registers more routes before the port opens. */
export async function island(
  t: TestContext,
  add: (parts: { line: ReturnType<typeof openLine>; server: ReturnType<typeof createServer> }) => void = () => {},
) {
  const store = await scratchStore(t)
  const clock = manualClock(NOON)
  const bus = inProcessBus<News>(() => {})
  const sensors = openSensors(store, () => clock.now())
  const beliefs = openBeliefs({ store, clock, bus, sensors })
  await store.query("insert into account (id, name) values (1, 'Cariflex'), (2, 'Other')")
  await store.query(
    "insert into generic_asset (id, name, account_id, generic_asset_type_id, parent_asset_id, attributes) values (1, 'Island', 1, 6, null, '{}')",
  )
  await store.query(
    `insert into generic_asset (id, name, account_id, generic_asset_type_id, parent_asset_id, attributes, latitude, longitude)
     values (2, 'BAT001', 1, 5, 1, '{"town": "Le Marin"}', 14.5, -60.9)`,
  )
  await sensors.create({
    id: 151,
    name: 'power',
    unit: 'kW',
    resolution: 5 * MIN,
    asset: 2,
    timezone: 'UTC',
    attributes: { consumption_is_positive: true },
  })
  await sensors.create({ id: 51, name: 'soc', unit: 'kWh', resolution: 0, asset: 2, timezone: 'UTC' })
  const battery: Device = {
    id: 'BAT001',
    asset: 2,
    kind: 'battery',
    read: async (at) => [
      { sensor: 151, at, value: -12.5 },
      { sensor: 51, at, value: 40 },
    ],
    capability: () => ({ kind: 'battery', maxPower: kilowatts(50), minPower: kilowatts(-50), minStep: watts(0), controllable: true }),
    measured: () => ({ power: kilowatts(-12.5), at: clock.now() }),
    apply: async () => ({ answer: 'taken' }),
  }
  const devices = deviceRegistry()
  devices.add(battery)
  const site: Site = {
    asset: 1,
    name: 'Island',
    zone: 'America/Martinique',
    currency: 'EUR',
    latitude: 14.6,
    longitude: -61,
    devices: [
      {
        device: 'BAT001',
        asset: 2,
        name: 'BAT001',
        kind: 'battery',
        nominal: kilowatts(50),
        power: 151,
        soc: 51,
        capacity: wattHours(100_000),
      },
    ],
    sensors: {},
    productionPriceShare: 0.6,
    demandResponseShares: [1, 0.75, 0.5, 0],
    maxConsumption: kilowatts(600),
    author: 'Cariflex',
  }
  const line = openLine({ site, store, clock, bus, log: silentLog, devices, beliefs, sensors })
  const server = createServer({
    config: { host: '127.0.0.1', port: 0, platformName: 'Cariflex', timezone: 'UTC', web: '/nowhere' },
    store,
    clock,
    log: silentLog,
    bus,
    beliefs,
    sensors,
    steered: { line, demo: true },
  })
  watchRoutes(server.app, t)
  add({ line, server })
  const tokens: Record<string, string> = {}
  for (const [name, account] of [
    ['ann', 1],
    ['bob', 2],
  ] as const)
    tokens[name] = await server.tokens.issue(
      (await server.users.create({ email: `${name}@example.com`, account, roles: ['account-admin'] })).id,
      'program',
    )
  const { url } = await server.listen()
  t.after(() => server.close())
  const ask = async (path: string, as = 'ann', method = 'GET', body?: unknown) => {
    const answer = await fetch(`${url}/api/cariflex/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${tokens[as]}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as { data: never; code?: string } }
  }
  return { ask, url, tokens, line, beliefs, clock, server }
}
