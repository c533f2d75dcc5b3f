import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test, { type TestContext } from 'node:test'
import { createLog, isProblem, nodeFlagsFor, silentLog, systemClock } from '#kernel'
import { openStore } from '../open.ts'
import { scratchHome } from '../scratch-place.ts'
import type { Store } from '../store.ts'
import { isAlive } from './alive.ts'
import { type EmbeddedOptions, startEmbedded } from './start.ts'

const root = process.getuid?.() === 0 ? false : 'needs to run as root'
const NOBODY = { uid: 65_534, gid: 65_534 }

const undone = new WeakMap<TestContext, (() => unknown)[]>()

/** Like `t.after`, but the last thing begun is the first to be ended: a server stops before its folder goes. */
function finallyDo(t: TestContext, step: () => unknown): void {
  const known = undone.get(t)
  if (known) return void known.push(step)
  const steps = [step]
  undone.set(t, steps)
  t.after(async () => {
    for (const each of steps.reverse()) await each()
  })
}

/** A data folder that is removed after the test; 0711 as the platform makes it. */
function dataFolder(t: TestContext, mode = 0o711): string {
  const folder = mkdtempSync(join(scratchHome(), 'cariflex-embedded-'))
  chmodSync(folder, mode)
  finallyDo(t, () => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  return folder
}

async function start(t: TestContext, folder: string, more: Partial<EmbeddedOptions> = {}) {
  const embedded = await startEmbedded({ folder, log: silentLog, clock: systemClock, ...more })
  const store = openStore({ url: embedded.url, log: silentLog, clock: systemClock, connections: 2 })
  let open = true
  const stop = async () => {
    if (!open) return
    open = false
    await store.close()
    await embedded.stop()
  }
  finallyDo(t, stop)
  return { embedded, store, stop }
}

/** A platform in a process of its own, which can be killed. */
async function platform(t: TestContext, folder: string, identity: { uid?: number; gid?: number } = {}) {
  const door = new URL('./start.ts', import.meta.url).href
  const kernel = import.meta.resolve('#kernel')
  const script = `
    const { startEmbedded } = await import('${door}')
    const { silentLog, systemClock } = await import('${kernel}')
    try {
      const { url, pid, cluster } = await startEmbedded({ folder: '${folder}', log: silentLog, clock: systemClock })
      console.log(JSON.stringify({ url, server: pid(), cluster }))
      setInterval(() => {}, 1000)
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message }))
    }`
  const child = spawn(process.execPath, [...nodeFlagsFor(door), '--input-type=module', '-e', script], {
    ...identity,
    env: { PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  finallyDo(t, () => child.kill('SIGKILL'))
  for await (const line of createInterface({ input: child.stdout }))
    return { child, said: JSON.parse(line) as { url: string; server: number; cluster: string; code?: string; message?: string } }
  throw new Error('the platform said nothing')
}

const ended = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null ? undefined : new Promise((resolve) => child.once('exit', resolve))

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await what()) return
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  assert.fail('it did not come to pass within 10 s')
}

const remember = (store: Store, word: string) =>
  store.query(`create table if not exists kept (word text); insert into kept values ('${word}')`)
const remembered = async (store: Store) =>
  (await store.query<{ word: string }>('select word from kept order by word')).map(({ word }) => word)

test('a first start makes the database, a second finds it on the same port, a stop leaves nothing running', async (t) => {
  const folder = dataFolder(t)
  const first = await start(t, folder)
  await remember(first.store, 'one')
  assert.deepEqual(await first.store.first('show fsync'), { fsync: 'on' })
  const pid = first.embedded.pid() ?? 0
  await first.stop()
  assert.ok(!isAlive(pid))
  assert.ok(!existsSync(join(folder, 'platform.lock')))
  const second = await start(t, folder)
  assert.equal(second.embedded.url, first.embedded.url)
  assert.deepEqual(await remembered(second.store), ['one'])
  assert.equal(statSync(join(folder, 'pg-password')).mode & 0o777, 0o600)
  assert.equal(statSync(second.embedded.cluster).mode & 0o777, 0o700)
  const stranger = new URL(second.embedded.url)
  stranger.password = 'guess'
  const refused = openStore({ url: stranger.href, log: silentLog, clock: systemClock })
  t.after(() => refused.close())
  await assert.rejects(refused.query('select 1'), { code: 'database-refused' })
})

test('a second platform on the same folder is refused by the number of the first', async (t) => {
  const folder = dataFolder(t)
  const { embedded } = await start(t, folder)
  const { said } = await platform(t, folder)
  assert.equal(said.code, 'folder-in-use')
  assert.match(said.message ?? '', new RegExp(`process ${process.pid}\\b`))
  assert.ok(isAlive(embedded.pid() ?? 0))
})

test('after kill -9 of the platform the next start stops the orphan, takes the lock over and finds every committed row', async (t) => {
  const folder = dataFolder(t)
  const { child, said } = await platform(t, folder)
  const store = openStore({ url: said.url, log: silentLog, clock: systemClock })
  await remember(store, 'before the kill')
  child.kill('SIGKILL')
  await ended(child)
  await store.close()
  assert.ok(isAlive(said.server), 'the server was not orphaned: this test tests nothing')
  const next = await start(t, folder)
  assert.ok(!isAlive(said.server))
  assert.deepEqual(await remembered(next.store), ['before the kill'])
})

test('platform and server killed together: the next start recovers', async (t) => {
  const folder = dataFolder(t)
  const { child, said } = await platform(t, folder)
  const store = openStore({ url: said.url, log: silentLog, clock: systemClock })
  await remember(store, 'before the crash')
  await store.close()
  child.kill('SIGKILL')
  process.kill(said.server, 'SIGKILL')
  await ended(child)
  const next = await start(t, folder)
  assert.deepEqual(await remembered(next.store), ['before the crash'])
})

test('a server that dies is started again; meanwhile queries answer 503, later', async (t) => {
  const folder = dataFolder(t)
  const { embedded, store } = await start(t, folder)
  await remember(store, 'committed')
  const pid = embedded.pid() ?? 0
  process.kill(pid, 'SIGKILL')
  const answers: unknown[] = []
  await until(async () => {
    const answer = await store.query('select 1').catch((error: unknown) => error)
    answers.push(answer)
    return answers.some((seen) => seen instanceof Error) && !(answer instanceof Error)
  })
  for (const answer of answers) if (answer instanceof Error) assert.equal((answer as Error & { code: string }).code, 'database-unavailable')
  assert.notEqual(embedded.pid(), pid)
  assert.deepEqual(await remembered(store), ['committed'])
})

test('a lost password is replaced, a half-made database is made anew', async (t) => {
  const folder = dataFolder(t)
  mkdirSync(join(folder, 'pg.new'))
  writeFileSync(join(folder, 'pg.new', 'PG_VERSION'), 'half')
  const first = await start(t, folder)
  await remember(first.store, 'kept')
  await first.stop()
  rmSync(join(folder, 'pg-password'))
  const second = await start(t, folder)
  assert.notEqual(second.embedded.url, first.embedded.url)
  assert.deepEqual(await remembered(second.store), ['kept'])
})

test('a database of another PostgreSQL version is refused before anything touches it', async (t) => {
  const folder = dataFolder(t)
  mkdirSync(join(folder, 'pg'))
  writeFileSync(join(folder, 'pg', 'PG_VERSION'), '12\n')
  await assert.rejects(startEmbedded({ folder, log: silentLog, clock: systemClock }), {
    code: 'database-of-other-version',
    message: /PostgreSQL 12/,
  })
  assert.ok(!existsSync(join(folder, 'platform.lock')))
})

test('as root without a user postgres the server runs as nobody', { skip: root }, async (t) => {
  const folder = dataFolder(t)
  const { embedded, store } = await start(t, folder, { account: NOBODY })
  assert.equal(statSync(`/proc/${embedded.pid()}`).uid, NOBODY.uid)
  assert.equal(embedded.cluster, join(folder, 'pg'))
  await remember(store, 'nobody')
})

test('a data folder that only root may enter: the database moves, says where, and is found again', { skip: root }, async (t) => {
  const folder = dataFolder(t, 0o700)
  const shelter = dataFolder(t)
  const lines: string[] = []
  const log = createLog('info', (line) => lines.push(line))
  const first = await start(t, folder, { account: NOBODY, shelters: [join(shelter, 'lib')], log })
  await remember(first.store, 'sheltered')
  assert.ok(first.embedded.cluster.startsWith(shelter))
  assert.ok(lines.some((line) => line.includes(first.embedded.cluster)))
  assert.equal(statSync(first.embedded.cluster).mode & 0o777, 0o700)
  assert.equal(statSync(first.embedded.cluster).uid, NOBODY.uid)
  await first.stop()
  const again = await start(t, folder, { account: NOBODY, shelters: [join(shelter, 'lib')] })
  assert.equal(again.embedded.cluster, first.embedded.cluster)
  assert.deepEqual(await remembered(again.store), ['sheltered'])
  await again.stop()
  rmSync(join(folder, 'pg-location.json'))
  const anew = await start(t, folder, { account: NOBODY, shelters: [join(shelter, 'lib')], log })
  assert.notEqual(anew.embedded.cluster, first.embedded.cluster)
  assert.ok(lines.some((line) => line.includes('earlier data folder') && line.includes(first.embedded.cluster.replace(/\/pg$/, ''))))
})

test('an ordinary user runs it in a folder of their own', { skip: root }, async (t) => {
  const daemon = /^daemon:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'))
  const user = { uid: Number(daemon?.[1]), gid: Number(daemon?.[2]) }
  const folder = dataFolder(t)
  chownSync(folder, user.uid, user.gid)
  const { said, child } = await platform(t, join(folder, 'data'), user)
  assert.equal(said.message, undefined)
  assert.equal(statSync(`/proc/${said.server}`).uid, user.uid)
  assert.equal(readFileSync(join(folder, 'data', 'pg-port'), 'utf8').trim(), new URL(said.url).port)
  child.kill('SIGKILL')
  await ended(child)
  // Root continues with what the ordinary user made, under the ordinary user's name.
  const { embedded } = await start(t, join(folder, 'data'))
  assert.equal(statSync(`/proc/${embedded.pid()}`).uid, user.uid)
})

test('a user number that the machine has no name for is told what is missing', { skip: root }, async (t) => {
  const folder = dataFolder(t)
  const nameless = { uid: 54_321, gid: 54_321 }
  await assert.rejects(startEmbedded({ folder, log: silentLog, clock: systemClock, account: nameless }), (error) => {
    assert.ok(isProblem(error))
    assert.equal(error.code, 'database-not-created')
    assert.match(error.hint ?? '', /\/etc\/passwd/)
    return true
  })
})
