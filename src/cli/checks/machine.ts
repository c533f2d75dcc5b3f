/** Checks of the machine: Node.js, clock, time zone, data folder, disk, port, user interface. */
import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Clock, type Config, describeError, formatInstant, isZone } from '#kernel'
import { holderOf } from '#store'
import { type Finding, fail, ok, warn } from '../finding.ts'
import { fetchWithin, localUrl } from '../instance.ts'

const MB = 1_000_000
/** An empty database takes about 60 MB; a demo of two weeks some 200. */
const TOO_LITTLE = 300 * MB
const LITTLE = 2000 * MB

/** `version` as in `process.versions.node`. */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 20 || (major === 20 && minor >= 19)
    ? ok('Node.js', version)
    : fail('Node.js', `${version} is too old: 20.19 or later is needed.`, 'Install a newer one from https://nodejs.org.')
}

/** `zone` is this machine's. */
export function checkClock(clock: Clock, zone: string): Finding {
  const now = clock.now()
  const year = Number(formatInstant(now).slice(0, 4))
  const text = `${formatInstant(now)}, zone ${zone}`
  if (year < 2025 || year > 2100) return fail('Clock', `${text}: that is not today.`, 'Set the clock of this machine, best by NTP.')
  return isZone(zone)
    ? ok('Clock', text)
    : warn('Clock', `${text}: this zone is not known.`, "Set TZ to a zone such as 'America/Martinique'.")
}

/** The data folder can be written and has room. */
export function checkFolder(folder: string, roomOf: (path: string) => number = freeBytes): Finding {
  const path = resolve(folder)
  let at = path
  while (!existsSync(at)) at = dirname(at)
  try {
    accessSync(at, constants.W_OK | constants.X_OK)
  } catch {
    return fail(
      'Data folder',
      `${at} cannot be written by this user.`,
      'Choose another folder with --data or CARIFLEX_DATA, or change its owner.',
    )
  }
  const free = roomOf(at)
  const text = `${path}${at === path ? '' : ' (will be made)'}, ${(free / 1e9).toFixed(1)} GB free`
  const hint = 'Make room, or choose a folder on another disk with --data.'
  if (free < TOO_LITTLE) return fail('Data folder', `${text}: too little for a database.`, hint)
  return free < LITTLE ? warn('Data folder', `${text}: that will not last.`, hint) : ok('Data folder', text)
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize
}

/** The port is free, or it is ours that listens there: `ours` tells whether our token opens what answers. */
export async function checkPort({ server, database }: Config, clock: Clock, ours: () => Promise<boolean>): Promise<Finding> {
  const { host, port } = server
  const error = await listen(host, port)
  if (!error) return ok('Port', port === 0 ? 'any free one' : `${port} of ${host} is free`)
  if (error.code === 'EACCES') return fail('Port', `This user may not open port ${port}.`, 'Take a port above 1023 with --port.')
  if (error.code === 'EADDRNOTAVAIL') return fail('Port', `This machine has no address ${host}.`, 'Use 127.0.0.1 or 0.0.0.0.')
  if (error.code !== 'EADDRINUSE')
    return fail('Port', `${host}:${port} cannot be opened: ${describeError(error)}.`, 'Correct --host and --port.')
  const answers = await isCariflex(localUrl(server))
  const holder = holderOf(database.folder, clock)
  if (answers && (holder !== undefined || (await ours())))
    return ok('Port', `${port}: Cariflex is running here${holder === undefined ? '' : ` (process ${holder})`}`)
  const who = answers ? 'another Cariflex, with another data folder' : 'another program'
  return fail('Port', `${port} is taken by ${who}.`, 'Stop it, or choose another port with --port or CARIFLEX_PORT.')
}

const listen = (host: string, port: number): Promise<NodeJS.ErrnoException | undefined> =>
  new Promise((done) => {
    const probe = createServer()
    probe.once('error', done)
    probe.listen({ host, port }, () => probe.close(() => done(undefined)))
  })

/** True when what answers there speaks as we do. */
export async function isCariflex(url: string): Promise<boolean> {
  try {
    const response = await fetchWithin(1000, `${url}/health/live`)
    return ((await response.json()) as { status?: string }).status === 'alive'
  } catch {
    return false
  }
}

const WEB = fileURLToPath(new URL('../../../dist/web/index.html', import.meta.url))

export const checkWeb = (page = WEB): Finding =>
  existsSync(page)
    ? ok('Interface', `built, ${dirname(page)}`)
    : warn(
        'Interface',
        'The user interface is not built: only the APIs will answer.',
        `Run 'npm start' or 'npm run web' in ${join(page, '../../..')}.`,
      )
