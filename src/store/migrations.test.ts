import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { isProblem } from '#kernel'
import { migrate, migrationState } from './migrate.ts'
import { scratchStore } from './scratch.ts'
import type { Queryable } from './store.ts'

const DUMP = '../shared/data/flexmeasures/existing_database_schema.sql'
const absent = existsSync(DUMP) ? false : `${DUMP} is not on this machine`

/** Everything a reader of schema public can see, in words that do not depend on the order in which things were made. */
async function publicSchema(store: Queryable): Promise<Record<string, unknown[]>> {
  await store.query('set search_path = public')
  const one = {
    columns: `select table_name, ordinal_position, column_name, udt_name, data_type, character_maximum_length, is_nullable, column_default
      from information_schema.columns where table_schema = 'public' order by table_name, ordinal_position`,
    constraints: `select conrelid::regclass::text as table, conname, pg_get_constraintdef(oid) as definition
      from pg_constraint where connamespace = 'public'::regnamespace and contype <> 'n' and conrelid <> 0 order by 1, 2`,
    indexes: `select tablename, indexname, indexdef from pg_indexes where schemaname = 'public' order by 1, 2`,
    sequences: `select s.relname, t.relname as table, a.attname as column, q.seqtypid::regtype::text as type
      from pg_class s join pg_sequence q on q.seqrelid = s.oid
      left join pg_depend d on d.objid = s.oid and d.deptype = 'a'
      left join pg_class t on t.oid = d.refobjid left join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
      where s.relnamespace = 'public'::regnamespace order by 1`,
    enums: `select typname, enumlabel from pg_type join pg_enum on enumtypid = pg_type.oid order by typname, enumsortorder`,
    extensions: `select extname from pg_extension order by 1`,
  }
  const seen: Record<string, unknown[]> = {}
  for (const [name, sql] of Object.entries(one)) seen[name] = await store.query(sql)
  return seen
}

const theirDump = () =>
  readFileSync(DUMP, 'utf8')
    .split('\n')
    .filter((line) => !line.startsWith('\\'))
    .join('\n')

test('the FlexMeasures tables are exactly those of a FlexMeasures 1.0 database', { skip: absent }, async (t) => {
  const theirs = await scratchStore(t, { migrated: false, connections: 1 })
  await theirs.query(theirDump())
  const ours = await scratchStore(t, { connections: 1 })
  const [wanted, made] = [await publicSchema(theirs), await publicSchema(ours)]
  assert.ok((wanted['columns']?.length ?? 0) > 150)
  for (const part of Object.keys(wanted)) assert.deepEqual(made[part], wanted[part], part)
})

test('a database that FlexMeasures made is adopted without changing its tables or rows', { skip: absent }, async (t) => {
  const store = await scratchStore(t, { migrated: false, connections: 1 })
  await store.query(theirDump())
  await store.query(
    `insert into public.alembic_version values ('3bc1e29ca1f4'); insert into public.generic_asset_type (name) values ('kite')`,
  )
  const before = await publicSchema(store)
  await migrate(store)
  assert.deepEqual(await publicSchema(store), before)
  assert.deepEqual(await store.query('select id, name from public.generic_asset_type'), [{ id: 1, name: 'kite' }])
})

test('a FlexMeasures database of another revision is refused, and told what to do', { skip: absent }, async (t) => {
  const store = await scratchStore(t, { migrated: false, connections: 1 })
  await store.query(theirDump())
  await store.query(`insert into public.alembic_version values ('0123456789ab')`)
  await assert.rejects(
    migrate(store),
    (error) => isProblem(error) && error.code === 'migration-failed' && /flexmeasures db upgrade/.test(error.hint ?? ''),
  )
  assert.equal((await migrationState(store)).applied.length, 0)
})

test('a fresh database knows the asset types 1 to 8, the roles and the revision', async (t) => {
  const store = await scratchStore(t)
  const types = await store.query<{ id: number; name: string }>('select id, name from generic_asset_type order by id')
  assert.deepEqual(
    types.map(({ id, name }) => `${id} ${name}`),
    ['1 solar', '2 wind', '3 one-way_evse', '4 two-way_evse', '5 battery', '6 building', '7 process', '8 heat-storage'],
  )
  const roles = await store.query<{ name: string }>('select name from role order by id')
  assert.deepEqual(
    roles.map(({ name }) => name),
    ['admin', 'admin-reader', 'account-admin', 'consultant'],
  )
  assert.deepEqual(await store.query('select version_num from alembic_version'), [{ version_num: '3bc1e29ca1f4' }])
})

test('a user without the right to create extensions gets the tables all the same', async (t) => {
  const store = await scratchStore(t, { migrated: false, connections: 1 })
  await store.query(`do $$ begin create role plain; exception when duplicate_object then null; end $$;
    grant create on schema public to plain; grant create on database ${new URL(store.url).pathname.slice(1)} to plain; set role plain`)
  await migrate(store)
  assert.equal((await store.query(`select from pg_extension where extname = 'cube'`)).length, 0)
  assert.equal((await store.query('select from timed_belief')).length, 0)
})

const folderOf = (t: { after(work: () => void): void }, files: Record<string, string>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-migrations-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  for (const [name, sql] of Object.entries(files)) writeFileSync(join(folder, name), sql)
  return folder
}

test('migrations run once, in order, also when two programs start together', async (t) => {
  const store = await scratchStore(t, { migrated: false })
  const folder = folderOf(t, { '0001-one.sql': 'create table one (x int)', '0002-two.sql': 'alter table one add y int', 'notes.txt': 'no' })
  const [first, second] = await Promise.all([migrate(store, folder), migrate(store, folder)])
  assert.deepEqual([...first, ...second].sort(), ['0001-one', '0002-two'])
  assert.deepEqual(await migrate(store, folder), [])
  assert.deepEqual(await migrationState(store, folder), {
    applied: [
      { number: 1, name: 'one' },
      { number: 2, name: 'two' },
    ],
    pending: [],
  })
})

test('a migration that fails leaves nothing of itself, and the next start tries again', async (t) => {
  const store = await scratchStore(t, { migrated: false })
  const folder = folderOf(t, { '0001-good.sql': 'create table good (x int)', '0002-bad.sql': 'create table half (x int); select 1/0' })
  await assert.rejects(migrate(store, folder), { code: 'migration-failed', message: /0002-bad.*division by zero/ })
  assert.deepEqual((await migrationState(store, folder)).pending, [{ number: 2, name: 'bad' }])
  assert.equal((await store.first<{ half: string | null }>(`select to_regclass('half') as half`))?.half, null)
  writeFileSync(join(folder, '0002-bad.sql'), 'create table half (x int)')
  assert.deepEqual(await migrate(store, folder), ['0002-bad'])
})

test('a database newer than the program is refused by name, and an edited migration too', async (t) => {
  const store = await scratchStore(t, { migrated: false })
  const files = { '0001-one.sql': 'create table one (x int)', '0002-two.sql': 'select 1' }
  await migrate(store, folderOf(t, files))
  const older = folderOf(t, { '0001-one.sql': files['0001-one.sql'] })
  await assert.rejects(migrate(store, older), { code: 'database-newer', message: /0002-two/ })
  await assert.rejects(migrationState(store, older), { code: 'database-newer' })
  const edited = folderOf(t, { ...files, '0001-one.sql': 'create table one (x bigint)' })
  await assert.rejects(migrate(store, edited), { code: 'migration-changed', message: /0001-one/ })
})
