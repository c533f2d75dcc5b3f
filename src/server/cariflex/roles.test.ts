import assert from 'node:assert/strict'
import test from 'node:test'
import { openDoor } from '../door.fixture.ts'

test('the roles of a user say which of them the one who asks may give or take', async (t) => {
  const { ask, server } = await openDoor(t)
  const mel = (await server.users.list({ accounts: [1], inactive: false, terms: ['mel'] }))[0]!
  const ann = (await server.users.list({ accounts: [1], inactive: false, terms: ['ann'] }))[0]!
  const roles = async (user: number, as: 'ann' | 'mel') => {
    const { data } = (await ask('GET', `/api/cariflex/v1/users/${user}/roles`, { as })).body as unknown as {
      data: { name: string; has: boolean; mayChange: boolean }[]
    }
    return (wanted: 'has' | 'mayChange') => data.filter((role) => role[wanted]).map(({ name }) => name)
  }
  const seen = await roles(mel.id, 'ann')
  assert.deepEqual(seen('has'), [])
  assert.deepEqual(seen('mayChange'), ['consultant'])
  const own = await roles(ann.id, 'ann')
  assert.deepEqual([own('has'), own('mayChange')], [['account-admin'], []], 'nobody changes the roles of oneself')
  assert.deepEqual((await roles(ann.id, 'mel'))('mayChange'), [])
  assert.equal((await ask('GET', `/api/cariflex/v1/users/${ann.id}/roles`, { as: 'bob' })).status, 403)
  assert.equal((await ask('GET', '/api/cariflex/v1/users/99/roles', { as: 'ann' })).status, 404)
})
