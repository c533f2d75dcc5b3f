import assert from 'node:assert/strict'
import { request } from 'node:http'
import test from 'node:test'
import { type Door, openDoor } from '../door.fixture.ts'

const MIN = 60_000
const START = '2026-11-24T10:00:00+00:00'
const KW = { start: START, duration: 'PT1H', unit: 'kW' }

const post = (door: Door, sensor: number, body: object, as: 'ann' | 'mel' = 'mel') =>
  door.ask('POST', `/api/v3_0/sensors/${sensor}/data`, { as, body: { ...KW, ...body } })

const read = (door: Door, sensor: number, query: Record<string, string> = {}) =>
  door.ask('GET', `/api/v3_0/sensors/${sensor}/data?${new URLSearchParams({ ...KW, ...query })}`, { as: 'mel' })

const fieldOf = (body: Record<string, unknown>) =>
  (body['message'] as { combined_sensor_data_description: Record<string, string[]> }).combined_sensor_data_description

/** A GET with a body, which `fetch` refuses to send. */
const getWithBody = (url: string, token: string, body: string): Promise<{ status: number; body: Record<string, unknown> }> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: token, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const out = request(url, { method: 'GET', headers }, (answer) => {
      let text = ''
      answer.on('data', (part) => {
        text += part
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) }))
    })
    out.on('error', reject)
    out.end(body)
  })

test('sources are chosen by id, account and type, in either spelling, in the address or in the body', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor()
  await post(door, sensor, { values: [1, 1, 1, 1], prior: '2026-11-24T11:30:00Z' })
  await post(door, sensor, { values: [2, 2, 2, 2], prior: '2026-11-24T11:40:00Z' }, 'ann')
  const forecaster = await door.server.sources.of({ name: 'sun', type: 'forecaster', model: 'Pipeline', version: '2' })
  const starts = [0, 15, 30, 45].map((minute) => (Date.parse(START) + minute * MIN) as never)
  await door.server.beliefs.record([{ sensor, source: forecaster, starts, values: [9, 9, 9, 9], horizon: 60 * MIN }])
  const rows = await door.store.query<{ id: number; name: string; account: number | null }>(
    'select id, name, account_id as account from data_source',
  )
  const [mel, ann] = ['mel', 'ann'].map((name) => rows.find((row) => row.name.startsWith(name))!)
  const first = async (query: Record<string, string>) => ((await read(door, sensor, query)).body['values'] as number[])[0]
  assert.equal(await first({}), 9, 'the highest version counts first, as in FlexMeasures')
  assert.equal(await first({ source: String(mel!.id) }), 1)
  assert.equal(await first({ 'source-type': 'user' }), 2, 'of equal versions the most recent')
  assert.equal(await first({ source_type: 'forecaster' }), 9)
  assert.equal(await first({ 'source-account': String(mel!.account) }), 2)
  assert.equal(await first({ source_account: String(ann!.account), prior: '2026-11-24T11:35:00Z' }), 1)
  assert.equal(await first({ horizon: 'PT30M' }), 9)
  assert.equal(await first({ horizon: '-P1D', source: String(mel!.id) }), 1)
  assert.equal(await first({ type: 'GetMeterDataRequest' }), 2)
  assert.equal(await first({ type: 'GetPrognosisRequest' }), 9)
  assert.equal(await first({ type: 'GetPrognosisRequest', 'source-type': 'user' }), null)
  const url = `${door.url}/api/v3_0/sensors/${sensor}/data`
  const inBody = await getWithBody(url, door.tokens.mel, JSON.stringify({ ...KW, source: mel!.id, source_type: 'user' }))
  assert.deepEqual([inBody.status, (inBody.body['values'] as number[])[0]], [200, 1])
  const both = await getWithBody(`${url}?source=${ann!.id}`, door.tokens.mel, JSON.stringify({ ...KW, source: mel!.id }))
  assert.equal((both.body['values'] as number[])[0], 2, 'the address has the last word')
  for (const wrong of ['[1]', '{', '"x"', ' '.repeat(70_000)]) {
    const answer = await getWithBody(`${url}?${new URLSearchParams(KW)}`, door.tokens.mel, wrong)
    assert.equal(answer.status, 422, wrong.slice(0, 10))
  }
})

test('what cannot be asked is named field by field', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor()
  const price = await door.sensor({ unit: 'EUR/MWh', resolution: 60 * MIN })
  const cases: [number, Record<string, string>, string, RegExp][] = [
    [sensor, { source: '99999' }, 'source', /^No data source found with id 99999\.$/],
    [sensor, { source: 'mel' }, 'source', /^Not a valid integer\.$/],
    [sensor, { 'source-account': '99999' }, 'source-account', /^No account found with id 99999\.$/],
    [sensor, { 'source-type': '' }, 'source-type', /^Shorter than minimum length 1\.$/],
    [
      sensor,
      { 'source-type': 'oracle' },
      'source-type',
      /^No data source with source-type 'oracle' has recorded any data on this sensor\.$/,
    ],
    [sensor, { unit: 'bananas' }, 'unit', /bananas/],
    [sensor, { unit: 'm' }, 'unit', /m/],
    [sensor, { type: 'PostSensorDataRequest' }, 'type', /^Must be one of/],
    [sensor, { type: 'GetPriceDataRequest' }, '_schema', /prices of energy/],
    [price, { unit: 'EUR/MWh', type: 'GetMeterDataRequest' }, '_schema', /no unit of power/],
    [sensor, { duration: 'PT0M' }, 'duration', /positive/],
    [sensor, { horizon: 'soon' }, 'horizon', /ISO8601/],
    [sensor, { prior: '2026-11-24' }, 'prior', /^Not a valid aware datetime\.$/],
    [sensor, { resolution: 'PT20M' }, 'resolution', /multiple/],
    [sensor, { bananas: '1' }, 'bananas', /^Unknown field\.$/],
  ]
  for (const [id, query, field, reason] of cases) {
    const answer = await read(door, id, query)
    assert.equal(answer.status, 422, JSON.stringify(query))
    assert.match(String(fieldOf(answer.body)[field]?.[0]), reason, JSON.stringify([query, answer.body]))
  }
})

test('moments are read at a resolution that fits the window, the first of each slot', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor({ unit: '°C', resolution: 0 })
  await post(door, sensor, { unit: '°C', values: [815, 817, 818], duration: 'PT30M' })
  const slots = async (duration: string) => {
    const { body } = await read(door, sensor, { unit: '°C', duration })
    return [(body['values'] as unknown[]).length, body['resolution']]
  }
  assert.deepEqual((await read(door, sensor, { unit: '°C', resolution: 'PT20M', duration: 'PT1H20M' })).body['values'], [
    815,
    818,
    null,
    null,
  ])
  assert.deepEqual(await slots('PT8H'), [96, 'PT0H'])
  assert.deepEqual(await slots('PT9H'), [36, 'PT0H'])
  assert.deepEqual(await slots('P2D'), [192, 'PT0H'])
  assert.deepEqual(await slots('P3D'), [72, 'PT0H'])
  assert.deepEqual(await slots('P15D'), [15, 'PT0H'])
  assert.deepEqual(await slots('P113D'), [17, 'PT0H'])
})

test('a deletion says in the audit log what it took', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor()
  await post(door, sensor, { values: [1, 2, 3, 4] })
  const source = (await door.store.first<{ id: number }>('select id from data_source'))!.id
  const path = `/api/v3_0/sensors/${sensor}/data`
  const body = { source, start: '2026-11-24T11:15:00+01:00', until: '2026-11-24T10:45:00Z' }
  assert.equal((await door.ask('DELETE', path, { as: 'ann', body })).status, 204)
  const left = await door.store.query<{ value: number }>(
    'select event_value as value from timed_belief where sensor_id = $1 order by event_start',
    [sensor],
  )
  assert.deepEqual(
    left.map((row) => row.value),
    [1, 4],
  )
  const audit = await door.store.first<{ event: string }>('select event from asset_audit_log order by id desc limit 1')
  assert.match(
    audit!.event,
    new RegExp(`: ${sensor}, source: ${source}, from: 2026-11-24 11:15:00\\+01:00, until: 2026-11-24 10:45:00\\+00:00$`),
  )
  assert.equal((await door.ask('DELETE', path, { as: 'ann', body: { source: 99_999 } })).status, 422)
})

test('figures are told per source in the time zone of the sensor, from what is kept and from the table alike', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor({ unit: 'm³/h', resolution: 10 * MIN, timezone: 'America/Martinique' })
  const stats = async (query = '') => {
    const { body } = await door.ask('GET', `/api/v3_0/sensors/${sensor}/stats${query}`, { as: 'mel' })
    return body as Record<string, Record<string, unknown>>
  }
  assert.deepEqual(await stats(), { status: 200 })
  await post(door, sensor, {
    unit: 'm³/h',
    start: '2026-11-01T00:00:00Z',
    duration: 'PT30M',
    values: [91.3, 91.7, 92.1],
    prior: '2026-11-01T01:00:00Z',
  })
  const name = Object.keys(await stats()).find((key) => key !== 'status')!
  assert.match(name, /^mel.* \(ID: \d+\)$/)
  const wanted = {
    'First event start': '2026-10-31T20:00:00-04:00',
    'Last event end': '2026-10-31T20:30:00-04:00',
    'Last recorded': '2026-10-31T21:00:00-04:00',
    'Min value': 91.3,
    'Max value': 92.1,
    'Mean value': 91.7,
    'Sum over values': 275.1,
    'Number of values': 3,
  }
  for (const query of [
    '',
    '?fresh=true',
    '?sort=false',
    '?event_start_time=2026-11-01T00:00:00Z',
    '?event-end-time=2026-11-02T00:00:00Z',
  ]) {
    const figures = (await stats(query))[name]!
    const rounded = Object.entries(figures).map(([key, value]) => [key, typeof value === 'number' ? Math.round(value * 1e9) / 1e9 : value])
    assert.deepEqual(Object.fromEntries(rounded), wanted, query)
  }
  const some = (await stats('?event_start_time=2026-11-01T00:10:00Z&event_end_time=2026-11-01T00:20:00Z'))[name]!
  assert.deepEqual([some['Number of values'], some['Max value']], [1, 91.7])
  assert.equal((await door.ask('GET', `/api/v3_0/sensors/${sensor}/stats?event_start_time=yesterday`, { as: 'mel' })).status, 422)
})
