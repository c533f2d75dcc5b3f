import assert from 'node:assert/strict'
import test from 'node:test'
import { FLEXMEASURES_DEFAULTS, SECURITY_DEFAULTS } from '#kernel'
import { openDoor } from './door.fixture.ts'

const HERE = 'https://dashboard.example'

test('a page of an allowed origin reads the API with its token, others and other paths stay shut', async (t) => {
  const door = await openDoor(t, { config: { flexMeasures: { ...FLEXMEASURES_DEFAULTS, corsOrigins: [HERE] } } })
  const ask = (method: string, path: string, headers: Record<string, string>, as?: 'ann') =>
    door.ask(method, path, { headers, ...(as && { as }) })
  const preflight = await ask('OPTIONS', '/api/v3_0/assets', {
    origin: HERE,
    'access-control-request-method': 'PATCH',
    'access-control-request-headers': 'authorization',
  })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-origin'), HERE)
  assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /PATCH/)
  assert.equal(preflight.headers.get('access-control-allow-headers'), 'authorization')
  const read = await ask('GET', '/api/v3_0/assets', { origin: HERE }, 'ann')
  assert.deepEqual([read.status, read.headers.get('access-control-allow-origin')], [200, HERE])
  assert.equal(read.headers.get('cross-origin-resource-policy'), 'cross-origin')
  const elsewhere = await ask('GET', '/api/v3_0/assets', { origin: 'https://evil.example' }, 'ann')
  assert.equal(elsewhere.headers.get('access-control-allow-origin'), null)
  const outside = await ask('GET', '/health/live', { origin: HERE })
  assert.equal(outside.headers.get('access-control-allow-origin'), null)
})

test('unless configured, no foreign page may read anything', async (t) => {
  const door = await openDoor(t)
  const { headers } = await door.ask('GET', '/api/v3_0/assets', { as: 'ann', headers: { origin: HERE } })
  assert.equal(headers.get('access-control-allow-origin'), null)
})

test('with trusted hosts, requests under another name are refused, health is told all the same', async (t) => {
  const door = await openDoor(t, { config: { security: { ...SECURITY_DEFAULTS, trustedHosts: ['localhost', '.example.org'] } } })
  assert.equal((await fetch(`${door.url.replace('127.0.0.1', 'localhost')}/api/`)).status, 200)
  const refused = await fetch(`${door.url}/api/`)
  assert.equal(refused.status, 400)
  assert.equal((await fetch(`${door.url}/health/live`)).status, 200)
})

test('the token travels in the header and lives as long as configured', async (t) => {
  const security = { ...SECURITY_DEFAULTS, tokenHeader: 'X-Token', tokenLength: 60_000 as typeof SECURITY_DEFAULTS.tokenLength }
  const door = await openDoor(t, { config: { security } })
  const [ann] = await door.server.users.list({ accounts: 'all', terms: ['ann@'] })
  const token = await door.server.tokens.issue(ann!.id, 'token')
  const status = async (header: string) => (await door.ask('GET', '/api/v3_0/assets', { headers: { [header]: token } })).status
  assert.deepEqual([await status('x-token'), await status('authorization')], [200, 401])
  door.clock.forward(61_000)
  assert.equal(await status('x-token'), 401)
})
