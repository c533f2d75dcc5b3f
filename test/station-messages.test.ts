import assert from 'node:assert/strict'
import test from 'node:test'
import { v16, v21, v201 } from '#protocols/ocpp'
import { exampleOf, MESSAGES, messagesOf } from '../web/src/pages/station/messages.ts'

/** What the platform refuses by hand. */
const ELSEWHERE = new Set(['SetChargingProfile', 'UpdateDynamicSchedule', 'CertificateSigned'])

test('the form offers every message that a station of its version may be sent, and no other', () => {
  for (const dialect of [v16, v201, v21]) {
    const may = dialect.actions.filter((action) => dialect.mayCall('csms', action) && !ELSEWHERE.has(action))
    assert.deepEqual(MESSAGES[dialect.name as keyof typeof MESSAGES].split(' ').sort(), [...may].sort(), dialect.name)
  }
})

test('a station that has not said its version is offered those of 2.0.1', () => {
  assert.deepEqual(messagesOf(null), messagesOf('ocpp2.0.1'))
  assert.ok(messagesOf('ocpp1.6').includes('ChangeConfiguration'))
})

test('a message is written in the words of the version', () => {
  assert.deepEqual(exampleOf('ocpp1.6', 'Reset'), { type: 'Soft' })
  assert.deepEqual(exampleOf('ocpp2.1', 'Reset'), { type: 'OnIdle' })
  assert.deepEqual(exampleOf('ocpp2.1', 'ClearCache'), {})
})
