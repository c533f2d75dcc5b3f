// Status over HTTP: one line per kind of source, for one sensor and for everything below an asset.
import assert from 'node:assert/strict'
import test from 'node:test'
import { instant, MINUTE } from '#kernel'
import { NOON, openDoor } from '../door.fixture.ts'

interface Line {
  sensor: number
  relations: string[]
  stale: boolean
  sources: {
    sourceType: string | null
    code: string
    staleness: string | null
    limit: string | null
    since: string | null
    ahead: boolean
  }[]
}

test('a sensor says how fresh each kind of source keeps it, also what others wrote into the database', async (t) => {
  const door = await openDoor(t)
  const { server, store } = door
  const sensor = await door.sensor()
  const status = async () =>
    (await door.ask('GET', `/api/v3_0/sensors/${sensor}/status`, { as: 'mel' })).body['sensors_data'] as Record<string, unknown>[]
  const about = { id: sensor, name: 's0', resolution: 'PT15M', asset_name: 'house', relation: 'sensor belongs to this asset' }
  assert.deepEqual(await status(), [
    { ...about, staleness: null, stale: true, staleness_since: null, reason: 'no data recorded', source_type: null },
  ])
  const source = (type: string, version?: string) => server.sources.of({ name: type, type, ...(version !== undefined && { version }) })
  const record = (id: number, minutes: number, horizon = 0) =>
    server.beliefs.record([{ sensor, source: id, starts: [instant(NOON + minutes * MINUTE)], values: [1], horizon }])
  const gateway = await source('gateway')
  await record(gateway, -60)
  await record(gateway, -30)
  await record(await source('scheduler'), 23 * 60, 30 * 60 * MINUTE)
  await record(await source('forecaster', '1'), -120, 5 * 60 * MINUTE)
  // Believed only later than now: nobody can know it yet.
  await record(await source('reporter'), 60, -120 * MINUTE)
  const lines = await status()
  assert.deepEqual(
    lines.map((line) => [line['source_type'], line['staleness'], line['stale'], line['staleness_since']]),
    [
      ['scheduler', 'PT23H', false, '2026-11-25T11:00:00+00:00'],
      ['forecaster', null, true, '2026-11-24T10:00:00+00:00'],
      ['gateway', 'PT15M', false, '2026-11-24T11:45:00+00:00'],
    ],
  )
  assert.equal(lines[2]?.['reason'], 'most recent data is 15 minutes old, which is not more than 30 minutes old')
  // Another program writes a sensor that nobody wrote through us.
  const other = await door.sensor()
  await door.ask('GET', `/api/v3_0/sensors/${other}/status`, { as: 'mel' })
  await store.query(`insert into timed_belief select timestamptz '2026-11-24T11:30:00Z', interval '0', 0.5, 1, $1, $2`, [other, gateway])
  const found = (await door.ask('GET', `/api/v3_0/sensors/${other}/status`, { as: 'mel' })).body['sensors_data'] as Record<
    string,
    unknown
  >[]
  assert.deepEqual(
    found.map((line) => line['source_type']),
    ['gateway'],
  )
  assert.equal((await door.ask('GET', `/api/v3_0/sensors/${sensor}/status`, { as: 'bob' })).status, 403)
  assert.equal((await door.ask('GET', '/api/v3_0/sensors/999999/status', { as: 'mel' })).status, 404)
})

test('status_specs may narrow which data counts', async (t) => {
  const door = await openDoor(t)
  const { server } = door
  const search = { source_types: ['gateway'], horizons_at_least: 'PT0S', event_ends_before: '2026-11-24T11:30:00Z', beliefs_before: 'junk' }
  const sensor = await door.sensor({
    attributes: { status_specs: { max_staleness: 'PT1H', max_future_staleness: '-PT1H', staleness_search: search } },
  })
  for (const type of ['gateway', 'market'])
    await server.beliefs.record([
      {
        sensor,
        source: await server.sources.of({ name: type, type }),
        starts: [-90, -60, -30].map((minutes) => instant(NOON + minutes * MINUTE)),
        values: [1, 2, 3],
        horizon: 0,
      },
    ])
  const lines = (await door.ask('GET', `/api/v3_0/sensors/${sensor}/status`, { as: 'mel' })).body['sensors_data'] as Record<
    string,
    unknown
  >[]
  assert.deepEqual(
    lines.map((line) => [line['source_type'], line['staleness'], line['stale']]),
    [['gateway', 'PT45M', false]],
  )
})

test('the status of an asset has every sensor below it and those its flex-context leans on', async (t) => {
  const door = await openDoor(t)
  const { server } = door
  const account = (await server.assets.get(door.asset))!.account
  const child = await server.assets.create({ name: 'battery', type: 5, account, parent: door.asset })
  const market = await server.assets.create({ name: 'market', type: 5, account: null })
  const foreign = await server.assets.create({ name: 'foreign', type: 5, account: 2 })
  const of = async (asset: number, name: string) =>
    (await server.sensors.create({ name, unit: 'kW', resolution: 15 * MINUTE, asset, timezone: 'America/Martinique' })).id
  const [own, below, price, hidden] = [
    await of(door.asset, 'load'),
    await of(child.id, 'power'),
    await of(market.id, 'price'),
    await of(foreign.id, 'x'),
  ]
  await server.assets.update(door.asset, {
    flexContext: { 'consumption-price': { sensor: price }, 'inflexible-device-sensors': [own, hidden], 'site-power-capacity': '5 kW' },
  })
  await server.beliefs.record([
    {
      sensor: below,
      source: await server.sources.of({ name: 'g', type: 'gateway' }),
      starts: [instant(NOON - 30 * MINUTE)],
      values: [1],
      horizon: 0,
    },
  ])
  const answer = await door.ask('GET', `/api/cariflex/v1/assets/${door.asset}/status`, { as: 'mel' })
  assert.equal(answer.status, 200)
  const data = answer.body['data'] as { sensors: number; stale: number; silent: number; lines: Line[] }
  assert.deepEqual([data.sensors, data.stale, data.silent], [3, 2, 2])
  assert.deepEqual(
    data.lines.map(({ sensor, relations, stale }) => [sensor, relations, stale]),
    [
      [own, ['sensor belongs to this asset', 'flex context (inflexible device)'], true],
      [below, [], false],
      [price, ['flex context (consumption-price)'], true],
    ],
  )
  assert.deepEqual(data.lines[1]?.sources, [
    {
      sourceType: 'gateway',
      stale: false,
      code: 'fresh',
      staleness: 'PT15M',
      since: '2026-11-24T07:45:00-04:00',
      limit: 'PT30M',
      ahead: false,
      reason: 'most recent data is 15 minutes old, which is not more than 30 minutes old',
    },
  ] as unknown)
  // The child inherits the context of its parent.
  const inherited = await door.ask('GET', `/api/cariflex/v1/assets/${child.id}/status`, { as: 'mel' })
  const lines = (inherited.body['data'] as { lines: Line[] }).lines
  assert.deepEqual(
    lines.map(({ sensor }) => sensor),
    [below, own, price],
  )
  assert.equal((await door.ask('GET', `/api/cariflex/v1/assets/${door.asset}/status`, { as: 'bob' })).status, 403)
  assert.equal((await door.ask('GET', '/api/cariflex/v1/assets/999999/status', { as: 'mel' })).status, 404)
})
