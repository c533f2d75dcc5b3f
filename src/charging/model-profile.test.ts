import assert from 'node:assert/strict'
import test from 'node:test'
import { LENIENT, ORDINARY, STRICT } from '#protocols/ocpp'
import { lenienceFor } from './model-profile.ts'

test('models are named with vendor and wildcards; the others are forgiven what is harmless', () => {
  const uno = { vendor: 'ACME', model: 'Uno 22' }
  for (const pattern of ['ACME/Uno 22', 'acme/*', '*', '*/uno*', 'a*e/*22']) {
    assert.equal(lenienceFor(uno, { strictModels: ['Other/*', pattern], lenientModels: ['*'] }), STRICT, pattern)
    assert.equal(lenienceFor(uno, { strictModels: [], lenientModels: [pattern] }), LENIENT, pattern)
  }
  for (const pattern of ['ACME', 'ACME/Uno', '*/Due', 'acme/uno 22*2', ''])
    assert.equal(lenienceFor(uno, { strictModels: [pattern], lenientModels: [pattern] }), ORDINARY, pattern)
  assert.equal(lenienceFor({}, { strictModels: ['ACME/*'], lenientModels: [] }), ORDINARY, 'a station that has not said what it is')
})

test('makers whose stations are known to break the schema are read', () => {
  assert.equal(lenienceFor({ vendor: 'HUAWEI', model: 'SCharger-22KT' }, { strictModels: [], lenientModels: [] }), LENIENT)
})
