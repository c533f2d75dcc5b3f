/** Brings a database to the shape this program expects: numbered SQL files, one transaction each, forward only. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeError, Problem, VERSION } from '#kernel'
import { databaseProblem } from './failure.ts'
import type { Queryable, Store } from './store.ts'

export interface Migration {
  number: number
  name: string
  sql: string
  checksum: string
}

const HOME = fileURLToPath(new URL('./migrations/', import.meta.url))
/** Any number will do, as long as every Cariflex takes the same one. */
const LOCK = 742_116_001

/** The migrations that this program knows, in order. `folder` holds files `NNNN-name.sql`. */
export function knownMigrations(folder = HOME): Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file))
    .sort()
    .map((file) => {
      const sql = readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n')
      return {
        number: Number(file.slice(0, 4)),
        name: file.slice(5, -4),
        sql,
        checksum: createHash('sha256').update(sql).digest('hex'),
      }
    })
}

export interface MigrationState {
  applied: { number: number; name: string }[]
  pending: { number: number; name: string }[]
}

/** What was applied and what is missing; changes nothing. @throws Problem as `migrate` does */
export async function migrationState(store: Queryable, folder?: string): Promise<MigrationState> {
  const known = knownMigrations(folder)
  const made = await store.first<{ made: boolean }>(`select to_regclass('cariflex.migration') is not null as made`)
  const applied = made?.made ? await appliedOn(store) : []
  return {
    applied: applied.map(({ number, name }) => ({ number, name })),
    pending: missing(known, applied).map(({ number, name }) => ({ number, name })),
  }
}

/**
 * Applies what is missing, each file in its own transaction; several programs may call it at once. Returns the names applied. `from`: a
 * folder, or migrations at hand; default the program's own.
 * @throws Problem `database-newer` when the database was made by a newer program, `migration-changed` when a file was edited after
 * it was applied, `migration-failed` when the database refused one (nothing of that file stays)
 */
export async function migrate(store: Store, from?: string | Migration[]): Promise<string[]> {
  const known = typeof from === 'object' ? from : knownMigrations(from)
  const done: string[] = []
  for (;;) {
    const name = await store.transact((tx) => applyNext(tx, known))
    if (name === undefined) return done
    done.push(name)
  }
}

async function applyNext(tx: Queryable, known: Migration[]): Promise<string | undefined> {
  await tx.query(`select pg_advisory_xact_lock(${LOCK})`)
  await tx.query(`
    create schema if not exists cariflex;
    create table if not exists cariflex.migration (
      number integer primary key,
      name text not null,
      checksum text not null,
      program text not null,
      applied_at timestamptz not null default now()
    )`)
  const next = missing(known, await appliedOn(tx))[0]
  if (!next) return undefined
  const title = `${String(next.number).padStart(4, '0')}-${next.name}`
  try {
    await tx.query(next.sql)
  } catch (error) {
    const told = databaseProblem(error)
    if (told instanceof Problem) throw told
    const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined
    throw new Problem('migration-failed', `Migration ${title} was refused: ${describeError(error)}`, {
      status: 500,
      hint: hint ?? 'Nothing of it stays. Report this with the text above.',
      cause: error,
    })
  }
  await tx.query('insert into cariflex.migration (number, name, checksum, program) values ($1, $2, $3, $4)', [
    next.number,
    next.name,
    next.checksum,
    VERSION,
  ])
  return title
}

type Applied = { number: number; name: string; checksum: string; program: string }

const appliedOn = (store: Queryable) =>
  store.query<Applied>('select number, name, checksum, program from cariflex.migration order by number')

function missing(known: Migration[], applied: Applied[]): Migration[] {
  const byNumber = new Map(known.map((migration) => [migration.number, migration]))
  for (const old of applied) {
    const title = `${String(old.number).padStart(4, '0')}-${old.name}`
    const file = byNumber.get(old.number)
    if (!file)
      throw new Problem(
        'database-newer',
        `The database is newer than this program: it has ${title}, applied by Cariflex ${old.program}; this is ${VERSION}.`,
        { status: 503, hint: `Start Cariflex ${old.program} or later on it, or restore a backup from before.` },
      )
    if (file.checksum !== old.checksum)
      throw new Problem('migration-changed', `Migration ${title} was edited after it had been applied to this database.`, {
        status: 503,
        hint: 'Put the file back as it was and write the change as a further migration.',
      })
    byNumber.delete(old.number)
  }
  return [...byNumber.values()]
}
