// Devices against real Modbus servers of this test: registers in memory, exceptions, silence, garbage, watchdogs.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import test, { type TestContext } from 'node:test'
import type { Setpoint, Utterance } from '#ems'
import { type Clock, instant, isProblem, manualClock, SECOND, systemClock, watts } from '#kernel'
import { ModbusException, memoryUnit, serveModbus, sunSpecImage, sunSpecUnit, type Unit } from '#protocols/modbus'
import { type ModbusDeviceOptions, modbusDevice } from './modbus-device.ts'
import type { Template } from './template.ts'
import { loadTemplate, parseTemplate } from './template-file.ts'

const T0 = instant(Date.parse('2026-11-24T16:00:00Z'))
const PLAIN = loadTemplate('battery/plain-battery')

/** Registers of a plain battery: 12.3 kW charging, 47.5 %, 100 kWh, 50 kW either way. */
function plainRegisters(): Uint16Array {
  const words = new Uint16Array(48)
  words.set([0x4246, 1])
  words.set([0xffff, 65_536 - 12_300, 475, 2, 281, 7, 1, 34_464, 0, 50_000, 0, 50_000, 100, 950], 10)
  return words
}

const order = (power: number, more: Partial<Setpoint> = {}): Setpoint => ({
  device: 'BAT006',
  asset: 16,
  power: watts(power),
  at: T0,
  until: instant(T0 + 600_000),
  because: 'a test',
  rung: 'plan',
  ...more,
})

async function serve(t: TestContext, unit: Unit) {
  const server = await serveModbus({ unit: (id) => (id === 1 ? unit : undefined) })
  t.after(() => server.close())
  return server
}

/** A device that waits for answers longer than any test lasts, unless silence is what the test is about (`timeout`). */
function device(t: TestContext, port: number, { timeout = '60 s', ...more }: Partial<ModbusDeviceOptions> & { timeout?: string } = {}) {
  const given = more.template ?? PLAIN
  const template: Template = { ...given, bus: { ...given.bus, timeout } }
  const made = modbusDevice({
    id: 'BAT006',
    asset: 16,
    kind: 'battery',
    host: '127.0.0.1',
    port,
    sensors: { power: 156, soc: 56 },
    patience: 60_000,
    ...more,
    template,
  })
  t.after(() => made.close())
  return made
}

/** The timers of the machine, and a hand that the test moves. */
function clockByHand(): Clock & { at: number } {
  return {
    ...systemClock,
    at: T0,
    now() {
      return instant(this.at)
    },
  }
}

const fails = (promise: Promise<unknown>, code: string) => assert.rejects(promise, (error) => isProblem(error) && error.code === code)

test('a battery is read in the units of its sensors, charging positive', async (t) => {
  const { port } = await serve(t, memoryUnit({ holding: plainRegisters() }))
  const battery = device(t, port, { clock: clockByHand() })
  assert.equal(battery.capability().controllable, false, 'nothing is known before the first look')
  assert.deepEqual(await battery.read(T0), [
    { sensor: 156, at: T0, value: 12.3 },
    { sensor: 56, at: T0, value: 47.5 },
  ])
  assert.deepEqual(battery.measured(), { power: 12_300, at: T0 })
  assert.deepEqual(battery.capability(), {
    kind: 'battery',
    minPower: -50_000,
    maxPower: 50_000,
    minStep: 0,
    controllable: true,
    storage: { soc: 47_500, capacity: 100_000, min: 10_000, max: 95_000, chargingEfficiency: 0.95, dischargingEfficiency: 0.95 },
  })
  assert.equal(battery.measures().find(({ name }) => name === 'state')?.says, 'charging')
})

test('an order reaches the registers, is read back and noted with its reason', async (t) => {
  const words = plainRegisters()
  const { port } = await serve(t, memoryUnit({ holding: words }))
  const said: Utterance[] = []
  const battery = device(t, port, { conversation: { note: (utterance) => said.push(utterance) }, clock: clockByHand() })
  assert.deepEqual(await battery.apply(order(-8000)), { answer: 'taken', applied: -8000 })
  assert.deepEqual([...words.subarray(40, 44)], [0, 8000, 60, 1])
  assert.deepEqual(await battery.apply(order(4000)), { answer: 'taken', applied: 4000 })
  assert.deepEqual([...words.subarray(40, 42)], [0xffff, 65_536 - 4000])
  await battery.apply(order(4000))
  assert.deepEqual(
    said.filter(({ kind }) => kind === 'write').map(({ payload }) => (payload as { powerW: number }).powerW),
    [-8000, 4000],
    'the same order told again is not noted again',
  )
  assert.deepEqual(
    said.filter(({ kind }) => kind === 'write' || kind === 'answer').map(({ message }) => message),
    ['BAT006-1', 'BAT006-1', 'BAT006-2', 'BAT006-2'],
  )
  assert.match(JSON.stringify(said), /a test/)
})

test('an order beyond what the device or its owner allows is held at the bound', async (t) => {
  const { port } = await serve(t, memoryUnit({ holding: plainRegisters() }))
  const battery = device(t, port, { nominal: { power: watts(30_000) } })
  assert.deepEqual(await battery.apply(order(80_000)), { answer: 'taken', applied: 30_000 })
  assert.equal(battery.capability().minPower, -30_000)
})

test('a device that holds something else than it was told has refused', async (t) => {
  const words = plainRegisters()
  const memory = memoryUnit({ holding: words })
  const { port } = await serve(t, {
    ...memory,
    write(table, address, values) {
      memory.write!(table, address, values)
      words.set([0, 1000], 40)
    },
  })
  const answer = await device(t, port).apply(order(-8000))
  assert.equal(answer.answer, 'refused')
  assert.equal(answer.applied, -1000)
  assert.match(answer.why!, /register 40/)
})

test('a device that refuses with an exception says which', async (t) => {
  const { port } = await serve(t, {
    ...memoryUnit({ holding: plainRegisters() }),
    write() {
      throw new ModbusException(4)
    },
  })
  const answer = await device(t, port).apply(order(1000))
  assert.equal(answer.answer, 'refused')
  assert.match(answer.why!, /exception 4, device failure/)
})

test('a mute device is silent in its own time, and delays nobody', async (t) => {
  const mute = await serve(t, memoryUnit({ holding: plainRegisters() }))
  const well = await serve(t, memoryUnit({ holding: plainRegisters() }))
  mute.mute(true)
  const said: Utterance[] = []
  const clock = manualClock(T0)
  /** Lets time pass for the mute one until it has given up. */
  const pass = async <T>(work: Promise<T>): Promise<T> => {
    let isOver = false
    const over = () => {
      isOver = true
    }
    work.then(over, over)
    while (!isOver) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.forward(10)
    }
    return work
  }
  const silent = device(t, mute.port, { timeout: '150 ms', clock, conversation: { note: (utterance) => said.push(utterance) } })
  const other = device(t, well.port)
  const finished: string[] = []
  const silence = silent.read(T0).catch((error) => {
    finished.push(error.code)
  })
  await other.read(T0).then(() => finished.push('well'))
  assert.deepEqual(finished, ['well'])
  await pass(silence)
  assert.deepEqual(finished, ['well', 'modbus-timeout'])
  const answer = await pass(silent.apply(order(1000)))
  assert.equal(answer.answer, 'silent')
  assert.match(answer.why!, /within 150 ms/)
  assert.match(silent.capability().why!, /within 150 ms/)
  assert.equal(silent.measured(), undefined)
  assert.deepEqual(
    said.map(({ kind, action }) => action ?? kind),
    ['connect', 'failed', 'close', 'setpoint', 'silent'],
  )
})

test('nobody at the address, and a device that never ends its answers, are silent too', async (t) => {
  const gone = await serveModbus({ unit: () => undefined })
  await gone.close()
  assert.equal((await device(t, gone.port).apply(order(1000))).answer, 'silent')

  // Each answer comes in time for its own time-out; the look as a whole still ends.
  const dripping = createServer((socket: Socket) => {
    socket.on('data', (ask: Buffer) => {
      const answer = Buffer.alloc(9 + 2 * ask.readUInt16BE(10))
      ask.copy(answer, 0, 0, 4)
      answer.writeUInt16BE(answer.length - 6, 4)
      answer.set([1, 3, answer.length - 9], 6)
      if (ask.readUInt16BE(8) <= 1) answer.writeUInt16BE(ask.readUInt16BE(8) === 0 ? 0x4246 : 1, 9)
      setTimeout(() => socket.write(answer), 100)
    })
    socket.on('error', () => {})
    t.after(() => socket.destroy())
  })
  dripping.listen(0, '127.0.0.1')
  await once(dripping, 'listening')
  t.after(() => dripping.close())
  await fails(device(t, (dripping.address() as AddressInfo).port, { patience: 250, timeout: '20 s' }).read(T0), 'device-slow')
})

test('garbage and a wrong length are failures of that look only, and the device comes back by itself', async (t) => {
  const words = plainRegisters()
  let bad: 'garbage' | 'short' | undefined = 'garbage'
  const good = await serve(t, memoryUnit({ holding: words }))
  const between = createServer((socket: Socket) => {
    socket.on('error', () => {})
    socket.on('data', (ask: Buffer) => {
      if (bad === 'garbage') socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')
      else if (bad === 'short') socket.write(Buffer.concat([ask.subarray(0, 4), Buffer.of(0, 4, 1, 3, 1, 0)]))
      else {
        const { connect } = net
        const through = connect(good.port, '127.0.0.1', () => through.write(ask))
        through.on('data', (answer) => {
          socket.write(answer)
          through.destroy()
        })
      }
    })
  })
  const net = await import('node:net')
  between.listen(0, '127.0.0.1')
  await once(between, 'listening')
  t.after(() => between.close())
  const clock = clockByHand()
  const news: string[] = []
  const battery = device(t, (between.address() as AddressInfo).port, { clock, onChange: (what) => news.push(what) })
  await fails(battery.read(T0), 'modbus-garbage')
  clock.at += 20_000
  bad = 'short'
  await fails(battery.read(instant(clock.at)), 'modbus-wrong-length')
  clock.at += 20_000
  bad = undefined
  assert.equal((await battery.read(instant(clock.at))).length, 2)
  assert.deepEqual(news, ['offline', 'online'])
})

test('another device than the template is for is left alone', async (t) => {
  const words = plainRegisters()
  words[0] = 0x1234
  const before = [...words]
  const { port } = await serve(t, memoryUnit({ holding: words }))
  const battery = device(t, port)
  await fails(battery.read(T0), 'device-mismatch')
  const answer = await battery.apply(order(1000))
  assert.equal(answer.answer, 'refused')
  assert.match(answer.why!, /register 0 is 4660/)
  assert.deepEqual([...words], before)
})

test('a device at fault answers, and says why orders make no sense', async (t) => {
  const words = plainRegisters()
  const { port } = await serve(t, memoryUnit({ holding: words }))
  const news: string[] = []
  const battery = device(t, port, { onChange: (what, why) => news.push(`${what} ${why}`.trim()), clock: clockByHand() })
  await battery.read(T0)
  words[13] = 4
  await battery.read(T0)
  assert.deepEqual([battery.capability().controllable, battery.capability().why], [false, "Its state is 'fault'."])
  words[13] = 1
  await battery.read(T0)
  assert.equal(battery.capability().controllable, true)
  assert.deepEqual(news, ['online', "faulted Its state is 'fault'.", 'changed'])
})

test('a frozen device is not believed: its counter stands still', async (t) => {
  const words = plainRegisters()
  const { port } = await serve(t, memoryUnit({ holding: words }))
  const clock = clockByHand()
  const battery = device(t, port, { clock })
  const look = (seconds: number) => {
    clock.at = T0 + seconds * SECOND
    return battery.read(instant(clock.at))
  }
  await look(0)
  await look(30)
  await fails(look(45), 'device-frozen')
  assert.match(battery.capability().why!, /frozen: its 'heartbeat' has stood still for 45 s/)
  assert.equal(battery.measured()!.at, T0 + 30_000)
  words[15]!++
  assert.equal((await look(50)).length, 2)
  assert.equal(battery.capability().controllable, true)
})

test('values grow old: a device not heard for a minute can do nothing', async (t) => {
  const { port } = await serve(t, memoryUnit({ holding: plainRegisters() }))
  const clock = clockByHand()
  const battery = device(t, port, { clock })
  await battery.read(T0)
  clock.at = T0 + 61_000
  assert.match(battery.capability().why!, /last heard 61 s ago/)
})

test('an order is told again before the watchdog runs out, and the safe default when it ends', async (t) => {
  const words = plainRegisters()
  const memory = memoryUnit({ holding: words })
  let told: (values: number[]) => void = () => {}
  const { port } = await serve(t, {
    ...memory,
    write(table, address, values) {
      memory.write!(table, address, values)
      told(values)
    },
  })
  const next = () =>
    new Promise<number[]>((resolve) => {
      told = (values) => {
        if (values.length >= 4) resolve(values)
      }
    })
  const clock = manualClock(T0)
  const battery = device(t, port, { clock, patience: 3_600_000 })
  await battery.apply(order(-8000, { until: instant(T0 + 30_000) }))
  const again = next()
  clock.forward(20_000)
  assert.deepEqual(await again, [0, 8000, 60, 1])
  const safe = next()
  // The order told again has to come home before the next timer is set.
  await battery.read(T0)
  await battery.read(T0)
  clock.forward(10_000)
  assert.deepEqual(await safe, [0, 0, 60, 1])
})

test('a new order ends the old one: only the new one is told again', async (t) => {
  const words = plainRegisters()
  const { port } = await serve(t, memoryUnit({ holding: words }))
  const clock = manualClock(T0)
  const battery = device(t, port, { clock })
  await battery.apply(order(-8000))
  await battery.apply(order(3000))
  words.set([0, 0], 40)
  clock.forward(20_000)
  await battery.read(T0)
  await battery.apply(order(3000))
  assert.deepEqual([...words.subarray(40, 42)], [0xffff, 65_536 - 3000])
})

test('a device that is closed while an order is under way tells nothing again', async (t) => {
  const { port } = await serve(t, memoryUnit({ holding: plainRegisters() }))
  const pending = new Set<object>()
  const clock: Clock = {
    ...systemClock,
    now: () => T0,
    in(delay, work) {
      const timer = systemClock.in(delay, () => {
        pending.delete(timer)
        work()
      })
      pending.add(timer)
      return {
        cancel() {
          pending.delete(timer)
          timer.cancel()
        },
      }
    },
  }
  const battery = device(t, port, { clock })
  await battery.apply(order(-8000))
  assert.equal(pending.size, 1, 'it would be told again')
  const answer = battery.apply(order(3000))
  battery.close()
  await answer
  assert.equal(pending.size, 0)
})

test('a SunSpec battery is pinned between its two rates', async (t) => {
  const image = sunSpecImage([
    { id: 1 },
    { id: 103, scales: { W_SF: 1 } },
    { id: 124, scales: { WChaMax_SF: 1, InOutWRte_SF: -2 } },
    { id: 802, scales: { WHRtg_SF: 2, WChaDisChaMax_SF: 1, SoC_SF: -2 } },
  ])
  const set = (model: number, values: Record<string, number>) => {
    for (const [name, value] of Object.entries(values)) image.set(model, name, value)
  }
  set(103, { W: -20_000 })
  set(124, { WChaMax: 40_000 })
  set(802, { WHRtg: 100_000, WDisChaRteMax: 50_000, SoC: 62.5, SoCMin: 10, SoCMax: 95, State: 3, LocRemCtl: 0 })
  const { port } = await serve(t, sunSpecUnit(image))
  const battery = device(t, port, { template: loadTemplate('battery/sunspec-battery'), clock: clockByHand() })
  assert.deepEqual(
    (await battery.read(T0)).map(({ value }) => value),
    [20, 62.5],
  )
  const { minPower, maxPower, storage } = battery.capability()
  assert.deepEqual([minPower, maxPower, storage?.soc], [-50_000, 40_000, 62_500])
  assert.deepEqual(await battery.apply(order(10_000)), { answer: 'taken', applied: 10_000 })
  const held = () => ['InWRte', 'OutWRte', 'InOutWRte_RvrtTms', 'StorCtl_Mod'].map((point) => image.get(124, point))
  assert.deepEqual(held(), [25, -20, 60, 3])
  await battery.apply(order(-20_000))
  assert.deepEqual(held(), [-50, 40, 60, 3])
  set(802, { LocRemCtl: 1 })
  await battery.read(T0)
  assert.equal(battery.capability().why, "Its control is 'local control'.")
})

test('a PV inverter is capped, set free, and never asked to consume', async (t) => {
  const image = sunSpecImage([{ id: 1 }, { id: 113 }, { id: 120, scales: { WRtg_SF: 0 } }, { id: 123, scales: { WMaxLimPct_SF: -1 } }])
  image.set(113, 'W', 3456.5)
  image.set(113, 'St', 4)
  image.set(120, 'WRtg', 5000)
  const { port } = await serve(t, sunSpecUnit(image))
  const pv = device(t, port, { kind: 'pv', template: loadTemplate('pv/sunspec-inverter'), sensors: { power: 41 } })
  assert.deepEqual(await pv.read(T0), [{ sensor: 41, at: T0, value: -3.4565 }])
  const held = () => ['WMaxLimPct', 'WMaxLimPct_RvrtTms', 'WMaxLim_Ena'].map((point) => image.get(123, point))
  assert.deepEqual(await pv.apply(order(-2000)), { answer: 'taken', applied: -2000 })
  assert.deepEqual(held(), [40, 60, 1])
  assert.deepEqual(await pv.apply(order(3000)), { answer: 'taken', applied: 0 })
  assert.deepEqual(held(), [0, 60, 1])
  assert.deepEqual(await pv.apply(order(-5000)), { answer: 'taken', applied: -5000 })
  assert.deepEqual(held(), [100, 60, 0])
})

test('one YAML file describes a brand with a mode, two rates, a counter and single writes', async (t) => {
  const { template, faults } = parseTemplate(`
template: 1
kind: battery
name: Two rates and a mode
bus: { words: little }
nominal: { consumption: 5 kW, production: 4 kW, capacity: 10 kWh, minSoc: 1 kWh }
readings:
  power: { register: 100, type: i32, table: input, scale: 0.1, unit: kW }
  soc: { register: 102, type: f32, table: input, unit: kWh }
orders:
  writes:
    - { register: 1, type: u16, from: power, unit: "%", of: consumption, part: consumption, function: 6 }
    - { register: 2, type: u16, from: power, unit: "%", of: production, part: production, function: 6 }
    - { register: 0, type: u16, value: { consume: 1, produce: 2, idle: 0 }, function: 6 }
    - { register: 9, type: u16, from: counter }
  safe: { writes: [{ register: 0, type: u16, value: 7 }] }
`)
  assert.deepEqual(faults, [])
  const input = new Uint16Array(104)
  input.set([65_536 - 73, 0xffff, 0x0000, 0x4090], 100)
  const holding = new Uint16Array(10)
  const functions: number[] = []
  const server = await serveModbus({ unit: () => memoryUnit({ holding, input }), onRequest: ({ fn }) => functions.push(fn) })
  t.after(() => server.close())
  const battery = device(t, server.port, { template: template! })
  assert.deepEqual(
    (await battery.read(T0)).map(({ value }) => value),
    [-7.3, 4.5],
  )
  assert.deepEqual(await battery.apply(order(2500)), { answer: 'taken', applied: 2500 })
  assert.deepEqual([...holding], [1, 50, 0, 0, 0, 0, 0, 0, 0, 1])
  assert.deepEqual(await battery.apply(order(-1000)), { answer: 'taken', applied: -1000 })
  assert.deepEqual([...holding], [2, 0, 25, 0, 0, 0, 0, 0, 0, 2])
  assert.deepEqual(await battery.apply(order(0)), { answer: 'taken', applied: 0 })
  assert.deepEqual([...holding.subarray(0, 3)], [0, 0, 0])
  assert.deepEqual(functions.filter((fn) => fn > 4).slice(0, 4), [6, 6, 6, 16])
  assert.deepEqual(battery.capability().storage?.min, 1000)
})
