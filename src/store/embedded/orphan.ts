/** A server that a killed run of the platform left behind, and how a server is stopped. */
import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Log, SECOND } from '#kernel'
import { commandOf, isAlive } from './alive.ts'
import type { ClusterPlace } from './cluster.ts'
import { ENVIRONMENT, programIn } from './native.ts'

/** Stops the server that still runs on this cluster; a `postmaster.pid` that speaks of a dead or another process is made harmless. */
export async function stopOrphan(place: ClusterPlace, log: Log): Promise<void> {
  const file = join(place.folder, 'postmaster.pid')
  let lines: string[]
  try {
    lines = readFileSync(file, 'utf8').split('\n')
  } catch {
    return
  }
  const pid = Number(lines[0])
  if (isAlive(pid) && (process.platform === 'win32' || commandOf(pid).includes(place.folder))) {
    log.warn({ pid }, 'a database server of a killed run is still there; it is stopped before a new one starts')
    return stopServer(place, pid)
  }
  // PostgreSQL would take a zombie, or another process of that number, for a running server. It ignores the number of its own parent:
  // us. The rest of the file stays, because by the shared memory named there it still finds children that outlived the server.
  writeFileSync(file, [process.pid, ...lines.slice(1)].join('\n'))
}

/** Fast shutdown; when that takes too long an immediate one, from which the next start recovers. */
export async function stopServer(place: ClusterPlace, pid: number): Promise<void> {
  const stop = async (signal: NodeJS.Signals, mode: string, patience: number) => {
    if (process.platform === 'win32')
      await promisify(execFile)(programIn(place.native, 'pg_ctl'), ['stop', '-D', place.folder, '-m', mode, '-W'], {
        env: ENVIRONMENT,
      }).catch(() => {})
    else if (isAlive(pid)) process.kill(pid, signal)
    // Real time, whatever the platform's clock says: a process is waited for. These timers keep the program alive.
    for (let waited = 0, step = 5; isAlive(pid) && waited < patience; waited += step, step = Math.min(2 * step, 100)) await wait(step)
    return !isAlive(pid)
  }
  if (await stop('SIGINT', 'fast', 20 * SECOND)) return
  if (await stop('SIGQUIT', 'immediate', 10 * SECOND)) return
  if (process.platform !== 'win32' && isAlive(pid)) process.kill(pid, 'SIGKILL')
}
