// KPIs over HTTP: daily values become one figure, by the function that was chosen or fits the unit.
import assert from 'node:assert/strict'
import test from 'node:test'
import { DAY, instant } from '#kernel'
import { openDoor } from '../door.fixture.ts'

test('daily values of a time become one figure each', async (t) => {
  const door = await openDoor(t)
  const { server } = door
  const daily = async (unit: string, values: number[]) => {
    const sensor = await door.sensor({ unit, resolution: DAY })
    const source = await server.sources.of({ name: 'reporter', type: 'reporter' })
    const first = Date.parse('2026-11-01T00:00:00Z')
    const starts = values.map((_, i) => instant(first + i * DAY))
    // The figure of a day is corrected once: only what was believed last counts.
    await server.beliefs.record([{ sensor, source, starts, values: values.map(() => 1000), horizon: 0 }])
    await server.beliefs.record([{ sensor, source, starts, values, horizon: -DAY }])
    return sensor
  }
  const energy = await daily('kWh', [10, 20.126, 30, 40])
  const share = await daily('%', [50, 70])
  const foreign = await server.assets.create({ name: 'foreign', type: 5, account: 2 })
  const hidden = (await server.sensors.create({ name: 'x', unit: 'kW', resolution: DAY, asset: foreign.id, timezone: 'UTC' })).id
  await server.assets.update(door.asset, {
    kpis: [
      { title: 'Energy', sensor: energy },
      { title: 'Best day', sensor: energy, function: 'max' },
      { title: 'Worst day', sensor: energy, function: 'min' },
      { title: 'Usual day', sensor: energy, function: 'mean' },
      { title: 'Own use', sensor: share },
      { title: 'Hidden', sensor: hidden },
      { title: 'Gone', sensor: 999_999 },
      'junk',
    ],
  })
  const ask = (query: string, as: 'mel' | 'bob' = 'mel') => door.ask('GET', `/api/v3_0/assets/${door.asset}/kpis?${query}`, { as })
  const window = 'start=2026-11-01T00:00:00Z&end=2026-11-04T00:00:00Z'
  const figure = (title: string, sensor: number, unit: string, downsample_function: string, downsample_value: number) => ({
    title,
    unit,
    sensor,
    downsample_value,
    downsample_function,
  })
  assert.deepEqual((await ask(window)).body, {
    data: [
      figure('Energy', energy, 'kWh', 'sum', 60.13),
      figure('Best day', energy, 'kWh', 'max', 30),
      figure('Worst day', energy, 'kWh', 'min', 10),
      figure('Usual day', energy, 'kWh', 'mean', 20.04),
      figure('Own use', share, '%', 'mean', 60),
    ],
    status: 200,
  })
  const empty = await ask('start=2027-11-01T00:00:00Z&end=2027-11-04T00:00:00Z')
  assert.deepEqual(
    (empty.body['data'] as { downsample_value: number }[]).map((kpi) => kpi.downsample_value),
    [0, 0, 0, 0, 0],
  )
  assert.equal((await ask(window, 'bob')).status, 403)
  const missing = await ask('start=2026-11-01T00:00:00Z')
  assert.deepEqual([missing.status, missing.body['message']], [422, { query: { end: ['Missing data for required field.'] } }])
  assert.equal((await ask('start=2026-11-04T00:00:00Z&end=2026-11-01T00:00:00Z')).status, 422)
})
