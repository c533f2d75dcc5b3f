import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { parse } from 'yaml'
import type { Territory } from '#kernel'
import { worldOf } from './territory-world.ts'

const { territory } = parse(readFileSync('examples/martinique.yaml', 'utf8')) as { territory: Territory }

test('the world has one thing for each device of the island, on the ports that were asked for', () => {
  const devices = territory.devices.map((device) => (device.bus === 'ocpp' ? { ...device, password: 'a-password-of-the-demo' } : device))
  const world = worldOf({ ...territory, devices }, { seed: 1, ports: { BAT003: 5503 }, memory: 'world.json' })
  assert.deepEqual([world.pvs.length, world.batteries.length, world.stations.length, world.vehicles.length], [10, 10, 10, 10])
  assert.deepEqual(
    world.batteries.slice(1, 4).map((battery) => battery.port),
    [undefined, 5503, undefined],
  )
  assert.deepEqual(new Set(world.batteries.map((battery) => battery.speaks)), new Set(['sunspec', 'plain']))
})

test('a station that somebody added by hand is not simulated', () => {
  const world = worldOf(territory, { seed: 1, ports: {}, memory: 'world.json' })
  assert.equal(world.stations.length, 0)
})

test('a station is simulated in the version that its description names', () => {
  const devices = territory.devices.map((device, index) =>
    device.bus === 'ocpp'
      ? { ...device, password: 'a-password-of-the-demo', ...(index % 2 === 0 ? { ocpp: '1.6' as const } : {}) }
      : device,
  )
  const { stations } = worldOf({ ...territory, devices }, { seed: 1, ports: {}, memory: 'world.json' })
  assert.deepEqual(new Set(stations.map(({ version }) => version)), new Set(['1.6', undefined]))
})
