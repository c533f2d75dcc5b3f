import assert from 'node:assert/strict'
import test from 'node:test'
import { after, DAY, dayStart, HOUR, kilowatts, MINUTE, manualClock } from '#kernel'
import { scratchStore } from '#store'
import { beatOnce } from '../heartbeat.ts'
import { eventually, openIsland, settleIsland, smallSite, TEN } from '../island.fixture.ts'
import type { Line } from '../line.ts'
import { forecastAll, startForecasting } from './forecasting.ts'
import { skillViews } from './skill.ts'
import { clearSkyMean } from './sun.ts'

async function island(t: Parameters<typeof scratchStore>[0]) {
  const store = await scratchStore(t)
  const clock = manualClock(TEN)
  const site = smallSite()
  await settleIsland(store, site)
  return { store, clock, site, ...openIsland(store, clock, site) }
}

const ZONE = 'America/Martinique'
const PLACE = { latitude: 14.6, longitude: -61 }
const CLOUDS = [0.5, 0.9, 0.7, 0.85, 0.4]

/** Fourteen days before TEN as a plant of 5 kW and a car would have lived them; clearness differs from day to day. */
async function recordPast({ beliefs }: Line) {
  const source = await beliefs.source({ name: 'Simulation', type: 'simulation' })
  const from = after(dayStart(TEN, ZONE), -14 * DAY)
  const step = 15 * MINUTE
  const starts = Array.from({ length: (TEN - from) / step }, (_, slot) => after(from, slot * step))
  const clear = (at: (typeof starts)[number]) =>
    (clearSkyMean(at, step, PLACE) / 1000) * CLOUDS[Math.floor((at - from) / DAY) % CLOUDS.length]!
  const common = { source, beliefTime: 'event-end' as const }
  const fives = starts.flatMap((at) => [0, 5, 10].map((minutes) => after(at, minutes * MINUTE)))
  const home = starts.filter((at) => (at - 4 * HOUR) % DAY < 7 * HOUR || (at - 4 * HOUR) % DAY >= 18 * HOUR)
  await beliefs.record([
    { sensor: 41, starts: fives, values: fives.map((at) => 5 * clear(after(at, -(at % step)))), ...common },
    { sensor: 81, starts, values: starts.map((at) => 1000 * clear(at)), ...common },
    { sensor: 82, starts, values: starts.map((at) => 26 + 3 * Math.sin((2 * Math.PI * (at % DAY)) / DAY)), ...common },
    { sensor: 71, starts: home, values: home.map(() => 45), ...common },
  ])
}

test('a refresh commits forecasts as beliefs of a forecaster, with the time they were made', async (t) => {
  const { line, store, clock } = await island(t)
  await recordPast(line)
  const sensors = await forecastAll(line)
  assert.deepEqual(sensors.toSorted(), [41, 71, 81, 82])
  const noon = after(TEN, 2 * HOUR)
  const power = await line.beliefs.series({ sensor: 41, from: noon, until: after(noon, HOUR), sourceTypes: ['forecaster'] })
  assert.equal(power.length, 12)
  assert.ok(
    power.every((value) => value !== null && value > 1.5 && value < 5),
    `stored as the sensor stores production: ${power[0]}`,
  )
  const midnight = dayStart(after(TEN, DAY), ZONE)
  const night = await line.beliefs.series({ sensor: 41, from: midnight, until: after(midnight, HOUR), sourceTypes: ['forecaster'] })
  assert.deepEqual(new Set(night), new Set([0]))
  const [event] = await line.beliefs.events({ sensor: 81, from: noon, until: after(noon, HOUR), sourceTypes: ['forecaster'] })
  assert.equal(event!.beliefTime, clock.now())
  const models = await store.query<{ model: string }>("select model from data_source where type = 'forecaster' order by model")
  assert.deepEqual(
    models.map(({ model }) => model),
    ['ClearSky', 'PvPhysical', 'SameHourYesterday', 'UsualHour', 'VehicleHabits'],
  )
  const count = async () => (await store.first<{ n: number }>('select count(*)::int as n from timed_belief'))!.n
  const before = await count()
  clock.forward(MINUTE)
  await forecastAll(line)
  assert.ok((await count()) - before < 40, 'what stays the same is not stored again')
})

test('the skill of past days is known at first start, against persistence', async (t) => {
  const { line, clock, site } = await island(t)
  await recordPast(line)
  const forecasting = await startForecasting(line, { firstStart: true })
  t.after(() => forecasting.stop())
  await forecasting.scored()
  const views = await skillViews(line.store, { site: site.asset }, clock.now())
  const yesterday = views.find((view) => view.sensor === 41)!
  assert.equal(yesterday.day, '2026-11-23')
  assert.equal(yesterday.unit, 'kW')
  assert.equal(yesterday.model, 'PvPhysical')
  assert.ok(yesterday.n > 35 && yesterday.n < 48, 'daylight only')
  const plant = views.filter((view) => view.sensor === 41)
  assert.ok(plant.length >= 12)
  const mean = plant.reduce((sum, view) => sum + (view.skill ?? 0), 0) / plant.length
  assert.ok(mean > 0, `on changing days the mean of the week beats yesterday: ${mean}`)
  const car = views.find((view) => view.sensor === 71)!
  assert.equal(car.unit, '')
  assert.ok(car.rmse < 0.5 && car.n === 96, `presence is judged: ${car.rmse}`)
  const scored = views.length
  clock.set(after(clock.now(), DAY))
  clock.forward(0)
  await forecasting.scored()
  assert.ok((await skillViews(line.store, { site: site.asset }, clock.now())).length >= scored)
})

test('a sudden cloud is news: the forecast is made again and the planner is told that it moved', async (t) => {
  const { line, clock, made, news } = await island(t)
  await recordPast(line)
  const now = await line.beliefs.series({ sensor: 41, from: after(TEN, -15 * MINUTE), until: TEN, step: 15 * MINUTE })
  made['PV001']!.power = kilowatts(-now[0]!)
  await beatOnce(line)
  const forecasting = await startForecasting(line)
  t.after(() => forecasting.stop())
  const told = () => news.filter((one) => one.kind === 'forecast')
  clock.forward(2 * MINUTE)
  await beatOnce(line)
  await forecasting.refresh()
  const calm = told().length
  assert.ok(told().every((one) => one.kind === 'forecast' && !one.moved))
  made['PV001']!.power = kilowatts(-0.2)
  for (let beat = 0; beat < 5; beat++) {
    clock.forward(30_000)
    await beatOnce(line)
  }
  await eventually(() => told().length > calm, 'the forecast was made again')
  await eventually(() => told().some((one) => one.kind === 'forecast' && one.moved), 'it moved')
})

test('prices that the market has not told are forecast, those it told are left alone', async (t) => {
  const { line } = await island(t)
  const source = await line.beliefs.source({ name: 'market', type: 'market' })
  const midnight = dayStart(TEN, ZONE)
  const starts = Array.from({ length: 24 }, (_, hour) => after(midnight, hour * HOUR))
  await line.beliefs.record([
    { sensor: 84, source, starts, values: starts.map((_, hour) => 100 + hour), beliefTime: after(midnight, -HOUR) },
  ])
  await forecastAll(line)
  const tomorrow = after(midnight, DAY)
  const said = await line.beliefs.series({ sensor: 84, from: midnight, until: after(tomorrow, DAY), sourceTypes: ['forecaster'] })
  assert.ok(said.slice(0, 24).every((value) => value === null))
  assert.deepEqual(
    said.slice(24),
    starts.map((_, hour) => 100 + hour),
  )
})
