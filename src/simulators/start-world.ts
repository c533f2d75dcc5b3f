/** Starts the simulated world in a process of its own and speaks with it. */
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { moduleToRun, nodeFlagsFor, Problem } from '#kernel'
import type { FromWorld, PastSeries, PlatformAddress, ToWorld, WorldSpec, WorldState } from './world-spec.ts'

export interface RunningWorld {
  /** Modbus ports by device. */
  readonly ports: Readonly<Record<string, number>>
  /** The past that was asked for. */
  readonly past: readonly PastSeries[]
  /** Tells the world where the platform listens. */
  go(platform: PlatformAddress): void
  state(): Promise<WorldState>
  /** @throws Problem as the world refuses */
  command(name: string, body: Record<string, unknown>): Promise<WorldState>
  /** Called when the process ends by itself. */
  onEnd(listener: (code: number | null) => void): void
  stop(): Promise<void>
}

const PATIENCE = 10_000

export interface WorldOptions {
  /** Names the process, so that what a killed run left behind is stopped first. */
  pidFile?: string
  /** A process that `forkWorld` started before. */
  child?: ChildProcess
  /** How long its devices may take to listen, ms. */
  patience?: number
}

/** Starts the empty process of a world, which takes a moment; `startWorld` fills it. */
export async function forkWorld(pidFile?: string): Promise<ChildProcess> {
  if (pidFile) await stopLeftOver(pidFile)
  const entry = moduleToRun(new URL('./world-process.ts', import.meta.url))
  const child = fork(entry, { execArgv: nodeFlagsFor(entry), stdio: ['ignore', 'inherit', 'inherit', 'ipc'], serialization: 'advanced' })
  if (pidFile && child.pid !== undefined) writeFileSync(pidFile, `${child.pid}\n`, { mode: 0o600 })
  return child
}

/** Starts the world; resolves when its devices listen. @throws Problem `world-not-started` */
export async function startWorld(spec: WorldSpec, { pidFile, patience = 60_000, ...given }: WorldOptions = {}): Promise<RunningWorld> {
  const child = given.child ?? (await forkWorld(pidFile))
  const tell = (message: ToWorld) => void child.send(message)
  const series: PastSeries[] = []
  const waiting = new Map<number, { resolve(value: WorldState): void; reject(error: unknown): void }>()
  let serial = 0
  const ports = await new Promise<Record<string, number>>((resolve, reject) => {
    const refuse = (why: string) =>
      reject(
        new Problem('world-not-started', `The simulated world did not start: ${why}.`, {
          status: 503,
          hint: 'Run again with CARIFLEX_LOG_LEVEL=debug, or without the demo.',
        }),
      )
    const timer = setTimeout(() => refuse(`no answer within ${patience / 1000} s`), patience)
    child.once('exit', (code) => refuse(`it ended with ${code}`))
    child.once('error', (error) => refuse(error.message))
    child.on('message', (message: FromWorld) => {
      if (message.kind === 'past') series.push(...message.series)
      else if (message.kind === 'ready') {
        clearTimeout(timer)
        resolve(message.ports)
      } else answer(message)
    })
    tell({ kind: 'open', spec })
  }).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })

  function answer({ question, value, problem }: Extract<FromWorld, { kind: 'answer' }>): void {
    const asked = waiting.get(question)
    waiting.delete(question)
    if (problem)
      asked?.reject(
        new Problem(problem.code, problem.message, { status: problem.status, ...(problem.hint !== undefined && { hint: problem.hint }) }),
      )
    else asked?.resolve(value as WorldState)
  }
  const ask = (message: { kind: 'state' } | { kind: 'command'; name: string; body: Record<string, unknown> }): Promise<WorldState> =>
    new Promise((resolve, reject) => {
      const question = ++serial
      const silent = () =>
        new Problem('world-silent', 'The simulated world does not answer.', { status: 503, retry: 'later', hint: 'Restart the demo.' })
      if (!child.connected) return reject(silent())
      const timer = setTimeout(() => {
        waiting.delete(question)
        reject(silent())
      }, PATIENCE)
      const done =
        <Value>(then: (value: Value) => void) =>
        (value: Value) => {
          clearTimeout(timer)
          then(value)
        }
      waiting.set(question, { resolve: done(resolve), reject: done(reject) })
      tell({ ...message, question })
    })

  return {
    ports,
    past: series,
    go: (platform) => tell({ kind: 'go', platform }),
    state: () => ask({ kind: 'state' }),
    command: (name, body) => ask({ kind: 'command', name, body }),
    onEnd: (listener) => void child.once('exit', listener),
    stop: () => endWorld(child, pidFile),
  }
}

/** Ends the process of a world, whether it was filled or not; resolves when it is gone. */
export async function endWorld(child: ChildProcess, pidFile?: string): Promise<void> {
  await ended(child, () => child.connected && child.disconnect())
  if (pidFile) rmSync(pidFile, { force: true })
}

async function ended(child: ChildProcess, ask: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = new Promise((resolve) => child.once('exit', resolve))
  const timer = setTimeout(() => child.kill('SIGKILL'), 4000)
  ask()
  await over
  clearTimeout(timer)
}

/** Ends a world whose platform was killed: it ends by itself within moments; this makes sure before its ports are needed again. */
async function stopLeftOver(pidFile: string): Promise<void> {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : Number.NaN
  if (!Number.isInteger(pid) || pid <= 1) return
  for (let tries = 0; tries < 60 && isWorld(pid); tries++) {
    if (tries === 40) process.kill(pid, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  rmSync(pidFile, { force: true })
}

/** True when the process lives and is a world (a number may have been given to another program since). */
function isWorld(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !existsSync(`/proc/${pid}/cmdline`) || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('world-process')
  } catch {
    return false
  }
}
