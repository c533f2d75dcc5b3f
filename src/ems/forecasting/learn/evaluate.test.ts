// How good the forecasts are on the shared data, as reference grid 6.3 measures it.
import assert from 'node:assert/strict'
import test from 'node:test'
import { evaluate } from './evaluate.ts'
import { known, MISSING, shared } from './series.fixture.ts'

const AMSTERDAM = { latitude: 52.37, longitude: 4.9 }
const once = { learnDays: 7, retrainDays: Number.POSITIVE_INFINITY }
const say = (found: NonNullable<ReturnType<typeof evaluate>>) =>
  `RMSE ${found.rmse.toFixed(4)} (persistence ${found.rmsePersistence.toFixed(4)}), skill ${found.skill.toFixed(3)}, MAE ${found.mae.toFixed(4)}, coverage ${found.coverage.toFixed(2)}, n ${found.n}`

test('a plant under known weather is foretold better than a line through the irradiance', { skip: MISSING }, (t) => {
  const frame = shared('PV_production_data.csv')
  const irradiance = known('irradiance', 'W/m²', shared('irradiation_data.csv'))
  const found = evaluate({ ...frame, sun: AMSTERDAM, regressors: [irradiance] }, once)!
  t.diagnostic(say(found))
  assert.equal(found.n, 336)
  assert.ok(found.rmse <= 1.03 && found.skill >= 0.47, say(found))
})

test('a plant whose weather nobody knows is foretold better than by yesterday', { skip: MISSING }, (t) => {
  const found = evaluate({ ...shared('PV_production_data.csv'), sun: AMSTERDAM }, once)!
  t.diagnostic(say(found))
  assert.ok(found.rmse <= 1.73, say(found))
})

test('a building that lives by weeks and a price that lives by days are recognised', { skip: MISSING }, (t) => {
  const building = evaluate(shared('building_data.csv'), { learnDays: 14, retrainDays: Number.POSITIVE_INFINITY })!
  t.diagnostic(`building: ${say(building)}`)
  assert.ok(building.rmse <= 0.7, `last week alone errs by 0.687: ${say(building)}`)
  const price = evaluate(shared('price_data.csv'), { learnDays: 10, retrainDays: Number.POSITIVE_INFINITY })!
  t.diagnostic(`price: ${say(price)}`)
  assert.ok(price.skill > 0.05, say(price))
})
