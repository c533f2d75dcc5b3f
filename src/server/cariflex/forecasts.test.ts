import assert from 'node:assert/strict'
import test from 'node:test'
import type { NamedForecast } from '#ems'
import { after, DAY, HOUR } from '#kernel'
import { type Door, NOON, openDoor } from '../door.fixture.ts'
import { ended } from '../flexmeasures/ended.fixture.ts'

const OURS = '/api/cariflex/v1/forecasts'
const load: Omit<NamedForecast, 'sensor'> = {
  name: 'load',
  model: 'CustomLGBM',
  every: HOUR,
  duration: DAY,
  trainPeriod: 10 * DAY,
  regressors: [],
  probabilistic: false,
}

/** A house whose first sensor has lived eight equal days. */
async function house(t: Parameters<typeof openDoor>[0], config: NamedForecast[] = []): Promise<{ door: Door; sensor: number }> {
  const door = await openDoor(t, { config: { forecasts: config } })
  const sensor = await door.sensor({ resolution: HOUR })
  const source = await door.server.sources.of({ name: 'meter', type: 'gateway' })
  const starts = Array.from({ length: 8 * 24 }, (_, slot) => after(NOON, -8 * DAY + slot * HOUR))
  await door.server.beliefs.record([{ sensor, source, starts, values: starts.map((at) => (at / HOUR) % 24), beliefTime: 'event-end' }])
  return { door, sensor }
}

interface Made {
  status: string
  values: number[]
  models: { models: string[] }[]
  unit: string
  problem: string | null
}
const read = async (door: Door, job: string, as: 'ann' | 'mel' | 'bob' = 'ann') => door.ask('GET', `${OURS}/${job}`, { as })
async function over(door: Door, job: string): Promise<Made> {
  await ended(door, job)
  return (await read(door, job)).body['data'] as Made
}

test('a forecast is made by name or by sensor, followed and read with the models that speak, by those who may', async (t) => {
  const { door, sensor } = await house(t, [{ ...load, sensor: 1 }])
  assert.equal(sensor, 1)
  const asked = await door.ask('POST', OURS, { as: 'mel', body: { name: 'load', duration: 'PT6H' } })
  assert.equal(asked.status, 202, JSON.stringify(asked.body))
  const { job } = asked.body['data'] as { job: string }
  const made = await over(door, job)
  assert.deepEqual([made.status, made.problem, made.unit, made.values.length], ['FINISHED', null, 'kW', 6])
  for (const [hour, value] of made.values.entries()) assert.ok(Math.abs(value - (12 + hour)) < 0.5, `${value}`)
  assert.ok(made.models.length > 0)
  assert.equal((await read(door, job, 'bob')).status, 403)
  assert.equal((await door.ask('DELETE', `${OURS}/${job}`, { as: 'ann' })).status, 409, 'it is over')
  const { body } = await door.ask('GET', OURS, { as: 'ann' })
  const [listed] = body['data'] as Record<string, unknown>[]
  assert.deepEqual(
    [listed!['name'], listed!['kind'], listed!['fallback'], listed!['every'], listed!['lately']],
    ['load', 'load', 'MeanOf7Days', 'PT1H', null],
  )
  const chosen = listed!['chosen'] as { madeAt: string; days: number; choices: { models: string[]; skill: number | null }[] }
  assert.deepEqual([chosen.days, chosen.choices], [8, made.models], 'what was chosen is kept')
  assert.deepEqual((await door.ask('GET', OURS, { as: 'bob' })).body, { data: [] })
})

test('load, price and CO₂ each have their name, their kind by the unit, their default model and their skill', async (t) => {
  const door = await openDoor(t, { config: { forecasts: ['load', 'price', 'co2'].map((name, at) => ({ ...load, name, sensor: at + 1 })) } })
  const sensors = [await door.sensor({ resolution: HOUR }), await door.sensor({ unit: 'EUR/MWh' }), await door.sensor({ unit: 'kg/MWh' })]
  assert.deepEqual(sensors, [1, 2, 3])
  for (const [day, rmse] of [
    ['2026-11-22', 1],
    ['2026-11-23', 3],
  ] as const)
    await door.store.query(
      `insert into cariflex.forecast_skill (sensor, model, day, asset, rmse, rmse_persistence, skill, n, made_at)
       values (3, 'TrainPredictPipeline', $1, $2, $3, 4, null, 24, now())`,
      [day, door.asset, rmse],
    )
  const { body } = await door.ask('GET', OURS, { as: 'mel' })
  const listed = body['data'] as { name: string; kind: string; fallback: string; model: string; chosen: unknown; lately: unknown }[]
  assert.deepEqual(
    listed.map(({ name, kind, fallback, model, chosen, lately }) => [name, kind, fallback, model, chosen, lately]),
    [
      ['load', 'load', 'MeanOf7Days', 'CustomLGBM', null, null],
      ['price', 'price', 'UsualHour', 'CustomLGBM', null, null],
      ['co2', 'co2', 'UsualHour', 'CustomLGBM', null, { days: 2, rmse: 2, rmsePersistence: 4, skill: 0.5 }],
    ],
  )
})

test('what cannot be forecast is said, with what to do', async (t) => {
  const { door, sensor } = await house(t)
  const price = await door.sensor({ unit: 'EUR/MWh', resolution: HOUR })
  const market = await door.server.sources.of({ name: 'market', type: 'market' })
  const starts = Array.from({ length: 60 }, (_, slot) => after(NOON, (slot - 12) * HOUR))
  await door.server.beliefs.record([
    { sensor: price, source: market, starts, values: starts.map(() => 90), beliefTime: after(NOON, -HOUR) },
  ])
  const other = await door.server.assets.create({ name: 'elsewhere', type: 6, account: 2 })
  const secret = await door.server.sensors.create({ name: 'secret', unit: 'kW', resolution: HOUR, asset: other.id, timezone: 'UTC' })
  const table: [body: object, status: number, code: string][] = [
    [{}, 422, 'invalid-forecast'],
    [{ name: 'nothing' }, 404, 'unknown-forecast'],
    [{ sensor: 987_654 }, 404, 'unknown-sensor'],
    [{ sensor, trainPeriod: 'P1D' }, 422, 'invalid-forecast'],
    [{ sensor, regressors: [secret.id] }, 403, 'forbidden'],
    [{ sensor: secret.id }, 403, 'forbidden'],
    [{ sensor, duration: 'P999D' }, 422, 'invalid-forecast'],
    [{ sensor: price, duration: 'PT24H' }, 409, 'nothing-to-forecast'],
  ]
  for (const [body, status, code] of table) {
    const answer = await door.ask('POST', OURS, { as: 'ann', body })
    assert.deepEqual([answer.status, answer.body['code']], [status, code], JSON.stringify([body, answer.body]))
  }
  assert.equal((await door.ask('POST', OURS, { as: 'ann', body: { sensor, model: 'GPT' } })).status, 422)
  assert.equal((await read(door, '00000000-0000-4000-8000-000000000000')).status, 404)
  assert.equal((await door.ask('GET', OURS)).status, 401)
})

test('a forecast that nobody wants any more is called off', async (t) => {
  const { door, sensor } = await house(t)
  const first = await door.ask('POST', OURS, { as: 'ann', body: { sensor } })
  const second = await door.ask('POST', OURS, { as: 'ann', body: { sensor, duration: 'PT6H' } })
  const { job } = second.body['data'] as { job: string }
  assert.equal((await door.ask('DELETE', `${OURS}/${job}`, { as: 'bob' })).status, 403)
  assert.equal((await door.ask('DELETE', `${OURS}/${job}`, { as: 'mel' })).status, 204)
  assert.match((await over(door, job)).status, /CANCELED|STOPPED/)
  assert.equal((await over(door, (first.body['data'] as { job: string }).job)).status, 'FINISHED', 'the other one goes on')
})

test('skill is told day by day to those who may read the sensor', async (t) => {
  const { door, sensor } = await house(t)
  await door.store.query(
    `insert into cariflex.forecast_skill (sensor, model, day, asset, rmse, rmse_persistence, skill, n, made_at)
     values ($1, 'TrainPredictPipeline', '2026-11-23', $2, 0.5, 1, 0.5, 24, now()), ($1, 'TrainPredictPipeline', '2026-10-01', $2, 1, 1, 0, 24, now())`,
    [sensor, door.asset],
  )
  const skill = async (query: string, as: 'ann' | 'bob' = 'ann') => (await door.ask('GET', `${OURS}/skill${query}`, { as })).body['data']
  const row = { sensor, asset: door.asset, name: 'house', model: 'TrainPredictPipeline', day: '2026-11-23' }
  assert.deepEqual(await skill(''), [{ ...row, rmse: 0.5, rmsePersistence: 1, skill: 0.5, unit: 'kW', n: 24 }])
  assert.equal(((await skill('?days=90')) as unknown[]).length, 2)
  assert.deepEqual(await skill(`?sensor=${sensor + 1}`), [])
  assert.deepEqual(await skill('', 'bob'), [])
})
