import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { after, DAY, HOUR, type Instant, MINUTE, parseInstant } from '#kernel'
import { type Answer, NOON, openDoor } from '../door.fixture.ts'
import { ended } from './ended.fixture.ts'

const STEP = 15 * MINUTE
const where = 'combined_sensor_data_description'
const path = (sensor: number) => `/api/v3_0/sensors/${sensor}/forecasts/trigger`

/** Ten days before noon of a house whose evenings are busy; 20 % more on odd hours, so that days differ from their mean. */
async function house(t: TestContext, more: Parameters<typeof openDoor>[1] = {}) {
  const door = await openDoor(t, more)
  const sensor = await door.sensor()
  const source = await door.server.sources.of({ name: 'meter', type: 'gateway' })
  const starts = Array.from({ length: (10 * DAY) / STEP }, (_, slot) => after(NOON, -10 * DAY + slot * STEP))
  await door.server.beliefs.record([{ sensor, source, starts, values: starts.map(loadAt), beliefTime: 'event-end' }])
  return { door, sensor, source }
}

const loadAt = (at: Instant) => 2 + ((at % DAY) / HOUR >= 18 ? 3 : 0) + (at % (2 * HOUR) < HOUR ? 0.4 : 0)

const fault = ({ body }: Answer) => (body['message'] as Record<string, Record<string, unknown>>)[where]

test('a forecast is asked for, made in a job with progress, and read as it is believed', async (t) => {
  const { door, sensor } = await house(t)
  const stages = new Set<string>()
  door.server.queue.on(({ progress }) => progress && stages.add(progress.stage))
  const asked = await door.ask('POST', path(sensor), { as: 'mel', body: { duration: 'PT24H' } })
  assert.equal(asked.status, 202, JSON.stringify(asked.body))
  const id = String(asked.body['forecast'])
  assert.deepEqual(asked.body, {
    status: 'ACCEPTED',
    message: 'Request has been accepted for processing.',
    job: id,
    'job-url': `/api/v3_0/jobs/${id}`,
    'results-url': `/api/v3_0/sensors/${sensor}/forecasts/${id}`,
    forecast: id,
  })
  assert.equal((await ended(door, id)).exc, null)
  assert.ok(stages.size > 0, 'progress was told')
  const got = await door.ask('GET', String(asked.body['results-url']), { as: 'mel' })
  assert.equal(got.status, 200)
  const { values, ...rest } = got.body as { values: number[] }
  assert.deepEqual(rest, {
    start: '2026-11-24T12:00:00+00:00',
    duration: 'P1D',
    unit: 'kW',
    status: 'PROCESSED',
    message: 'Request has been processed.',
  })
  assert.equal(values.length, 96)
  for (const [slot, value] of values.entries())
    assert.ok(Math.abs(value - loadAt(after(NOON, slot * STEP))) < 0.3, `slot ${slot}: ${value}`)
  const [source] = await door.store.query<{ id: number; name: string; type: string; model: string; attributes: Record<string, unknown> }>(
    "select id, name, type, model, attributes from data_source where type = 'forecaster'",
  )
  assert.deepEqual([source!.name, source!.model], ['FlexMeasures', 'TrainPredictPipeline'])
  const kept = (source!.attributes as { data_generator: { config: Record<string, unknown> } }).data_generator.config
  assert.deepEqual(
    [kept['model'], kept['train-period'], kept['retrain-frequency'], kept['missing-threshold']],
    ['CustomLGBM', 'P30D', 'P2D', 1],
  )
  const events = await door.server.beliefs.events({ sensor, from: NOON, until: after(NOON, DAY), sourceTypes: ['forecaster'] })
  assert.deepEqual(
    events.map(({ value }) => value),
    values,
  )
  assert.equal(events[0]!.beliefTime, NOON, 'believed now')
  const job = await door.ask('GET', `/api/v3_0/jobs/${id}`, { as: 'mel' })
  assert.deepEqual([job.status, job.body['message'], job.body['origin']], [200, 'Forecasting job has finished.', 'forecasting'])
  assert.equal((job.body['result'] as { beliefs: number }).beliefs, 96)
  const elsewhere = await door.ask('GET', `/api/v3_0/sensors/${await door.sensor()}/forecasts/${id}`, { as: 'mel' })
  assert.equal(elsewhere.status, 422)
  assert.match(String((elsewhere.body['message'] as { json: string }).json), /^Sensor ID mismatch: job .* is for sensor/)
})

test('several cycles are jobs of their own with one that wraps up, each viewpoint with the time it was believed', async (t) => {
  const { door, sensor } = await house(t)
  const start = '2026-11-24T00:00:00+00:00'
  const body = {
    start,
    end: '2026-11-24T02:00:00+00:00',
    'max-forecast-horizon': 'PT1H',
    'forecast-frequency': 'PT1H',
    config: { 'train-start': '2026-11-20T00:00:00+00:00', 'retrain-frequency': 'PT1H' },
  }
  const asked = await door.ask('POST', path(sensor), { as: 'ann', body })
  const id = String(asked.body['job'])
  const wrapUp = await door.ask('GET', `/api/v3_0/sensors/${sensor}/forecasts/${id}`, { as: 'ann' })
  assert.equal(wrapUp.status, 200)
  assert.deepEqual(Object.keys(wrapUp.body), ['message', 'forecasts'])
  const cycles = wrapUp.body['forecasts'] as string[]
  assert.equal(cycles.length, 2)
  await ended(door, id)
  for (const cycle of cycles) {
    const got = await door.ask('GET', `/api/v3_0/sensors/${sensor}/forecasts/${cycle}`, { as: 'ann' })
    assert.deepEqual([got.status, got.body['start'], got.body['duration']], [200, start, 'PT2H'])
    const events = await door.server.beliefs.events({
      sensor,
      from: parseInstant(start),
      until: after(parseInstant(start), 2 * HOUR),
      sourceTypes: ['forecaster'],
    })
    assert.deepEqual(
      got.body['values'],
      events.map(({ value }) => value),
    )
    assert.deepEqual([...new Set(events.map(({ beliefTime }) => beliefTime))], [parseInstant(start), after(parseInstant(start), HOUR)])
  }
})

test('quantiles, bounds and snapping are stored as asked', async (t) => {
  const { door, sensor } = await house(t)
  const config = { lower: '2100 W', upper: 5.2, snap: { '3 kW': ['2.9 kW', '4 kW'] }, 'ensure-positive': true }
  const asked = await door.ask('POST', path(sensor), { as: 'ann', body: { duration: 'PT12H', probabilistic: true, config } })
  await ended(door, String(asked.body['job']))
  const found = await door.server.beliefs.search({ sensor, from: NOON, until: after(NOON, 12 * HOUR), sourceTypes: ['forecaster'] })
  assert.equal(found.length, 3 * 48)
  for (let row = 0; row < found.length; row += 3) {
    assert.deepEqual([...found.probabilities.subarray(row, row + 3)], [0.1, 0.5, 0.9])
    const [low, middle, high] = found.values.subarray(row, row + 3) as unknown as [number, number, number]
    assert.ok(low <= middle && middle <= high, `${low} ${middle} ${high}`)
    for (const value of [low, middle, high])
      assert.ok(value >= 2.1 && value <= 5.2 && !(value >= 2.9 && value < 3) && !(value > 3 && value < 4), `${value}`)
  }
  const read = await door.ask('GET', String(asked.body['results-url']), { as: 'ann' })
  assert.equal((read.body['values'] as number[]).length, 48, 'the median is read')
})

test('a forecast knows only what was recorded before its prior, and counts as made then', async (t) => {
  const { door, sensor, source } = await house(t)
  const until = after(NOON, -DAY)
  const starts = Array.from({ length: 96 }, (_, slot) => after(until, slot * STEP))
  await door.server.beliefs.record([{ sensor, source, starts, values: starts.map(() => 900), beliefTime: after(NOON, MINUTE) }])
  const body = { start: '2026-11-24T12:00:00Z', duration: 'PT2H', prior: '2026-11-24T11:00:00Z' }
  const asked = await door.ask('POST', path(sensor), { as: 'ann', body })
  await ended(door, String(asked.body['job']))
  const events = await door.server.beliefs.events({ sensor, from: NOON, until: after(NOON, 2 * HOUR), sourceTypes: ['forecaster'] })
  assert.equal(events.length, 8)
  for (const { value, beliefTime } of events) assert.deepEqual([value < 10, beliefTime], [true, parseInstant(body.prior)])
})

test('regressors and holidays explain what the past alone cannot', async (t) => {
  const { door, source } = await house(t)
  const sensor = await door.sensor()
  const weather = await door.sensor({ unit: 'W/m²' })
  const random = (slot: number) => Math.abs(Math.sin(slot * 12.9898) * 43_758.5453) % 1
  const starts = Array.from({ length: (14 * DAY) / STEP }, (_, slot) => after(NOON, -12 * DAY + slot * STEP))
  const light = starts.map((_, slot) => 600 * random(Math.floor(slot / 4)))
  const known = starts.filter((start) => start < NOON)
  await door.server.beliefs.record([
    { sensor, source, starts: known, values: known.map((_, slot) => light[slot]! / 100), beliefTime: 'event-end' },
    { sensor: weather, source, starts, values: light, beliefTime: after(NOON, -12 * DAY) },
  ])
  const config = { regressors: [{ sensor: weather, 'source-types': ['gateway'] }], 'annotation-regressors': [{ asset: door.asset }] }
  const asked = await door.ask('POST', path(sensor), { as: 'ann', body: { duration: 'PT24H', config } })
  assert.equal(asked.status, 202, JSON.stringify(asked.body))
  const job = await ended(door, String(asked.body['job']))
  assert.equal(job.exc, null)
  const got = await door.ask('GET', String(asked.body['results-url']), { as: 'ann' })
  const off = (got.body['values'] as number[]).map((value, slot) => Math.abs(value - light[known.length + slot]! / 100))
  assert.ok(
    off.reduce((sum, value) => sum + value, 0) / off.length < 0.5,
    `mean error ${off.reduce((sum, value) => sum + value, 0) / off.length} of 3`,
  )
})

test('what cannot be asked is refused by field, and leaves nothing behind', async (t) => {
  const { door, sensor } = await house(t)
  const refused = async (body: unknown, at: string[], text: RegExp) => {
    const answer = await door.ask('POST', path(sensor), { as: 'ann', body })
    assert.equal(answer.status, 422, `${JSON.stringify(body)} ${JSON.stringify(answer.body)}`)
    let found: unknown = fault(answer)
    for (const key of at) found = (found as Record<string, unknown> | undefined)?.[key]
    assert.match(String(found), text, `${JSON.stringify(body)}: ${JSON.stringify(answer.body)}`)
  }
  const start = '2026-11-24T12:00:00+00:00'
  const end = '2026-11-25T12:00:00+00:00'
  await refused({ start, end, duration: 'PT24H' }, ['duration'], /Provide 'duration' with either 'start' or 'end'/)
  await refused({ start: end, end: start }, ['start'], /start must be before end/)
  await refused({ end: '2026-11-23T12:00:00Z' }, ['end'], /is not before end/)
  await refused({ 'sensor-to-save': 3 }, ['sensor-to-save'], /Unknown field/)
  await refused({ start: '2026-11-24T12:00:00' }, ['start'], /Not a valid aware datetime/)
  await refused({ 'max-forecast-horizon': 'PT10M' }, ['_schema'], /must be a multiple of the sensor resolution \(0:15:00\)/)
  await refused({ 'forecast-frequency': 'PT20M' }, ['_schema'], /must be a multiple of the sensor resolution/)
  await refused({ duration: 'P10D', 'max-forecast-horizon': 'PT12H' }, ['max_forecast_horizon'], /will not yield forecasts for the entire/)
  await refused({ duration: 'PT12H', 'max-forecast-horizon': 'P10D' }, ['max_forecast_horizon'], /less than or equal to predict-period/)
  await refused({ duration: 'P9999D' }, ['max-forecast-horizon'], /steps/)
  await refused(
    { duration: 'P90D', 'max-forecast-horizon': 'P90D', 'forecast-frequency': 'PT15M' },
    ['forecast-frequency'],
    /forecast values/,
  )
  await refused({ duration: 'PT0H' }, ['duration'], /greater than 0/)
  await refused({ model: 'Oracle' }, ['model'], /not known/)
  await refused({ config: { 'retrain-frequency': 'PT30M' } }, ['config', 'retrain_frequency'], /at least 1 hour/)
  await refused({ config: { 'train-period': 'P1D' } }, ['config', 'train_period'], /at least 2 days/)
  await refused({ config: { 'max-training-period': 'P1Y' } }, ['config', 'max_training_period'], /Years and months are not supported/)
  await refused({ config: { lower: 'many' } }, ['config', 'lower'], /parseable quantity/)
  await refused({ config: { lower: '3 EUR' } }, ['config', 'lower'], /Could not convert/)
  await refused({ config: { lower: 3, upper: 1 } }, ['config', '_schema'], /lower bound cannot be greater/)
  await refused({ config: { snap: { 9: [0, 4] } } }, ['config', 'snap'], /must lie within/)
  await refused({ config: { model: 'GPT' } }, ['config', 'model'], /Must be one of/)
  await refused({ config: { 'past-regressors': [987_654] } }, ['config', 'past-regressors'], /No sensor found/)
  await refused(
    { config: { 'annotation-regressors': [{ account: 1, asset: 1 }] } },
    ['config', 'annotation-regressors', '0', '_schema'],
    /exactly one/,
  )
  await refused([], ['_schema'], /Invalid input type/)
  const instantaneous = await door.sensor({ resolution: 0 })
  assert.match(JSON.stringify(fault(await door.ask('POST', path(instantaneous), { as: 'ann', body: {} }))), /instantaneous/)
  assert.equal((await door.ask('POST', path(sensor), { as: 'bob', body: {} })).status, 403)
  assert.equal((await door.ask('POST', path(987_654), { as: 'bob', body: {} })).status, 404)
  assert.deepEqual(await door.server.queue.list({ queue: 'forecasting' }), [])
})

test('a regressor that one may not read is refused by its field, and its name stays unsaid', async (t) => {
  const { door, sensor } = await house(t)
  const other = await door.server.assets.create({ name: 'elsewhere', type: 6, account: 2 })
  const secret = await door.server.sensors.create({ name: 'secret', unit: 'kW', resolution: STEP, asset: other.id, timezone: 'UTC' })
  for (const field of ['future-regressors', 'past-regressors', 'regressors'])
    for (const reference of [secret.id, { sensor: secret.id, 'source-types': ['forecaster'] }]) {
      const answer = await door.ask('POST', path(sensor), { as: 'ann', body: { config: { [field]: [reference] } } })
      assert.deepEqual([answer.status, answer.body['status']], [403, 'INVALID_SENDER'])
      assert.ok(String(answer.body['message']).includes(`{'json': {'config': '${field}'}}`))
      assert.ok(!String(answer.body['message']).includes('secret'))
    }
})

test('without data a forecast fails clearly, and far ones are made', async (t) => {
  const { door, sensor } = await house(t)
  const empty = await door.sensor()
  const poor = await door.ask('POST', path(empty), { as: 'ann', body: {} })
  await ended(door, String(poor.body['job']))
  const got = await door.ask('GET', String(poor.body['results-url']), { as: 'ann' })
  assert.deepEqual([got.status, got.body['status']], [422, 'FAILED'])
  assert.match(String(got.body['message']), /^Forecasting job failed with NotEnoughDataException: Sensor .* has 0 values/)
  const strict = await door.ask('POST', path(sensor), { as: 'ann', body: { config: { 'missing-threshold': 0.1 } } })
  assert.match(
    (await ended(door, String(strict.body['job']))).exc ?? '',
    /66\.7% missing values which exceeds the allowed threshold of 10\.0%/,
  )
  const far = await door.ask('POST', path(sensor), { as: 'ann', body: { duration: 'P26DT6H' } })
  assert.equal((await ended(door, String(far.body['job']))).exc, null)
  const { body } = await door.ask('GET', String(far.body['results-url']), { as: 'ann' })
  assert.deepEqual([(body['values'] as number[]).length, body['duration']], [2520, 'P26DT6H'])
})

test('in the dialect of 0.33 a trigger answers 200 with the legacy key only', async (t) => {
  const { FLEXMEASURES_DEFAULTS } = await import('#kernel')
  const { door, sensor } = await house(t, { config: { flexMeasures: { ...FLEXMEASURES_DEFAULTS, dialect: '0.33' } } })
  const asked = await door.ask('POST', path(sensor), { as: 'ann', body: { duration: 'PT1H' } })
  assert.deepEqual([asked.status, Object.keys(asked.body)], [200, ['status', 'message', 'forecast']])
})
