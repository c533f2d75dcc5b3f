/** A database cluster on disk and the server process on it. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { describeError, Problem } from '#kernel'
import type { ServerAccount } from './account.ts'
import { ENVIRONMENT, programIn } from './native.ts'

const run = promisify(execFile)

export const DATABASE_USER = 'cariflex'

export interface ClusterPlace {
  /** The cluster's own folder. */
  folder: string
  native: string
  account: ServerAccount
}

/**
 * Makes a new cluster whose only user has this password. It appears under its name only when whole and on disk, so a killed
 * creation leaves nothing that would be taken for a database.
 * @throws Problem `database-not-created`
 */
export async function createCluster({ folder, native, account }: ClusterPlace, password: string, { sync = true } = {}): Promise<void> {
  const half = `${folder}.new`
  const secret = `${folder}.new-password`
  rmSync(half, { recursive: true, force: true })
  mkdirSync(dirname(folder), { recursive: true })
  try {
    mkdirSync(half, { mode: 0o700 })
    writeFileSync(secret, `${password}\n`, { mode: 0o600 })
    if (account.uid !== undefined && account.gid !== undefined) for (const path of [half, secret]) chownSync(path, account.uid, account.gid)
    const flags = ['--auth=scram-sha-256', '--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    await run(
      programIn(native, 'initdb'),
      [`--pgdata=${half}`, `--username=${DATABASE_USER}`, `--pwfile=${secret}`, ...flags, ...(sync ? [] : ['--no-sync'])],
      { ...account, cwd: half, env: ENVIRONMENT },
    )
    renameSync(half, folder)
  } catch (error) {
    const told = error instanceof Error && 'stderr' in error && error.stderr ? String(error.stderr).trim() : describeError(error)
    throw new Problem('database-not-created', `The embedded database could not be created in ${folder}: ${told}`, {
      status: 503,
      hint: told.includes('user does not exist')
        ? 'PostgreSQL wants a name for the user that it runs as: add a line for that number to /etc/passwd, or use your own PostgreSQL with DATABASE_URL.'
        : 'Check that the disk has 200 MB free and that the folder may be written, or choose another one with --data.',
      cause: error,
    })
  } finally {
    rmSync(secret, { force: true })
    rmSync(half, { recursive: true, force: true })
  }
}

export interface Server {
  process: ChildProcess
  /** Resolves when it answers; rejects with a Problem when it ends before. */
  ready: Promise<void>
  /** Resolves when the process is gone. */
  gone: Promise<void>
}

/**
 * Starts a server on the cluster, on loopback only, in a process group of its own (Ctrl-C in the terminal does not reach it).
 * `settings` are PostgreSQL's own names and values; `heard` gets every line of its log.
 */
export function runServer(place: ClusterPlace, port: number, settings: Record<string, string>, heard: (line: string) => void): Server {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port), ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(programIn(place.native, 'postgres'), ['-D', place.folder, ...flags], {
    ...place.account,
    cwd: place.folder,
    env: ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: process.platform !== 'win32',
  })
  const last: string[] = []
  const gone = new Promise<void>((resolve) => {
    server.once('exit', () => resolve())
    server.once('error', () => resolve())
  })
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: server.stderr }).on('line', (line) => {
      heard(line)
      if (last.push(line) > 5) last.shift()
      if (line.includes('database system is ready to accept connections')) resolve()
    })
    const refuse = (why: string) =>
      reject(
        new Problem('database-not-started', `The embedded database did not start: ${why}`, {
          status: 503,
          retry: 'later',
          hint: `Its folder is ${place.folder}. 'cariflex doctor' looks at the usual causes.`,
        }),
      )
    server.once('error', (error) => refuse(describeError(error)))
    server.once('close', (code, signal) => refuse(last.join(' · ') || `it ended with ${signal ?? code}`))
  })
  return { process: server, ready, gone }
}

/** A port of the loopback address that is free now; `wanted` when that is. */
export async function freePort(wanted = 0): Promise<number> {
  const attempt = (port: number) =>
    new Promise<number>((resolve, reject) => {
      const probe = createServer()
      probe.once('error', reject)
      probe.listen(port, '127.0.0.1', () => {
        const address = probe.address()
        probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
      })
    })
  return wanted === 0 ? attempt(0) : attempt(wanted).catch(() => attempt(0))
}

/** Connection string of a database in the cluster. */
export const clusterUrl = (port: number, password: string, database = 'postgres'): string =>
  `postgres://${DATABASE_USER}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`
