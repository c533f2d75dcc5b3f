import assert from 'node:assert/strict'
import test from 'node:test'
import { after, MINUTE, SECOND } from '#kernel'
import { measured, NOW, rig, started } from './rig.fixture.ts'
import { openStationClock } from './station-clock.ts'

const HOUR_BEHIND = -60 * MINUTE
const stamp = (moment: number) => new Date(moment).toISOString()

test('a clock is wrong when messages lag alike, not when they are late', () => {
  const clock = openStationClock(MINUTE)
  assert.equal(clock.hear(after(NOW, -50 * SECOND), NOW), undefined, 'within the tolerance')
  // The same message again and again, then a queue that empties at once.
  for (const second of [0, 10, 20]) assert.equal(clock.hear(after(NOW, HOUR_BEHIND), after(NOW, second * SECOND)), undefined)
  for (const minute of [0, 20, 40]) assert.equal(clock.hear(after(NOW, HOUR_BEHIND + minute * MINUTE), after(NOW, 21 * SECOND)), undefined)
  assert.equal(clock.shift(after(NOW, HOUR_BEHIND), NOW), 0, 'late messages keep their moments')
  assert.equal(clock.hear(after(NOW, HOUR_BEHIND + 31 * SECOND), after(NOW, 31 * SECOND)), undefined)
  assert.equal(clock.hear(after(NOW, HOUR_BEHIND + 40 * SECOND), after(NOW, 41 * SECOND)), 'wrong')
  assert.equal(clock.shift(after(NOW, HOUR_BEHIND), after(NOW, 2 * SECOND)), 60 * MINUTE + 2 * SECOND, 'what it tells of now is now')
  assert.equal(clock.shift(after(NOW, 2 * HOUR_BEHIND), NOW), 60 * MINUTE + SECOND, 'what it kept is late by its lag')
  assert.equal(clock.hear(after(NOW, 2 * MINUTE), after(NOW, 2 * MINUTE)), 'right')
  assert.equal(clock.shift(NOW, after(NOW, 3 * MINUTE)), 0)
})

test('a station whose clock lags is measured by ours, an alarm says so, and what it said is kept', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  const theirs = () => after(house.clock.now(), HOUR_BEHIND)
  const power = (watts: number) => ({ timestamp: stamp(theirs()), meterValue: [measured(theirs(), ['Power.Active.Import', watts])] })
  const alarms = () => house.store.query('select code, message from cariflex.alarm where ended_at is null')
  await station.event('Started', 0, started({ timestamp: stamp(theirs()) }))
  assert.deepEqual(await alarms(), [])
  house.clock.forward(10 * SECOND)
  await station.event('Updated', 1, power(7000))
  assert.deepEqual(house.devices.get('CP001')?.measured(), { power: 7000, at: house.clock.now() })
  await house.charging.settled()
  assert.deepEqual(await alarms(), [
    { code: 'station-clock', message: 'The clock of CP001 is 3600 s behind; what it tells is taken at the moment it was heard.' },
  ])
  const kept = await house.store.first("select at, payload->>'timestamp' as said from cariflex.transaction_event where seq_no = 1")
  assert.deepEqual(kept, { at: house.clock.now(), said: stamp(theirs()) })
  // What it had kept while it was away is put right by the same lag.
  house.clock.forward(MINUTE)
  const then = after(house.clock.now(), -30 * SECOND)
  const late = stamp(then + HOUR_BEHIND)
  await station.event('Updated', 2, {
    timestamp: late,
    offline: true,
    meterValue: [measured(after(then, HOUR_BEHIND), ['Power.Active.Import', 6000])],
  })
  assert.deepEqual(house.devices.get('CP001')?.measured(), { power: 6000, at: then })
  // Its clock was set.
  await station.event('Updated', 3, { meterValue: [measured(house.clock.now(), ['Power.Active.Import', 5000])] })
  await house.charging.settled()
  assert.deepEqual(await alarms(), [])
})
