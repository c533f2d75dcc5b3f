/**
 * The whole database in one file: gzipped SQL text, a COPY for each table, seen at one moment. `restore` reads it, and so does `psql`
 * on a database that was migrated and emptied. First line: a JSON heading; last line: the SHA-256 of everything before it.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Clock, describeError, formatInstant, Problem, VERSION } from '#kernel'
import { knownMigrations, migrationState } from '../migrate.ts'
import type { JobProgress } from '../queue/job.ts'
import type { Store, Transaction } from '../store.ts'
import { flexMeasuresTables, sequences, tablesInOrder } from './tables.ts'

/** What the first line of a backup says after `HEADING_MARK`. */
export interface Heading {
  format: 1
  program: string
  madeAt: string
  /** Numbers and names of the migrations that made its tables. */
  migrations: { number: number; name: string }[]
  tables: string[]
  /** The configuration in force, without secrets, for the reader. */
  config?: unknown
}

export const HEADING_MARK = '-- Cariflex backup '
export const SUM_MARK = '-- sha256 '

export interface BackupOptions {
  store: Store
  clock: Clock
  /** The file to write; it appears only when it is whole. */
  to: string
  /** Without secrets, e.g. from `listConfig`. */
  config?: unknown
  progress?: (now: JobProgress) => void
}

export interface BackupResult {
  file: string
  tables: number
  rows: number
  sha256: string
  /** Tables of schema public that no migration of ours makes: not in the file. */
  left: string[]
}

/** @throws Problem `backup-not-written` (disk full, no permission), `database-unavailable` */
export async function backup({ store, clock, to, config, progress = () => {} }: BackupOptions): Promise<BackupResult> {
  const half = `${to}.partial`
  const out = createGzip({ level: 6 })
  const file = createWriteStream(half, { mode: 0o600 })
  out.pipe(file)
  const broken = new Promise<never>((_, reject) => {
    file.once('error', (error) =>
      reject(
        new Problem('backup-not-written', `The backup ${to} could not be written: ${describeError(error)}.`, {
          status: 503,
          hint: 'Check the folder and the free space.',
          cause: error,
        }),
      ),
    )
  })
  broken.catch(() => {})
  const sum = createHash('sha256')
  const abort = new AbortController()
  const write = async (text: string | Buffer) => {
    sum.update(text)
    if (!out.write(text)) await once(out, 'drain', { signal: abort.signal })
    abort.signal.throwIfAborted()
  }
  const work = store.transact(async (tx) => {
    await tx.query('set transaction isolation level repeatable read read only')
    return writeAll(tx, write, { clock, config, progress })
  })
  try {
    // Whichever comes first: a full disk must not leave us waiting for a stream that never drains.
    const { tables, rows, left } = await Promise.race([work, broken])
    const sha256 = sum.digest('hex')
    out.end(`${SUM_MARK}${sha256}\n`)
    await Promise.race([finished(file), broken])
    await sync(half)
    await rename(half, to)
    return { file: to, tables, rows, sha256, left }
  } catch (error) {
    abort.abort()
    await work.catch(() => {})
    out.destroy()
    await closed(file)
    await rm(half, { force: true })
    throw error
  }
}

/** Ends a file that may still be about to be opened: until it is closed, removing it could come before it is made. */
async function closed(file: WriteStream): Promise<void> {
  file.destroy()
  if (!file.closed) await new Promise<void>((resolve) => file.once('close', resolve))
}

type Write = (text: string | Buffer) => Promise<void>

async function writeAll(
  tx: Transaction,
  write: Write,
  { clock, config, progress }: Pick<BackupOptions, 'clock' | 'config'> & { progress: (now: JobProgress) => void },
): Promise<{ tables: number; rows: number; left: string[] }> {
  const known = flexMeasuresTables()
  const all = await tablesInOrder(tx)
  const isOurs = ({ name }: { name: string }) => !name.startsWith('public.') || known.has(name.slice('public.'.length))
  const tables = all.filter(isOurs)
  const { applied } = await migrationState(tx)
  // A database of FlexMeasures that was not adopted yet has the tables of our first migration.
  const migrations = applied.length > 0 ? applied : knownMigrations().slice(0, 1)
  const heading: Heading = {
    format: 1,
    program: VERSION,
    madeAt: formatInstant(clock.now()),
    migrations: migrations.map(({ number, name }) => ({ number, name })),
    tables: tables.map(({ name }) => name),
    ...(config !== undefined && { config }),
  }
  await write(`${HEADING_MARK}${JSON.stringify(heading)}\n`)
  let rows = 0
  for (const [index, { name, columns }] of tables.entries()) {
    progress({ stage: 'backup', done: index, total: tables.length, unit: 'table', message: name })
    await write(`COPY ${name} (${columns.join(', ')}) FROM stdin;\n`)
    rows += await tx.copyOut(`copy (select ${columns.join(', ')} from ${name}) to stdout`, through(write))
    await write('\\.\n')
  }
  for (const { name, value } of await sequences(tx)) await write(`SELECT setval('${name.replaceAll("'", "''")}', ${value});\n`)
  progress({ stage: 'backup', done: tables.length, total: tables.length, unit: 'table' })
  return { tables: tables.length, rows, left: all.filter((table) => !isOurs(table)).map(({ name }) => name) }
}

const through = (write: Write): Writable =>
  new Writable({
    write(chunk: Buffer, _, done) {
      write(chunk).then(() => done(), done)
    },
  })

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
