import assert from 'node:assert/strict'
import test from 'node:test'
import { type Instant, instant, isProblem, parseInstant, silentLog } from '#kernel'
import { openQueue } from '#store'
import { AT, type BeliefHouse, house, MIN, slots } from './beliefs.fixture.ts'
import { readReportOrder } from './reporting/order.ts'
import { openReports, type Reports } from './reports.ts'
import { openSources } from './sources.ts'

const HOUR = 60 * MIN
const START = instant(AT - 24 * HOUR)
const iso = (at: number) => new Date(at).toISOString()

interface Office extends BeliefHouse {
  reports: Reports
  put(sensor: number, values: number[], more?: { source?: number; step?: number; from?: Instant }): Promise<void>
  order(given: Record<string, unknown>): ReturnType<typeof readReportOrder>
  read(sensor: number): Promise<[string, number][]>
}

async function office(t: Parameters<typeof house>[0]): Promise<Office> {
  const parts = await house(t)
  const { store, clock, beliefs, sensors } = parts
  const queue = openQueue({ store, clock, log: silentLog })
  const reports = openReports({ store, clock, beliefs, sensors, queue, sources: openSources(store), author: 'FlexMeasures' })
  t.after(async () => {
    await reports.close()
    await queue.close()
  })
  return {
    ...parts,
    reports,
    async put(sensor, values, { source = parts.source, step = HOUR, from = START } = {}) {
      await beliefs.record([{ sensor, source, starts: slots(from, step, values.length), values, beliefTime: 'event-end' }])
    },
    order: (given) => readReportOrder({ start: iso(START), end: iso(START + 4 * HOUR), ...given }, { now: clock.now(), zone: 'UTC' }),
    async read(sensor) {
      const { starts, values } = await beliefs.search({
        sensor,
        from: instant(0),
        until: instant(AT + 48 * HOUR),
        sourceTypes: ['reporter'],
        one: 'per-event',
      })
      return Array.from(starts, (start, k): [string, number] => [iso(start).slice(11, 16), Math.round(values[k]! * 1e6) / 1e6])
    },
  }
}

const refusal = async (work: () => unknown): Promise<string> => {
  try {
    await work()
  } catch (error) {
    assert.ok(isProblem(error), String(error))
    assert.equal(error.status, 422)
    return error.message
  }
  assert.fail('nothing was refused')
}

test('the aggregator adds its inputs up by their weights, as beliefs of a reporter that keeps its config', async (t) => {
  const { sensor, put, reports, order, read, store } = await office(t)
  const [pv, load, net] = [await sensor({ resolution: HOUR }), await sensor({ resolution: HOUR }), await sensor({ resolution: HOUR })]
  await put(pv, [1, 2, 3])
  await put(load, [5, 5, 5, 5])
  const config = { method: 'sum', weights: { pv: -1 } }
  const given = order({
    reporter: 'AggregatorReporter',
    config,
    input: [{ name: 'pv', sensor: pv }, { sensor: load }],
    output: [{ sensor: net }],
  })
  const { source } = await reports.compute(given, { save: true })
  assert.deepEqual(await read(net), [
    ['12:00', 4],
    ['13:00', 3],
    ['14:00', 2],
    ['15:00', 5],
  ])
  const [kept] = await store.query('select name, type, model, version, attributes from data_source where id = $1', [source!])
  assert.deepEqual(kept, {
    name: 'FlexMeasures',
    type: 'reporter',
    model: 'AggregatorReporter',
    version: '1',
    attributes: { data_generator: { config } },
  })
})

test('an aggregate of several sources is refused until one is named', async (t) => {
  const { sensor, put, reports, order, read, beliefs } = await office(t)
  const [power, out] = [await sensor({ resolution: HOUR }), await sensor({ resolution: HOUR })]
  const other = await beliefs.source({ name: 'other', type: 'script' })
  await put(power, [1, 1])
  await put(power, [7, 7], { source: other, from: instant(START + 2 * HOUR) })
  const given = (more: object) => order({ reporter: 'AggregatorReporter', input: [{ sensor: power, ...more }], output: [{ sensor: out }] })
  assert.match(await refusal(() => reports.compute(given({}))), /Missing attribute 'sources' for input sensor/)
  await reports.compute(given({ sources: [other] }), { save: true })
  assert.deepEqual(await read(out), [
    ['14:00', 7],
    ['15:00', 7],
  ])
})

test('a profit earns what is sold and owes what is bought, in the currency of the prices and at the resolution of the output', async (t) => {
  const { sensor, put, reports, order, read } = await office(t)
  // Production positive, as FlexMeasures stores power unless told otherwise: quarter-hours of kW.
  const power = await sensor({ resolution: 15 * MIN })
  const [buy, sell] = [await sensor({ unit: 'EUR/MWh', resolution: HOUR }), await sensor({ unit: 'EUR/kWh', resolution: HOUR })]
  const [hourly, fine] = [await sensor({ unit: 'EUR', resolution: HOUR }), await sensor({ unit: 'EUR', resolution: 15 * MIN })]
  await put(power, [4, 4, -8, -8, 0, 0, 0, 0, 2, 2, 2, 2], { step: 15 * MIN })
  await put(buy, [300, 100, 100, 100])
  await put(sell, [0.1, 0.1, 0.05, 0.05])
  const input = [{ sensor: power }]
  const config = { consumption_price_sensor: buy, production_price_sensor: sell }
  const output = [{ sensor: hourly }, { sensor: fine }]
  await reports.compute(order({ reporter: 'ProfitOrLossReporter', config, input, output }), { save: true })
  // 2 × 1 kWh × 0.1 − 2 × 2 kWh × 0.3; nothing; 4 × 0.5 kWh × 0.05
  assert.deepEqual(await read(hourly), [
    ['12:00', -1],
    ['13:00', 0],
    ['14:00', 0.1],
  ])
  assert.deepEqual((await read(fine)).slice(0, 4), [
    ['12:00', 0.1],
    ['12:15', 0.1],
    ['12:30', -0.6],
    ['12:45', -0.6],
  ])
  const loss = { ...config, loss_is_positive: true }
  await reports.compute(order({ reporter: 'ProfitOrLossReporter', config: loss, input, output: [{ sensor: hourly }] }), { save: true })
  assert.equal((await read(hourly))[0]![1], 1)
})

test('a profit without a price, of something else than energy, or in another currency is refused', async (t) => {
  const { sensor, reports, order } = await office(t)
  const [power, heat] = [await sensor({ resolution: HOUR }), await sensor({ unit: '°C', resolution: HOUR })]
  const [price, euro, dollar] = [
    await sensor({ unit: 'EUR/MWh' }),
    await sensor({ unit: 'EUR', resolution: HOUR }),
    await sensor({ unit: 'USD', resolution: HOUR }),
  ]
  const refused = (config: object, input: number, output: number) =>
    refusal(() =>
      reports.compute(order({ reporter: 'ProfitOrLossReporter', config, input: [{ sensor: input }], output: [{ sensor: output }] })),
    )
  assert.match(await refused({}, power, euro), /At least one of the two price sensors/)
  assert.match(await refused({ consumption_price_sensor: power }, power, euro), /wrong units/)
  assert.match(await refused({ consumption_price_sensor: price }, heat, euro), /power or energy/)
  assert.match(await refused({ consumption_price_sensor: price }, power, dollar), /can only be the currency of the prices, EUR/)
  assert.match(await refused({ consumption_price_sensor: 9999 }, power, euro), /No sensor found with ID 9999/)
})

test('a chain of pandas operations is followed, with units turned at both ends and outputs on several sensors', async (t) => {
  const { sensor, put, reports, order, read } = await office(t)
  const power = await sensor({ resolution: 30 * MIN })
  const [watt, hourly] = [await sensor({ unit: 'W', resolution: 30 * MIN }), await sensor({ unit: 'kWh', resolution: HOUR })]
  await put(power, [1, -2, 3, 4], { step: 30 * MIN })
  const config = {
    required_input: [{ name: 'p' }, { name: 'e', unit: 'kWh' }],
    required_output: [
      { name: 'bought', unit: 'kW' },
      { name: 'energy', unit: 'kWh' },
    ],
    droplevels: true,
    transformations: [
      { df_input: 'p', df_output: 'bought', method: 'clip', kwargs: { lower: 0 } },
      { df_input: 'e', df_output: 'energy', method: 'resample', args: ['1h'] },
      { method: 'sum' },
    ],
  }
  const input = [
    { name: 'p', sensor: power },
    { name: 'e', sensor: power },
  ]
  const output = [
    { name: 'bought', sensor: watt },
    { name: 'energy', sensor: hourly },
  ]
  await reports.compute(order({ reporter: 'PandasReporter', config, input, output, belief_horizon: 'PT0H' }), { save: true })
  assert.deepEqual(await read(watt), [
    ['12:00', 1000],
    ['12:30', 0],
    ['13:00', 3000],
    ['13:30', 4000],
  ])
  assert.deepEqual(await read(hourly), [
    ['12:00', -0.5],
    ['13:00', 3.5],
  ])
})

test('the belief times of a report are those that were asked for', async (t) => {
  const { sensor, put, reports, order, store } = await office(t)
  const [power, out] = [await sensor({ resolution: HOUR }), await sensor({ resolution: HOUR })]
  await put(power, [1, 2])
  const horizons = async (more: object) => {
    await store.query('delete from timed_belief where sensor_id = $1', [out])
    await reports.compute(order({ reporter: 'AggregatorReporter', input: [{ sensor: power }], output: [{ sensor: out }], ...more }), {
      save: true,
    })
    const rows = await store.query<{ h: number }>(
      'select extract(epoch from belief_horizon)::float8 / 3600 as h from timed_belief where sensor_id = $1 order by event_start',
      [out],
    )
    return rows.map(({ h }) => h)
  }
  assert.deepEqual(await horizons({}), [-23, -22])
  assert.deepEqual(await horizons({ belief_time: iso(START + 2 * HOUR) }), [-1, 0])
  assert.deepEqual(await horizons({ belief_horizon: 'PT0H' }), [0, 0])
})

test('a result of another resolution than its sensor is refused unless that is wished', async (t) => {
  const { sensor, put, reports, order } = await office(t)
  const [power, out] = [await sensor({ resolution: HOUR }), await sensor({ resolution: 2 * HOUR })]
  await put(power, [1, 2])
  const config = {
    required_input: [{ name: 'p' }],
    required_output: [{ name: 'q' }],
    transformations: [{ df_input: 'p', df_output: 'q', method: 'abs' }],
  }
  const given = { reporter: 'PandasReporter', config, input: [{ name: 'p', sensor: power }], output: [{ name: 'q', sensor: out }] }
  assert.match(
    await refusal(() => reports.compute(order(given))),
    /resolution of the results \(60 minutes\) should match that of the output sensor \(120 minutes/,
  )
  const { tables } = await reports.compute(order({ ...given, check_output_resolution: false }))
  assert.equal(tables[0]!.frame.starts.length, 2)
})

test('a report becomes a job, is kept with what it saved, and fails with its reason', async (t) => {
  const { sensor, put, reports, order, clock, store } = await office(t)
  const [power, out] = [await sensor({ resolution: HOUR }), await sensor({ resolution: HOUR })]
  await put(power, [1, 2, 3])
  const { id: asset } = (await store.first<{ id: number }>('select id from generic_asset'))!
  const ended = async (id: string) => {
    for (let tries = 0; tries < 400; tries++) {
      const view = await reports.get(id)
      if (view?.job?.endedAt) return view
      await new Promise((resolve) => setImmediate(resolve))
      await store.query('select pg_sleep(0.01)')
    }
    assert.fail('the job does not end')
  }
  const given = order({ reporter: 'AggregatorReporter', input: [{ sensor: power }], output: [{ sensor: out }] })
  const view = await ended(await reports.trigger(asset, given))
  assert.equal(view.job?.status, 'FINISHED')
  assert.deepEqual(view.result?.kind === 'beliefs' && view.result.outputs.map(({ count, start }) => [count, start]), [
    [3, '2026-11-23T12:00:00+00:00'],
  ])
  const other = await sensor({ unit: 'kW', resolution: HOUR })
  const config = {
    required_input: [{ name: 'p' }],
    required_output: [{ name: 'q' }],
    transformations: [{ df_input: 'p', df_output: 'q', method: 'sum' }],
  }
  const number = order({
    reporter: 'PandasReporter',
    config,
    input: [{ name: 'p', sensor: power }],
    output: [{ name: 'q', sensor: other }],
  })
  const failed = await ended(await reports.trigger(asset, number))
  assert.equal(failed.job?.status, 'FAILED')
  assert.match(failed.job?.exc ?? '', /^ValueError: The output 'q' is a single number/)
  assert.equal((await reports.list(asset, { limit: 10, offset: 0 })).total, 2)
  assert.equal(clock.now(), AT)
})

test('every wrong field of an order is named', () => {
  const read = (given: unknown) => {
    try {
      readReportOrder(given, { now: parseInstant('2026-01-01T00:00:00Z'), zone: 'UTC' })
    } catch (error) {
      assert.ok(isProblem(error))
      return error.details?.['fields']
    }
    assert.fail('nothing was refused')
  }
  assert.deepEqual(read({ reporter: 'Magic', input: [{ sensor: 'x', colour: 1 }], output: [] }), {
    reporter: ['Must be one of: AggregatorReporter, ProfitOrLossReporter, PandasReporter.'],
    input: { 0: { colour: ['Unknown field.'], sensor: ['Not a valid integer.'] } },
    output: ['Shorter than minimum length 1.'],
    start: ['Missing data for required field.'],
    end: ['Missing data for required field.'],
  })
  assert.deepEqual(read('x'), { _schema: ['Invalid input type.'] })
  const order = { reporter: 'AggregatorReporter', input: [{ sensor: 1 }], output: [{ sensor: 2 }] }
  assert.deepEqual(read({ ...order, 'start-offset': 'DB', 'end-offset': '-2D' }), {
    end: ['Invalid report period (end must not precede start).'],
  })
  assert.deepEqual(Object.keys(read({ ...order, 'start-offset': 'nonsense', end: '2026' }) as object), ['start_offset', 'end'])
})
