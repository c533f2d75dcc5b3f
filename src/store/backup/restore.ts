/** Puts a backup into an empty database: first the tables as they were, then the rows, then the migrations that came since. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import { createGunzip } from 'node:zlib'
import { describeError, isProblem, Problem } from '#kernel'
import { knownMigrations, migrate, migrationState } from '../migrate.ts'
import type { JobProgress } from '../queue/job.ts'
import type { Queryable, Store } from '../store.ts'
import { HEADING_MARK, type Heading, SUM_MARK } from './backup.ts'
import { tablesInOrder } from './tables.ts'

export interface RestoreOptions {
  store: Store
  /** A file that `backup` wrote. */
  from: string
  progress?: (now: JobProgress) => void
}

export interface RestoreResult {
  heading: Heading
  rows: number
  /** Migrations that were applied after the rows. */
  migrated: string[]
}

/**
 * All or nothing: on any failure the database is as empty as before.
 * @throws Problem `backup-unreadable` (damaged, cut short, no backup), `backup-newer`, `database-not-empty`
 */
export async function restore({ store, from, progress = () => {} }: RestoreOptions): Promise<RestoreResult> {
  const heading = await verify(from, progress)
  const known = new Map(knownMigrations().map((migration) => [migration.number, migration]))
  const then = heading.migrations.map(({ number, name }) => {
    const migration = known.get(number)
    if (migration?.name === name) return migration
    throw new Problem(
      'backup-newer',
      `The backup was made by Cariflex ${heading.program}, whose database has ${name}; this program does not know it.`,
      {
        hint: `Restore it with Cariflex ${heading.program} or later.`,
      },
    )
  })
  await refuseUnlessEmpty(store)
  await clear(store)
  await migrate(store, then)
  const rows = await store.transact((tx) => fill(tx, from, heading, progress))
  const migrated = await migrate(store)
  await store.query('analyze')
  return { heading, rows, migrated }
}

/** Reads the whole file once, so that a damaged one is found before anything is changed. */
async function verify(from: string, progress: (now: JobProgress) => void): Promise<Heading> {
  progress({ stage: 'verify', done: 0, total: 1, unit: 'file' })
  const sum = createHash('sha256')
  let heading: Heading | undefined
  let told: string | undefined
  for await (const line of linesOf(from)) {
    if (told !== undefined) throw unreadable(from, 'something follows its last line')
    if (heading === undefined) heading = headingOf(from, line)
    if (line.startsWith(SUM_MARK)) told = line.slice(SUM_MARK.length).trim()
    else sum.update(line)
  }
  if (!heading || told === undefined) throw unreadable(from, 'it is cut short')
  if (told !== sum.digest('hex')) throw unreadable(from, 'its checksum does not fit')
  progress({ stage: 'verify', done: 1, total: 1, unit: 'file' })
  return heading
}

function headingOf(from: string, line: string): Heading {
  if (!line.startsWith(HEADING_MARK)) throw unreadable(from, 'it is not a backup of Cariflex')
  const heading = JSON.parse(line.slice(HEADING_MARK.length)) as Heading
  if (heading.format !== 1) throw unreadable(from, `its format is ${String(heading.format)}, this program reads 1`)
  return heading
}

/** Rows that migrations put into a new database do not count. */
const SEEDED = ['public.alembic_version', 'public.generic_asset_type', 'public.role', 'public.account_role']

async function refuseUnlessEmpty(store: Store): Promise<void> {
  for (const { name } of await tablesInOrder(store)) {
    if (SEEDED.includes(name)) continue
    if (await store.first(`select 1 as found from ${name} limit 1`))
      throw new Problem('database-not-empty', `The database has rows in ${name}; a backup is restored into an empty one only.`, {
        status: 409,
        hint: 'Give an empty data folder with --data, or an empty database in DATABASE_URL.',
      })
  }
}

/** Removes the empty tables of another version, so that those of the backup can be made. */
async function clear(store: Store): Promise<void> {
  const { applied } = await migrationState(store)
  if (applied.length === 0) return
  await store.transact(async (tx) => {
    const tables = (await tablesInOrder(tx)).map(({ name }) => name)
    if (tables.length > 0) await tx.query(`drop table ${tables.join(', ')} cascade`)
    await tx.query('drop schema cariflex cascade')
    await tx.query('drop type if exists public.annotation_type, public.ratelimitkey cascade')
  })
}

async function fill(tx: Queryable, from: string, heading: Heading, progress: (now: JobProgress) => void): Promise<number> {
  const lines = linesOf(from)[Symbol.asyncIterator]()
  const known = new Map((await tablesInOrder(tx)).map(({ name, columns }) => [name, new Set(columns)]))
  const stranger = heading.tables.find((name) => !known.has(name))
  if (stranger) throw unreadable(from, `it has a table ${stranger} that its migrations do not make`)
  let rows = 0
  let done = 0
  await tx.query(`truncate ${heading.tables.join(', ')}`)
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    const copy = /^COPY (\S+) \((.*)\) FROM stdin;\n$/.exec(next.value)
    const counter = /^SELECT setval\('([^']+)', (\d+)\);\n$/.exec(next.value)
    if (copy) {
      const [, table = '', columns = ''] = copy
      // The file is not trusted to be ours: nothing of it becomes SQL unless the database has it.
      const strange = columns.split(', ').find((column) => !known.get(table)?.has(column))
      if (strange) throw unreadable(from, `the database has no column ${strange} in ${table}`)
      progress({ stage: 'restore', done: done++, total: heading.tables.length, unit: 'table', message: table })
      rows += await tx.copyIn(`copy ${table} (${columns}) from stdin`, untilEnd(lines))
    } else if (counter) await tx.query('select setval($1::text::regclass, $2)', [counter[1], Number(counter[2])])
  }
  progress({ stage: 'restore', done, total: heading.tables.length, unit: 'table' })
  return rows
}

/** The rows of one COPY; a row never looks like its end, because COPY doubles every backslash of a value. */
async function* untilEnd(lines: AsyncIterator<string>): AsyncGenerator<string> {
  for (let next = await lines.next(); !next.done && next.value !== '\\.\n'; next = await lines.next()) yield next.value
}

/** Lines with their newline. */
async function* linesOf(from: string): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  const file = createReadStream(from)
  const text = createGunzip()
  file.once('error', (error) => text.destroy(error))
  let rest = ''
  try {
    for await (const chunk of file.pipe(text)) {
      const lines = (rest + decoder.write(chunk as Buffer)).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) yield `${line}\n`
    }
  } catch (error) {
    throw isProblem(error) ? error : unreadable(from, describeError(error))
  } finally {
    file.destroy()
    text.destroy()
  }
  if (rest !== '') yield rest
}

const unreadable = (from: string, why: string): Problem =>
  new Problem('backup-unreadable', `${from} cannot be restored: ${why}.`, { hint: 'Take another backup. Nothing was changed.' })
