// One's own tokens over HTTP, and the face of the account that a session carries.
import assert from 'node:assert/strict'
import test from 'node:test'
import { after, HOUR } from '#kernel'
import { openDoor } from '../door.fixture.ts'

interface Line {
  id: string
  kind: string
  label: string | null
  expiresAt: string | null
  lastUsedAt: string | null
  own: boolean
}

test('a user makes a token for a program, sees it without its secret, and ends it; others see and end nothing of it', async (t) => {
  const { ask, clock } = await openDoor(t)
  const tokens = '/api/cariflex/v1/tokens'
  const list = async (as: 'ann' | 'bob') => (await ask('GET', tokens, { as })).body['data'] as Line[]
  assert.equal((await ask('GET', tokens)).status, 401)
  assert.deepEqual(
    (await list('ann')).map(({ kind, own }) => [kind, own]),
    [['program', true]],
  )
  for (const body of [{}, { label: '  ' }, { label: 'x', days: 0 }, { label: 'x', rights: 'all' }])
    assert.equal((await ask('POST', tokens, { as: 'ann', body })).status, 422, JSON.stringify(body))
  const made = await ask('POST', tokens, { as: 'ann', body: { label: ' grafana ', days: 30 } })
  assert.equal(made.status, 201)
  const authorization = String(made.body['token'])
  assert.equal((await ask('GET', '/api/v3_0/users', { headers: { authorization } })).status, 200, 'it opens the FlexMeasures API too')
  const line = (await list('ann')).find(({ label }) => label === 'grafana')!
  assert.deepEqual([line.kind, line.expiresAt, line.own], ['program', '2026-12-24T12:00:00+00:00', false])
  assert.ok(!authorization.includes(line.id) && !JSON.stringify(await list('ann')).includes(authorization))
  assert.deepEqual(
    (await list('bob')).map(({ label }) => label),
    [null],
  )
  const used = async () => (await list('ann')).find(({ label }) => label === 'grafana')?.lastUsedAt
  assert.equal(await used(), '2026-11-24T12:00:00+00:00')
  assert.equal((await ask('DELETE', `${tokens}/${line.id}`, { as: 'bob' })).status, 404)
  assert.equal((await ask('GET', tokens, { headers: { authorization } })).status, 200)
  assert.equal((await ask('DELETE', `${tokens}/${line.id}`, { as: 'ann' })).status, 204)
  assert.equal((await ask('GET', tokens, { headers: { authorization } })).status, 401)
  assert.equal((await ask('DELETE', `${tokens}/${line.id}`, { as: 'ann' })).body['code'], 'unknown-token')
  const log = (await ask('GET', '/api/v3_0/accounts/1/auditlog', { as: 'ann' })).body as unknown as { event: string }[]
  assert.deepEqual(log.map(({ event }) => event).sort(), ["Token for 'grafana' ended by ann", "Token for 'grafana' made by ann"])
  const brief = await ask('POST', tokens, { as: 'ann', body: { label: 'brief', days: 1 } })
  clock.set(after(clock.now(), 25 * HOUR))
  assert.equal((await ask('GET', tokens, { headers: { authorization: String(brief.body['token']) } })).status, 401)
  assert.equal((await list('ann')).length, 1)
})

test('one user lets in a hundred programs at most', async (t) => {
  const { ask, server } = await openDoor(t)
  const ann = (await server.users.credentials('ann@example.com'))!.id
  await Promise.all(Array.from({ length: 99 }, (_, at) => server.tokens.issue(ann, 'program', `program ${at}`)))
  const more = await ask('POST', '/api/cariflex/v1/tokens', { as: 'ann', body: { label: 'one more' } })
  assert.deepEqual([more.status, more.body['code']], [409, 'too-many-tokens'])
})

test('a session carries the colours and the logo of its account, or of the account that advises it', async (t) => {
  const { ask, server } = await openDoor(t)
  const face = async () => {
    const { user } = (await ask('GET', '/api/cariflex/v1/session', { as: 'ann' })).body as {
      user: { account: Record<string, unknown>; secondFactor: unknown }
    }
    assert.equal(user.secondFactor, null)
    const { primaryColor, secondaryColor, logoUrl } = user.account
    return [primaryColor, secondaryColor, logoUrl]
  }
  assert.deepEqual(await face(), [null, null, null])
  await server.accounts.update(2, { primary_color: '#008844', logo_url: 'https://b.example/logo.svg' })
  await server.accounts.update(1, { consultancy_account_id: 2, secondary_color: '#112233' })
  assert.deepEqual(await face(), ['#008844', '#112233', 'https://b.example/logo.svg'])
  await server.accounts.update(1, { primary_color: '#aa0000' })
  assert.deepEqual(await face(), ['#aa0000', '#112233', 'https://b.example/logo.svg'])
})
