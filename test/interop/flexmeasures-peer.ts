/** The real FlexMeasures as a peer: PostgreSQL with its extensions, Redis, server and worker, unmodified, as the suite installed them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { freePort, until } from '../journeys/territory.ts'

const DATA = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'flexmeasures')
const isRoot = process.getuid?.() === 0

/** Why the peer cannot be run here; undefined when it can. The suite says so by CARIFLEX_FLEXMEASURES. */
export function peerMissing(): string | undefined {
  if (!process.env['CARIFLEX_FLEXMEASURES']) return process.env['CARIFLEX_FLEXMEASURES_WHY'] ?? "run 'npm run interop', which installs it"
  if (!existsSync(DATA)) return 'the recorded database ../shared/data/flexmeasures is not here'
  return undefined
}

export const sharedCases = (): { cases: ScheduleCase[] } =>
  JSON.parse(readFileSync(join(DATA, 'schedule_cases.json'), 'utf8')) as { cases: ScheduleCase[] }

export interface ScheduleCase {
  name: string
  assets: { key: string; type: string; parent?: string }[]
  sensors: { key: string; asset: string; unit: string; res: string; tz: string; attributes?: Record<string, unknown> }[]
  data: { sensor: string; start: string; duration: string; values: number[]; unit: string; prior?: string; horizon?: string }[]
  stored?: Record<string, Record<string, unknown>>
  trigger: Record<string, unknown>
  expect: unknown
  read: string[]
  read_via?: string
  model: { n: number; step_h: number }
}

/** The folder of PostgreSQL's programs with contrib, from Debian. */
function postgresHome(): string {
  const all = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : []
  const newest = all.sort((a, b) => Number(b) - Number(a))[0]
  if (newest === undefined) throw new Error('PostgreSQL with contrib is not installed (Debian: postgresql)')
  return join('/usr/lib/postgresql', newest, 'bin')
}

function run(file: string, args: string[], env: Record<string, string> = {}): string {
  const done = spawnSync(file, args, { encoding: 'utf8', env: { ...process.env, ...env }, timeout: 180_000 })
  if (done.status !== 0)
    throw new Error(`${file} ${args.join(' ')} ended with ${done.status}: ${`${done.stdout}${done.stderr}`.slice(-3000)}`)
  return done.stdout
}

export interface Peer {
  /** Of the database, for both programs. */
  readonly databaseUrl: string
  /** A `flexmeasures.cfg`: both programs read it. */
  readonly config: string
  readonly folder: string
  /** Runs a statement; rows as psql prints them. */
  sql(statement: string): string
  /** A verb of the `flexmeasures` command line. */
  flexmeasures(...args: string[]): string
  /** Starts server and worker; resolves to their address when they answer. */
  start(): Promise<string>
  stop(): Promise<void>
  output(): string
}

/** A PostgreSQL that holds the recorded database, a Redis, and the settings of the FlexMeasures it came from. Ended with the test. */
export async function openPeer(t: TestContext): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-peer-'))
  chmodSync(folder, 0o755)
  const children: ChildProcess[] = []
  t.after(async () => {
    for (const child of children.reverse()) await end(child)
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  })
  const databaseUrl = await startPostgres(folder, children)
  const redis = await freePort()
  children.push(spawn('redis-server', ['--port', String(redis), '--bind', '127.0.0.1', '--save', '', '--dir', folder], { stdio: 'ignore' }))
  const config = join(folder, '.flexmeasures.cfg')
  writeFileSync(config, settings(databaseUrl, redis))
  const home = process.env['CARIFLEX_FLEXMEASURES']!
  const env = {
    ...process.env,
    HOME: folder,
    FLEXMEASURES_ENV: 'production',
    PATH: `${join(home, 'bin')}:${process.env['PATH']}`,
    PYTHONUNBUFFERED: '1',
  }
  let said = ''
  const launch = (file: string, args: string[]): ChildProcess => {
    const child = spawn(join(home, 'bin', file), args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => {
        said = (said + chunk).slice(-20_000)
      })
    children.push(child)
    return child
  }
  let running: ChildProcess[] = []
  return {
    databaseUrl,
    config,
    folder,
    output: () => said,
    sql: (statement) => run(join(postgresHome(), 'psql'), ['-X', '-A', '-t', '-v', 'ON_ERROR_STOP=1', databaseUrl, '-c', statement]).trim(),
    flexmeasures: (...args) => run(join(home, 'bin', 'flexmeasures'), args, env as Record<string, string>),
    async start() {
      const port = await freePort()
      const web = ['--bind', `127.0.0.1:${port}`, '--workers', '1', '--threads', '4', '--timeout', '180', 'flexmeasures.app:create()']
      running = [launch('gunicorn', web), launch('flexmeasures', ['jobs', 'run-worker', '--queue', 'forecasting|scheduling'])]
      const url = `http://127.0.0.1:${port}`
      await until(
        'the real FlexMeasures answers',
        async () => (await fetch(`${url}/api/`)).status,
        (status) => status === 200,
        120_000,
        500,
      ).catch((error: unknown) => {
        throw new Error(`${error}\n${said.slice(-4000)}`)
      })
      return url
    },
    async stop() {
      for (const child of running.splice(0)) await end(child)
    },
  }
}

async function startPostgres(folder: string, children: ChildProcess[]): Promise<string> {
  const bin = postgresHome()
  const place = join(folder, 'pg')
  mkdirSync(place)
  const [uid, gid] = isRoot ? ['-u', '-g'].map((which) => Number(run('id', [which, 'postgres']))) : []
  if (uid !== undefined && gid !== undefined) chownSync(place, uid, gid)
  const user = uid === undefined || gid === undefined ? {} : { uid, gid }
  const data = join(place, 'data')
  const made = spawnSync(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '-E', 'UTF8', '--no-sync'], {
    ...user,
    encoding: 'utf8',
    cwd: place,
  })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  const port = await freePort()
  const options = ['-D', data, '-p', String(port), '-k', place, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off']
  children.push(spawn(join(bin, 'postgres'), options, { ...user, cwd: place, stdio: 'ignore' }))
  const server = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres']
  const psql = (...args: string[]) => run(join(bin, 'psql'), ['-X', '-q', ...server, ...args])
  await until(
    'PostgreSQL answers',
    async () => psql('-c', 'select 1'),
    () => true,
    30_000,
  )
  psql('-c', 'create role flexmeasures login superuser', '-c', 'create database flexmeasures owner flexmeasures')
  // Readable for the server's user, wherever the dump lies.
  const [schema, content] = ['existing_database_schema.sql', 'existing_database_data.dump'].map((file) => {
    copyFileSync(join(DATA, file), join(folder, file))
    return join(folder, file)
  })
  psql('-d', 'flexmeasures', '-f', schema!)
  run(join(bin, 'pg_restore'), [...server, '-d', 'flexmeasures', '--data-only', '--no-owner', '--disable-triggers', content!])
  return `postgres://flexmeasures@127.0.0.1:${port}/flexmeasures`
}

const settings = (databaseUrl: string, redis: number): string => `from datetime import timedelta
SQLALCHEMY_DATABASE_URI = "${databaseUrl.replace('postgres:', 'postgresql:')}"
SECRET_KEY = "cariflex-interop"
SECURITY_PASSWORD_SALT = "cariflex-proof-salt"
SECURITY_TOTP_SECRETS = {"1": "00000000000000000000000000000000"}
SECURITY_TWO_FACTOR = False
FLEXMEASURES_TIMEZONE = "America/Martinique"
FLEXMEASURES_REDIS_URL = "127.0.0.1"
FLEXMEASURES_REDIS_PORT = ${redis}
FLEXMEASURES_REDIS_DB_NR = 0
FLEXMEASURES_REDIS_PASSWORD = None
FLEXMEASURES_API_DEFAULT_RATE_LIMIT = "1000000 per minute"
FLEXMEASURES_API_TRIGGER_RATE_LIMIT = "1000000 per minute"
FLEXMEASURES_JOB_TTL = timedelta(days=1)
RATELIMIT_STORAGE_URI = "memory://"
`

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGINT')
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await gone
  clearTimeout(timer)
}
