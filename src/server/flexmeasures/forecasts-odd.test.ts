// Forecasts of odd pasts: constant, holed, huge, without light ahead, on the nights on which clocks change, in steps of minutes and days.
import assert from 'node:assert/strict'
import test from 'node:test'
import { after, DAY, formatInstant, HOUR, type Instant, instant, MINUTE, parseInstant } from '#kernel'
import { type Answer, type Door, NOON, openDoor } from '../door.fixture.ts'
import { ended } from './ended.fixture.ts'

const path = (sensor: number) => `/api/v3_0/sensors/${sensor}/forecasts/trigger`

interface Past {
  unit?: string
  resolution?: number
  timezone?: string
  days?: number
  until?: Instant
  /** undefined: nothing was measured. */
  rule(at: Instant): number | undefined
}

async function lived(door: Door, { days = 9, until = NOON, rule, ...kind }: Past): Promise<number> {
  const step = kind.resolution ?? HOUR
  const sensor = await door.sensor({ resolution: step, ...kind })
  const source = await door.server.sources.of({ name: 'meter', type: 'gateway' })
  const starts = Array.from({ length: Math.round((days * DAY) / step) }, (_, slot) => after(until, -days * DAY + slot * step))
  const known = starts.filter((at) => rule(at) !== undefined)
  await door.server.beliefs.record([{ sensor, source, starts: known, values: known.map((at) => rule(at)!), beliefTime: 'event-end' }])
  return sensor
}

/** Asks for a forecast and waits for its job; resolves to what is then read. */
async function forecast(door: Door, sensor: number, body: object): Promise<Answer & { values: number[] }> {
  const asked = await door.ask('POST', path(sensor), { as: 'ann', body })
  assert.equal(asked.status, 202, JSON.stringify(asked.body))
  await ended(door, String(asked.body['job']))
  const got = await door.ask('GET', String(asked.body['results-url']), { as: 'ann' })
  return { ...got, values: (got.body['values'] ?? []) as number[] }
}

test('odd pasts are foretold or refused with a reason', async (t) => {
  // One server for all: starting its learner takes longer than most of the forecasts.
  const at = await openDoor(t)
  await t.test('a constant stays what it is, quantiles and all; a past of holes is bridged; huge values stay numbers', async () => {
    const constant = await lived(at, { rule: () => 5 })
    const { values } = await forecast(at, constant, { duration: 'PT24H', probabilistic: true })
    assert.deepEqual([values.length, new Set(values)], [24, new Set([5])])
    const all = await at.server.beliefs.search({ sensor: constant, from: NOON, until: after(NOON, DAY), sourceTypes: ['forecaster'] })
    assert.deepEqual([all.length, new Set(all.values)], [72, new Set([5])])
    // Every fifth value is missing, and three days in a row.
    const daily = (at_: Instant) => 3 + ((at_ / HOUR) % 24 >= 18 ? 4 : 0)
    const holed = await lived(at, {
      days: 12,
      rule: (one) => ((one / HOUR) % 5 === 0 || (one > NOON - 6 * DAY && one < NOON - 3 * DAY) ? undefined : daily(one)),
    })
    const bridged = await forecast(at, holed, { duration: 'PT24H' })
    assert.equal(bridged.values.length, 24)
    for (const [hour, value] of bridged.values.entries())
      assert.ok(Math.abs(value - daily(after(NOON, hour * HOUR))) < 2.5, `${hour}: ${value}`)
    const huge = await lived(at, { rule: (one) => 1e150 * (1 + ((one / HOUR) % 24)) })
    const large = await forecast(at, huge, { duration: 'PT6H' })
    assert.deepEqual(
      [large.status, large.values.length, large.values.every((value) => value > 1e149 && value < 1e152)],
      [200, 6, true],
      `${large.values}`,
    )
  })

  await t.test('regressors without a future, without any data, or the sensor itself lead nowhere astray', async () => {
    const noise = (one: Instant) => Math.abs(Math.sin((one / HOUR) * 12.9898) * 43_758.5453) % 1
    const sun = (one: Instant) => ((one / HOUR) % 24 > 6 && (one / HOUR) % 24 < 18 ? 800 * noise(one) : 0)
    const light = await lived(at, { unit: 'W/m²', days: 12, rule: sun })
    const plant = await lived(at, { days: 12, rule: (one) => sun(one) / 200 })
    const without = await forecast(at, plant, { duration: 'PT24H' })
    const measured = await forecast(at, plant, { duration: 'PT24H', config: { regressors: [light] } })
    const nothing = await forecast(at, plant, { duration: 'PT24H', config: { 'future-regressors': [await at.sensor({ unit: 'W/m²' })] } })
    const off = ({ values }: { values: number[] }) =>
      Math.sqrt(values.reduce((sum, value, hour) => sum + (value - sun(after(NOON, hour * HOUR)) / 200) ** 2, 0) / values.length)
    assert.deepEqual([without.values.length, measured.values.length, nothing.values.length], [24, 24, 24])
    assert.ok(off(measured) < 1.3 * off(without), `${off(measured)} with light that is only measured, ${off(without)} without`)
    assert.ok(off(nothing) < 1.3 * off(without))
    assert.ok(
      [...measured.values, ...nothing.values].every((value) => value >= 0),
      'a plant never consumes',
    )
    for (const field of ['future-regressors', 'regressors']) {
      const refused = await at.ask('POST', path(plant), { as: 'ann', body: { config: { [field]: [plant] } } })
      assert.equal(refused.status, 422)
      assert.match(JSON.stringify(refused.body), /cannot explain itself/)
    }
    const others = { config: { 'future-regressors': [{ sensor: plant, 'source-types': ['market'] }], 'past-regressors': [plant] } }
    assert.equal((await forecast(at, plant, { duration: 'PT2H', ...others })).status, 200, 'forecasts of it by others may')
  })

  await t.test(
    'steps of five minutes and of a day are foretold, moments without length are refused, and so is what nobody has lived',
    async () => {
      const fives = await lived(at, { resolution: 5 * MINUTE, days: 4, rule: (one) => (one / HOUR) % 24 })
      const near = await forecast(at, fives, { duration: 'PT3H' })
      assert.deepEqual([near.values.length, near.body['duration']], [36, 'PT3H'])
      for (const [slot, value] of near.values.entries()) assert.ok(Math.abs(value - (12 + slot / 12)) < 0.5, `${slot}: ${value}`)
      const odd = await at.ask('POST', path(fives), { as: 'ann', body: { 'max-forecast-horizon': 'PT7M' } })
      assert.deepEqual([odd.status, /multiple of the sensor resolution \(0:05:00\)/.test(JSON.stringify(odd.body))], [422, true])
      const midnight = after(NOON, -12 * HOUR)
      const days = await lived(at, {
        resolution: DAY,
        unit: 'kWh',
        days: 35,
        until: midnight,
        rule: (one) => ((one / DAY) % 7 < 5 ? 20 : 8),
      })
      const week = await forecast(at, days, { start: formatInstant(midnight), duration: 'P7D', config: { 'train-period': 'P35D' } })
      assert.deepEqual(
        week.values.map(Math.round),
        Array.from({ length: 7 }, (_, day) => ((midnight / DAY + day) % 7 < 5 ? 20 : 8)),
      )
      const moments = await at.sensor({ resolution: 0 })
      const refused = await at.ask('POST', path(moments), { as: 'ann', body: {} })
      assert.deepEqual([refused.status, /instantaneous/.test(JSON.stringify(refused.body))], [422, true])
      const started = await at.ask('POST', path(fives), { as: 'ann', body: { duration: 'P40D' } })
      assert.deepEqual([started.status, /10080 steps/.test(JSON.stringify(started.body))], [422, true], JSON.stringify(started.body))
      for (const start of ['2031-01-01T00:00:00Z', '1999-01-01T00:00:00Z']) {
        const far = await forecast(at, fives, { start, duration: 'PT3H' })
        assert.deepEqual([far.status, far.body['status']], [422, 'FAILED'])
        assert.match(String(far.body['message']), /has 0 values in the training window of 30 days; at least 288 are needed/)
      }
    },
  )

  await t.test('on the nights on which clocks change the habits of the house follow the clock on its wall', async () => {
    const timezone = 'Europe/Paris'
    const localHour = (one: Instant) => Number(formatInstant(one, timezone).slice(11, 13))
    // Somebody rises at six, by the clock.
    const habit = (one: Instant) => (localHour(one) === 6 ? 9 : 1)
    for (const [start, hours] of [
      ['2026-03-28T00:00:00+01:00', 47],
      ['2026-10-24T00:00:00+02:00', 49],
    ] as const) {
      const from = parseInstant(start)
      const sensor = await lived(at, { timezone, days: 10, until: from, rule: habit })
      const { values, body } = await forecast(at, sensor, { start, duration: `PT${hours}H` })
      assert.equal(values.length, hours)
      const said = values.map((value, hour) => [localHour(instant(from + hour * HOUR)), value] as const).filter(([, value]) => value > 5)
      assert.deepEqual(
        said.map(([hour]) => hour),
        [6, 6],
        `${start}: ${JSON.stringify(body)}`,
      )
    }
  })
})
