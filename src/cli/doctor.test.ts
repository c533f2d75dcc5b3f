import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as http } from 'node:http'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { instant, manualClock, systemClock } from '#kernel'
import { scratchStore } from '#store'
import { checkDatabaseClock, checkMigrations } from './checks/database.ts'
import { checkClock, checkFolder, checkNode, checkWeb } from './checks/machine.ts'
import type { Finding } from './finding.ts'
import { cariflex } from './terminal.fixture.ts'

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-doctor-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  return folder
}

async function listening(t: TestContext): Promise<number> {
  const server: Server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as { port: number }).port
}

async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function examine(env: Record<string, string>, ...more: string[]): Promise<{ code: number; of(check: string): Finding | undefined }> {
  const ran = await cariflex('doctor --json', { env, more })
  const { findings } = ran.json<{ findings: Finding[] }>()
  return { code: ran.code, of: (check) => findings.find((finding) => finding.check === check) }
}

test('a new machine is found fit and nothing is made on it', async (t) => {
  const folder = folderOf(t)
  const { code, of } = await examine({ CARIFLEX_DATA: join(folder, 'data'), CARIFLEX_PORT: String(await closedPort()) })
  assert.equal(code, 0)
  assert.match(of('Data folder')?.text ?? '', /will be made/)
  assert.match(of('Database')?.text ?? '', /will be made by the first start/)
})

test('a port that another program holds is a failure that says what to do', async (t) => {
  const port = await listening(t)
  const { code, of } = await examine({ CARIFLEX_DATA: folderOf(t), CARIFLEX_PORT: String(port) })
  assert.equal(code, 1)
  assert.deepEqual([of('Port')?.level, of('Port')?.text], ['fail', `${port} is taken by another program.`])
  assert.match(of('Port')?.hint ?? '', /--port/)
})

/** A platform as doctor sees it: alive, and known to those who have the token `ours`. */
async function platform(t: TestContext): Promise<number> {
  const answers: Record<string, unknown> = {
    '/health/live': { status: 'alive' },
    '/api/cariflex/v1/session': { user: {} },
    '/api/cariflex/v1/assets': {
      data: [
        { device: 'BAT001', name: 'Battery 1', live: { freshness: 'fresh', why: null } },
        { device: 'BAT002', name: 'Battery 2', live: { freshness: 'silent', why: 'ECONNREFUSED' } },
        { device: 'CP001', name: 'Charger 1', live: { freshness: 'silent', why: null } },
        { device: null, name: 'Weather', live: { freshness: 'silent', why: null } },
      ],
    },
    '/api/cariflex/v1/stations': { data: [{ identity: 'CP001', online: false }] },
  }
  const server = http((request, response) => {
    const open = request.url === '/health/live' || request.headers.authorization === 'Bearer ours'
    response.writeHead(open ? 200 : 401, { 'content-type': 'application/json' }).end(JSON.stringify(open ? answers[request.url ?? ''] : {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as { port: number }).port
}

test('a platform that runs here on your own database is ours: it is asked for its devices', async (t) => {
  const store = await scratchStore(t)
  const folder = folderOf(t)
  const env = { CARIFLEX_DATA: folder, CARIFLEX_PORT: String(await platform(t)), DATABASE_URL: store.url }
  writeFileSync(join(folder, 'cli-token'), 'ours\n')
  const { code, of } = await examine(env)
  assert.equal(code, 0)
  assert.match(of('Port')?.text ?? '', /is running here/)
  assert.equal(of('Devices')?.text, '1 of 3 are heard')
  assert.match(of('BAT002')?.text ?? '', /silent for five minutes: ECONNREFUSED/)
  assert.equal(of('CP001')?.text, 'The station is not connected.')
  const stranger = await examine({ ...env, CARIFLEX_DATA: folderOf(t) })
  assert.equal(stranger.of('Port')?.level, 'fail')
  assert.match(stranger.of('Port')?.text ?? '', /another Cariflex/)
})

test('a broken configuration is told with its line and the machine is examined all the same', async (t) => {
  const file = join(folderOf(t), 'cariflex.yaml')
  writeFileSync(file, 'server:\n  prot: 1\n')
  const { code, of } = await examine({}, '--config', file)
  assert.equal(code, 1)
  assert.match(of('Configuration')?.text ?? '', /:2:3: unknown key 'prot'/)
  assert.equal(of('Node.js')?.level, 'ok')
  assert.ok(of('Data folder'))
})

test('your own database is asked for version, tables and clock; one that is away is a failure', async (t) => {
  const store = await scratchStore(t)
  const common = { CARIFLEX_DATA: folderOf(t), CARIFLEX_PORT: String(await closedPort()) }
  const there = await examine({ ...common, DATABASE_URL: store.url })
  assert.equal(there.code, 0)
  for (const check of ['Database', 'Tables', 'Its clock']) assert.equal(there.of(check)?.level, 'ok', check)
  const away = await examine({ ...common, DATABASE_URL: `postgres://a:b@127.0.0.1:${await closedPort()}/x` })
  assert.equal(away.code, 1)
  assert.equal(away.of('Database')?.level, 'fail')
})

test('Modbus devices of the configuration are knocked at', async (t) => {
  const file = join(folderOf(t), 'cariflex.yaml')
  const device = (id: string, port: number) =>
    `{ id: ${id}, kind: battery, asset: A, bus: modbus, template: battery/plain-battery, host: 127.0.0.1, port: ${port}, nominalKw: 5, capacityKwh: 10, sensors: {} }`
  const site = '{ name: S, timezone: Europe/Paris, currency: EUR, latitude: 1, longitude: 1, roles: {} }'
  writeFileSync(
    file,
    `territory:\n  account: A\n  site: ${site}\n  assets: [{ name: A, type: battery }]\n  devices:\n    - ${device('HERE', await listening(t))}\n    - ${device('GONE', await closedPort())}\n`,
  )
  const { of } = await examine({ CARIFLEX_DATA: folderOf(t), CARIFLEX_PORT: String(await closedPort()) }, '--config', file)
  assert.equal(of('HERE')?.level, 'ok')
  assert.equal(of('GONE')?.level, 'warn')
  assert.match(of('GONE')?.text ?? '', /cannot be reached: .*ECONNREFUSED/)
})

test('old Node.js, a full disk, a folder of somebody else, a clock of 1970 and a missing interface are found', (t) => {
  assert.equal(checkNode('20.18.3').level, 'fail')
  assert.equal(checkNode('20.19.0').level, 'ok')
  assert.equal(checkNode('24.0.0').level, 'ok')
  const folder = folderOf(t)
  assert.equal(checkFolder(folder, () => 100e6).level, 'fail')
  assert.equal(checkFolder(folder, () => 1e9).level, 'warn')
  assert.equal(checkFolder(folder, () => 5e9).level, 'ok')
  assert.equal(checkClock(manualClock(instant(0)), 'UTC').level, 'fail')
  assert.equal(checkClock(systemClock, 'Nowhere/City').level, 'warn')
  assert.equal(checkWeb(join(folder, 'index.html')).level, 'warn')
})

test('a database clock that is off, and tables that are missing, are found', async (t) => {
  const store = await scratchStore(t, { migrated: false })
  assert.match((await checkMigrations(store)).text, /there are none yet/)
  const now = systemClock.now()
  assert.equal((await checkDatabaseClock(store, manualClock(instant(now - 5000)))).level, 'warn')
  const far = await checkDatabaseClock(store, manualClock(instant(now + 120_000)))
  assert.equal(far.level, 'fail')
  assert.match(far.text, /behind/)
})
