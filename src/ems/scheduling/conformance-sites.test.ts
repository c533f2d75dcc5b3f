// Worked cases of the FlexMeasures formulation (reference 3.7) beyond one battery: processes, operation modes, couplings, commodities, groups, shared stocks.
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { isProblem, parseInstant } from '#kernel'
import { askWith, close, DAY_1, DAY_2, market, output, some } from '../../../test/oracle/market.ts'
import { memoryWorld } from '../../../test/oracle/memory-world.ts'
import { stockAfter } from '../../../test/oracle/stock-changes.ts'
import { type Commitment, type SchedulingProblem, stockPath } from './problem.ts'
import type { ScheduleRequest } from './scheduler.ts'
import { isSolved, solve } from './solve.ts'
import { startSolverPool } from './solver-pool.ts'

const pool = startSolverPool()
after(() => pool.close())
const ask = askWith(pool)

const DAY_2_START = '2015-01-02T00:00:00+01:00'
const price = { 'consumption-price': { sensor: 5 } }

test('C10: a process runs at once, where it is cheapest in one piece, or hour by hour; restrictions are kept', async () => {
  const world = market([...DAY_1, ...DAY_2])
  world.asset(3, { type: 'process' })
  world.sensor(30, 3, 'MW', 'PT1H', { consumptionIsPositive: true })
  const hours = async (model: Record<string, unknown>): Promise<number[]> => {
    const entry = { sensor: 30, power: 4, duration: 'PT4H', ...model }
    const result = await ask(world, [entry], price, { start: DAY_2_START, asset: 3, single: true })
    assert.equal(result.scheduler, 'ProcessScheduler')
    return output(result, 30).flatMap((power, hour) => (power === 4 ? [hour] : []))
  }
  const at = (hour: number, duration = 'PT1H') => ({ start: `2015-01-02T${String(hour).padStart(2, '0')}:00:00+01:00`, duration })
  assert.deepEqual(await hours({}), [0, 1, 2, 3])
  assert.deepEqual(await hours({ 'process-type': 'SHIFTABLE' }), [8, 9, 10, 11])
  assert.deepEqual(await hours({ 'process-type': 'SHIFTABLE', 'time-restrictions': [at(8, 'PT2H')] }), [10, 11, 12, 13])
  assert.deepEqual(await hours({ 'process-type': 'BREAKABLE', 'time-restrictions': [at(9), at(11), at(13), at(15)] }), [8, 10, 12, 14])
  assert.deepEqual(await hours({ 'process-type': 'SHIFTABLE', 'optimization-sense': 'MAX' }), [0, 1, 2, 3])
  assert.equal((await hours({ duration: 'PT48H' })).length, 24)
  for (const model of [
    { 'time-restrictions': [at(0, 'PT23H')] },
    { 'process-type': 'SHIFTABLE', 'time-restrictions': [at(2, 'PT20H')] },
    { 'process-type': 'BREAKABLE', 'time-restrictions': [at(2, 'PT20H')], duration: 'PT5H' },
    { duration: 'PT48H', 'time-restrictions': [at(0)] },
  ])
    await assert.rejects(hours(model), (error) => isProblem(error) && error.details?.['exception'] === 'ValueError')
  await assert.rejects(hours({ power: 'much', duration: 'later', 'process-type': 'SOMEHOW' }), (error) => {
    assert.ok(isProblem(error))
    assert.deepEqual(Object.keys(error.details!['fields'] as object).sort(), ['duration', 'power', 'process-type'])
    return true
  })
})

test('C11: operation modes hold the power in their ranges, at the price that costs', async () => {
  const prices = [10, 1, 10, 1]
  const plan = async (modes: [number, number][] | undefined, target: number) => {
    const problem: SchedulingProblem = {
      steps: 4,
      hours: 1,
      devices: [{ name: 'pump', min: 0, max: 0.5, stock: 0, ...(modes && { bands: modes.map(([from, to]) => ({ from, to })) }) }],
      stocks: [{ name: 'pump', start: 0, min: some(4, { 3: target }, 0), max: some(4, { 3: target }, 9) }],
      flows: [{ name: 'site', devices: [0] }],
      commitments: [{ name: 'energy', on: { flow: 0 }, grouping: 'each', quantity: 0, up: prices, down: prices }],
    }
    const outcome = await solve(problem, { pool, deadlineMs: 10_000 })
    assert.ok(isSolved(outcome))
    return { power: outcome.powers[0]!, cost: outcome.objective }
  }
  const free = await plan(undefined, 1.2)
  close([free.power[1]!, free.power[3]!, free.power[0]! + free.power[2]!, free.cost], [0.5, 0.5, 0.2, 3], 1e-6)
  const stepped = await plan(
    [
      [0, 0],
      [0.5, 0.5],
    ],
    1,
  )
  close([...stepped.power, stepped.cost], [0, 0.5, 0, 0.5, 1], 1e-6)
  const ranged = await plan(
    [
      [0, 0],
      [0.4, 0.5],
    ],
    1.2,
  )
  assert.equal(ranged.power.filter((power) => Math.abs(power - 0.4) < 1e-6).length, 3)
  close([ranged.power[1]!, ranged.power[3]!, ranged.cost], [0.4, 0.4, 4.8], 1e-6)
})

test('C11 over the wire: a heat pump of two modes runs in one of them or not at all', async () => {
  const world = market([10, 1, 10, 1], 'kW', 'PT1H')
  const modes = [{ 'consumption-range': ['0 kW', '0 kW'] }, { 'consumption-range': ['400 kW', '500 kW'] }]
  const entry = {
    sensor: 10,
    'soc-at-start': '0 kWh',
    'soc-min': '0 kWh',
    'soc-max': '5 MWh',
    'power-capacity': '0.5 MW',
    'production-capacity': '0 kW',
    'operation-modes': modes,
    'soc-targets': [{ datetime: '2015-01-01T04:00:00+01:00', value: '1.2 MWh' }],
  }
  const result = await ask(world, [entry], { ...price, 'relax-constraints': false }, { duration: 'PT4H' })
  assert.equal(output(result, 10).filter((power) => Math.abs(power - 400) < 1e-3).length, 3)
  assert.ok(Math.abs(result.commitmentCosts['electricity net energy']! - 4.8) < 1e-6)
})

/** A site of kW sensors, 20 to 29, on one asset. */
function works(count: number) {
  const world = memoryWorld()
  world.asset(1, { type: 'building' })
  world.asset(2)
  for (let id = 20; id < 20 + count; id++) world.sensor(id, 2, 'kW', 'PT1H', { consumptionIsPositive: true })
  return world
}
const wire = { start: '2024-01-01T00:00:00+01:00', duration: 'PT4H' }

test('C12: the gas, heat and power of an engine run in proportion', async () => {
  const world = works(4)
  world.post(23, parseInstant(wire.start), 4 * 3_600_000, [10, 10, 10, 10])
  const result = await ask(
    world,
    [
      { sensor: 20, commodity: 'gas', coupling: 'chp', 'consumption-capacity': '40 kW' },
      { sensor: 21, commodity: 'heat', coupling: 'chp', 'coupling-coefficient': 0.5, 'production-capacity': '20 kW' },
      { sensor: 22, coupling: 'chp', 'coupling-coefficient': 0.3, 'production-capacity': '12 kW' },
    ],
    {
      commodities: [
        { commodity: 'electricity', 'consumption-price': '100 EUR/MWh', 'production-price': '100 EUR/MWh' },
        { commodity: 'gas', 'consumption-price': '50 EUR/MWh' },
        { commodity: 'heat', 'inflexible-consumption': [{ sensor: 23 }] },
      ],
    },
    wire,
  )
  close(output(result, 20), new Array(4).fill(20), 1e-5)
  close(output(result, 21), new Array(4).fill(-10), 1e-5)
  close(output(result, 22), new Array(4).fill(-6), 1e-5)
  assert.ok('gas net energy' in result.commitmentCosts && !('heat net energy' in result.commitmentCosts))
})

test('C13: steam comes from the engine, the boiler or the heater, whichever is cheapest', async () => {
  const dispatch = async (gas: number, electricity: number) => {
    const world = works(8)
    world.post(27, parseInstant(wire.start), 4 * 3_600_000, [15, 15, 15, 15])
    const result = await ask(
      world,
      [
        { sensor: 20, commodity: 'gas', coupling: 'chp', 'consumption-capacity': '20 kW' },
        { sensor: 21, commodity: 'steam', coupling: 'chp', 'coupling-coefficient': 0.5, 'production-capacity': '99 kW' },
        { sensor: 22, coupling: 'chp', 'coupling-coefficient': 0.3, 'production-capacity': '99 kW' },
        { sensor: 23, commodity: 'gas', coupling: 'boiler', 'consumption-capacity': '10 kW' },
        { sensor: 24, commodity: 'steam', coupling: 'boiler', 'production-capacity': '99 kW' },
        { sensor: 25, coupling: 'heater', 'consumption-capacity': '99 kW' },
        { sensor: 26, commodity: 'steam', coupling: 'heater', 'production-capacity': '99 kW' },
      ],
      {
        commodities: [
          { commodity: 'electricity', 'consumption-price': `${electricity} EUR/MWh`, 'production-price': `${electricity} EUR/MWh` },
          { commodity: 'gas', 'consumption-price': `${gas} EUR/MWh` },
          { commodity: 'steam', 'inflexible-consumption': [{ sensor: 27 }] },
        ],
      },
      wire,
    )
    return [20, 21, 22, 24, 26].map((sensor) => Math.round(output(result, sensor)[0]! * 1e5) / 1e5 + 0)
  }
  assert.deepEqual(await dispatch(20, 50), [20, -10, -6, -5, 0])
  assert.deepEqual(await dispatch(100, 10), [0, 0, 0, 0, -15])
  assert.deepEqual(await dispatch(50, 55), [0, 0, 0, -10, -5])
})

test('C14: losses after the change are those of the golden row; ours act all through the step, and lie between before and after', () => {
  const changes = [100, -100, -100, 100]
  close(stockAfter(1000, changes, 0.99, 'left'), [1000, 1089, 979.11, 870.3189, 960.615711], 1e-9)
  const ours = stockPath(
    {
      ...{ steps: 4, hours: 1, commitments: [], flows: [] },
      devices: [{ name: 'none', min: 0, max: 0, stock: 0 }],
      stocks: [{ name: 'tank', start: 1000, retention: 0.99, inflow: changes }],
    },
    0,
    [new Float64Array(4)],
  )
  close(ours, stockAfter(1000, changes, 0.99, 'linear'), 1e-9)
  // One step: between losing the change too and not at all.
  const [left, right] = [stockAfter(1000, [100], 0.99, 'left')[1]!, stockAfter(1000, [100], 0.99, 'right')[1]!]
  assert.ok(ours[1]! > left && ours[1]! < right, `${left} < ${ours[1]} < ${right}`)
})

const groupWorld = () => {
  const world = market([...DAY_1, ...DAY_2], 'MW')
  world.asset(4, { type: 'building' })
  world.asset(3, { type: 'solar' })
  world.sensor(20, 3, 'MW', 'PT15M', { consumptionIsPositive: true })
  world.sensor(40, 4, 'MW', 'PT15M', { consumptionIsPositive: true })
  return world
}
const battery = {
  sensor: 10,
  'soc-at-start': 2.5,
  'soc-min': 0.5,
  'soc-max': 4.5,
  'power-capacity': '2 MW',
  'roundtrip-efficiency': 1,
}
const panels = { sensor: 20, 'power-capacity': '2 MW', 'consumption-capacity': '0 MW', 'production-capacity': '2 MW' }

test('C18: what a group carries holds for the sum of its members, in one direction at a price', async () => {
  const world = groupWorld()
  const group = { group: { sensor: 40 } }
  const members = [
    { ...battery, ...group },
    { ...panels, ...group },
  ]
  const hard = await ask(world, [...members, { sensor: 40, 'power-capacity': '2.5 MW' }], price, { start: DAY_2_START })
  const sum = output(hard, 10).map((power, step) => power + output(hard, 20)[step]!)
  assert.ok(sum.every((power) => Math.abs(power) <= 2.5 + 1e-6))
  assert.ok(
    sum.some((power) => power < -2.5 + 1e-6),
    'and is used in full',
  )
  close(output(hard, 40), sum, 1e-9)
  const soft = await ask(
    world,
    [
      { ...battery, ...group },
      { sensor: 40, 'power-capacity': '2.5 MW', 'consumption-capacity': '1 MW' },
    ],
    price,
    { start: DAY_2_START },
  )
  assert.ok(output(soft, 40).every((power) => power <= 1 + 1e-6))
  assert.ok('group sensor:40 any consumption breach' in soft.commitmentCosts)
  assert.ok('group sensor:40 all consumption breaches' in soft.commitmentCosts)
})

test('groups nest, count given profiles, and write where their asset says', async () => {
  const world = groupWorld()
  world.asset(6, { type: 'building' })
  world.sensor(60, 6, 'MW', 'PT15M')
  world.sensor(61, 3, 'MW', 'PT15M')
  world.post(61, parseInstant(DAY_2_START), 24 * 3_600_000, new Array(96).fill(0.4))
  const result = await ask(
    world,
    [
      { ...battery, group: { asset: 4 } },
      { asset: 3, 'inflexible-consumption': { sensor: 61 }, group: { asset: 4 } },
      { asset: 4, 'power-capacity': '1.5 MW', group: { asset: 6 } },
      { asset: 6, 'consumption-capacity': '0.9 MW', consumption: { sensor: 60 } },
    ],
    price,
    { start: DAY_2_START },
  )
  const sum = output(result, 10).map((power) => power + 0.4)
  assert.ok(sum.every((power) => power <= 0.9 + 1e-6 && power >= -1.5 - 1e-6))
  assert.ok(sum.some((power) => power > 0.9 - 1e-6))
  close(output(result, 60), sum, 1e-9)
})

test('a group that cannot be is said so in the words of FlexMeasures', async () => {
  const world = groupWorld()
  const told = async (entries: ScheduleRequest['flexModel'], more: object = {}) => {
    try {
      await ask(world, entries, price, { start: DAY_2_START, ...more })
    } catch (error) {
      assert.ok(isProblem(error) && error.status === 422, String(error))
      return error.message
    }
    return assert.fail('planned')
  }
  const inGroup = { ...battery, group: { asset: 4 } }
  assert.match(await told([inGroup]), /^The 'group' field references \['asset 4'\], but no flex-model entry was found for it/)
  assert.match(await told([inGroup, { asset: 4 }]), /defines none of 'power-capacity', 'consumption-capacity' or 'production-capacity'/)
  assert.match(await told([inGroup, { asset: 4, 'power-capacity': '1 MW', 'soc-min': 1 }]), /carries device-only field\(s\) \['soc_min'\]/)
  assert.match(
    await told([inGroup, { ...panels, commodity: 'gas', group: { asset: 4 } }, { asset: 4, 'power-capacity': '1 MW' }]),
    /must share the same commodity; found \['electricity', 'gas'\]/,
  )
  assert.match(
    await told([
      inGroup,
      { asset: 4, 'power-capacity': '1 MW', group: { asset: 3 } },
      { asset: 3, 'power-capacity': '1 MW', group: { asset: 4 } },
    ]),
    /Cyclic 'group' reference/,
  )
  assert.match(await told([inGroup], { single: true }), /only supported in multi-device flex-models/)
})

test('two inverters of one battery share its stock; two entries that describe it are refused', async () => {
  const world = market([...DAY_1, ...DAY_2], 'MW')
  world.sensor(20, 2, 'MW', 'PT15M', { consumptionIsPositive: true })
  const soc = { 'state-of-charge': { sensor: 13 } }
  const { sensor: _, ...stock } = battery
  const plan = (entries: ScheduleRequest['flexModel']) => ask(world, entries, price, { start: DAY_2_START })
  const shared = await plan([
    { sensor: 10, 'power-capacity': '1 MW', ...soc },
    { sensor: 20, 'power-capacity': '1 MW', ...soc },
    { ...soc, 'soc-at-start': stock['soc-at-start'], 'soc-min': stock['soc-min'], 'soc-max': stock['soc-max'] },
  ])
  const path = output(shared, 13)
  assert.equal(path.length, 97)
  close([path[32]!, path[64]!, path[96]!], [0.5, 4.5, 0.5], 1e-3)
  const both = output(shared, 10).map((power, step) => power + output(shared, 20)[step]!)
  close([path[32]!], [2.5 + both.slice(0, 32).reduce((sum, power) => sum + power / 4, 0)], 1e-6)
  await assert.rejects(
    plan([
      { ...battery, ...soc },
      { ...battery, sensor: 20, ...soc },
    ]),
    (error) =>
      isProblem(error) &&
      error.code === 'invalid-flex-config' &&
      /Multiple flex-model entries define state-of-charge parameters for the same stock \(state-of-charge sensor 13\)/.test(error.message),
  )
})

test('a commodity says what it is by what it states: prices, capacities, or nothing, a node', async () => {
  const world = works(3)
  world.post(22, parseInstant(wire.start), 4 * 3_600_000, [3, 3, 3, 3])
  const gas = async (context: object) =>
    ask(
      world,
      [
        { sensor: 20, commodity: 'gas', 'power-capacity': '10 kW' },
        { sensor: 21, 'power-capacity': '1 kW' },
      ],
      {
        commodities: [
          { commodity: 'electricity', 'consumption-price': '1 EUR/MWh' },
          { commodity: 'gas', ...context },
        ],
      },
      wire,
    )
  // A negative price: as much as there is.
  const priced = await gas({ 'consumption-price': '-10 EUR/MWh' })
  close(output(priced, 20), [10, 10, 10, 10], 1e-6)
  assert.ok('gas any production breach' in priced.commitmentCosts, 'no connection outwards, softly')
  const capped = await gas({ 'site-consumption-capacity': '4 kW', 'inflexible-consumption': [{ sensor: 22 }] })
  assert.ok('gas net energy' in capped.commitmentCosts)
  world.sensor(23, 2, 'kW', 'PT1H')
  world.post(23, parseInstant(wire.start), 4 * 3_600_000, [3, 3, 3, 3])
  const node = await gas({ 'inflexible-production': [{ sensor: 23 }] })
  close(output(node, 20), [3, 3, 3, 3], 1e-6)
  assert.ok(!Object.keys(node.commitmentCosts).some((name) => name.startsWith('gas')))
  await assert.rejects(
    ask(world, [{ sensor: 20, 'power-capacity': '1 kW' }], {}, wire),
    (error) => isProblem(error) && error.message === "Missing consumption price for commodity 'electricity'.",
  )
})

test('a commitment binds the sum of what it names: the site, a commodity, sensors or a group', async () => {
  const world = groupWorld()
  world.post(20, parseInstant(DAY_2_START), 24 * 3_600_000, new Array(96).fill(0))
  const costs = async (commitment: object, more: object = {}) => {
    const result = await ask(
      world,
      [
        { ...battery, group: { asset: 4 } },
        { ...panels, group: { asset: 4 } },
        { asset: 4, 'power-capacity': '9 MW' },
      ],
      { ...price, commitments: [{ name: 'wish', baseline: '0 kW', ...commitment }], ...more },
      { start: DAY_2_START },
    )
    return { cost: result.commitmentCosts, battery: output(result, 10), panels: output(result, 20) }
  }
  // Dear enough to forbid any flow of the battery.
  const still = await costs({ 'up-price': '1000 EUR/MWh', 'down-price': '-1000 EUR/MWh', sensors: [10] })
  close(still.battery, new Array(96).fill(0), 1e-6)
  assert.ok(
    still.panels.every((power) => power < -1.99),
    'the panels are not meant',
  )
  const both = await costs({ 'up-price': '1000 EUR/MWh', 'down-price': '-1000 EUR/MWh', group: { asset: 4 } })
  close(
    both.battery.map((power, step) => power + both.panels[step]!),
    new Array(96).fill(0),
    1e-6,
  )
  const clash = await costs({ name: 'electricity net energy', 'up-price': '0 EUR/MWh' })
  assert.ok('electricity net energy (custom)' in clash.cost && 'electricity net energy' in clash.cost)
  const nobody = await costs({ 'up-price': '1 EUR/MWh', commodity: 'gas' })
  assert.ok(!('wish' in nobody.cost), 'binds nothing, fails nothing')
  const part = await costs({
    'up-price': [{ value: '50 EUR/MWh', start: '2015-01-02T08:00:00+01:00', end: '2015-01-02T12:00:00+01:00' }],
  })
  assert.ok(
    part.battery.slice(32, 48).every((power) => power <= 2 + 1e-6) && (part.cost['wish'] ?? -1) >= 0,
    'free where it names no price',
  )
})

test('a non-convex price pays what it says, and no more', async () => {
  const world = market(new Array(24).fill(50))
  const dear = await ask(world, [battery], { ...price, 'production-price': '80 EUR/MWh', 'site-power-capacity': '2 MW' })
  // All that may leave leaves, and is earned once; buying to sell at once is no plan.
  const flow = output(dear, 10)
  assert.ok(
    Math.abs(flow.reduce((sum, power) => sum + power / 4, 0) + 2) < 1e-6 || dear.commitmentCosts['electricity net energy']! < -160 + 1e-6,
  )
  assert.equal(dear.gap, 0)
})

const unbalanced: Commitment = { name: 'energy', on: { flow: 0 }, grouping: 'each', quantity: 0, up: 0.1, down: 0.1 }

test('a node that cannot balance has no plan', async () => {
  const outcome = await solve(
    {
      ...{ steps: 2, hours: 1, stocks: [], commitments: [unbalanced] },
      devices: [{ name: 'heat', min: -1, max: 0 }],
      flows: [{ name: 'heat', role: 'node', devices: [0], fixed: 5, min: 0, max: 0 }],
    },
    { pool, deadlineMs: 5000 },
  )
  assert.equal(outcome.status, 'infeasible')
})
