import assert from 'node:assert/strict'
import test from 'node:test'
import type { Variable } from '../../charging-wire.ts'
import { nameOf, pathOf } from './variable-path.ts'

const line = (key: string, component: string, variable: string, evse: number | null = null): Variable => ({
  ...{ key, component, variable, evse },
  ...{ value: null, mutability: null, dataType: null, unit: null, valuesList: null },
})

test('instances and places are read from the key, or a value would be set somewhere else', () => {
  assert.deepEqual(pathOf(line('devicedatactrlr/itemspermessage[setvariables]#actual', 'DeviceDataCtrlr', 'ItemsPerMessage')), {
    component: { name: 'DeviceDataCtrlr' },
    variable: { name: 'ItemsPerMessage', instance: 'setvariables' },
    attribute: 'actual',
  })
  assert.deepEqual(pathOf(line('connector@1.2/availabilitystate#actual', 'Connector', 'AvailabilityState', 1)).component, {
    name: 'Connector',
    evse: { id: 1, connectorId: 2 },
  })
})

test('two variables never have the same name on the screen', () => {
  const names = [
    line('evse@1/power#actual', 'EVSE', 'Power', 1),
    line('evse@2/power#actual', 'EVSE', 'Power', 2),
    line('evse@1/power#maxset', 'EVSE', 'Power', 1),
    line('display[left]/x#actual', 'Display', 'X'),
    line('display[right]/x#actual', 'Display', 'X'),
  ].map(nameOf)
  assert.equal(new Set(names).size, names.length)
  assert.equal(names[0], 'EVSE 1 · Power')
})
