import assert from 'node:assert/strict'
import test from 'node:test'
import { after, type Instant, instant, kilowatts, MINUTE, SECOND, wattHours, watts } from '#kernel'
import type { Capability } from './device.ts'
import { type Evidence, judge } from './judge.ts'
import type { Setpoint } from './setpoint.ts'

const told = instant(Date.parse('2026-11-24T14:00:00Z'))
const later = after(told, 20 * SECOND)

const battery: Capability = {
  kind: 'battery',
  maxPower: kilowatts(50),
  minPower: kilowatts(-50),
  minStep: watts(0),
  controllable: true,
  storage: {
    soc: wattHours(50_000),
    capacity: wattHours(100_000),
    min: wattHours(5_000),
    max: wattHours(95_000),
    chargingEfficiency: 1,
    dischargingEfficiency: 1,
  },
}
const withSoc = (kwh: number, kind: Capability['kind'] = 'battery'): Capability => ({
  ...battery,
  kind,
  storage: { ...battery.storage!, soc: wattHours(kwh * 1000) },
})
const order = (kw: number): Setpoint => ({
  device: 'D',
  asset: 2,
  power: kilowatts(kw),
  at: told,
  until: after(told, 5 * MINUTE),
  because: 'plan',
  rung: 'plan',
})
const evidence = (measuredKw: number | undefined, more: Partial<Evidence> & { measuredAt?: Instant } = {}): Evidence => ({
  toldAt: told,
  answer: { answer: 'taken' },
  measured: measuredKw === undefined ? undefined : { power: kilowatts(measuredKw), at: more.measuredAt ?? later },
  capability: battery,
  every: 10 * SECOND,
  ...more,
})

const TABLE: [string, number, Evidence, string | undefined, RegExp?][] = [
  ['what was measured is what was ordered', 20, evidence(20.4), 'obeyed'],
  ['standing still is obeyed too', 0, evidence(0.1), 'obeyed'],
  ['less in the same direction is clipped', 7, evidence(3.1), 'clipped', /Measured 3\.1 kW of 7 kW/],
  ['discharging less is clipped', -20, evidence(-12), 'clipped', /Measured -12 kW of -20 kW/],
  ['a full battery is clipped, and it is said', 20, evidence(0, { capability: withSoc(95) }), 'clipped', /^The battery is full\. /],
  ['a full car is clipped, and it is said', 7, evidence(0.5, { capability: withSoc(95, 'evse') }), 'clipped', /^The car is full\. /],
  ['an empty battery is clipped, and it is said', -20, evidence(0, { capability: withSoc(5) }), 'clipped', /^The battery is empty\. /],
  ['more than ordered is not obedience', 7, evidence(22), 'refused', /Measured 22 kW of 7 kW/],
  ['the other direction is not obedience', 7, evidence(-7), 'refused'],
  ['consuming when told to stand still is not obedience', 0, evidence(11), 'refused'],
  [
    'a refusal counts as such when nothing follows',
    7,
    evidence(0, { answer: { answer: 'refused', why: 'Rejected' } }),
    'refused',
    /^Rejected\. Measured /,
  ],
  ['a refusal does not matter when the device obeys all the same', 7, evidence(7, { answer: { answer: 'refused' } }), 'obeyed'],
  [
    'no answer and no change is silence',
    7,
    evidence(0, { answer: { answer: 'silent', why: 'timeout' } }),
    'silent',
    /^Timeout\. Measured /,
  ],
  ['what was measured before the order proves nothing', 7, evidence(7, { measuredAt: after(told, -SECOND) }), undefined],
  ['what was measured while it settles proves nothing', 7, evidence(3, { measuredAt: after(told, 2 * SECOND) }), undefined],
]

for (const [name, power, seen, outcome, why] of TABLE)
  test(name, () => {
    const receipt = judge(order(power), seen, later)
    assert.equal(receipt?.outcome, outcome)
    if (why) assert.match(receipt?.why ?? '', why)
    if (outcome && seen.measured) assert.equal(receipt?.power, seen.measured.power)
  })

test('a device that stops measuring becomes silent', () => {
  assert.equal(judge(order(7), evidence(undefined), after(told, 30 * SECOND)), undefined)
  assert.equal(judge(order(7), evidence(undefined), after(told, 2 * MINUTE))?.outcome, 'silent')
  assert.equal(judge(order(7), evidence(7), after(told, 10 * MINUTE))?.why, 'Nothing measured for 10 min.')
})

test('a measurement a few reading periods old judges nothing any more', () => {
  assert.equal(judge(order(7), evidence(7), after(later, 30 * SECOND))?.outcome, 'obeyed', 'a look or two may be missed')
  const receipt = judge(order(7), evidence(7), after(later, 31 * SECOND))
  assert.deepEqual([receipt?.outcome, receipt?.power, receipt?.why], ['silent', kilowatts(7), 'Nothing measured for 31 s.'])
  assert.equal(judge(order(7), evidence(7, { every: MINUTE }), after(later, 2 * MINUTE))?.outcome, 'obeyed', 'it measures once a minute')
})

test('the sun that gives less than allowed obeys', () => {
  const pv: Capability = { kind: 'pv', maxPower: watts(0), minPower: kilowatts(-5), minStep: watts(0), controllable: true }
  assert.equal(judge(order(-4), evidence(-1, { capability: pv }), later)?.outcome, 'obeyed')
  assert.equal(judge(order(-2), evidence(-4, { capability: pv }), later)?.outcome, 'refused')
})
