/**
 * Databases for tests: one PostgreSQL a test run, shared by its files; one migrated database a test, copied from a template.
 * The server belongs to a keeper process, which ends with the run (scratch-keeper.ts).
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Clock, moduleToRun, nodeFlagsFor, Problem, silentLog, systemClock } from '#kernel'
import { openStore } from './open.ts'
import { scratchFolder } from './scratch-place.ts'
import type { Store } from './store.ts'

/** The part of a node:test context that is needed. */
export interface TestLife {
  after(work: () => unknown): void
}

export interface ScratchOptions {
  clock?: Clock
  /** false = a database without any table, default true. */
  migrated?: boolean
  connections?: number
}

/**
 * An own migrated database on a real PostgreSQL, dropped after the test.
 *
 *     test('…', async (t) => {
 *       const store = await scratchStore(t)
 *       await store.query('select 1')
 *     })
 */
export async function scratchStore(
  t: TestLife,
  { clock = systemClock, migrated = true, connections = 5 }: ScratchOptions = {},
): Promise<Store> {
  const server = await serverOfThisRun()
  const name = `scratch_${process.pid}_${randomBytes(4).toString('hex')}`
  const admin = openStore({ url: server, log: silentLog, clock: systemClock, connections: 1 })
  await admin.query(`create database ${name} template ${migrated ? 'cariflex_template' : 'template0'} strategy file_copy`)
  const url = new URL(server)
  url.pathname = `/${name}`
  const store = openStore({ url: url.href, log: silentLog, clock, connections })
  t.after(async () => {
    await store.close()
    await admin.query(`drop database if exists ${name} with (force)`)
    await admin.close()
  })
  return store
}

let found: Promise<string> | undefined

/** URL of the maintenance database of this run's server. */
export function serverOfThisRun(): Promise<string> {
  found ??= find()
  return found
}

async function find(): Promise<string> {
  const given = process.env['CARIFLEX_TEST_DATABASE_URL']
  if (given) return given
  // `node --test` runs every file in a child process: its own process is the run. A file run by itself is its own run.
  const run = process.env['NODE_TEST_CONTEXT']?.startsWith('child') ? process.ppid : process.pid
  const folder = scratchFolder(run)
  const answer = join(folder, 'url')
  const failure = join(folder, 'failure')
  let starter = false
  try {
    mkdirSync(folder, { mode: 0o711 })
    starter = true
  } catch {
    // another file of this run starts it
  }
  if (starter) {
    const keeper = moduleToRun(new URL('./scratch-keeper.ts', import.meta.url))
    spawn(process.execPath, [...nodeFlagsFor(keeper), fileURLToPath(keeper), folder, String(run)], {
      detached: true,
      stdio: 'ignore',
      env: { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: '' },
    }).unref()
  }
  const tooLate = systemClock.now() + 60_000
  while (!existsSync(answer)) {
    if (existsSync(failure)) throw new Error(`The PostgreSQL for tests did not start: ${readFileSync(failure, 'utf8')}`)
    if (systemClock.now() > tooLate) throw new Problem('no-test-database', `No PostgreSQL for tests after 60 s (${folder}).`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return readFileSync(answer, 'utf8')
}
