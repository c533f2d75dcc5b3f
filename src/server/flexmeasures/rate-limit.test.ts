import assert from 'node:assert/strict'
import test from 'node:test'
import { openDoor } from '../door.fixture.ts'

test('who asks too often waits as long as told, others do not; refused triggers cost nothing', async (t) => {
  const door = await openDoor(t, { config: { rateLimit: 3, triggerRateLimit: 1 } })
  const ask = (as: 'ann' | 'bob') => door.ask('GET', '/api/v3_0/assets/types', { as })
  for (const left of [2, 1, 0]) {
    const answer = await ask('ann')
    assert.deepEqual(
      [answer.status, answer.headers.get('x-ratelimit-limit'), answer.headers.get('x-ratelimit-remaining')],
      [200, '3', String(left)],
    )
  }
  const refused = await ask('ann')
  assert.deepEqual([refused.status, refused.body['status'], refused.headers.get('retry-after')], [429, 'TOO_MANY_REQUESTS', '60'])
  assert.equal((await ask('bob')).status, 200)
  door.clock.forward(60_000)
  assert.equal((await ask('ann')).status, 200)
  const sensor = await door.sensor()
  const trigger = () =>
    door.ask('POST', `/api/v3_0/assets/${door.asset}/schedules/trigger`, {
      as: 'mel',
      body: { start: '2026-11-24T12:00:00Z', 'flex-model': [{ sensor, 'soc-minn': '1 kWh' }] },
    })
  for (let i = 0; i < 2; i++) {
    door.clock.forward(60_000)
    assert.equal((await trigger()).status, 422)
  }
})
