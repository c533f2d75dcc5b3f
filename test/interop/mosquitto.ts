/** Mosquitto from Debian: started with TLS and a password, in a folder of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

/** Debian installs it where users do not look. */
const MOSQUITTO = '/usr/sbin/mosquitto'
export const hasMosquitto = (): boolean => spawnSync(MOSQUITTO, ['-h']).error === undefined

export interface Mosquitto {
  url: string
  /** PEM of the authority that its certificate is from. */
  authority: string
  start(): Promise<void>
  /** Ends it at once; what it kept on its disk stays. */
  kill(): Promise<void>
}

function run(folder: string, file: string, ...args: string[]): void {
  const done = spawnSync(file, args, { cwd: folder, encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`${file} ${args[0]} failed: ${done.stderr}`)
}

/** Where Debian puts the plugin that keeps accounts and their rights. */
const DYNAMIC_SECURITY = `/usr/lib/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu/mosquitto_dynamic_security.so`
export const hasDynamicSecurity = (): boolean => hasMosquitto() && existsSync(DYNAMIC_SECURITY)

/** One broker on a port, with a user `ems` whose password is `secret`; with dynamic security that user administers the accounts. */
export function mosquitto(t: TestContext, port: number, { dynamicSecurity = false } = {}): Mosquitto {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-mosquitto-'))
  run(
    folder,
    'openssl',
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost'.split(
      ' ',
    ),
  )
  if (dynamicSecurity) run(folder, 'mosquitto_ctrl', 'dynsec', 'init', 'accounts.json', 'ems', 'secret')
  else run(folder, 'mosquitto_passwd', '-c', '-b', 'passwords', 'ems', 'secret')
  const at = (name: string) => join(folder, name)
  writeFileSync(
    at('mosquitto.conf'),
    [
      `listener ${port} 127.0.0.1`,
      `certfile ${at('cert.pem')}`,
      `keyfile ${at('key.pem')}`,
      ...(dynamicSecurity
        ? [`plugin ${DYNAMIC_SECURITY}`, `plugin_opt_config_file ${at('accounts.json')}`]
        : [`password_file ${at('passwords')}`]),
      'allow_anonymous false',
      'persistence true',
      `persistence_location ${folder}/`,
      'autosave_interval 1',
      'autosave_on_changes true',
      ...(process.getuid?.() === 0 ? ['user root'] : []),
    ].join('\n'),
  )
  let child: ChildProcess | undefined
  const kill = async () => {
    if (!child) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    child = undefined
  }
  t.after(async () => {
    await kill()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    url: `mqtts://localhost:${port}`,
    authority: readFileSync(at('cert.pem'), 'utf8'),
    async start() {
      child = spawn(MOSQUITTO, ['-c', at('mosquitto.conf')], { stdio: ['ignore', 'ignore', 'pipe'] })
      let said = ''
      await new Promise<void>((resolve, reject) => {
        child!.stderr!.on('data', (part) => {
          said += part
          if (/ running/.test(said)) resolve()
        })
        child!.once('exit', () => reject(new Error(`mosquitto did not start: ${said}`)))
      })
    },
    kill,
  }
}
