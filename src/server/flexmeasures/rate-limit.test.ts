import assert from 'node:assert/strict'
import test from 'node:test'
import { startSolverPool } from '#ems'
import { type Door, openDoor } from '../door.fixture.ts'

const types = (door: Door, as?: 'ann' | 'bob') => door.ask('GET', '/api/v3_0/assets/types', as ? { as } : {})

const givePlan = async (door: Door, columns: string): Promise<void> => {
  await door.store.query(`insert into plan (name, ${columns.split('=')[0]}) values ('bronze', ${columns.split('=')[1]})`)
  await door.store.query("update account set plan_id = (select id from plan where name = 'bronze') where name = 'A'")
  door.server.accountPlans.forget()
}

/** Triggers a schedule that is accepted (or, misspelt, refused). */
const trigger = async (door: Door, as: 'ann' | 'mel', at: number, field = 'soc-min') =>
  door.ask('POST', `/api/v3_0/assets/${at}/schedules/trigger`, {
    as,
    body: {
      start: '2026-11-24T12:00:00Z',
      duration: 'PT1H',
      'flex-model': [
        { sensor: await powerOf(door, at), 'soc-at-start': '1 kWh', [field]: '0 kWh', 'soc-max': '2 kWh', 'power-capacity': '1 kW' },
      ],
      'flex-context': { 'consumption-price': '1 EUR/MWh' },
      'force-new-job-creation': true,
    },
  })
const powerOf = async (door: Door, asset: number): Promise<number> => {
  const known = (await door.server.assets.get(asset))!.sensors[0]
  if (known) return known.id
  return (await door.server.sensors.create({ name: 'power', unit: 'kW', resolution: 900_000, asset, timezone: 'UTC' })).id
}

test('who asks too often waits as long as told, others do not', async (t) => {
  const door = await openDoor(t, { flexMeasures: { rateLimit: '3 per minute' } })
  for (const left of [2, 1, 0]) {
    const answer = await types(door, 'ann')
    assert.deepEqual(
      [answer.status, answer.headers.get('x-ratelimit-limit'), answer.headers.get('x-ratelimit-remaining')],
      [200, '3', String(left)],
    )
  }
  const refused = await types(door, 'ann')
  assert.deepEqual([refused.status, refused.body['status'], refused.headers.get('retry-after')], [429, 'TOO_MANY_REQUESTS', '60'])
  assert.match(String(refused.body['message']), /^You hit a rate limit. The limit you hit allows 3 per 1 minute./)
  assert.equal(refused.headers.get('x-ratelimit-reset'), String(door.clock.now() / 1000 + 60))
  assert.equal((await types(door, 'bob')).status, 200)
  // Nobody in particular is counted by address, tokens and all.
  for (const status of [401, 401, 401, 429]) assert.equal((await types(door)).status, status)
  door.clock.forward(60_000)
  assert.equal((await types(door, 'ann')).status, 200)
})

test('the plan of an account replaces the limits of the server', async (t) => {
  const door = await openDoor(t, { flexMeasures: { rateLimit: '1 per minute' } })
  await givePlan(door, "default_rate_limit='unlimited'")
  for (let i = 0; i < 5; i++) assert.equal((await types(door, 'ann')).status, 200)
  await door.store.query("update plan set default_rate_limit = '2/hour; 1/second'")
  door.server.accountPlans.forget()
  assert.equal((await types(door, 'ann')).status, 200)
  const soon = await types(door, 'ann')
  assert.deepEqual([soon.status, soon.headers.get('retry-after')], [429, '1'])
  door.clock.forward(1000)
  assert.equal((await types(door, 'ann')).status, 200)
  door.clock.forward(1000)
  assert.equal((await types(door, 'ann')).headers.get('retry-after'), String(3600 - 2))
})

test('only accepted triggers are counted: by account, by asset of it, or by user, as the plan says', async (t) => {
  const pool = startSolverPool()
  t.after(() => pool.close())
  const door = await openDoor(t, { pool, flexMeasures: { triggerRateLimit: '1 per 5 minutes' } })
  const second = (await door.server.assets.create({ name: 'second', type: 6, account: 1 })).id
  const tries = async (): Promise<number[]> => {
    door.clock.forward(300_000)
    for (let i = 0; i < 2; i++) assert.equal((await trigger(door, 'mel', door.asset, 'soc-minn')).status, 422)
    const answers = [
      await trigger(door, 'mel', door.asset),
      await trigger(door, 'mel', door.asset),
      await trigger(door, 'ann', door.asset),
      await trigger(door, 'mel', second),
    ]
    return answers.map(({ status }) => status)
  }
  assert.deepEqual(await tries(), [202, 429, 429, 429])
  await givePlan(door, "rate_limit_key='ACCOUNT_PLUS_ASSET'")
  assert.deepEqual(await tries(), [202, 429, 429, 202])
  await door.store.query("update plan set rate_limit_key = 'USER'")
  door.server.accountPlans.forget()
  assert.deepEqual(await tries(), [202, 429, 202, 429])
  await door.store.query("update plan set trigger_rate_limit = '2 per 5 minutes', rate_limit_key = 'ACCOUNT'")
  door.server.accountPlans.forget()
  assert.deepEqual(await tries(), [202, 202, 429, 429])
})

test('a server for play limits nobody, nor does one that speaks 0.33', async (t) => {
  for (const flexMeasures of [{ mode: 'play' as const }, { dialect: '0.33' as const }]) {
    const door = await openDoor(t, { flexMeasures: { rateLimit: '1 per minute', ...flexMeasures } })
    for (let i = 0; i < 3; i++) assert.equal((await types(door, 'ann')).headers.get('x-ratelimit-limit'), null)
  }
})
