// What lies between a trigger and its schedule: few statements, one request to read it, nothing lost.
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { startSolverPool } from '#ems'
import { HOUR, instant } from '#kernel'
import { type Store, scratchStore } from '#store'
import { NOON, openDoor } from '../door.fixture.ts'

/** A battery with a price on a store that notes every statement. */
async function house(t: TestContext) {
  const real = await scratchStore(t)
  const asked: string[] = []
  const store: Store = {
    ...real,
    query: (text, params, name) => {
      asked.push(text)
      return real.query(text, params, name)
    },
    first: (text, params, name) => {
      asked.push(text)
      return real.first(text, params, name)
    },
  }
  const pool = startSolverPool()
  t.after(() => pool.close())
  const door = await openDoor(t, { store, pool })
  const [power, price] = [await door.sensor(), await door.sensor({ unit: 'EUR/MWh', resolution: HOUR })]
  const hours = Array.from({ length: 48 }, (_, hour) => hour)
  await door.server.beliefs.record([
    {
      sensor: price,
      source: await door.server.beliefs.source({ name: 'market', type: 'market' }),
      starts: hours.map((hour) => instant(NOON + hour * HOUR)),
      values: hours.map((hour) => 50 + 40 * Math.sin(hour / 4)),
      beliefTime: NOON,
    },
  ])
  const trigger = (soc: number) =>
    door.ask('POST', `/api/v3_0/assets/${door.asset}/schedules/trigger`, {
      as: 'mel',
      body: {
        start: '2026-11-24T12:00:00Z',
        duration: 'PT24H',
        'flex-model': [
          { sensor: power, 'soc-at-start': `${soc} kWh`, 'soc-min': '0 kWh', 'soc-max': '100 kWh', 'power-capacity': '50 kW' },
        ],
        'flex-context': { 'consumption-price': { sensor: price } },
      },
    })
  const read = (job: unknown) => door.ask('GET', `/api/v3_0/sensors/${power}/schedules/${job}?duration=PT24H`, { as: 'mel' })
  return { door, asked, trigger, read }
}

test('from trigger to schedule: one look at the site, one at earlier orders and meanwhile one at prices; who reads waits for the plan, and is not told to ask again', async (t) => {
  const { asked, trigger, read } = await house(t)
  // Two at once: then the worker has found that nothing else waits.
  for (const { body } of await Promise.all([trigger(1), trigger(2)])) assert.equal((await read(body['job'])).status, 200)
  asked.length = 0
  const { body, status } = await trigger(20)
  assert.equal(status, 202)
  const plan = await read(body['job'])
  assert.equal((plan.body['values'] as number[]).length, 96, JSON.stringify(plan.body))
  const kinds = asked.flatMap((text) => {
    if (/from generic_asset/.test(text)) return 'site'
    if (/^select id from cariflex\.job/.test(text)) return 'asked before?'
    if (/^insert into cariflex\.job/.test(text)) return 'job'
    return /from timed_belief/.test(text) && !/insert into/.test(text) ? 'prices' : []
  })
  assert.deepEqual(kinds, ['site', 'asked before?', 'prices', 'job'])
})

test('a job that fails is told at once to whoever waits for its schedule', async (t) => {
  const { door, trigger, read } = await house(t)
  await door.store.query('delete from timed_belief')
  const { body } = await trigger(20)
  const { status, body: said } = await read(body['job'])
  assert.equal(status, 400)
  assert.match(String(said['message']), /Prices unknown/)
})

test('many at once wait in line, and each is read with one request', async (t) => {
  const { trigger, read } = await house(t)
  const triggered = await Promise.all(Array.from({ length: 12 }, (_, index) => trigger(10 + index)))
  const plans = await Promise.all(triggered.map(({ body }) => read(body['job'])))
  assert.deepEqual(new Set(plans.map(({ status }) => status)), new Set([200]))
})
