/** The thread of `password.worker.ts`: started when first needed, ended when nobody needed it for a while. */
import { Worker } from 'node:worker_threads'
import { type Clock, MINUTE, moduleToRun, nodeFlagsFor, Problem, systemClock, type Timer } from '#kernel'

/** Verifies `password` against a hash; without one, hashes it as argon2id. */
export interface HashRequest {
  id: number
  password: string
  against?: string
  cost?: Argon2Cost
}

/** What a hash costs whoever guesses: memory in KiB, and rounds over it. */
export interface Argon2Cost {
  memorySize: number
  iterations: number
}

export type HashReply = { id: number; result: string | boolean } | { id: number; error: string }

export interface PasswordThread {
  /** @throws Problem `passwords-busy` (503) when too many wait, `password-hash-broken` when the hash is none */
  verify(password: string, hash: string): Promise<boolean>
  /** Argon2id, as Flask-Security writes it. */
  hash(password: string): Promise<string>
  close(): Promise<void>
}

/** Each takes a quarter of a second: who comes later than this would wait for ten. */
const MOST_WAITING = 40
const IDLE = MINUTE

const workerUrl = moduleToRun(new URL('./password.worker.ts', import.meta.url))

/** `cost` of new hashes; that of Flask-Security by default. */
export function passwordThread(clock: Clock = systemClock, cost: Argon2Cost = { memorySize: 65_536, iterations: 3 }): PasswordThread {
  const waiting = new Map<number, { resolve(value: string | boolean): void; reject(error: Error): void }>()
  let worker: Worker | undefined
  let idle: Timer | undefined
  let serial = 0

  const start = (): Worker => {
    const started = new Worker(workerUrl, { execArgv: nodeFlagsFor(workerUrl), stdout: false, stderr: false })
    started.on('message', (reply: HashReply) => {
      const task = waiting.get(reply.id)
      waiting.delete(reply.id)
      if (waiting.size === 0) rest()
      if ('error' in reply) task?.reject(broken(reply.error))
      else task?.resolve(reply.result)
    })
    const lose = (why: string) => {
      if (worker !== started) return
      worker = undefined
      for (const task of waiting.values()) task.reject(broken(why))
      waiting.clear()
    }
    started.on('error', (error) => lose(error.message))
    started.on('exit', () => lose('its thread ended'))
    return started
  }
  const rest = () => {
    worker?.unref()
    idle?.cancel()
    idle = clock.in(IDLE, () => void end())
  }
  const end = async () => {
    idle?.cancel()
    const last = worker
    worker = undefined
    for (const task of waiting.values()) task.reject(broken('the program stops'))
    waiting.clear()
    await last?.terminate()
  }
  const ask = (request: Omit<HashRequest, 'id'>): Promise<string | boolean> => {
    if (waiting.size >= MOST_WAITING)
      return Promise.reject(
        new Problem('passwords-busy', 'Too many sign-ins are being checked.', {
          status: 503,
          retry: 'later',
          hint: 'Try again in a few seconds.',
          details: { retryAfter: 5 },
        }),
      )
    worker ??= start()
    worker.ref()
    idle?.cancel()
    const id = ++serial
    const { promise, resolve, reject } = withResolvers()
    waiting.set(id, { resolve, reject })
    worker.postMessage({ id, ...request } satisfies HashRequest)
    return promise
  }
  return {
    verify: async (password, hash) => (await ask({ password, against: hash })) === true,
    hash: async (password) => String(await ask({ password, cost })),
    close: end,
  }
}

function withResolvers() {
  let resolve!: (value: string | boolean) => void
  let reject!: (error: Error) => void
  const promise = new Promise<string | boolean>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

const broken = (why: string): Problem =>
  new Problem('password-hash-broken', `A password could not be checked: ${why}.`, {
    status: 503,
    retry: 'later',
    hint: 'Set the password of this user anew.',
  })
