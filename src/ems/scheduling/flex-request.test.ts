// What a flex-model and flex-context may say, what is refused and how, and which rule wins.
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { HOUR, type Instant, instant, isProblem, MINUTE, parseInstant } from '#kernel'
import { memoryWorld } from '../../../test/oracle/memory-world.ts'
import { powerOutput, splitOutputs, stockOutput } from './flex-output.ts'
import { flexProblem } from './flex-problem.ts'
import { readFlexRequest } from './flex-request.ts'
import { filled, perStep, perTick, resample } from './flex-series.ts'
import type { FlexValue } from './flex-value.ts'
import { highest, lowest } from './problem.ts'
import type { ScheduleRequest, ScheduleResult } from './scheduler.ts'
import type { SensorFacts } from './series-source.ts'
import { startSolverPool } from './solver-pool.ts'
import { storageScheduler } from './storage-scheduler.ts'

const pool = startSolverPool()
after(() => pool.close())

const start = parseInstant('2027-03-01T00:00:00+01:00')
const battery = { sensor: 10, 'soc-at-start': '20 kWh', 'soc-min': '0 kWh', 'soc-max': '100 kWh', 'power-capacity': '50 kW' }
const price = { 'consumption-price': { sensor: 5 } }

function world() {
  const here = memoryWorld()
  here.asset(1, { type: 'building' })
  here.asset(2)
  here.sensor(5, 1, 'EUR/MWh', 'PT1H')
  here.sensor(6, 1, 'USD/MWh', 'PT1H')
  here.sensor(7, 1, 'kW', 'PT15M')
  here.sensor(8, 1, '°C', 'PT15M')
  here.sensor(10, 2, 'kW', 'PT15M')
  here.sensor(11, 2, 'MW', 'PT15M')
  here.sensor(12, 2, 'kWh', 'PT0S')
  here.sensor(13, 2, '%', 'PT0S')
  here.sensor(14, 2, 'kW', 'PT15M', { consumptionIsPositive: false })
  here.post(5, start, 24 * HOUR, [50, 100, 80])
  return here
}
const asked = (flexModel: unknown, flexContext: unknown = price, more: Partial<ScheduleRequest> = {}): ScheduleRequest => ({
  asset: 1,
  start,
  end: instant(start + 6 * HOUR),
  prior: start,
  flexModel: (Array.isArray(flexModel) ? flexModel : [flexModel]) as Record<string, unknown>[],
  flexContext: flexContext as Record<string, unknown>,
  ...more,
})
const fieldsOf = async (model: unknown, context: unknown = price): Promise<unknown> => {
  try {
    await readFlexRequest(asked(model, context), world().source)
  } catch (error) {
    assert.ok(isProblem(error) && error.code === 'invalid-flex-config' && error.status === 422, String(error))
    return error.details!['fields']
  }
  return undefined
}

test('what cannot be read is refused field by field, in the words of FlexMeasures', async () => {
  const cases: [string, unknown, unknown, unknown][] = [
    ['unknown field', { ...battery, 'soc-minn': 1 }, price, { 'soc-minn': ['Unknown field.'] }],
    [
      'no quantity',
      { ...battery, 'soc-min': 'not-a-float' },
      price,
      { 'soc-min': ["Cannot convert value 'not-a-float' to a valid quantity."] },
    ],
    ['soc-unit', { ...battery, 'soc-unit': 'MWH' }, price, { 'soc-unit': ['Must be one of: kWh, MWh.'] }],
    [
      'bad moment',
      { ...battery, 'soc-targets': [{ value: '5 kWh', datetime: 'bla' }] },
      price,
      { 'soc-targets': { 0: { datetime: ['Not a valid datetime.'] } } },
    ],
    [
      'naive moment',
      { ...battery, 'soc-minima': [{ value: 5, datetime: '2027-03-01T10:00:00' }] },
      price,
      { 'soc-minima': { 0: { datetime: ['Not a valid aware datetime.'] } } },
    ],
    [
      'segment without value',
      { ...battery, 'soc-maxima': [{ datetime: '2027-03-01T10:00:00Z' }] },
      price,
      { 'soc-maxima': { 0: { value: ['Missing data for required field.'] } } },
    ],
    [
      'segment without time',
      { ...battery, 'soc-maxima': [{ value: '5 kWh', start: '2027-03-01T10:00:00Z' }] },
      price,
      {
        'soc-maxima': {
          0: {
            _schema: [
              "Missing field(s) to describe timing: use the 'datetime' field, or a combination of 2 fields of 'start', 'end' and 'duration'.",
            ],
          },
        },
      },
    ],
    ['unknown sensor', { ...battery, 'soc-minima': { sensor: 999 } }, price, { 'soc-minima': ['No sensor found with ID 999.'] }],
    ['sensor of another kind', { ...battery, 'power-capacity': { sensor: 8 } }, price, { 'power-capacity': ['Cannot convert °C to MW'] }],
    [
      'dict without sensor',
      { ...battery, 'power-capacity': { value: 8 } },
      price,
      { 'power-capacity': ['Dictionary provided but `sensor` key not found.'] },
    ],
    [
      'bare power',
      { ...battery, 'power-capacity': 0.5 },
      price,
      {
        'power-capacity': [
          "Unsupported value type. `<class 'float'>` was provided but only dict, list, str, pint Quantity, tuple, and numeric values with a default source unit are supported.",
        ],
      },
    ],
    [
      'roundtrip above 100 %',
      { ...battery, 'roundtrip-efficiency': '110%' },
      price,
      { 'roundtrip-efficiency': ['Must be greater than 0 % and less than or equal to 100 %.'] },
    ],
    [
      'both efficiencies',
      { ...battery, 'roundtrip-efficiency': 0.9, 'charging-efficiency': 0.9 },
      price,
      { _schema: ['Fields `charging_efficiency` and `roundtrip_efficiency` are mutually exclusive.'] },
    ],
    ['negative floor', { ...battery, 'soc-min': '-1 kWh' }, price, { 'soc-min': ['Must be greater than or equal to 0.'] }],
    ['bad flag', { ...battery, 'prefer-charging-sooner': 'maybe' }, price, { 'prefer-charging-sooner': ['Not a valid boolean.'] }],
    [
      'output sensor of the other sign',
      { ...battery, 'state-of-charge': { sensor: 12 }, production: { sensor: 10 }, consumption: { sensor: 14 } },
      price,
      {
        consumption: [
          'Sensor 14 has `consumption_is_positive=False`, which conflicts with the sign convention of the `consumption` field.',
        ],
      },
    ],
    ['unknown context field', battery, { ...price, 'site-powr': '1 kW' }, { 'site-powr': ['Unknown field.'] }],
    [
      'commitment without price',
      battery,
      { ...price, commitments: [{ name: 'c', baseline: '1 kW' }] },
      { commitments: { 0: { 'up-price': ['A commitment requires at least one deviation price (up-price and/or down-price).'] } } },
    ],
    [
      'deprecated and new prices together',
      battery,
      { 'consumption-price-sensor': 5, 'site-peak-consumption-price': '3 EUR/kW' },
      { _schema: ['Please switch to using `consumption-price: {"sensor": 5}`.'] },
    ],
    [
      'negative breach price',
      battery,
      { ...price, 'site-consumption-breach-price': '-1 EUR/kW' },
      { 'site-consumption-breach-price': ['Must be greater than or equal to 0.'] },
    ],
  ]
  for (const [name, model, context, expected] of cases) assert.deepEqual(await fieldsOf(model, context), expected, name)
  const mixed = (await fieldsOf(battery, { ...price, 'production-price': { sensor: 6 } })) as Record<string, string[]>
  assert.match(mixed['production-price']![0]!, /all prices in the flex-context must share the same currency unit \(in this case: 'EUR'\)/)
})

test('a sensor nobody may read is refused by who guards it, untouched', async () => {
  const here = world()
  const guarded = {
    ...here.source,
    sensor: async (id: number) => {
      if (id === 5) throw Object.assign(new Error('guarded'), { status: 403 })
      return here.source.sensor(id)
    },
  }
  await assert.rejects(readFlexRequest(asked(battery), guarded), /guarded/)
})

const bounds = async (context: object, stored: object, model: object = {}, ownStored: object = {}) => {
  const here = world()
  here.asset(1, { type: 'building', flexContext: { ...price, ...stored } })
  here.asset(2, { flexModel: { ...ownStored } })
  const read = await readFlexRequest(asked({ ...battery, ...model }, context), here.source)
  const { problem } = await flexProblem(read, here.source)
  const [device] = problem.devices
  const [site] = problem.flows
  const softly = (side: 'consumption' | 'production') =>
    problem.commitments.find((one) => one.name === `electricity any ${side} breach`)?.quantity as Float64Array | undefined
  return {
    device: [lowest(device!.min, 0), highest(device!.max, 0)],
    site: [lowest(site!.min, 0), highest(site!.max, 0)],
    soft: [softly('production')?.[0], softly('consumption')?.[0]],
  }
}

test('site capacities: the request before the asset, a direction before both, the tighter one in effect', async () => {
  const symmetric = { 'site-power-capacity': '2 MW' }
  const asymmetric = { 'site-power-capacity': '2 MW', 'site-consumption-capacity': '0.9 MW', 'site-production-capacity': '0.75 MW' }
  const hard = { 'relax-constraints': false }
  const site = async (context: object, stored: object) => (await bounds({ ...hard, ...context }, stored)).site
  assert.deepEqual(
    await site({ 'site-power-capacity': '42 kW', 'site-consumption-capacity': '10 kW', 'site-production-capacity': '100 kW' }, symmetric),
    [-42, 10],
  )
  assert.deepEqual(await site({ 'site-consumption-capacity': '10 kW', 'site-production-capacity': '100 kW' }, symmetric), [-100, 10])
  assert.deepEqual(await site({}, symmetric), [-2000, 2000])
  assert.deepEqual(await site({}, asymmetric), [-750, 900])
  assert.deepEqual(await site({ 'site-power-capacity': '42 kW' }, asymmetric), [-42, 42])
  assert.deepEqual(await site({}, {}), [-Infinity, Infinity])
  const relaxed = await bounds({ 'site-consumption-capacity': '10 kW' }, symmetric)
  assert.deepEqual(relaxed, { device: [-50, 50], site: [-2000, 2000], soft: [-2000, 10] })
})

test('device capacities: what is missing is inferred, and a lone direction shuts the other', async () => {
  const device = async (model: object) =>
    (await bounds({}, { 'site-power-capacity': '2 MW' }, { 'power-capacity': undefined, ...model })).device.map((value) => value + 0)
  assert.deepEqual(await device({ 'production-capacity': '300 kW', 'consumption-capacity': '700 kW' }), [-300, 700])
  assert.deepEqual(await device({ 'consumption-capacity': '700 kW' }), [0, 700])
  assert.deepEqual(await device({ 'production-capacity': '300 kW' }), [-300, 0])
  assert.deepEqual(await device({ 'consumption-capacity': '0 kW' }), [-2000, 0])
  assert.deepEqual(await device({ 'production-capacity': '0 kW' }), [0, 2000])
  assert.deepEqual(await device({}), [-2000, 2000])
  assert.deepEqual(await device({ 'power-capacity': '30 kW', 'consumption-capacity': '70 kW', 'production-capacity': '-5 kW' }), [0, 30])
  const here = world()
  const read = await readFlexRequest(asked({ sensor: 10, 'soc-at-start': 1 }), here.source)
  await assert.rejects(flexProblem(read, here.source), (error) => isProblem(error) && error.code === 'no-power-capacity')
})

test('what is stored on the asset counts where the request is silent, and its roundtrip-efficiency even where not', async () => {
  const here = world()
  here.asset(2, { flexModel: { 'soc-max': '80 kWh', 'power-capacity': '7 kW', 'roundtrip-efficiency': '81%' } })
  const request = asked({ sensor: 10, 'soc-at-start': 10, 'power-capacity': '9 kW', 'charging-efficiency': 0.5 })
  const { problem } = await flexProblem(await readFlexRequest(request, here.source), here.source)
  assert.equal(highest(problem.devices[0]!.max, 0), 9)
  assert.equal(highest(problem.stocks[0]!.max, 0), 80)
  assert.ok(Math.abs(highest(problem.devices[0]!.chargingEfficiency, 0) - 0.9) < 1e-12)
})

test('deprecated price keys plan with hard wishes: no breach prices unless given', async () => {
  const here = world()
  const read = await readFlexRequest(asked(battery, { 'consumption-price-sensor': 5 }), here.source)
  assert.equal(read.context.socMinimaBreach, undefined)
  assert.equal(read.context.siteConsumptionBreach, undefined)
  const usual = await readFlexRequest(asked(battery), here.source)
  assert.deepEqual(usual.context.socMinimaBreach, { kind: 'fixed', value: 1000 })
  const none = await readFlexRequest(asked(battery, { ...price, 'relax-constraints': false }), here.source)
  assert.equal(none.context.socMinimaBreach, undefined)
})

test('bare energies are in the unit the power sensor suggests', async () => {
  const kwh = async (model: object) => (await readFlexRequest(asked(model), world().source)).devices[0]!.socAtStart
  assert.equal(await kwh({ sensor: 10, 'soc-at-start': 20, 'power-capacity': '5 kW' }), 20)
  assert.equal(await kwh({ sensor: 11, 'soc-at-start': 20, 'power-capacity': '5 kW' }), 20_000)
  assert.equal(await kwh({ sensor: 11, 'soc-at-start': 20, 'soc-unit': 'kWh', 'power-capacity': '5 kW' }), 20)
  assert.equal(await kwh({ sensor: 11, 'soc-at-start': '20 kWh', 'power-capacity': '5 kW' }), 20)
})

const plan = async (here: ReturnType<typeof world>, request: ScheduleRequest): Promise<ScheduleResult> =>
  storageScheduler.schedule(await storageScheduler.read(request, here.source), { source: here.source, pool, deadlineMs: 10_000 })

test('the state of charge at the start: the request, the nearest newest measurement, the asset, or nothing', async () => {
  const here = world()
  const { 'soc-at-start': _, ...silent } = battery
  const soc = async (model: object) => (await plan(here, asked(model))).socAtStartKwh[0]
  assert.equal(await soc(silent), 0, '0 when soc-max is given')
  await assert.rejects(
    plan(here, asked({ ...silent, 'state-of-charge': { sensor: 12 } })),
    /No recent state-of-charge value found for sensor 12/,
  )
  for (const [minutes, value] of [
    [-55, 60],
    [-5, 40],
    [5, 44],
    [90, 10],
  ] as const)
    here.post(12, instant(start + minutes * MINUTE), 1, [value])
  assert.equal(await soc({ ...silent, 'state-of-charge': { sensor: 12 } }), 44, 'the newest of two equally near')
  here.post(13, start, 1, [30])
  assert.equal(await soc({ ...silent, 'state-of-charge': { sensor: 13 } }), 30, '% of soc-max')
  here.asset(2, { attributes: { soc_in_mwh: 0.033, soc_datetime: '2027-02-28T23:00:00+00:00' } })
  assert.equal(await soc(silent), 33)
  assert.equal(await soc({ sensor: 10, 'power-capacity': '5 kW' }), 33)
})

test('prices unknown for the whole window fail with the sensor named; a gap is bridged', async () => {
  const here = world()
  const far = parseInstant('2040-01-01T00:00:00Z')
  const late = asked(battery, price, { start: far, end: instant(far + HOUR) })
  await assert.rejects(plan(here, late), (error) => isProblem(error) && error.message === 'Prices unknown for planning window. (sensor 5).')
  const partly = asked(battery, price, { start: instant(start + 22 * HOUR), end: instant(start + 26 * HOUR) })
  assert.ok((await plan(here, partly)).outputs[0]!.values.length === 16)
})

test('the window grows to the last target, and not beyond the longest horizon', async () => {
  const here = world()
  const target = { ...battery, 'soc-targets': [{ value: '50 kWh', datetime: '2027-03-01T09:07:00+01:00' }] }
  const read = await readFlexRequest(asked(target), here.source)
  assert.equal(read.steps.count, 37, 'to the tick after 09:07')
  const far = { ...battery, 'soc-targets': [{ value: '50 kWh', datetime: '2027-06-01T09:00:00+01:00' }] }
  assert.equal((await readFlexRequest(asked(far), here.source)).steps.count, 2520)
})

test('a hard wish that cannot be kept: refused for FlexMeasures, near enough and named for ourselves', async () => {
  const here = world()
  const request = asked(
    { ...battery, 'power-capacity': '5 kW', 'soc-targets': [{ value: '90 kWh', datetime: '2027-03-01T06:00:00+01:00' }] },
    { ...price, 'relax-constraints': false },
  )
  const read = await storageScheduler.read(request, here.source)
  const strict = { source: here.source, pool, deadlineMs: 10_000, whenInfeasible: 'fail' as const }
  await assert.rejects(
    storageScheduler.schedule(read, strict),
    (error) => isProblem(error) && error.code === 'infeasible' && error.message === 'infeasible.',
  )
  const near = await plan(here, request)
  assert.equal(near.relaxed, true)
  assert.equal(near.unmet.length, 1)
  assert.ok(Math.abs(near.unmet[0]!.violationKwh - 40) < 1e-6 && near.unmet[0]!.powerKw === 5)
  assert.ok(
    near.outputs[0]!.values.every((value) => Math.abs(value + 5) < 1e-6),
    'charges all it can; stored production-positive',
  )
})

const seen = (value: FlexValue) => ({ value, beholder: { source: world().source, prior: start, steps: { start, step: HOUR, count: 4 } } })
const at = (hour: number): Instant => instant(start + hour * HOUR)

test('segments bind flows up to their end and stocks at both ends; overlaps follow the rule of the field', async () => {
  const { value, beholder } = seen({
    kind: 'segments',
    segments: [
      { from: at(1), to: at(3), value: 10 },
      { from: at(2), to: at(3), value: 20 },
    ],
  })
  const none = Number.NaN
  assert.deepEqual([...(await perStep(value, beholder))], [none, 10, 10, none])
  assert.deepEqual([...(await perStep(value, beholder, 'min'))], [none, 10, 10, none])
  assert.deepEqual([...(await perTick(value, beholder, 'max'))], [10, 20, 20, none])
  assert.deepEqual([...(await perTick(value, beholder, 'last'))], [10, 20, 20, none])
  assert.deepEqual([...(await perTick(value, beholder, 'min'))], [10, 10, 10, none])
  const moment = seen({ kind: 'segments', segments: [{ from: at(0), to: at(0), value: 5 }] })
  assert.ok((await perTick(moment.value, moment.beholder, 'first')).every(Number.isNaN), 'the value at the start never binds')
})

test('gaps, resampling and outputs', () => {
  assert.deepEqual([...filled(Float64Array.of(Number.NaN, 2, Number.NaN, 4, Number.NaN))], [2, 2, 2, 4, 4])
  assert.deepEqual(resample([1, 2, 3, 4], 1, 2), [1.5, 3.5])
  assert.deepEqual(resample([1, 2], 2, 1), [1, 1, 2, 2])
  assert.deepEqual(resample([3, 6], 3, 2), [3, 4.5, 6])
  const sensor = (unit: string, resolution: number, consumptionIsPositive?: boolean): SensorFacts => ({
    id: 1,
    unit,
    resolution,
    zone: 'UTC',
    asset: 1,
    ...(consumptionIsPositive === undefined ? {} : { consumptionIsPositive }),
  })
  const time = { start, step: 2 * MINUTE }
  assert.deepEqual(powerOutput(sensor('MW', MINUTE), 'power', [1, -2], time).values, [-0.001, -0.001, 0.002, 0.002])
  assert.deepEqual(powerOutput(sensor('kW', 4 * MINUTE, true), 'power', [1, -2], time).values, [-0.5])
  const both = splitOutputs(
    { consumption: sensor('kW', 2 * MINUTE), production: sensor('kW', 2 * MINUTE) },
    { consumption: 'consumption', production: 'production' },
    [1, -2],
    time,
  )
  assert.deepEqual(
    both.map((one) => [one.values, one.consumptionIsPositive]),
    [
      [[1, 0], true],
      [[0, 2], false],
    ],
  )
  const one = splitOutputs(
    { production: sensor('kW', 2 * MINUTE) },
    { consumption: 'consumption', production: 'production' },
    [1, -2],
    time,
  )
  assert.deepEqual(one[0]!.values, [-1, 2])
  assert.deepEqual(stockOutput(sensor('%', 0), [10, 20, 40], { ...time, socMaxKwh: 80 })?.values, [12.5, 25, 50])
  assert.equal(stockOutput(sensor('%', 0), [10], time), undefined)
})
