import assert from 'node:assert/strict'
import test from 'node:test'
import { manualClock, parseInstant } from '#kernel'
import { openPace } from './pace.ts'

test('a peer may say what it kept at once, and is then read as fast as it may; nothing is thrown away', () => {
  const clock = manualClock(parseInstant('2026-11-24T12:00:00Z'))
  const heard: string[] = []
  const pace = openPace({ pause: () => void heard.push('pause'), resume: () => void heard.push('resume') }, clock, 10)
  for (let count = 0; count < 100; count++) pace.spend()
  assert.deepEqual(heard, [], 'ten seconds of messages')
  for (let count = 0; count < 5; count++) pace.spend()
  assert.deepEqual(heard, ['pause'])
  clock.forward(400)
  assert.deepEqual(heard, ['pause'], 'it said five too many')
  clock.forward(1000)
  assert.deepEqual(heard, ['pause', 'resume'])
  clock.forward(60_000)
  for (let count = 0; count < 100; count++) pace.spend()
  assert.deepEqual(heard, ['pause', 'resume'], 'the allowance fills again')
  pace.spend()
  pace.end()
  clock.forward(60_000)
  assert.deepEqual(heard, ['pause', 'resume', 'pause'], 'a connection that is over is left alone')
})
