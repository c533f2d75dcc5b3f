/** Keys, certificates and passwords of partners: encrypted in the database with a key that is not in it. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Clock, type Instant, Problem } from '#kernel'
import type { Queryable, Store } from './store.ts'
import { asTimestamp } from './value.ts'

export interface Secrets {
  /** @throws Problem `secret-unreadable` when it was sealed with another key */
  get(name: string): Promise<string | undefined>
  /** Sets or replaces. */
  set(name: string, value: string, more?: { description?: string; tx?: Queryable }): Promise<void>
  /** False when there was none. */
  remove(name: string): Promise<boolean>
  /** Names, never values. */
  list(): Promise<{ name: string; description: string | null; changedAt: Instant }[]>
}

export interface SecretsOptions {
  store: Store
  clock: Clock
  /** Data folder; the key is its file `secret-key`, mode 0600, made when first needed. */
  folder: string
  /** Instead of the file (CARIFLEX_SECRET_KEY): 32 bytes as base64 or hex. */
  key?: string
}

/** First byte of what is stored: AES-256-GCM, then nonce (12), tag (16), text. The name is authenticated with it. */
const FORMAT = 1
const NONCE = 12
const TAG = 16

/**
 * Opens the secret store.
 * @throws Problem `secret-key-invalid`, `secret-key-missing` (secrets are there, their key is not)
 */
export async function openSecrets({ store, clock, folder, key }: SecretsOptions): Promise<Secrets> {
  const secret = key === undefined ? await keyOf(store, folder) : parseKey(key, 'CARIFLEX_SECRET_KEY')
  return {
    async get(name) {
      const row = await store.first<{ sealed: Buffer }>('select sealed from cariflex.secret where name = $1', [name])
      return row && unseal(secret, name, row.sealed)
    },
    async set(name, value, { description, tx = store } = {}) {
      await tx.query(
        `insert into cariflex.secret (name, sealed, description, changed_at) values ($1, $2, $3, $4)
         on conflict (name) do update set sealed = excluded.sealed, changed_at = excluded.changed_at,
           description = coalesce(excluded.description, secret.description)`,
        [name, seal(secret, name, value), description ?? null, asTimestamp(clock.now())],
      )
    },
    remove: async (name) => (await store.query('delete from cariflex.secret where name = $1 returning name', [name])).length > 0,
    list: () => store.query('select name, description, changed_at as "changedAt" from cariflex.secret order by name'),
  }
}

async function keyOf(store: Store, folder: string): Promise<Buffer> {
  const file = join(folder, 'secret-key')
  if (existsSync(file)) return parseKey(readFileSync(file, 'utf8').trim(), file)
  if (await store.first('select name from cariflex.secret limit 1'))
    throw new Problem('secret-key-missing', `The database holds secrets, but their key ${file} is not there.`, {
      status: 503,
      hint: 'Put the file back (it belongs to every backup), or set CARIFLEX_SECRET_KEY.',
    })
  const made = randomBytes(32)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${made.toString('base64')}\n`, { mode: 0o600, flag: 'wx' })
  return made
}

function parseKey(text: string, where: string): Buffer {
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  if (key.length === 32) return key
  throw new Problem('secret-key-invalid', `The key in ${where} is not 32 bytes in base64 or hex.`, {
    hint: "Make one with 'openssl rand -base64 32'.",
  })
}

function seal(key: Buffer, name: string, value: string): Buffer {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(name))
  const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()])
  return Buffer.concat([Buffer.from([FORMAT]), nonce, cipher.getAuthTag(), text])
}

function unseal(key: Buffer, name: string, sealed: Buffer): string {
  try {
    const nonce = sealed.subarray(1, 1 + NONCE)
    const tag = sealed.subarray(1 + NONCE, 1 + NONCE + TAG)
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG }).setAAD(Buffer.from(name)).setAuthTag(tag)
    return Buffer.concat([decipher.update(sealed.subarray(1 + NONCE + TAG)), decipher.final()]).toString('utf8')
  } catch (error) {
    throw new Problem('secret-unreadable', `The secret '${name}' was sealed with another key.`, {
      status: 503,
      hint: 'Put the key back that it was sealed with, or set the secret anew.',
      cause: error,
    })
  }
}
