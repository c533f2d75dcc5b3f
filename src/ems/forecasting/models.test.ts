import assert from 'node:assert/strict'
import test from 'node:test'
import { after, DAY, dayStart, HOUR, type Instant, instant, MINUTE, wallClock } from '#kernel'
import { learnClearness } from './learn/sky.ts'
import { viewOf } from './learn/view.ts'
import { frameOf, type Model, predict, withoutHeld } from './models.ts'
import type { Ahead, Past } from './past.ts'
import { clearSky, sineOfElevation } from './sun.ts'
import { expectedLevels, habitualWish, learnHabits } from './vehicle.ts'

const moment = (text: string) => instant(Date.parse(text))
const degrees = (sine: number) => (Math.asin(sine) * 180) / Math.PI
const MARTINIQUE = { latitude: 14.64, longitude: -61.02 }
const ZONE = 'America/Martinique'

test('the sun stands where the almanac puts it', () => {
  const near = (text: string, place: { latitude: number; longitude: number }, expected: number) =>
    assert.ok(
      Math.abs(degrees(sineOfElevation(moment(text), place)) - expected) < 0.5,
      `${text}: ${degrees(sineOfElevation(moment(text), place))}`,
    )
  // Solar noon on the equator at the March equinox: overhead; poles of the year at 45° north: 90 − 45 ± 23.44.
  near('2026-03-20T12:07:30Z', { latitude: 0, longitude: 0 }, 89.9)
  near('2026-06-21T12:02:00Z', { latitude: 45, longitude: 0 }, 68.44)
  near('2026-12-21T11:58:00Z', { latitude: 45, longitude: 0 }, 21.56)
  assert.ok(sineOfElevation(moment('2026-11-24T04:00:00Z'), MARTINIQUE) < 0, 'midnight in Martinique')
  assert.equal(clearSky(moment('2026-11-24T04:00:00Z'), MARTINIQUE), 0)
  const noon = clearSky(moment('2026-11-24T15:50:00Z'), MARTINIQUE)
  assert.ok(noon > 780 && noon < 900, `clear noon in November: ${noon}`)
})

/** Two weeks whose clearness differs by hour (cloudy afternoons), made with the same clear sky. */
function weeks(clearness: (hour: number, day: number) => number, until: Instant): Past {
  const step = 15 * MINUTE
  const start = after(until, -14 * DAY)
  return {
    start,
    step,
    values: Array.from({ length: (14 * DAY) / step }, (_, slot) => {
      const at = after(start, slot * step)
      const mean = [0.17, 0.5, 0.83].reduce((sum, part) => sum + clearSky(after(at, part * step), MARTINIQUE), 0) / 3
      return (plant.sun!.full * mean * clearness(wallClock(at, ZONE).hour, Math.floor(slot / 96))) / 1000
    }),
  }
}

const quarter = { sensor: 1, asset: 1, name: 'one', step: 15 * MINUTE, zone: ZONE }
const plant: Model = { ...quarter, model: 'PvPhysical', candidate: 'ClearSky', sun: { ...MARTINIQUE, full: -5 } }
const midnight = dayStart(moment('2026-11-24T12:00:00-04:00'), ZONE)
const told = (model: Model, past: Past, ahead: Ahead, measuredNow?: number) => predict(model, past, ahead, { measuredNow }) as number[]

test('clearness is learned by the hour, and nights stay exactly zero', () => {
  const past = weeks((hour) => (hour < 13 ? 0.9 : 0.4), midnight)
  const { frame, origin } = frameOf(plant, past, { from: midnight, slots: 96 })
  const learned = learnClearness(viewOf(frame), origin)
  assert.ok(Math.abs(learned.byHour[10]! - 0.9) < 0.05, `${learned.byHour[10]}`)
  assert.ok(Math.abs(learned.byHour[15]! - 0.4) < 0.06, `${learned.byHour[15]}`)
  const day = told(plant, past, { at: midnight, from: midnight, step: 15 * MINUTE, slots: 96 })
  assert.equal(day[0], 0)
  assert.equal(day[95], 0)
  assert.ok(
    day.every((power) => power <= 0),
    'production is negative',
  )
  assert.ok(Math.min(...day) < -3)
})

test('a cloud now darkens the next hours, and is forgotten after six', () => {
  const past = weeks(() => 0.8, midnight)
  const ten = after(midnight, 10 * HOUR)
  const ahead = { at: ten, from: ten, step: 15 * MINUTE, slots: 36 }
  const usual = told(plant, past, ahead)
  const clouded = told(plant, past, ahead, -0.4)
  assert.ok(clouded[0]! > usual[0]! * 0.25, `now: ${clouded[0]} of ${usual[0]}`)
  assert.ok(clouded[8]! > 0.95 * usual[8]! && clouded[8]! < 0.5 * usual[8]!, 'in two hours partly')
  assert.deepEqual(clouded.slice(24), usual.slice(24))
})

test('slots in which a plant was held back teach nothing', () => {
  const past = weeks((_, day) => (day >= 10 ? 0.1 : 0.8), midnight)
  const held = after(past.start, 10 * DAY)
  const noon = { at: midnight, from: after(midnight, 12 * HOUR), step: 15 * MINUTE, slots: 1 }
  const fooled = told(plant, past, noon)[0]!
  const wise = told(
    plant,
    withoutHeld(past, (start) => start >= held),
    noon,
  )[0]!
  assert.ok(wise < 1.5 * fooled, `${wise} against ${fooled}`)
})

test('a place without history gets the usual clearness, not zeros', () => {
  const nothing = { start: midnight, step: 15 * MINUTE, values: [] }
  assert.ok(told(plant, nothing, { at: midnight, from: after(midnight, 12 * HOUR), step: 15 * MINUTE, slots: 1 })[0]! < -2)
})

test('temperature follows its usual hours, shifted by how warm it is now', () => {
  const model: Model = { ...quarter, step: HOUR, model: 'UsualHour', candidate: 'UsualHour' }
  const start = after(midnight, -7 * DAY)
  const usual = (hour: number) => 25 + 3 * Math.sin(((hour - 9) / 24) * 2 * Math.PI)
  const values = Array.from({ length: 7 * 24 }, (_, slot) => usual(slot % 24))
  values[values.length - 1]! += 2
  const forecast = told(model, { start, step: HOUR, values }, { at: midnight, from: midnight, step: HOUR, slots: 24 })
  assert.ok(forecast[0]! - usual(0) > 0.8, 'still warmer')
  assert.ok(Math.abs(forecast[23]! - usual(23)) < 0.5, 'as usual tomorrow')
  assert.deepEqual(predict(model, { start, step: HOUR, values: [] }, { at: midnight, from: midnight, step: HOUR, slots: 2 }), [null, null])
})

test('an unknown price is that of the same local hour on the day before, also when the clocks change', () => {
  const zone = 'Europe/Paris'
  const model: Model = { ...quarter, zone, step: HOUR, model: 'SameHourYesterday', candidate: 'Yesterday', told: true }
  const start = dayStart(moment('2026-10-24T12:00:00+02:00'), zone)
  const known = { start, step: HOUR, values: Array.from({ length: 24 }, (_, hour) => hour) }
  const from = after(start, 24 * HOUR)
  const localHour = (slot: number) => wallClock(after(from, slot * HOUR), zone).hour
  const forecast = told(model, known, { at: from, from, step: HOUR, slots: 49 })
  for (const [slot, value] of forecast.entries()) assert.equal(value, localHour(slot), `slot ${slot}`)
})

test('a car is expected where and when it usually is, and leaves when it usually leaves', () => {
  const step = 15 * MINUTE
  const start = after(midnight, -14 * DAY)
  const values = Array.from({ length: (14 * DAY) / step }, (_, slot) => {
    const { weekday, hour, minute } = wallClock(after(start, slot * step), ZONE)
    const clock = hour + minute / 60
    if (weekday <= 5 && clock >= 7.5 && clock < 18) return null
    return clock < 7.5 ? 60 : 40
  })
  const habits = learnHabits({ start, step, values }, ZONE)
  const bin = (weekday: number, hour: number) => habits.presence[(weekday - 1) * 24 + hour]!
  assert.ok(bin(2, 10) < 0.4 && bin(2, 22) > 0.9 && bin(6, 10) > 0.6, 'weekdays away, weekends at home')
  assert.equal(habits.arrivalKwh, 40)
  assert.equal(habits.departureKwh, 60)
  assert.deepEqual(habits.departs, [450, 450, 450, 450, 450, null, null])
  const evening = moment('2026-11-24T20:00:00-04:00')
  const wish = habitualWish(habits, evening, ZONE)!
  assert.equal(wish.by, moment('2026-11-25T07:30:00-04:00'))
  assert.equal(wish.soc, 60_000)
  assert.equal(
    habitualWish(habits, moment('2026-11-27T20:00:00-04:00'), ZONE)!.by,
    moment('2026-11-30T07:30:00-04:00'),
    'Friday night: Monday',
  )
  const levels = expectedLevels(habits, ZONE, moment('2026-11-25T06:00:00-04:00'), HOUR, 14)
  assert.deepEqual([levels[0], levels[4], levels[13]], [60, null, 40])
})
