/** When users were last seen: noted in memory with every request, written together every few seconds. */
import type { Clock, Instant, Log } from '#kernel'
import { describeError } from '#kernel'
import { asTimestamp, type Store } from '#store'

export interface Presence {
  seen(user: number): void
  /** The newer of what is remembered here and what the database says. */
  last(user: number, stored: Instant | null): Instant | null
  /** Writes what was noted; also done every ten seconds. */
  flush(): Promise<void>
  close(): Promise<void>
}

export function openPresence(store: Store, clock: Clock, log: Log): Presence {
  const last = new Map<number, Instant>()
  const unwritten = new Set<number>()
  const flush = async () => {
    const users = [...unwritten]
    if (users.length === 0) return
    unwritten.clear()
    const moments = users.map((user) => asTimestamp(last.get(user)!).replace('Z', ''))
    await store.query('update fm_user u set last_seen_at = g.at from unnest($1::int[], $2::timestamp[]) as g(id, at) where u.id = g.id', [
      users,
      moments,
    ])
  }
  const timer = clock.every(10_000, () => {
    flush().catch((error: unknown) => log.debug({ error: describeError(error) }, 'could not write when users were last seen'))
  })
  return {
    seen(user) {
      last.set(user, clock.now())
      unwritten.add(user)
    },
    last: (user, stored) => last.get(user) ?? stored,
    flush,
    async close() {
      timer.cancel()
      await flush().catch(() => undefined)
    },
  }
}
