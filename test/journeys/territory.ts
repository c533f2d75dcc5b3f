/** Starts the real program, as a user does, in a folder of its own: journeys, interop and browser tests stand on it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..')
export const EMAIL = 'admin@island.test'
export const PASSWORD = 'island-Password-2026'

export interface Territory {
  readonly url: string
  readonly folder: string
  /** What the program printed so far. */
  output(): string
  /** The process of the program that runs now. */
  pid(): number
  /** JSON request as the administrator; a problem answer does not reject: look at `status`. */
  ask<T = unknown>(method: string, path: string, body?: unknown): Promise<{ status: number; headers: Headers; body: T }>
  token(): Promise<string>
  /** Ends the program: 'SIGINT' as Ctrl-C, 'SIGKILL' as a crash (the whole process group). */
  stop(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on the same folder and port. */
  start(): Promise<void>
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Asks again every `every` ms until the answer satisfies, or fails with what was seen last. */
export async function until<T>(
  what: string,
  look: () => Promise<T>,
  holds: (value: T) => boolean,
  timeout = 30_000,
  every = 100,
): Promise<T> {
  const end = performance.now() + timeout
  let last: T | undefined
  let trouble: unknown
  while (performance.now() < end) {
    try {
      last = await look()
      if (holds(last)) return last
      trouble = undefined
    } catch (error) {
      trouble = error
    }
    await new Promise((resolve) => setTimeout(resolve, every))
  }
  throw new Error(`${what} did not happen within ${timeout / 1000} s; last seen: ${trouble ?? JSON.stringify(last)?.slice(0, 2000)}`)
}

/**
 * The demo island moved around the world to where it is about so many hours after midnight now: what cars, batteries and the sun do is then
 * the same whenever the test runs.
 */
function islandAt(hour: number): string {
  // Whole hours between -11 and 12, so that the zone has a name; those of Etc/GMT count westwards.
  const offset = ((hour - new Date().getUTCHours() + 11 + 24) % 24) - 11
  const zone = `Etc/GMT${offset > 0 ? '-' : '+'}${Math.abs(offset)}`
  const east = (offset + 4) * 15
  const moved = (longitude: number) => ((((longitude + east + 180) % 360) + 360) % 360) - 180
  return readFileSync(join(ROOT, 'examples', 'martinique.yaml'), 'utf8')
    .replaceAll('America/Martinique', zone)
    .replace(/longitude: (-?[\d.]+)/g, (_all, longitude: string) => `longitude: ${moved(Number(longitude)).toFixed(4)}`)
}

/**
 * The demo island (or the configuration file given), ready. Stopped and its folder removed when the test ends.
 * `args` go to `cariflex start`; `env` adds to the environment; with `hour` the island is where it is about that hour of the day.
 */
export async function startTerritory(
  t: TestContext,
  options: { args?: string[]; env?: Record<string, string>; readyWithin?: number; hour?: number } = {},
): Promise<Territory> {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-journey-'))
  chmodSync(folder, 0o755)
  const moved = join(folder, 'island.yaml')
  if (options.hour !== undefined) writeFileSync(moved, islandAt(options.hour))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  let printed = ''
  let token: string | undefined

  const start = async () => {
    token = undefined
    const env = {
      ...process.env,
      CARIFLEX_PORT: String(port),
      CARIFLEX_DATA: join(folder, 'data'),
      CARIFLEX_ADMIN_EMAIL: EMAIL,
      CARIFLEX_ADMIN_PASSWORD: PASSWORD,
      ...(options.hour !== undefined && { CARIFLEX_SIMULATION__TERRITORY: moved }),
      ...options.env,
    }
    for (const name of ['PORT', 'DATABASE_URL', 'NODE_TEST_CONTEXT'])
      if (!options.env?.[name]) delete (env as Record<string, unknown>)[name]
    child = spawn(process.execPath, [join(ROOT, 'bin', 'cariflex.js'), 'start', ...(options.args ?? [])], {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    const listen = (chunk: Buffer) => {
      printed = (printed + chunk.toString()).slice(-200_000)
    }
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    const running = child
    await until(
      'the program being ready',
      async () => {
        if (running.exitCode !== null) return 'ended'
        const response = await fetch(`${url}/health/ready`).catch(() => undefined)
        return response?.ok ? 'ready' : 'waiting'
      },
      (state) => state !== 'waiting',
      options.readyWithin ?? 60_000,
    )
    if (running.exitCode !== null)
      throw new Error(`the program ended with ${running.exitCode} instead of starting:\n${printed.slice(-4000)}`)
  }

  const stop = async (signal: NodeJS.Signals = 'SIGINT') => {
    const running = child
    if (!running || running.exitCode !== null || running.signalCode !== null) return
    const ended = new Promise((resolve) => running.once('exit', resolve))
    if (signal === 'SIGKILL') process.kill(-running.pid!, signal)
    else running.kill(signal)
    await ended
  }

  const tokenOf = async () => {
    if (token) return token
    const response = await fetch(`${url}/api/requestAuthToken`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: EMAIL, password: PASSWORD }),
    })
    if (!response.ok) throw new Error(`sign-in answered ${response.status}: ${await response.text()}`)
    token = ((await response.json()) as { auth_token: string }).auth_token
    return token
  }

  t.after(async () => {
    await stop('SIGINT')
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  })
  await start()
  return {
    url,
    folder,
    output: () => printed,
    pid: () => child!.pid!,
    token: tokenOf,
    stop,
    start,
    async ask<T>(method: string, path: string, body?: unknown) {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: await tokenOf(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, body: (text === '' ? undefined : JSON.parse(text)) as T }
    },
  }
}
