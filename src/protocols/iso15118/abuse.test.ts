/** What a station answers to cars that do not keep to the protocol, and a car to such stations. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { instant, manualClock } from '#kernel'
import { openChannel } from './channel.ts'
import type { ExiObject } from './exi/codec.ts'
import { chance } from './exi/sample.fixture.ts'
import type { SchemaName } from './exi/schemas.ts'
import { offerProtocols } from './handshake.ts'
import { openSecc, runEvcc, type SeccOptions } from './listen.ts'
import { testSupply, testVehicle } from './parties.fixture.ts'
import type { Outcome, Protocol } from './parties.ts'
import { encodeV2gtp } from './v2gtp.ts'

const clock = manualClock(instant(0))

/** A station, and a raw car that agreed on a protocol with it. */
async function raw(t: TestContext, protocol: Protocol, options: Partial<SeccOptions> = {}) {
  const supply = testSupply()
  let told: (outcome: Outcome) => void = () => undefined
  const ended = new Promise<Outcome>((resolve) => {
    told = resolve
  })
  const secc = await openSecc({ supply, clock, onEnd: (outcome) => told(outcome), ...options })
  t.after(() => secc.close())
  const socket = connect(secc.port, '::1')
  let taken = false
  const channel = openChannel(socket, clock, () => (taken ? 'iso2' : 'sap'))
  await offerProtocols(channel, [protocol])
  taken = true
  const ask = async (schema: SchemaName, message: ExiObject) => {
    channel.send(schema, message)
    return (await channel.receive(2000, 'The answer')).message
  }
  return { supply, ended, ask, channel, socket }
}

const of2 = (name: string, content: ExiObject, SessionID = '00'): ExiObject => ({
  V2G_Message: { Header: { SessionID }, Body: { [name]: content } },
})
const answerOf2 = (message: ExiObject) => {
  const { Header, Body } = message['V2G_Message'] as { Header: { SessionID: string }; Body: Record<string, { ResponseCode: string }> }
  const [[name, { ResponseCode }]] = Object.entries(Body) as [[string, { ResponseCode: string }]]
  return { name, ResponseCode, session: Header.SessionID }
}

test('a request out of turn is answered with the sequence error of its own kind, and the session is over', async (t) => {
  const { ask, ended, supply } = await raw(t, 'iso2')
  const { session } = answerOf2(await ask('iso2', of2('SessionSetupReq', { EVCCID: '02AABBCCDDEE' })))
  const early = answerOf2(await ask('iso2', of2('PowerDeliveryReq', { ChargeProgress: 'Start', SAScheduleTupleID: 1 }, session)))
  assert.deepEqual([early.name, early.ResponseCode], ['PowerDeliveryRes', 'FAILED_SequenceError'])
  assert.deepEqual(await ended.then(({ end, reason }) => [end, reason]), ['failed', 'PowerDelivery: FAILED_SequenceError'])
  assert.ok(!supply.log.includes('closed'))
})

test('a session number that the station did not give, and a service it does not have, are refused', async (t) => {
  const stranger = await raw(t, 'iso2')
  await stranger.ask('iso2', of2('SessionSetupReq', { EVCCID: '02AABBCCDDEE' }))
  assert.equal(answerOf2(await stranger.ask('iso2', of2('ServiceDiscoveryReq', {}, 'DEAD'))).ResponseCode, 'FAILED_UnknownSession')

  const curious = await raw(t, 'iso20-ac')
  const header = (SessionID: string) => ({ SessionID, TimeStamp: 0 })
  const setup = await curious.ask('iso20', { SessionSetupReq: { Header: header('00'), EVCCID: 'x' } })
  const { SessionID } = (setup['SessionSetupRes'] as { Header: { SessionID: string } }).Header
  const next = async (name: string, content: ExiObject) =>
    Object.values(await curious.ask('iso20', { [`${name}Req`]: { Header: header(SessionID), ...content } }))[0] as { ResponseCode: string }
  await next('AuthorizationSetup', {})
  await next('Authorization', { SelectedAuthorizationService: 'EIM', EIM_AReqAuthorizationMode: {} })
  await next('Authorization', { SelectedAuthorizationService: 'EIM', EIM_AReqAuthorizationMode: {} })
  await next('ServiceDiscovery', {})
  assert.equal((await next('ServiceDetail', { ServiceID: 3 })).ResponseCode, 'FAILED_ServiceIDInvalid')
  assert.equal((await curious.ended).end, 'failed')
})

test('a car that falls silent frees the station after a minute, and energy stops', async (t) => {
  const { ask, ended } = await raw(t, 'iso2')
  await ask('iso2', of2('SessionSetupReq', { EVCCID: '02AABBCCDDEE' }))
  clock.forward(59_000)
  await new Promise((resolve) => setImmediate(resolve))
  clock.forward(2000)
  assert.match((await ended).reason!, /did not come within 60 s/)
})

test('garbage at any moment of a session ends that session and nothing else', async (t) => {
  const random = chance(5)
  const supply = testSupply()
  const ends: Outcome[] = []
  let wake: () => void = () => undefined
  const secc = await openSecc({
    supply,
    onEnd(outcome) {
      ends.push(outcome)
      wake()
    },
  })
  t.after(() => secc.close())
  for (let round = 0; round < 24; round++) {
    const socket: Socket = connect(secc.port, '::1')
    socket.on('error', () => undefined)
    let protocol = false
    const channel = openChannel(socket, clock, () => (protocol ? 'iso2' : 'sap'))
    if (round % 3 > 0) await offerProtocols(channel, [round % 3 === 1 ? 'iso2' : 'iso20-dc'])
    protocol = true
    const length = Math.floor(random() * 60)
    const noise = Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
    const over = new Promise<void>((resolve) => {
      wake = resolve
    })
    socket.write(round % 2 ? encodeV2gtp(0x8001 + (round % 4), noise) : noise)
    socket.end()
    await over
  }
  assert.equal(ends.length, 24)
  assert.ok(ends.every(({ end }) => end === 'failed'))
  const good = await runEvcc({ vehicle: testVehicle(), port: secc.port, every: 1 })
  assert.equal(good.end, 'terminated', good.reason)
})

test('a car gives up a station that answers nothing, something else, or with another protocol', async (t) => {
  const answers = [
    (socket: Socket) => socket.end(),
    (socket: Socket) => socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
    (socket: Socket) => socket.write(encodeV2gtp(0x8001, Buffer.from('80440080', 'hex'))),
  ]
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => answers.shift()!(socket))
  })
  server.listen(0, '::1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as { port: number }
  for (const reason of [/ended the connection/, /does not speak V2GTP/, /none of the protocols/]) {
    const { end, reason: said } = await runEvcc({ vehicle: testVehicle(), port })
    assert.equal(end, 'failed')
    assert.match(said!, reason)
  }
})
