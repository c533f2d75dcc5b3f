/** A real RabbitMQ from Debian, as a program of its own: its node, ports and folder belong to the test, nothing of the system's is touched. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { connect } from 'amqplib'
import { freePort, until } from '../journeys/territory.ts'

const inFirst = (folder: string, prefix: string, ...rest: string[]): string | undefined => {
  const found = existsSync(folder) ? readdirSync(folder).find((name) => name.startsWith(prefix)) : undefined
  const file = found === undefined ? undefined : join(folder, found, ...rest)
  return file !== undefined && existsSync(file) ? file : undefined
}
const server = () => inFirst('/usr/lib/rabbitmq/lib', 'rabbitmq_server', 'sbin', 'rabbitmq-server')
const mapper = () => inFirst('/usr/lib/erlang', 'erts-', 'bin', 'epmd')
/** Whether the programs are there. */
export const hasRabbit = (): boolean => server() !== undefined && mapper() !== undefined

export interface Rabbit {
  url: string
  /** Ends the broker and starts it anew on the same data, as after a crash. */
  restart(): Promise<void>
}

/** Starts it; stopped, and its folder removed, when the test ends. */
export async function startRabbit(t: TestContext): Promise<Rabbit> {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-rabbit-'))
  const [port, dist, names] = [await freePort(), await freePort(), await freePort()]
  const config = join(folder, 'rabbitmq.conf')
  writeFileSync(config, `listeners.tcp.local = 127.0.0.1:${port}\nloopback_users.guest = true\nlog.console = false\n`)
  writeFileSync(join(folder, 'plugins'), '[].\n')
  for (const name of ['data', 'log', 'home']) mkdirSync(join(folder, name))
  const env = {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: join(folder, 'home'),
    ERL_EPMD_PORT: String(names),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_NODENAME: `cariflex-${port}@localhost`,
    RABBITMQ_CONFIG_FILE: config,
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_PID_FILE: join(folder, 'pid'),
    RABBITMQ_DIST_PORT: String(dist),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  }
  const url = `amqp://guest:guest@127.0.0.1:${port}`
  let printed = ''
  const run = (file: string, args: string[]): ChildProcess => {
    const child = spawn(file, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        printed = (printed + chunk.toString()).slice(-4000)
      })
    return child
  }
  const end = async (child: ChildProcess | undefined) => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    process.kill(-child.pid!, 'SIGKILL')
    await ended
  }
  const epmd = run(mapper()!, ['-port', String(names), '-address', '127.0.0.1'])
  let broker: ChildProcess | undefined
  t.after(async () => {
    await end(broker)
    await end(epmd)
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  })
  const start = async () => {
    const child = run(server()!, [])
    broker = child
    await until(
      'RabbitMQ being ready',
      async () => {
        if (child.exitCode !== null) throw new Error(printed)
        const model = await connect(url, { timeout: 2000 }).catch((error: unknown) => String(error))
        if (typeof model === 'string') return `${model}\n${printed}`
        await model.close()
        return 'ready'
      },
      (state) => state === 'ready',
      60_000,
      200,
    )
  }
  await start()
  return {
    url,
    async restart() {
      await end(broker)
      await start()
    },
  }
}
