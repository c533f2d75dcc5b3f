import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { instant, manualClock, Problem, systemClock } from '#kernel'
import { knownMigrations, migrate, migrationState } from '../migrate.ts'
import { scratchStore } from '../scratch.ts'
import { openSecrets } from '../secrets.ts'
import type { Store } from '../store.ts'
import { backup } from './backup.ts'
import { restore } from './restore.ts'
import { tablesInOrder } from './tables.ts'

const clock = manualClock(instant(Date.UTC(2026, 10, 24, 12)))

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-backup-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  return folder
}

/** Rows that are hard to copy: every kind of value, rows that refer to their own table, texts that look like the format of the file. */
async function fillWithTrouble(store: Store): Promise<void> {
  await store.query(`
    insert into account (id, name, consultancy_account_id, attributes) values
      (10, 'Client', null, '{"é": ["\\\\.", null, 1e300]}'), (20, E'tab\\tnew\\nline \\\\. "quote"', 10, '{}'), (30, '\\N', 20, '{}');
    update account set consultancy_account_id = 30 where id = 10;
    insert into generic_asset (id, name, generic_asset_type_id, account_id, attributes, parent_asset_id) values
      (5, 'site', 6, 10, '{}', null), (2, 'child', 5, 10, '{"a": 1}', 5);
    insert into sensor (id, name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, generic_asset_id, attributes)
      values (84, 'price', 'EUR/MWh', 'America/Martinique', '1 hour', 'ex_post', '{"ex_post_horizon": "PT0H"}', 2, '{}');
    insert into data_source (id, name, type, attributes_hash) values (3, 'me', 'script', '\\x00ff5c2e0a');
    insert into timed_belief select timestamptz '2026-11-24 00:00Z' + n * interval '5 min', n * interval '-1.5 s', 0.5,
      case n when 1 then 'infinity' when 2 then '-0' when 3 then 0.1::float8 + 0.2 else n / 3.0 end, 84, 3 from generate_series(1, 3000) n;
    insert into annotation (start, "end", source_id, type, content) values ('-infinity', 'infinity', 3, 'holiday', '');
    insert into cariflex.job (queue, payload, enqueued_at, run_at) values ('q', '{"x": 1}', now(), now());
    insert into cariflex.outbox (partner, kind, payload, created_at, send_at) values ('p', 'k', '[1]', now(), now());
    select nextval('annotation_id_seq')`)
}

async function allRows(store: Store): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {}
  for (const { name, columns } of await tablesInOrder(store))
    seen[name] = await store.query(`select (${columns.map((column) => `${column}::text`).join(`, `)}) as row from ${name} order by 1`)
  seen['sequences'] = await store.query('select schemaname, sequencename, last_value from pg_sequences order by 1, 2')
  seen['migrations'] = await store.query('select number, name, checksum from cariflex.migration order by 1')
  return seen
}

test('a backup restored into an empty database has every row, every counter and every kind of value', async (t) => {
  const folder = folderOf(t)
  const store = await scratchStore(t)
  await fillWithTrouble(store)
  await (await openSecrets({ store, clock, folder })).set('partner', 'geheim')
  const to = join(folder, 'one.cariflex')
  const steps: string[] = []
  const made = await backup({ store, clock, to, config: { platform: 'x' }, progress: ({ message }) => message && steps.push(message) })
  assert.ok(made.rows > 3000 && steps.includes('public.timed_belief'))
  assert.equal(statSync(to).mode & 0o777, 0o600)
  assert.doesNotMatch(gunzipSync(readFileSync(to)).toString('utf8'), /geheim/)
  // Into a database without any table, and into one that a first start has migrated.
  for (const migrated of [false, true]) {
    const other = await scratchStore(t, { migrated })
    const { heading, rows } = await restore({ store: other, from: to })
    assert.deepEqual([rows, heading.madeAt, heading.config], [made.rows, '2026-11-24T12:00:00+00:00', { platform: 'x' }])
    assert.deepEqual(await allRows(other), await allRows(store))
    assert.equal(await (await openSecrets({ store: other, clock, folder })).get('partner'), 'geheim')
    // The counters go on behind what is there.
    await other.query(`insert into annotation (start, "end", source_id, type, content) values (now(), now(), 3, 'label', 'new')`)
  }
})

test('a backup is one moment: what is written meanwhile is not in it', async (t) => {
  const folder = folderOf(t)
  const store = await scratchStore(t)
  await fillWithTrouble(store)
  const before = await store.first<{ n: number }>('select count(*) as n from timed_belief')
  let late: Promise<unknown> | undefined
  const to = join(folder, 'moment.cariflex')
  await backup({
    store,
    clock,
    to,
    progress: () => {
      late ??= store.query(
        `insert into timed_belief select event_start + interval '1 year', belief_horizon, 0.5, 1, 84, 3 from timed_belief`,
      )
    },
  })
  await late
  const other = await scratchStore(t, { migrated: false })
  await restore({ store: other, from: to })
  assert.deepEqual(await other.first('select count(*) as n from timed_belief'), before)
})

test('a backup of an older program is brought to the shape of this one', async (t) => {
  const folder = folderOf(t)
  const old = await scratchStore(t, { migrated: false })
  const known = knownMigrations()
  await migrate(old, known.slice(0, 2))
  await fillWithTrouble(old)
  const to = join(folder, 'old.cariflex')
  await backup({ store: old, clock, to })
  for (const migrated of [false, true]) {
    const now = await scratchStore(t, { migrated })
    const { migrated: since } = await restore({ store: now, from: to })
    assert.equal(since.length, known.length - 2)
    assert.equal((await migrationState(now)).pending.length, 0)
    assert.deepEqual(await now.first('select count(*) as n from timed_belief'), { n: 3000 })
  }
})

test('a backup never goes over data that is there', async (t) => {
  const to = join(folderOf(t), 'b.cariflex')
  const store = await scratchStore(t)
  await fillWithTrouble(store)
  await backup({ store, clock, to })
  const before = await allRows(store)
  await assert.rejects(restore({ store, from: to }), { code: 'database-not-empty', message: /has rows in \w+\.\w+/ })
  assert.deepEqual(await allRows(store), before)
})

test('a damaged, cut or foreign file is refused before anything is changed', async (t) => {
  const folder = folderOf(t)
  const store = await scratchStore(t)
  await fillWithTrouble(store)
  const to = join(folder, 'good.cariflex')
  await backup({ store, clock, to })
  const text = gunzipSync(readFileSync(to)).toString('utf8')
  const bad: Record<string, Buffer> = {
    changed: gzipSync(text.replace('tab\\tnew', 'tab\\tNEW')),
    cut: gzipSync(text.slice(0, text.length / 2)),
    torn: readFileSync(to).subarray(0, 2000),
    foreign: gzipSync('hello\n'),
    plain: Buffer.from('hello\n'),
    tail: gzipSync(`${text}drop table account;\n`),
    newer: gzipSync(text.replace('"number":1,"name":"flexmeasures"', '"number":999,"name":"future"')),
  }
  const empty = await scratchStore(t, { migrated: false })
  for (const [name, content] of Object.entries(bad)) {
    writeFileSync(join(folder, name), content)
    await assert.rejects(restore({ store: empty, from: join(folder, name) }), { code: 'backup-unreadable' }, name)
  }
  await assert.rejects(restore({ store: empty, from: join(folder, 'none') }), { code: 'backup-unreadable', message: /no such file/ })
  assert.deepEqual(await tablesInOrder(empty), [])
})

test('a backup that cannot be written leaves no half file', async (t) => {
  const folder = folderOf(t)
  const store = await scratchStore(t)
  const to = join(folder, 'missing', 'x.cariflex')
  await assert.rejects(backup({ store, clock, to }), { code: 'backup-not-written' })
  const away = join(folder, 'x.cariflex')
  await store.close()
  await assert.rejects(backup({ store, clock: systemClock, to: away }), { code: 'database-unavailable' })
  assert.ok(!existsSync(away) && !existsSync(`${away}.partial`))
})

test('a backup that fails while its file is still being opened removes it after that, not before', async (t) => {
  const to = join(folderOf(t), 'slow.cariflex')
  // Opening a pipe for writing lasts until somebody reads it.
  execFileSync('mkfifo', [`${to}.partial`])
  const away = { transact: () => Promise.reject(new Problem('database-unavailable', 'The database is away.')) } as unknown as Store
  let isOver = false
  const failed = assert.rejects(backup({ store: away, clock, to }), { code: 'database-unavailable' }).then(() => {
    isOver = true
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  const isEarly = isOver || !existsSync(`${to}.partial`)
  // A pipe that was removed is out of reach: the one who opens it would wait for ever.
  const reader = isEarly ? undefined : openSync(`${to}.partial`, constants.O_RDONLY | constants.O_NONBLOCK)
  assert.ok(!isEarly)
  await failed
  if (reader !== undefined) closeSync(reader)
  assert.ok(!existsSync(`${to}.partial`))
})
