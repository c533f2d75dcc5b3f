import assert from 'node:assert/strict'
import test from 'node:test'
import type { Asset } from '#ems'
import { assetChanges } from './asset-history.ts'

const asset = (fields: Partial<Asset>): Asset =>
  ({ name: 'home', attributes: {}, flexContext: {}, flexModel: {}, sensorsToShow: [], kpis: [], ...fields }) as Asset

test('a changed flex-context or flex-model tells what was added, changed and removed, and where', () => {
  const before = asset({
    flexContext: { 'site-power-capacity': '15 kW', relax: true },
    flexModel: { 'soc-usage': ['3500 kW', { sensor: 7 }] },
  })
  assert.deepEqual(
    assetChanges(before, {
      flexContext: { 'site-power-capacity': '15 kW', 'consumption-price': { sensor: 7 }, 'inflexible-device-sensors': [10] },
      flexModel: { 'soc-usage': ['3500 kW', { sensor: 8 }, '1 kW'] },
    }),
    [
      "Updated flex_context:\n1. Added consumption-price: {'sensor': 7}\n2. Added inflexible-device-sensors: [10]\n3. Removed relax (was: True)",
      'Updated flex_model:\n1. Changed soc-usage[1].sensor: 7 → 8\n2. Added soc-usage[2]: 1 kW',
    ],
  )
})

test('changed graphs are named by their place, their title and what they show', () => {
  const before = asset({ sensorsToShow: [{ title: 'Power', plots: [{ sensor: 1 }] }, 4] })
  assert.deepEqual(
    assetChanges(before, {
      sensorsToShow: [
        { title: 'Load', plots: [{ sensor: 2 }, { asset: 3, 'flex-model': 'soc-min' }] },
        4,
        { title: 'SoC', sensors: [5, 6] },
        { plots: [{ asset: 3, 'flex-model': 'soc-max' }] },
      ],
    }),
    [
      'Updated sensors_to_show:\n1. Changed graph 1 (Power): title: "Power" → "Load"; plot 1: sensor "1" → "2"; added plot 2: {"asset":3,"flex-model":"soc-min"}\n2. Added graph 3: "SoC" (sensors [5, 6])\n3. Added graph 4: "Untitled graph" (refs [asset 3, flex-model: soc-max])',
    ],
  )
  assert.deepEqual(assetChanges(before, { sensorsToShow: [] }), [
    'Updated sensors_to_show:\n1. Removed graph 1: "Power" (sensors [1])\n2. Removed graph 2: "Untitled graph" (sensors [4])',
  ])
})

test('what stays as it was is not noted', () => {
  const before = asset({ latitude: null, attributes: { a: 1 } })
  assert.deepEqual(assetChanges(before, { name: 'home', latitude: null, attributes: { a: 1 }, sensorsToShow: [] }), [])
})
