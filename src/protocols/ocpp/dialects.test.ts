/** The three versions side by side: their messages, their schemas, their refusals, on the example frames and on real sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { systemClock } from '#kernel'
import { generateOcpp, OCPP_TYPES } from '../../../scripts/generate-ocpp.ts'
import { acceptStations } from './accept.ts'
import { CallError } from './call-error.ts'
import { connectStation } from './connect.ts'
import type { OcppVersion, Part } from './dialect.ts'
import { chooseVersion, DIALECTS, dialectOf } from './dialects.ts'
import type { Frame, Session } from './session.ts'
import { v16 } from './v16.ts'
import { v21 } from './v21.ts'
import { v201 } from './v201.ts'

const FRAMES = '../shared/data/ocpp/frames.json'
const skip = !existsSync(FRAMES) && `${FRAMES} is absent`
interface Examples {
  valid: { dir: 'cs' | 'csms'; action: string; kind: 'call' | 'result' | 'send'; frame: unknown[] }[]
  invalid: { fault: string; frame?: unknown[]; raw?: string; id: string; expect: string | null; before?: string }[]
}
const examples = (name: string) => (JSON.parse(readFileSync(FRAMES, 'utf8')) as { versions: Record<string, Examples> }).versions[name]!
const NOW = '2026-03-01T08:00:00.000Z'

for (const types of OCPP_TYPES)
  test(`the generated types of ${types.name} are those of the schemas (run \`npm run generate\` when this fails)`, () => {
    assert.equal(readFileSync(types.file, 'utf8'), generateOcpp(types))
  })

test('1.6 has 28 + 11 messages, 2.0.1 has 64, 2.1 all 91 of the published schemas; each has an end that sends it', () => {
  assert.deepEqual(
    [v16, v201, v21].map(({ actions }) => actions.length),
    [39, 64, 91],
  )
  for (const dialect of DIALECTS) {
    const both = dialect.actions.filter((action) => dialect.mayCall('station', action) && dialect.mayCall('csms', action))
    assert.deepEqual(both, ['DataTransfer'], dialect.name)
    for (const action of dialect.actions) assert.ok(dialect.mayCall('station', action) || dialect.mayCall('csms', action), action)
  }
  // Everything a 2.0.1 station says, one of 2.1 says too.
  for (const action of v201.actions) assert.equal(v201.mayCall('station', action), v21.mayCall('station', action), action)
})

test('the version is chosen by the order of the client, without regard to case, and never when nothing is known', () => {
  assert.deepEqual(chooseVersion(['ocpp1.5', 'OCPP1.6', 'ocpp2.0.1']), { offered: 'OCPP1.6', version: 'ocpp1.6' })
  assert.deepEqual(chooseVersion([' ocpp2.1']), { offered: ' ocpp2.1', version: 'ocpp2.1' })
  assert.equal(chooseVersion(['ocpp2.0', 'soap']), undefined)
  assert.equal(chooseVersion([]), undefined)
  assert.equal(dialectOf('2.0.1'), v201)
  assert.equal(dialectOf('Ocpp1.6'), v16)
  assert.equal(dialectOf('2'), undefined)
})

test('1.6 sends the spellings of its document and understands both', () => {
  assert.equal(v16.codeOut('OccurrenceConstraintViolation'), 'OccurenceConstraintViolation')
  assert.equal(v16.codeOut('FormatViolation'), 'FormationViolation')
  for (const code of ['OccurenceConstraintViolation', 'OccurrenceConstraintViolation'])
    assert.equal(v16.codeIn(code), 'OccurrenceConstraintViolation')
  for (const code of ['FormationViolation', 'FormatViolation']) assert.equal(v16.codeIn(code), 'FormatViolation')
  assert.equal(v16.codeIn('NotSupported'), 'NotSupported')
  assert.equal(v16.codeIn('ErrorOfSomeVendor'), 'ErrorOfSomeVendor')
  assert.equal(v201.codeOut('OccurrenceConstraintViolation'), 'OccurrenceConstraintViolation')
})

test('a limit of 1.6 has one decimal, whatever binary fractions make of it', () => {
  const profile = (limit: number) => ({
    connectorId: 1,
    csChargingProfiles: {
      chargingProfileId: 1,
      stackLevel: 0,
      chargingProfilePurpose: 'TxDefaultProfile',
      chargingProfileKind: 'Relative',
      chargingSchedule: { chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit }] },
    },
  })
  for (const limit of [0.3, 6.1, 16.4, 31.9, 11_039.7])
    assert.deepEqual(v16.validate('SetChargingProfile', 'request', profile(limit)), { ok: true })
  assert.ok(!v16.validate('SetChargingProfile', 'request', profile(6.15)).ok)
})

/** A CSMS that speaks every version, and what it saw. */
async function csms(t: TestContext) {
  const frames: Frame[] = []
  const faults: unknown[] = []
  const sessions: Session[] = []
  const acceptor = acceptStations({
    authenticate: async () => ({ ok: true }),
    handlerFor: (_, version) => async (action, payload) => {
      if (action === 'Heartbeat') return { currentTime: NOW }
      if (action === 'NotifyPeriodicEventStream') return payload
      throw new CallError('NotSupported', `${version} ${action}`)
    },
    onSession: (session) => sessions.push(session),
    onFrame: (_, _version, frame) => frames.push(frame),
    onFault: (_, error) => faults.push(error),
    clock: systemClock,
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void acceptor.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    await acceptor.close()
    server.close()
    server.closeAllConnections()
  })
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`, frames, faults, sessions }
}

async function rawStation(t: TestContext, url: string, version: OcppVersion) {
  const socket = new WebSocket(`${url}/RAW-${version}`, [version])
  t.after(() => socket.terminate())
  await once(socket, 'open')
  return {
    socket,
    async ask(text: string): Promise<unknown[]> {
      const answer = once(socket, 'message')
      socket.send(text)
      return JSON.parse(String((await answer)[0])) as unknown[]
    },
  }
}

for (const dialect of DIALECTS) {
  test(`${dialect.name}: every valid example frame passes validation and is sent by the right end`, { skip }, () => {
    const { valid } = examples(dialect.name)
    assert.ok(valid.length > 60)
    for (const { dir, action, kind, frame } of valid) {
      const part: Part = kind === 'result' ? 'response' : 'request'
      assert.deepEqual(dialect.validate(action, part, frame.at(-1)), { ok: true }, JSON.stringify(frame))
      if (kind !== 'result') assert.ok(dialect.mayCall(dir === 'cs' ? 'station' : 'csms', action), action)
      assert.equal(dialect.isSend(action), kind === 'send', action)
    }
  })

  test(`${dialect.name}: every invalid example frame gets its error code, and the connection lives on`, { skip }, async (t) => {
    const { url } = await csms(t)
    const raw = await rawStation(t, url, dialect.version)
    let tried = 0
    for (const { fault, frame, raw: bad, id, expect, before } of examples(dialect.name).invalid) {
      if (before) continue // boot states are the CSMS's business, not the wire's
      tried++
      const sent = bad ?? JSON.stringify(frame)
      if (expect === null) raw.socket.send(sent)
      else assert.deepEqual((await raw.ask(sent)).slice(0, 3), [4, id, expect], `${fault}: ${sent.slice(0, 300)}`)
    }
    assert.ok(tried >= 45)
    // The silent ones stayed silent: the next answer is that of the next question.
    assert.deepEqual(await raw.ask('[2,"last","Heartbeat",{}]'), [3, 'last', { currentTime: NOW }])
  })
}

test('three stations of three versions are served on one URL', async (t) => {
  const { url, sessions } = await csms(t)
  for (const { version } of DIALECTS) {
    const station = await connectStation(url, {
      identity: version,
      handler: async () => ({ status: 'Accepted' }),
      clock: systemClock,
      versions: [version],
    })
    assert.deepEqual(await station.call('Heartbeat', {}), { currentTime: NOW })
  }
  for (const session of sessions) {
    assert.equal(session.version, session.identity)
    assert.deepEqual(await session.call('ClearCache', {}), { status: 'Accepted' })
  }
})

test('2.1: a SEND reaches the handler and nobody answers it; one that is invalid, or a CALL in its place, does not', async (t) => {
  const { url, frames, faults } = await csms(t)
  const stream = { id: 1, pending: 0, basetime: NOW, data: [{ t: 0, v: '7' }] }
  const station = await connectStation(url, { identity: 'S', handler: async () => ({}), clock: systemClock, versions: ['ocpp2.1'] })
  station.send('NotifyPeriodicEventStream', stream)
  await station.call('Heartbeat', {})
  assert.deepEqual(
    frames.filter(({ action }) => action === 'NotifyPeriodicEventStream').map(({ direction, kind }) => `${direction} ${kind}`),
    ['in SEND'],
  )
  await assert.rejects(station.call('NotifyPeriodicEventStream', stream), /never sends it/)
  assert.throws(() => station.send('Heartbeat', {}), /never sends it/)
  assert.deepEqual(faults, [])
  const raw = await rawStation(t, url, 'ocpp2.1')
  raw.socket.send(JSON.stringify([6, 'x', 'NotifyPeriodicEventStream', { id: 1 }]))
  raw.socket.send(JSON.stringify([6, 'x', 'Heartbeat', {}]))
  raw.socket.send('[6,"x"]')
  assert.equal((await raw.ask(JSON.stringify([2, 'y', 'NotifyPeriodicEventStream', stream])))[2], 'NotImplemented')
  assert.equal(faults.length, 2)
})

test('2.1: an answer that breaks the schema is reported with a CALLRESULTERROR, and one of ours is heard of; 2.0.1 knows no such frame', async (t) => {
  const { url, sessions, faults, frames } = await csms(t)
  const raw = await rawStation(t, url, 'ocpp2.1')
  const asked = once(raw.socket, 'message')
  const asking = sessions[0]!.call('ClearCache', {})
  const [, id] = JSON.parse(String((await asked)[0])) as string[]
  const reported = once(raw.socket, 'message')
  raw.socket.send(JSON.stringify([3, id, { status: 'Perhaps' }]))
  await assert.rejects(asking, { code: 'PropertyConstraintViolation' })
  const [type, about, code] = JSON.parse(String((await reported)[0])) as unknown[]
  assert.deepEqual([type, about, code], [5, id, 'PropertyConstraintViolation'])
  raw.socket.send('[5,"z","FormatViolation","your answer is wrong",{}]')
  await raw.ask('[2,"h","Heartbeat",{}]')
  assert.match(String(faults[0]), /FormatViolation: your answer is wrong/)
  assert.ok(frames.some(({ kind, direction }) => kind === 'CALLRESULTERROR' && direction === 'in'))
  const older = await rawStation(t, url, 'ocpp2.0.1')
  assert.deepEqual((await older.ask('[5,"z","FormatViolation","",{}]')).slice(0, 3), [4, 'z', 'MessageTypeNotSupported'])
})
