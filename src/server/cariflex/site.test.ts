import assert from 'node:assert/strict'
import { get } from 'node:http'
import test from 'node:test'
import { type Device, deviceRegistry, type News, openBeliefs, openLine, openSensors, type Site } from '#ems'
import { formatInstant, inProcessBus, instant, kilowatts, manualClock, silentLog, wattHours, watts } from '#kernel'
import { scratchStore } from '#store'
import { NOON } from '../door.fixture.ts'
import { createServer } from '../server.ts'

const MIN = 60_000

async function island(t: import('node:test').TestContext) {
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
  const ask = async (path: string, as = 'ann') => {
    const answer = await fetch(`${url}/api/cariflex/v1${path}`, { headers: { authorization: `Bearer ${tokens[as]}` } })
    return { status: answer.status, body: (await answer.json()) as { data: never; code?: string } }
  }
  return { ask, url, tokens, line, beliefs, clock, server }
}

test('the site and what its assets do now are shown to its account and hidden from others', async (t) => {
  const { ask, line, clock } = await island(t)
  const site = (await ask('/site')).body.data as Record<string, unknown>
  assert.deepEqual(
    [site['name'], site['now'], site['demo'], site['maxConsumptionKw'], site['maxProductionKw']],
    ['Island', '2026-11-24T08:00:00-04:00', true, 600, null],
  )
  await line.watch.look(clock.now())
  const battery = async () => ((await ask('/assets')).body.data as Record<string, unknown>[]).find((asset) => asset['device'] === 'BAT001')!
  const fresh = await battery()
  assert.deepEqual(
    [fresh['kind'], fresh['town'], fresh['nominalKw'], fresh['capacityKwh'], fresh['sensors']],
    ['battery', 'Le Marin', 50, 100, { power: 151, soc: 51 }],
  )
  const live = fresh['live'] as Record<string, unknown>
  assert.deepEqual(
    [live['powerKw'], live['socKwh'], live['freshness'], live['controllable'], live['simulated']],
    [-12.5, 40, 'fresh', true, true],
  )
  clock.forward(2 * MIN)
  assert.equal(((await battery())['live'] as { freshness: string }).freshness, 'late')
  clock.forward(10 * MIN)
  assert.equal(((await battery())['live'] as { freshness: string }).freshness, 'silent')
  for (const path of ['/site', '/assets', '/assets/2/series', '/stream']) assert.equal((await ask(path, 'bob')).status, 403, path)
  assert.equal((await ask('/assets/99/series')).status, 404)
})

test('the series of an asset say what was measured, foretold and planned, now or as believed at a moment', async (t) => {
  const { ask, beliefs } = await island(t)
  const planner = await beliefs.source({ name: 'planner', type: 'scheduler' })
  const meter = await beliefs.source({ name: 'meter', type: 'gateway' })
  const starts = [0, 5, 10].map((at) => instant(NOON + at * MIN))
  await beliefs.record([
    { sensor: 151, source: planner, starts, values: [5, 5, 5], beliefTime: instant(NOON - 60 * MIN) },
    { sensor: 151, source: planner, starts, values: [9, 9, 9], beliefTime: instant(NOON - 30 * MIN) },
    { sensor: 151, source: meter, starts: starts.slice(0, 1), values: [4], beliefTime: 'event-end' },
    { sensor: 51, source: meter, starts, values: [40, 41, 42], beliefTime: 'event-end' },
  ])
  const series = async (at?: string) => {
    const query = new URLSearchParams({ start: formatInstant(NOON), duration: 'PT15M', ...(at !== undefined && { at }) })
    const { data } = (await ask(`/assets/2/series?${query}`)).body as unknown as {
      data: { step: string; series: { key: string; values: unknown }[] }
    }
    assert.equal(data.step, 'PT5M')
    return Object.fromEntries(data.series.map(({ key, values }) => [key, values]))
  }
  const nothing = [null, null, null]
  assert.deepEqual(await series(), {
    measured: [4, null, null],
    forecast: nothing,
    plan: [9, 9, 9],
    soc: [40, 41, 42],
    'soc-plan': nothing,
  })
  const before = await series(formatInstant(instant(NOON - 45 * MIN)))
  assert.deepEqual([before['plan'], before['measured']], [[5, 5, 5], nothing])
  assert.equal((await ask('/assets/2/series?resolution=PT1S')).status, 422)
  assert.equal((await ask('/assets/2/series?duration=P10000D&resolution=PT1M')).status, 422)
  assert.equal((await ask('/assets/2/series?start=2026-11-24T10:00:00')).body.code, 'naive-datetime')
})

test('what devices tell is on the stream a second later', async (t) => {
  const { url, tokens, line, clock, server } = await island(t)
  const heard = new Promise<string>((resolve) => {
    const request = get(`${url}/api/cariflex/v1/stream`, { headers: { authorization: tokens['ann']! } }, (response) => {
      response.setEncoding('utf8')
      let text = ''
      response.on('data', (part: string) => {
        text += part
        if (text.includes('event: live')) resolve(text)
      })
    })
    request.on('error', () => {})
    t.after(() => request.destroy())
  })
  while (server.hub.clients === 0) await new Promise((resolve) => setImmediate(resolve))
  await line.watch.look(clock.now())
  const again = setInterval(() => clock.forward(1000), 5)
  const text = await heard
  clearInterval(again)
  assert.match(
    text,
    /event: live\ndata: \{"assets":\[\{"asset":2,"powerKw":-12.5,"at":"2026-11-24T08:00:00-04:00","freshness":"fresh","socKwh":40\}\]\}/,
  )
})
