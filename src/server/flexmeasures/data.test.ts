import assert from 'node:assert/strict'
import test from 'node:test'
import { type Door, openDoor } from '../door.fixture.ts'

const MIN = 60_000
const START = '2026-11-24T10:00:00+00:00'

const post = (door: Door, sensor: number, body: object, as: 'ann' | 'mel' | 'bob' = 'mel') =>
  door.ask('POST', `/api/v3_0/sensors/${sensor}/data`, { as, body: { start: START, unit: 'kW', ...body } })

const stored = async (door: Door, sensor: number): Promise<[number, number][]> => {
  const rows = await door.store.query<{ start: number; value: number }>(
    'select event_start as start, event_value as value from timed_belief where sensor_id = $1 order by event_start, belief_horizon',
    [sensor],
  )
  return rows.map((row) => [(row.start - Date.parse(START)) / MIN, Math.round(row.value * 1e6) / 1e6])
}

const said = (body: Record<string, unknown>, location = 'combined_sensor_data_description') =>
  (body['message'] as Record<string, Record<string, unknown>>)[location]

test('posted values land on the clock and in the unit of the sensor', async (t) => {
  const door = await openDoor(t)
  const flow = () => door.sensor({ unit: 'm³/h', resolution: 10 * MIN })
  const cases: [number, object, [number, number][]][] = [
    [await flow(), { values: Array(6).fill(-11.28), unit: 'm³/h' }, [0, 10, 20, 30, 40, 50].map((at) => [at, -11.28])],
    [
      await flow(),
      { values: [1, null, 3, 4, 5, 6], unit: 'm³/h' },
      [
        [0, 1],
        [20, 3],
        [30, 4],
        [40, 5],
        [50, 6],
      ],
    ],
    [await flow(), { values: Array(6).fill(-11.28), unit: 'm³' }, [0, 10, 20, 30, 40, 50].map((at) => [at, -67.68])],
    [await flow(), { values: Array(6).fill(-11.28), unit: 'l/h' }, [0, 10, 20, 30, 40, 50].map((at) => [at, -0.01128])],
    [
      await flow(),
      { values: [1, 2, 3], unit: 'm³/h' },
      [
        [0, 1],
        [10, 1],
        [20, 2],
        [30, 2],
        [40, 3],
        [50, 3],
      ],
    ],
    [await flow(), { values: 7, unit: 'm³/h' }, [0, 10, 20, 30, 40, 50].map((at) => [at, 7])],
    [
      await flow(),
      { values: [100, 200, 300, 400], unit: 'm³/h', start: '2026-11-24T10:04:40+00:00', duration: 'PT20M' },
      [
        [0, 150],
        [10, 350],
      ],
    ],
    // A stock posted at a coarser spacing becomes the flow over that spacing: 2 kWh in an hour are 2 kW (FlexMeasures stores 8).
    [
      await door.sensor(),
      { values: [2], unit: 'kWh' },
      [
        [0, 2],
        [15, 2],
        [30, 2],
        [45, 2],
      ],
    ],
    [
      await door.sensor(),
      { values: [5, 5, 5, 5], unit: 'kWh' },
      [
        [0, 20],
        [15, 20],
        [30, 20],
        [45, 20],
      ],
    ],
    [
      await door.sensor({ resolution: 0, unit: 'kWh' }),
      { values: [1, 2, 3], unit: 'MWh' },
      [
        [0, 1000],
        [20, 2000],
        [40, 3000],
      ],
    ],
    [await door.sensor({ resolution: 0, unit: '%' }), { values: [55], unit: '%', duration: 'PT0S' }, [[0, 55]]],
    [
      await door.sensor({ resolution: 0, unit: 'kWh', attributes: { frequency: '15min' } }),
      { values: 1, unit: 'kWh', start: '2026-11-24T10:00:00.010Z', duration: 'PT0M' },
      [[0, 1]],
    ],
  ]
  for (const [sensor, body, wanted] of cases) {
    const answer = await post(door, sensor, { duration: 'PT1H', ...body })
    assert.deepEqual([answer.status, answer.body['status']], [200, 'PROCESSED'], JSON.stringify(body))
    assert.deepEqual(await stored(door, sensor), wanted, JSON.stringify(body))
  }
})

test('days are stored at local midnight, also when one of them has 25 hours', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor({ unit: 'EUR', resolution: 24 * 60 * MIN, timezone: 'Europe/Paris' })
  const answer = await post(door, sensor, { start: '2026-10-24T00:00:00+02:00', duration: 'P3D', values: [1, 2, 3], unit: 'EUR' })
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  const rows = await door.store.query<{ start: number }>('select event_start as start from timed_belief where sensor_id = $1 order by 1', [
    sensor,
  ])
  assert.deepEqual(
    rows.map((row) => new Date(row.start).toISOString()),
    ['2026-10-23T22:00:00.000Z', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
  )
})

test('what does not fit is refused with its reason, and nothing of it is stored', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor()
  const flow = await door.sensor({ unit: 'm³/h', resolution: 10 * MIN })
  const level = await door.sensor({ resolution: 0, unit: '°C' })
  const hour = { duration: 'PT1H', values: [1, 2, 3, 4] }
  const cases: [number, object, string, RegExp][] = [
    [sensor, { ...hour, unit: 'm' }, '_schema', /^Required unit for this sensor is kW, got incompatible unit: m$/],
    [sensor, { ...hour, unit: 'bananas' }, 'unit', /bananas/],
    [sensor, { ...hour, start: '2026-11-24T10:00:00' }, 'start', /^Not a valid aware datetime\.$/],
    [sensor, { ...hour, start: '2026-02-31T10:00:00Z' }, 'start', /^Not a valid datetime\.$/],
    [sensor, { ...hour, duration: 'PT90S' }, 'duration', /multiples of 1 minute/],
    [sensor, { ...hour, duration: '1 hour' }, 'duration', /ISO8601/],
    [sensor, { ...hour, duration: '-PT1H' }, 'duration', /negative/],
    [sensor, { ...hour, type: 'GetSensorDataRequest' }, 'type', /^Must be one of/],
    [sensor, { ...hour, type: 'PostPriceDataRequest' }, '_schema', /prices of energy/],
    [sensor, { ...hour, start: '2026-11-25T10:00:00Z', type: 'PostMeterDataRequest' }, '_schema', /^Meter data must lie in the past\.$/],
    [sensor, { ...hour, type: 'PostPrognosisRequest' }, '_schema', /^Prognoses must lie in the future\.$/],
    [sensor, { duration: 'PT0M', values: [1] }, '_schema', /^Cannot infer a non-zero resolution from one value over zero duration/],
    [sensor, { duration: 'PT1H', values: [] }, 'values', /minimum length/],
    [sensor, { duration: 'PT1H' }, 'values', /^Missing data for required field\.$/],
    [sensor, { duration: 'PT1H', values: null }, 'values', /^Field may not be null\.$/],
    [level, { ...hour, unit: '°C', type: 'PostMeterDataRequest' }, '_schema', /no unit of power/],
    [
      flow,
      { ...hour, unit: 'm³/h' },
      '_schema',
      /^Resolution of 0:15:00 is incompatible with the sensor's required resolution of 0:10:00\.$/,
    ],
    [flow, { values: [1, 2, 3, 4, 5, 6], duration: 'PT25M', unit: 'm³/h' }, '_schema', /^Resolution of 0:04:10 is incompatible/],
    [level, { values: [1, 2], duration: 'PT0M', unit: '°C' }, '_schema', /^Cannot save multiple instantaneous values that overlap\./],
  ]
  for (const [id, body, field, reason] of cases) {
    const answer = await post(door, id, body)
    assert.equal(answer.status, 422, JSON.stringify(body))
    assert.equal(answer.body['status'], 'UNPROCESSABLE_ENTITY')
    const texts = said(answer.body)?.[field]
    assert.match(String((texts as string[] | undefined)?.[0]), reason, JSON.stringify(answer.body))
  }
  for (const values of ['3', ['3'], [true], [{}], {}]) {
    const answer = await post(door, sensor, { duration: 'PT1H', values })
    assert.equal(answer.status, 422, JSON.stringify(values))
  }
  const list = await door.ask('POST', `/api/v3_0/sensors/${sensor}/data`, { as: 'mel', body: [1] })
  assert.deepEqual(said(list.body, 'combined_sensor_data_description'), { _schema: ['Invalid input type.'] })
  for (const id of [sensor, flow, level]) assert.deepEqual(await stored(door, id), [])
})

test('the unknown sensor, the foreign account and the missing token each get their own answer', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor()
  const body = { duration: 'PT1H', values: [1, 2, 3, 4] }
  assert.equal((await post(door, 987_654, body)).status, 404)
  const foreign = await post(door, sensor, body, 'bob')
  assert.deepEqual([foreign.status, foreign.body['status']], [403, 'INVALID_SENDER'])
  const nobody = await door.ask('POST', `/api/v3_0/sensors/${sensor}/data`, { body })
  assert.deepEqual([nobody.status, nobody.body['status']], [401, 'UNAUTHORIZED'])
  const read = await door.ask('GET', `/api/v3_0/sensors/${sensor}/data?start=${encodeURIComponent(START)}&duration=PT1H&unit=kW`, {
    as: 'bob',
  })
  assert.equal(read.status, 403)
  const bearer = await door.ask('GET', `/api/v3_0/sensors/${sensor}`, { headers: { authorization: `Bearer ${door.tokens.mel}` } })
  assert.equal(bearer.status, 401, 'this API knows no Bearer')
})

test('bodies that are too large are refused, a hundred thousand values are not', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor({ resolution: MIN })
  const huge = await door.ask('POST', `/api/v3_0/sensors/${sensor}/data`, { as: 'mel', raw: `{"values":[${'1,'.repeat(5_000_000)}1]}` })
  assert.deepEqual([huge.status, huge.body['status']], [413, 'PAYLOAD_TOO_LARGE'])
  const values = Array.from({ length: 100_000 }, (_, i) => i % 97)
  const many = await post(door, sensor, { start: '2026-01-01T00:00:00Z', duration: 'PT100000M', values })
  assert.deepEqual([many.status, many.body['status']], [200, 'PROCESSED'])
  const count = await door.store.first<{ n: number }>('select count(*)::int as n from timed_belief where sensor_id = $1', [sensor])
  assert.equal(count!.n, 100_000)
})

test('the largest body of sensor data is configured', async (t) => {
  const door = await openDoor(t, { config: { ingestLimit: 2000 } })
  const sensor = await door.sensor({ resolution: MIN })
  const send = (count: number) => post(door, sensor, { duration: `PT${count}M`, values: Array(count).fill(1) })
  assert.deepEqual([(await send(500)).status, (await send(2000)).status], [200, 413])
  assert.equal((await stored(door, sensor)).length, 500)
})

test('Python clients may send NaN, which is not stored; broken JSON is refused', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor()
  const send = (values: string) =>
    door.ask('POST', `/api/v3_0/sensors/${sensor}/data`, {
      as: 'mel',
      raw: `{"start":"${START}","duration":"PT1H","unit":"kW","values":${values}}`,
    })
  assert.equal((await send('[1, NaN, 3, NaN]')).status, 200)
  assert.deepEqual(await stored(door, sensor), [
    [0, 1],
    [30, 3],
  ])
  assert.equal((await send('[1, Infinity, 3, 4]')).status, 400)
  assert.equal((await send('[1, ')).status, 400)
})

test('the same again is known, another value at the same belief time a replacement, at a later one news', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor()
  const body = { duration: 'PT1H', values: [1, 2, 3, 4], prior: '2026-11-24T11:30:00Z' }
  assert.equal((await post(door, sensor, body)).body['status'], 'PROCESSED')
  const again = await post(door, sensor, body)
  assert.deepEqual([again.status, again.body['status']], [200, 'ALREADY_RECEIVED_AND_SUCCESSFULLY_PROCESSED'])
  assert.match(String(again.body['message']), /data has already been received/)
  const other = await post(door, sensor, { ...body, values: [1, 2, 3, 5] })
  assert.deepEqual([other.status, other.body['status']], [403, 'INVALID_REPLACEMENT'])
  assert.match(String(other.body['message']), /data represents a replacement/)
  assert.equal((await post(door, sensor, { ...body, values: [1, 2, 3, 5], prior: '2026-11-24T11:31:00Z' })).status, 200)
  const read = await door.ask('GET', `/api/v3_0/sensors/${sensor}/data?start=${encodeURIComponent(START)}&duration=PT1H&unit=MW`, {
    as: 'mel',
  })
  assert.deepEqual(read.body['values'], [0.001, 0.002, 0.003, 0.005])
})

test('a server that allows overwriting, or plays, lets a post replace what is known of the same belief time', async (t) => {
  for (const given of [{ config: { allowOverwrite: true } }, { flexMeasures: { mode: 'play' as const } }]) {
    const door = await openDoor(t, given)
    const sensor = await door.sensor()
    const body = { duration: 'PT1H', values: [1, 2, 3, 4], prior: '2026-11-24T11:30:00Z' }
    await post(door, sensor, body)
    const other = await post(door, sensor, { ...body, values: [1, 2, 3, 5] })
    assert.equal(other.status, 200, JSON.stringify(other.body))
    assert.deepEqual(
      (await stored(door, sensor)).map(([, value]) => value),
      [1, 2, 3, 5],
    )
  }
})

test('data is read at any resolution that fits, in any unit that fits, as believed before', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor({ unit: 'kW', resolution: 15 * MIN })
  await post(door, sensor, { duration: 'PT1H', values: [1, 2, 3, 4], prior: '2026-11-24T11:00:00Z' })
  await post(door, sensor, { duration: 'PT15M', values: [9], prior: '2026-11-24T11:30:00Z' })
  const read = async (query: Record<string, string>) =>
    door.ask('GET', `/api/v3_0/sensors/${sensor}/data?${new URLSearchParams({ start: START, duration: 'PT1H', unit: 'kW', ...query })}`, {
      as: 'mel',
    })
  const values = async (query: Record<string, string>) => (await read(query)).body['values']
  assert.deepEqual(await values({}), [9, 2, 3, 4])
  assert.deepEqual(await values({ prior: '2026-11-24T11:15:00Z' }), [1, 2, 3, 4])
  assert.deepEqual(await values({ resolution: 'PT30M' }), [5.5, 3.5])
  assert.deepEqual(await values({ unit: 'kWh' }), [2.25, 0.5, 0.75, 1])
  assert.equal((await read({ resolution: 'PT20M' })).status, 422)
  assert.equal((await read({ unit: '°C' })).status, 422)
  assert.deepEqual((await read({ start: '2026-11-24T06:00:00-04:00' })).body['start'], '2026-11-24T06:00:00-04:00')
  assert.equal((await read({ duration: 'P100000D' })).status, 422)
})

test('deleting data needs the right to, and takes only what was meant', async (t) => {
  const door = await openDoor(t)
  const sensor = await door.sensor()
  await post(door, sensor, { duration: 'PT1H', values: [1, 2, 3, 4] })
  const path = `/api/v3_0/sensors/${sensor}/data`
  assert.equal((await door.ask('DELETE', path, { as: 'mel', body: {} })).status, 403)
  assert.equal((await door.ask('DELETE', path, { as: 'ann', body: { start: START, until: START } })).status, 422)
  const some = await door.ask('DELETE', path, { as: 'ann', body: { start: START, until: '2026-11-24T10:30:00Z' } })
  assert.deepEqual([some.status, some.headers.get('content-type')], [204, 'application/json'])
  assert.deepEqual(await stored(door, sensor), [
    [30, 3],
    [45, 4],
  ])
  const all = await door.ask('DELETE', path, { as: 'ann', headers: { 'content-type': 'application/json' } })
  assert.equal(all.status, 204, 'an empty body under a JSON content type is fine')
  assert.deepEqual(await stored(door, sensor), [])
})
