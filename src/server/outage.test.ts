import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { silentLog, systemClock } from '#kernel'
import { type Embedded, migrate, openStore, startEmbedded } from '#store'
import { openDoor } from './door.fixture.ts'

const FIRST = Date.parse('2026-01-01T00:00:00Z')

test('with the database gone under load, writes are refused with 503, nothing acknowledged is lost, and all goes on when it is back', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-outage-'))
  // Open to the server's account, so that its cluster lies inside and goes with the folder.
  chmodSync(folder, 0o755)
  const start = () => startEmbedded({ folder, log: silentLog, clock: systemClock })
  let database: Embedded = await start()
  const store = openStore({ url: database.url, log: silentLog, clock: systemClock })
  const { url } = database
  await migrate(store)
  const door = await openDoor(t, { store })
  t.after(async () => {
    await store.close()
    await database.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  })
  const sensor = await door.sensor({ resolution: 60_000 })
  const acknowledged = new Set<number>()
  const seen = new Map<number, number>()
  let refusal: { status: number; wait: string | null; body: Record<string, unknown> } | undefined
  let next = 0
  let going = true
  const client = async () => {
    while (going) {
      const minute = next++
      const answer = await door.ask('POST', `/api/v3_0/sensors/${sensor}/data`, {
        as: 'mel',
        body: { start: new Date(FIRST + minute * 60_000).toISOString(), duration: 'PT1M', values: [minute], unit: 'kW' },
      })
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1)
      if (answer.status === 200) acknowledged.add(minute)
      else refusal ??= { status: answer.status, wait: answer.headers.get('retry-after'), body: answer.body }
      // What was refused is asked again a little later, as Retry-After says; here as soon as the event loop has turned.
      if (answer.status !== 200) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const clients = [client(), client(), client(), client()]
  const until = async (holds: () => boolean | Promise<boolean>) => {
    while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await until(() => acknowledged.size >= 200)
  await database.stop()
  await until(() => (seen.get(503) ?? 0) >= 20)
  assert.deepEqual([refusal?.status, Number(refusal?.wait) > 0], [503, true], JSON.stringify(refusal))
  door.server.tokens.forget()
  const unknown = await door.ask('GET', `/api/v3_0/sensors/${sensor}`, { as: 'mel' })
  assert.equal(unknown.status, 503, 'who cannot be looked up is not sent away as a stranger')
  assert.equal((await door.ask('GET', '/health/ready')).status, 503)
  assert.equal((await door.ask('GET', '/health/live')).status, 200)
  database = await start()
  assert.equal(database.url, url, 'it comes back where it was')
  const before = acknowledged.size
  await until(() => acknowledged.size >= before + 200)
  going = false
  await Promise.all(clients)
  assert.deepEqual([...seen.keys()].sort(), [200, 503], `only these answers are given: ${JSON.stringify([...seen])}`)
  const rows = await store.query<{ minute: number }>(
    'select (extract(epoch from event_start) * 1000 - $2)::float8 / 60000 as minute from timed_belief where sensor_id = $1',
    [sensor, FIRST],
  )
  const there = new Set(rows.map((row) => row.minute))
  assert.deepEqual(
    [...acknowledged].filter((minute) => !there.has(minute)),
    [],
    'every acknowledged value is there',
  )
  assert.equal((await door.ask('GET', '/health/ready')).status, 200)
})
