/**
 * Taking over an existing FlexMeasures database where it stands: what it is, and our own schema beside it. Nothing in schema public changes:
 * shape and rows are compared before and after, so that FlexMeasures itself can be started on it again.
 */
import { Problem } from '#kernel'
import { flexMeasuresTables, migrate, migrationState, type Queryable, type Store } from '#store'

/** Revision of the tables that Cariflex reads and writes: that of FlexMeasures 1.0. */
export const FLEXMEASURES_REVISION = '3bc1e29ca1f4'

/** The revision that each release of FlexMeasures ended with, newest first. */
const RELEASES: Record<string, string> = {
  [FLEXMEASURES_REVISION]: '1.0',
  c7b7f9019d4b: '0.33',
  b2c3d4e5f6a7: '0.32',
  '8b62f8129f34': '0.31',
  '6cca6c002135': '0.30',
  d914c764fcb7: '0.29',
  b8f3cda5e023: '0.28',
  '0f64e22d6b9e': '0.27',
  ece7fb4207ed: '0.26',
  cb8df44ebda5: '0.25',
  '2ba59c7c954e': '0.24',
  '0af134879301': '0.23',
  '126d65cbe6b4': '0.22',
  '81cbbf42357b': '0.21',
  '6938f16617ab': '0.19',
  c349f52c700d: '0.18',
  '5a9473a817cb': '0.17',
  '2ac7fb39ce0c': '0.15',
  d814c0688ae0: '0.13',
  '75f53d2dbfae': '0.12',
}

/** Tables that a migration fills where FlexMeasures left them empty. */
const SEEDED = new Set(['generic_asset_type', 'role', 'account_role'])

/** What is looked at before anything is done. */
export interface Survey {
  /** Of alembic. */
  revision: string
  /** FlexMeasures release, e.g. '1.0'. */
  release: string
  postgres: string
  /** Of those that FlexMeasures wants: which are there. */
  extensions: { cube: boolean; earthdistance: boolean }
  /** Rows of every table of schema public, by name. */
  rows: Record<string, number>
  /** Tables of schema public that are neither FlexMeasures' nor ours. */
  strangers: string[]
  /** Other programs connected to this database now, by name. */
  connected: string[]
  /** Families of password hashes with the number of users: argon2id, bcrypt, … */
  passwords: Record<string, number>
  /** Migrations that are missing; none of them applied = never adopted. */
  pending: string[]
  adopted: boolean
}

/**
 * Looks at a database that is to be adopted; changes nothing.
 * @throws Problem `not-flexmeasures`, `flexmeasures-revision`, `postgres-too-old`, `database-rights`
 */
export async function surveyDatabase(store: Queryable): Promise<Survey> {
  const { version, number } = (await store.first<{ version: string; number: number }>(
    "select current_setting('server_version') as version, current_setting('server_version_num')::int as number",
  ))!
  if (number < 140_000)
    throw new Problem('postgres-too-old', `The server is PostgreSQL ${version}; Cariflex needs 14 or later.`, {
      status: 409,
      hint: 'Move the database to a newer server with pg_dump and pg_restore, then adopt it there.',
    })
  const revision = await revisionOf(store)
  await demandRights(store)
  const tables = await tablesOf(store)
  const known = flexMeasuresTables()
  const state = await migrationState(store)
  const there = await store.query<{ extname: string }>("select extname from pg_extension where extname in ('cube', 'earthdistance')")
  const has = (name: string) => there.some(({ extname }) => extname === name)
  const connected = await store.query<{ name: string }>(
    `select distinct coalesce(nullif(application_name, ''), usename, 'unnamed') as name from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and application_name !~ '^cariflex' order by 1`,
  )
  return {
    revision,
    release: RELEASES[revision] ?? revision,
    postgres: version,
    extensions: { cube: has('cube'), earthdistance: has('earthdistance') },
    rows: await countRows(store, tables),
    strangers: tables.filter((table) => !known.has(table)),
    connected: connected.map(({ name }) => name),
    passwords: await passwordFamilies(store),
    pending: state.pending.map(({ name }) => name),
    adopted: state.applied.length > 0,
  }
}

async function revisionOf(store: Queryable): Promise<string> {
  const found = await store.first<{ alembic: boolean; beliefs: boolean }>(
    "select to_regclass('public.alembic_version') is not null as alembic, to_regclass('public.timed_belief') is not null as beliefs",
  )
  const rows = found?.alembic ? await store.query<{ version: string }>('select version_num as version from public.alembic_version') : []
  if (!found?.beliefs || rows.length === 0)
    throw new Problem('not-flexmeasures', 'This is not a FlexMeasures database: it lacks the tables timed_belief and alembic_version.', {
      status: 409,
      hint: "Check the address. For a new Cariflex on an empty database no adopting is needed: set DATABASE_URL and run 'cariflex start'.",
    })
  const revision = rows.map(({ version }) => version).join(', ')
  if (revision === FLEXMEASURES_REVISION) return revision
  const release = RELEASES[revision]
  throw new Problem(
    'flexmeasures-revision',
    release === undefined
      ? `The database is at revision ${revision}, which this Cariflex does not know; it adopts ${FLEXMEASURES_REVISION} (FlexMeasures 1.0).`
      : `The database is of FlexMeasures ${release} (revision ${revision}); Cariflex adopts ${FLEXMEASURES_REVISION} (FlexMeasures 1.0).`,
    {
      status: 409,
      hint: `Bring it there with FlexMeasures 1.0: 'flexmeasures db upgrade ${FLEXMEASURES_REVISION}' (or 'downgrade' when it is newer). Nothing was changed.`,
      details: { revision, ...(release !== undefined && { release }) },
    },
  )
}

async function demandRights(store: Queryable): Promise<void> {
  const row = await store.first<{ schema: boolean; tables: boolean; reads: boolean; public: boolean }>(
    `select has_database_privilege(current_database(), 'CREATE') or to_regnamespace('cariflex') is not null as schema,
       has_table_privilege('public.timed_belief', 'SELECT, INSERT, UPDATE, DELETE') as tables,
       has_table_privilege('public.fm_user', 'REFERENCES') as reads, has_schema_privilege('public', 'CREATE') as public`,
  )
  if (row?.schema && row.tables && row.reads && row.public) return
  const lacks = !row?.schema
    ? 'create a schema in this database'
    : row.public
      ? 'write and reference its tables'
      : 'create in schema public'
  throw new Problem('database-rights', `The user of this address may not ${lacks}.`, {
    status: 403,
    hint: 'Use the user that FlexMeasures uses (the owner of its tables), or grant it the rights.',
  })
}

const tablesOf = async (store: Queryable): Promise<string[]> =>
  (
    await store.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = 'public' and c.relkind in ('r', 'p') and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
       order by 1`,
    )
  ).map(({ name }) => name)

async function countRows(store: Queryable, tables: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const table of tables) {
    const row = await store.first<{ n: number }>(`select count(*)::bigint as n from public."${table.replaceAll('"', '""')}"`)
    counts[table] = Number(row!.n)
  }
  return counts
}

async function passwordFamilies(store: Queryable): Promise<Record<string, number>> {
  const rows = await store.query<{ family: string; n: number }>(
    `select coalesce(substring(password from '^\\$([a-z0-9-]+)\\$'), 'none') as family, count(*)::int as n from public.fm_user group by 1 order by 2 desc`,
  )
  return Object.fromEntries(rows.map(({ family, n }) => [/^2[aby]$/.test(family) ? 'bcrypt' : family, n]))
}

/** Columns, indexes, constraints and triggers of every table of schema public, as text. */
async function shapeOf(store: Queryable): Promise<Map<string, string>> {
  const rows = await store.query<{ name: string; shape: string }>(
    `select c.relname as name, concat_ws(E'\\n',
       (select string_agg(concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)), E'\\n' order by attnum)
          from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum where attrelid = c.oid and attnum > 0 and not attisdropped),
       (select string_agg(pg_get_indexdef(indexrelid), E'\\n' order by indexrelid) from pg_index where indrelid = c.oid),
       (select string_agg(conname || ' ' || pg_get_constraintdef(oid), E'\\n' order by conname) from pg_constraint where conrelid = c.oid),
       (select string_agg(pg_get_triggerdef(oid), E'\\n' order by tgname) from pg_trigger where tgrelid = c.oid and not tgisinternal)) as shape
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind in ('r', 'p', 'v', 'm') order by 1`,
  )
  return new Map(rows.map(({ name, shape }) => [name, shape]))
}

/**
 * Nothing is added to a FlexMeasures database by the way: that takes `adopt`, with its checks and its backup.
 * @throws Problem `not-adopted`
 */
export async function refuseUnadopted(store: Queryable): Promise<void> {
  const row = await store.first<{ theirs: boolean; ours: boolean }>(
    "select to_regclass('public.alembic_version') is not null as theirs, to_regclass('cariflex.migration') is not null as ours",
  )
  if (!row?.theirs || row.ours) return
  throw new Problem('not-adopted', 'This is the database of a FlexMeasures, and Cariflex was not asked to take it over.', {
    status: 409,
    hint: "Run 'cariflex adopt --database URL' first: it checks, backs up and adds what Cariflex needs beside the FlexMeasures tables.",
  })
}

export interface Adoption {
  /** Migrations applied now. */
  applied: string[]
  /** Tables of FlexMeasures that were empty and got their first rows (asset types, roles). */
  filled: string[]
  rows: Record<string, number>
}

/**
 * Adds schema cariflex and verifies that schema public is as `survey` found it.
 * @throws Problem `adoption-changed` when it is not (other programs at work, or a fault), and those of `migrate`
 */
export async function adoptDatabase(store: Store, survey: Survey): Promise<Adoption> {
  const before = await shapeOf(store)
  const applied = await migrate(store)
  const after = await shapeOf(store)
  const reshaped = [...before].filter(([name, shape]) => after.get(name) !== shape).map(([name]) => name)
  const rows = await countRows(store, Object.keys(survey.rows))
  const changed = Object.keys(rows).filter((name) => rows[name] !== survey.rows[name])
  const filled = changed.filter((name) => SEEDED.has(name) && survey.rows[name] === 0)
  const wrong = [
    ...reshaped.map((name) => `${name} has another shape`),
    ...changed.filter((name) => !filled.includes(name)).map((name) => `${name} had ${survey.rows[name]} rows and has ${rows[name]}`),
  ]
  if (wrong.length > 0)
    throw new Problem('adoption-changed', `The FlexMeasures tables are not as before: ${wrong.join('; ')}.`, {
      status: 409,
      hint: 'Stop the programs that write into this database and run it again; if none does, report this.',
    })
  return { applied, filled, rows }
}
