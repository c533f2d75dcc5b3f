/** Opens what store.ts describes. */
import { type Clock, type Log, Problem } from '#kernel'
import { openPool, type Pool } from './pool.ts'
import type { Store } from './store.ts'

export interface StoreOptions {
  /** `postgres://user:password@host:port/database` */
  url: string
  log: Log
  clock: Clock
  /** Connections at most, default 10. */
  connections?: number
}

/** Connections at most that write without checks of foreign keys. */
const UNCHECKED = 6

/**
 * Opens a store. Nothing is connected before the first query, so a server that is away shows there, as Problem `database-unavailable`.
 * @throws Problem `invalid-database-url`
 */
export function openStore({ url, log, clock, connections = 10 }: StoreOptions): Store {
  checkUrl(url)
  const pool = openPool({ url, log, clock, connections })
  let writers: Pool | undefined
  let allowed: Promise<boolean> | undefined
  let isClosed = false
  return {
    ...pool,
    url,
    async unchecked() {
      if (isClosed) return pool
      allowed ??= mayReplicate(pool).catch((error: unknown) => {
        allowed = undefined
        throw error
      })
      if (!(await allowed)) return undefined
      writers ??= openPool({
        ...{ url, log, clock, connections: Math.min(connections, UNCHECKED) },
        ...{ settings: UNCHECKED_SETTINGS, lifetime: PLANS_LAST },
      })
      return writers
    },
    async close() {
      isClosed = true
      await Promise.all([pool.close(), writers?.close()])
    },
  }
}

/** A plan made while the table was small is not kept for good, s. */
const PLANS_LAST = 300

/** Few statements, many times, each with one good way by an index, whatever its parameters and however young the table is: planned once. */
const UNCHECKED_SETTINGS = { session_replication_role: 'replica', plan_cache_mode: 'force_generic_plan', enable_seqscan: 'off' }

/** Whether our user may tell PostgreSQL that somebody else has checked what is written. */
async function mayReplicate(pool: Pool): Promise<boolean> {
  const row = await pool.first<{ superuser: boolean; version: number }>(
    "select current_setting('is_superuser') = 'on' as superuser, current_setting('server_version_num')::int as version",
  )
  if (row!.superuser || row!.version < 150_000) return row!.superuser
  const granted = await pool.first<{ may: boolean }>("select has_parameter_privilege('session_replication_role', 'SET') as may")
  return granted!.may
}

function checkUrl(url: string): void {
  let scheme = ''
  try {
    scheme = new URL(url).protocol
  } catch {}
  if (scheme !== 'postgres:' && scheme !== 'postgresql:')
    throw new Problem('invalid-database-url', 'The address of the database is not a PostgreSQL URL.', {
      hint: "Write it like 'postgres://user:password@host:5432/database'; special characters of the password as %40 and so on.",
    })
}
