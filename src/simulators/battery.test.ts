import assert from 'node:assert/strict'
import test from 'node:test'
import { after, DAY, HOUR, type Instant, instant, MINUTE, SECOND } from '#kernel'
import { battery, batteryHistory } from './battery.ts'

const T0 = instant(Date.parse('2026-11-24T16:00:00Z'))
const later = (seconds: number): Instant => after(T0, seconds * SECOND)
const near = (value: number, expected: number, off: number) =>
  assert.ok(Math.abs(value - expected) <= off, `${value} is not near ${expected}`)

test('energy is kept: what goes in less the losses is stored, and comes out less the losses', () => {
  const model = battery({ id: 'B', start: T0, soc: 50_000 })
  model.order(20_000, 0, T0)
  near(model.at(later(3600)).soc, 50_000 + 20_000 * 0.95, 10)
  model.order(-20_000, 0, later(3600))
  near(model.at(later(7200)).soc, 50_000 + 20_000 * 0.95 - 20_000 / 0.95, 25)
})

test('power ramps over a second or two and does not depend on how often it is looked at', () => {
  const model = battery({ id: 'B', start: T0 })
  model.order(50_000, 0, T0)
  const half = model.at(later(0.6)).power
  assert.ok(half > 15_000 && half < 35_000)
  assert.equal(model.at(later(1.5)).power, 50_000)
  model.order(-50_000, 0, later(2))
  assert.equal(model.at(later(5)).power, -50_000)

  const often = battery({ id: 'B', start: T0 })
  const once = battery({ id: 'B', start: T0 })
  for (const one of [often, once]) one.order(30_000, 0, T0)
  for (let second = 0; second < 1200; second += 7) often.at(later(second))
  near(often.at(later(1200)).soc, once.at(later(1200)).soc, 1)
})

test('a full battery takes no more, an empty one gives no more', () => {
  const model = battery({ id: 'B', start: T0, soc: 94_000, minSoc: 0.1, maxSoc: 0.95 })
  model.order(50_000, 0, T0)
  const full = model.at(later(600))
  assert.deepEqual([full.power, full.mode], [0, 'full'])
  near(full.soc, 95_000, 0.01)
  model.order(-50_000, 0, later(600))
  const empty = model.at(later(600 + 7200))
  assert.deepEqual([empty.power, empty.mode], [0, 'empty'])
  near(empty.soc, 10_000, 0.01)
})

test('an order that is not told again falls to 0 W when the watchdog runs out', () => {
  const model = battery({ id: 'B', start: T0 })
  model.order(20_000, 60, T0)
  assert.equal(model.at(later(59)).power, 20_000)
  assert.deepEqual(model.ordered(), { power: 20_000, left: 1 })
  assert.equal(model.at(later(62)).power, 0)
  model.order(20_000, 60, later(100))
  model.order(20_000, 60, later(150))
  assert.equal(model.at(later(200)).power, 20_000)
})

test('a battery at fault does nothing and takes no orders; afterwards it waits for a new one', () => {
  const model = battery({ id: 'B', start: T0 })
  model.order(20_000, 0, T0)
  model.at(later(10))
  model.fault(true)
  assert.deepEqual([model.at(later(20)).power, model.at(later(20)).mode], [0, 'fault'])
  assert.equal(model.order(5000, 0, later(20)), false)
  model.fault(false)
  assert.equal(model.at(later(30)).power, 0)
  assert.equal(model.order(5000, 0, later(30)), true)
  assert.equal(model.at(later(40)).power, 5000)
})

test('a frozen battery repeats itself, its heartbeat too', () => {
  const model = battery({ id: 'B', start: T0 })
  model.order(20_000, 0, T0)
  const seen = model.at(later(10))
  model.freeze(true)
  assert.deepEqual(model.at(later(300)), seen)
  model.freeze(false)
  assert.equal(model.at(later(300)).heartbeat, 300)
})

test('orders beyond what it can are cut to its power', () => {
  const model = battery({ id: 'B', start: T0 })
  model.order(80_000, 0, T0)
  assert.equal(model.at(later(5)).power, 50_000)
})

test('history follows a rule with the same physics: fourteen days, energy kept, bounds held', () => {
  const rule = (at: Instant) => ((at / HOUR) % 24 < 6 ? 15_000 : (at / HOUR) % 24 > 22 ? -30_000 : 0)
  const history = batteryHistory({ id: 'B', soc: 40_000 }, { from: T0, until: after(T0, 14 * DAY), step: 5 * MINUTE, rule })
  assert.equal(history.length, 14 * 288)
  let soc = 40_000
  for (const { powerW, socWh } of history) {
    soc += (powerW > 0 ? powerW * 0.95 : powerW / 0.95) / 12
    near(socWh, soc, 5)
    soc = socWh
    assert.ok(socWh >= 10_000 && socWh <= 95_000)
  }
  assert.ok(history.some(({ powerW }) => powerW > 10_000) && history.some(({ powerW }) => powerW < -10_000))
})
