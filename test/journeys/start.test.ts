import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { freePort, until } from './territory.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'bin', 'cariflex.js')

function launch(t: TestContext, port: number, prepare = (_folder: string) => {}) {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-start-'))
  chmodSync(folder, 0o755)
  prepare(folder)
  const env: NodeJS.ProcessEnv = { ...process.env, CARIFLEX_PORT: String(port), CARIFLEX_DATA: join(folder, 'data') }
  for (const name of ['PORT', 'DATABASE_URL', 'NODE_TEST_CONTEXT']) delete env[name]
  const child = spawn(process.execPath, [PROGRAM, 'start'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  t.after(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  })
  return { child, data: join(folder, 'data'), said: () => said, ended: once(child, 'close') as Promise<[number | null, string | null]> }
}

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
const pidIn = (file: string): number => (existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : 0)

test('a taken port is said before anything is started for it', async (t) => {
  const squatter = createServer().listen(0, '127.0.0.1')
  await once(squatter, 'listening')
  t.after(() => squatter.close())
  const { port } = squatter.address() as { port: number }
  const { data, said, ended } = launch(t, port)
  const [code] = await ended
  assert.equal(code, 1)
  assert.match(said(), new RegExp(`Port ${port} is taken`))
  assert.deepEqual(existsSync(data) ? readdirSync(data) : [], [], 'no database was made')
})

test('a data folder that cannot be used is said so, with the way out', async (t) => {
  const { said, ended } = launch(t, await freePort(), (folder) => writeFileSync(join(folder, 'data'), 'no folder'))
  const [code] = await ended
  assert.equal(code, 1)
  assert.match(said(), /The data folder cannot be used: .*\n.*--data or CARIFLEX_DATA/)
})

test('asked to stop while it starts, it leaves nothing running', async (t) => {
  const { child, data, said, ended } = launch(t, await freePort())
  const postmaster = await until(
    'the database begins',
    async () => pidIn(join(data, 'pg', 'postmaster.pid')),
    (pid) => pid > 0,
  )
  const world = pidIn(join(data, 'world.pid'))
  assert.ok(world > 0)
  child.kill('SIGTERM')
  const [code, signal] = await ended
  assert.deepEqual([code, signal], [0, null], said())
  assert.deepEqual([lives(postmaster), lives(world)], [false, false])
  assert.doesNotMatch(said(), /is ready/)
})
