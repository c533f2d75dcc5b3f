// The package as npm makes it, installed in an empty folder as a stranger does: it must hold everything it needs to run.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { freePort, until } from '../journeys/territory.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** Runs npm up to three times: registries fail now and then. */
function npm(args: string[], cwd: string): void {
  let said = ''
  for (let attempt = 1; attempt <= 3; attempt++) {
    const done = spawnSync('npm', args, { cwd, encoding: 'utf8', timeout: 300_000 })
    if (done.status === 0) return
    said = `${done.stdout}${done.stderr}`
  }
  assert.fail(`npm ${args.join(' ')}: ${said.slice(-2000)}`)
}

test('npm pack, npm install, npx cariflex start: the island is there, with its pages, its devices and its plan', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-package-'))
  // As root the embedded database runs as another user, who must be able to enter.
  chmodSync(folder, 0o755)
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  npm(['pack', '--pack-destination', folder, '--loglevel=error'], ROOT)
  const [tarball = ''] = readdirSync(folder).filter((file) => file.endsWith('.tgz'))
  writeFileSync(join(folder, 'package.json'), '{ "name": "stranger", "private": true }')
  npm(['install', `./${tarball}`, '--no-audit', '--no-fund', '--loglevel=error'], folder)
  const inside = join(folder, 'node_modules', 'cariflex')
  assert.ok(!readdirSync(join(inside, 'src'), { recursive: true, encoding: 'utf8' }).some((file) => /\.(test|fixture)\.ts$/.test(file)))

  // The program comes built: nothing transpiles on the machine of a stranger.
  rmSync(join(folder, 'node_modules', 'tsx'), { recursive: true })
  const version = spawnSync('npx', ['--no-install', 'cariflex', '--version'], { cwd: folder, encoding: 'utf8' })
  assert.equal(version.stdout.trim(), (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version)

  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const program = start(t, folder, port)
  await until(
    'ready',
    async () => (await fetch(`${url}/health/ready`)).status,
    (status) => status === 200,
    120_000,
    500,
  )
  const page = await (await fetch(url)).text()
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? ''
  assert.equal((await fetch(`${url}${script}`)).status, 200, 'the page and its script are there')
  const headers = () => ({ authorization: `Bearer ${readFileSync(join(folder, 'data', 'cli-token'), 'utf8').trim()}` })
  const data = async (path: string) =>
    ((await (await fetch(`${url}/api/cariflex/v1${path}`, { headers: headers() })).json()) as { data: unknown }).data
  await until(
    'stations and plan',
    async () => [await data('/stations'), await data('/plans/latest')] as const,
    ([stations, plan]) => {
      const all = stations as { online: boolean }[]
      return all.length === 10 && all.every(({ online }) => online) && plan !== null && plan !== undefined
    },
    90_000,
    1000,
  )
  program.kill('SIGTERM')
  await until(
    'end',
    async () => program.exitCode ?? program.signalCode,
    (ended) => ended !== null,
    30_000,
  )
  assert.equal(program.exitCode, 0)
  assert.ok(existsSync(join(folder, 'data', 'pg')), 'what lasts is in the data folder')
})

function start(t: TestContext, cwd: string, port: number): ChildProcess {
  const log = join(cwd, 'program.log')
  const out = openSync(log, 'w')
  const program = spawn(join('node_modules', '.bin', 'cariflex'), ['start', '--port', String(port)], { cwd, stdio: ['ignore', out, out] })
  closeSync(out)
  program.once('exit', (code) => code && t.diagnostic(`the program ended with ${code}: ${readFileSync(log, 'utf8').slice(-2000)}`))
  t.after(() => program.exitCode ?? program.kill('SIGKILL'))
  return program
}
