/** Slows down guessing of passwords: after some failures a name must wait. */
import { type Clock, MINUTE, Problem, say } from '#kernel'
import { SAYING } from './saying.ts'

export interface Throttle {
  /** @throws Problem `too-many-attempts` (429) with the seconds to wait in `details.retryAfter` */
  check(key: string): void
  failed(key: string): void
  succeeded(key: string): void
}

/** At most `limit` failures per `period` milliseconds and key (such as address and email). */
export function createThrottle(clock: Clock, limit = 10, period = 5 * MINUTE): Throttle {
  const failures = new Map<string, { count: number; until: number }>()
  return {
    check(key) {
      const known = failures.get(key)
      if (!known || known.count < limit) return
      const wait = Math.ceil((known.until - clock.now()) / 1000)
      if (wait <= 0) return void failures.delete(key)
      throw new Problem('too-many-attempts', say(SAYING.manyAttempts), {
        status: 429,
        retry: 'later',
        hint: say(SAYING.waitSeconds, { count: wait }),
        details: { retryAfter: wait },
      })
    },
    failed(key) {
      const now = clock.now()
      if (failures.size > 10_000) for (const [old, { until }] of failures) if (until <= now) failures.delete(old)
      const known = failures.get(key)
      if (known && known.until > now) known.count++
      else failures.set(key, { count: 1, until: now + period })
    },
    succeeded: (key) => void failures.delete(key),
  }
}
