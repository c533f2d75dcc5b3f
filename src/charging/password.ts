/** Passwords of stations: hashed and compared as those of people are, remembered while the program runs, and guesses slowed down (OCPP 2.0.1 A01, charging reference 2.5). */
import { createHmac, randomBytes, randomInt, timingSafeEqual } from 'node:crypto'
import { hashPassword, scryptVerifier, verifyPassword } from '#ems'
import { type Clock, type Instant, MINUTE } from '#kernel'

/** Whether the password made this hash; false for a hash of another form. */
export const isPassword = (password: Buffer | string, hash: string): Promise<boolean> =>
  verifyPassword(password.toString(), hash, [scryptVerifier])

/** What a password of a station looks like: an identifierString of 16 to 40 characters. */
export const isStationPassword = (text: string): boolean => /^[A-Za-z0-9*\-_=:+|@.]{16,40}$/.test(text)

/** Whether a password is the hex of an OCPP 1.6 AuthorizationKey, 16 to 20 bytes, rather than a text of its own. */
export const isAuthorizationKey = (text: string): boolean => /^([0-9a-f]{2}){16,20}$/i.test(text)

const LETTERS = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
/** 20 characters: as bytes of an OCPP 1.6 AuthorizationKey not one more would fit. */
export const inventStationPassword = (): string => Array.from({ length: 20 }, () => LETTERS[randomInt(LETTERS.length)]).join('')

/**
 * The texts that the bytes of a Basic header may stand for. OCPP 1.6 stations are given hex: some send the bytes it means, some the hex itself,
 * and the operator may have noted either (charging reference 2.5).
 */
export function readings(password: Buffer, isOld: boolean): string[] {
  const plain = password.toString()
  if (!isOld) return [plain]
  const isHex = /^([0-9a-f]{2})+$/i.test(plain)
  const other = plain === plain.toLowerCase() ? plain.toUpperCase() : plain.toLowerCase()
  if (isHex) return [...new Set([plain, Buffer.from(plain, 'hex').toString(), other])]
  const hex = password.toString('hex')
  return [...new Set([plain, hex.toUpperCase(), hex])]
}

/**
 * `isPassword` that remembers, for this process and under a key of its own, which password a hash last accepted: when ten thousand
 * stations reconnect, only the first connection of each costs a scrypt.
 */
export function rememberingVerifier(): (password: Buffer | string, hash: string) => Promise<boolean> {
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

let nobody: Promise<string> | undefined
/** A hash that no password fits: checking against it takes as long as against that of a station, so that time tells nobody which exist. */
export const hashOfNobody = (): Promise<string> => {
  nobody ??= hashPassword(randomBytes(24).toString('base64'))
  return nobody
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
      // No more are kept than close it.
      failures.set(key, [...recent(key).slice(1 - tries), clock.now()])
    },
    passed: (key) => void failures.delete(key),
  }
}
