// Plugs as their firmwares speak, and the families that read and steer them, over the house's own broker.
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { type Instant, manualClock, parseInstant, silentLog, watts } from '#kernel'
import { openMqttBroker, openMqttClient, rightsFor } from '#protocols/mqtt'
import { openShellyPlug, openShellyPlus, openTasmotaPlug, type Plug, type PlugOptions, type ShellyPlusOptions } from '#simulators'
import { familyOf } from './families.ts'
import { answerTo, type HeardMessage, orderFor, parseMessage, topicsHeard, type Wish } from './family.ts'

const NOW = parseInstant('2026-11-25T12:00:00Z')
const PLUGS = {
  111: { open: openShellyPlug, device: { id: 'A101', hardwareId: 'shellyplug-s-890CA6' } },
  112: { open: openTasmotaPlug, device: { id: 'A123', hardwareId: 'tasmota_4F2A10' } },
  411: { open: openShellyPlus, device: { id: 'D003', hardwareId: 'shellyplus1pm-a8032abe54dc' } },
} as const
type Code = keyof typeof PLUGS
const CODES = [111, 112, 411] as const

/** Resolves when the condition holds; the test's own time limit ends it otherwise. */
async function until(holds: () => boolean, meanwhile = () => {}): Promise<void> {
  while (!holds()) {
    meanwhile()
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** A plug with an account that may do no more than it must, and the house that listens to it. */
async function home(t: TestContext, code: Code, more: Partial<PlugOptions & ShellyPlusOptions> = {}) {
  const clock = manualClock(NOW)
  const { open, device } = PLUGS[code]
  const family = familyOf(code) ?? assert.fail(`no family ${code}`)
  const rights = new Map([
    ['R004', rightsFor([{ family: code, ...device }])],
    ['house', { send: ['#'], receive: ['#'] }],
  ])
  const broker = await openMqttBroker({
    accounts: { login: async (name) => rights.get(name), rightsOf: async (name) => rights.get(name) },
    clock,
    log: silentLog,
  })
  const house = openMqttClient({ url: broker.url, clock, username: 'house', firstRetry: 20 })
  const latest = new Map<string, number | boolean>()
  const heard: HeardMessage[] = []
  await until(() => house.isConnected())
  for (const topic of topicsHeard(family, device))
    await house.subscribe(topic, (message) => {
      const text = { ...message, payload: String(message.payload) }
      heard.push(text)
      for (const { quantity, value } of parseMessage(family, device, text)) latest.set(quantity, value)
    })
  const plug: Plug = open({
    broker: { url: broker.url, username: 'R004' },
    clock,
    ...device,
    load: () => watts(1200),
    statusTold: true,
    ...more,
  } as ShellyPlusOptions)
  t.after(async () => {
    await plug.close()
    await house.close()
    await broker.close()
  })
  await until(() => latest.get('online') === true)
  /** Gives an order; what answered it so far. */
  const order = async (wish: Wish, serial: number) => {
    const given = orderFor(family, device, wish, serial, clock.now()) ?? assert.fail('no order')
    await house.publish(given.topic, given.payload, { qos: given.qos })
    return () => heard.map((message) => answerTo(family, device, given, message)).filter((answer) => answer !== undefined)
  }
  return { clock, plug, latest, heard, house, broker, order }
}

for (const code of CODES)
  test(`${code}: an order is answered within 200 ms and the meter follows; a lost answer is silence, the plug obeyed all the same`, async (t) => {
    const { clock, plug, latest, order, broker } = await home(t, code)
    clock.forward(70_000)
    await until(() => Number(latest.get('power')) === 1200 && Number(latest.get('energy')) > 15)
    const off = await order('off', 1)
    await until(() => !plug.relay())
    clock.forward(200)
    await until(() => off().includes('acknowledged'))
    clock.forward(70_000)
    await until(() => latest.get('power') === 0)
    plug.loseAnswers(1)
    const unanswered = await order('on', 2)
    await until(() => plug.relay())
    clock.forward(200)
    const again = await order('off', 3)
    await until(() => !plug.relay())
    clock.forward(200)
    await until(() => again().includes('acknowledged'))
    // Of one connection nothing overtakes: the lost answer would be here.
    assert.deepEqual(unanswered(), [])
    assert.equal(broker.denied(), 0)
  })

for (const code of CODES)
  test(`${code}: without its radio it is offline by its will, and back it tells how it is; a reboot begins its counter again`, async (t) => {
    const { clock, plug, latest } = await home(t, code)
    clock.forward(3_600_000)
    await until(() => Number(latest.get('energy')) > 1100)
    await plug.lose()
    await until(() => latest.get('online') === false)
    plug.press()
    plug.rejoin()
    await until(() => latest.get('online') === true)
    clock.forward(70_000)
    await until(() => latest.get('relay') === false)
    await plug.reboot()
    await until(() => plug.isConnected())
    clock.forward(70_000)
    await until(() => latest.get('relay') === true && Number(latest.get('energy')) < 100)
  })

test('an open relay closes by itself after its time; a repeated off starts that time again, unless the firmware does not', async (t) => {
  const waits = async (repeatRestartsTimer: boolean): Promise<boolean> => {
    const { clock, plug, order } = await home(t, 411, { autoOn: 1800, repeatRestartsTimer })
    await order('off', 1)
    await until(() => !plug.relay())
    clock.forward(900_000)
    const again = await order('off', 2)
    await until(
      () => again().length > 0,
      () => clock.forward(100),
    )
    clock.forward(1_000_000)
    const open = !plug.relay()
    clock.forward(1_000_000)
    assert.equal(plug.relay(), true)
    return open
  }
  assert.equal(await waits(true), true)
  assert.equal(await waits(false), false)
})

test('a Shelly Plus answers calls, refuses what it does not know, and tells its status only once that is set and it restarted', async (t) => {
  const { clock, house, heard, plug } = await home(t, 411, { statusTold: false })
  const call = async (id: number, method: string, params: object): Promise<unknown> => {
    await house.publish('D003/rpc', JSON.stringify({ id, src: 'controle/D003', method, params }))
    const reply = () =>
      heard
        .filter(({ topic }) => topic === 'controle/D003/rpc')
        .map(({ payload }) => JSON.parse(payload) as { id: number; result?: unknown; error?: unknown })
        .find((told) => told.id === id)
    await until(
      () => reply() !== undefined,
      () => clock.forward(100),
    )
    return reply()?.result ?? reply()?.error
  }
  const told = () => heard.some(({ topic }) => topic === 'D003/status/switch:0')
  assert.deepEqual(await call(1, 'Switch.Fly', {}), { code: 404, message: 'No handler for Switch.Fly' })
  assert.deepEqual(await call(2, 'Switch.SetConfig', { id: 0, config: { auto_on: true, auto_on_delay: '1800' } }), {
    code: -103,
    message: "Argument 'config', field 'auto_on_delay': number expected!",
  })
  assert.deepEqual(await call(3, 'Switch.SetConfig', { id: 0, config: { auto_on: true, auto_on_delay: 1800 } }), {
    restart_required: false,
  })
  assert.deepEqual(await call(4, 'Mqtt.SetConfig', { config: { status_ntf: true } }), { restart_required: true })
  assert.equal(told(), false)
  assert.deepEqual(await call(5, 'Switch.Set', { id: 0, on: false, toggle_after: 5 }), { was_on: true })
  clock.forward(5000)
  assert.equal(plug.relay(), true)
  await call(6, 'Shelly.Reboot', {})
  clock.forward(1000)
  await until(told)
})

test('Tasmota answers a question without a payload, and takes its words in any case', async (t) => {
  const { clock, house, heard, plug } = await home(t, 112)
  await house.publish('cmnd/A123/power', 'off')
  await until(() => !plug.relay())
  const answers = () => heard.filter(({ topic, payload }) => topic === 'stat/A123/RESULT' && payload === '{"POWER":"OFF"}').length
  // What it tells at its start, and the answer to the order.
  clock.forward(200)
  await until(() => answers() === 2)
  await house.publish('cmnd/A123/POWER', '')
  await until(
    () => answers() === 3,
    () => clock.forward(100),
  )
})

test('a Shelly Plug S that carries too much opens its relay and says so', async (t) => {
  const load = (at: Instant) => watts(at > NOW ? 3000 : 1000)
  const { clock, plug, heard } = await home(t, 111, { load })
  clock.forward(70_000)
  assert.equal(plug.relay(), false)
  await until(() => heard.some(({ topic, payload }) => topic.endsWith('/relay/0') && payload === 'overpower'))
})
