import assert from 'node:assert/strict'
import test from 'node:test'
import { openBeliefs, openSensors } from '#ems'
import { after, HOUR, inProcessBus, instant, manualClock } from '#kernel'
import { scratchStore } from '#store'
import { openDoor } from '../door.fixture.ts'
import { freshnessOf } from './assets.ts'

const NOON = instant(Date.UTC(2026, 10, 24, 16))

test('an asset is as fresh as its freshest sensor, prices told ahead count, forecasts and empty sensors do not', async (t) => {
  const store = await scratchStore(t)
  const clock = manualClock(NOON)
  const sensors = openSensors(store, () => clock.now())
  const beliefs = openBeliefs({ store, clock, bus: inProcessBus(() => undefined), sensors })
  const grid = await store.first<{ id: number }>(
    "insert into generic_asset (name, generic_asset_type_id, attributes) values ('Grid', 6, '{}') returning id",
  )
  const sensor = async (name: string) => {
    const row = await store.first<{ id: number }>(
      `insert into sensor (name, unit, timezone, event_resolution, generic_asset_id, attributes, knowledge_horizon_fnc, knowledge_horizon_par)
       values ($1, 'EUR/MWh', 'UTC', interval '1 hour', $2, '{}', 'ex_post', '{"ex_post_horizon": "P0D"}') returning id`,
      [name, grid!.id],
    )
    return { id: row!.id, name }
  }
  const price = await sensor('price')
  const signal = await sensor('signal')
  const freshness = (...of: { id: number; name: string }[]) => freshnessOf({ sensors, beliefs }, { sensors: of } as never, clock.now())
  assert.equal(await freshness(price, signal), 'silent', 'nothing was ever told')
  assert.equal(await freshness(), 'fresh', 'nothing is expected of it')

  const tell = (source: number) =>
    beliefs.record([{ sensor: price.id, source, starts: [instant(NOON), instant(NOON + HOUR)], values: [118, 120], beliefTime: NOON }])
  await tell(await beliefs.source({ name: 'guess', type: 'forecaster' }))
  assert.equal(await freshness(price, signal), 'silent', 'a forecast is no message')
  await tell(await beliefs.source({ name: 'market', type: 'market' }))
  assert.equal(await freshness(price, signal), 'fresh')
  assert.equal(await freshness(signal), 'silent')
  clock.set(after(clock.now(), 3 * HOUR))
  assert.notEqual(await freshness(price, signal), 'fresh', 'prices that ended are not fresh')
})

test('the last values of an asset are told in the units of its sensors, and to whom may read it', async (t) => {
  const door = await openDoor(t)
  const [power, silent] = [await door.sensor({ unit: 'kW', timezone: 'Europe/Paris' }), await door.sensor({ unit: '°C', resolution: 0 })]
  const post = { start: '2026-11-24T11:30:00Z', duration: 'PT30M', values: [4, 5], unit: 'kW' }
  await door.ask('POST', `/api/v3_0/sensors/${power}/data`, { as: 'mel', body: post })
  const latest = (as: 'mel' | 'bob', asset = door.asset) => door.ask('GET', `/api/cariflex/v1/assets/${asset}/latest`, { as })
  assert.deepEqual((await latest('mel')).body['data'], [
    { sensor: power, name: 's0', unit: 'kW', resolution: 900, at: '2026-11-24T12:45:00+01:00', value: 5 },
    { sensor: silent, name: 's1', unit: '°C', resolution: 0, at: null, value: null },
  ])
  assert.deepEqual([(await latest('bob')).status, (await latest('mel', 999)).status], [403, 404])
})
