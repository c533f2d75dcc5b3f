import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { instant, isProblem, manualClock, SECOND, silentLog, systemClock } from '#kernel'
import { startEmbedded } from './embedded/start.ts'
import { openStore } from './open.ts'
import { openWatchdog } from './watchdog.ts'

test('a server that hangs fails whoever waits on it with 503, and works again when it wakes', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-hang-'))
  chmodSync(folder, 0o755)
  const database = await startEmbedded({ folder, log: silentLog, clock: systemClock })
  const clock = manualClock(instant(Date.UTC(2026, 10, 24)))
  const store = openStore({ url: database.url, log: silentLog, clock, connections: 2 })
  const keeper = Number(readFileSync(join(folder, 'pg', 'postmaster.pid'), 'utf8').split('\n')[0])
  const server = () =>
    execFileSync('ps', ['-o', 'pid=', '--ppid', String(keeper)], { encoding: 'utf8' })
      .trim()
      .split(/\s+/)
      .map(Number)
      .concat(keeper)
  let stopped: number[] = []
  const wake = () => {
    for (const pid of stopped.splice(0)) process.kill(pid, 'SIGCONT')
  }
  t.after(async () => {
    wake()
    await store.close()
    await database.stop()
    rmSync(folder, { recursive: true, force: true, maxRetries: 20 })
  })
  await store.query('create table word (text text)')
  let inside = () => {}
  const begun = new Promise<void>((resolve) => {
    inside = resolve
  })
  let goOn = () => {}
  const asleep = new Promise<void>((resolve) => {
    goOn = resolve
  })
  const write = store.transact(async (tx) => {
    await tx.query("insert into word values ('lost')")
    inside()
    await asleep
    await tx.query("insert into word values ('lost too')")
  })
  await begun
  stopped = server()
  for (const pid of stopped) process.kill(pid, 'SIGSTOP')
  goOn()
  const read = store.query('select * from word')
  const refused = (error: unknown) => isProblem(error) && error.code === 'database-unavailable' && error.status === 503
  const both = Promise.all([assert.rejects(write, refused), assert.rejects(read, refused)])
  // The queries must be on their way before time passes.
  await new Promise(setImmediate)
  clock.forward(6 * SECOND)
  await both
  wake()
  assert.deepEqual(await store.query('select * from word'), [], 'nothing of what was refused half way is there')
})

test('a query may take long while the server lives', async () => {
  const clock = manualClock(instant(0))
  let asked = 0
  let answer = (_: boolean) => {}
  const dog = openWatchdog(clock, () => {
    asked++
    return new Promise((resolve) => {
      answer = resolve
    })
  })
  let finish = (_: string) => {}
  const long = dog.guard(
    () =>
      new Promise<string>((resolve) => {
        finish = resolve
      }),
  )
  for (let round = 1; round <= 3; round++) {
    clock.forward(6 * SECOND)
    assert.equal(asked, round)
    answer(true)
    await new Promise(setImmediate)
  }
  finish('done')
  assert.equal(await long, 'done')
  clock.forward(60 * SECOND)
  assert.equal(asked, 3, 'nobody is asked while nobody waits')
})
