import assert from 'node:assert/strict'
import test from 'node:test'
import { HOUR, instant, type Log, manualClock, silentLog } from '#kernel'
import { limitIn, openFileWatch } from './open-files.ts'

test('the limit of open files is read as Linux tells it', () => {
  assert.equal(
    limitIn('Max processes   95943  95943  processes\nMax open files            1024                 4096                 files\n'),
    1024,
  )
  assert.equal(limitIn('Max open files            unlimited            unlimited            files'), undefined)
  assert.equal(limitIn(''), undefined)
})

test('stations that come near the limit of open files are told of once an hour, with what to do', () => {
  const clock = manualClock(instant(0))
  const said: string[] = []
  const log: Log = { ...silentLog, warn: (_: unknown, text?: string) => void said.push(text ?? '') }
  const watch = openFileWatch({ clock, log, limit: 1024 })
  watch(524)
  assert.deepEqual(said, [])
  watch(525)
  watch(526)
  assert.equal(said.length, 1)
  assert.match(said[0]!, /open 1024 files.*'ulimit -n 2050'.*LimitNOFILE/)
  clock.forward(HOUR)
  watch(527)
  assert.equal(said.length, 2)
})
