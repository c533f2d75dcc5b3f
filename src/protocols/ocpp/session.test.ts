/** The wire, both ends, on real sockets. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import test, { type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { isProblem, manualClock, parseInstant, systemClock } from '#kernel'
import { type AcceptOptions, acceptStations } from './accept.ts'
import { CallError } from './call-error.ts'
import { connectStation } from './connect.ts'
import type { Payload } from './frame.ts'
import { basicHeader, isIdentity } from './identity.ts'
import type { Frame, Handler, Session } from './session.ts'

const NOW = '2026-03-01T08:00:00.000Z'
const HEARTBEAT = { currentTime: NOW }

/** A CSMS on a free port; `sessions` collects what connected. */
async function csms(t: TestContext, handler: Handler, more: Partial<AcceptOptions> = {}) {
  const sessions: Session[] = []
  const frames: Frame[] = []
  const faults: unknown[] = []
  const acceptor = acceptStations({
    authenticate: async () => ({ ok: true }),
    handlerFor: () => handler,
    onSession: (session) => sessions.push(session),
    onFrame: (_, _version, frame) => frames.push(frame),
    onFault: (_, error) => faults.push(error),
    clock: systemClock,
    ...more,
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void acceptor.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = (server.address() as AddressInfo).port
  t.after(async () => {
    await acceptor.close()
    server.close()
    server.closeAllConnections()
  })
  return { acceptor, sessions, frames, faults, port, url: `ws://127.0.0.1:${port}/ocpp` }
}

/** A bare socket that speaks whatever the test wants. */
async function rawStation(t: TestContext, url: string, protocols: string[] = ['ocpp2.0.1']) {
  const socket = new WebSocket(`${url}/RAW1`, protocols, { perMessageDeflate: false })
  t.after(() => socket.terminate())
  await once(socket, 'open')
  return {
    socket,
    async ask(text: string): Promise<unknown[]> {
      const answer = once(socket, 'message')
      socket.send(text)
      const [data] = await answer
      return JSON.parse(String(data)) as unknown[]
    },
  }
}

const refuseAll: Handler = async (action) => {
  throw new CallError('NotSupported', `${action} is off`)
}
const beat: Handler = async (action) => {
  if (action === 'Heartbeat') return { ...HEARTBEAT }
  throw new CallError('NotImplemented')
}

const station = (url: string, handler: Handler = refuseAll, more: Partial<Parameters<typeof connectStation>[1]> = {}) =>
  connectStation(url, { identity: 'CP001', handler, clock: systemClock, ...more })

const refusal = (code: string) => (error: unknown) => error instanceof CallError && error.code === code
const problem = (code: string) => (error: unknown) => isProblem(error) && error.code === code

test('a station and a CSMS call each other at the same time and neither waits for the other', async (t) => {
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const { url, sessions } = await csms(t, beat)
  // The station answers Reset only after its own Heartbeat came back: with one lock for both directions this would never end.
  const cp = await station(url, async () => {
    await held
    return { status: 'Accepted' }
  })
  const reset = sessions[0]!.call('Reset', { type: 'Immediate' })
  assert.deepEqual(await cp.call('Heartbeat', {}), HEARTBEAT)
  release()
  assert.deepEqual(await reset, { status: 'Accepted' })
})

test('one call is under way per direction; the next goes out when the answer is in', async (t) => {
  const { url, sessions, frames } = await csms(t, beat)
  let together = 0
  let most = 0
  await station(url, async () => {
    most = Math.max(most, ++together)
    await new Promise((resolve) => setImmediate(resolve))
    together--
    return { status: 'Accepted' }
  })
  await Promise.all([1, 2, 3].map(() => sessions[0]!.call('ClearCache', {})))
  assert.equal(most, 1)
  assert.deepEqual(
    frames.map((frame) => `${frame.direction} ${frame.kind}`),
    ['out CALL', 'in CALLRESULT', 'out CALL', 'in CALLRESULT', 'out CALL', 'in CALLRESULT'],
  )
})

test('a call without an answer ends as a problem, the next one is sent, and the late answer is ignored', async (t) => {
  const clock = manualClock(parseInstant(NOW))
  const { url, sessions, frames } = await csms(t, beat, { clock, ping: 0 })
  const raw = await rawStation(t, url)
  const asked = once(raw.socket, 'message')
  const lost = sessions[0]!.call('ClearCache', {}, { timeout: 5000 })
  const [first] = await asked
  const next = sessions[0]!.call('GetLocalListVersion', {})
  const askedAgain = once(raw.socket, 'message')
  clock.forward(5000)
  await assert.rejects(lost, problem('no-answer'))
  const [second] = await askedAgain
  const idOf = (data: unknown) => (JSON.parse(String(data)) as string[])[1]
  raw.socket.send(JSON.stringify([3, idOf(first), { status: 'Accepted' }]))
  raw.socket.send(JSON.stringify([3, idOf(second), { versionNumber: 7 }]))
  assert.deepEqual(await next, { versionNumber: 7 })
  const late = frames.find((frame) => frame.kind === 'CALLRESULT' && frame.message === idOf(first))
  assert.equal(late?.took, undefined)
})

test('a call that breaks the schema never leaves, and neither does one of the other direction', async (t) => {
  const { url, sessions, frames } = await csms(t, beat)
  const cp = await station(url)
  await assert.rejects(sessions[0]!.call('Reset', { type: 'Sometimes' }), problem('invalid-message'))
  await assert.rejects(sessions[0]!.call('Dance', {}), problem('invalid-message'))
  await assert.rejects(sessions[0]!.call('Heartbeat', {}), problem('invalid-message'))
  await assert.rejects(cp.call('Reset', { type: 'Immediate' }), problem('invalid-message'))
  assert.deepEqual(frames, [])
})

test('an answer that breaks the schema is an error to the caller', async (t) => {
  const { url, sessions } = await csms(t, beat)
  const raw = await rawStation(t, url)
  raw.socket.on('message', (data) => {
    const [, id] = JSON.parse(String(data)) as string[]
    raw.socket.send(JSON.stringify([3, id, { status: 'Perhaps' }]))
  })
  await assert.rejects(sessions[0]!.call('ClearCache', {}), refusal('PropertyConstraintViolation'))
})

test('a refusal travels with its code, text and details', async (t) => {
  const { url, sessions } = await csms(t, beat)
  await station(url, async () => {
    throw new CallError('SecurityError', 'x'.repeat(300), { why: 'closed' })
  })
  await assert.rejects(sessions[0]!.call('ClearCache', {}), (error) => {
    assert.ok(error instanceof CallError)
    assert.equal(error.code, 'SecurityError')
    assert.equal(error.description.length, 255)
    assert.deepEqual(error.details, { why: 'closed' })
    return true
  })
})

test('a handler that crashes, answers nonsense or hangs gives InternalError and tells nothing of the inside', async (t) => {
  const clock = manualClock(parseInstant(NOW))
  const answers: Record<string, () => Promise<Payload>> = {
    Heartbeat: async () => {
      throw new Error('password=hunter2')
    },
    ClearedChargingLimit: async () => ({ wrong: true }),
    StatusNotification: () => new Promise(() => clock.in(0, () => {})),
  }
  const { url, faults } = await csms(t, (action) => answers[action]!(), { clock, ping: 0 })
  const raw = await rawStation(t, url)
  assert.deepEqual(await raw.ask('[2,"a","Heartbeat",{}]'), [4, 'a', 'InternalError', 'The request could not be processed.', {}])
  const nonsense = await raw.ask('[2,"b","ClearedChargingLimit",{"chargingLimitSource":"SO"}]')
  assert.deepEqual(nonsense.slice(0, 3), [4, 'b', 'InternalError'])
  const hung = raw.ask(`[2,"c","StatusNotification",{"timestamp":"${NOW}","connectorStatus":"Available","evseId":1,"connectorId":1}]`)
  const waiting = setInterval(() => clock.forward(30_000), 5)
  assert.deepEqual((await hung).slice(0, 3), [4, 'c', 'InternalError'])
  clearInterval(waiting)
  assert.equal(faults.length, 3)
})

test('ids of 37 characters, binary frames, deep nesting and messages above the limit are not taken for messages', async (t) => {
  const { url } = await csms(t, beat)
  const raw = await rawStation(t, url)
  assert.deepEqual((await raw.ask(`[2,"${'i'.repeat(37)}","Heartbeat",{}]`)).slice(0, 3), [4, '-1', 'RpcFrameworkError'])
  assert.deepEqual((await raw.ask(`[2,"d","Heartbeat",${'['.repeat(200_000)}`)).slice(0, 3), [4, '-1', 'RpcFrameworkError'])
  const padded = (bytes: number) => `[2,"long","DataTransfer",{"vendorId":"x","data":"${'x'.repeat(bytes)}"}]`
  assert.deepEqual((await raw.ask(padded(100_000))).slice(0, 3), [4, 'long', 'NotImplemented'], '100 kB are read')
  assert.deepEqual((await raw.ask(padded(2 << 20))).slice(0, 3), [4, 'long', 'FormatViolation'], '2 MiB are refused by their id')
  assert.deepEqual(await raw.ask('[2,"after","Heartbeat",{}]'), [3, 'after', HEARTBEAT])
  const [tooLong] = await Promise.all([once(raw.socket, 'close'), raw.socket.send(' '.repeat(5 << 20))])
  assert.equal(tooLong[0], 1009)
  const second = await rawStation(t, url)
  const [binary] = await Promise.all([once(second.socket, 'close'), second.socket.send(Buffer.from([1, 2, 3]))])
  assert.equal(binary[0], 1003)
})

test('a compressed bomb is refused by its inflated size', async (t) => {
  const { url } = await csms(t, beat)
  const socket = new WebSocket(`${url}/RAW1`, ['ocpp2.0.1'], { perMessageDeflate: { threshold: 0 } })
  t.after(() => socket.terminate())
  await once(socket, 'open')
  assert.match(socket.extensions, /permessage-deflate/)
  const answer = once(socket, 'message')
  socket.send('[2,"z","Heartbeat",{}]', { compress: true })
  assert.equal(JSON.parse(String((await answer)[0]))[1], 'z')
  const closed = once(socket, 'close')
  socket.send(' '.repeat(8 << 20), { compress: true })
  assert.equal((await closed)[0], 1009)
})

test('a station that says more than it may is read no faster, and is answered in the end', async (t) => {
  const clock = manualClock(systemClock.now())
  const { url } = await csms(t, beat, { perSecond: 1, clock })
  const station = await connectStation(url, { identity: 'CP001', clock, handler: beat })
  for (let count = 0; count < 10; count++) await station.call('Heartbeat', {})
  // The eleventh is still read; what comes after it waits.
  await station.call('Heartbeat', {})
  let isAnswered = false
  const next = station.call('Heartbeat', {}).then(() => {
    isAnswered = true
  })
  for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isAnswered, false)
  clock.forward(3000)
  await next
  station.close()
})

test('only the subprotocol decides the version: none in common completes the handshake and closes', async (t) => {
  const refused: string[] = []
  const { url, sessions, port } = await csms(t, beat, { onRefusal: ({ why }) => refused.push(why) })
  const none = new WebSocket(`${url}/CP001`)
  t.after(() => none.terminate())
  const [code] = await once(none, 'close')
  assert.equal(code, 1002)
  // A client that offered versions sees a 101 without the header: read it from the bare response.
  const { connect } = await import('node:net')
  const socket = connect(port, '127.0.0.1')
  socket.write(
    'GET /ocpp/CP001 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ocpp1.5, soap\r\n\r\n',
  )
  const [head] = await once(socket, 'data')
  socket.destroy()
  assert.match(String(head), /^HTTP\/1\.1 101 /)
  assert.doesNotMatch(String(head), /sec-websocket-protocol/i)
  assert.deepEqual(refused, ['no common OCPP version', 'no common OCPP version'])
  assert.equal(sessions.length, 0)
  const odd = new WebSocket(`${url}/CP002`, ['ocpp1.5', 'OCPP2.0.1', 'ocpp1.6'])
  t.after(() => odd.terminate())
  await once(odd, 'open')
  assert.equal(odd.protocol, 'OCPP2.0.1')
  assert.equal(sessions[0]!.version, 'ocpp2.0.1')
})

test('an unknown station gets 404, a wrong password or user 401, and a crash of the check 503', async (t) => {
  const { url } = await csms(t, beat, {
    async authenticate(identity, credentials) {
      if (identity === 'BOOM') throw new Error('database away')
      if (identity !== 'CP001' && identity !== 'A/B é') return { ok: false, status: 404, why: 'unknown' }
      return credentials?.password.toString() === 'a:b' ? { ok: true } : { ok: false, status: 401, why: 'password' }
    },
  })
  const status = async (identity: string, password?: string) =>
    connectStation(url, { identity, handler: refuseAll, clock: systemClock, ...(password === undefined ? {} : { password }) }).then(
      (session) => {
        session.close()
        return 101
      },
      (error: unknown) => (isProblem(error) ? error.details?.['status'] : error),
    )
  assert.equal(await status('CP001', 'a:b'), 101)
  assert.equal(await status('A/B é', 'a:b'), 404) // a space is no character of an identity
  assert.equal(await status('CP001', 'wrong'), 401)
  assert.equal(await status('CP001'), 401)
  assert.equal(await status('CP999', 'a:b'), 404)
  assert.equal(await status('C:P', 'a:b'), 404)
  assert.equal(await status('x'.repeat(49), 'a:b'), 404)
  assert.equal(await status('BOOM', 'a:b'), 503)
  const other = new WebSocket(`${url}/CP001`, ['ocpp2.0.1'], { headers: { authorization: basicHeader('CP002', 'a:b') } })
  const [, answer] = (await once(other, 'unexpected-response')) as [unknown, IncomingMessage]
  assert.equal(answer.statusCode, 401)
  assert.equal(await text(answer), 'the user name is not the identity', 'whoever sets the station up reads why')
})

test('a check that never ends does not hold the handshake open', async (t) => {
  const clock = manualClock(parseInstant(NOW))
  const { url } = await csms(t, beat, { clock, authenticate: () => new Promise(() => clock.in(0, () => clock.forward(30_000))) })
  const waiting = station(url)
  const pushing = setInterval(() => clock.forward(1000), 5)
  await assert.rejects(waiting, problem('connection-refused'))
  clearInterval(pushing)
})

test('identities are 1 to 48 printable characters without a colon, percent-encoded on the way', async (t) => {
  const { url, sessions } = await csms(t, beat)
  await station(url, refuseAll, { identity: 'Dépôt/3|@+' })
  assert.equal(sessions[0]!.identity, 'Dépôt/3|@+')
  for (const bad of ['', 'a:b', 'a b', 'a\nb', 'x'.repeat(49)]) assert.equal(isIdentity(bad), false, JSON.stringify(bad))
})

test('doubled slashes, one at the end and spaces around an identity are read over', async (t) => {
  const { port, sessions } = await csms(t, beat)
  for (const path of ['//ocpp//CP001/', '/ocpp/CP001?x=1', '/ocpp/%20CP001%20']) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, ['ocpp2.0.1'])
    t.after(() => socket.terminate())
    await once(socket, 'open')
    assert.equal(sessions.at(-1)!.identity, 'CP001', path)
  }
})

test('twenty stations that come back while their old sockets are open lose nothing and harm nobody', async (t) => {
  const { url, acceptor, faults } = await csms(t, beat)
  const identities = Array.from({ length: 20 }, (_, index) => `CP${index}`)
  const connect = () => Promise.all(identities.map((identity) => station(url, refuseAll, { identity })))
  const old = await connect()
  for (let round = 0; round < 3; round++) {
    const fresh = await connect()
    assert.deepEqual(await Promise.all(fresh.map((one) => one.call('Heartbeat', {}))), Array(20).fill(HEARTBEAT))
    await Promise.all(old.map((one) => one.closed))
    old.splice(0, old.length, ...fresh)
  }
  assert.equal(acceptor.sessions().length, 20)
  assert.deepEqual(faults, [])
})

test('the newest socket of an identity wins and the end of the old one does not harm it', async (t) => {
  const { url, sessions, acceptor } = await csms(t, beat)
  const old = await station(url)
  const fresh = await station(url)
  const { code } = await old.closed
  assert.equal(code, 1000)
  await sessions[0]!.closed
  assert.deepEqual(
    acceptor.sessions().map((session) => session.epoch),
    [sessions[1]!.epoch],
  )
  assert.notEqual(sessions[0]!.epoch, sessions[1]!.epoch)
  assert.deepEqual(await fresh.call('Heartbeat', {}), HEARTBEAT)
  await assert.rejects(sessions[0]!.call('ClearCache', {}), problem('connection-closed'))
})

test('calls that wait when the connection drops end as problems', async (t) => {
  const { url, sessions } = await csms(t, beat)
  const cp = await station(url, () => new Promise(() => {}))
  const calls = [sessions[0]!.call('ClearCache', {}), sessions[0]!.call('ClearCache', {})]
  cp.close()
  for (const call of calls) await assert.rejects(call, problem('connection-closed'))
})

test('a peer silent for a whole ping period is dropped', async (t) => {
  const clock = manualClock(parseInstant(NOW))
  const { url, sessions } = await csms(t, beat, { clock, ping: 1000 })
  const raw = await rawStation(t, url)
  const pinged = once(raw.socket, 'ping')
  clock.forward(1000)
  await pinged
  raw.socket.pause()
  clock.forward(1000) // the pong of the first ping may be in already
  clock.forward(1000)
  assert.equal((await sessions[0]!.closed).code, 1006)
})

test('nulls and empties are dropped before validation only in lenient mode', async (t) => {
  const text = `[2,"n","StatusNotification",{"timestamp":"${NOW}","connectorStatus":"Available","evseId":1,"connectorId":1,"customData":null}]`
  const handler: Handler = async (_, payload) => {
    assert.ok(!('customData' in payload))
    return {}
  }
  const strict = await csms(t, handler)
  const lenient = await csms(t, handler, { strict: false })
  assert.equal((await (await rawStation(t, strict.url)).ask(text))[2], 'TypeConstraintViolation')
  assert.deepEqual(await (await rawStation(t, lenient.url)).ask(text), [3, 'n', {}])
})

test('a foreign station (ocpp-rpc) in strict mode talks with our CSMS', async (t) => {
  const { RPCClient } = createRequire(import.meta.url)('ocpp-rpc') as typeof import('ocpp-rpc')
  const { url, sessions } = await csms(t, beat, {
    authenticate: async (_, credentials) =>
      credentials?.password.toString() === 'secret-secret-16' ? { ok: true } : { ok: false, status: 401, why: 'password' },
  })
  const client = new RPCClient({
    endpoint: url,
    identity: 'FOREIGN-1',
    protocols: ['ocpp2.0.1'],
    strictMode: true,
    password: 'secret-secret-16',
    reconnect: false,
  } as ConstructorParameters<typeof RPCClient>[0])
  client.handle('ClearCache', (() => ({ status: 'Accepted' })) as never)
  await client.connect()
  t.after(() => client.close({ force: true }))
  assert.deepEqual(await client.call('Heartbeat', {}), HEARTBEAT)
  await assert.rejects(client.call('SecurityEventNotification', { type: 'X', timestamp: NOW }), { rpcErrorCode: 'NotImplemented' })
  assert.deepEqual(await sessions[0]!.call('ClearCache', {}), { status: 'Accepted' })
  await assert.rejects(sessions[0]!.call('GetLocalListVersion', {}), refusal('NotImplemented'))
})

test('our station talks with a foreign CSMS (ocpp-rpc) in strict mode', async (t) => {
  const { RPCServer } = createRequire(import.meta.url)('ocpp-rpc') as typeof import('ocpp-rpc')
  const server = new RPCServer({ protocols: ['ocpp2.0.1'], strictMode: true } as ConstructorParameters<typeof RPCServer>[0])
  server.auth((accept, reject, handshake) => {
    if (handshake.password?.toString() === 'secret-secret-16') (accept as () => void)()
    else reject(401, 'Unauthorized')
  })
  const ended: Promise<unknown>[] = []
  server.on('client', (client) => {
    client.handle('Heartbeat', (() => HEARTBEAT) as never)
    ended.push(client.call('ClearCache', {}))
  })
  const http = await server.listen(0, '127.0.0.1')
  t.after(() => server.close({ force: true }))
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/ocpp`
  await assert.rejects(station(url, refuseAll, { password: 'wrong' }), (error) => isProblem(error) && error.details?.['status'] === 401)
  const cp = await station(url, async () => ({ status: 'Accepted' }), { password: 'secret-secret-16' })
  assert.deepEqual(await cp.call('Heartbeat', {}), HEARTBEAT)
  assert.deepEqual(await ended[0], { status: 'Accepted' })
  await assert.rejects(cp.call('SecurityEventNotification', { type: 'X', timestamp: NOW }), refusal('NotImplemented'))
  cp.close()
})
