import assert from 'node:assert/strict'
import test from 'node:test'
import { HOUR, instant } from '#kernel'
import { blockOf } from './features.ts'
import { made } from './series.fixture.ts'
import { daysBefore, meanSameClock, sameClock, viewOf } from './view.ts'

test('the same clock time is found across the nights on which clocks change', () => {
  const start = instant(Date.parse('2026-10-24T00:00:00+02:00'))
  const frame = { ...made({ days: 3, rule: () => 0 }), start, zone: 'Europe/Paris' }
  frame.target.forEach((_, slot) => {
    frame.target[slot] = slot
  })
  const view = viewOf(frame)
  // The night to 25 October has 25 hours: 13:00 of Sunday is slot 38, of Saturday 13.
  assert.equal(daysBefore(view, 38, 1), 13)
  assert.equal(sameClock(view, 38, 30, 0, 1), 13)
  // 02:00 is shown twice; the day before has it once.
  assert.deepEqual([daysBefore(view, 26, 1), daysBefore(view, 27, 1)], [2, 2])
  const spring = viewOf({ ...frame, start: instant(Date.parse('2026-03-28T00:00:00+01:00')) })
  assert.equal(daysBefore(spring, 24 + 23 + 2, 1), -1, 'on 29 March no clock showed 02:00')
})

test('gaps are passed over when the usual is asked for', () => {
  const frame = made({ days: 6, rule: (hour, day) => 100 * day + hour })
  frame.target[4 * 24 + 5] = Number.NaN
  const view = viewOf(frame)
  const slot = 5 * 24 + 5
  assert.equal(view.target[sameClock(view, slot, slot, 0, 1)], 305)
  assert.equal(meanSameClock(view, slot, slot, 3, 1), (305 + 205 + 105) / 3)
  assert.ok(Number.isNaN(meanSameClock(view, slot, slot, 3, 7)), 'there is no week yet')
})

test('nothing at or beyond the origin is looked at', () => {
  const frame = made({ days: 20, rule: (hour, day, random) => hour * day + random })
  const regressors = [{ name: 'past only', unit: 'kW', kind: 'past' as const, values: frame.target.slice() }]
  const origin = 15 * 24 + 7
  const rows = { origins: new Int32Array(60).fill(origin), slots: Int32Array.from({ length: 60 }, (_, ahead) => origin + ahead) }
  const columns = (target: Float64Array, values: Float64Array) =>
    blockOf(viewOf({ ...frame, target, regressors: [{ ...regressors[0]!, values }] }), rows.origins, rows.slots).columns
  const other = frame.target.map((value, slot) => (slot < origin ? value : -999))
  assert.deepEqual(columns(other, other), columns(frame.target, frame.target))
})

test('steps of a day, a week and seven minutes are walked as well', () => {
  for (const step of [24 * HOUR, 168 * HOUR, 7 * 60_000]) {
    const frame = made({ days: 70, step, rule: (_, day) => day })
    const view = viewOf(frame)
    const origin = view.slots - 1
    assert.ok(sameClock(view, origin, origin, 0, 1) >= 0, `${step}`)
  }
})
