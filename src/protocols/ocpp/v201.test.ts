import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { v201 } from './v201.ts'

test('all 64 messages have a request and a response validator that refuse a foreign field', () => {
  assert.equal(v201.actions.length, 64)
  for (const action of v201.actions)
    for (const part of ['request', 'response'] as const) {
      const verdict = v201.validate(action, part, { neverHeardOf: 1 })
      assert.ok(!verdict.ok, `${action} ${part}`)
      assert.match(verdict.description, new RegExp(`^${action} ${part}: `))
    }
})

test('25 messages come from stations, 40 from the CSMS, DataTransfer from both', () => {
  const from = (sender: 'station' | 'csms') => v201.actions.filter((action) => v201.mayCall(sender, action))
  assert.equal(from('station').length, 25)
  assert.equal(from('csms').length, 40)
  assert.deepEqual(
    from('csms').filter((action) => from('station').includes(action)),
    ['DataTransfer'],
  )
})

test('a schema fault names the field', () => {
  const verdict = v201.validate('StatusNotification', 'request', {
    timestamp: '2026-03-01T08:00:00Z',
    connectorStatus: 'Sleeping',
    evseId: 1,
    connectorId: 1,
  })
  assert.ok(!verdict.ok)
  assert.equal(verdict.code, 'PropertyConstraintViolation')
  assert.match(verdict.description, /'connectorStatus' must be one of Available, Occupied/)
})

test('the support matrix names every message once, under the end that sends it', () => {
  const page = readFileSync('docs/reference/ocpp-2.0.1.md', 'utf8')
  const matrix = page.slice(page.indexOf('### From the station'), page.indexOf('## Composite schedule'))
  const rows = (part: string) =>
    [...part.matchAll(/^\| (\w+) \| (?!platform)/gm)].map((hit) => hit[1]!).filter((name) => name !== 'message')
  const [station = '', csms = ''] = matrix.split('### From the platform')
  const named = [...rows(station), ...rows(csms)]
  assert.deepEqual([...named].sort(), [...v201.actions])
  for (const action of rows(station)) assert.ok(v201.mayCall('station', action), action)
  for (const action of rows(csms)) assert.ok(v201.mayCall('csms', action), action)
})
