// Worked cases of the FlexMeasures formulation (reference 3.7): known plans and known costs.
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { parseInstant } from '#kernel'
import { askWith, close, DAY_1, DAY_2, market, output, some } from '../../../test/oracle/market.ts'
import { memoryWorld } from '../../../test/oracle/memory-world.ts'
import type { Commitment, SchedulingProblem } from './problem.ts'
import { isSolved, type Solution, solve, solveWithHighs } from './solve.ts'
import { startSolverPool } from './solver-pool.ts'

const pool = startSolverPool()
after(() => pool.close())
const how = { pool, deadlineMs: 20_000 }
const ask = askWith(pool)

const solved = async (problem: SchedulingProblem, way = solve): Promise<Solution> => {
  const outcome = await way(problem, how)
  assert.ok(isSolved(outcome), outcome.status)
  return outcome
}
test('C1: a battery sells, buys and sells on a day with a valley, whatever its losses', async () => {
  for (const [roundtrip, storage, at8, at16] of [
    [1, 1, 0.5, 4.5],
    [1, 0.999, 0.5, 4.5],
    [0.99, 1, 0.5, 4.5],
    [0.01, 1, 2.5, 2.5],
    [1, 0.5, 0.5, 0.5],
  ] as const) {
    const world = market([...DAY_1, ...DAY_2])
    const result = await ask(
      world,
      [
        {
          sensor: 10,
          'soc-at-start': 2.5,
          'soc-min': 0.5,
          'soc-max': 4.5,
          'power-capacity': '2 MW',
          'roundtrip-efficiency': roundtrip,
          'storage-efficiency': storage,
          'state-of-charge': { sensor: 13 },
        },
      ],
      { 'consumption-price': { sensor: 5 } },
      { start: '2015-01-02T00:00:00+01:00' },
    )
    const soc = output(result, 13)
    assert.equal(soc.length, 97, 'n + 1 points')
    close([soc[32]!, soc[64]!, soc[96]!], [at8, at16, 0.5], 3e-3)
    assert.equal(soc[0], 2.5)
  }
})

/** The bare formulation of cases C2 and C3: one storage of 1 MWh and 1 MW, hourly, energy 100 / 90 with a rising slope. */
function bare(prices: (step: number) => number, extra: Commitment[], minimum?: number): SchedulingProblem {
  const slope = Array.from({ length: 24 }, (_, step) => prices(step))
  return {
    steps: 24,
    hours: 1,
    devices: [{ name: 'battery', min: -1000, max: 1000, stock: 0 }],
    stocks: [{ name: 'battery', start: 400, min: minimum === undefined ? 0 : some(24, { 0: minimum }), max: 1000 }],
    flows: [{ name: 'battery', devices: [0] }],
    commitments: [
      {
        name: 'energy',
        on: { flow: 0 },
        grouping: 'each',
        quantity: 0,
        up: slope.map((s) => (100 + s) / 1000),
        down: slope.map((s) => (90 + s) / 1000),
      },
      ...extra,
    ],
  }
}

test('C2: an unavoidable breach of capacity is paid once, and then used in full', async () => {
  const price = (step: number) => (step === 10 ? -100 : step / 23)
  const breach: Commitment = { name: 'breach', on: { flow: 0 }, grouping: 'any', quantity: 100, up: 1 }
  close((await solved(bare(price, [breach]))).powers[0]!, some(24, { 10: 100, 23: -500 }))
  const must = (await solved(bare(price, [breach], 600))).powers[0]!
  close([must[0]!, must[10]!, must.reduce((sum, power) => sum + power, 0)], [200, 200, -400])
  const each: Commitment = { ...breach, name: 'all', grouping: 'each' }
  const both = (await solved(bare(price, [breach, each], 600))).powers[0]!
  close([both[0]!, both[10]!], [200, 100])
})

test('C3: energy, breach and peak price together spread the sale over the day', async () => {
  const price = (step: number) => step / 23
  const plain = await solved(bare(price, []))
  close(plain.powers[0]!, some(24, { 23: -400 }))
  assert.ok(Math.abs(plain.objective + 36.4) < 1e-9)
  const breach: Commitment = { name: 'breach', on: { flow: 0 }, grouping: 'any', quantity: -100, down: -1 }
  close((await solved(bare(price, [breach]))).powers[0]!, some(24, { 20: -100, 21: -100, 22: -100, 23: -100 }))
  const peak: Commitment = { name: 'peak', on: { flow: 0 }, grouping: 'any', quantity: 0, up: 0.08, down: -0.08 }
  const spread = await solved(bare(price, [breach, peak]))
  close(spread.powers[0]!, new Array(24).fill(-400 / 24))
  const energy = Array.from({ length: 24 }, (_, step) => (90 + step / 23) * (-0.4 / 24)).reduce((sum, cost) => sum + cost, 0)
  assert.ok(Math.abs(spread.objective - (energy + (80 * 0.4) / 24)) < 1e-6, `${spread.objective}`)
})

test('C4: a full flex-context: every commitment costs what it should', async () => {
  const result = await ask(
    market([]),
    [
      {
        sensor: 10,
        'soc-at-start': 0.4,
        'soc-min': 0,
        'soc-max': 1,
        'power-capacity': '1 MVA',
        'soc-minima': [{ datetime: '2015-01-02T00:00:00+01:00', value: '1 MWh' }],
        'prefer-charging-sooner': false,
        consumption: { sensor: 11 },
        production: { sensor: 12 },
      },
    ],
    {
      'consumption-price': '100 EUR/MWh',
      'production-price': '90 EUR/MWh',
      'site-power-capacity': '2 MW',
      'site-consumption-capacity': '1 kW',
      'site-consumption-breach-price': '1000 EUR/kW',
      'site-production-breach-price': '1000 EUR/kW',
      'site-peak-consumption': '20 kW',
      'site-peak-production': '20 kW',
      'site-peak-consumption-price': '260 EUR/MW',
      'site-peak-production-price': '260 EUR/MW',
      'soc-minima-breach-price': '6000 EUR/kWh',
      commitments: [
        { name: 'a sample commitment penalizing peaks', baseline: '0 kW', 'up-price': '1 EUR/MW', 'down-price': '-1 EUR/MW' },
        { name: 'a sample commitment penalizing demand/supply', baseline: '0 kW', 'up-price': '1 EUR/MWh', 'down-price': '-1 EUR/MWh' },
        { name: 'electricity net energy', baseline: '0 kW', 'up-price': '0 EUR/MWh' },
      ],
    },
  )
  close(output(result, 10), new Array(96).fill(0.025), 1e-7)
  close(output(result, 11), new Array(96).fill(25), 1e-4)
  close(output(result, 12), new Array(96).fill(0), 1e-4)
  assert.equal(result.outputs.find((one) => one.sensor.id === 11)?.consumptionIsPositive, true)
  assert.equal(result.outputs.find((one) => one.sensor.id === 12)?.consumptionIsPositive, false)
  const costs = result.commitmentCosts
  for (const [name, cost] of Object.entries({
    'electricity net energy': 60,
    'electricity any consumption breach': 24_000,
    'electricity all consumption breaches': 576_000,
    'electricity any production breach': 0,
    'electricity all production breaches': 0,
    'electricity consumption peak': 1.3,
    'electricity production peak': 0,
    'any soc minima': 0,
    'all soc minima': 0,
    'a sample commitment penalizing peaks': 2.4,
    'a sample commitment penalizing demand/supply': 0.6,
    'electricity net energy (custom)': 0,
  }))
    assert.ok(Math.abs(costs[name]! - cost) <= 1e-4 * Math.max(cost, 1), `${name}: ${costs[name]} instead of ${cost}`)
})

test('C5: a relaxed device capacity is broken where it pays, and charged twice', async () => {
  const flat = (value: number, other: number) => [
    { start: '2015-01-01T00:00:00+01:00', end: '2015-01-01T16:00:00+01:00', value: `${value} EUR/MWh` },
    { start: '2015-01-01T16:00:00+01:00', end: '2015-01-01T17:00:00+01:00', value: `${other} EUR/MWh` },
    { start: '2015-01-01T17:00:00+01:00', end: '2015-01-01T18:15:00+01:00', value: `${value === 100 ? 1000 : 990} EUR/MWh` },
    { start: '2015-01-01T18:15:00+01:00', end: '2015-01-02T00:00:00+01:00', value: `${value} EUR/MWh` },
  ]
  const capacity = [
    { start: '2015-01-01T00:00:00+01:00', end: '2015-01-01T12:00:00+01:00', value: '0.025 MW' },
    { start: '2015-01-01T12:00:00+01:00', end: '2015-01-01T18:15:00+01:00', value: '0 MW' },
    { start: '2015-01-01T18:15:00+01:00', end: '2015-01-02T00:00:00+01:00', value: '0.025 MW' },
  ]
  const result = await ask(
    market([]),
    [
      {
        sensor: 10,
        'soc-at-start': 0.4,
        'soc-min': 0,
        'soc-max': 1,
        'power-capacity': '25 kVA',
        'consumption-capacity': capacity,
        'production-capacity': capacity,
        'soc-minima': [{ start: '2015-01-01T12:00:00+01:00', end: '2015-01-01T18:00:00+01:00', value: '0.8 MWh' }],
      },
    ],
    {
      'consumption-price': flat(100, 0),
      'production-price': flat(90, -10),
      'consumption-breach-price': '100 EUR/kW',
      'production-breach-price': '100 EUR/kW',
    },
  )
  const power = output(result, 10)
  close(power.slice(0, 64), new Array(64).fill(0.025), 1e-6)
  close(power.slice(64, 72), new Array(8).fill(0), 1e-6)
  assert.ok(Math.abs(result.commitmentCosts['any consumption breach device 0']! - 2500) < 0.01)
  assert.ok(Math.abs(result.commitmentCosts['all consumption breaches device 0']! - 10_000) < 0.05)
})

test('C6: what a minimum lacks is told with its moment and amount', async () => {
  const result = await ask(
    market(DAY_1),
    [
      {
        sensor: 10,
        'soc-at-start': 0.4,
        'soc-min': 0,
        'soc-max': 1,
        'power-capacity': '0.01 MVA',
        'state-of-charge': { sensor: 13 },
        'soc-minima': [{ datetime: '2015-01-02T00:00:00+01:00', value: '0.9 MWh' }],
      },
    ],
    { 'consumption-price': { sensor: 5 }, 'soc-minima-breach-price': '1 EUR/kWh' },
  )
  close([output(result, 13).at(-1)!], [0.64], 1e-6)
  assert.equal(result.unmet.length, 1)
  const [missing] = result.unmet
  assert.equal(missing?.name, 'soc-minima')
  assert.equal(missing?.asset, 2)
  assert.equal(missing?.at, parseInstant('2015-01-01T23:00:00Z'))
  assert.ok(Math.abs(missing!.violationKwh - 260) < 1e-6)
  assert.deepEqual(result.kept, [])
  assert.equal(result.relaxed, false)
})

test('C7: two cars on one connection take the cheapest steps before they leave, or share what there is', async () => {
  const prices = [0.8598, 1.4613, 2430.3887, 3000.1779, 18.6619, 369.3274, 169.8719, ...new Array(17).fill(500)]
  const two = (site: number): SchedulingProblem => ({
    steps: 24,
    hours: 1,
    devices: [0, 1].map((stock) => ({ name: `EV${stock}`, min: 0, max: some(24, { 0: 0 }, 1000), stock })),
    stocks: [0, 1].map((index) => ({ name: `EV${index}`, start: 0, min: 0, max: 1000 })),
    flows: [{ name: 'site', devices: [0, 1], min: 0, max: site }],
    commitments: [
      {
        name: 'energy',
        on: { flow: 0 },
        grouping: 'each',
        quantity: 0,
        up: prices.map((price) => price / 1000),
        down: prices.map((price) => price / 1000),
      },
      ...[6, 3].map(
        (tick, stock): Commitment => ({
          name: 'target',
          on: { stock },
          grouping: 'each',
          quantity: some(24, { [tick]: 1000 }, Number.NaN),
          down: -10,
        }),
      ),
    ],
  })
  const wide = await solved(two(1000))
  close(wide.powers[0]!, some(24, { 4: 1000 }))
  close(wide.powers[1]!, some(24, { 1: 1000 }))
  assert.ok(Math.abs(wide.costs['energy']! - (18.6619 + 1.4613)) < 1e-6)
  const tight = await solved(two(250))
  close(tight.flows[0]!, some(24, { 1: 250, 2: 250, 3: 250, 4: 250, 5: 250, 6: 250 }))
})

test('C8: battery and heat pump on kW sensors, bare numbers in kWh', async () => {
  const world = memoryWorld()
  world.asset(1)
  world.asset(2)
  for (const id of [10, 20]) world.sensor(id, 2, 'kW', 'PT1H', { consumptionIsPositive: true })
  const result = await ask(
    world,
    [
      {
        sensor: 10,
        'soc-at-start': 20,
        'soc-min': 0,
        'soc-max': 100,
        'power-capacity': '20 kW',
        'charging-efficiency': '95%',
        'discharging-efficiency': '95%',
        'soc-targets': [{ datetime: '2024-01-01T23:00:00+01:00', value: 80 }],
      },
      {
        sensor: 20,
        'soc-at-start': 10,
        'soc-min': 0,
        'soc-max': 50,
        'power-capacity': '10 kW',
        'production-capacity': '0 kW',
        'charging-efficiency': 0.95,
        'soc-targets': [{ datetime: '2024-01-01T23:00:00+01:00', value: 40 }],
      },
    ],
    { 'consumption-price': '100 EUR/MWh', 'production-price': '100 EUR/MWh' },
    { start: '2024-01-01T00:00:00+01:00' },
  )
  close(output(result, 10), some(24, { 0: 20, 1: 20, 2: 20, 3: 3.157895, 23: -20 }), 1e-5)
  close(output(result, 20), some(24, { 0: 10, 1: 10, 2: 10, 3: 1.578947 }), 1e-5)
  assert.ok(Math.abs(result.commitmentCosts['electricity net energy']! - 7.47) < 0.01 * 7.47)
  const [battery, pump] = [
    result.commitmentCosts['prefer a full storage 0 sooner']!,
    result.commitmentCosts['prefer a full storage 1 sooner']!,
  ]
  assert.ok(Math.abs(battery / pump - 2) < 1e-6, `${battery} against ${pump}`)
})

test('C9: a one-way charger over the wire: the window grows to the target, and the free hour is used', async () => {
  const result = await ask(
    market([...DAY_1, ...DAY_2]),
    [
      {
        sensor: 10,
        'soc-at-start': 12.1,
        'soc-min': 0,
        'soc-max': 40,
        'soc-unit': 'kWh',
        'roundtrip-efficiency': '98%',
        'storage-efficiency': '99.99%',
        'power-capacity': '2 MW',
        'production-capacity': '0 MW',
        'soc-targets': [{ value: 25, datetime: '2015-01-02T23:00:00+01:00' }],
        'soc-minima': [{ value: 24, datetime: '2015-01-02T23:00:00+01:00' }],
        'soc-maxima': [{ value: 26, datetime: '2015-01-02T23:00:00+01:00' }],
      },
    ],
    { 'consumption-price': { sensor: 5 } },
    { resolution: 1_800_000 },
  )
  close(output(result, 10), some(188, { 72: 0.026823968, 73: 0.026823968 }), 1e-6)
})

test('C15: a storage that loses 2 MW all the time is fed 2 MW all the time', async () => {
  const result = await ask(
    market(DAY_1),
    [
      {
        sensor: 10,
        'soc-at-start': 0,
        'soc-min': 0,
        'soc-max': 2,
        'power-capacity': '2 MW',
        'production-capacity': '0 MW',
        'soc-usage': ['2 MW'],
      },
    ],
    { 'consumption-price': { sensor: 5 } },
  )
  close(output(result, 10), new Array(96).fill(2), 1e-6)
})

test('C16: the toy day: equal hours are split as the tie-break says, here by the own algorithm', async () => {
  const prices = [9, 9.5, 9, 8.5, 10, 8, 5, 4, 4, 5.5, 8, 12]
  const world = memoryWorld()
  world.asset(1)
  world.asset(2)
  world.sensor(10, 2, 'kW', 'PT15M', { consumptionIsPositive: true })
  world.sensor(5, 1, 'EUR/MWh', 'PT1H')
  const start = parseInstant('2026-01-15T07:00:00+01:00')
  world.post(5, start, 12 * 3_600_000, prices)
  const result = await ask(
    world,
    [{ sensor: 10, 'soc-at-start': 225, 'soc-min': 50, 'soc-max': 450, 'power-capacity': '500 kW', 'roundtrip-efficiency': '90%' }],
    { 'consumption-price': { sensor: 5 } },
    { start: '2026-01-15T07:00:00+01:00', duration: 'PT12H' },
  )
  assert.equal(result.solver, 'storage')
  const hour = (from: number, values: number[]) => Object.fromEntries(values.map((value, index) => [(from - 7) * 4 + index, value]))
  const expected = some(48, {
    ...hour(8, [0, 0, -164.078, -500]),
    ...hour(10, [500, 500, 500, 186.548]),
    ...hour(11, [-17.893, -500, -500, -500]),
    ...hour(14, [500, 500, 500, 186.548]),
    ...hour(18, [-17.893, -500, -500, -500]),
  })
  close(output(result, 10), expected, 1e-3)
  assert.ok(Math.abs(result.objective + 4.655136) < 1e-6, `${result.objective}`)
})

test('losses through a step are what an infinitely fine simulation would lose', async () => {
  const problem = bare(() => 0, [])
  problem.stocks[0] = { name: 'leaky', start: 1000, min: 0, max: 2000, retention: 0.9, inflow: 100 }
  problem.devices[0] = { name: 'none', min: 0, max: 0, stock: 0 }
  const outcome = await solved(problem, solveWithHighs)
  let fine = 1000
  const pieces = 100_000
  for (let piece = 0; piece < pieces; piece++) fine = fine * 0.9 ** (1 / pieces) + 100 / pieces
  assert.ok(Math.abs(outcome.stocks[0]![1]! - fine) < 1e-3, `${outcome.stocks[0]![1]} against ${fine}`)
})
