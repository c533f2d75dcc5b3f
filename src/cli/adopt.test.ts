// Taking over a FlexMeasures database, on a real PostgreSQL: one made by our own first migration, so with FlexMeasures' exact tables.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { openPasswords, openUsers } from '#ems'
import { knownMigrations, migrate, type Store, scratchStore } from '#store'
import { cariflex } from './terminal.fixture.ts'

/** A FlexMeasures database with a user, an asset, a sensor and a belief, and the data folder of the Cariflex to be. */
async function theirs(t: TestContext): Promise<{ store: Store; env: Record<string, string>; folder: string }> {
  const store = await scratchStore(t, { migrated: false })
  await migrate(store, knownMigrations().slice(0, 1))
  await store.query(`
    drop schema cariflex cascade;
    insert into account (name) values ('Village');
    insert into fm_user (email, username, password, active, fs_uniquifier, account_id)
      values ('ann@example.com', 'ann', '$2b$04$odPx1KM2mQ.WjprABUGuhevDNB2t1MmIbTGXNCTEYXMwmOEgYrUyS', true, 'u', 1);
    insert into generic_asset (name, generic_asset_type_id, account_id, attributes) values ('PV', 1, 1, '{}');
    insert into sensor (name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, generic_asset_id, attributes)
      values ('power', 'kW', 'UTC', '15 minutes', 'ex_post', '{}', 1, '{}');
    insert into data_source (name, type) values ('ann', 'user');
    insert into timed_belief values ('2026-01-01', '0', 0.5, 1, 1, 1);
    create table plugin_notes (id serial primary key, note text)`)
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-adopt-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return { store, env: { CARIFLEX_DATA: folder }, folder }
}

const shapes = (store: Store) =>
  store.query(
    `select table_name, column_name, data_type, column_default, is_nullable from information_schema.columns where table_schema = 'public' order by 1, 2`,
  )

test('without --yes a FlexMeasures database is looked at and told, and nothing is changed', async (t) => {
  const { store, env, folder } = await theirs(t)
  const { code, out } = await cariflex('adopt', { env, more: ['--database', store.url] })
  assert.equal(code, 0)
  assert.match(out, /FlexMeasures\s+1\.0 \(revision 3bc1e29ca1f4\)[\s\S]*timed_belief\s+1 rows[\s\S]*1 bcrypt/)
  assert.match(out, /Tables of others in schema public stay as they are: plugin_notes/)
  assert.match(out, /SECURITY_PASSWORD_SALT is not set: .* 1 users could not sign in/)
  assert.match(out, /Nothing was changed\. Run it again with --yes/)
  const ours = await store.first<{ made: boolean }>("select to_regnamespace('cariflex') is not null as made")
  assert.deepEqual([ours?.made, existsSync(join(folder, 'secret-key'))], [false, false])
})

test('adopting backs up, adds our schema only, and its backup restores to what was there', async (t) => {
  const { store, env, folder } = await theirs(t)
  const before = await shapes(store)
  const file = join(folder, 'before.cariflex')
  const adopted = await cariflex('adopt --yes --json', { env, more: ['--database', store.url, '--backup', file] })
  assert.equal(adopted.code, 0, adopted.out)
  const told = adopted.json<{ applied: string[]; filled: string[]; rows: Record<string, number>; backup: { left: string[] } }>()
  assert.equal(told.applied.length, knownMigrations().length)
  assert.deepEqual([told.filled, told.rows['timed_belief'], told.backup.left], [[], 1, ['public.plugin_notes']])
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(await shapes(store), before)
  assert.match((await cariflex('adopt --yes', { env, more: ['--database', store.url] })).out, /adopted before[\s\S]*Nothing to do/)

  const copy = await scratchStore(t, { migrated: false })
  const restored = await cariflex('restore', { env, more: [file, '--database-url', copy.url] })
  assert.equal(restored.code, 0, restored.err)
  assert.deepEqual(await copy.query('select email, fs_uniquifier from fm_user'), [{ email: 'ann@example.com', fs_uniquifier: 'u' }])
  assert.equal((await copy.query('select 1 from timed_belief')).length, 1)
})

test('what is no FlexMeasures 1.0 database is refused with the way there', async (t) => {
  const { store, env } = await theirs(t)
  const adopt = (url = store.url) => cariflex('adopt --yes --no-backup', { env, more: ['--database', url] })
  await store.query("update alembic_version set version_num = 'c7b7f9019d4b'")
  assert.match((await adopt()).err, /is of FlexMeasures 0\.33 .*\n.*flexmeasures db upgrade 3bc1e29ca1f4/)
  await store.query("update alembic_version set version_num = 'ffffffffffff'")
  assert.match((await adopt()).err, /revision ffffffffffff, which this Cariflex does not know/)
  await store.query('drop table alembic_version')
  assert.match((await adopt()).err, /not a FlexMeasures database/)
  assert.equal((await store.query("select 1 from pg_namespace where nspname = 'cariflex'")).length, 0)
  assert.match((await cariflex('adopt --yes', { env })).err, /Say which database/)
})

test('a FlexMeasures database gets nothing of ours by the way: migrating waits for adopt', async (t) => {
  const { store } = await theirs(t)
  const refused = await cariflex('migrate', { env: { DATABASE_URL: store.url } })
  assert.equal(refused.code, 1)
  assert.match(refused.err, /cariflex adopt --database URL/)
  const looked = await cariflex('doctor', { env: { DATABASE_URL: store.url } })
  assert.match(looked.out, /warn\s+Tables\s+This is the database of a FlexMeasures/)
})

test('a password set from the command line is written as FlexMeasures writes it, where its salt is known', async (t) => {
  const store = await scratchStore(t)
  await store.query("insert into account (name) values ('Village')")
  const env = { DATABASE_URL: store.url, SECURITY_PASSWORD_SALT: 's' }
  await cariflex('user add --email ann@example.com', { env })
  const before = await store.first<{ password: string; u: string }>('select password, fs_uniquifier as u from fm_user')
  const { password } = (await cariflex('user password ANN@example.com --json', { env })).json<{ password: string }>()
  const after = await store.first<{ password: string; u: string }>('select password, fs_uniquifier as u from fm_user')
  assert.ok([before, after].every((row) => row?.password.startsWith('$argon2id$v=19$m=65536,t=3,p=4$')))
  assert.notEqual(before?.u, after?.u)
  const passwords = openPasswords({ salt: 's' })
  t.after(() => passwords.close())
  const known = await openUsers(store).credentials('ann@example.com')
  assert.ok(await passwords.verify(password, known!.password))
  assert.match((await cariflex('user password nobody@example.com', { env })).err, /There is no user nobody/)
})
