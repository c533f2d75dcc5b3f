import assert from 'node:assert/strict'
import test from 'node:test'
import { arrowOf, flowOf, sumsOf } from './flow.ts'
import type { Asset, Kind } from './wire.ts'

const asset = (kind: Kind, powerKw: number, more: Partial<Asset> = {}): Asset => ({
  asset: 1,
  device: 'X',
  name: 'X',
  kind,
  sensors: {},
  live: { powerKw, freshness: 'fresh', plugged: kind === 'evse' ? 'V2G001' : null, socKwh: 40 },
  order: null,
  ...more,
})

test('the same sign means what the kind of device makes of it', () => {
  assert.equal(flowOf('pv', -3), 'producing')
  assert.equal(flowOf('battery', 12), 'charging')
  assert.equal(flowOf('battery', -12), 'discharging')
  assert.equal(flowOf('evse', 7), 'charging')
  assert.equal(flowOf('site', -4), 'producing')
  assert.equal(flowOf('battery', 0.01), 'idle')
  assert.equal(flowOf('battery', null), 'unknown')
})

test('the arrow points into a device that takes energy', () => {
  assert.equal(arrowOf('charging'), '↓')
  assert.equal(arrowOf('producing'), '↑')
  assert.equal(arrowOf('idle'), '')
})

test('the sums of the island balance', () => {
  const sums = sumsOf([
    asset('pv', -5),
    asset('pv', -4),
    asset('battery', 30, { capacityKwh: 100, nominalKw: 50 }),
    asset('evse', 11, { nominalKw: 22 }),
    asset('vehicle', 11),
  ])
  assert.equal(sums.solarKw, 9)
  assert.equal(sums.netKw, -sums.solarKw + sums.storageKw + sums.chargingKw)
  assert.equal(sums.netKw, 32)
  assert.equal(sums.nominalKw, 72)
  assert.equal(sums.storedKwh, 40)
})
