import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { createAdministrator, type News, openUsers } from '#ems'
import { after, inProcessBus, manualClock, parseInstant, silentLog } from '#kernel'
import { scratchStore } from '#store'
import { watchRoutes } from './coverage.fixture.ts'
import { createServer, type Server } from './server.ts'

const AT = parseInstant('2026-11-24T12:00:00Z')

interface Door {
  url: string
  server: Server
  clock: ReturnType<typeof manualClock>
  ask(method: string, path: string, options?: { body?: unknown; headers?: Record<string, string> }): Promise<Response>
}

async function open(t: TestContext): Promise<Door> {
  const store = await scratchStore(t)
  const clock = manualClock(AT)
  const server = createServer({
    config: { host: '127.0.0.1', port: 0, platformName: 'Cariflex', timezone: 'UTC', web: '/nowhere' },
    store,
    clock,
    log: silentLog,
    bus: inProcessBus<News>(() => {}),
  })
  watchRoutes(server.app, t)
  const { id } = (await store.first<{ id: number }>("insert into account (name) values ('A') returning id"))!
  await server.users.create({ email: 'ann@example.com', password: 'correct horse', account: id, roles: ['account-admin'] })
  const { url } = await server.listen()
  t.after(() => server.close())
  return {
    url,
    server,
    clock,
    ask: (method, path, { body, headers = {} } = {}) =>
      fetch(url + path, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}

const signIn = async ({ ask }: Door): Promise<string> => {
  const answer = await ask('POST', '/api/cariflex/v1/session', { body: { email: 'Ann@example.com', password: 'correct horse' } })
  assert.equal(answer.status, 200)
  return answer.headers.get('set-cookie')!.split(';')[0]!
}

test('signing in gives a cookie that scripts cannot read, and signing out ends it', async (t) => {
  const door = await open(t)
  const answer = await door.ask('POST', '/api/cariflex/v1/session', { body: { email: 'ann@example.com', password: 'correct horse' } })
  const set = answer.headers.get('set-cookie')!
  assert.match(set, /HttpOnly/)
  assert.match(set, /SameSite=Strict/)
  const cookie = set.split(';')[0]!
  const who = await door.ask('GET', '/api/cariflex/v1/session', { headers: { cookie } })
  assert.equal(((await who.json()) as { user: { account: { name: string } } }).user.account.name, 'A')
  assert.equal((await door.ask('DELETE', '/api/cariflex/v1/session', { headers: { cookie } })).status, 204)
  assert.equal((await door.ask('GET', '/api/cariflex/v1/session', { headers: { cookie } })).status, 401)
})

test('a write with our cookie from another site is refused, one from our page is not', async (t) => {
  const door = await open(t)
  const cookie = await signIn(door)
  const foreign = await door.ask('DELETE', '/api/cariflex/v1/session', { headers: { cookie, origin: 'https://evil.example' } })
  assert.equal(foreign.status, 403)
  assert.equal(((await foreign.json()) as { code: string }).code, 'foreign-origin')
  const crossSite = await door.ask('DELETE', '/api/cariflex/v1/session', { headers: { cookie, 'sec-fetch-site': 'cross-site' } })
  assert.equal(crossSite.status, 403)
  const own = await door.ask('DELETE', '/api/cariflex/v1/session', { headers: { cookie, origin: door.url } })
  assert.equal(own.status, 204)
})

test('tokens come raw or as Bearer, end after six hours and with a new password', async (t) => {
  const door = await open(t)
  const { server, clock } = door
  const user = (await server.users.credentials('ann@example.com'))!.id
  const token = await server.tokens.issue(user, 'token')
  const status = async (authorization: string) => (await door.ask('GET', '/api/cariflex/v1/session', { headers: { authorization } })).status
  assert.deepEqual([await status(token), await status(`Bearer ${token}`), await status('nonsense-nonsense-nonsense')], [200, 200, 401])
  clock.set(after(clock.now(), 6 * 3_600_000 + 1))
  assert.equal(await status(token), 401)
  const fresh = await server.tokens.issue(user, 'program', 'bridge')
  assert.equal(await status(fresh), 200)
  await server.tokens.revokeAll(user)
  assert.equal(await status(fresh), 401)
  const last = await server.tokens.issue(user, 'program', 'bridge')
  await server.users.setPassword(user, 'another horse')
  server.tokens.forget()
  assert.equal(await status(last), 401)
})

test('guessing a password is slowed down', async (t) => {
  const door = await open(t)
  const attempt = (password: string) => door.ask('POST', '/api/cariflex/v1/session', { body: { email: 'ann@example.com', password } })
  for (let i = 0; i < 10; i++) assert.equal((await attempt(`wrong ${i}`)).status, 401)
  const refused = await attempt('correct horse')
  assert.equal(refused.status, 429)
  assert.ok(Number(refused.headers.get('retry-after')) > 0)
  door.clock.forward(5 * 60_000 + 1)
  assert.equal((await attempt('correct horse')).status, 200)
})

test('expected failures are problem+json with a code and a hint, wrong bodies name the field', async (t) => {
  const door = await open(t)
  const wrong = await door.ask('POST', '/api/cariflex/v1/session', { body: { email: 'a', password: 'b', shoe: 44 } })
  assert.equal(wrong.status, 422)
  assert.match(wrong.headers.get('content-type')!, /application\/problem\+json/)
  const body = (await wrong.json()) as { code: string; detail: string; hint: string }
  assert.equal(body.code, 'invalid-request')
  assert.match(body.detail, /shoe/)
  assert.equal(
    (await door.ask('POST', '/api/cariflex/v1/session', { body: { email: 3, password: 'b' } })).status,
    422,
    'numbers are not turned into text',
  )
  const garbage = await fetch(`${door.url}/api/cariflex/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"email"',
  })
  assert.equal(garbage.status, 400)
  const missing = await door.ask('GET', '/api/cariflex/v1/nothing')
  assert.equal(((await missing.json()) as { code: string }).code, 'unknown-path')
  const nobody = await door.ask('GET', '/api/cariflex/v1/site')
  assert.equal(nobody.status, 401)
  const large = await door.ask('POST', '/api/cariflex/v1/session', { body: { email: 'x'.repeat(2 << 20), password: '' } })
  assert.equal(large.status, 413)
})

test('health, figures, security headers and the OpenAPI document are there without signing in', async (t) => {
  const door = await open(t)
  assert.deepEqual(await (await door.ask('GET', '/health/ready')).json(), { database_sql: true })
  assert.equal((await door.ask('GET', '/health/live')).status, 200)
  door.server.readyWhen('planner', () => {
    throw new Error('still waking')
  })
  const waking = await door.ask('GET', '/health/ready')
  assert.equal(waking.status, 503)
  assert.deepEqual(((await waking.json()) as { why: object }).why, { planner: 'still waking' })
  const figures = await (await door.ask('GET', '/metrics')).text()
  assert.match(figures, /cariflex_http_request_seconds_count\{method="GET",route="\/health\/ready",status="200"\} 1/)
  const page = await door.ask('GET', '/')
  assert.match(page.headers.get('content-security-policy')!, /script-src 'self'/)
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff')
  const document = (await (await door.ask('GET', '/openapi.json')).json()) as { openapi: string; paths: Record<string, unknown> }
  assert.equal(document.openapi, '3.1.0')
  assert.ok(document.paths['/api/cariflex/v1/session'])
  assert.ok(document.paths['/health/ready'])
})

test('a port that is taken is said so', async (t) => {
  const door = await open(t)
  const { store, clock, log, bus } = door.server
  const second = createServer({ store, clock, log, bus, config: { ...door.server.config, port: Number(new URL(door.url).port) } })
  t.after(() => second.close())
  await assert.rejects(second.listen(), /is taken by another program/)
})

test('the first administrator gets a password once, later variables change nobody', async (t) => {
  const store = await scratchStore(t)
  const users = openUsers(store)
  const { id } = (await store.first<{ id: number }>("insert into account (name) values ('A') returning id"))!
  const first = await createAdministrator(users, { email: 'boss@example.com', account: id })
  assert.equal(first.created, true)
  assert.match(first.password!, /^\w{5}-\w{5}-\w{5}-\w{5}$/)
  const before = await users.credentials('boss@example.com')
  assert.deepEqual(await createAdministrator(users, { email: 'boss@example.com', password: 'something else', account: id }), {
    created: false,
    email: 'boss@example.com',
  })
  const other = await createAdministrator(users, { email: 'other@example.com', account: id })
  assert.equal(other.email, 'boss@example.com', 'who starts it again is told how to sign in')
  assert.deepEqual(await users.credentials('boss@example.com'), before)
  assert.deepEqual((await users.principal(before!.id))?.roles, ['admin', 'account-admin'])
})
