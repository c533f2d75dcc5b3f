import assert from 'node:assert/strict'
import test from 'node:test'
import { worldView } from './world.ts'

test('the world names the asset of each vehicle and gives moments as times of the site', () => {
  const at = Date.UTC(2026, 10, 24, 14, 0)
  const car = { plugged: 'CP003', socPercent: 40, departure: at + 3_600_000 }
  const look = {
    now: at,
    cloudCover: 0.3,
    frozen: false,
    vehicles: [
      { id: 'V2G003', ...car },
      { id: 'guest', ...car, plugged: null, departure: null },
    ],
    devices: [{ id: 'BAT001', fault: false, connected: true }],
    stations: [{ id: 'CP003', powerKw: 7 }],
  }
  const place = { account: 1, zone: 'America/Martinique', vehicles: new Map([['V2G003', 34]]) }
  assert.deepEqual(worldView(look, place), {
    now: '2026-11-24T10:00:00-04:00',
    cloudCover: 0.3,
    frozen: false,
    vehicles: [
      { id: 'V2G003', asset: 34, plugged: 'CP003', socPercent: 40, departure: '2026-11-24T11:00:00-04:00' },
      { id: 'guest', asset: null, plugged: null, socPercent: 40, departure: null },
    ],
    devices: [{ id: 'BAT001', fault: false, connected: true }],
    stations: [{ id: 'CP003', powerKw: 7 }],
  })
})
