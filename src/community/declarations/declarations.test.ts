import assert from 'node:assert/strict'
import test from 'node:test'
import { after, formatInstant, HOUR, type Instant, parseInstant } from '#kernel'
import type { Cycle } from '../planning/problem.ts'
import { feasibilityOf } from './feasibility.ts'
import { servoSlots } from './heating.ts'
import { type Outset, SLOT } from './outset.ts'
import { type Placeable, placeableOf } from './placeable.ts'
import { blockSlots, reheatSeconds } from './water-heater.ts'
import { deadlineOf, periodsBetween } from './when.ts'
import type { ServoHeatingWish, VehicleWish, WaterHeaterWish, Wish } from './wish.ts'

const PARIS = 'Europe/Paris'
/** A Tuesday. */
const START = parseInstant('2026-03-10T12:00:00+01:00')
const outset: Outset = { start: START, zone: PARIS }
const place = (wish: Wish, more: Partial<Outset> = {}): Placeable =>
  placeableOf({ appliance: 4001, home: 'R004', type: 112, wish }, { ...outset, ...more })
const local = (at: Instant): string => formatInstant(at, PARIS).slice(0, 16)
const machine = (more: object = {}): Wish => ({ kind: 'machine', done: { at: '2026-03-10T18:00:00+01:00' }, durationMinutes: 150, ...more })

test('a machine starts not before its deadline less its delay less its duration', () => {
  const { appliance } = place(machine({ delayMinutes: 60 }), { profileW: [2000, 400] })
  const { kind, id, home, type, profileKw, earliestStart, latestEnd } = appliance as Cycle
  assert.deepEqual([kind, id, home, type, profileKw], ['cycle', '4001', 'R004', 112, [2, 0.4, 0, 0, 0, 0, 0, 0, 0, 0]])
  assert.deepEqual([local(earliestStart), local(latestEnd)], ['2026-03-10T14:30', '2026-03-10T18:00'])
  assert.equal((place(machine()).appliance as Cycle).earliestStart, START)
})

test('a deadline that cannot be kept is told with the earliest possible end, before anything is saved', () => {
  const tell = (wish: Wish) => feasibilityOf({ appliance: 1, type: 112, wish }, outset)
  assert.deepEqual(tell(machine({ durationMinutes: 420 })), {
    possible: false,
    earliestStart: START,
    latestStart: START,
    earliestEnd: after(START, 7 * HOUR),
    says: ['It cannot be done by 18:00; the earliest end is 19:00.'],
  })
  const kept = tell(machine())
  assert.equal(kept.possible, true)
  assert.deepEqual(kept.says, ['It can be done by 18:00; it starts between 12:00 and 15:30.'])
  const past = tell(machine({ done: { at: '2026-03-10T11:00:00+01:00' } }))
  assert.deepEqual([past.possible, past.says], [false, ['It cannot be done by 11:00; the earliest end is 14:30.']])
  const inTwoDays = tell(machine({ done: { at: '2026-03-12T18:00:00+01:00' }, delayMinutes: 0 }))
  assert.deepEqual(inTwoDays.says, ['It is not to start before 12/03 15:30; a later plan takes it up.'])
})

test('a standing deadline is the next of its days on the wall clock, on the days the clock changes too', () => {
  const daily = { time: '07:00', days: [1, 2, 3, 4, 5, 6, 7] }
  const next = (now: string): string => formatInstant(deadlineOf(daily, parseInstant(now), PARIS), PARIS)
  assert.equal(next('2026-03-28T20:00:00+01:00'), '2026-03-29T07:00:00+02:00')
  assert.equal(next('2026-10-24T20:00:00+02:00'), '2026-10-25T07:00:00+01:00')
  assert.equal(next('2026-10-25T07:00:00+01:00'), '2026-10-26T07:00:00+01:00')
  assert.equal(local(deadlineOf({ time: '18:00', days: [1] }, START, PARIS)), '2026-03-16T18:00')
})

test('off-peak hours over midnight follow the wall clock: 7 hours in one night of spring, 9 in one of autumn', () => {
  const nights = (day: string): number[] => {
    const from = parseInstant(day)
    return periodsBetween(() => [{ startSecond: 79_200, endSecond: 108_000 }], from, after(from, 20 * HOUR), PARIS).map(
      ({ start, end }) => (end - start) / HOUR,
    )
  }
  assert.deepEqual(nights('2026-03-10T12:00:00+01:00'), [8])
  assert.deepEqual(nights('2026-03-28T12:00:00+01:00'), [7])
  assert.deepEqual(nights('2026-10-24T12:00:00+02:00'), [9])
  assert.deepEqual(nights('2026-03-10T03:00:00+01:00'), [8, 8])
})

const heater: WaterHeaterWish = {
  kind: 'water-heater',
  volumeL: 200,
  powerW: 2200,
  offPeak: [
    { startSecond: 46_800, endSecond: 54_000 },
    { startSecond: 79_200, endSecond: 108_000 },
  ],
}
test('a water heater takes as long as ELFE says, in the longest of its off-peak hours', () => {
  assert.equal(Math.round(reheatSeconds(200, 2200)), 19_000)
  assert.equal(Math.round(reheatSeconds(150, 1200)), 26_125)
  assert.deepEqual([blockSlots(heater), blockSlots({ ...heater, volumeL: 150, powerW: 1200 })], [22, 30])
  assert.equal(blockSlots({ ...heater, dayEnergyWh: 4400 }), 16)
  const { appliance, says } = place(heater)
  const { profileKw, earliestStart, latestEnd } = appliance as Cycle
  assert.deepEqual([profileKw.length, profileKw[0], says], [22, 2.2, []])
  assert.deepEqual([local(earliestStart), local(latestEnd)], ['2026-03-10T22:00', '2026-03-11T06:00'])
})

test('a water heater that does not fit into its hours is cut and says so; one just heated rests', () => {
  const short = place({ ...heater, offPeak: [{ startSecond: 79_200, endSecond: 90_000 }] })
  assert.equal((short.appliance as Cycle).profileKw.length, 12)
  assert.deepEqual(short.says, ['It needs 5 h 30; its off-peak hours leave 3 h, which it takes.'])
  assert.deepEqual(place(heater, { lastStart: after(START, -11 * HOUR) }), { says: ['It was heated less than 12 hours ago.'] })
  assert.ok(place(heater, { lastStart: after(START, -12 * HOUR) }).appliance, 'it still rests')
})

test('a vehicle takes what lacks to what is wished, and up to full', () => {
  const car: VehicleWish = {
    ...{ kind: 'vehicle', capacityWh: 40_000, nowPercent: 70, leastPercent: 90, powersW: [2000, 1400] },
    ...{ charging: 'continuous', done: { time: '07:00', days: [3] } },
  }
  const taken = (more: Partial<VehicleWish>) => {
    const { appliance } = place({ ...car, ...more })
    assert.ok(appliance?.kind === 'charge', 'it is no charge')
    return appliance
  }
  const { minEnergyKwh, maxEnergyKwh, powerLevelsKw, interruptible } = taken({})
  assert.deepEqual([minEnergyKwh / 0.5, maxEnergyKwh / 0.5, powerLevelsKw, interruptible], [16, 24, [2], false])
  assert.deepEqual(taken({ charging: 'interruptible' }).powerLevelsKw, [2])
  assert.deepEqual(taken({ charging: 'modulating' }).powerLevelsKw, [1.4, 2])
  const later = place(car, { takenWh: 3000 }).appliance
  assert.ok(later?.kind === 'charge' && later.minEnergyKwh === 5 && later.maxEnergyKwh === 9, 'what it took does not count')
  assert.deepEqual(place({ ...car, nowPercent: 100 }), { says: ['The battery already holds what is wished.'] })
})

const evening = { startSecond: 64_800, endSecond: 79_200 }
test('heating keeps its share of comfort over the whole period, what it had before counted', () => {
  const wish: Wish = { kind: 'heating', ecoW: 200, comfortW: 1500, ecoPercent: 25, week: [evening], weekend: [] }
  const periods = (more: Partial<Outset>) => {
    const { appliance } = place(wish, more)
    assert.ok(appliance?.kind === 'comfort', 'it is no heater')
    return appliance.periods.map(({ start, end, minComfortSlots }) => [(end - start) / SLOT, minComfortSlots])
  }
  assert.deepEqual(periods({}), [[16, 12]])
  const late = after(START, 7 * HOUR)
  assert.deepEqual(periods({ start: late, comfortBefore: [true, false, true, true] })[0], [1, 1])
  assert.deepEqual(periods({ start: late, comfortBefore: [true, false, true, true] })[1], [11, 8])
  assert.deepEqual(periods({ start: after(START, 9 * HOUR + 2 * SLOT), comfortBefore: new Array<boolean>(14).fill(true) })[0], [2, 1])
  const saturday = parseInstant('2026-03-14T12:00:00+01:00')
  assert.deepEqual(place(wish, { start: saturday }), { says: ['None of its comfort hours lies in the next 24 hours.'] })
})

test('a modelled room never falls below what is wished, on the days the clock changes too', () => {
  const wish: ServoHeatingWish = {
    ...{ kind: 'servo-heating', powerW: 5000, ecoC: 16, comfortC: 19, deltaC: 0.5, roomC: 19, outdoorC: 8 },
    ...{ resistanceKPerW: 0.0046, capacityJPerK: 2.8e6, week: [evening], weekend: [evening] },
  }
  const slots = servoSlots(wish, { ...outset, start: parseInstant('2026-03-28T12:00:00+01:00') })
  let room = wish.roomC
  for (const [slot, heats] of slots.entries()) {
    room = 8 + (1 - 900 / 12_880) * (room - 8) + (heats * 5000 * 900) / 2.8e6
    const isComfort = slot + 1 >= 24 && slot + 1 <= 40
    // At the turn to comfort, heating begins.
    if (slot + 1 > 28 || slot + 1 < 24) assert.ok(room >= (isComfort ? 18.5 : 15.5) - 1e-9, `slot ${slot}: ${room} °C`)
  }
  assert.ok(slots.includes(0) && slots.includes(1), slots.join(''))
  assert.equal((place(wish).appliance as Cycle).profileKw.length, 96)
})
