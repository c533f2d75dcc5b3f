import assert from 'node:assert/strict'
import test from 'node:test'
import { openDoor } from './door.fixture.ts'

test('a wrong method names the right ones, a doubled slash leads to the address without', async (t) => {
  const { ask } = await openDoor(t)
  const wrong = await ask('PUT', '/api/v3_0/assets/1')
  assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'DELETE, GET, HEAD, PATCH, OPTIONS'])
  assert.deepEqual(wrong.body, { message: 'The method is not allowed for the requested URL.', status: 405 })
  assert.equal((await ask('GET', '/api/requestAuthToken')).status, 405)
  const ours = await ask('PUT', '/api/cariflex/v1/session')
  assert.deepEqual([ours.status, ours.body['code'], ours.headers.get('allow')], [405, 'wrong-method', 'DELETE, GET, HEAD, POST, OPTIONS'])
  const options = await ask('OPTIONS', '/api/v3_0/sensors/1/data')
  assert.deepEqual([options.status, options.headers.get('allow')?.includes('POST')], [200, true])
  const unknown = await ask('PUT', '/api/v3_0/nothing')
  assert.deepEqual([unknown.status, unknown.body['status']], [404, 404])
  for (const path of ['//', '/api//v3_0/assets?page=1', '//api/v3_0/sensors']) {
    const answer = await ask('GET', path, { redirect: 'manual' })
    assert.equal(answer.status, 308)
    assert.equal(answer.headers.get('location'), path.replace(/\/+/g, '/'))
  }
})
