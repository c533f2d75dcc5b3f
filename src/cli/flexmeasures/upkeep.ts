/** `db` and `db-ops`: the database as a whole. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { refuseUnadopted } from '#ems'
import { formatInstant, Problem } from '#kernel'
import { backup, holderOf, migrate, migrationState, restore } from '#store'
import { type OpenDatabase, openDatabase } from '../database.ts'
import { clock } from '../settings.ts'
import type { Entry, OpenDesk, Talk } from './verb.ts'

const ADVICE = 'The tables of FlexMeasures are never changed by Cariflex, and its own migrations only go forward.'

const refused = (name: string, summary: string, why: string, instead: string): Entry => ({ name, summary, refused: { why, instead } })

export const UPKEEP: readonly Entry[] = [
  {
    name: 'db upgrade',
    summary: 'Brings the database to this version.',
    argument: { name: 'REVISION', required: false },
    options: [],
    run: (_, open, talk) =>
      withDatabase(open, { create: true }, async ({ store }) => {
        await refuseUnadopted(store)
        const applied = await migrate(store)
        talk.show({ applied }, () =>
          applied.length === 0 ? 'Nothing to do: the database is up to date.' : applied.map((name) => `applied ${name}`).join('\n'),
        )
      }),
  },
  {
    name: 'db current',
    summary: "Shows the revision of FlexMeasures' tables and the last migration of Cariflex.",
    options: [],
    run: (_, open, { show }) =>
      withDatabase(open, {}, async ({ store }) => {
        const made = await store.first<{ made: boolean }>("select to_regclass('public.alembic_version') is not null as made")
        const row = made?.made
          ? await store.first<{ revision: string }>('select version_num as revision from public.alembic_version')
          : undefined
        const { applied, pending } = await migrationState(store)
        const last = applied.at(-1)
        const told = { flexmeasures: row?.revision ?? null, cariflex: last?.name ?? null, pending: pending.length }
        show(
          told,
          () =>
            `${told.flexmeasures ?? 'no revision'} (tables of FlexMeasures)\n${told.cariflex ?? 'nothing'} (last migration of Cariflex; ${pending.length} pending)`,
        )
      }),
  },
  refused('db downgrade', 'Would take migrations back.', ADVICE, 'restore a backup into an empty database with cariflex restore FILE'),
  {
    name: 'db-ops dump',
    summary: 'Writes all that the database holds, as of one moment, into one file; the program may go on working.',
    options: [{ name: 'file', what: 'where to; default a name with the time, here' }],
    run: (given, open, talk) =>
      withDatabase(open, {}, async ({ store }) => {
        const to = resolve(given.text('file') ?? `cariflex-${formatInstant(clock.now()).slice(0, 16).replace(/\D/g, '')}.cariflex`)
        if (existsSync(to)) throw new Problem('file-exists', `${to} exists already.`, { hint: 'Give another name.' })
        const made = await backup({ store, clock, to, config: {}, progress: ({ stage, done, total }) => talk.progress(stage, done, total) })
        talk.show(made, () => `db dump successful: saved to ${made.file} (${made.rows} rows of ${made.tables} tables).`)
      }),
  },
  {
    name: 'db-ops restore',
    summary: 'Rebuilds an empty database from a file of db-ops dump or cariflex backup.',
    argument: { name: 'FILE', required: true },
    options: [],
    run: (given, open, talk) => restoreFrom(given.words[0]!, open, talk),
  },
  refused(
    'db-ops reset',
    'Would delete everything.',
    'A database is never emptied by one word here.',
    "name an empty folder (--data) or an empty database (DATABASE_URL), then 'db upgrade'; a backup goes into it with db-ops restore",
  ),
]

async function restoreFrom(from: string, open: OpenDesk, talk: Talk): Promise<undefined> {
  if (!existsSync(from)) throw new Problem('usage', `Invalid value for 'FILE': Path '${from}' does not exist.`)
  const { folder, url } = open.config().database
  const holder = url === undefined ? holderOf(folder, clock) : undefined
  if (holder !== undefined)
    throw new Problem('folder-in-use', `Process ${holder} is running on ${folder}.`, {
      hint: 'Stop it, or restore into another folder with --data.',
    })
  return withDatabase(open, { create: true }, async ({ store }) => {
    const { heading, rows } = await restore({ store, from, progress: ({ stage, done, total }) => talk.progress(stage, done, total) })
    talk.show({ rows, madeAt: heading.madeAt }, () => `db restore successful: ${rows} rows as of ${heading.madeAt}.`)
  })
}

async function withDatabase(
  open: OpenDesk,
  { create = false }: { create?: boolean },
  work: (database: OpenDatabase) => Promise<void>,
): Promise<undefined> {
  const database = await openDatabase(open.config(), { clock, create })
  try {
    await work(database)
  } finally {
    await database.close()
  }
  return undefined
}
