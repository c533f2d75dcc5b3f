import assert from 'node:assert/strict'
import test from 'node:test'
import { type BeliefPolicy, type News, policiesOf, thinBeliefs } from '#ems'
import { DAY, HOUR, inProcessBus, instant, type Millis, manualClock, silentLog } from '#kernel'
import { scratchStore } from '#store'
import { watchRoutes } from '../coverage.fixture.ts'
import { NOON } from '../door.fixture.ts'
import { createServer } from '../server.ts'
import { retentionRoutes } from './retention.ts'

test('everybody sees the policies, and what they removed of sensors they may read', async (t) => {
  const store = await scratchStore(t)
  const clock = manualClock(NOON)
  const config = { host: '127.0.0.1', port: 0, platformName: 'Cariflex', timezone: 'UTC', web: '/nowhere' }
  const server = createServer({ config, store, clock, log: silentLog, bus: inProcessBus<News>(() => {}) })
  watchRoutes(server.app, t)
  const policies: BeliefPolicy[] = policiesOf({ old: { after: (7 * DAY) as Millis, keep: 'newest', except: [99] } }, 'Cariflex')
  server.register(retentionRoutes(server, policies), '/api/cariflex/v1')
  const people: Record<string, string> = {}
  const sensors: Record<string, number> = {}
  for (const name of ['ann', 'bob']) {
    const account = (await server.accounts.create({ name })).id
    const user = await server.users.create({ email: `${name}@example.com`, account, roles: [] })
    people[name] = await server.tokens.issue(user.id, 'program')
    const asset = await server.assets.create({ name: 'house', type: 6, account })
    sensors[name] = (await server.sensors.create({ name: 'power', unit: 'kW', resolution: HOUR, asset: asset.id, timezone: 'UTC' })).id
  }
  const source = await server.sources.of({ name: 'meter', type: 'gateway' })
  const starts = [instant(NOON - 10 * DAY)]
  for (const [value, horizon] of [
    [1, HOUR],
    [2, 0],
  ] as const)
    await server.beliefs.record([{ sensor: sensors['ann']!, source, starts, values: [value], horizon }])
  await thinBeliefs({ store, clock, policies })
  const { url } = await server.listen()
  t.after(() => server.close())
  const ask = async (who: string | undefined, query = '') => {
    const answer = await fetch(`${url}/api/cariflex/v1/retention${query}`, who ? { headers: { authorization: people[who]! } } : {})
    return { status: answer.status, body: (await answer.json()) as { data: { policies: unknown[]; runs: unknown[] } } }
  }
  const policy = { name: 'old', after: 'P7D', keep: 'newest', every: null, sourceTypes: null, sources: null, sensors: null, except: [99] }
  const run = { at: '2026-11-24T12:00:00+00:00', policy: 'old', sensors: 1, removed: 1, kept: 1, until: '2026-11-17T12:00:00+00:00' }
  assert.deepEqual((await ask('ann')).body.data, { policies: [policy], runs: [run] })
  assert.deepEqual((await ask('ann', `?sensor=${sensors['ann']}`)).body.data.runs, [run])
  assert.deepEqual((await ask('bob')).body.data, { policies: [policy], runs: [] })
  assert.equal((await ask('bob', `?sensor=${sensors['ann']}`)).status, 403)
  assert.equal((await ask('ann', '?sensor=987654')).status, 404)
  assert.equal((await ask('ann', '?limit=0')).status, 422)
  assert.equal((await ask(undefined)).status, 401)
})
