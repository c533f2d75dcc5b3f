import assert from 'node:assert/strict'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Aedes } from 'aedes'
import { instant, manualClock, parseInstant, silentLog } from '#kernel'
import { openOutbox, scratchStore } from '#store'
import { type MqttEvents, messageOf, openMqttEvents } from './mqtt-events.ts'

const NOW = parseInstant('2026-11-24T12:00:00Z')
interface Heard {
  topic: string
  payload: string
  qos: number
  retain: boolean
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await setImmediate()
}

/** A broker on a port of this machine that lets in who knows the password; it can go away and come back. */
async function broker(t: TestContext, port = 0) {
  const aedes = await Aedes.createBroker({
    authenticate: (_client, name, password, done) => done(null, name === 'ems' && String(password) === 'secret'),
  })
  const heard: Heard[] = []
  aedes.on('publish', ({ topic, payload, qos, retain }, client) => {
    if (client) heard.push({ topic, payload: String(payload), qos, retain })
  })
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    aedes.handle(socket)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
    await new Promise<void>((resolve) => aedes.close(() => resolve()))
  }
  let closing: Promise<void> | undefined
  const end = () => (closing ??= close())
  t.after(end)
  const bound = (server.address() as AddressInfo).port
  return { heard, end, port: bound, url: `mqtt://127.0.0.1:${bound}` }
}

async function house(t: TestContext) {
  const store = await scratchStore(t)
  const clock = manualClock(NOW)
  const outbox = openOutbox({ store, clock, log: silentLog })
  const open = (url: string, password = 'secret'): MqttEvents => {
    const settings = { url, prefix: 'island', events: ['device.*', 'station.connected'], username: 'ems', password }
    const made = openMqttEvents({ outbox, clock, log: silentLog, settings })
    t.after(async () => {
      const ticking = setInterval(() => clock.forward(1000), 1)
      await made.close()
      clearInterval(ticking)
    })
    return made
  }
  const plugged = (about: string) => ({ type: 'device.plugged', about, at: clock.now(), data: { device: about, asset: 7 } })
  return { clock, open, plugged }
}

test('events are published once, in order, at least once each; states are kept by the broker', async (t) => {
  const { heard, url } = await broker(t)
  const { open, plugged } = await house(t)
  const events = open(url)
  for (let nth = 1; nth <= 20; nth++) await events.tell(plugged(`CP${nth}`))
  const told = () => heard.filter(({ topic }) => topic.startsWith('island/events/'))
  await until(() => told().length >= 20)
  assert.deepEqual(
    told().map(({ topic }) => topic),
    Array.from({ length: 20 }, (_, nth) => `island/events/device/plugged/CP${nth + 1}`),
  )
  const [first] = told()
  const { id, ...body } = JSON.parse(first!.payload) as { id: number }
  assert.deepEqual([typeof id, first!.qos, first!.retain], ['number', 1, false])
  assert.deepEqual(body, { type: 'device.plugged', timestamp: '2026-11-24T12:00:00+00:00', data: { device: 'CP1', asset: 7 } })
  const state = heard.find(({ topic }) => topic === 'island/devices/CP1/status')
  assert.deepEqual([state?.retain, state?.payload], [true, '{"status":"plugged","timestamp":"2026-11-24T12:00:00+00:00"}'])
  assert.deepEqual(heard.find(({ topic }) => topic === 'island/status')?.payload, 'online')
  await until(async () => (await events.status()).waiting === 0)
})

test('what happens while the broker is away is told when it is back, also after a restart', async (t) => {
  const gone = await broker(t)
  const { open, plugged } = await house(t)
  await gone.end()
  const first = open(gone.url)
  await first.tell(plugged('CP1'))
  await first.tell(plugged('CP2'))
  assert.deepEqual([(await first.status()).waiting, (await first.status()).connected], [2, false])
  await first.close()
  const back = await broker(t, gone.port)
  const again = open(back.url)
  await again.tell(plugged('CP3'))
  const told = () => back.heard.filter(({ topic }) => topic.startsWith('island/events/')).map(({ topic }) => topic.slice(-3))
  await until(() => told().length >= 3)
  assert.deepEqual(told(), ['CP1', 'CP2', 'CP3'])
})

test('a broker that refuses our password is told nothing, and says why', async (t) => {
  const { heard, url } = await broker(t)
  const { open, plugged } = await house(t)
  const events = open(url, 'wrong')
  await events.tell(plugged('CP1'))
  await until(async () => (await events.status()).error !== null)
  const { connected, waiting, url: shown } = await events.status()
  assert.deepEqual([connected, waiting, heard.length], [false, 1, 0])
  assert.equal(shown, url)
})

test('topics hold one level for each part of a type, and no pattern of MQTT', () => {
  const at = instant(NOW)
  assert.deepEqual(messageOf({ type: 'station.closed', about: 'a/b+#', at, data: {} }), {
    topic: 'events/station/closed/a_b__',
    body: { type: 'station.closed', timestamp: '2026-11-24T12:00:00+00:00', data: {} },
    state: { topic: 'stations/a_b__/connection', body: { connected: false, timestamp: '2026-11-24T12:00:00+00:00' } },
  })
  assert.equal(messageOf({ type: 'plan.made', at, data: {} }).topic, 'events/plan/made')
})
