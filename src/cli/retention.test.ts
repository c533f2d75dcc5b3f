import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { type News, openBeliefs, openSensors } from '#ems'
import { after, DAY, HOUR, inProcessBus, systemClock } from '#kernel'
import { scratchStore } from '#store'
import { cariflex } from './terminal.fixture.ts'

test('retention counts with --dry-run, removes without, and shows what it did', async (t) => {
  const store = await scratchStore(t)
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-retention-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'cariflex.yaml')
  writeFileSync(file, 'retention:\n  beliefs:\n    old opinions: { after: P7D, keep: newest, sourceTypes: [forecaster] }\n')
  const env = { DATABASE_URL: store.url, CARIFLEX_CONFIG: file }
  const asset = await store.first<{ id: number }>(
    "insert into generic_asset (name, generic_asset_type_id, attributes) values ('Le Robert', 6, '{}') returning id",
  )
  const sensors = openSensors(store, () => systemClock.now())
  const { id } = await sensors.create({ name: 'power', unit: 'kW', resolution: HOUR, asset: asset!.id, timezone: 'UTC' })
  const beliefs = openBeliefs({ store, clock: systemClock, bus: inProcessBus<News>(() => {}), sensors })
  const source = await beliefs.source({ name: 'sun', type: 'forecaster' })
  const start = after(systemClock.now(), -20 * DAY)
  for (let horizon = 1; horizon <= 3; horizon++)
    await beliefs.record([{ sensor: id, source, starts: [start], values: [horizon], horizon: horizon * HOUR }])
  const count = async () => (await store.first<{ n: number }>('select count(*)::int as n from timed_belief'))!.n
  assert.match(
    (await cariflex('retention show', { env })).out,
    /^old opinions: after P7D the newest .*has not run yet[\s\S]*Nothing was thinned yet/,
  )
  const dry = await cariflex('retention run --dry-run', { env })
  assert.match(dry.out, /old opinions +\d+ +Le Robert power +2 +1 [\s\S]*2 beliefs would be removed; nothing was\.\n$/)
  assert.equal(await count(), 3)
  const done = (await cariflex('retention run --json', { env })).json<{ dryRun: boolean; removed: number; sensors: { sensor: number }[] }>()
  assert.deepEqual([done.dryRun, done.removed, done.sensors[0]?.sensor, await count()], [false, 2, id, 1])
  assert.match((await cariflex('retention run', { env })).out, /^Nothing to thin\.\n$/)
  assert.match((await cariflex('retention show', { env })).out, /done up to .*[\s\S]*old opinions +1 +2 +1 /)
  const wrong = await cariflex('retention run --policy', { env, more: ['new opinions'] })
  assert.deepEqual([wrong.code, /There are: old opinions\./.test(wrong.err)], [1, true])
  assert.equal((await cariflex('retention tidy', { env })).code, 2)
})
