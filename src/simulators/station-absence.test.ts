/** The simulated station while nobody hears it, and after it was away. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { wattHours } from '#kernel'
import { CallError } from '#protocols/ocpp'
import { openCar } from './car.ts'
import { charging, PASSWORD, powerOf, profile, rig, START, spec } from './station.fixture.ts'
import type { StationMemory } from './station.ts'

test('off line it goes on by its profiles, keeps its events and delivers them in order without a new boot', async (t) => {
  const one = await charging(t)
  await one.ask('SetChargingProfile', {
    evseId: 1,
    chargingProfile: profile(8_000, { transactionId: one.transactionId, duration: 3600 + 60 }),
  })
  await one.ask('SetChargingProfile', { evseId: 0, chargingProfile: profile(5_000, { id: 2, chargingProfilePurpose: 'TxDefaultProfile' }) })
  await one.pass(10)
  const before = one.events().length
  one.station.disconnect(120)
  await one.pass(20)
  assert.equal(one.station.state().connected, false)
  assert.equal(powerOf(one), 8_000)
  await one.pass(60)
  assert.equal(powerOf(one), 5_000)
  assert.equal(one.events().length, before)
  await one.until('back', () => one.station.state().connected && one.station.state().waitingEvents === 0, 100)
  const events = one.events()
  const late = events.slice(before).filter((event) => event.offline)
  assert.ok(late.length >= 3)
  assert.deepEqual(
    events.map((event) => event.seqNo),
    events.map((_, index) => index),
  )
  assert.equal(one.of('BootNotification').length, 1)
  // Away longer than OfflineThreshold: the status is told again though it is the same.
  assert.equal(one.of('StatusNotification').filter((status) => status.connectorStatus === 'Occupied').length, 2)
  assert.equal(powerOf(one), 5_000)
})

test('a password that was set is used from the next connection on', async (t) => {
  const one = await rig(t, { password: PASSWORD })
  const next = 'another-password-20'
  await one.ask('SetVariables', {
    setVariableData: [{ component: { name: 'SecurityCtrlr' }, variable: { name: 'BasicAuthPassword' }, attributeValue: next }],
  })
  one.session().close()
  await one.until('gone', () => !one.station.state().connected || one.passwords.length === 2)
  await one.until('back', () => one.station.state().connected)
  assert.deepEqual(one.passwords, [PASSWORD, next])
  assert.equal(one.of('BootNotification').length, 1)
})

test('while it is refused it tries again, waiting about twice as long each time, until it is let in', async (t) => {
  const one = await rig(t)
  one.door.open = false
  one.station.disconnect(1)
  one.tries.length = 0
  await one.until('five tries', () => one.tries.length === 5)
  const waits = one.tries.slice(1).map((at, index) => (at - one.tries[index]!) / 1000)
  // 3 s and up to 2 s by chance, doubled from try to try; the clock moves in whole seconds.
  for (const [index, wait] of waits.entries()) assert.ok(wait >= 3 * 2 ** index && wait <= 5 * 2 ** index + 1, `waits of ${waits} s`)
  one.door.open = true
  await one.until('back', () => one.station.state().connected)
})

test('over a restart of the simulation the charge goes on: same transaction, next number, energy for the time between', async (t) => {
  const first = await charging(t)
  await first.pass(30)
  const memory = JSON.parse(JSON.stringify(first.station.memory())) as StationMemory
  const carMemory = first.car.memory()
  const sent = first.events().length
  const car = openCar(spec(), { at: START, soc: wattHours(0) }, carMemory)
  const second = await rig(t, { memory: { ...memory, at: (memory.at - 3_600_000) as StationMemory['at'] }, car })
  await second.until('a sample', () => second.events().length > 0, 60)
  assert.equal(second.of('BootNotification').length, 0)
  assert.equal(second.events()[0]!.transactionInfo.transactionId, first.transactionId)
  assert.equal(second.events()[0]!.seqNo, sent)
  assert.ok(car.soc() - carMemory.soc > 10_000, `${car.soc() - carMemory.soc} Wh in the hour nobody looked`)
  assert.equal(powerOf(second), 11_040)
  // The car is gone when the world wakes up: the transaction ends at once.
  const third = await rig(t, { memory })
  await third.until('the end', () => third.events().some((event) => event.eventType === 'Ended'), 10)
  assert.equal(third.events().at(-1)!.transactionInfo.transactionId, first.transactionId)
})

test('killed at any event, the simulation goes on without using a number twice', async (t) => {
  const one = await charging(t)
  one.station.unplug()
  await one.pass(2)
  const events = one.events()
  assert.equal(one.kept.length, events.length)
  for (const [index, memory] of one.kept.entries()) {
    const told = memory.waiting.at(-1)!
    assert.deepEqual([told.eventType, told.seqNo], [events[index]!.eventType, events[index]!.seqNo])
    assert.equal(memory.transaction?.seqNo, told.eventType === 'Ended' ? undefined : told.seqNo + 1)
    assert.ok(memory.transaction || memory.authorization === undefined)
  }
})

test('a CSMS that forgot the station gets a new boot instead of refused messages for ever', async (t) => {
  const first = await charging(t)
  const memory = first.station.memory()
  let booted = false
  const second = await rig(t, {
    memory,
    answers: {
      BootNotification: () => {
        booted = true
        return { currentTime: '2026-03-02T22:00:00Z', interval: 300, status: 'Accepted' }
      },
      StatusNotification: () => {
        if (!booted) throw new CallError('SecurityError')
        return {}
      },
    },
  })
  second.station.plug(openCar(spec(), { at: START, soc: wattHours(40_000) }))
  await second.until('a boot', () => booted, 10)
  assert.equal(second.of('BootNotification')[0]!.reason, 'Unknown')
})

test('frozen, nothing flows and nothing is told, and the time is not made up for', async (t) => {
  const one = await charging(t)
  await one.pass(10)
  one.station.freeze(true)
  await one.pass(1)
  const soc = one.car.soc()
  const events = one.events().length
  await one.pass(120)
  assert.equal(one.car.soc(), soc)
  assert.equal(one.events().length, events)
  one.station.freeze(false)
  await one.pass(10)
  assert.ok(one.car.soc() > soc && one.car.soc() < soc + 60)
})
