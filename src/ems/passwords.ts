/**
 * The passwords of the people of this database: checked in whichever form they were written (our scrypt, or argon2, bcrypt and pbkdf2 of
 * Flask-Security), written in the form that FlexMeasures reads as well where its salt is known.
 */
import { pbkdf2, timingSafeEqual } from 'node:crypto'
import { type Clock, describeError, type Log, systemClock } from '#kernel'
import { flexMeasuresPepper, hashPassword, type PasswordVerifier, scryptVerifier } from './password.ts'
import { type PasswordThread, passwordThread } from './password-thread.ts'

export interface Passwords {
  /** Whether it fits. A user without a hash, or nobody at all (null), takes as long as a wrong password. */
  verify(password: string, hash: string | null): Promise<boolean>
  /** To be stored. */
  hash(password: string): Promise<string>
  close(): Promise<void>
}

export interface PasswordsOptions {
  /** `SECURITY_PASSWORD_SALT` of an adopted FlexMeasures. */
  salt?: string
  log?: Log
  clock?: Clock
  /** Where hashes are computed. */
  thread?: PasswordThread
}

export function openPasswords({ salt, log, clock = systemClock, ...options }: PasswordsOptions = {}): Passwords {
  const thread = options.thread ?? passwordThread(clock)
  const families: PasswordVerifier[] = [
    { knows: (hash) => /^\$(argon2(id|i|d)|2[aby])\$/.test(hash), verify: (password, hash) => thread.verify(password, hash) },
    pbkdf2Verifier,
  ]
  let complained = false
  let proven = false
  const adopted = async (password: string, hash: string): Promise<boolean> => {
    const family = families.find((one) => one.knows(hash))
    if (!family) {
      log?.warn({ family: /^\$([^$]*)\$/.exec(hash)?.[1] ?? 'none' }, 'a user has a password hash of a kind that is not known here')
      return false
    }
    for (const candidate of formsOf(password, salt))
      if (await family.verify(candidate, hash)) {
        proven = true
        return true
      }
    if (!proven && !complained) {
      complained = true
      log?.warn(
        {},
        salt === undefined
          ? 'a password of an adopted user did not fit, and no SECURITY_PASSWORD_SALT is set: set it to that of FlexMeasures'
          : 'a password of an adopted user did not fit: mistyped, or SECURITY_PASSWORD_SALT is not that of FlexMeasures (said only once)',
      )
    }
    return false
  }
  const check = async (password: string, hash: string): Promise<boolean> =>
    scryptVerifier.knows(hash) ? scryptVerifier.verify(password, hash) : adopted(password, hash)
  let decoy: Promise<string> | undefined
  const hash = (password: string) => (salt === undefined ? hashPassword(password) : thread.hash(flexMeasuresPepper(password, salt)))
  return {
    async verify(password, stored) {
      if (stored !== null) return check(password, stored)
      decoy ??= hash('nobody has this password')
      for (const candidate of salt === undefined ? [password] : formsOf(password, salt))
        await (salt === undefined ? scryptVerifier.verify(candidate, await decoy) : thread.verify(candidate, await decoy))
      return false
    },
    hash: (password) =>
      hash(password).catch((error: unknown) => {
        log?.error({ error: describeError(error) }, 'a password could not be hashed')
        throw error
      }),
    close: () => thread.close(),
  }
}

/** What Flask-Security may have fed to the hash: under the salt or plain, as typed or in its normal form (forms of the web did that). */
function formsOf(password: string, salt: string | undefined): string[] {
  const typed = [...new Set([password, password.normalize('NFKD')])]
  return [...(salt === undefined ? [] : typed.map((form) => flexMeasuresPepper(form, salt))), ...typed]
}

/** `$pbkdf2-sha512$25000$salt$key` of passlib; its base64 has '.' for '+' and no padding. */
const PBKDF2 = /^\$pbkdf2-(sha256|sha512)\$(\d{1,8})\$([A-Za-z0-9./]*)\$([A-Za-z0-9./]+)$/

const pbkdf2Verifier: PasswordVerifier = {
  knows: (hash) => PBKDF2.test(hash),
  async verify(password, hash) {
    const [, digest, rounds, salt, key] = PBKDF2.exec(hash) as unknown as [string, string, string, string, string]
    const bytes = (text: string) => Buffer.from(text.replaceAll('.', '+'), 'base64')
    const wanted = bytes(key)
    const given = await new Promise<Buffer>((resolve, reject) =>
      pbkdf2(password, bytes(salt), Number(rounds), wanted.length, digest, (error, made) => (error ? reject(error) : resolve(made))),
    )
    return timingSafeEqual(wanted, given)
  },
}
