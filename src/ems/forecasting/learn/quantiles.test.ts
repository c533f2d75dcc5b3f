// Quantiles keep what they promise on days that nobody has seen, never cross, and stay where the series can be.
import assert from 'node:assert/strict'
import test from 'node:test'
import type { CandidateName } from './candidates.ts'
import { foretell } from './foretell.ts'
import type { Frame } from './frame.ts'
import { made } from './series.fixture.ts'
import { train } from './train.ts'
import { randomFrom } from './trees.ts'

const LEARNED = 42
const DAYS = 70
const HORIZON = 48
const normal = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/** Evenings are restless, weekdays differ, and what is unusual lasts for hours. */
function load(seed: number): Frame {
  const random = randomFrom(seed)
  let drift = 0
  return made({
    days: DAYS,
    rule: (hour, day) => {
      drift = 0.9 * drift + 0.3 * normal(random)
      return 6 + (day % 7 < 5 ? 2 : 0) + 3 * Math.exp(-(((hour - 19) / 2) ** 2)) + drift + (hour > 16 ? 1 : 0.3) * normal(random)
    },
  })
}

/** A plant that counts what it produces as negative, under weather that is foretold with errors. */
function plant(seed: number): Frame {
  const random = randomFrom(seed)
  let [cloud, error] = [0.6, 0]
  const frame = made({ days: DAYS, rule: () => 0 })
  const values = frame.target.map((_, slot) => {
    const hour = slot % 24
    const clear = hour > 6 && hour < 18 ? 1000 * Math.sin(((hour - 6) / 12) * Math.PI) : 0
    cloud = Math.min(1, Math.max(0.1, cloud + 0.5 * (random() - 0.5)))
    error = 0.8 * error + 0.1 * normal(random)
    frame.target[slot] = -0.005 * clear * cloud
    return Math.max(0, clear * Math.min(1, Math.max(0.05, cloud + error)))
  })
  return { ...frame, regressors: [{ name: 'light', unit: 'W/m²', kind: 'future', values }] }
}

function price(seed: number): Frame {
  const random = randomFrom(seed)
  let drift = 0
  return made({
    days: DAYS,
    rule: (hour) => {
      drift = 0.85 * drift + 4 * normal(random)
      return 80 + 30 * Math.sin(((hour - 9) / 12) * 2 * Math.PI) + drift + 5 * normal(random)
    },
  })
}

const candidates: CandidateName[] = ['Yesterday', 'MeanOf7Days', 'MeanOf4Weeks', 'UsualHour', 'PvPhysical', 'Ridge']
/** From every seventeenth hour of the days that were not learned from. */
function* outlooks(frame: Frame) {
  const trained = train(frame, { origin: LEARNED * 24, horizon: HORIZON, candidates })
  for (let origin = LEARNED * 24; origin + HORIZON <= frame.target.length; origin += 17) {
    const { values, low, high } = foretell(trained, frame, origin, HORIZON)
    for (let ahead = 0; ahead < HORIZON; ahead++)
      yield { truth: frame.target[origin + ahead]!, said: values[ahead]!, low: low![ahead]!, high: high![ahead]! }
  }
}

test('eight values in ten of unseen days lie between the quantiles, one in ten beyond either', (t) => {
  const shares: { inside: number; below: number; above: number }[] = []
  for (const [series, seed] of [
    [load, 2],
    [plant, 1],
    [price, 1],
  ] as const) {
    let [inside, below, above] = [0, 0, 0]
    for (const { truth, said, low, high } of outlooks(series(seed))) {
      assert.ok(low <= said && said <= high, `${series.name} ${seed}: ${low} ${said} ${high} cross`)
      if (series === plant) assert.ok(high <= 0, `a plant was foretold to consume ${high}`)
      if (high === low) {
        assert.ok(truth === low, 'what was called certain is so')
        continue
      }
      if (truth < low) below++
      else if (truth > high) above++
      else inside++
    }
    const n = inside + below + above
    const share = { inside: inside / n, below: below / n, above: above / n }
    t.diagnostic(
      `${series.name}, seed ${seed}: ${share.inside.toFixed(3)} of ${n} inside, ${share.below.toFixed(3)} below, ${share.above.toFixed(3)} above`,
    )
    assert.ok(share.inside > 0.68 && share.inside < 0.92, `${series.name} ${seed}: ${share.inside}`)
    shares.push(share)
  }
  const mean = (of: 'inside' | 'below' | 'above') => shares.reduce((sum, share) => sum + share[of], 0) / shares.length
  assert.ok(mean('inside') >= 0.75 && mean('inside') <= 0.85, `${mean('inside')} inside`)
  for (const side of ['below', 'above'] as const) assert.ok(mean(side) > 0.06 && mean(side) < 0.16, `${mean(side)} ${side}`)
})

test('what never was negative is not foretold to be, and what was may be again', () => {
  const positive = made({ days: 30, rule: (hour, _, random) => (hour < 6 ? 0.01 : 3) * random })
  const origin = 28 * 24
  const { low } = foretell(train(positive, { origin, horizon: HORIZON, candidates }), positive, origin, HORIZON)
  assert.ok(
    low!.every((value) => value >= 0),
    `${low}`,
  )
  const signed = { ...positive, target: positive.target.map((value) => value - 1) }
  const other = foretell(train(signed, { origin, horizon: HORIZON, candidates }), signed, origin, HORIZON)
  assert.ok(other.low!.some((value) => value < -0.5))
})
