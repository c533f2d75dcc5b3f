// Schedules over HTTP: what is refused and in which words, what is planned, stored and read again (reference A.2).
import assert from 'node:assert/strict'
import test from 'node:test'
import { type SolverPool, startSolverPool } from '#ems'
import { type Answer, type Door, openDoor } from '../door.fixture.ts'

type Fields = Record<string, unknown>

let pool: SolverPool | undefined
const ends: (() => unknown)[] = []
test.after(async () => {
  for (const end of ends.reverse()) await end()
  await pool?.close()
})
let common: ReturnType<typeof house> | undefined
/** One house for tests that leave nothing behind that others would see. */
const commonHouse = () => {
  common ??= house({ name: 'the house that the tests of schedules share', after: (end) => void ends.push(end) })
  return common
}

const START = '2026-11-25T00:00:00Z'
const model = { 'soc-at-start': '20 kWh', 'soc-min': '0 kWh', 'soc-max': '100 kWh', 'power-capacity': '50 kW' }

/** A house with a price, a battery and a car of account A, and a sensor of account B. */
async function house(t: Parameters<typeof openDoor>[0], flexMeasures = {}) {
  pool ??= startSolverPool()
  const door = await openDoor(t, { pool, flexMeasures })
  const { assets, sensors, beliefs } = door.server
  const a = (await assets.get(door.asset))!.account
  const [battery, car] = [
    await assets.create({ name: 'battery', type: 5, account: a, parent: door.asset }),
    await assets.create({ name: 'car', type: 3, account: a, parent: door.asset }),
  ]
  const bob = (await door.store.first<{ id: number }>("select id from account where name = 'B'"))!.id
  const other = await assets.create({ name: 'other', type: 5, account: bob })
  const make = async (name: string, unit: string, asset: number, resolution = 900_000, attributes: Fields = {}) =>
    (await sensors.create({ name, unit, asset, resolution, timezone: 'Europe/Paris', attributes })).id
  const ids = {
    price: await make('price', 'EUR/MWh', door.asset, 3_600_000),
    power: await make('power', 'kW', battery.id),
    carPower: await make('power', 'kW', car.id),
    soc: await make('soc', 'kWh', battery.id, 0),
    secret: await make('secret thing', 'kW', other.id),
    inTotal: await make('in', 'kW', door.asset),
    outTotal: await make('out', 'kW', door.asset),
    wrongSign: await make('wrong', 'kW', door.asset, 900_000, { consumption_is_positive: false }),
    outside: await make('outside', 'kW', door.asset),
  }
  const source = await beliefs.source({ name: 'market', type: 'market' })
  const start = Date.parse(START)
  const hours = Array.from({ length: 96 }, (_, hour) => hour)
  await beliefs.record([
    {
      sensor: ids.price,
      source,
      starts: hours.map((hour) => (start + hour * 3_600_000) as never),
      values: hours.map((hour) => 50 + 40 * Math.sin(hour / 4)),
      beliefTime: door.clock.now(),
    },
  ])
  return { door, ids, battery: battery.id, car: car.id, other: other.id }
}

const trigger = (door: Door, body: Fields, at = door.asset, as: 'mel' | 'ann' = 'mel'): Promise<Answer> =>
  door.ask('POST', `/api/v3_0/assets/${at}/schedules/trigger`, { as, body: { start: START, duration: 'PT24H', ...body } })

/** Resolves when the job has ended. */
async function ended(door: Door, job: unknown): Promise<Answer> {
  const latest = performance.now() + 120_000
  for (;;) {
    const answer = await door.ask('GET', `/api/v3_0/jobs/${job}`, { as: 'mel' })
    if (answer.status !== 202) return answer
    assert.ok(performance.now() < latest, `the job has not ended within two minutes: ${JSON.stringify(answer.body)}`)
    await new Promise(setImmediate)
  }
}
const read = (door: Door, sensor: number, job: unknown, query = ''): Promise<Answer> =>
  door.ask('GET', `/api/v3_0/sensors/${sensor}/schedules/${job}${query}`, { as: 'mel' })
const values = (answer: Answer): number[] => {
  assert.equal(answer.status, 200, JSON.stringify(answer.body))
  return answer.body['values'] as number[]
}

test('a plan is stored production-positive, and read in any unit, sign and length, also beyond two days', async () => {
  const { door, ids } = await commonHouse()
  const asked = await trigger(door, {
    duration: 'PT72H',
    'flex-model': [{ ...model, sensor: ids.power, 'state-of-charge': { sensor: ids.soc } }],
    'flex-context': {
      'consumption-price': { sensor: ids.price },
      'aggregate-consumption': { sensor: ids.inTotal },
      'aggregate-production': { sensor: ids.outTotal },
    },
  })
  assert.equal(asked.status, 202)
  assert.equal(asked.body['schedule'], asked.body['job'])
  const { job } = asked.body
  const done = await ended(door, job)
  assert.deepEqual([done.status, done.body['status'], done.body['message']], [200, 'FINISHED', 'Scheduling job has finished.'])
  const all = values(await read(door, ids.power, job, '?duration=PT1000H'))
  assert.equal(all.length, 288, 'three days in one answer')
  const usual = await read(door, ids.power, job)
  assert.deepEqual(values(usual), all.slice(0, 24), 'six hours when nobody says')
  assert.equal(usual.body['duration'], 'PT6H')
  assert.equal(usual.body['start'], '2026-11-25T01:00:00+01:00')
  const costs = (usual.body['scheduler_info'] as { commitment_costs: Fields }).commitment_costs
  assert.ok('electricity net energy' in costs && 'prefer a full storage 0 sooner' in costs)
  const turned = async (query: string) => values(await read(door, ids.power, job, `?duration=PT6H&${query}`))
  const scaled = (factor: number) => all.slice(0, 24).map((value) => value * factor)
  const near = (actual: number[], expected: number[]) =>
    actual.forEach((value, index) => {
      assert.ok(Math.abs(value - expected[index]!) < 1e-9 * Math.max(1, Math.abs(value)))
    })
  near(await turned('unit=MW'), scaled(0.001))
  near(await turned('unit=kWh'), scaled(0.25))
  near(await turned('sign-convention=production-positive'), scaled(-1))
  near(await turned('sign-convention=wysiwyg'), scaled(-1))
  const points = values(await read(door, ids.soc, job, '?duration=PT72H'))
  assert.equal(points.length, 289, 'n + 1 points of state of charge')
  assert.equal(points[0], 20)
  const [into, out] = [
    values(await read(door, ids.inTotal, job, '?duration=PT72H')),
    values(await read(door, ids.outTotal, job, '?duration=PT72H&sign-convention=wysiwyg')),
  ]
  assert.ok(into.every((value) => value >= 0) && out.every((value) => value >= 0))
  near(
    all,
    into.map((value, index) => value - out[index]!),
  )
  const stored = await door.store.query<{ value: number }>(
    'select event_value as value from timed_belief where sensor_id = $1 order by event_start',
    [ids.power],
  )
  near(
    stored.map(({ value }) => value),
    all.map((value) => -value),
  )
  const signs = await door.store.query<{ positive: unknown }>(
    `select attributes -> 'consumption_is_positive' as positive from sensor where id = any($1) order by id`,
    [[ids.inTotal, ids.outTotal]],
  )
  assert.deepEqual(signs, [{ positive: true }, { positive: false }])
  assert.equal((await read(door, ids.power, '00000000-0000-4000-8000-000000000000')).body['status'], 'UNRECOGNIZED_UDI_EVENT')
  assert.match(
    String((await read(door, ids.carPower, job)).body['message']),
    /schedule was not found in the database\. StorageScheduler was used\.$/,
  )
  const bananas = await read(door, ids.power, job, '?unit=bananas')
  assert.deepEqual([bananas.status, bananas.body['message']], [422, { unit: ['Invalid unit: bananas'] }])
})

test('what cannot be planned is refused at once, field by field, and no job is made', async () => {
  const { door, ids, battery, other } = await commonHouse()
  const before = (await door.server.queue.list({ queue: 'scheduling' })).length
  const context = { 'consumption-price': { sensor: ids.price } }
  const entry = { ...model, sensor: ids.power }
  const told = async (body: Fields) => {
    const answer = await trigger(door, { 'flex-model': [entry], 'flex-context': context, ...body })
    assert.equal(answer.status, 422, JSON.stringify(answer.body))
    assert.equal(answer.body['status'], 'UNPROCESSABLE_ENTITY')
    return JSON.stringify(answer.body['message'])
  }
  const withModel = (more: Fields) => told({ 'flex-model': [{ ...entry, ...more }] })
  const cases: [Promise<string>, RegExp][] = [
    [withModel({ 'soc-minn': 3 }), /^\{"json":\{"soc-minn":\["Unknown field\."\]\}\}$/],
    [withModel({ 'soc-min': 'not-a-float' }), /Cannot convert value 'not-a-float' to a valid quantity\./],
    [withModel({ 'soc-unit': 'MWH' }), /Must be one of/],
    [withModel({ 'soc-minima': [{ value: 5, datetime: 'bla' }] }), /"soc-minima":\{"0":\{"datetime":\["Not a valid datetime/],
    [withModel({ 'power-capacity': 0.5 }), /Unsupported value type/],
    [withModel({ consumption: { sensor: ids.wrongSign } }), /conflicts with the sign convention/],
    [withModel({ coupling: 'chp' }), /unambiguous flow direction/],
    [withModel({ 'operation-modes': [{}] }), /must declare a consumption-range and\/or a production-range/],
    [told({ 'flex-model': [entry, entry] }), /should not occur more than once in the flex-model/],
    [told({ 'flex-model': [{ sensor: ids.secret }] }), /does not belong to asset/],
    [told({ 'flex-model': [{ ...entry, group: { sensor: ids.secret } }] }), /does not belong to asset/],
    [told({ 'flex-model': [{ sensor: 123_456 }] }), /No sensor found with ID 123456\./],
    [told({ 'flex-model': [{ asset: other }] }), /does not belong to asset/],
    [told({ 'flex-model': [{ 'soc-min': '1 kWh' }] }), /Specify either a sensor or an asset\./],
    [told({ 'flex-model': 'all' }), /Not a valid/],
    [told({ 'flex-context': 'all' }), /must be an object, or a list of objects/],
    [told({ 'flex-context': { ...context, 'production-price': '1 USD/MWh' } }), /share the same currency unit/],
    [
      told({ 'flex-context': [{ 'consumption-price': '1 EUR/MWh' }, { commodity: 'gas', 'consumption-price': '1 USD/MWh' }] }),
      /found both 'EUR' and 'USD'/,
    ],
    [told({ 'flex-context': [{ commodity: 'gas' }, { commodity: 'gas' }] }), /Each commodity may only be listed once/],
    [told({ start: 'yesterday' }), /Not a valid datetime/],
    [told({ duration: 'PT0H' }), /duration/],
    [told({ duration: '-PT5H' }), /duration/],
    [told({ duration: 'P40D' }), /2520/],
    [told({ resolution: 'PT0S' }), /positive resolution/],
    [told({ sequential: true, 'flex-model': [{ asset: battery, ...model }] }), /Missing data for required field/],
  ]
  for (const [answer, expected] of cases) assert.match(await answer, expected)
  const single = await door.ask('POST', `/api/v3_0/sensors/${ids.power}/schedules/trigger`, {
    as: 'mel',
    body: { start: START, resolution: 'PT20M', 'flex-model': model, 'flex-context': context },
  })
  assert.match(JSON.stringify(single.body), /Resolution of 0:20:00 is incompatible with the sensor's required resolution of 0:15:00\./)
  const empty = await trigger(door, { 'flex-context': context }, battery)
  assert.deepEqual([empty.status, /no flex-model/.test(JSON.stringify(empty.body))], [422, true])
  assert.equal((await door.server.queue.list({ queue: 'scheduling' })).length, before)
})

test('a sensor of somebody else is never named, only the field that does', async () => {
  const { door, ids } = await commonHouse()
  const entry = { ...model, sensor: ids.power }
  const hidden = async (body: Fields) => {
    const answer = await trigger(door, { 'flex-model': [entry], 'flex-context': { 'consumption-price': '1 EUR/MWh' }, ...body })
    assert.equal(answer.status, 403)
    const message = String(answer.body['message'])
    assert.ok(!message.includes('secret'))
    return message
  }
  assert.equal(
    await hidden({ 'flex-context': { 'consumption-price': { sensor: ids.secret } } }),
    "You cannot be authorized for the '{'json': {'flex-context': {'consumption-price': 'sensor'}}}' field because it references a sensor you cannot read.",
  )
  assert.match(
    await hidden({ 'flex-model': [{ ...entry, 'soc-usage': ['1 kW', { sensor: ids.secret }] }] }),
    /'\{'json': \{'flex-model': \{0: \{'sensor_flex_model': \{'soc-usage': \{1: 'sensor'\}\}\}\}\}\}'/,
  )
  assert.match(await hidden({ 'flex-context': { commitments: [{ name: 'c', baseline: '1 kW', sensors: [ids.secret] }] } }), /'sensors'/)
})

test('a job that fails says why; a plan that waits says so', async () => {
  const { door, ids } = await commonHouse()
  const context = { 'consumption-price': { sensor: ids.price } }
  const failed = async (body: Fields) => {
    const asked = await trigger(door, { 'flex-model': [{ ...model, sensor: ids.power }], 'flex-context': context, ...body })
    assert.equal(asked.status, 202, JSON.stringify(asked.body))
    const job = await ended(door, asked.body['job'])
    assert.deepEqual([job.status, job.body['status']], [422, 'FAILED'])
    const answer = await read(door, ids.power, asked.body['job'])
    assert.deepEqual([answer.status, answer.body['status'], answer.body['result']], [400, 'UNKNOWN_SCHEDULE', 'Rejected'])
    return String(answer.body['message'])
  }
  assert.match(
    await failed({ start: '2040-01-01T00:00:00Z' }),
    /failed with UnknownPricesException: Prices unknown for planning window\. \(sensor \d+\)\. .* StorageScheduler was used\.$/,
  )
  const hard = { ...context, 'relax-constraints': false }
  const target = (value: string) => [{ value, datetime: '2026-11-25T01:00:00Z' }]
  assert.match(
    await failed({ 'flex-context': hard, 'flex-model': [{ ...model, sensor: ids.power, 'soc-targets': target('90 kWh') }] }),
    /^No known schedule for this time period\. Scheduling job failed with InfeasibleProblemException: infeasible\. .* StorageScheduler was used\.$/,
  )
  assert.match(
    await failed({
      'flex-context': hard,
      'flex-model': [{ ...model, sensor: ids.power, 'soc-minima': target('50 kWh'), 'soc-maxima': target('40 kWh') }],
    }),
    /Constraint validation has found the following issues:\nt=2026-11-25T00:45:00\+00:00 \| min\(t\) \[.*\] <= max\(t\) \[/,
  )
  assert.match(await failed({ 'flex-context': {} }), /ValueError: Missing consumption price for commodity 'electricity'/)
})

test('one device after the other is a chain of jobs, and the last id stands for the whole', async (t) => {
  const { door, ids, car } = await house(t)
  const asked = await trigger(door, {
    sequential: true,
    'flex-model': [
      { ...model, sensor: ids.power },
      {
        ...model,
        sensor: ids.carPower,
        'production-capacity': '0 kW',
        'soc-minima': [{ value: '60 kWh', datetime: '2026-11-25T06:00:00Z' }],
      },
    ],
    'flex-context': { 'consumption-price': { sensor: ids.price } },
  })
  assert.equal(asked.status, 202)
  const chain = await door.store.query<{ id: string; before: string | null }>(
    `select id, depends_on as before from cariflex.job where queue = 'scheduling' order by serial`,
  )
  assert.deepEqual(
    chain.map(({ before }) => before),
    [null, chain[0]!.id, chain[1]!.id],
  )
  assert.equal(asked.body['job'], chain[2]!.id)
  assert.equal((await ended(door, asked.body['job'])).body['status'], 'FINISHED')
  const listed = await door.ask('GET', `/api/v3_0/assets/${car}/jobs`, { as: 'mel' })
  assert.deepEqual(
    (listed.body['jobs'] as Fields[]).map((job) => [job['entity'], job['status']]),
    [[`sensor: power (Id: ${ids.carPower})`, 'finished']],
  )
  for (const sensor of [ids.power, ids.carPower]) assert.equal(values(await read(door, sensor, asked.body['job'])).length, 24)
  const second = await door.store.first<{ context: Fields }>(
    `select payload -> 'order' -> 'flexContext' as context from cariflex.job where id = $1`,
    [chain[1]!.id],
  )
  assert.deepEqual(second!.context['inflexible-production'], [{ sensor: ids.power }])
})

test('the same trigger within the hour is the same job, unless that failed or a new one is demanded', async (t) => {
  const { door, ids } = await house(t)
  const body = { 'flex-model': [{ ...model, sensor: ids.power }], 'flex-context': { 'consumption-price': { sensor: ids.price } } }
  const job = async (more: Fields = {}) => (await trigger(door, { ...body, ...more })).body['job']
  const first = await job()
  assert.equal(await job(), first)
  assert.notEqual(await job({ duration: 'PT23H' }), first)
  assert.notEqual(await job({ 'force-new-job-creation': true }), first)
  const late = await job({ start: '2040-01-01T00:00:00Z' })
  await ended(door, late)
  assert.notEqual(await job({ start: '2040-01-01T00:00:00Z' }), late)
  door.clock.set((door.clock.now() + 3_600_001) as never)
  assert.notEqual(await job(), first)
})

test('a device scheduled by its sensor takes its state of charge from where it is, and leaves it with its asset', async (t) => {
  const { door, ids, battery } = await house(t)
  await door.server.assets.update(battery, { attributes: { soc_in_mwh: 1, soc_datetime: '' } })
  const source = await door.server.beliefs.source({ name: 'meter', type: 'gateway' })
  await door.server.beliefs.record([{ sensor: ids.soc, source, starts: [Date.parse(START) as never], values: [32] }])
  const { 'soc-at-start': _, ...rest } = model
  const asked = await door.ask('POST', `/api/v3_0/sensors/${ids.power}/schedules/trigger`, {
    as: 'mel',
    body: {
      start: START,
      duration: 'PT2H',
      'flex-model': { ...rest, 'state-of-charge': { sensor: ids.soc } },
      'flex-context': { 'consumption-price': { sensor: ids.price } },
    },
  })
  assert.equal(asked.status, 202)
  assert.equal(asked.body['results-url'], `/api/v3_0/sensors/${ids.power}/schedules/${asked.body['job']}`)
  await ended(door, asked.body['job'])
  assert.equal((await door.server.assets.get(battery))!.attributes['soc_in_mwh'], 0.032)
})

test('what is stored on assets is planned with what is sent, and by the scheduler the asset names', async (t) => {
  const { door, ids, battery, car } = await house(t)
  const patch = (asset: number, body: Fields) => door.ask('PATCH', `/api/v3_0/assets/${asset}`, { as: 'ann', body })
  assert.equal((await patch(door.asset, { flex_context: { 'consumption-price': { sensor: ids.price } } })).status, 200)
  const stored = { 'soc-min': '0 kWh', 'soc-max': '50 kWh', 'power-capacity': '10 kW' }
  assert.equal((await patch(battery, { flex_model: stored })).status, 200)
  assert.equal((await patch(car, { flex_model: { ...stored, 'production-capacity': '0 kW' } })).status, 200)
  const all = await trigger(door, {})
  assert.equal(all.status, 202, JSON.stringify(all.body))
  await ended(door, all.body['job'])
  for (const sensor of [ids.power, ids.carPower]) assert.equal(values(await read(door, sensor, all.body['job'])).length, 24)
  const mixed = await trigger(door, { 'flex-model': [{ sensor: ids.power, 'soc-at-start': '50 kWh', 'power-capacity': '5 kW' }] })
  await ended(door, mixed.body['job'])
  const power = values(await read(door, ids.power, mixed.body['job']))
  assert.ok(Math.max(...power.map(Math.abs)) === 5)
  for (const [scheduler, status] of [
    ['StorageScheduler', 202],
    ['ElseScheduler', 422],
    [{ module: 'flexmeasures.data.models.planning.storage', class: 'StorageScheduler' }, 202],
  ] as const) {
    await patch(door.asset, { attributes: { 'custom-scheduler': scheduler } })
    const answer = await trigger(door, { 'force-new-job-creation': true })
    assert.equal(answer.status, status, JSON.stringify(answer.body))
    if (status === 422)
      assert.deepEqual(answer.body['message'], {
        json: 'Scheduler ElseScheduler does not seem to be registered.',
      })
  }
})

test('what may not be stored is refused in the words of FlexMeasures, and nothing changes', async () => {
  const { door, ids, battery } = await commonHouse()
  const refused = async (field: 'flex_model' | 'flex_context', value: Fields) => {
    const answer = await door.ask('PATCH', `/api/v3_0/assets/${battery}`, { as: 'ann', body: { [field]: value } })
    assert.equal(answer.status, 422, JSON.stringify(answer.body))
    return (answer.body['message'] as { json: Fields }).json
  }
  const series = [{ value: '100 kW', start: '2025-03-18T00:00+01:00', duration: 'P2D' }]
  for (const [field, value, text] of [
    [
      'consumption-price',
      '100 EUR/MWh',
      'Fixed prices are not currently supported for consumption-price in flex-context fields in the DB.',
    ],
    ['production-price', { sensor: ids.power }, "Energy price field 'production-price' must have an energy price unit."],
    [
      'site-power-capacity',
      series,
      'A time series specification (listing segments) is not supported when storing flex-context fields. Use a fixed quantity or a sensor reference instead.',
    ],
    ['site-power-capacity', '5 kWh', "Cannot convert value `5 kWh` to 'MW'"],
    ['site-production-breach-price', '550 EUR/MWh', "Capacity price field 'site-production-breach-price' must have a capacity price unit."],
    ['site-powr', 1, 'Unknown field.'],
  ] as const)
    assert.deepEqual(await refused('flex_context', { [field]: value }), { [field]: [text] })
  for (const [field, value, text] of [
    ['soc-min', '450 EUR/MWh', "Cannot convert value `450 EUR/MWh` to 'MWh'"],
    ['soc-minima', { sensor: ids.price }, 'Cannot convert EUR/MWh to MWh'],
    [
      'soc-maxima',
      [{ value: '1 kWh', datetime: START }],
      'A time series specification (listing segments) is not supported when storing flex-model fields. Use a fixed quantity or a sensor reference instead.',
    ],
    ['soc-at-start', '1 kWh', 'Unknown field.'],
    ['group', { sensor: ids.soc }, 'The `group` field must reference a sensor with a power unit.'],
    ['power-capacity', '-1 kW', 'Must be greater than or equal to 0.'],
  ] as const)
    assert.deepEqual(await refused('flex_model', { [field]: value }), { [field]: [text] })
  assert.deepEqual((await door.server.assets.get(battery))!.flexModel, {})
})

test('who edits learns at once what is wrong and what is inherited', async (t) => {
  const { door, ids, battery } = await commonHouse()
  await door.server.assets.update(door.asset, {
    flexContext: { 'consumption-price': { sensor: ids.price }, 'site-power-capacity': '50 kW' },
  })
  t.after(() => door.server.assets.update(door.asset, { flexContext: {} }))
  const check = (body: Fields, as: 'mel' | 'bob' = 'mel') =>
    door.ask('POST', `/api/cariflex/v1/assets/${battery}/flex/validate`, { as, body })
  const context = (await check({ 'flex-context': { 'site-power-capacity': '20 kW', commitments: [{ name: 'c', baseline: '1 kW' }] } }))
    .body['data'] as Fields
  assert.deepEqual(context['problems'], [
    {
      of: 'flex-context',
      field: 'commitments.0.up-price',
      message: 'A commitment requires at least one deviation price (up-price and/or down-price).',
    },
  ])
  const resolved = context['resolved'] as Record<string, { value: unknown; from: { asset: number } }>
  assert.deepEqual([resolved['consumption-price']!.from.asset, resolved['site-power-capacity']!.from.asset], [door.asset, battery])
  assert.equal(resolved['site-power-capacity']!.value, '20 kW')
  const hidden = (await check({ 'flex-model': { 'soc-minima': { sensor: ids.secret } } })).body['data'] as { problems: Fields[] }
  assert.deepEqual(hidden.problems[0], { of: 'flex-model', field: 'soc-minima.sensor', message: 'It references a sensor you cannot read.' })
  assert.equal((await check({}, 'bob')).status, 403)
  const listed = (await door.ask('GET', '/api/cariflex/v1/flex/fields', { as: 'mel' })).body['data'] as Fields[]
  const price = listed.find(({ name }) => name === 'consumption-price')!
  assert.deepEqual([price['storedForms'], price['forms'], price['inherited']], [['sensor'], ['fixed', 'sensor', 'series'], true])
})

test('in the dialect of 0.33 triggers answer 200, wishes are hard until relaxed, and what cannot be kept is planned by the fallback', async (t) => {
  const { door, ids } = await house(t, { dialect: '0.33' })
  const order = (value: string) => ({
    start: '2026-11-25T00:07:30Z',
    'flex-model': [{ ...model, sensor: ids.power, 'soc-minima': [{ value, datetime: '2026-11-25T01:15:00Z' }] }],
    'flex-context': { 'consumption-price': { sensor: ids.price } },
  })
  for (const [value, scheduler, version] of [
    ['30 kWh', 'StorageScheduler', '8'],
    ['90 kWh', 'StorageFallbackScheduler', '3'],
  ] as const) {
    const asked = await trigger(door, order(value))
    assert.deepEqual([asked.status, Object.keys(asked.body), asked.body['status']], [200, ['status', 'message', 'schedule'], 'PROCESSED'])
    for (;;) {
      const job = await door.ask('GET', `/api/v3_0/jobs/${asked.body['schedule']}`, { as: 'mel' })
      assert.equal(job.status, 200, 'whatever becomes of it')
      assert.notEqual(job.body['status'], 'FAILED', JSON.stringify(job.body))
      if (job.body['status'] === 'FINISHED') break
      await new Promise(setImmediate)
    }
    const schedule = await read(door, ids.power, asked.body['schedule'], '?duration=PT1H')
    assert.match(String(schedule.body['message']), new RegExp(`${scheduler} was used\\.$`))
    assert.equal(schedule.body['start'], '2026-11-25T01:07:30+01:00', 'starts stay as they are sent')
    const wanted = value === '30 kWh' ? 10 : 49
    const charged = values(schedule).reduce((sum, power) => sum + power / 4, 0)
    assert.ok(charged >= wanted - 1e-6, `${charged} kWh of ${wanted}`)
    const source = await door.store.first("select 1 from data_source where model = $1 and version = $2 and type = 'scheduler'", [
      scheduler,
      version,
    ])
    assert.ok(source, `${scheduler} ${version}`)
  }
})
