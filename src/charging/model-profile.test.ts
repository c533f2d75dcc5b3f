import assert from 'node:assert/strict'
import test from 'node:test'
import { LENIENT, STRICT } from '#protocols/ocpp'
import { lenienceFor } from './model-profile.ts'

test('models are named with vendor and wildcards; the others are forgiven what can be understood', () => {
  const uno = { vendor: 'ACME', model: 'Uno 22' }
  for (const pattern of ['ACME/Uno 22', 'acme/*', '*', '*/uno*', 'a*e/*22'])
    assert.equal(lenienceFor(uno, ['Other/*', pattern]), STRICT, pattern)
  for (const pattern of ['ACME', 'ACME/Uno', '*/Due', 'acme/uno 22*2', '']) assert.equal(lenienceFor(uno, [pattern]), LENIENT, pattern)
  assert.equal(lenienceFor({}, ['ACME/*']), LENIENT, 'a station that has not said what it is')
})
