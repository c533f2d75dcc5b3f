// When data counts as stale, and how it is said.
import assert from 'node:assert/strict'
import test from 'node:test'
import { HOUR, instant, MINUTE, millis, parseInstant } from '#kernel'
import { judgeStaleness, preciseLength } from './staleness.ts'

const now = parseInstant('2026-11-24T12:00:00Z')
const sensor = (more: object = {}) => ({
  attributes: {},
  knowledge: { fnc: 'ex_post', par: {} },
  resolution: millis(15 * MINUTE),
  knownAt: (start: number) => instant(start + 15 * MINUTE),
  ...more,
})
const judged = (of: ReturnType<typeof sensor>, ...events: [type: string, minutes: number][]) =>
  judgeStaleness(
    of,
    events.map(([type, minutes]) => ({ type, start: instant(now + minutes * MINUTE) })),
    now,
  ).map(({ sourceType, code, stale, staleness, reason }) => ({ sourceType, code, stale, staleness, reason }))

test('measurements are stale two events after they could be known, forecasts when they reach less than half a day ahead', () => {
  assert.deepEqual(judged(sensor()), [{ sourceType: null, code: 'no-data', stale: true, staleness: null, reason: 'no data recorded' }])
  assert.deepEqual(judged(sensor(), ['user', -45]), [
    {
      sourceType: 'user',
      code: 'fresh',
      stale: false,
      staleness: 30 * MINUTE,
      reason: 'most recent data is 30 minutes old, which is not more than 30 minutes old',
    },
  ])
  assert.deepEqual(judged(sensor(), ['gateway', -46]), [
    {
      sourceType: 'gateway',
      code: 'stale',
      stale: true,
      staleness: 31 * MINUTE,
      reason: 'most recent data is 31 minutes old, but should not be more than 30 minutes old',
    },
  ])
  const [far, near, past] = judged(sensor(), ['scheduler', 13 * 60], ['forecaster', 11 * 60], ['market', -60])
  assert.equal(far?.reason, 'most recent data is 13 hours in the future, which is not less than 12 hours in the future')
  assert.deepEqual(
    [near?.stale, near?.reason],
    [true, 'most recent data is 11 hours in the future, but should be more than 12 hours in the future'],
  )
  assert.equal(past?.sourceType, 'market')
  assert.deepEqual(judged(sensor(), ['forecaster', -60]), [
    {
      sourceType: 'forecaster',
      code: 'no-future-data',
      stale: true,
      staleness: null,
      reason: 'Found no future data which this source should have',
    },
  ])
})

test('the rules of a sensor win over those that hold without them, day-ahead markets have a day', () => {
  const own = sensor({ attributes: { status_specs: { max_staleness: 'PT2H', max_future_staleness: '-PT1H', staleness_search: {} } } })
  assert.deepEqual(
    judged(own, ['user', -120], ['scheduler', 90]).map(({ stale }) => stale),
    [false, false],
  )
  const junk = sensor({ attributes: { status_specs: { max_staleness: 'soon' } } })
  assert.equal(judged(junk, ['user', -120])[0]?.stale, true)
  const market = sensor({ knowledge: { fnc: 'x_days_ago_at_y_oclock', par: {} }, knownAt: (start: number) => instant(start - 24 * HOUR) })
  assert.deepEqual(
    judged(market, ['market', -60])[0]?.reason,
    'most recent data is 1 day and 1 hour old, but should not be more than 1 day old',
  )
})

test('a moment is stale as soon as it is read, unless it is said how old it may be', () => {
  const soc = sensor({ resolution: millis(0), knownAt: (start: number) => instant(start) })
  const stale = (age: number, momentary?: number) =>
    judgeStaleness(soc, [{ type: 'user', start: instant(now - age * MINUTE) }], now, momentary)[0]?.stale
  assert.deepEqual([stale(3), stale(3, 15 * MINUTE), stale(16, 15 * MINUTE)], [true, false, true])
})

test('lengths of time are said exactly', () => {
  const said = [0, 1000, 1500, 61_000, 3_600_000, 90_061_000, 400 * 24 * HOUR, 33_123].map(preciseLength)
  assert.deepEqual(said, [
    '0 seconds',
    '1 second',
    '1.50 seconds',
    '1 minute and 1 second',
    '1 hour',
    '1 day, 1 hour, 1 minute and 1 second',
    '1 year, 1 month, 4 days and 12 hours',
    '33.12 seconds',
  ])
})
