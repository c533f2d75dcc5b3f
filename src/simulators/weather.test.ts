import assert from 'node:assert/strict'
import test from 'node:test'
import { after, atWallClock, DAY, HOUR, type Instant, instant, MINUTE, SECOND } from '#kernel'
import { pvHistory, pvPlant } from './pv.ts'
import { sky, sunAt, weatherHistory } from './sky.ts'

const MARTINIQUE = { latitude: 14.61, longitude: -61.05 }
const at = (hour: number, minute = 0, day = 24): Instant => atWallClock({ year: 2026, month: 11, day, hour, minute }, 'America/Martinique')
const degrees = (radians: number): number => (radians * 180) / Math.PI
const near = (value: number, expected: number, off: number) =>
  assert.ok(Math.abs(value - expected) <= off, `${value} is not near ${expected}`)

test('the sun stands where the almanac says', () => {
  // Solar noon at 61.05° W on 24 November: 12:00 UTC + 4 h 4.2 min − 13.3 min (equation of time); declination −20.6°.
  const noon = instant(Date.parse('2026-11-24T15:51:00Z'))
  near(degrees(sunAt(noon, MARTINIQUE).elevation), 90 - 14.61 - 20.6, 0.3)
  near(degrees(sunAt(noon, MARTINIQUE).azimuth), 180, 1)
  // Morning in the east of south, evening in the west.
  assert.ok(degrees(sunAt(at(8), MARTINIQUE).azimuth) < 140)
  assert.ok(degrees(sunAt(at(16), MARTINIQUE).azimuth) > 220)
  // Sunrise 06:12, sunset 17:33 in Fort-de-France: the sun is at the horizon within two degrees.
  near(degrees(sunAt(at(6, 12), MARTINIQUE).elevation), 0, 2)
  near(degrees(sunAt(at(17, 33), MARTINIQUE).elevation), 0, 2)
  // Paris at the summer solstice: 90 − 48.86 + 23.44 at 11:52 UTC.
  near(degrees(sunAt(instant(Date.parse('2026-06-21T11:52:00Z')), { latitude: 48.86, longitude: 2.35 }).elevation), 64.58, 0.3)
})

test('the same seed makes the same weather, another seed another', () => {
  const moments = Array.from({ length: 60 }, (_, i) => after(at(9), i * 7 * MINUTE))
  const covers = (seed: number) => moments.map((moment) => sky({ place: MARTINIQUE, seed }).at(moment).cover)
  assert.deepEqual(covers(1), covers(1))
  assert.notDeepEqual(covers(1), covers(2))
  const backwards = sky({ place: MARTINIQUE, seed: 1 })
  assert.deepEqual(
    [...moments]
      .reverse()
      .map((moment) => backwards.at(moment).cover)
      .reverse(),
    covers(1),
  )
})

test('weather stays within nature over a year, dark at night and bright at noon', () => {
  const weather = sky({ place: MARTINIQUE, seed: 3 })
  let noons = 0
  for (let moment = at(0); moment < after(at(0), 365 * DAY); moment = after(moment, 37 * MINUTE)) {
    const { cover, global, temperature, elevation } = weather.at(moment)
    assert.ok(cover >= 0 && cover <= 1 && global >= 0 && global < 1150 && temperature > 20 && temperature < 34)
    if (elevation <= 0) assert.equal(global, 0)
    if (elevation > 0.05) assert.ok(global > 0)
    if (elevation > 0.9) noons = Math.max(noons, global)
  }
  assert.ok(noons > 750)
})

test('clouds can be commanded: they darken the sky within seconds and go when their time is over', () => {
  const weather = sky({ place: MARTINIQUE, seed: 5 })
  const noon = at(12)
  const free = sky({ place: MARTINIQUE, seed: 5 })
  weather.cloud(1, 10, noon)
  const share = (moment: Instant) => weather.at(moment).global / free.at(moment).global
  assert.equal(share(noon), 1)
  assert.ok(share(after(noon, 20 * SECOND)) < 0.5)
  assert.ok(share(after(noon, 5 * MINUTE)) < 0.5)
  assert.equal(share(after(noon, 10 * MINUTE)), 1)
  weather.cloud(0, 10, noon)
  assert.ok(weather.at(after(noon, 5 * MINUTE)).global >= free.at(after(noon, 5 * MINUTE)).global)
})

test('a plant gives what sun, heat and its inverter allow, and nothing at night', () => {
  const weather = sky({ place: MARTINIQUE, seed: 7 })
  const day = pvHistory({ id: 'PV001', weather, place: MARTINIQUE }, { from: at(0), until: after(at(0), DAY), step: 5 * MINUTE })
  assert.equal(day.length, 288)
  assert.ok(day.every(({ powerW }) => powerW <= 0 && powerW >= -5000))
  assert.ok(day.filter((_, i) => i < 65 || i > 220).every(({ powerW }) => powerW === 0))
  const energy = -day.reduce((sum, { powerW }) => sum + powerW / 12, 0)
  assert.ok(energy > 9_000 && energy < 32_000, `${energy} Wh on one day of a 5 kWp plant`)
  const clipped = pvHistory(
    { id: 'PV001', weather, place: MARTINIQUE, rating: 1000 },
    { from: at(0), until: after(at(0), DAY), step: 5 * MINUTE },
  )
  assert.equal(Math.min(...clipped.map(({ powerW }) => powerW)), -1000)
})

test('history and present are one model: the last step of history is what the plant does then', () => {
  const weather = sky({ place: MARTINIQUE, seed: 7 })
  const options = { id: 'PV002', weather, place: MARTINIQUE }
  const last = pvHistory(options, { from: at(10), until: at(11), step: 5 * MINUTE }).at(-1)!
  const plant = pvPlant({ ...options, start: at(10, 55) })
  const before = plant.at(at(10, 55)).energy
  near((plant.at(at(11)).energy - before) * 12, -last.powerW, 1)
})

test('a cap holds within two seconds and falls away when it is not told again', () => {
  const weather = sky({ place: MARTINIQUE, seed: 7 })
  weather.cloud(0, 60, at(11, 30))
  const plant = pvPlant({ id: 'PV001', weather, place: MARTINIQUE, start: at(12) })
  const free = plant.at(at(12)).power
  assert.ok(free > 2500)
  plant.curtail(0.2, 60, at(12))
  near(plant.at(after(at(12), 2 * SECOND)).power, 1000, 1)
  assert.equal(plant.at(after(at(12), 30 * SECOND)).curtailed, true)
  assert.deepEqual(plant.cap(), { share: 0.2, left: 30 })
  assert.ok(plant.at(after(at(12), 63 * SECOND)).power > 2500)
  assert.equal(plant.cap(), undefined)
})

test('a plant at fault gives nothing; a frozen one repeats itself', () => {
  const weather = sky({ place: MARTINIQUE, seed: 7 })
  const plant = pvPlant({ id: 'PV001', weather, place: MARTINIQUE, start: at(12) })
  plant.fault(true)
  assert.equal(plant.at(after(at(12), MINUTE)).power, 0)
  plant.fault(false)
  assert.ok(plant.at(after(at(12), 2 * MINUTE)).power > 500)
  const seen = plant.at(after(at(12), 2 * MINUTE))
  plant.freeze(true)
  assert.deepEqual(plant.at(after(at(12), 3 * HOUR)), seen)
  plant.freeze(false)
  assert.notDeepEqual(plant.at(after(at(12), 3 * HOUR)), seen)
})

test('a weather station averages over its steps', () => {
  const weather = sky({ place: MARTINIQUE, seed: 7 })
  const series = weatherHistory({ weather, from: at(0), until: after(at(0), DAY), step: 15 * MINUTE })
  assert.equal(series.length, 96)
  assert.equal(series[0]!.irradiance, 0)
  assert.ok(Math.max(...series.map(({ irradiance }) => irradiance)) > 500)
})
