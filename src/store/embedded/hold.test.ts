import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { systemClock } from '#kernel'
import { startOf } from './alive.ts'
import { holderOf, holdFolder } from './hold.ts'

function folderWith(t: TestContext, lock?: object | string): { folder: string; file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-hold-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  const file = join(folder, 'platform.lock')
  if (lock !== undefined) writeFileSync(file, typeof lock === 'string' ? lock : JSON.stringify(lock))
  return { folder, file }
}

const mine = (file: string) => (JSON.parse(readFileSync(file, 'utf8')) as { pid: number }).pid === process.pid

/** The number of a process that has just ended. */
const deadPid = () =>
  new Promise<number>((resolve) => {
    const child = spawn(process.execPath, ['-e', '0'])
    child.once('exit', () => resolve(child.pid ?? 0))
  })

test('a lock of a dead process is taken over, and given back', async (t) => {
  const { folder, file } = folderWith(t, { pid: await deadPid(), start: 'long ago', host: hostname() })
  assert.equal(holderOf(folder, systemClock), undefined)
  const hold = await holdFolder(folder, systemClock)
  assert.ok(mine(file))
  assert.equal(holderOf(folder, systemClock), process.pid)
  hold.release()
  assert.ok(!existsSync(file))
})

test('a lock of a living process holds, and names it', async (t) => {
  const { folder, file } = folderWith(t, { pid: process.ppid, start: startOf(process.ppid), host: hostname() })
  await assert.rejects(holdFolder(folder, systemClock), {
    code: 'folder-in-use',
    message: new RegExp(`process ${process.ppid}\\b`),
    hint: /--data/,
  })
  assert.ok(!mine(file))
})

test('a number that another process got meanwhile holds nothing', async (t) => {
  const { folder, file } = folderWith(t, { pid: process.ppid, start: 'another boot 12345', host: hostname() })
  const hold = await holdFolder(folder, systemClock)
  assert.ok(mine(file))
  hold.release()
})

test('a lock that a crash left empty or torn holds nothing', async (t) => {
  for (const torn of ['', '{"pid": 1']) {
    const { folder, file } = folderWith(t, torn)
    const hold = await holdFolder(folder, systemClock)
    assert.ok(mine(file))
    hold.release()
  }
})

test('a holder on another machine is believed while it gives signs of life', async (t) => {
  const { folder, file } = folderWith(t, { pid: 1, start: '', host: 'elsewhere' })
  await assert.rejects(holdFolder(folder, systemClock), { code: 'folder-in-use', message: /on elsewhere/ })
  const longAgo = systemClock.now() / 1000 - 60
  utimesSync(file, longAgo, longAgo)
  const hold = await holdFolder(folder, systemClock)
  assert.ok(mine(file))
  hold.release()
})

test('of many who start at once on a stale lock exactly one gets the folder', async (t) => {
  const { folder } = folderWith(t, { pid: await deadPid(), start: 'long ago', host: hostname() })
  const all = await Promise.allSettled(Array.from({ length: 8 }, () => holdFolder(folder, systemClock)))
  const holds = all.filter((one) => one.status === 'fulfilled')
  assert.equal(holds.length, 1)
  holds[0]?.value.release()
})
