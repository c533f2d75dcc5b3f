import assert from 'node:assert/strict'
import test from 'node:test'
import { after, DAY, dayStart, HOUR, inProcessBus, MINUTE, manualClock, silentLog, systemClock } from '#kernel'
import { openQueue, scratchStore } from '#store'
import { openAssets } from '../assets.ts'
import { openBeliefs } from '../beliefs.ts'
import { openForecasts } from '../forecasts.ts'
import { eventually, TEN } from '../island.fixture.ts'
import type { News } from '../news.ts'
import { openSensors } from '../sensors.ts'
import { openSources } from '../sources.ts'
import { type NamedForecast, startNamedForecasts } from './named.ts'
import { skillViews } from './skill.ts'

const ZONE = 'America/Martinique'
const HOURLY: Omit<NamedForecast, 'name' | 'sensor'> = {
  model: 'UsualHour',
  every: 12 * HOUR,
  duration: 2 * DAY,
  trainPeriod: 10 * DAY,
  regressors: [],
  probabilistic: false,
}

async function house(t: Parameters<typeof scratchStore>[0]) {
  const store = await scratchStore(t)
  const clock = manualClock(TEN)
  const bus = inProcessBus<News>(() => {})
  const [sensors, sources, assets] = [openSensors(store, () => clock.now()), openSources(store), openAssets(store)]
  const beliefs = openBeliefs({ store, clock, bus, sensors, sources })
  // On a clock of its own: days are leapt over here, and a queue looks around every other second.
  const queue = openQueue({ store, clock: systemClock, log: silentLog })
  const forecasts = openForecasts({ store, clock, beliefs, sensors, assets, sources, queue, author: 'Us', planningHorizon: 2 * DAY })
  t.after(async () => {
    await forecasts.close()
    await queue.close()
  })
  await store.query("insert into account (id, name) values (1, 'Island')")
  const asset = (await assets.create({ name: 'house', type: 6, account: 1 })).id
  const made = (name: string, unit: string) => sensors.create({ name, unit, resolution: HOUR, asset, timezone: ZONE })
  const [load, price, co2] = [await made('load', 'kW'), await made('price', 'EUR/MWh'), await made('co2', 'g/kWh')]
  const parts = { store, clock, log: silentLog, beliefs, sensors, assets, forecasts, zone: ZONE }
  return { parts, store, clock, beliefs, forecasts, sensors: { load: load.id, price: price.id, co2: co2.id } }
}

test('load, price and CO₂ are forecast by name again and again, prices only beyond what the market told, and scored', async (t) => {
  const { parts, store, clock, beliefs, forecasts, sensors } = await house(t)
  const meter = await beliefs.source({ name: 'meter', type: 'gateway' })
  const market = await beliefs.source({ name: 'market', type: 'market' })
  const midnight = dayStart(TEN, ZONE)
  const hours = (from: number, count: number) => Array.from({ length: count }, (_, hour) => after(midnight, (from + hour) * HOUR))
  const daily = (at: number) => 10 + (((at - midnight) / HOUR + 2400) % 24)
  const past = hours(-6 * 24, 6 * 24 + 10)
  for (const sensor of [sensors.load, sensors.co2])
    await beliefs.record([{ sensor, source: meter, starts: past, values: past.map(daily), beliefTime: 'event-end' }])
  const told = hours(-6 * 24, 7 * 24)
  await beliefs.record([
    { sensor: sensors.price, source: market, starts: told, values: told.map(daily), beliefTime: after(midnight, -HOUR) },
  ])
  const list = [
    ...(['load', 'price', 'co2'] as const).map((name) => ({ ...HOURLY, name, sensor: sensors[name] })),
    // Of a sensor that was deleted: the others do not suffer.
    { ...HOURLY, name: 'gone', sensor: 987_654 },
  ]
  const named = startNamedForecasts(parts, list)
  t.after(() => named.stop())
  const foretold = (sensor: number, from: number) =>
    beliefs.series({ sensor, from: after(midnight, from * HOUR), until: after(midnight, (from + 24) * HOUR), sourceTypes: ['forecaster'] })
  const isMade = async (sensor: number) => (await foretold(sensor, 24))[0] !== null
  clock.forward(2 * MINUTE)
  for (const sensor of Object.values(sensors)) await eventually(() => isMade(sensor), `sensor ${sensor} was not forecast`)
  for (const sensor of Object.values(sensors))
    for (const [hour, value] of (await foretold(sensor, 24)).entries()) assert.ok(Math.abs(value! - daily(midnight + hour * HOUR)) < 0.1)
  assert.ok(
    (await foretold(sensors.price, 0)).every((value) => value === null),
    'what the market told is left alone',
  )
  assert.ok((await foretold(sensors.load, 0))[12] !== null)
  assert.equal(await named.run('nothing'), undefined)
  const again = await named.run('load')
  await eventually(async () => (await forecasts.get(again!))?.job.status === 'FINISHED', 'it was not made again')
  // The next day was lived as foretold: its skill is noted.
  const lived = hours(10, 38)
  await beliefs.record([{ sensor: sensors.load, source: meter, starts: lived, values: lived.map(daily), beliefTime: 'event-end' }])
  clock.forward(39 * HOUR)
  await eventually(async () => (await skillViews(store, { sensors: [sensors.load] }, clock.now())).length > 0, 'the skill was not kept')
  const [row] = await skillViews(store, { sensors: [sensors.load] }, clock.now())
  assert.deepEqual([row!.day, row!.model, row!.n], ['2026-11-25', 'TrainPredictPipeline', 24])
  assert.ok(row!.rmse < 0.1)
})
