import assert from 'node:assert/strict'
import test from 'node:test'
import { openDoor } from './door.fixture.ts'

test('rights come before the body: strangers learn nothing of what it should have been, and may not fill the memory', async (t) => {
  const { ask } = await openDoor(t)
  assert.equal((await ask('POST', '/api/v3_0/assets', { raw: '{' })).status, 401)
  assert.equal((await ask('POST', '/api/v3_0/assets', { raw: '{', as: 'mel' })).status, 400)
})

test('a sign-in that fails does not tell whether the email or the password was wrong', async (t) => {
  const { ask, server } = await openDoor(t)
  const account = (await server.accounts.list({ accounts: 'all' }))[0]!.id
  for (const [name, active] of [
    ['carol', true],
    ['dave', false],
  ] as const)
    await server.users.create({ email: `${name}@example.com`, account, password: 'the right one', active })
  const attempt = (email: string, password: string) => ask('POST', '/api/cariflex/v1/session', { body: { email, password } })
  const answers = [
    await attempt('nobody@example.com', 'the right one'),
    await attempt('carol@example.com', 'the wrong one'),
    await attempt('dave@example.com', 'the right one'),
    await attempt('ann@example.com', 'has no password'),
  ]
  for (const { status, body } of answers) assert.deepEqual([status, body], [401, answers[0]!.body])
  const token = await ask('POST', '/api/requestAuthToken', { body: { email: 'nobody@example.com', password: 'x' } })
  assert.deepEqual([token.status, token.body['errors']], [404, ["User with email 'nobody@example.com' does not exist"]])
  const off = await ask('POST', '/api/requestAuthToken', { body: { email: 'dave@example.com', password: 'the right one' } })
  assert.deepEqual([off.status, off.body['errors']], [401, ['User is inactive.']])
})
