import assert from 'node:assert/strict'
import test from 'node:test'
import { instant } from '#kernel'
import { type Door, NOON, openDoor } from '../door.fixture.ts'

const HOUR = 3_600_000
const START = instant(NOON - 24 * HOUR)

/** A site of a house (load), a plant, a battery and a charger; hourly powers, consumption positive. */
async function site(t: Parameters<typeof openDoor>[0]) {
  const door = await openDoor(t)
  const { server, asset } = door
  const account = (await server.assets.get(asset))!.account
  const source = await server.beliefs.source({ name: 'meter', type: 'gateway' })
  const add = async (name: string, type: number, values: number[], unit = 'kW', step = HOUR) => {
    const own = await server.assets.create({ name, type, account, parent: asset })
    const sensor = await server.sensors.create({
      ...{ name: 'power', unit, resolution: step, asset: own.id, timezone: 'UTC', attributes: { consumption_is_positive: true } },
    })
    const starts = values.map((_, k) => instant(START + k * step))
    await server.beliefs.record([{ sensor: sensor.id, source, starts, values, beliefTime: 'event-end' }])
    return { asset: own.id, sensor: sensor.id }
  }
  const load = await add('kitchen', 6, [2, 2, 2, 2])
  const plant = await add('roof', 1, [-6, -4, 0, 0])
  const battery = await add('box', 5, [2, 2, -2, 0])
  const charger = await add('wallbox', 4, [0, 0, 0, 3])
  await server.store.query('update generic_asset set flex_model = $2 where id = $1', [
    charger.asset,
    JSON.stringify({ 'power-capacity': '3 kW' }),
  ])
  return { ...door, load, plant, battery, charger, account, source, add }
}

const period = { start: new Date(START).toISOString(), end: new Date(START + 4 * HOUR).toISOString() }

async function report({ ask, asset, store }: Door, body: object) {
  const made = await ask('POST', `/api/cariflex/v1/assets/${asset}/reports`, { as: 'mel', body: { ...period, ...body } })
  assert.equal(made.status, 202, JSON.stringify(made.body))
  const { id } = made.body['data'] as { id: string }
  for (let tries = 0; tries < 500; tries++) {
    const { data } = (await ask('GET', `/api/cariflex/v1/assets/${asset}/reports/${id}`, { as: 'mel' })).body as unknown as { data: Shown }
    if (data.status !== 'QUEUED' && data.status !== 'STARTED') return { ...data, id }
    await store.query('select pg_sleep(0.01)')
  }
  assert.fail('the report does not end')
}
interface Shown {
  status: string
  problem: string | null
  lines: { name: string; unit: string; total: number | null; days: (number | null)[] }[]
  notes: string[]
  dates: string[]
  outputs: { count: number }[]
}
const totals = ({ lines }: Shown) => Object.fromEntries(lines.map(({ name, total }) => [name, total]))

test('self-consumption and self-sufficiency of a site are told with what they would be without flexibility', async (t) => {
  const door = await site(t)
  // Net per hour: 2−6+2, 2−4+2, 2−2, 2+3 = −2, 0, 0, 5 kW; without the battery: −4, −2, 2, 5.
  const consumed = await report(door, { report: 'self-consumption' })
  assert.equal(consumed.status, 'FINISHED', consumed.problem ?? '')
  assert.deepEqual(totals(consumed), { produced: 10, 'self-consumed': 8, share: 80, 'share without flexibility': 40 })
  assert.deepEqual(consumed.dates, ['2026-11-23'])
  const sufficient = await report(door, { report: 'self-sufficiency' })
  // 15 − 10 … consumed is net plus produced: 4 + 4 + 0 + 5 = 13, imported 5; without: 2 + 2 + 2 + 5 = 11, imported 7.
  assert.deepEqual(totals(sufficient), { consumed: 13, imported: 5, share: 61.538462, 'share without flexibility': 36.363636 })
  assert.ok(
    consumed.notes.some((note) => note.includes('batteries idle')),
    consumed.notes.join(),
  )
})

test('cost and CO₂ are compared with cars charged at arrival and batteries idle', async (t) => {
  const door = await site(t)
  const { server, store, asset, charger, add } = door
  const prices = await add('market', 6, [200, 100, 100, 300], 'EUR/MWh')
  await store.query('update generic_asset set flex_context = $2 where id = $1', [
    asset,
    JSON.stringify({ 'consumption-price': { sensor: prices.sensor }, 'production-price': '50 EUR/MWh' }),
  ])
  await store.query("insert into cariflex.charging_station (identity, asset, created_at) values ('CP1', $1, now())", [charger.asset])
  // The car came at the third hour and was charged in the fourth.
  await store.query(
    "insert into cariflex.charging_transaction (station, transaction_id, first_at, last_at, started_at, ended_at) values ('CP1', 't', $1, $2, $1, $2)",
    [new Date(START + 2 * HOUR).toISOString(), new Date(START + 4 * HOUR).toISOString()],
  )
  const cost = await report(door, { report: 'cost' })
  // Real: −2 kWh × 0.05 + 5 kWh × 0.3; without: −6 × 0.05 + (2 + 3) × 0.1 + 2 × 0.3.
  assert.deepEqual(totals(cost), { 'with flexibility': 1.4, 'without flexibility': 0.8, saved: -0.6 })
  assert.equal(cost.lines[0]!.unit, 'EUR')
  const nothing = await report(door, { report: 'co2' })
  assert.equal(nothing.status, 'FAILED')
  assert.match(nothing.problem ?? '', /No sensor tells how much CO₂/)
  await add('grid', 6, [400, 400, 400, 800], 'g/kWh')
  server.sensors.forget()
  const co2 = await report(door, { report: 'co2' })
  assert.deepEqual(totals(co2), { 'with flexibility': 4, 'without flexibility': 3.6, saved: -0.4 })
})

test('a report of a reporter is saved as beliefs, listed, and downloaded as CSV', async (t) => {
  const door = await site(t)
  const { ask, asset, load, plant, sensor } = door
  const out = await sensor({ resolution: HOUR })
  const path = `/api/cariflex/v1/assets/${asset}/reports`
  const order = { reporter: 'AggregatorReporter', input: [{ sensor: load.sensor }, { sensor: plant.sensor }], output: [{ sensor: out }] }
  const { id, status, outputs } = await report(door, order)
  assert.deepEqual([status, outputs[0]?.count], ['FINISHED', 4])
  const ready = await report(door, { report: 'self-consumption' })
  const list = (await ask('GET', path, { as: 'ann' })).body as unknown as { data: { id: string }[]; total: number }
  assert.deepEqual([list.total, list.data.map((one) => one.id).sort()], [2, [id, ready.id].sort()])
  const csv = async (one: string) =>
    (await fetch(`${door.url}${path}/${one}/report.csv`, { headers: { authorization: `Bearer ${door.tokens.mel}` } })).text()
  assert.deepEqual((await csv(id)).split('\r\n').slice(0, 3), [
    'output,sensor,event_start,value,unit',
    `aggregate,${out},2026-11-23T12:00:00+00:00,-4,kW`,
    `aggregate,${out},2026-11-23T13:00:00+00:00,-2,kW`,
  ])
  assert.match(await csv(ready.id), /^line,unit,total,2026-11-23\r\nproduced,kWh,10,10\r\n/)
})

test('the days of a ready report are kept on daily sensors and become figures of the site; who may ask may call it off', async (t) => {
  const door = await site(t)
  const { ask, asset, sensor, server } = door
  const daily = async (unit: string) => sensor({ unit, resolution: 24 * HOUR })
  const [share, made, hourly] = [await daily('%'), await daily('MWh'), await sensor({ resolution: HOUR })]
  const output = [
    { name: 'share', sensor: share },
    { name: 'produced', sensor: made },
  ]
  const [day, next] = ['2026-11-23T00:00:00Z', '2026-11-24T00:00:00Z']
  const whole = await report(door, { report: 'self-consumption', start: day, end: next, output })
  assert.equal(whole.status, 'FINISHED', whole.problem ?? '')
  await report(door, { report: 'self-consumption', start: day, end: '2026-11-24T06:00:00Z', output })
  const stored = (of: number) =>
    door.store.query('select event_start as start, event_value as value from timed_belief where sensor_id = $1', [of])
  assert.deepEqual(await stored(made), [{ start: Date.parse(day), value: 0.01 }], 'in its unit; of days that lie in the period whole')
  await server.assets.update(asset, { kpis: [{ title: 'Own sun', sensor: share, function: 'mean' }] })
  const { body } = await ask('GET', `/api/v3_0/assets/${asset}/kpis?start=${day}&end=${next}`, { as: 'mel' })
  assert.deepEqual(
    (body['data'] as { title: string; downsample_value: number }[]).map((one) => [one.title, one.downsample_value]),
    [['Own sun', 80]],
  )
  const path = `/api/cariflex/v1/assets/${asset}/reports`
  const other = await server.assets.create({ name: 'theirs', type: 6, account: 2 })
  const strange = (await server.sensors.create({ name: 'd', unit: '%', resolution: 24 * HOUR, asset: other.id, timezone: 'UTC' })).id
  for (const [body, status] of [
    [{ report: 'self-consumption', output: [{ name: 'cloud', sensor: share }] }, 422],
    [{ report: 'self-consumption', output: [{ name: 'share', sensor: hourly }] }, 422],
    [{ report: 'self-consumption', output: [{ name: 'share', sensor: 987_654 }] }, 422],
    [{ report: 'self-consumption', output: [{ name: 'share' }] }, 422],
    [{ report: 'flexibility', output: [{ name: 'share', sensor: share }] }, 422],
    [{ report: 'self-consumption', output: [{ name: 'share', sensor: strange }] }, 403],
  ] as const)
    assert.equal((await ask('POST', path, { as: 'mel', body })).status, status, JSON.stringify(body))
  const wrongUnit = await report(door, { report: 'self-consumption', start: day, end: next, output: [{ name: 'produced', sensor: share }] })
  assert.match(wrongUnit.problem ?? '', /Values in kWh do not fit sensor/)
  const automation = (parameters: object) =>
    ask('POST', `/api/v3_0/assets/${asset}/automations`, {
      as: 'mel',
      body: { name: 'r', cron: '@daily', type: 'reporting', parameters },
    })
  assert.deepEqual((await automation({ report: 'self-consumption', output })).body['output-sensors'], [share, made])
  assert.equal((await automation({ report: 'self-consumption', output: [{ name: 'share', sensor: strange }] })).status, 403)
  const id = whole.id
  assert.equal((await ask('DELETE', `${path}/${id}`, { as: 'bob' })).status, 403)
  assert.equal((await ask('DELETE', `${path}/${id}`, { as: 'mel' })).status, 409, 'it is over')
  await door.store.query(
    "update cariflex.job set status = 'SCHEDULED', ended_at = null, run_at = now() + interval '1 year' where id = $1",
    [id],
  )
  await door.store.query('update cariflex.report set result = null where id = $1', [id])
  assert.equal((await ask('DELETE', `${path}/${id}`, { as: 'mel' })).status, 204)
  assert.equal(((await ask('GET', `${path}/${id}`, { as: 'mel' })).body['data'] as { status: string }).status, 'CANCELED')
})

test('reports that cannot be are refused with what to do, and strangers see none', async (t) => {
  const door = await site(t)
  const { ask, asset, load, sensor } = door
  const path = `/api/cariflex/v1/assets/${asset}/reports`
  const post = async (body: object, as: 'mel' | 'bob' = 'mel') => {
    const { status, body: said } = await ask('POST', path, { as, body })
    return [status, String(said['detail'] ?? said['message'] ?? '')] as const
  }
  const out = await sensor({ resolution: HOUR })
  const order = { ...period, reporter: 'PandasReporter', input: [{ name: 'a', sensor: load.sensor }], output: [{ name: 'b', sensor: out }] }
  const config = (method: string) => ({
    required_input: [{ name: 'a' }],
    required_output: [{ name: 'b' }],
    transformations: [{ df_input: 'a', df_output: 'b', method }],
  })
  const [status, detail] = await post({ ...order, config: config('frobnicate') })
  assert.equal(status, 422)
  assert.match(detail, /no operation 'frobnicate'/)
  assert.equal((await post({ ...order, config: {} }))[0], 422)
  assert.equal((await post({ ...order, input: [], config: config('abs') }))[0], 422)
  assert.equal((await post({ report: 'self-consumption', start: '2026-11-24T00:00:00Z', end: '2026-11-23T00:00:00Z' }))[0], 422)
  assert.equal((await post({ report: 'self-consumption', start: 'yesterday' }))[0], 422)
  assert.equal((await post({ report: 'self-consumption', reporter: 'PandasReporter' }))[0], 422)
  assert.equal((await post({ report: 'weather' }))[0], 422)
  assert.equal((await post({ ...order, config: config('abs') }, 'bob'))[0], 403)
  assert.equal((await ask('GET', path, { as: 'bob' })).status, 403)
  assert.equal((await ask('GET', `${path}/00000000-0000-0000-0000-000000000000`, { as: 'mel' })).status, 404)
  assert.equal(((await ask('GET', path, { as: 'mel' })).body as unknown as { total: number }).total, 0)
  const long = await report(door, { report: 'self-consumption', start: '2020-01-01T00:00:00Z' })
  assert.match(long.problem ?? '', /a year at most/)
})
