// A forecast rests on what was known at its origin: whatever stands beyond it, of the series or of what is only measured, changes nothing.
import assert from 'node:assert/strict'
import test from 'node:test'
import { CANDIDATES } from './candidates.ts'
import { evaluate } from './evaluate.ts'
import { foretell, foretellEach } from './foretell.ts'
import type { Frame } from './frame.ts'
import { made } from './series.fixture.ts'
import { teachAll, train } from './train.ts'
import { randomFrom } from './trees.ts'

const HORIZON = 30
const growth = { trees: 8 }
const random = randomFrom(3)
const bare = made({ days: 22, rule: (hour, _, chance) => (hour > 6 && hour < 18 ? 6 * chance * Math.sin(((hour - 6) / 12) * Math.PI) : 0) })
const light = bare.target.map((value) => 180 * value * (0.8 + 0.4 * random()))
const wind = bare.target.map(() => 10 * random())
const frame: Frame = {
  ...bare,
  sun: { latitude: 14.6, longitude: -61 },
  regressors: [
    { name: 'light', unit: 'W/m²', kind: 'future', values: light },
    { name: 'wind', unit: 'm/s', kind: 'past', values: wind },
  ],
}
const origin = 19 * 24 + 9

/** The frame with nonsense wherever nothing can be known at the origin; `reach`: so far the future of regressors is known. */
function spoilt(seed: number, reach = HORIZON): Frame {
  const chance = randomFrom(seed)
  const from = (first: number) => (value: number, slot: number) => (slot < first ? value : -1e5 * chance())
  const [sun, air] = frame.regressors as [Frame['regressors'][number], Frame['regressors'][number]]
  return {
    ...frame,
    target: frame.target.map(from(origin)),
    regressors: [
      { ...sun, values: sun.values.map(from(origin + reach)) },
      { ...air, values: air.values.map(from(origin)) },
    ],
  }
}

test('no model, alone or chosen, sees beyond the origin', () => {
  // One slot more: a plant looks at the light beside its slot too.
  const other = spoilt(5, HORIZON + 1)
  const options = { origin, horizon: HORIZON, growth }
  const [taught, taughtOther] = [teachAll(frame, options), teachAll(other, options)]
  assert.deepEqual(taughtOther, taught, 'what they learned')
  const each = { origin, count: HORIZON, candidates: CANDIDATES }
  const said = foretellEach(taught, frame, each)
  assert.deepEqual(foretellEach(taughtOther, other, each), said)
  assert.deepEqual([...said.keys()], [...CANDIDATES], 'every model was asked')
  for (const [name, values] of said) assert.ok(values.some(Number.isFinite), `${name} said something`)
  const [trained, trainedOther] = [train(frame, options), train(other, options)]
  assert.deepEqual(trainedOther, trained, 'what was chosen, and its quantiles')
  assert.deepEqual(foretell(trainedOther, other, origin, HORIZON), foretell(trained, frame, origin, HORIZON))
})

test('the test would notice: a future that may be known does change the forecast', () => {
  const other = spoilt(5, 0)
  const trained = train(frame, { origin, horizon: HORIZON, growth, quantiles: false })
  assert.notDeepEqual(foretell(trained, other, origin, HORIZON), foretell(trained, frame, origin, HORIZON))
})

test('an evaluation asks what was known at each midnight, and uses nothing else', () => {
  const midnights: number[] = []
  const options = { learnDays: 19, retrainDays: 9, candidates: ['PvPhysical'] as const }
  const open = evaluate(frame, options)!
  const blind = evaluate(frame, {
    ...options,
    regressorsAt: (at) => {
      midnights.push(at)
      return frame.regressors.map(({ values }) => values.map((value, slot) => (slot < at ? value : Number.NaN)))
    },
  })!
  assert.deepEqual(
    midnights,
    [19, 20, 21].map((day) => day * 24),
  )
  assert.ok(open.rmse < 0.6 * blind.rmse, `${open.rmse} with the light of the day, ${blind.rmse} without`)
})

test('weather that is only measured is no weather that is foretold, and one that is foretold for a day explains that day', () => {
  const [light, air] = frame.regressors as [Frame['regressors'][number], Frame['regressors'][number]]
  const reaching = (slots: number): Frame => ({
    ...frame,
    regressors: [{ ...light, values: light.values.map((value, slot) => (slot < origin + slots ? value : Number.NaN)) }, air],
  })
  const options = { origin, horizon: HORIZON, growth, quantiles: false, candidates: CANDIDATES.filter((name) => name !== 'Trees') }
  const chosen = (seen: Frame) => train(seen, options).choices
  const usesLight = (seen: Frame, ahead: number) =>
    chosen(seen)
      .find(({ until }) => ahead <= until)!
      .models.includes('PvPhysical')
  assert.deepEqual([usesLight(frame, 1), usesLight(frame, HORIZON)], [true, true])
  assert.deepEqual([usesLight(reaching(12), 12), usesLight(reaching(12), HORIZON)], [true, false])
  assert.ok(chosen(reaching(0)).every(({ models }) => !models.includes('PvPhysical') && !models.includes('PvTrees')))
  const off = (seen: Frame) => {
    const { values } = foretell(train(seen, options), seen, origin, HORIZON)
    return Math.sqrt(values.reduce((sum, value, ahead) => sum + (value - frame.target[origin + ahead]!) ** 2, 0) / HORIZON)
  }
  const without = off({ ...frame, regressors: [] })
  assert.ok(off(reaching(0)) < 1.15 * without, `${off(reaching(0))} with light that is only measured, ${without} without any`)
})
