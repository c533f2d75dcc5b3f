/** Checks of the database: does it answer, is it of this version, does its clock agree with ours? */
import { refuseUnadopted } from '#ems'
import { type Clock, type Instant, isProblem } from '#kernel'
import { migrationState, type Store } from '#store'
import type { OpenDatabase } from '../database.ts'
import { type Finding, fail, ok, warn } from '../finding.ts'

const HOW = {
  own: 'your own server',
  running: 'embedded, of the running platform',
  started: 'embedded, started for this look',
} as const

export async function checkDatabase({ store, by }: OpenDatabase): Promise<Finding> {
  const row = await store.first<{ version: string; size: string }>(
    "select current_setting('server_version') as version, pg_size_pretty(pg_database_size(current_database())) as size",
  )
  const { version, size } = row!
  const text = `PostgreSQL ${version}, ${HOW[by]}, ${size}`
  return Number.parseInt(version, 10) >= 14 ? ok('Database', text) : fail('Database', `${text}: too old.`, 'Use PostgreSQL 14 or later.')
}

export async function checkMigrations(store: Store): Promise<Finding> {
  const unadopted = await refuseUnadopted(store).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (isProblem(unadopted)) return warn('Tables', unadopted.message, unadopted.hint ?? '')
  const { applied, pending } = await migrationState(store)
  if (pending.length === 0) return ok('Tables', `up to date (${applied.length} migrations)`)
  const what =
    applied.length === 0 ? 'there are none yet' : `${pending.length} migrations are missing: ${pending.map(({ name }) => name).join(', ')}`
  return warn('Tables', what, "'cariflex start' and 'cariflex migrate' apply them.")
}

/** Orders and beliefs carry times: both clocks must agree. */
export async function checkDatabaseClock(store: Store, clock: Clock): Promise<Finding> {
  const before = clock.now()
  const { now } = (await store.first<{ now: Instant }>('select clock_timestamp() as now'))!
  const after = clock.now()
  const off = now < before ? now - before : now > after ? now - after : 0
  const text = `the clock of the database is ${Math.abs(off / 1000).toFixed(1)} s ${off < 0 ? 'behind' : 'ahead'}`
  const hint = 'Set both clocks by NTP.'
  if (Math.abs(off) > 60_000) return fail('Its clock', text, hint)
  return Math.abs(off) > 2000 ? warn('Its clock', text, hint) : ok('Its clock', 'agrees with this machine')
}
