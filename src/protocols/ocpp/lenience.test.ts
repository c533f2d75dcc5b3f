/** Each known quirk of the field (charging reference 2.13), as it came over the wire, and that a strict end refuses it. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import test from 'node:test'
import type { Dialect, Part } from './dialect.ts'
import { DIALECTS } from './dialects.ts'
import { LENIENT, mend, ORDINARY, QUIRKS, type Quirk, STRICT, salvage } from './lenience.ts'
import { v16 } from './v16.ts'
import { v201 } from './v201.ts'

const AT = '2026-03-01T08:00:00Z'
const sample = (value: unknown, more = {}) => ({ value, ...more })
const meter = (...sampledValue: unknown[]) => ({ connectorId: 1, meterValue: [{ timestamp: AT, sampledValue }] })
const status = (more: object) => ({ connectorId: 1, errorCode: 'NoError', status: 'Available', ...more })

interface Case {
  name: string
  quirk: Quirk
  dialect?: Dialect
  action: string
  part?: Part
  sent: unknown
  read: unknown
  told: RegExp
}
const CASES: Case[] = [
  {
    name: 'an object where an array of meter values belongs (Huawei)',
    quirk: 'unwrapped',
    action: 'MeterValues',
    sent: { connectorId: 1, meterValue: { timestamp: AT, sampledValue: sample('1') } },
    read: meter(sample('1')),
    told: /meterValue: wrapped/,
  },
  {
    name: 'a key the schema does not know',
    quirk: 'foreign-keys',
    action: 'StatusNotification',
    sent: status({ temperature: 41 }),
    read: status({}),
    told: /temperature: dropped/,
  },
  {
    name: 'a key deep inside that the schema does not know',
    quirk: 'foreign-keys',
    action: 'MeterValues',
    sent: meter(sample('1', { rssi: -60 }), sample('2')),
    read: meter(sample('1'), sample('2')),
    told: /meterValue\/0\/sampledValue\/0\/rssi: dropped/,
  },
  {
    name: 'null for an optional key',
    quirk: 'empties',
    action: 'MeterValues',
    sent: { ...meter(sample('1')), transactionId: null },
    read: meter(sample('1')),
    told: /transactionId: empty/,
  },
  {
    name: 'an empty array and an empty object for optional keys',
    quirk: 'empties',
    dialect: v201,
    action: 'Authorize',
    sent: { idToken: { idToken: 'A', type: 'Central', additionalInfo: [], customData: {} } },
    read: { idToken: { idToken: 'A', type: 'Central' } },
    told: /additionalInfo: empty/,
  },
  {
    name: 'a text longer than allowed',
    quirk: 'long-texts',
    action: 'StartTransaction',
    sent: { connectorId: 1, idTag: 'T'.repeat(36), meterStart: 0, timestamp: AT },
    read: { connectorId: 1, idTag: 'T'.repeat(36), meterStart: 0, timestamp: AT },
    told: /idTag: longer/,
  },
  {
    name: 'a time without zone',
    quirk: 'zoneless-times',
    action: 'StatusNotification',
    sent: status({ timestamp: '2026-03-01 08:00:00' }),
    read: status({ timestamp: '2026-03-01T08:00:00Z' }),
    told: /timestamp: taken as UTC/,
  },
  {
    name: 'numbers as texts and texts as numbers',
    quirk: 'mistyped',
    action: 'StopTransaction',
    sent: { transactionId: '7', meterStop: 1234.4, timestamp: AT, transactionData: [{ timestamp: AT, sampledValue: [{ value: 1 }] }] },
    read: { transactionId: 7, meterStop: 1234, timestamp: AT, transactionData: [{ timestamp: AT, sampledValue: [{ value: '1' }] }] },
    told: /meterStop: read as integer/,
  },
  {
    name: 'a status in another case',
    quirk: 'open-enums',
    action: 'StatusNotification',
    sent: status({ status: 'available' }),
    read: status({}),
    told: /status: read as Available/,
  },
  {
    name: 'a measurand and a unit nobody knows',
    quirk: 'open-enums',
    action: 'MeterValues',
    sent: meter(sample('1', { measurand: 'Humidity', unit: 'rh' }), sample('2')),
    read: meter(sample('1', { measurand: 'Humidity', unit: 'rh' }), sample('2')),
    told: /'Humidity' is not in the standard/,
  },
  {
    name: 'a reason, a kind of token and a firmware state nobody knows',
    quirk: 'open-enums',
    dialect: v201,
    action: 'TransactionEvent',
    sent: {
      eventType: 'Ended',
      timestamp: AT,
      triggerReason: 'CarFlewAway',
      seqNo: 1,
      transactionInfo: { transactionId: 'x', stoppedReason: 'Boredom' },
      idToken: { idToken: 'A', type: 'QRCode' },
    },
    read: {
      eventType: 'Ended',
      timestamp: AT,
      triggerReason: 'CarFlewAway',
      seqNo: 1,
      transactionInfo: { transactionId: 'x', stoppedReason: 'Boredom' },
      idToken: { idToken: 'A', type: 'QRCode' },
    },
    told: /QRCode/,
  },
  {
    name: 'one sample without a value among others',
    quirk: 'odd-samples',
    action: 'MeterValues',
    sent: meter(sample('1'), { measurand: 'SoC' }, sample('3')),
    read: meter(sample('1'), sample('3')),
    told: /sampledValue\/1: unusable/,
  },
  {
    name: 'a result with a key too many',
    quirk: 'foreign-keys',
    action: 'GetLocalListVersion',
    part: 'response',
    sent: { listVersion: 3, vendor: 'x' },
    read: { listVersion: 3 },
    told: /vendor: dropped/,
  },
]

for (const { name, quirk, dialect = v16, action, part = 'request', sent, read, told } of CASES)
  test(`${name} is read when '${quirk}' is on and refused when it is off`, () => {
    const before = structuredClone(sent)
    const mended = mend(dialect, action, part, sent, LENIENT)
    assert.ok(mended.ok, JSON.stringify(mended))
    assert.deepEqual(mended.payload, read)
    assert.match(mended.mended.join('\n'), told)
    assert.deepEqual(sent, before, 'what came stays as it was, for the log')
    const without = mend(dialect, action, part, sent, new Set(QUIRKS.filter((one) => one !== quirk && one !== 'odd-samples')))
    assert.equal(without.ok, false)
    assert.equal(mend(dialect, action, part, sent, STRICT).ok, false)
  })

test('what is wrong beyond doubt is refused with the code of the fault, however lenient', () => {
  const refused = (action: string, payload: unknown) => {
    const verdict = mend(v16, action, 'request', payload, LENIENT)
    return verdict.ok ? 'read' : verdict.code
  }
  assert.equal(refused('StatusNotification', { connectorId: 1, errorCode: 'NoError' }), 'OccurrenceConstraintViolation')
  assert.equal(refused('StatusNotification', status({ status: 'Dancing' })), 'PropertyConstraintViolation')
  assert.equal(refused('StatusNotification', status({ connectorId: {} })), 'TypeConstraintViolation')
  assert.equal(refused('StartTransaction', { connectorId: 1, idTag: null, meterStart: 0, timestamp: AT }), 'TypeConstraintViolation')
  assert.equal(refused('Authorize', {}), 'OccurrenceConstraintViolation')
  assert.equal(refused('Dance', {}), 'NotImplemented')
})

test('meter values of which nothing is usable are read as none', () => {
  const mended = mend(
    v201,
    'MeterValues',
    'request',
    { evseId: 1, meterValue: [{ timestamp: AT, sampledValue: [{ measurand: 'SoC' }] }] },
    LENIENT,
  )
  assert.ok(mended.ok)
  assert.deepEqual(mended.payload, { evseId: 1, meterValue: [{ timestamp: AT, sampledValue: [] }] })
})

test('a valid message is handed on as it is, without a copy', () => {
  const payload = { currentTime: AT }
  for (const dialect of DIALECTS) {
    const read = mend(dialect, 'Heartbeat', 'response', payload, LENIENT)
    assert.ok(read.ok)
    assert.equal(read.payload, payload)
    assert.deepEqual(read.mended, [])
  }
})

test('broken JSON of known stations is saved and nothing else is touched', () => {
  const saved = (text: string) => JSON.parse(salvage(text)) as unknown
  assert.deepEqual(saved('[2,"1","MeterValues",{"connectorId":1,"transactionId":,"meterValue":[]}]'), [
    2,
    '1',
    'MeterValues',
    { connectorId: 1, meterValue: [] },
  ])
  assert.deepEqual(saved('[2,"1","MeterValues",{"transactionId":,"connectorId":1}]'), [2, '1', 'MeterValues', { connectorId: 1 }])
  assert.deepEqual(saved('[2,"1","MeterValues",{"connectorId":1,"transactionId":}]'), [2, '1', 'MeterValues', { connectorId: 1 }])
  assert.deepEqual(saved('\uFEFF[2,"1","Heartbeat",{}]\0\0'), [2, '1', 'Heartbeat', {}])
  assert.equal(salvage('{"a":'), '{"a":')
  const sound = '[2,"1","DataTransfer",{"vendorId":"x","data":"say \\"hi\\":, please"}]'
  assert.equal(salvage(sound), sound)
})

test('a message with twenty thousand foreign keys is read in reasonable time', () => {
  const keys = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, index]))
  const mended = mend(v16, 'StatusNotification', 'request', { ...status({}), ...keys }, LENIENT)
  assert.ok(mended.ok)
  assert.equal(mended.mended.length, 20)
})

const FRAMES = '../shared/data/ocpp/frames.json'
test('of a model nobody knows, every published invalid frame stays invalid, but for a key too many', {
  skip: existsSync(FRAMES) ? false : `${FRAMES} is absent`,
}, () => {
  const { versions } = JSON.parse(readFileSync(FRAMES, 'utf8')) as {
    versions: Record<string, { invalid: { fault: string; frame?: [number, string, string, unknown]; before?: string }[] }>
  }
  let seen = 0
  for (const dialect of DIALECTS)
    for (const { fault, frame, before } of versions[dialect.name]!.invalid) {
      if (!frame || before) continue
      const { ok } = mend(dialect, frame[2], 'request', frame[3], ORDINARY)
      assert.equal(ok, fault === 'extra', `${dialect.name} ${frame[2]}: ${fault}`)
      seen++
    }
  assert.ok(seen > 100, `${seen} frames`)
})
