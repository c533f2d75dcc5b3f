import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { after, DAY, instant, MINUTE, manualClock, silentLog } from '#kernel'
import { openQueue } from './queue/queue.ts'
import { forgetOutbox, openRetention } from './retention.ts'
import { scratchStore } from './scratch.ts'
import { openSecrets } from './secrets.ts'
import { asTimestamp } from './value.ts'

const NOON = instant(Date.UTC(2026, 10, 24, 12))
const clock = manualClock(NOON)

test('a secret comes back as it was, and the database never sees it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-secret-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  const store = await scratchStore(t)
  const secrets = await openSecrets({ store, clock, folder })
  await secrets.set('gireve/key', 'très secret', { description: 'API key' })
  await secrets.set('gireve/key', 'new é')
  assert.equal(await secrets.get('gireve/key'), 'new é')
  assert.equal(await secrets.get('nobody'), undefined)
  assert.deepEqual(await secrets.list(), [{ name: 'gireve/key', description: 'API key', changedAt: NOON }])
  assert.equal(statSync(join(folder, 'secret-key')).mode & 0o777, 0o600)
  const row = await store.first<{ sealed: Buffer }>('select sealed from cariflex.secret')
  assert.ok(row && !row.sealed.includes('new'))
  const again = await openSecrets({ store, clock, folder })
  assert.equal(await again.get('gireve/key'), 'new é')
  assert.deepEqual([await again.remove('gireve/key'), await again.remove('gireve/key')], [true, false])
})

test('a wrong key, a lost key, a swapped or a changed secret is a clear refusal, not a wrong value', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-secret-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  const store = await scratchStore(t)
  const key = randomBytes(32).toString('hex')
  const secrets = await openSecrets({ store, clock, folder, key })
  await secrets.set('a', 'for a')
  const stranger = await openSecrets({ store, clock, folder, key: randomBytes(32).toString('base64') })
  await assert.rejects(stranger.get('a'), { code: 'secret-unreadable' })
  await store.query(`insert into cariflex.secret select 'b', sealed, null, changed_at from cariflex.secret`)
  await assert.rejects(secrets.get('b'), { code: 'secret-unreadable' })
  await store.query(`update cariflex.secret set sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1) where name = 'a'`)
  await assert.rejects(secrets.get('a'), { code: 'secret-unreadable' })
  await assert.rejects(openSecrets({ store, clock, folder }), { code: 'secret-key-missing' })
  await assert.rejects(openSecrets({ store, clock, folder, key: 'short' }), { code: 'secret-key-invalid' })
})

test('retention runs every day, keeps what is young, and one failing policy does not stop the others', async (t) => {
  const now = manualClock(NOON)
  const store = await scratchStore(t, { clock: now })
  const queue = openQueue({ store, clock: now, log: silentLog })
  t.after(() => queue.close())
  await store.query(
    `insert into cariflex.outbox (partner, kind, payload, created_at, send_at, sent_at) values ('p', 'old', '{}', $1, $1, $1), ('p', 'young', '{}', $1, $1, $2), ('p', 'unsent', '{}', $1, $1, null)`,
    [asTimestamp(after(NOON, -40 * DAY)), asTimestamp(after(NOON, -DAY))],
  )
  const retention = await openRetention({ queue, clock: now, log: silentLog })
  retention.policy('broken', DAY, () => Promise.reject(new Error('broken')))
  retention.policy('outbox', (30 * DAY) as typeof DAY, forgetOutbox(store))
  const ran = () =>
    new Promise<void>((resolve) => {
      const stop = queue.on(({ queue: name, status }) => {
        if (name !== 'retention' || status !== 'FINISHED') return
        stop()
        resolve()
      })
    })
  const kinds = async () => (await store.query<{ kind: string }>('select kind from cariflex.outbox order by id')).map(({ kind }) => kind)
  const first = ran()
  now.forward(5 * MINUTE)
  await first
  assert.deepEqual(await kinds(), ['young', 'unsent'])
  const [next] = await queue.list({ queue: 'retention', status: 'SCHEDULED' })
  assert.equal(next?.runAt, after(NOON, 5 * MINUTE + DAY))
  now.set(after(NOON, 30 * DAY))
  const later = ran()
  await queue.enqueue('retention', {}, { key: 'daily' })
  await later
  assert.deepEqual(await kinds(), ['unsent'])
  assert.deepEqual(await retention.run(), { outbox: 0 })
})
