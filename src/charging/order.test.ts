import assert from 'node:assert/strict'
import test from 'node:test'
import { hashPassword } from '#ems'
import { instant, manualClock } from '#kernel'
import { limitOf, powerOf, type Wires } from './order.ts'
import { isPassword, rememberingVerifier, turnstile } from './password.ts'
import { circularMedian, nextTime } from './wish.ts'

const NOW = instant(Date.parse('2026-11-24T12:00:00Z'))

test('a limit never means more than was ordered, in either direction and either unit', () => {
  for (const phases of [1, 3])
    for (const unit of ['A', 'W'] as const)
      for (let power = -22_000; power <= 22_000; power += 173.7) {
        const wires: Wires = { unit, phases, voltage: 230 }
        const meant = powerOf(limitOf(power, wires), wires)
        assert.ok(Math.abs(meant) <= Math.abs(power) + 1e-3, `${power} W became ${meant} W`)
        assert.ok(meant === 0 || Math.sign(meant) === Math.sign(power))
        const step = unit === 'W' ? 1 : 0.1 * 230 * phases
        if (power < 0 || power >= 6 * 230 * phases)
          assert.ok(Math.abs(power) - Math.abs(meant) <= step + 1e-3, `${power} W became ${meant} W`)
        else assert.equal(meant, 0)
      }
})

test('whole amperes stay whole', () => {
  for (let amperes = 6; amperes <= 32; amperes++) assert.equal(limitOf(amperes * 690, { unit: 'A', phases: 3, voltage: 230 }), amperes)
})

test('the wanted time is the next one on the clock of the territory, with time left to charge', () => {
  const zone = 'America/Martinique' // four hours behind
  assert.equal(nextTime(NOW, '07:00', zone), Date.parse('2026-11-25T11:00:00Z'))
  assert.equal(nextTime(NOW, '09:00', zone), Date.parse('2026-11-24T13:00:00Z'))
  assert.equal(nextTime(NOW, '08:10', zone), Date.parse('2026-11-25T12:10:00Z'), 'ten minutes are no time')
  const paris = nextTime(instant(Date.parse('2026-10-24T20:00:00Z')), '07:00', 'Europe/Paris')
  assert.equal(paris, Date.parse('2026-10-25T06:00:00Z'), 'the clocks went back that night')
})

test('the usual time of departure is found across midnight', () => {
  assert.equal(circularMedian([420, 430, 440], 1440), 430)
  assert.equal(circularMedian([1430, 10, 1435, 5, 0], 1440), 0)
  assert.equal(circularMedian([360], 1440), 360)
})

test('a password is told from others, and two stations with one password have different hashes', async () => {
  const hash = await hashPassword('correct-horse-battery')
  assert.notEqual(hash, await hashPassword('correct-horse-battery'))
  const check = rememberingVerifier()
  for (let again = 0; again < 2; again++) {
    assert.equal(await check(Buffer.from('correct-horse-battery'), hash), true)
    assert.equal(await check(Buffer.from('correct-horse-batterz'), hash), false)
  }
  assert.equal(await isPassword('x', 'plain'), false)
})

test('five failures within a minute close the door for the rest of it, for that caller only', () => {
  const clock = manualClock(NOW)
  const gate = turnstile(clock)
  for (let tries = 0; tries < 5; tries++) {
    assert.equal(gate.isClosed('a'), false)
    gate.failed('a')
  }
  assert.equal(gate.isClosed('a'), true)
  assert.equal(gate.isClosed('b'), false)
  clock.forward(60_001)
  assert.equal(gate.isClosed('a'), false)
})
