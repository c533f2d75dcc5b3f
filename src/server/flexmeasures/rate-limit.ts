/** How often the FlexMeasures API may be asked: per user and minute, and per account for triggers (reference 2.10). */
import { type Clock, MINUTE } from '#kernel'
import type { Reply } from '../app.ts'
import { rejected } from './envelope.ts'

export interface RateLimit {
  /** Notes one request of the key in the headers. @throws 429 with Retry-After when it is one too many */
  take(key: string, reply: Reply): void
  /** Gives one back: it did not count after all. */
  giveBack(key: string): void
}

/** At most `limit` in each `period` milliseconds and key; 0 = no limit. */
export function createRateLimit(clock: Clock, limit: number, period: number): RateLimit {
  const windows = new Map<string, { count: number; ends: number }>()
  return {
    take(key, reply) {
      if (limit === 0) return
      const now = clock.now()
      if (windows.size > 10_000) for (const [old, { ends }] of windows) if (ends <= now) windows.delete(old)
      const known = windows.get(key)
      const window = known && known.ends > now ? known : { count: 0, ends: now + period }
      windows.set(key, window)
      const wait = Math.ceil((window.ends - now) / 1000)
      const refused = window.count >= limit
      if (!refused) window.count++
      reply.headers({
        'X-RateLimit-Limit': limit,
        'X-RateLimit-Remaining': limit - window.count,
        'X-RateLimit-Reset': Math.ceil(window.ends / 1000),
      })
      if (!refused) return
      reply.header('Retry-After', wait)
      throw rejected(
        429,
        'TOO_MANY_REQUESTS',
        `Too many requests: at most ${limit} per ${period / MINUTE} minute(s) are answered. Wait ${wait} seconds.`,
      )
    },
    giveBack(key) {
      const window = windows.get(key)
      if (window && window.count > 0) window.count--
    },
  }
}
