/** A thread that computes argon2 and bcrypt, so that nobody else waits while a quarter of a second of one core is burnt. */
import { randomBytes } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { argon2id, argon2Verify, bcryptVerify } from 'hash-wasm'
import type { HashReply, HashRequest } from './password-thread.ts'

/** What bcrypt looks at; passlib cuts off the rest as bcrypt itself does. */
const BCRYPT_BYTES = 72
const ARGON2 = { parallelism: 4, hashLength: 32, outputType: 'encoded' } as const

async function compute({ password, against, cost }: HashRequest): Promise<string | boolean> {
  if (against === undefined) return argon2id({ password, salt: randomBytes(16), ...ARGON2, ...cost! })
  if (against.startsWith('$argon2')) return argon2Verify({ password, hash: against })
  // $2b$ and $2y$ name the same function as $2a$ for every text without NUL.
  const hash = against.replace(/^\$2[by]\$/, '$2a$')
  return bcryptVerify({ password: Buffer.from(password).subarray(0, BCRYPT_BYTES), hash })
}

parentPort?.on('message', (request: HashRequest) => {
  compute(request).then(
    (result) => parentPort?.postMessage({ id: request.id, result } satisfies HashReply),
    (error: unknown) => parentPort?.postMessage({ id: request.id, error: String(error) } satisfies HashReply),
  )
})
