import assert from 'node:assert/strict'
import test from 'node:test'
import { after, HOUR, inProcessBus, manualClock } from '#kernel'
import { scratchStore } from '#store'
import { openAssets } from '../assets.ts'
import { openBeliefs } from '../beliefs.ts'
import { TEN } from '../island.fixture.ts'
import type { News } from '../news.ts'
import { openSensors } from '../sensors.ts'
import { DEFAULT_CONFIG } from './kept.ts'
import { readRegressors } from './regressors.ts'

test('of the weather its past is as it was foretold, its future as it was known, and of measurements nothing is foretold', async (t) => {
  const store = await scratchStore(t)
  const clock = manualClock(TEN)
  const sensors = openSensors(store, () => clock.now())
  const beliefs = openBeliefs({ store, clock, bus: inProcessBus<News>(() => {}), sensors })
  await store.query("insert into account (id, name) values (1, 'Island')")
  const asset = (await openAssets(store).create({ name: 'roof', type: 6, account: 1 })).id
  const sensor = (await sensors.create({ name: 'irradiance', unit: 'W/m²', resolution: HOUR, asset, timezone: 'UTC' })).id
  const [station, service] = [
    await beliefs.source({ name: 'station', type: 'gateway' }),
    await beliefs.source({ name: 'service', type: 'forecaster' }),
  ]
  const hours = (from: number, until: number) => Array.from({ length: until - from }, (_, hour) => after(TEN, (from + hour) * HOUR))
  const say = (source: number, from: number, until: number, value: number, beliefTime: number) =>
    beliefs.record([
      {
        sensor,
        source,
        starts: hours(from, until),
        values: hours(from, until).map(() => value),
        beliefTime: after(TEN, beliefTime * HOUR),
      },
    ])
  // Foretold a day before, once more in the hour before, then measured; the last forecast is made after all is over.
  await say(service, -6, 6, 100, -30)
  await say(service, -4, 6, 150, -4)
  await beliefs.record([{ sensor, source: station, starts: hours(-10, 0), values: hours(-10, 0).map(() => 200), beliefTime: 'event-end' }])
  await say(service, 0, 6, 999, 1)
  const window = { from: after(TEN, -10 * HOUR), until: after(TEN, 6 * HOUR), step: HOUR, knownAt: TEN, lead: 6 * HOUR }
  const config = { ...DEFAULT_CONFIG, futureRegressors: [{ sensor }], pastRegressors: [{ sensor }] }
  const [future, past] = await readRegressors({ store, beliefs, sensors }, config, window)
  const times = (count: number, value: number) => new Array<number>(count).fill(value)
  assert.deepEqual([...future!.values], [...times(4, 200), ...times(6, 100), ...times(6, 150)])
  assert.deepEqual([...past!.values.subarray(0, 10)], times(10, 200))
  assert.deepEqual([future!.kind, past!.kind, future!.name], ['future', 'past', `irradiance (ID: ${sensor})`])
})
