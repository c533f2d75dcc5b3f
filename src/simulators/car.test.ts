import assert from 'node:assert/strict'
import test from 'node:test'
import { after, DAY, HOUR, MINUTE, parseInstant, SECOND, wallClock, wattHours, watts } from '#kernel'
import { acceptanceOf, CAR_EFFICIENCY, type CarSpec, openCar } from './car.ts'
import { carHistory } from './car-history.ts'
import { nextTrip, tripAt, tripOf } from './car-trips.ts'
import { openOutlet } from './station-outlet.ts'

const ZONE = 'America/Martinique'
const MONDAY = parseInstant('2026-03-02T00:00:00-04:00')
const cars = Array.from(
  { length: 10 },
  (_, index): CarSpec => ({
    id: `V2G${index + 1}`,
    token: { idToken: `FRCFXC0000000${index}`, type: 'eMAID' },
    home: `CP${index + 1}`,
    seed: 4200 + index,
    rhythm: (['commuter', 'errands', 'commuter', 'evening', 'commuter'] as const)[index % 5]!,
    zone: ZONE,
    capacity: wattHours(75_000),
    onboard: watts(11_040),
    discharge: watts(11_040),
    target: 0.8,
    reserve: 0.3,
  }),
)

test('trips are the same whenever they are asked for, begin and end in order and differ from day to day', () => {
  for (const car of cars) {
    const seen = new Set<number>()
    for (let day = 0; day < 60; day++) {
      const trip = tripOf(car, after(MONDAY, day * DAY), ZONE)
      assert.deepEqual(tripOf(car, after(MONDAY, day * DAY + 13 * HOUR), ZONE), trip)
      if (!trip) continue
      assert.ok(trip.arrival > trip.departure && trip.energy > 3000 && trip.energy < 26_000)
      assert.deepEqual(tripAt(car, after(trip.departure, 1000), ZONE), trip)
      assert.equal(tripAt(car, trip.arrival, ZONE)?.departure === trip.departure, false)
      seen.add(trip.energy)
    }
    assert.ok(seen.size > 15, `${car.id} drives ${seen.size} different trips`)
    assert.ok(nextTrip(car, MONDAY, ZONE).departure > MONDAY)
  }
})

test('a commuter leaves on a weekday morning of the island and is back in the evening', () => {
  const commuter = cars.find((car) => car.rhythm === 'commuter')!
  const { departure, arrival } = tripOf(commuter, after(MONDAY, 12 * HOUR), ZONE)!
  assert.ok(wallClock(departure, ZONE).hour >= 6 && wallClock(departure, ZONE).hour < 8)
  assert.ok(wallClock(arrival, ZONE).hour >= 16 && wallClock(arrival, ZONE).hour < 19)
})

test('at any hour of the week some cars are at home', () => {
  for (let hour = 0; hour < 7 * 24; hour++) {
    const at = after(MONDAY, hour * HOUR)
    assert.ok(cars.filter((car) => tripAt(car, at, ZONE) === undefined).length >= 2, `hour ${hour}`)
  }
})

test('driving takes the energy of the trip, once, however time is cut into steps', () => {
  const spec = cars[0]!
  const trip = tripOf(spec, after(MONDAY, HOUR), ZONE)!
  const whole = openCar(spec, { at: MONDAY, soc: wattHours(60_000) })
  whole.advance(after(trip.arrival, HOUR), false)
  const pieces = openCar(spec, { at: MONDAY, soc: wattHours(60_000) })
  for (let at = MONDAY; at < after(trip.arrival, HOUR); at = after(at, 7 * MINUTE)) pieces.advance(at, false)
  pieces.advance(after(trip.arrival, HOUR), false)
  assert.equal(Math.round(whole.soc()), 60_000 - trip.energy)
  assert.ok(Math.abs(pieces.soc() - whole.soc()) < 1e-6)
  const parked = openCar(spec, { at: MONDAY, soc: wattHours(60_000) })
  parked.advance(after(trip.arrival, HOUR), true)
  assert.equal(parked.soc(), 60_000)
})

test('the onboard charger tapers above 80 % and stops at full', () => {
  const spec = cars[0]!
  assert.equal(acceptanceOf(spec, 0.5), 11_040)
  assert.equal(acceptanceOf(spec, 0.8), 11_040)
  assert.ok(acceptanceOf(spec, 0.9) < 7000 && acceptanceOf(spec, 0.9) > 5000)
  assert.equal(acceptanceOf(spec, 1), 0)
})

test('the wish is the energy missing at the outlet and the next departure; the memory survives', () => {
  const spec = cars[0]!
  const car = openCar(spec, { at: MONDAY, soc: wattHours(40_000) })
  assert.equal(car.wish(MONDAY).energy, Math.ceil((0.8 * 75_000 - 40_000) / CAR_EFFICIENCY))
  assert.equal(car.wish(MONDAY).departure, nextTrip(spec, MONDAY, ZONE).departure)
  car.take(10_000)
  const again = openCar(spec, { at: after(MONDAY, HOUR), soc: wattHours(0) }, car.memory())
  assert.equal(again.soc(), 40_000 + 10_000 * CAR_EFFICIENCY)
})

const outletUnder = (limit: number, more: { phases?: number; soc?: number; nominal?: number } = {}) => {
  const car = openCar(cars[0]!, { at: MONDAY, soc: wattHours(more.soc ?? 40_000) })
  const outlet = openOutlet({
    at: MONDAY,
    nominal: watts(more.nominal ?? 22_080),
    limits: (from) => [{ from, limit, phases: more.phases ?? 3 }],
    closed: () => true,
  })
  outlet.plug(car)
  return { car, outlet }
}

test('the car draws the least of limit, station, onboard charger and phases, and pauses below 6 A', () => {
  const drawn = (limit: number, more = {}) => {
    const { outlet } = outletUnder(limit, more)
    outlet.advance(after(MONDAY, MINUTE))
    return Math.round(outlet.power())
  }
  assert.equal(drawn(50_000), 11_040)
  assert.equal(drawn(50_000, { nominal: 7_000 }), 7_000)
  assert.equal(drawn(8_000), 8_000)
  assert.equal(drawn(50_000, { phases: 1 }), 3_680)
  assert.equal(drawn(4_140), 4_140)
  assert.equal(drawn(4_139), 0)
  assert.equal(drawn(1_380, { phases: 1 }), 1_380)
  assert.equal(drawn(0), 0)
  assert.equal(drawn(11_040, { soc: 75_000 }), 0)
  assert.equal(drawn(-5_000), -5_000)
  assert.equal(drawn(-50_000), -11_040)
  assert.equal(drawn(-5_000, { soc: 20_000 }), 0)
})

test('power ramps within seconds and every watt-hour of the meter is in the car, less the loss', () => {
  const { car, outlet } = outletUnder(10_000)
  outlet.advance(after(MONDAY, SECOND))
  assert.ok(outlet.power() > 2_000 && outlet.power() < 8_000, `${outlet.power()} W after a second`)
  outlet.advance(after(MONDAY, 20 * SECOND))
  assert.equal(outlet.power(), 10_000)
  outlet.advance(after(MONDAY, HOUR))
  assert.ok(outlet.imported() > 9_980 && outlet.imported() < 10_000)
  assert.ok(Math.abs(car.soc() - 40_000 - outlet.imported() * CAR_EFFICIENCY) < 1e-6)
  assert.equal(outlet.flow(), 'charging')
  const back = outletUnder(-10_000)
  back.outlet.advance(after(MONDAY, HOUR))
  assert.ok(Math.abs(back.car.soc() - 40_000 + back.outlet.exported() / CAR_EFFICIENCY) < 1e-6)
  assert.equal(back.outlet.imported(), 0)
})

test('fourteen days of history: every need is met before departure and the energy adds up', () => {
  const until = after(MONDAY, 14 * DAY)
  for (const spec of cars) {
    const history = carHistory(spec, { nominal: 11_000 }, MONDAY, until)
    assert.equal(history.power.length, 14 * 288)
    assert.deepEqual(carHistory(spec, { nominal: 11_000 }, MONDAY, until), history)
    assert.ok(history.power.every((power) => power >= 0 && power <= 11_000))
    const charged = history.power.reduce((sum, power) => sum + power / 12, 0) * CAR_EFFICIENCY
    let driven = 0
    for (let day = -1; day < 14; day++) {
      const trip = tripOf(spec, after(MONDAY, day * DAY), ZONE)
      if (!trip) continue
      const overlap = Math.max(0, Math.min(trip.arrival, until) - Math.max(trip.departure, MONDAY)) / (trip.arrival - trip.departure)
      driven += trip.energy * overlap
    }
    assert.ok(Math.abs(history.soc[0]! + charged - driven - history.end) < 1, spec.id)
    assert.ok(
      history.soc.every((soc) => soc > 0.3 * spec.capacity && soc <= spec.capacity),
      spec.id,
    )
    assert.ok(history.power.some((power) => power > 10_000) && history.plugged.some((plugged) => !plugged), spec.id)
  }
})
