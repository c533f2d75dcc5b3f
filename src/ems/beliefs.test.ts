import assert from 'node:assert/strict'
import test from 'node:test'
import { type Instant, inProcessBus, instant, isProblem, manualClock, parseInstant } from '#kernel'
import { AT, house, MIN, slots } from './beliefs.fixture.ts'
import { openBeliefs } from './beliefs.ts'
import type { News } from './news.ts'

test('recorded values come back per slot, with null where nothing is known, and the bus is told', async (t) => {
  const { beliefs, sensor, source, news } = await house(t)
  const id = await sensor()
  const start = instant(AT - 60 * MIN)
  assert.deepEqual(
    await beliefs.record([{ sensor: id, source, starts: slots(start, 15 * MIN, 3), values: [1, Number.NaN, 3], beliefTime: 'event-end' }]),
    {
      stored: 2,
      known: 0,
    },
  )
  assert.deepEqual(await beliefs.series({ sensor: id, from: start, until: AT }), [1, null, 3, null])
  assert.deepEqual(news, [{ kind: 'beliefs', sensors: [id], source, from: start, until: AT - 15 * MIN, ahead: false }])
  const latest = await beliefs.latest(id)
  assert.equal(latest?.value, 3)
  assert.equal(latest?.beliefTime, AT - 15 * MIN)
})

test('a value equal to the most recent earlier belief is not stored, measurements and forecasts apart', async (t) => {
  const { beliefs, sensor, source, count } = await house(t)
  const id = await sensor()
  const start = instant(AT)
  const say = (value: number, beliefTime: number) =>
    beliefs.record([{ sensor: id, source, starts: [start], values: [value], beliefTime: instant(beliefTime) }])
  assert.deepEqual(await say(5, AT - 60 * MIN), { stored: 1, known: 0 })
  assert.deepEqual(await say(5, AT - 30 * MIN), { stored: 0, known: 1 })
  assert.deepEqual(await say(5, AT + 20 * MIN), { stored: 1, known: 0 }, 'a measurement is news even when it equals the forecast')
  assert.deepEqual(await say(6, AT - 20 * MIN), { stored: 1, known: 0 })
  assert.deepEqual(await say(5, AT - 10 * MIN), { stored: 1, known: 0 }, 'back to an older value is a change')
  assert.equal(await count(id), 4)
})

test('another value for the same belief time is refused as a whole unless overwriting is allowed', async (t) => {
  const { beliefs, sensor, source, count } = await house(t)
  const id = await sensor()
  const starts = slots(AT, 15 * MIN, 2)
  const batch = { sensor: id, source, starts, beliefTime: instant(AT - MIN) }
  await beliefs.record([{ ...batch, values: [1, 2] }])
  await assert.rejects(beliefs.record([{ ...batch, starts: [...starts, instant(AT + 30 * MIN)], values: [1, 9, 3] }]), (error) => {
    assert.ok(isProblem(error))
    return error.code === 'invalid-replacement' && error.status === 403
  })
  assert.equal(await count(id), 2, 'nothing of the refused batch is stored')
  assert.deepEqual(await beliefs.record([{ ...batch, values: [1, 9], overwrite: true }]), { stored: 1, known: 1 })
  assert.deepEqual(await beliefs.series({ sensor: id, from: AT, until: instant(AT + 30 * MIN) }), [1, 9])
})

test('the same rules hold for batches large enough for COPY', async (t) => {
  const { beliefs, sensor, source, count } = await house(t)
  const id = await sensor({ resolution: 5 * MIN })
  const starts = slots(instant(AT - 5000 * 5 * MIN), 5 * MIN, 5000)
  const values = starts.map((_, i) => i % 100)
  const batch = { sensor: id, source, starts, values, beliefTime: 'event-end' as const }
  assert.deepEqual(await beliefs.record([batch]), { stored: 5000, known: 0 })
  assert.deepEqual(await beliefs.record([batch]), { stored: 0, known: 5000 })
  await assert.rejects(beliefs.record([{ ...batch, values: values.map((value) => value + 1) }]), /replacement/)
  const later = await beliefs.record([{ ...batch, values: values.map((value, i) => (i < 10 ? value + 1 : value)), beliefTime: AT }])
  assert.deepEqual(later, { stored: 10, known: 4990 })
  assert.equal(await count(id), 5010)
})

test('two writers of the same beliefs at once store them once', async (t) => {
  const { beliefs, sensor, source, count } = await house(t)
  const id = await sensor({ resolution: 5 * MIN })
  const starts = slots(instant(AT - 3000 * 5 * MIN), 5 * MIN, 3000)
  const batch = { sensor: id, source, starts, values: starts.map((_, i) => i), beliefTime: 'event-end' as const }
  const outcomes = await Promise.all([beliefs.record([batch]), beliefs.record([batch]), beliefs.record([batch])])
  assert.equal(await count(id), 3000)
  assert.equal(
    outcomes.reduce((sum, one) => sum + one.stored, 0),
    3000,
  )
})

test('power is turned at the door for sensors that store production as positive, stocks never', async (t) => {
  const { beliefs, sensor, source } = await house(t)
  const production = await sensor()
  const consumption = await sensor({ attributes: { consumption_is_positive: true } })
  const stock = await sensor({ unit: 'kWh', resolution: 0 })
  const record = (id: number) =>
    beliefs.record([{ sensor: id, source, starts: [AT], values: [7], beliefTime: 'event-end', sign: 'consumption-positive' }])
  for (const id of [production, consumption, stock]) await record(id)
  const raw = async (id: number) => (await beliefs.events({ sensor: id, from: AT, until: instant(AT + 1) }))[0]?.value
  assert.deepEqual([await raw(production), await raw(consumption), await raw(stock)], [-7, 7, 7])
  assert.deepEqual(await beliefs.series({ sensor: production, from: AT, until: instant(AT + 15 * MIN), sign: 'consumption-positive' }), [7])
})

test('coarser slots take the mean of what is known, finer ones repeat, instantaneous sensors take the first', async (t) => {
  const { beliefs, sensor, source } = await house(t)
  const flow = await sensor({ resolution: 10 * MIN, unit: 'm³/h' })
  const level = await sensor({ resolution: 0, unit: '%' })
  await beliefs.record([{ sensor: flow, source, starts: slots(AT, 10 * MIN, 3), values: [91.3, 91.7, 92.1], beliefTime: 'event-end' }])
  await beliefs.record([{ sensor: level, source, starts: slots(AT, 10 * MIN, 3), values: [815, 817, 818], beliefTime: 'event-end' }])
  const hours = instant(AT + 80 * MIN)
  assert.deepEqual(await beliefs.series({ sensor: flow, from: AT, until: hours, step: 20 * MIN }), [91.5, 92.1, null, null])
  assert.deepEqual(await beliefs.series({ sensor: level, from: AT, until: hours, step: 20 * MIN }), [815, 818, null, null])
  assert.deepEqual(
    await beliefs.series({ sensor: flow, from: instant(AT + 5 * MIN), until: instant(AT + 15 * MIN), step: 5 * MIN }),
    [91.3, 91.7],
  )
})

test('starts are floored to the clock of the sensor; days begin at local midnight', async (t) => {
  const { beliefs, sensor, source } = await house(t)
  const tenth = await sensor({ resolution: 10 * MIN })
  await beliefs.record([
    { sensor: tenth, source, starts: slots(instant(AT + 280_000), 5 * MIN, 4), values: [100, 200, 300, 400], beliefTime: 'event-end' },
  ])
  const events = await beliefs.events({ sensor: tenth, from: AT, until: instant(AT + 60 * MIN) })
  assert.deepEqual(
    events.map((event) => [(event.start - AT) / MIN, event.value]),
    [
      [0, 150],
      [10, 350],
    ],
  )
  const day = await sensor({ resolution: 24 * 60 * MIN, unit: 'EUR', zone: 'Europe/Paris' })
  await beliefs.record([{ sensor: day, source, starts: [parseInstant('2026-10-25T13:00:00+01:00')], values: [4], beliefTime: 'event-end' }])
  const [only] = await beliefs.events({ sensor: day, from: parseInstant('2026-10-24T00:00:00Z'), until: AT })
  assert.equal(only?.start, parseInstant('2026-10-25T00:00:00+02:00'), 'the day of the autumn change began in summer time')
  const quarter = await sensor({ resolution: 0, unit: 'kWh', attributes: { frequency: '15min' } })
  await beliefs.record([{ sensor: quarter, source, starts: [instant(AT + 10)], values: [1], beliefTime: 'event-end' }])
  assert.equal((await beliefs.events({ sensor: quarter, from: AT, until: instant(AT + MIN) }))[0]?.start, AT)
})

test('what was believed at an earlier moment can be asked, also of day-ahead sensors', async (t) => {
  const { beliefs, sensor, source } = await house(t)
  const plain = await sensor({ resolution: 60 * MIN })
  const say = (id: number, value: number, at: Instant) =>
    beliefs.record([{ sensor: id, source, starts: [AT], values: [value], beliefTime: at }])
  const seen = async (id: number, at: Instant) => (await beliefs.series({ sensor: id, from: AT, until: instant(AT + 60 * MIN), at }))[0]
  await say(plain, 1, instant(AT - 120 * MIN))
  await say(plain, 2, instant(AT - 60 * MIN))
  assert.deepEqual(
    [await seen(plain, instant(AT - 180 * MIN)), await seen(plain, instant(AT - 90 * MIN)), await seen(plain, AT)],
    [null, 1, 2],
  )
  const market = await sensor({ resolution: 60 * MIN, fnc: 'x_days_ago_at_y_oclock', par: { x: 1, y: 12, z: 'Europe/Paris' } })
  await say(market, 50, parseInstant('2026-11-23T10:00:00Z'))
  await say(market, 60, parseInstant('2026-11-23T12:00:00Z'))
  assert.deepEqual(
    [
      await seen(market, parseInstant('2026-11-23T09:00:00Z')),
      await seen(market, parseInstant('2026-11-23T11:30:00Z')),
      await seen(market, AT),
    ],
    [null, 50, 60],
  )
  const [event] = await beliefs.events({ sensor: market, from: AT, until: instant(AT + 1) })
  assert.equal(event?.beliefTime, parseInstant('2026-11-23T12:00:00Z'))
})

test('measured, foretold and planned values of a window come with one look, and only what was believed then', async (t) => {
  const { beliefs, sensor, source } = await house(t)
  const id = await sensor()
  const forecaster = await beliefs.source({ name: 'sun', type: 'forecaster' })
  const scheduler = await beliefs.source({ name: 'planner', type: 'scheduler' })
  const starts = slots(AT, 15 * MIN, 4)
  const earlier = instant(AT - 60 * MIN)
  await beliefs.record([
    { sensor: id, source, starts: starts.slice(0, 2), values: [1, 2], beliefTime: 'event-end' },
    { sensor: id, source: forecaster, starts, values: [10, 20, 30, 40], beliefTime: earlier },
    { sensor: id, source: scheduler, starts, values: [100, 200, 300, 400], beliefTime: earlier },
    { sensor: id, source: scheduler, starts: starts.slice(3), values: [444], beliefTime: instant(AT - 30 * MIN) },
    { sensor: id, source, starts, values: [7, 7, 7, 7], beliefTime: earlier },
  ])
  const window = { sensor: id, from: AT, until: instant(AT + 60 * MIN), step: 15 * MIN }
  assert.deepEqual(await beliefs.seriesByKind(window), {
    measured: [1, 2, null, null],
    forecast: [10, 20, 30, 40],
    plan: [100, 200, 300, 444],
  })
  assert.deepEqual(
    (await beliefs.seriesByKind({ ...window, at: instant(AT - 45 * MIN), sign: 'consumption-positive' })).plan,
    [-100, -200, -300, -400],
  )
  assert.deepEqual((await beliefs.seriesByKind({ ...window, step: 30 * MIN })).plan, [150, 372])
})

test('sources are one row per identity, even when asked for at once', async (t) => {
  const { beliefs, store } = await house(t)
  const other = openBeliefs({ store, clock: manualClock(AT), bus: inProcessBus<News>(() => {}) })
  const key = { name: 'Seita', type: 'scheduler', model: 'StorageScheduler', version: '9' }
  const ids = await Promise.all([beliefs.source(key), other.source(key), beliefs.source(key), other.source({ ...key, version: '8' })])
  assert.equal(ids[0], ids[1])
  assert.equal(ids[0], ids[2])
  assert.notEqual(ids[0], ids[3])
})

test('a sensor that does not exist is named', async (t) => {
  const { beliefs, source, sensor } = await house(t)
  const id = await sensor()
  await assert.rejects(beliefs.record([{ sensor: 999, source, starts: [AT], values: [1] }]), /No sensor found with ID 999/)
  await assert.rejects(beliefs.record([{ sensor: id, source, starts: [AT], values: [] }]), /1 moments for 0 values/)
  await assert.rejects(beliefs.record([{ sensor: id, source, starts: [AT], values: [1], probabilities: [1.5] }]), /1\.5 is no cumulative/)
})

test('a distribution is stored whole or not at all, and two batches of one source see each other', async (t) => {
  const { beliefs, sensor, source, count } = await house(t)
  const id = await sensor()
  const starts = [AT, AT, AT]
  const say = (values: number[], minutes: number) =>
    beliefs.record([{ sensor: id, source, starts, values, probabilities: [0.9, 0.1, 0.5], beliefTime: instant(AT - minutes * MIN) }])
  assert.deepEqual(await say([9, 1, 5], 60), { stored: 3, known: 0 })
  assert.deepEqual(await say([9, 1, 5], 30), { stored: 0, known: 3 }, 'nothing changed')
  assert.deepEqual(await say([9, 1, 6], 20), { stored: 3, known: 0 }, 'a part that changed brings the others along')
  assert.deepEqual(await say([9, 1, 6], 20), { stored: 0, known: 3 })
  const window = { sensor: id, from: AT, until: instant(AT + 15 * MIN) }
  const found = await beliefs.search(window)
  assert.deepEqual(
    [[...found.probabilities], [...found.values]],
    [
      [0.1, 0.5, 0.9],
      [1, 6, 9],
    ],
  )
  assert.deepEqual(await beliefs.series({ ...window, sign: 'consumption-positive' }), [-6])
  const other = await sensor()
  const batch = { sensor: other, source, starts: [AT], values: [1] }
  const twice = await beliefs.record([
    { ...batch, beliefTime: instant(AT - 60 * MIN) },
    { ...batch, beliefTime: instant(AT - 30 * MIN) },
  ])
  assert.deepEqual([twice, await count(other)], [{ stored: 1, known: 1 }, 1])
  const turned = {
    ...batch,
    starts: [AT, AT],
    values: [1, 9],
    probabilities: [0.1, 0.9],
    beliefTime: AT,
    sign: 'consumption-positive' as const,
  }
  await beliefs.record([turned])
  const signed = await beliefs.search({ sensor: other, from: AT, until: instant(AT + 15 * MIN) })
  assert.deepEqual(
    [[...signed.probabilities], [...signed.values]],
    [
      [0.1, 0.9],
      [-9, -1],
    ],
  )
})

test('what is deleted is told, so that signals and plans made of it change', async (t) => {
  const { beliefs, sensor, source, news } = await house(t)
  const id = await sensor()
  const starts = slots(AT, 15 * MIN, 4)
  await beliefs.record([{ sensor: id, source, starts, values: [1, 2, 3, 4] }])
  news.length = 0
  assert.equal(await beliefs.remove({ sensor: id, from: starts[1]!, until: starts[3]! }), 2)
  assert.deepEqual(news, [{ kind: 'beliefs', sensors: [id], source, from: starts[1], until: starts[3], ahead: true }])
  assert.equal(await beliefs.remove({ sensor: id, from: starts[1]!, until: starts[3]! }), 0)
  assert.equal(news.length, 1, 'nothing was there to delete')
})
