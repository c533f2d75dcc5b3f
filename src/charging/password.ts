/** Passwords of stations: hashed and compared as those of people are, remembered while the program runs, and guesses slowed down (OCPP 2.0.1 A01, charging reference 2.5). */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { scryptVerifier, verifyPassword } from '#ems'
import { type Clock, type Instant, MINUTE } from '#kernel'

/** Whether the password made this hash; false for a hash of another form. */
export const isPassword = (password: Buffer | string, hash: string): Promise<boolean> =>
  verifyPassword(password.toString(), hash, [scryptVerifier])

/**
 * `isPassword` that remembers, for this process and under a key of its own, which password a hash last accepted: when ten thousand
 * stations reconnect, only the first connection of each costs a scrypt.
 */
export function rememberingVerifier(): (password: Buffer, hash: string) => Promise<boolean> {
  const secret = randomBytes(32)
  const accepted = new Map<string, Buffer>()
  return async (password, hash) => {
    const mark = createHmac('sha256', secret).update(hash).update('\0').update(password).digest()
    const known = accepted.get(hash)
    if (known && timingSafeEqual(known, mark)) return true
    const right = await isPassword(password, hash)
    if (right) accepted.set(hash, mark)
    return right
  }
}

export interface Turnstile {
  /** Whether this key must wait before its next try. */
  isClosed(key: string): boolean
  failed(key: string): void
  passed(key: string): void
}

/** Closes for `wait` after `tries` failures of one key within `wait`; forgets keys that rest. */
export function turnstile(clock: Clock, tries = 5, wait: number = MINUTE): Turnstile {
  const failures = new Map<string, Instant[]>()
  const recent = (key: string) => (failures.get(key) ?? []).filter((at) => at > clock.now() - wait)
  return {
    isClosed: (key) => recent(key).length >= tries,
    failed(key) {
      if (failures.size > 10_000) for (const old of failures.keys()) if (recent(old).length === 0) failures.delete(old)
      // When that was not enough the oldest key goes: memory stays bounded under a flood of identities.
      if (failures.size > 10_000) failures.delete(failures.keys().next().value!)
      failures.set(key, [...recent(key), clock.now()])
    },
    passed: (key) => void failures.delete(key),
  }
}
