// The verbs that work on the database, on a real PostgreSQL.
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { openUsers } from '#ems'
import { silentLog, systemClock } from '#kernel'
import { openTokens } from '#server'
import { knownMigrations, openStore, type Store, scratchStore, startEmbedded } from '#store'
import { cariflex } from './terminal.fixture.ts'

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-cli-'))
  chmodSync(folder, 0o755)
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  return folder
}

async function withAccounts(t: TestContext, ...names: string[]): Promise<{ store: Store; env: Record<string, string> }> {
  const store = await scratchStore(t)
  for (const name of names) await store.query('insert into account (name) values ($1)', [name])
  return { store, env: { DATABASE_URL: store.url } }
}

test('migrate says what it applied, and the second time that nothing was to do', async (t) => {
  const store = await scratchStore(t, { migrated: false })
  const env = { DATABASE_URL: store.url }
  const first = await cariflex('migrate --json', { env })
  assert.equal(first.json<{ applied: string[] }>().applied.length, knownMigrations().length)
  assert.match((await cariflex('migrate', { env })).out, /^Nothing to do/)
})

test('a database that does not answer is exit code 4', async () => {
  const { code, err } = await cariflex('migrate', { env: { DATABASE_URL: 'postgres://me:hush@127.0.0.1:1/x' } })
  assert.equal(code, 4)
  assert.doesNotMatch(err, /hush/)
})

test('a folder without a database is not given one by a verb that only looks', async (t) => {
  const folder = folderOf(t)
  const { code, err } = await cariflex('backup', { env: { CARIFLEX_DATA: folder } })
  assert.equal(code, 1)
  assert.match(err, /There is no database in .* yet\.\nRun 'cariflex start'/)
  assert.ok(!existsSync(join(folder, 'pg')))
})

test('a user that was added signs in with the invented password, which is shown once', async (t) => {
  const { store, env } = await withAccounts(t, 'Village')
  const added = await cariflex('user add --email ines@example.org --role account-admin --role consultant --json', { env })
  const user = added.json<{ id: number; password: string; roles: string[]; account: { name: string } }>()
  assert.equal(user.account.name, 'Village')
  assert.deepEqual(user.roles.sort(), ['account-admin', 'consultant'])
  const kept = await openUsers(store).credentials('ines@example.org')
  assert.ok(kept?.active && !kept.password?.includes(user.password))
  const { verifyPassword, scryptVerifier } = await import('#ems')
  assert.ok(await verifyPassword(user.password, kept.password, [scryptVerifier]))
  const chosen = await cariflex('user add --email b@example.org --json', { env: { ...env, CARIFLEX_PASSWORD: 'chosen by me' } })
  assert.ok(!chosen.out.includes('chosen by me'))
})

test('a user is refused with the reason: taken, unknown role, unknown or unnamed account', async (t) => {
  const { env } = await withAccounts(t, 'Village', 'Island')
  const add = (more: string) => cariflex(`user add --email a@example.org ${more}`, { env })
  assert.match((await add('')).err, /There are 2 accounts: say which --account\.\nOne of: Village, Island/)
  assert.match((await add('--account Vilage')).err, /Did you mean 'Village'/)
  assert.match((await add('--account Village --role king')).err, /There is no role 'king'/)
  assert.equal((await add('--account Village')).code, 0)
  assert.match((await add('--account Village')).err, /already exists/)
})

test('a token of this machine is good for its user and stays on record', async (t) => {
  const { store, env } = await withAccounts(t, 'Village')
  await cariflex('user add --email ines@example.org', { env })
  const { out, code } = await cariflex('token --email INES@example.org --label dashboards', { env })
  assert.equal(code, 0)
  const known = await openTokens(store, openUsers(store), systemClock).resolve(out.trim())
  assert.deepEqual([known?.principal.email, known?.kind], ['ines@example.org', 'program'])
  const [entry] = await store.query<{ event: string }>("select event from audit_log where event like 'Token%'")
  assert.match(entry?.event ?? '', /^Token 'dashboards' of ines issued/)
  assert.match((await cariflex('token --email nobody@example.org', { env })).err, /There is no user nobody@example\.org/)
})

/** A digest of every table. */
async function digests(store: Store): Promise<Record<string, string>> {
  const tables = await store.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'cariflex') and tablename <> 'migration' order by 1`,
  )
  const seen: Record<string, string> = {}
  for (const { name } of tables) {
    const row = await store.first<{ digest: string }>(
      `select md5(coalesce(string_agg(r::text, '|' order by r::text), '')) as digest from ${name} r`,
    )
    seen[name] = row!.digest
  }
  return seen
}

test('a backup restored into an empty folder holds what the database held, and is restored there only once', async (t) => {
  const { store, env } = await withAccounts(t, 'Village', 'Île')
  const file = join(folderOf(t), 'village.cariflex')
  await cariflex('user add --email ines@example.org --account Village', { env })
  const made = await cariflex('backup', { env, more: [file] })
  assert.equal(made.code, 0, made.err)
  assert.match(made.err, /backup 100 %/)
  assert.match((await cariflex('backup', { env, more: [file] })).err, /exists already/)
  const held = await digests(store)

  const data = join(folderOf(t), 'new')
  const restored = await cariflex('restore', { more: [file, '--data', data] })
  assert.equal(restored.code, 0, restored.err)
  assert.match((await cariflex('restore', { more: [file, '--data', data] })).err, /restored into an empty one only/)

  const embedded = await startEmbedded({ folder: data, log: silentLog, clock: systemClock })
  const copy = openStore({ url: embedded.url, log: silentLog, clock: systemClock })
  t.after(async () => {
    await copy.close()
    await embedded.stop()
  })
  assert.deepEqual(await digests(copy), held)
  assert.match((await cariflex('restore', { more: [file, '--data', data] })).err, new RegExp(`Process ${process.pid} is running`))
  const added = await cariflex('user add --email late@example.org --account Île', { env: { CARIFLEX_DATA: data } })
  assert.equal(added.code, 0, added.err)
  assert.ok(await openUsers(copy).credentials('late@example.org'), 'the verb found the database of the running platform')
})
