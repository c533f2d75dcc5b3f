/** Requests that are sent twice and act once. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { after, DAY, HOUR } from '#kernel'
import { yard } from './cariflex/yard.fixture.ts'
import { openDoor } from './door.fixture.ts'
import { forgetIdempotencyKeys } from './idempotency.ts'

const TOKENS = '/api/cariflex/v1/tokens'

test('the same key with the same request is answered the same and acts once, for its user, for a day', async (t) => {
  const { ask, clock, store } = await openDoor(t)
  const count = async () => ((await ask('GET', TOKENS, { as: 'ann' })).body['data'] as unknown[]).length
  const before = await count()
  const make = (label: string, key: string, as: 'ann' | 'bob' = 'ann') =>
    ask('POST', TOKENS, { as, body: { label }, headers: { 'idempotency-key': key } })
  const first = await make('grafana', 'k-1')
  const second = await make('grafana', 'k-1')
  assert.deepEqual([first.status, second.status], [201, 201])
  assert.deepEqual(second.body, first.body)
  assert.equal(await count(), before + 1)
  // Another request under the key is refused; another user's key is another key; a refusal is kept as well.
  assert.deepEqual([(await make('other', 'k-1')).status, (await make('other', 'k-1')).body['code']], [422, 'idempotency-key-reused'])
  assert.notDeepEqual((await make('grafana', 'k-1', 'bob')).body, first.body)
  assert.equal(await count(), before + 1)
  for (const key of ['two words', 'x'.repeat(300)]) assert.equal((await make('a', key)).body['code'], 'invalid-idempotency-key')
  // The secret that was answered does not lie open in the database, nor does its key.
  const kept = JSON.stringify(await store.query("select key, encode(body, 'escape') as body from cariflex.idempotency_key"))
  assert.ok(!kept.includes(String(first.body['token'])) && !kept.includes('k-1'), 'the answer is sealed')
  clock.set(after(clock.now(), DAY + HOUR))
  assert.notDeepEqual((await make('grafana', 'k-1')).body, first.body)
  assert.equal(await count(), before + 2)
  assert.equal(await forgetIdempotencyKeys(store)(after(clock.now(), HOUR)), 2)
})

test('a request whose answer was never known is not done again', async (t) => {
  const { ask, store } = await openDoor(t)
  const make = () => ask('POST', TOKENS, { as: 'ann', body: { label: 'x' }, headers: { 'idempotency-key': 'once' } })
  assert.equal((await make()).status, 201)
  await store.query('update cariflex.idempotency_key set status = null')
  const again = await make()
  assert.deepEqual([again.status, again.body['code']], [409, 'idempotency-key-in-use'])
})

test('a command that was not even sent may be tried again under its key', async (t) => {
  const { charging, established, server, store, token } = await yard(t)
  await charging.registerStation({ identity: 'CP001', asset: established.site, powerSensor: 1, nominalW: 11_000 })
  const send = () =>
    server.app.inject({
      ...{ method: 'POST', url: '/api/cariflex/v1/stations/CP001/commands', payload: { action: 'ClearCache', payload: {} } },
      headers: { authorization: `Bearer ${token}`, 'idempotency-key': 'clear' },
    })
  const answer = await send()
  assert.deepEqual([answer.statusCode, answer.json().code], [503, 'station-offline'])
  assert.deepEqual(await store.query('select from cariflex.idempotency_key'), [])
})
