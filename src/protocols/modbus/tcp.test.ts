// Client and server over real sockets, jsmodbus as a foreign peer on either side, and every bad peer we could think of.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import jsmodbus from 'jsmodbus'
import { type Clock, instant, isProblem, systemClock } from '#kernel'
import { type ModbusClient, type ModbusClientOptions, modbusClient } from './client.ts'
import { ModbusException } from './pdu.ts'
import { memoryUnit, serveModbus, type Unit } from './server.ts'

const numbered = (count: number, from = 0): Uint16Array => Uint16Array.from({ length: count }, (_, i) => i + from)

async function server(t: TestContext, unit: Unit) {
  const running = await serveModbus({ unit: (id) => (id === 1 ? unit : undefined) })
  t.after(() => running.close())
  return running
}

function client(t: TestContext, port: number, more: Partial<ModbusClientOptions> = {}): ModbusClient {
  const made = modbusClient({ host: '127.0.0.1', port, timeout: 150, connectTimeout: 500, longestPause: 0, ...more })
  t.after(() => made.close())
  return made
}

/** A peer that does whatever the test says with every connection. */
async function badPeer(t: TestContext, onSocket: (socket: Socket, nth: number) => void): Promise<number> {
  let nth = 0
  const sockets = new Set<Socket>()
  const listening: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket, nth++)
  })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    listening.close()
  })
  return (listening.address() as AddressInfo).port
}

/** A clock whose hand jumps 20 s at every look, so that no pause between connections is ever felt; its timers are the machine's. */
function hastyClock(): Clock {
  let at = 0
  return {
    ...systemClock,
    now() {
      at += 20_000
      return instant(at)
    },
  }
}

const fails = (promise: Promise<unknown>, code: string, pattern = /./) =>
  assert.rejects(promise, (error) => isProblem(error) && error.code === code && pattern.test(error.message))

test('client and server read and write all four tables', async (t) => {
  const unit = memoryUnit({
    holding: numbered(200),
    input: numbered(10, 500),
    coil: new Uint16Array(20),
    discrete: Uint16Array.of(1, 0, 1),
  })
  const { port } = await server(t, unit)
  const peer = client(t, port)
  assert.deepEqual(await peer.readHolding(100, 3), [100, 101, 102])
  assert.deepEqual(await peer.readInput(9, 1), [509])
  assert.deepEqual(await peer.readDiscrete(0, 3), [1, 0, 1])
  await peer.writeCoils(2, [true, false, true])
  await peer.writeCoil(0, true)
  assert.deepEqual(await peer.readCoils(0, 5), [1, 0, 1, 0, 1])
  await peer.writeRegister(5, 0xbeef)
  await peer.writeRegisters(6, [1, 2])
  assert.deepEqual(await peer.exchange(5, 3, 7, [77]), [0xbeef, 1, 77])
})

test('exceptions arrive with their code, and the connection lives on', async (t) => {
  const { port } = await server(t, {
    read(_table, address) {
      if (address === 1) throw new ModbusException(6)
      if (address === 2) throw new Error('a bug in the data model')
      return [7]
    },
  })
  const peer = client(t, port)
  await fails(peer.readHolding(1, 1), 'modbus-exception', /exception 6, device busy/)
  await fails(peer.readHolding(2, 1), 'modbus-exception', /exception 4/)
  await fails(peer.writeRegister(0, 1), 'modbus-exception', /write register 0: exception 1/)
  assert.deepEqual(await peer.readHolding(0, 1), [7])
})

test('jsmodbus as a foreign client understands our server', async (t) => {
  const { port } = await server(t, memoryUnit({ holding: numbered(200), coil: new Uint16Array(16), input: numbered(4, 40) }))
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  const foreign = new jsmodbus.client.TCP(socket, 1)
  await once(socket, 'connect')
  await foreign.writeMultipleRegisters(10, [4321, 1234])
  await foreign.writeSingleRegister(12, 99)
  await foreign.writeMultipleCoils(0, [true, false, true])
  assert.deepEqual([...(await foreign.readHoldingRegisters(9, 5)).response.body.values], [9, 4321, 1234, 99, 13])
  assert.deepEqual([...(await foreign.readInputRegisters(0, 2)).response.body.values], [40, 41])
  assert.deepEqual([...(await foreign.readCoils(0, 3)).response.body.valuesAsArray].slice(0, 3), [1, 0, 1])
  await assert.rejects(foreign.readHoldingRegisters(199, 2))
})

test('our client understands jsmodbus as a foreign server', async (t) => {
  const listening = createServer()
  const holding = Buffer.alloc(400)
  for (let i = 0; i < 200; i++) holding.writeUInt16BE(i * 3, i * 2)
  new jsmodbus.server.TCP(listening, { holding, coils: Buffer.alloc(16) })
  listening.listen(0, '127.0.0.1')
  await once(listening, 'listening')
  t.after(() => listening.close())
  const peer = client(t, (listening.address() as AddressInfo).port, { timeout: 1000 })
  assert.deepEqual(await peer.readHolding(10, 3), [30, 33, 36])
  await peer.writeRegisters(20, [1, 65_535])
  await peer.writeRegister(22, 8)
  assert.deepEqual(await peer.readHolding(20, 3), [1, 65_535, 8])
  await peer.writeCoil(3, true)
  assert.deepEqual(await peer.readCoils(0, 5), [0, 0, 0, 1, 0])
  peer.close()
})

test('several questions in flight find their own answers, whatever the order', async (t) => {
  const port = await badPeer(t, (socket) => {
    const held: Buffer[] = []
    socket.on('data', (data) => {
      for (let at = 0; at < data.length; at += 12) held.push(data.subarray(at, at + 12))
      if (held.length < 4) return
      for (const ask of held.splice(0).reverse()) {
        const answer = Buffer.from('000000000005010302 0000'.replace(/\s/g, ''), 'hex')
        ask.copy(answer, 0, 0, 2)
        ask.copy(answer, 9, 8, 10)
        socket.write(answer)
      }
    })
  })
  const peer = client(t, port, { inFlight: 4 })
  const answers = await Promise.all([11, 22, 33, 44].map((address) => peer.readHolding(address, 1)))
  assert.deepEqual(answers, [[11], [22], [33], [44]])
})

test('one question at a time is the default: the second waits for the first answer', async (t) => {
  let most = 0
  const port = await badPeer(t, (socket) => {
    socket.on('data', (ask) => {
      most = Math.max(most, ask.length / 12)
      const answer = Buffer.from('0000000000050103020007', 'hex')
      ask.copy(answer, 0, 0, 2)
      setImmediate(() => socket.write(answer))
    })
  })
  const peer = client(t, port)
  await Promise.all([1, 2, 3, 4].map((address) => peer.readHolding(address, 1)))
  assert.equal(most, 1)
})

test('a wrong unit id is answered with silence, and silence ends in a time-out that says so', async (t) => {
  const { port } = await server(t, memoryUnit({ holding: numbered(2) }))
  const peer = client(t, port, { unit: 9 })
  await assert.rejects(
    peer.readHolding(0, 1),
    (error) => isProblem(error) && error.code === 'modbus-timeout' && /unit id/.test(error.hint!),
  )
  assert.deepEqual(await peer.ask({ fn: 3, address: 1, count: 1 }, 1), [1])
})

test('an answer that comes after its time-out is dropped, the next question gets its own', async (t) => {
  const late: (() => void)[] = []
  let nth = 0
  const port = await badPeer(t, (socket) => {
    socket.on('data', (ask) => {
      const answer = Buffer.from(`00000000000501030200${nth === 0 ? '63' : '07'}`, 'hex')
      ask.copy(answer, 0, 0, 2)
      if (nth++ === 0) late.push(() => socket.write(answer))
      else {
        late[0]!()
        socket.write(answer)
      }
    })
  })
  const peer = client(t, port)
  await fails(peer.readHolding(0, 1), 'modbus-timeout')
  assert.deepEqual(await peer.readHolding(0, 1), [7])
})

test('a half-open peer is given up after two silences and called again', async (t) => {
  const { port, mute } = await serveModbus({ unit: () => memoryUnit({ holding: numbered(2, 5) }) }).then((running) => {
    t.after(() => running.close())
    return running
  })
  const links: string[] = []
  const peer = client(t, port, { timeout: 60, onLink: (link) => links.push(link) })
  assert.deepEqual(await peer.readHolding(0, 1), [5])
  mute(true)
  await fails(peer.readHolding(0, 1), 'modbus-timeout')
  await fails(peer.readHolding(0, 1), 'modbus-timeout')
  assert.deepEqual(links, ['connected', 'lost'])
  mute(false)
  assert.deepEqual(await peer.readHolding(1, 1), [6])
  assert.deepEqual(links, ['connected', 'lost', 'connected'])
})

test('a peer that stops in the middle of a frame does not hold us up', async (t) => {
  const port = await badPeer(t, (socket, nth) => {
    socket.on('data', (ask) => {
      const answer = Buffer.from('0000000000050103020007', 'hex')
      ask.copy(answer, 0, 0, 2)
      socket.write(nth === 0 ? answer.subarray(0, 9) : answer)
    })
  })
  const peer = client(t, port)
  await fails(peer.readHolding(0, 1), 'modbus-timeout')
  assert.deepEqual(await peer.readHolding(0, 1), [7])
})

test('garbage and wrong lengths end the connection with a Problem, and the next question connects anew', async (t) => {
  const says: [string, string][] = [
    ['485454502f312e3120343030', 'modbus-garbage'],
    ['T 0000 0003 01 03 00', 'modbus-wrong-length'],
    ['T 0000 0007 01 03 04 00010002', 'modbus-wrong-length'],
    ['T 0000 0005 01 04 02 0001', 'modbus-garbage'],
    ['T 0000 0005 02 03 02 0001', 'modbus-garbage'],
  ]
  const port = await badPeer(t, (socket, nth) => {
    socket.on('data', (ask) => {
      const hex = says[nth]?.[0] ?? 'T 0000 0005 01 03 02 0007'
      socket.write(Buffer.from(hex.replace('T', ask.subarray(0, 2).toString('hex')).replace(/\s/g, ''), 'hex'))
    })
  })
  const peer = client(t, port, { clock: hastyClock() })
  for (const [, code] of says) await fails(peer.readHolding(0, 1), code)
  assert.deepEqual(await peer.readHolding(0, 1), [7])
})

test('nobody listening is said at once, and while the pause lasts nobody is called', async (t) => {
  const { port, close } = await serveModbus({ unit: () => undefined })
  await close()
  const peer = client(t, port, { longestPause: 60_000 })
  await fails(peer.readHolding(0, 1), 'modbus-unreachable', /ECONNREFUSED/)
  const later = await serveModbus({ port, unit: () => memoryUnit({ holding: numbered(1) }) })
  t.after(() => later.close())
  await fails(peer.readHolding(0, 1), 'modbus-unreachable', /ECONNREFUSED/)
  assert.equal(later.connections, 0)
})

test('a peer that hangs up fails every open question, none is left hanging', async (t) => {
  const port = await badPeer(t, (socket) => socket.once('data', () => socket.resetAndDestroy()))
  const peer = client(t, port)
  const outcomes = await Promise.allSettled([1, 2, 3].map((address) => peer.readHolding(address, 1)))
  assert.deepEqual(
    outcomes.map((outcome) => outcome.status === 'rejected' && isProblem(outcome.reason) && outcome.reason.code),
    ['modbus-unreachable', 'modbus-unreachable', 'modbus-unreachable'],
  )
  peer.close()
  await fails(peer.readHolding(0, 1), 'modbus-closed')
})

test('a server cut off refuses calls, and serves again when it is admitted', async (t) => {
  const running = await server(t, memoryUnit({ holding: numbered(2, 5) }))
  const peer = client(t, running.port)
  assert.deepEqual(await peer.readHolding(0, 1), [5])
  running.admit(false)
  await fails(peer.readHolding(0, 1), 'modbus-unreachable')
  running.admit(true)
  const patient = client(t, running.port, { clock: hastyClock() })
  assert.deepEqual(await patient.readHolding(1, 1), [6])
})

test('a client that sends garbage or half a frame harms no other', async (t) => {
  const running = await server(t, memoryUnit({ holding: numbered(125) }))
  const rude = connect(running.port, '127.0.0.1')
  const closed = once(rude, 'close')
  rude.on('error', () => {})
  rude.write('GET / HTTP/1.1\r\n\r\n')
  await closed
  const half = connect(running.port, '127.0.0.1')
  half.write(Buffer.from('00010000', 'hex'))
  t.after(() => half.destroy())
  assert.deepEqual(await client(t, running.port, { timeout: 1000 }).readHolding(3, 1), [3])
})

test('a client that asks and never listens is not served without end, and the others are', async (t) => {
  const asked = 100_000
  let served = 0
  const running = await serveModbus({
    unit: () => memoryUnit({ holding: numbered(125) }),
    onRequest(request) {
      if ('count' in request && request.count === 125) served++
    },
  })
  t.after(() => running.close())
  const deaf = connect(running.port, '127.0.0.1')
  deaf.pause()
  deaf.on('error', () => {})
  t.after(() => deaf.destroy())
  deaf.write(Buffer.concat(new Array(asked).fill(Buffer.from('00010000000601030000007D', 'hex'))))
  const peer = client(t, running.port, { timeout: 5000 })
  let before = -1
  // Until the server has had time for all of it, or has stopped.
  while (served < asked && (served !== before || served === 0)) {
    before = served
    for (let i = 0; i < 50; i++) assert.deepEqual(await peer.readHolding(3, 1), [3])
  }
  assert.ok(served < asked, `${served} answers wait for a client that reads none`)
})
