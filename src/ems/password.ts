/** Passwords as hashes: scrypt for our own users, and a seam for hashes adopted from elsewhere. */
import { createHmac, randomBytes, randomInt, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'

/** Knows one family of password hashes, e.g. the argon2id ones of an adopted FlexMeasures database. */
export interface PasswordVerifier {
  knows(hash: string): boolean
  verify(password: string, hash: string): Promise<boolean>
}

const LOG_N = 15
const BLOCK = 8
const LENGTH = 32

const derive = (password: string, salt: Buffer, length: number, options: ScryptOptions): Promise<Buffer> =>
  new Promise((resolve, reject) =>
    scrypt(password, salt, length, { maxmem: 256 * 1024 * 1024, ...options }, (error, key) => (error ? reject(error) : resolve(key))),
  )

/** `$scrypt$ln=15,r=8,p=1$<salt>$<key>` (PHC string format), about 60 ms of one core off the main thread. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password.normalize('NFC'), salt, LENGTH, { N: 2 ** LOG_N, r: BLOCK, p: 1 })
  return `$scrypt$ln=${LOG_N},r=${BLOCK},p=1$${bare(salt)}$${bare(key)}`
}

const bare = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')

const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

export const scryptVerifier: PasswordVerifier = {
  knows: (hash) => FORM.test(hash),
  async verify(password, hash) {
    const [, log, r, p, salt, key] = FORM.exec(hash) as unknown as [string, string, string, string, string, string]
    const wanted = Buffer.from(key, 'base64')
    const given = await derive(password.normalize('NFC'), Buffer.from(salt, 'base64'), wanted.length, {
      N: 2 ** Number(log),
      r: Number(r),
      p: Number(p),
    })
    return timingSafeEqual(wanted, given)
  },
}

/** What FlexMeasures feeds to argon2id: base64 of HMAC-SHA512 of the password under `SECURITY_PASSWORD_SALT` (reference section 10). */
export const flexMeasuresPepper = (password: string, salt: string): string => createHmac('sha512', salt).update(password).digest('base64')

/** True when one of the verifiers knows the hash and the password fits. */
export async function verifyPassword(password: string, hash: string | null, verifiers: readonly PasswordVerifier[]): Promise<boolean> {
  const verifier = hash === null ? undefined : verifiers.find((one) => one.knows(hash))
  return verifier === undefined || hash === null ? false : verifier.verify(password, hash)
}

const LETTERS = 'abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** A password people can copy by hand: four groups of five letters without look-alikes (113 bits). */
export const inventPassword = (): string =>
  Array.from({ length: 4 }, () => Array.from({ length: 5 }, () => LETTERS[randomInt(LETTERS.length)]).join('')).join('-')
