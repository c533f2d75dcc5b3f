import assert from 'node:assert/strict'
import test from 'node:test'
import { HOUR } from '#kernel'
import { evaluate, type ModelScore } from './evaluate.ts'
import { foretell } from './foretell.ts'
import type { Frame } from './frame.ts'
import { made, ZONE } from './series.fixture.ts'
import { type Trained, train } from './train.ts'
import { randomFrom } from './trees.ts'

const HORIZON = 48
/** Enough for a test. */
const FEW = { trees: 40, rate: 0.15 }
const modelsOf = ({ choices }: Trained, hours: number) => choices.find(({ until }) => hours <= until)!.models
const rmse = (frame: Frame, trained: Trained, origin: number) => {
  const { values } = foretell(trained, frame, origin, HORIZON)
  return Math.sqrt(values.reduce((sum, value, ahead) => sum + (value - frame.target[origin + ahead]!) ** 2, 0) / HORIZON)
}

test('a week that repeats is foretold by weeks, and the next hour by what is now', () => {
  let drift = 0
  const frame = made({
    days: 44,
    rule: (hour, day, random) => {
      drift = 0.9 * drift + (random - 0.5)
      return (day % 7 < 5 ? 5 : 1) + (hour > 8 && hour < 18 ? 3 : 0) + drift
    },
  })
  const origin = 42 * 24
  const trained = train(frame, { origin, horizon: HORIZON })
  assert.ok(
    modelsOf(trained, 40).every((name) => ['LastWeek', 'MeanOf4Weeks', 'Trees', 'Ridge'].includes(name)),
    `${modelsOf(trained, 40)}`,
  )
  const [next, far] = [trained.choices[0]!, trained.choices.at(-1)!]
  assert.ok(next.rmse < 0.8 * far.rmse, `${next.rmse} an hour ahead, ${far.rmse} two days ahead`)
  assert.ok(far.rmse < 0.6 * far.rmsePersistence, 'yesterday is no week ago')
  assert.ok(rmse(frame, trained, origin) < 1.2)
})

test('the same past gives the same forecaster', () => {
  const frame = made({ days: 18, rule: (hour, _, random) => hour + random })
  const options = { origin: 16 * 24, horizon: 6, growth: { trees: 10 } }
  assert.deepEqual(train(frame, options), train(frame, options))
})

test('what only a regressor explains is learned by a learner, also when the regressor has gaps', () => {
  const random = randomFrom(11)
  const frame = made({ days: 40, rule: (hour, _, noise) => (hour >= 6 && hour < 20 ? noise : 0) })
  const wind = frame.target.map(() => 12 * random())
  frame.target.forEach((_, slot) => {
    frame.target[slot] = Math.min(8, (wind[slot]! / 4) ** 3) + 0.2 * random()
  })
  const values = wind.map((value, slot) => (slot % 17 === 0 ? Number.NaN : value))
  const seen: Frame = { ...frame, regressors: [{ name: 'wind', unit: 'm/s', kind: 'future', values }] }
  const origin = 36 * 24
  const trained = train(seen, { origin, horizon: HORIZON, quantiles: false, growth: FEW })
  assert.deepEqual([...new Set(trained.choices.flatMap(({ models }) => models))], ['Trees'])
  const { values: said } = foretell(trained, seen, origin, HORIZON)
  const off = [...said].flatMap((value, ahead) =>
    Number.isNaN(values[origin + ahead]!) ? [] : [Math.abs(value - frame.target[origin + ahead]!)],
  )
  const mean = off.reduce((sum, one) => sum + one, 0) / off.length
  assert.ok(mean < 0.5, `${mean} of values from 0 to 8`)
})

test('what the light alone does not tell of a plant is learned by trees on top of it, once the past is long enough', () => {
  const random = randomFrom(5)
  let cloud = 0.5
  const frame = made({ days: 45, rule: () => 0 })
  const light = frame.target.map((_, slot) => {
    cloud = Math.min(1, Math.max(0.05, cloud + 0.5 * (random() - 0.5)))
    const hour = slot % 24
    return hour > 6 && hour < 18 ? 1000 * Math.sin(((hour - 6) / 12) * Math.PI) * cloud : 0
  })
  // A tree beside the roof throws its shadow on bright afternoons only.
  frame.target.forEach((_, slot) => {
    frame.target[slot] = 0.005 * light[slot]! * (slot % 24 >= 15 && light[slot]! > 150 ? 0.45 : 1) * (0.95 + 0.1 * random())
  })
  const seen: Frame = { ...frame, regressors: [{ name: 'light', unit: 'W/m²', kind: 'future', values: light }] }
  const ahead = (learnDays: number) =>
    evaluate(seen, { learnDays, retrainDays: Number.POSITIVE_INFINITY, candidates: ['PvPhysical', 'PvTrees'], compare: true })!
  const { models, choices } = ahead(35)
  const [best, other] = models as [ModelScore, ModelScore]
  assert.ok(best.model === 'PvTrees' && best.rmse < 0.75 * other.rmse, JSON.stringify(models))
  assert.ok(choices.every((choice) => choice.models.includes('PvTrees')))
  assert.ok(
    ahead(20).choices.every((choice) => !choice.models.includes('PvTrees')),
    'twenty days teach them too little',
  )
})

test('a short past falls back, a single value stays, and gaps of days are bridged', () => {
  const frame = made({ days: 12, rule: (hour) => (hour >= 7 && hour < 9 ? 4 : 1) })
  const short = train(frame, { origin: 2 * 24, horizon: HORIZON, fallback: 'UsualHour' })
  assert.deepEqual([modelsOf(short, 1), short.choices[0]!.n], [['UsualHour'], 0])
  assert.ok(rmse(frame, short, 48) < 0.1)
  const lone = { ...frame, target: frame.target.map((value, slot) => (slot === 3 ? value : Number.NaN)) }
  assert.deepEqual([...foretell(train(lone, { origin: 24, horizon: 3 }), lone, 24, 3).values], [1, 1, 1])
  const holey = { ...frame, target: frame.target.map((value, slot) => (slot > 100 && slot < 180 ? Number.NaN : value)) }
  assert.ok(rmse(frame, train(holey, { origin: 230, horizon: HORIZON }), 230) < 0.2)
})

test('of a plant the nights are exactly zero, and nothing is foretold that never was', () => {
  const frame: Frame = {
    ...made({
      days: 25,
      rule: (hour, _, random) => (hour > 6 && hour < 18 ? -5 * Math.sin(((hour - 6) / 12) * Math.PI) * (0.3 + 0.7 * random) : 0),
    }),
    sun: { latitude: 14.6, longitude: -61, full: -5 },
  }
  const origin = 22 * 24
  const { values, low, high } = foretell(train(frame, { origin, horizon: HORIZON, growth: FEW }), frame, origin, HORIZON)
  for (const hour of [0, 1, 2, 3, 22, 23]) assert.deepEqual([values[hour]!, low![hour]!, high![hour]!], [0, 0, 0], `hour ${hour}`)
  assert.ok(Math.min(...low!) >= -5.5 && Math.max(...high!) <= 0.5)
  assert.ok(values[12]! < -2 && low![12]! < values[12]! && high![12]! > values[12]!)
})

test('between the low and the high quantile lie about eight values in ten, in quiet hours and in restless ones', () => {
  const frame = made({ days: 70, rule: (hour, _, random) => 10 + (hour >= 12 ? 6 : 0.5) * (random - 0.5) })
  const inside = { quiet: 0, restless: 0, n: 0 }
  const trained = train(frame, { origin: 42 * 24, horizon: 24, growth: FEW })
  for (let day = 42; day < 70; day++) {
    const { low, high } = foretell(trained, frame, day * 24, 24)
    for (let hour = 0; hour < 24; hour++) {
      const value = frame.target[day * 24 + hour]!
      if (value >= low![hour]! && value <= high![hour]!) inside[hour >= 12 ? 'restless' : 'quiet']++
      inside.n++
    }
  }
  for (const kind of ['quiet', 'restless'] as const) {
    const share = inside[kind] / (inside.n / 2)
    assert.ok(share > 0.72 && share < 0.92, `${kind}: ${share}`)
  }
})

test('thousands of slots ahead, a step of a day and a step of a minute are foretold', () => {
  const days = made({ days: 60, step: 24 * HOUR, rule: (_, day) => (day % 7 < 5 ? 10 : 2) })
  const { values } = foretell(train(days, { origin: 56, horizon: 4 }), days, 56, 4)
  assert.ok(
    values.every((value, ahead) => Math.abs(value - days.target[56 + ahead]!) < 1),
    `${values}`,
  )
  const minutes = { ...made({ days: 3, step: 60_000, rule: (hour) => hour }), zone: ZONE }
  const far = foretell(train(minutes, { origin: 2 * 1440, horizon: 2520, quantiles: false }), minutes, 1440, 2520)
  assert.ok(far.values.length === 2520 && far.values.every(Number.isFinite))
})
