// Why a schedule asked for through the API is as it is, and the fields beyond FlexMeasures over the wire.
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { startSolverPool } from '#ems'
import { type Door, openDoor } from '../door.fixture.ts'

const pool = startSolverPool()
test.after(() => pool.close())

interface Told {
  solver: string
  gap: number
  slots: number
  devices: {
    sensor: number
    limits: { from: string; until: string; limitedBy: string[]; because: string }[]
    storedValue: number[]
    more?: { storage?: number }
  }[]
  flows: { name: string; marginalPrice: number[] }[]
}

const context = (more = {}) => ({
  'consumption-price': [
    { start: '2026-11-24T12:00:00Z', duration: 'PT2H', value: '100 EUR/MWh' },
    { start: '2026-11-24T14:00:00Z', duration: 'PT4H', value: '300 EUR/MWh' },
  ],
  'site-power-capacity': '50 kW',
  ...more,
})
const battery = (sensor: number, more = {}) => ({
  sensor,
  'soc-at-start': '10 kWh',
  'soc-min': '0 kWh',
  'soc-max': '20 kWh',
  'power-capacity': '10 kW',
  ...more,
})

async function scheduled({ ask, asset }: Door, model: object[], contextMore = {}) {
  const asked = await ask('POST', `/api/v3_0/assets/${asset}/schedules/trigger`, {
    as: 'ann',
    body: { start: '2026-11-24T12:00:00Z', duration: 'PT6H', 'flex-model': model, 'flex-context': context(contextMore) },
  })
  assert.equal(asked.status, 202, JSON.stringify(asked.body))
  const uuid = asked.body['schedule'] as string
  const path = `/api/v3_0/jobs/${uuid}`
  for (;;) {
    const { body } = await ask('GET', path, { as: 'ann' })
    if (body['status'] === 'FINISHED') return uuid
    assert.notEqual(body['status'], 'FAILED', JSON.stringify(body))
  }
}
const powers = async ({ ask }: Door, sensor: number, uuid: string): Promise<number[]> =>
  (await ask('GET', `/api/v3_0/sensors/${sensor}/schedules/${uuid}?duration=PT6H&sign-convention=consumption-positive`, { as: 'ann' }))
    .body['values'] as number[]

const opened = (t: TestContext) => openDoor(t, { pool })

test('a schedule is explained slot by slot, with what a kWh is worth and what more storage would bring', async (t) => {
  const door = await opened(t)
  const sensor = await door.sensor()
  const uuid = await scheduled(door, [battery(sensor)])
  const { status, body } = await door.ask('GET', `/api/cariflex/v1/schedules/${uuid}/explanation`, { as: 'mel' })
  assert.equal(status, 200, JSON.stringify(body))
  const told = body['data'] as unknown as Told
  assert.equal(told.solver, 'storage')
  assert.equal(told.gap, 0)
  assert.equal(told.slots, 24)
  const [device] = told.devices
  assert.equal(device!.sensor, sensor)
  assert.deepEqual([device!.limits[0]!.from, device!.limits.at(-1)!.until], ['2026-11-24T12:00:00+00:00', '2026-11-24T18:00:00+00:00'])
  assert.ok(
    device!.limits.some(({ limitedBy }) => limitedBy.includes('full')),
    'it fills up while energy is cheap',
  )
  assert.ok(Math.abs(device!.more!.storage! - 0.2) < 0.001, `bought at 0.10 and sold at 0.30: ${device!.more!.storage}`)
  assert.ok(Math.abs(told.flows[0]!.marginalPrice[0]! - 0.1) < 1e-6 && Math.abs(told.flows[0]!.marginalPrice[23]! - 0.3) < 1e-6)
  assert.equal((await door.ask('GET', `/api/cariflex/v1/schedules/${uuid}/explanation`, { as: 'bob' })).status, 403)
  assert.equal((await door.ask('GET', '/api/cariflex/v1/schedules/nothing/explanation', { as: 'ann' })).status, 404)
})

test('cycle cost, soft fullness, shortest runs and priorities count when they are asked for, and are refused when they mean nothing', async (t) => {
  const door = await opened(t)
  const [one, other] = [await door.sensor(), await door.sensor()]
  const plain = await powers(door, one, await scheduled(door, [battery(one)]))
  assert.ok(plain.some((power) => power > 0.1))
  const worn = await powers(door, one, await scheduled(door, [battery(one, { 'cycle-cost': '0.11 EUR/kWh' })]))
  assert.ok(
    worn.every((power) => power < 1e-6),
    `a cycle brings 0.20 and costs 0.22: ${worn}`,
  )
  const soft = await powers(door, one, await scheduled(door, [battery(one, { 'soft-soc-max': '12 kWh' })]))
  assert.ok(Math.abs(soft.reduce((sum, power) => sum + Math.max(power, 0) / 4, 0) - 2) < 1e-6, `${soft}`)
  const long = await powers(
    door,
    one,
    await scheduled(door, [
      battery(one, {
        'operation-modes': [{ 'consumption-range': ['0 kW', '0 kW'] }, { 'consumption-range': ['5 kW', '5 kW'] }],
        'min-run-time': 'PT2H',
        'production-capacity': '0 kW',
        'consumption-capacity': '5 kW',
        'soc-minima': [{ datetime: '2026-11-24T15:00:00Z', value: '12 kWh' }],
      }),
    ]),
  )
  assert.deepEqual(
    long.map((power) => Math.round(power)),
    [...new Array(8).fill(5), ...new Array(16).fill(0)],
  )
  const wish = (kwh: string) => ({
    'soc-at-start': '0 kWh',
    'production-capacity': '0 kW',
    'consumption-capacity': '10 kW',
    'soc-minima': [{ datetime: '2026-11-24T13:00:00Z', value: kwh }],
  })
  const both = [battery(one, { ...wish('8 kWh'), priority: 2 }), battery(other, { ...wish('8 kWh'), priority: 1 })]
  const uuid = await scheduled(door, both, { 'site-power-capacity': '10 kW' })
  const energy = async (sensor: number) => (await powers(door, sensor, uuid)).slice(0, 4).reduce((sum, power) => sum + power / 4, 0)
  assert.ok(Math.abs((await energy(other)) - 8) < 1e-3 && Math.abs((await energy(one)) - 2) < 1e-3, 'the first priority first')
  const shared = await scheduled(
    door,
    both.map((entry) => ({ ...entry, priority: undefined })),
    { 'site-power-capacity': '10 kW', 'fair-sharing': 'max-min' },
  )
  const part = async (sensor: number) => (await powers(door, sensor, shared)).slice(0, 4).reduce((sum, power) => sum + power / 4, 0)
  assert.ok(Math.abs((await part(one)) - 5) < 1e-3 && Math.abs((await part(other)) - 5) < 1e-3)
  for (const [wrong, contextWrong, field] of [
    [{ priority: 0 }, {}, 'priority'],
    [{ 'min-run-time': 'an hour' }, {}, 'min-run-time'],
    [{ 'cycle-cost': '5 kW' }, {}, 'cycle-cost'],
    [{ 'cycle-cost': '-1 EUR/kWh' }, {}, 'cycle-cost'],
    [{}, { 'fair-sharing': 'by lot' }, 'fair-sharing'],
    [{}, { deadline: 'PT0S' }, 'deadline'],
  ] as const) {
    const refused = await door.ask('POST', `/api/v3_0/assets/${door.asset}/schedules/trigger`, {
      as: 'ann',
      body: { start: '2026-11-24T12:00:00Z', duration: 'PT6H', 'flex-model': [battery(one, wrong)], 'flex-context': context(contextWrong) },
    })
    assert.equal(refused.status, 422, field)
    assert.match(JSON.stringify(refused.body), new RegExp(field))
  }
})
