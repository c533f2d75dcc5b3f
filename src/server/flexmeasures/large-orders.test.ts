// Orders of a size or kind that nobody means well: a plan in bounded time or a clear refusal, never a crash, a hidden name or a half-made job.
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { FLEX_CONTEXT_FIELDS, FLEX_MODEL_FIELDS, formsOf, startSolverPool } from '#ems'
import { HOUR, instant } from '#kernel'
import { NOON, openDoor } from '../door.fixture.ts'

type Fields = Record<string, unknown>
const START = '2026-11-24T12:00:00Z'
const storage = { 'soc-at-start': '20 kWh', 'soc-min': '0 kWh', 'soc-max': '100 kWh', 'power-capacity': '50 kW' }

const ends: (() => unknown)[] = []
after(async () => {
  for (const end of ends.reverse()) await end()
})
let common: ReturnType<typeof open> | undefined
/** One site for all tests: they differ in what they ask. */
const site = () => {
  common ??= open(200)
  return common
}

/** A site of account A with batteries and a price, and a sensor of account B. */
async function open(count: number) {
  const pool = startSolverPool()
  ends.push(() => pool.close())
  const door = await openDoor({ name: 'the site of large orders', after: (end) => void ends.push(end) }, { pool })
  const { assets, sensors, beliefs } = door.server
  const own = (await assets.get(door.asset))!.account
  const foreign = await door.store.first<{ id: number }>("select id from account where name = 'B'")
  const yard = await assets.create({ name: 'secret yard', type: 5, account: foreign!.id })
  const make = async (asset: number, name: string, unit = 'kW', resolution = 900_000) =>
    (await sensors.create({ name, unit, resolution, asset, timezone: 'UTC', attributes: {} })).id
  const [price, secret] = [await make(door.asset, 'price', 'EUR/MWh', HOUR), await make(yard.id, 'secret power')]
  const batteries = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const { id } = await assets.create({ name: `battery ${index}`, type: 5, account: own, parent: door.asset })
      return make(id, 'power')
    }),
  )
  const hours = Array.from({ length: 24 * 28 }, (_, hour) => hour)
  await beliefs.record([
    {
      sensor: price,
      source: await beliefs.source({ name: 'market', type: 'market' }),
      starts: hours.map((hour) => instant(NOON + hour * HOUR)),
      values: hours.map((hour) => 80 + 40 * Math.sin(hour / 4) + (hour % 7)),
      beliefTime: NOON,
    },
  ])
  const trigger = (body: Fields) =>
    door.ask('POST', `/api/v3_0/assets/${door.asset}/schedules/trigger`, { as: 'mel', body: { start: START, duration: 'PT24H', ...body } })
  const read = (sensor: number, job: unknown, duration: string) =>
    door.ask('GET', `/api/v3_0/sensors/${sensor}/schedules/${job}?duration=${duration}`, { as: 'mel' })
  /** The plan, asked for until it is there. */
  const planned = async (sensor: number, body: Fields, duration: string): Promise<number[]> => {
    const { status, body: accepted } = await trigger(body)
    assert.equal(status, 202, JSON.stringify(accepted))
    for (;;) {
      const { status: http, body: said } = await read(sensor, accepted['job'], duration)
      if (http === 200) return said['values'] as number[]
      assert.match(String(said['message']), /waiting|in progress/)
    }
  }
  return { door, price, secret, batteries, trigger, planned, context: { 'consumption-price': { sensor: price } } }
}

test('the longest horizon is planned, one step more is refused', async () => {
  const { batteries, trigger, planned, context } = await site()
  const model = { 'flex-model': [{ sensor: batteries[0], ...storage }], 'flex-context': context }
  const began = performance.now()
  const values = await planned(batteries[0]!, { ...model, duration: 'PT630H' }, 'PT630H')
  assert.equal(values.length, 2520)
  assert.ok(performance.now() - began < 20_000, 'in bounded time')
  const { status, body } = await trigger({ ...model, duration: 'PT630H15M' })
  assert.deepEqual([status, /2521 steps; 2520 are allowed/.test(JSON.stringify(body))], [422, true], JSON.stringify(body))
})

test('two hundred devices are planned together; more unknowns than the solver may hold are refused, and the job says so', async () => {
  const { door, batteries, trigger, planned, context } = await site()
  const entries = batteries.map((sensor, index) => ({ sensor, ...storage, 'soc-at-start': `${10 + (index % 80)} kWh` }))
  const limited = { ...context, 'site-power-capacity': '4 MW' }
  const values = await planned(batteries[199]!, { duration: 'PT6H', 'flex-model': entries, 'flex-context': limited }, 'PT6H')
  assert.equal(values.length, 24)
  const { status, body } = await trigger({ duration: 'P20D', 'flex-model': entries, 'flex-context': limited })
  assert.equal(status, 202)
  for (;;) {
    const job = await door.ask('GET', `/api/v3_0/jobs/${body['job']}`, { as: 'mel' })
    if (job.status === 202) continue
    assert.deepEqual([job.status, job.body['status']], [422, 'FAILED'])
    assert.match(String(job.body['message']), /unknowns; .* are allowed\. Plan a shorter window, coarser slots or fewer devices at once/)
    break
  }
})

test('a sensor of somebody else is found in every field that takes one, however deep, and never named', async () => {
  const { batteries, secret, trigger, context, door } = await site()
  const jobs = (await door.server.queue.list({ queue: 'scheduling' })).length
  const hidden = async (field: string, model: Fields, more: Fields) => {
    const { status, body } = await trigger({
      'flex-model': [{ sensor: batteries[0], ...storage, ...model }],
      'flex-context': { ...context, ...more },
    })
    const said = JSON.stringify(body)
    assert.deepEqual([status, said.includes('secret')], [403, false], `${field}: ${status} ${said}`)
  }
  const reference = { sensor: secret }
  const takes = (fields: typeof FLEX_MODEL_FIELDS) =>
    fields.filter((field) => formsOf(field, false).includes('sensor')).map(({ name }) => name)
  const names = [takes(FLEX_MODEL_FIELDS), takes(FLEX_CONTEXT_FIELDS)] as const
  assert.ok(names[0].length > 8 && names[1].length > 8, names.join(' | '))
  for (const name of names[0]) await hidden(name, { [name]: reference }, {})
  for (const name of names[1]) await hidden(name, {}, { [name]: reference })
  await hidden('a list', { 'soc-gain': ['1 kW', reference] }, {})
  await hidden('profiles', {}, { 'inflexible-consumption': [reference] })
  await hidden('ids', {}, { 'inflexible-device-sensors': [secret] })
  await hidden('a commitment', {}, { commitments: [{ name: 'c', baseline: reference, 'up-price': '1 EUR/MWh' }] })
  await hidden('its price', {}, { commitments: [{ name: 'c', baseline: '1 kW', 'up-price': reference }] })
  await hidden('its sensors', {}, { commitments: [{ name: 'c', baseline: '1 kW', 'up-price': '1 EUR/MWh', sensors: [secret] }] })
  await hidden('a commodity', {}, { commodities: [{ commodity: 'gas', 'consumption-price': reference }] })
  assert.equal((await door.server.queue.list({ queue: 'scheduling' })).length, jobs, 'no job was made')
})

test('two currencies are refused wherever the second one hides', async () => {
  const { batteries, trigger, context, door } = await site()
  const jobs = (await door.server.queue.list({ queue: 'scheduling' })).length
  const told = async (field: string, more: Fields) => {
    const { status, body } = await trigger({
      'flex-model': [{ sensor: batteries[0], ...storage }],
      'flex-context': { ...context, ...more },
    })
    assert.deepEqual([status, /currency|found both/.test(JSON.stringify(body))], [422, true], `${field}: ${status} ${JSON.stringify(body)}`)
  }
  for (const [field, price] of [
    ['production-price', 'USD/MWh'],
    ['site-peak-consumption-price', 'USD/kW'],
    ['site-consumption-breach-price', 'USD/kW'],
    ['consumption-breach-price', 'USD/kW'],
    ['soc-minima-breach-price', 'USD/kWh'],
  ] as const)
    await told(field, { [field]: `1 ${price}` })
  await told('a series', { 'production-price': [{ value: '1 USD/MWh', start: START, duration: 'PT1H' }] })
  await told('a commitment', { commitments: [{ name: 'c', baseline: '1 kW', 'up-price': '1 USD/MWh' }] })
  await told('a commodity', {
    commodities: [
      { commodity: 'electricity', ...context },
      { commodity: 'gas', 'consumption-price': '1 USD/MWh' },
    ],
  })
  assert.equal((await door.server.queue.list({ queue: 'scheduling' })).length, jobs)
})

test('A.2.15: what cannot be had within a soft capacity is taken beyond it, no more than it must be', async () => {
  const { batteries, planned, context } = await site()
  const order = (capacity: string) => ({
    duration: 'PT48H',
    'flex-model': [
      {
        sensor: batteries[0],
        'soc-at-start': '0 kWh',
        'soc-max': '40 kWh',
        'power-capacity': '2 MW',
        'production-capacity': '0 kW',
        'soc-minima': [{ value: '12.9 kWh', datetime: '2026-11-26T10:45:00Z' }],
      },
    ],
    'flex-context': {
      ...context,
      'site-power-capacity': '2 MW',
      'site-consumption-capacity': capacity,
      'site-consumption-breach-price': '1000 EUR/kW',
    },
  })
  const tight = await planned(batteries[0]!, order('0.25 kW'), 'PT48H')
  assert.ok(Math.max(...tight) <= 12.9 / 46.75 + 1e-6 && Math.max(...tight) > 0.25, `${Math.max(...tight)} kW`)
  const wide = await planned(batteries[0]!, order('1 kW'), 'PT48H')
  assert.ok(Math.max(...wide) <= 1 + 1e-9, `${Math.max(...wide)} kW`)
})

test('A.2.19: a commodity that no device uses changes nothing', async () => {
  const { batteries, planned, context } = await site()
  const model = { 'flex-model': [{ sensor: batteries[0], ...storage }] }
  const both = { ...context, 'production-price': context['consumption-price'] }
  const alone = await planned(batteries[0]!, { ...model, 'flex-context': both }, 'PT24H')
  assert.ok(alone.some((value) => value > 0) && alone.some((value) => value < 0))
  const listed = [both, { commodity: 'gas', 'consumption-price': '50 EUR/MWh' }]
  assert.deepEqual(await planned(batteries[0]!, { ...model, 'flex-context': listed }, 'PT24H'), alone)
})
