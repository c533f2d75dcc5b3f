/** The PostgreSQL that comes with the platform: made on first start, kept running, stopped cleanly. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { type Clock, describeError, type Log, Problem, SECOND } from '#kernel'
import { openStore } from '../open.ts'
import { type ServerAccount, serverAccount } from './account.ts'
import { type ClusterPlace, clusterUrl, createCluster, DATABASE_USER, freePort, runServer, type Server } from './cluster.ts'
import { holdFolder } from './hold.ts'
import { ENVIRONMENT, programIn, usableNative } from './native.ts'
import { stopOrphan, stopServer } from './orphan.ts'
import { makeDataFolder, placeOf, shelterOf } from './place.ts'

export interface EmbeddedOptions {
  /** The data folder of the platform; the cluster goes into its `pg`. */
  folder: string
  log: Log
  clock: Clock
  /** Port on loopback; default: the one of the last start, else a free one. */
  port?: number
  /** Further settings of PostgreSQL, over the platform's own. */
  settings?: Record<string, string>
  /** Under whose name the server runs when we are root. */
  account?: ServerAccount
  /** Where a cluster goes whose data folder that account cannot enter. */
  shelters?: string[]
}

export interface Embedded {
  /** Of the database `cariflex`, with its password. */
  readonly url: string
  /** The cluster's folder: usually `pg` in the data folder. */
  readonly cluster: string
  /** Process of the server; undefined while it is being restarted. */
  pid(): number | undefined
  /** Fast shutdown, then the data folder is free for another start. */
  stop(): Promise<void>
}

const DATABASE = 'cariflex'

/** For a machine shared with the platform: small, durable. */
const SETTINGS: Record<string, string> = {
  shared_buffers: '96MB',
  effective_cache_size: '512MB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  max_connections: '60',
  max_wal_size: '1GB',
  wal_level: 'minimal',
  max_wal_senders: '0',
  wal_compression: 'on',
  checkpoint_timeout: '15min',
  max_logical_replication_workers: '0',
  max_parallel_workers_per_gather: '1',
  random_page_cost: '1.1',
  jit: 'off',
  // What is read lies in the memory of the machine most of the time: handing each read to another process costs more than reading.
  io_method: 'sync',
  log_min_messages: 'warning',
}

/**
 * Starts the embedded server on a data folder and keeps it running: when it dies it is started again, with pauses that grow.
 * @throws Problem `folder-in-use` (another platform runs there), `folder-not-writable`, `embedded-postgresql-unusable`,
 * `database-not-created`, `database-not-started`, `database-of-other-version`
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const { log, clock } = options
  const folder = makeDataFolder(options.folder)
  const hold = await holdFolder(folder, clock)
  try {
    const place = await prepare(folder, options)
    await stopOrphan(place, log)
    const password = await passwordOf(folder, place)
    const { server, port } = await firstStart(folder, place, options)
    const url = clusterUrl(port, password, DATABASE)
    await makeDatabase(clusterUrl(port, password), options)
    const guard = keepRunning(server, () => runServer(place, port, settingsOf(options), hear(log)), place, options)
    return {
      url,
      cluster: place.folder,
      pid: guard.pid,
      async stop() {
        await guard.stop()
        hold.release()
      },
    }
  } catch (error) {
    hold.release()
    throw error
  }
}

async function prepare(folder: string, { log, account = serverAccount(), shelters }: EmbeddedOptions): Promise<ClusterPlace> {
  const place = placeOf(folder, account, shelters)
  if (place.moved) log.info({ cluster: place.cluster }, `the database lives in ${place.cluster}: ${place.moved}`)
  for (const old of place.abandoned)
    log.warn({ folder: old }, 'a database of an earlier data folder at this path is still there; remove it when it is not needed')
  const native = await usableNative(place.account, account.uid === undefined ? folder : shelterOf(shelters))
  return { folder: place.cluster, native, account: place.account }
}

/** The password of the cluster, made together with it; a lost one is replaced. It stays in the data folder, mode 0600. */
async function passwordOf(folder: string, place: ClusterPlace): Promise<string> {
  const file = join(folder, 'pg-password')
  const exists = existsSync(join(place.folder, 'PG_VERSION'))
  if (exists) checkVersion(place)
  if (exists && existsSync(file)) return readFileSync(file, 'utf8').trim()
  const password = randomBytes(24).toString('base64url')
  if (exists) await setPassword(place, password)
  else await createCluster(place, password)
  writeFileSync(file, `${password}\n`, { mode: 0o600 })
  return password
}

function checkVersion(place: ClusterPlace): void {
  const made = readFileSync(join(place.folder, 'PG_VERSION'), 'utf8').trim()
  const sample = readFileSync(join(place.native, 'share', 'postgresql', 'postgres.bki'), 'utf8')
  const ours = /^# PostgreSQL (\d+)/.exec(sample)?.[1]
  if (ours !== undefined && made !== ours)
    throw new Problem(
      'database-of-other-version',
      `The database in ${place.folder} was made by PostgreSQL ${made}; this program brings ${ours}.`,
      {
        hint: 'Make a backup with the Cariflex that made it (cariflex backup) and restore that into a new data folder.',
      },
    )
}

/** Without a running server, in PostgreSQL's single-user mode. */
function setPassword(place: ClusterPlace, password: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const single = spawn(programIn(place.native, 'postgres'), ['--single', '-D', place.folder, 'postgres'], {
      ...place.account,
      cwd: place.folder,
      env: ENVIRONMENT,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    single.once('error', reject)
    single.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`postgres --single ended with ${code}`))))
    single.stdin.end(`alter role ${DATABASE_USER} password '${password}'\n`)
  })
}

async function firstStart(folder: string, place: ClusterPlace, options: EmbeddedOptions): Promise<{ server: Server; port: number }> {
  const file = join(folder, 'pg-port')
  const last = existsSync(file) ? Number(readFileSync(file, 'utf8')) || 0 : 0
  for (let tries = 1; ; tries++) {
    const port = await freePort(tries === 1 || options.port !== undefined ? (options.port ?? last) : 0)
    const server = runServer(place, port, settingsOf(options), hear(options.log))
    try {
      await server.ready
      if (port !== last) writeFileSync(file, `${port}\n`)
      return { server, port }
    } catch (error) {
      // Between our look and its start another program may have taken the port; a killed server's children may need a moment to end.
      if (tries === 5 || !/could not (bind|create any TCP)|shared memory block|lock file/.test(describeError(error))) throw error
      await wait(200 * tries)
    }
  }
}

async function makeDatabase(url: string, { log, clock }: EmbeddedOptions): Promise<void> {
  const admin = openStore({ url, log, clock, connections: 1 })
  try {
    const there = await admin.first('select from pg_database where datname = $1', [DATABASE])
    if (!there) await admin.query(`create database ${DATABASE} template template0`)
  } finally {
    await admin.close()
  }
}

const settingsOf = (options: EmbeddedOptions): Record<string, string> => ({ ...SETTINGS, ...options.settings })

/** The server's log in ours: its warnings and worse as warnings. */
const hear = (log: Log) => (line: string) => {
  const text = line.replace(/^\S+ \S+ \S+ \[\d+\] /, '')
  if (
    /^(PANIC|FATAL|WARNING):/.test(text) &&
    !/terminating connection due to administrator|the database system is (starting up|shutting down|not yet)/.test(text)
  )
    log.warn({ postgresql: text }, 'the database server says')
  else log.debug({ postgresql: text }, 'the database server says')
}

function keepRunning(first: Server, again: () => Server, place: ClusterPlace, { log, clock }: EmbeddedOptions) {
  let server: Server | undefined
  let stopping = false
  let tries = 0
  const watch = (running: Server, since: number): void => {
    server = running
    void running.gone.then(async () => {
      server = undefined
      if (stopping) return
      const failures = clock.now() - since > 60 * SECOND ? 0 : tries
      const delay = failures === 0 ? 0 : Math.min(250 * 2 ** (failures - 1), 30 * SECOND)
      tries = failures + 1
      log.error({ delay }, 'the database server has died; it is started again')
      clock.in(delay, () => void restart())
    })
  }
  const restart = async () => {
    if (stopping) return
    const next = again()
    watch(next, clock.now())
    await next.ready.then(
      () => log.info({ pid: next.process.pid }, 'the database server is back'),
      (error) => log.error({ error: describeError(error) }, 'the database server did not come back'),
    )
  }
  watch(first, clock.now())
  // Ended without stop(): do not leave the server behind.
  const leave = () => server?.process.kill('SIGINT')
  process.on('exit', leave)
  return {
    pid: () => server?.process.pid,
    async stop() {
      stopping = true
      process.removeListener('exit', leave)
      const running = server
      if (!running?.process.pid) return
      await stopServer(place, running.process.pid)
      await running.gone
    },
  }
}
