/** The second factor of a sign-in: a code of six digits, mailed, good once and for ten minutes. */
import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { type Clock, type Instant, MINUTE, Problem, say } from '#kernel'
import { SAYING } from './saying.ts'

export interface SecondFactor {
  /** Begins; `code` is for the user's mailbox, `ticket` for the page that asks. */
  begin(user: number): { ticket: string; code: string }
  /** The user whose code it is. @throws Problem `wrong-code` (401) */
  finish(ticket: string, code: string): number
}

const LIFE = 10 * MINUTE
const MOST_TRIES = 5
const MOST_WAITING = 10_000

/** Codes live in memory: a restart asks people to sign in again. */
export function createSecondFactor(clock: Clock): SecondFactor {
  const waiting = new Map<string, { user: number; hash: Buffer; until: Instant; tries: number }>()
  const hashOf = (ticket: string, code: string) => createHash('sha256').update(`${ticket} ${code}`).digest()
  return {
    begin(user) {
      for (const [old, { until, user: owner }] of waiting)
        if (until <= clock.now() || owner === user || waiting.size > MOST_WAITING) waiting.delete(old)
      const ticket = randomBytes(24).toString('base64url')
      const code = String(randomInt(1_000_000)).padStart(6, '0')
      waiting.set(ticket, { user, hash: hashOf(ticket, code), until: (clock.now() + LIFE) as Instant, tries: 0 })
      return { ticket, code }
    },
    finish(ticket, code) {
      const entry = waiting.get(ticket)
      const fits = entry && entry.until > clock.now() && timingSafeEqual(entry.hash, hashOf(ticket, code.trim()))
      if (fits || (entry && ++entry.tries >= MOST_TRIES)) waiting.delete(ticket)
      if (entry && fits) return entry.user
      throw new Problem('wrong-code', say(SAYING.wrongCode), {
        status: 401,
        hint: say(SAYING.newestCode),
      })
    },
  }
}
