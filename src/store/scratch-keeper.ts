/**
 * Process that owns the PostgreSQL of one test run: starts it, prepares the template, and stops it and removes its folder as soon as
 * the process of the run is gone, however that ended. Arguments: folder, process id of the run.
 */
import { chownSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeError, silentLog, systemClock } from '#kernel'
import { serverAccount } from './embedded/account.ts'
import { isAlive } from './embedded/alive.ts'
import { clusterUrl, createCluster, freePort, runServer } from './embedded/cluster.ts'
import { usableNative } from './embedded/native.ts'
import { migrate } from './migrate.ts'
import { openStore } from './open.ts'
import { runOf, scratchHome } from './scratch-place.ts'

const [folder = '', run = ''] = process.argv.slice(2)

/** Durability is not under test there; speed is. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_connections: '400',
  shared_buffers: '64MB',
  max_logical_replication_workers: '0',
  // A worker that looks through the template keeps it from being copied: on a busy machine for longer than 'create database' waits.
  autovacuum: 'off',
  file_copy_method: 'copy',
}

async function keep(): Promise<void> {
  const account = serverAccount()
  if (account.uid !== undefined && account.gid !== undefined) chownSync(folder, account.uid, account.gid)
  const native = await usableNative(account, join(tmpdir(), `cariflex-test-native-${process.getuid?.() ?? 0}`))
  const place = { folder: join(folder, 'pg'), native, account }
  const password = 'scratch'
  await createCluster(place, password, { sync: false })
  const port = await freePort()
  const server = runServer(place, port, SETTINGS, () => {})
  let ended = false
  const end = async () => {
    if (ended) return
    ended = true
    server.process.kill('SIGQUIT')
    await server.gone
    rmSync(folder, { recursive: true, force: true })
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  setInterval(() => {
    if (!isAlive(Number(run))) void end()
  }, 200)
  await server.ready
  await prepareTemplate(port, password)
  writeFileSync(join(folder, 'url.new'), clusterUrl(port, password), { mode: 0o600 })
  renameSync(join(folder, 'url.new'), join(folder, 'url'))
}

async function prepareTemplate(port: number, password: string): Promise<void> {
  const options = { log: silentLog, clock: systemClock, connections: 1 }
  const admin = openStore({ url: clusterUrl(port, password), ...options })
  await admin.query('create database cariflex_template')
  const template = openStore({ url: clusterUrl(port, password, 'cariflex_template'), ...options })
  await migrate(template)
  await template.close()
  await admin.close()
}

/** Removes what keepers left behind that were killed themselves (a machine switched off). */
function sweep(): void {
  for (const name of readdirSync(scratchHome())) {
    const run = runOf(name)
    if (run !== undefined && !isAlive(run)) rmSync(join(scratchHome(), name), { recursive: true, force: true })
  }
}

try {
  sweep()
  await keep()
} catch (error) {
  writeFileSync(join(folder, 'failure'), describeError(error))
  setTimeout(() => rmSync(folder, { recursive: true, force: true }), 2000)
}
