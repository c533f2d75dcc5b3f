import assert from 'node:assert/strict'
import test from 'node:test'
import { inProcessBus, instant, manualClock, Problem, silentLog } from '#kernel'
import { type Store, scratchStore } from '#store'
import type { Utterance } from './conversation.ts'
import { openConversationLog } from './conversation-log.ts'
import { eventually } from './island.fixture.ts'
import type { News } from './news.ts'

const start = instant(Date.parse('2026-11-24T14:00:00Z'))

async function room(t: Parameters<typeof scratchStore>[0], given?: (store: Store) => Store) {
  const real = await scratchStore(t)
  const store = given ? given(real) : real
  const clock = manualClock(start)
  const news: News[] = []
  const bus = inProcessBus<News>(assert.ifError)
  bus.any((one) => news.push(one))
  const log = openConversationLog({ store, clock, bus, log: silentLog })
  const say = (more: Partial<Utterance>) =>
    log.note({ at: clock.now(), peer: 'CP001', bus: 'ocpp2.0.1', direction: 'in', kind: 'CALL', ...more })
  return { log, clock, news, say }
}

test('what is said is kept without secrets, and found by any word of it', async (t) => {
  const { log, clock, news, say } = await room(t)
  say({ action: 'Authorize', message: '17', payload: { idToken: { idToken: 'ABC123', type: 'ISO14443' }, nested: { password: 'hush' } } })
  say({ kind: 'CALLRESULT', direction: 'out', message: '17', payload: { status: 'Accepted' }, took: 12.5 })
  say({ peer: 'BAT001', bus: 'modbus', kind: 'read', payload: { registers: [1, 2] } })
  clock.forward(500)
  await eventually(() => news.length === 2, 'two peers were told of')
  assert.deepEqual(await log.search({ search: 'ABC123' }, 'UTC'), [], 'a token is not kept')
  assert.deepEqual(await log.search({ search: 'hush' }, 'UTC'), [])
  const all = await log.search({ peer: 'CP001' }, 'America/Martinique')
  assert.deepEqual(
    all.map(({ kind, took, at }) => [kind, took, at]),
    [
      ['CALLRESULT', 12.5, '2026-11-24T10:00:00-04:00'],
      ['CALL', null, '2026-11-24T10:00:00-04:00'],
    ],
  )
  assert.equal((await log.search({ search: 'authorize' }, 'UTC')).length, 1)
  assert.equal((await log.search({ search: 'accepted', peer: 'BAT001' }, 'UTC')).length, 0)
  assert.deepEqual(
    (await log.search({ peer: 'CP001', before: all[0]!.id, limit: 1 }, 'UTC')).map(({ action }) => action),
    ['Authorize'],
  )
  assert.equal((await log.search({ search: '100%' }, 'UTC')).length, 0, 'wildcards of SQL are plain text')
})

test('payloads that PostgreSQL or JSON cannot hold are noted all the same', async (t) => {
  const { log, say } = await room(t)
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  say({ action: 'nul', payload: { text: 'a\0b\ud800' } })
  say({ action: 'huge', payload: 'x'.repeat(100_000) })
  say({ action: 'big', payload: { value: 10n } })
  say({ action: 'circle', payload: circle })
  say({ action: 'key', payload: { 'a\0': 1 } })
  await log.flush()
  const kept = await log.search({}, 'UTC')
  assert.deepEqual(
    kept.map(({ action }) => action),
    ['circle', 'big', 'huge', 'nul'],
    'one that cannot be kept does not hold up the others',
  )
  assert.ok(kept.every((each) => JSON.stringify(each.payload).length < 21_000))
})

test('while the database is away utterances wait, and are written when it is back', async (t) => {
  let isAway = true
  const { log, clock, say, news } = await room(t, (store) => ({
    ...store,
    query: (sql, params) =>
      isAway ? Promise.reject(new Problem('database-unavailable', 'away', { retry: 'later' })) : store.query(sql, params),
  }))
  say({ action: 'first' })
  await log.flush()
  say({ action: 'second' })
  isAway = false
  clock.forward(500)
  await eventually(() => news.length === 1, 'written')
  assert.deepEqual(
    (await log.search({}, 'UTC')).map(({ action }) => action),
    ['second', 'first'],
  )
})
