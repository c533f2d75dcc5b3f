import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { after, type Instant, parseInstant } from '#kernel'
import { type IndicatorInput, indicatorsAt } from './indicators.ts'
import { readIndicatorInput } from './read.ts'

const START = parseInstant('2026-04-30T20:00:00Z')
const at = (slot: number): Instant => after(START, slot * 900_000)

/** Ten slots: two before midnight in Paris … the month turns at slot 8. */
const INPUT: IndicatorInput = {
  start: START,
  projectStart: START,
  step: 900_000,
  timezone: 'Europe/Paris',
  panelConsumptionW: new Array(10).fill(1000),
  production: { solar: new Array(10).fill(0), wind: [...new Array(8).fill(400), 2000, 0], biogas: new Array(10).fill(0) },
  balanceForecastWithoutFlexW: new Array(10).fill(-600),
  balanceForecastWithFlexW: new Array(10).fill(-1100),
  appliances: [
    { id: 1, type: 112 },
    { id: 2, type: 131 },
    { id: 3, type: 410 },
  ],
  meanCycleWh: { 112: 800, 131: 4000 },
  decisions: [
    { firstValid: at(0), machineId: 1, machineType: 112, decision0: 0 },
    { firstValid: at(0), machineId: 2, machineType: 131, decision0: 1 },
    { firstValid: at(1), machineId: 1, machineType: 112, decision0: 1 },
    { firstValid: at(1), machineId: 2, machineType: 131, decision0: 1 },
    { firstValid: at(9), machineId: 2, machineType: 131, decision0: 1 },
  ],
}

test('launches, placed energy and self-consumption are counted once each', () => {
  const values = indicatorsAt(INPUT, [at(2)]).get(at(2))!
  assert.equal(values.Nombre_appareils_connectes, 2)
  assert.equal(values.Pourcentage_app_lances_24h, 100)
  assert.equal(values.Cumul_energie_placee, 4.8)
  assert.equal(values.Pourcentage_energie_consommee_placee, 50)
  assert.equal(values.Energie_autoconsommee, 200)
  assert.equal(values.Pourcentage_autoconsommation, 100)
})

test('a water heater counts once a local day, the month begins anew, and shares are nothing when nothing is produced', () => {
  const [ninth, tenth] = [at(9), at(10)].map((moment) => indicatorsAt(INPUT, [moment]).get(moment)!)
  assert.equal(ninth!.Pourcentage_autoconsommation, 50)
  assert.equal(ninth!.Part_eolien_prod, 100)
  assert.equal(tenth!.Cumul_energie_placee, 8.8)
  assert.equal(tenth!.Part_eolien_prod, null)
})

test('kept up slot by slot they are what is computed from the start', () => {
  const moments = Array.from({ length: 11 }, (_, slot) => at(slot))
  const together = indicatorsAt(INPUT, moments)
  for (const moment of moments) assert.deepEqual(together.get(moment), indicatorsAt(INPUT, [moment]).get(moment))
})

const DATA = join('..', 'shared', 'data', 'community', 'indicators')
test('the published week gives the stated values', { skip: existsSync(DATA) ? false : `no ${DATA}` }, () => {
  const read = (file: string): unknown => JSON.parse(readFileSync(join(DATA, file), 'utf8'))
  const stated = (read('values.json') as { at: Record<string, Record<string, number | null>> }).at
  const moments = Object.keys(stated)
  const found = indicatorsAt(readIndicatorInput(read('input.json')), moments.map(parseInstant))
  for (const moment of moments)
    for (const [key, value] of Object.entries(stated[moment]!)) {
      const ours = (found.get(parseInstant(moment)) as unknown as Record<string, number | null>)[key]!
      if (value === null) assert.equal(ours, null, `${key} at ${moment}`)
      else assert.ok(Math.abs(ours - value) <= Math.max(0.05, 1e-4 * value), `${key} at ${moment}: ${ours} instead of ${value}`)
    }
})
