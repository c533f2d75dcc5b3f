import assert from 'node:assert/strict'
import test from 'node:test'
import type { Utterance } from '#ems'
import { after, manualClock, parseInstant } from '#kernel'
import { openFrameLog } from './frame-log.ts'

test('a station that floods us is not written down frame by frame: what was left out is counted and told', () => {
  const clock = manualClock(parseInstant('2026-11-24T12:00:00Z'))
  const kept: Utterance[] = []
  const log = openFrameLog({ note: (utterance) => void kept.push(utterance) }, clock)
  const beat = () => log('CP001', 'ocpp2.0.1', { at: clock.now(), direction: 'in', kind: 'CALL', action: 'Heartbeat', payload: {} })
  for (let count = 0; count < 500; count++) beat()
  assert.equal(kept.length, 20)
  log('CP002', 'ocpp1.6', { at: clock.now(), direction: 'in', kind: 'CALL', action: 'Heartbeat', payload: {} })
  assert.equal(kept.length, 21, 'another station has a budget of its own')
  for (let count = 0; count < 3000; count++)
    log('CP002', 'ocpp1.6', { at: clock.now(), direction: 'in', kind: 'CALL', action: 'MeterValues', payload: {} })
  assert.equal(kept.length, 2021)
  clock.set(after(clock.now(), 2000))
  beat()
  const [told, newest] = kept.slice(-2)
  assert.deepEqual([told?.kind, told?.payload], ['skipped', { frames: 480 }])
  assert.equal(newest?.action, 'Heartbeat')
})
