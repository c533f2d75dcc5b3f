import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { instant, manualClock, Problem, SECOND } from '#kernel'
import { CallError, OCPP16, OCPP201, type OcppVersion, type Payload } from '#protocols/ocpp'
import type { TapCall, TapMessage } from './citrineos-adapter.ts'
import { openCitrineApi } from './citrineos-api.ts'
import { openBridgedLine, type Way } from './citrineos-line.ts'
import type { CitrineSettings } from './citrineos-settings.ts'
import { CITRINEOS_1_8 } from './citrineos-v1-8.ts'

const SETTINGS: CitrineSettings = {
  ...{ version: '1.8', amqp: 'amqp://localhost', exchange: 'citrineos', queue: 'cariflex', tenant: 1 },
  ...{ orders: 'inject', firstProfile: 7000, reconcile: 300_000 },
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

function lineOf({ kind = 'broker', orders = 'inject', version = OCPP201 as OcppVersion, taken = false, fails = [] as Error[] } = {}) {
  const clock = manualClock(instant(1_800_000_000_000))
  const sent: TapCall[] = []
  const way: Way = {
    kind: kind as Way['kind'],
    send(call) {
      sent.push(call)
      const fault = fails.shift()
      return fault ? Promise.reject(fault) : Promise.resolve()
    },
  }
  const line = openBridgedLine({
    ...{ identity: 'CP1', version, clock, way, settings: { ...SETTINGS, orders: orders as CitrineSettings['orders'] } },
    ...{ top: () => 4, numbered: (payload: Payload) => payload, isTaken: () => taken, onFrame: () => undefined },
  })
  const pass = (from: TapMessage['from'], kind: TapMessage['kind'], action: string, correlation: string, payload: Payload = {}) =>
    line.saw({ from, kind, action, correlation, payload, station: 'CP1', version, at: clock.now() })
  return {
    clock,
    sent,
    line,
    pass,
    answer: (correlation: string, payload: Payload) => pass('station', 'response', '', correlation, payload),
  }
}

const profile = (id: number, more: Payload = {}): Payload => ({
  evseId: 1,
  chargingProfile: {
    ...{ id, stackLevel: 0, chargingProfilePurpose: 'TxProfile', chargingProfileKind: 'Absolute', transactionId: 'tx' },
    chargingSchedule: [
      { id, chargingRateUnit: 'A', startSchedule: '2027-01-15T08:00:00Z', chargingSchedulePeriod: [{ startPeriod: 0, limit: 10 }] },
    ],
    ...more,
  } as never,
})
const laid = ({ payload }: TapCall) => payload['chargingProfile'] as Payload

test('one call at a time, and none into the middle of a call of somebody else', async () => {
  const { clock, sent, line, pass, answer } = lineOf()
  pass('csms', 'request', 'GetVariables', 'theirs')
  const first = line.session.call('SetChargingProfile', profile(3))
  const second = line.session.call('GetCompositeSchedule', { evseId: 1, duration: 60 })
  await turn()
  assert.equal(sent.length, 0)
  answer('theirs', {})
  await turn()
  assert.deepEqual([sent.length, laid(sent[0]!)['id'], laid(sent[0]!)['stackLevel']], [1, 7003, 4])
  pass('csms', 'request', 'SetChargingProfile', sent[0]!.correlation, sent[0]!.payload)
  answer(sent[0]!.correlation, { status: 'Accepted' })
  assert.deepEqual(await first, { status: 'Accepted' })
  // A call of the station that waited for ours gets its turn before our next.
  await turn()
  assert.equal(sent.length, 1)
  clock.forward(SECOND / 4)
  // Once another's call is never answered, ours goes out all the same.
  pass('csms', 'request', 'GetChargingProfiles', 'lost')
  clock.forward(10 * SECOND)
  await turn()
  assert.equal(sent.length, 2)
  clock.forward(31 * SECOND)
  await assert.rejects(second, (error: Problem) => error.code === 'no-answer')
  const third = line.session.call('TriggerMessage', { requestedMessage: 'Heartbeat' })
  await turn()
  clock.forward(SECOND / 4)
  await turn()
  line.end('the broker is away')
  await assert.rejects(third, (error: Problem) => error.code === 'bridge-away')
})

test('through the API the answer is read off the tap, and profiles take turns on two levels', async () => {
  const { clock, sent, line, pass, answer } = lineOf({ kind: 'api', orders: 'alternate' })
  const order = async () => {
    const done = line.session.call('SetChargingProfile', profile(3))
    const from = sent.length
    for (const _ of ['set', 'clear']) {
      clock.forward(SECOND / 4)
      await turn()
      const call = sent.at(-1)!
      pass('csms', 'request', call.action, `citrine-${sent.length}`, call.payload)
      answer(`citrine-${sent.length}`, { status: 'Accepted' })
      await turn()
    }
    await done
    return sent
      .slice(from)
      .map(({ action, payload }) => [action, (payload['chargingProfile'] as Payload)?.['id'] ?? payload['chargingProfileId']])
  }
  assert.deepEqual(await order(), [
    ['SetChargingProfile', 7053],
    ['ClearChargingProfile', 7003],
  ])
  assert.equal(laid(sent[0]!)['stackLevel'], 3)
  assert.deepEqual(await order(), [
    ['SetChargingProfile', 7003],
    ['ClearChargingProfile', 7053],
  ])
})

test('what may be repeated is sent again when CitrineOS is away for a moment; what may not is not', async () => {
  const away = () => new Problem('bridge-away', 'away', { status: 503 })
  const { clock, sent, line, answer } = lineOf({ fails: [away(), away(), away()] })
  const done = line.session.call('SetChargingProfile', profile(3))
  await turn()
  clock.forward(SECOND)
  await turn()
  clock.forward(2 * SECOND)
  await assert.rejects(done, (error: Problem) => error.code === 'bridge-away')
  assert.equal(sent.length, 3)
  const again = line.session.call('SetChargingProfile', profile(3))
  await turn()
  clock.forward(SECOND / 4)
  await turn()
  answer(sent[3]!.correlation, { status: 'Accepted' })
  await again
  const start = lineOf({ fails: [away()] })
  const token = { idToken: 'A', type: 'Central' }
  await assert.rejects(start.line.session.call('RequestStartTransaction', { remoteStartId: 1, idToken: token } as never), Problem)
  assert.equal(start.sent.length, 1)
})

test('what is the affair of CitrineOS is not asked, nor is a limit of its operator replaced', async () => {
  const { sent, line } = lineOf({ version: OCPP16, taken: true })
  await assert.rejects(line.session.call('ChangeConfiguration', { key: 'HeartbeatInterval', value: '5' }), CallError)
  const standing = { chargingProfilePurpose: 'TxDefaultProfile', chargingProfileKind: 'Absolute', stackLevel: 0, chargingProfileId: 2 }
  const schedule = { chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: 6 }] }
  const asked = { connectorId: 0, csChargingProfiles: { ...standing, chargingSchedule: schedule } } as never
  assert.equal((await line.session.call('SetChargingProfile', asked))['status'], 'Rejected')
  await assert.rejects(line.session.call('Reset', { kind: 'soft' }), (error: Problem) => error.code === 'invalid-message')
  assert.equal(sent.length, 0)
})

test('the API of CitrineOS is called by whichever path it has, and what it refuses keeps its reason', async (t) => {
  const paths: string[] = []
  let reply = { status: 200, body: '[{"success":true}]' }
  const server = createServer((request, response) => {
    paths.push(request.url!)
    const missing = request.url!.includes('clearChargingProfile')
    response.writeHead(missing ? 404 : reply.status).end(missing ? '{}' : reply.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const api = openCitrineApi({ url, token: 'secret', tenant: 1, adapter: CITRINEOS_1_8, clock: manualClock(instant(0)) })
  const call = (action: string, version: OcppVersion = OCPP16) =>
    api.send({ station: 'CP 1', action, correlation: 'c', version, at: instant(0), payload: {} })
  await call('ClearChargingProfile')
  await call('ClearChargingProfile')
  const query = '?identifier=CP+1&tenantId=1'
  assert.deepEqual(paths, [
    `/ocpp/1.6/smartcharging/clearChargingProfile${query}`,
    `/ocpp/1.6/smartcharging/clear${query}`,
    `/ocpp/1.6/smartcharging/clear${query}`,
  ])
  const fails = async (status: number, body: string, code: string) => {
    reply = { status, body }
    await assert.rejects(call('SetChargingProfile', OCPP201), (error: { code: string }) => error.code === code, code)
  }
  await fails(200, '[{"success":false,"payload":"Evse 1 not found."}]', 'UnknownEvse')
  await fails(200, '[{"success":false,"payload":"Transaction tx not found on station CP1."}]', 'TxNotFound')
  await fails(200, 'nonsense', 'GenericError')
  await fails(400, '{"message":"body must have …"}', 'FormatViolation')
  await fails(503, '', 'bridge-away')
  await assert.rejects(call('ReserveNow'), (error: CallError) => error.code === 'NotSupported')
})

test('messages of the broker are read in either spelling of their fields, and what is none is not', () => {
  const context = { stationId: 'CP1', correlationId: 'c', tenantId: 1, timestamp: '2026-11-24T12:00:00.000Z' }
  const plain = { origin: 'cs', eventGroup: 'router', action: 'Heartbeat', state: 1, protocol: 'ocpp1.6', context, payload: {} }
  const spelt = Object.fromEntries(Object.entries(plain).map(([name, value]) => [`_${name}`, value]))
  for (const body of [plain, spelt]) {
    const { from, kind, station, version } = CITRINEOS_1_8.read(Buffer.from(JSON.stringify(body)), {}, 1)!
    assert.deepEqual([from, kind, station, version], ['station', 'request', 'CP1', OCPP16])
  }
  for (const text of [
    '',
    'null',
    '[]',
    '{"origin":"cs"}',
    JSON.stringify({ ...plain, protocol: 'ocpp3' }),
    JSON.stringify({ ...plain, payload: 1 }),
  ])
    assert.equal(CITRINEOS_1_8.read(Buffer.from(text), {}, 1), undefined, text)
  assert.equal(CITRINEOS_1_8.read(Buffer.from(JSON.stringify(plain)), {}, 2), undefined, 'of another tenant')
})
