// The simulated devices on real sockets, asked by a plain Modbus client that knows nothing of them but the standard and the map.
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { instant, isProblem, type ManualClock, manualClock, SECOND, systemClock } from '#kernel'
import { decodeValue, encodeValue, findModel, type ModelValues, modbusClient, pointsOf, readModel, scanSunSpec } from '#protocols/modbus'
import { battery } from './battery.ts'
import { serveBattery } from './modbus-battery.ts'
import { servePv } from './modbus-pv.ts'
import { pvPlant } from './pv.ts'
import { sky } from './sky.ts'

const NOON = instant(Date.parse('2026-11-24T16:00:00Z'))
const PLACE = { latitude: 14.61, longitude: -61.05 }

function ask(t: TestContext, port: number) {
  // Time-outs of the client run on the machine's clock, the world runs on the test's.
  const client = modbusClient({ host: '127.0.0.1', port, timeout: 5000, longestPause: 0, clock: systemClock })
  t.after(() => client.close())
  const model = async (...ids: number[]): Promise<ModelValues> => readModel(client, findModel(await scanSunSpec(client), ...ids)!)
  const tell = async (id: number, point: string, values: number[]) =>
    client.writeRegisters(
      findModel(await scanSunSpec(client), id)!.address + pointsOf(id)!.get(point)!.offset,
      values.map((value) => value & 0xffff),
    )
  return { client, model, tell }
}

async function plant(t: TestContext, clock: ManualClock, float = false) {
  const weather = sky({ place: PLACE, seed: 7 })
  weather.cloud(0, 600, NOON)
  clock.forward(60 * SECOND)
  const running = await servePv(pvPlant({ id: 'PV001', weather, place: PLACE, start: clock.now() }), { clock, float })
  t.after(() => running.close())
  return running
}

async function store(t: TestContext, clock: ManualClock, speaks: 'sunspec' | 'plain') {
  const running = await serveBattery(battery({ id: 'BAT001', start: clock.now() }), { clock, speaks })
  t.after(() => running.close())
  return running
}

test('a PV inverter tells who it is and what it does, in whole numbers or in floating point', async (t) => {
  for (const float of [false, true]) {
    const clock = manualClock(NOON)
    const running = await plant(t, clock, float)
    const { model } = ask(t, running.port)
    const common = await model(1)
    assert.deepEqual([common['Mn'], common['SN']], ['Cariflex simulation', 'PV001'])
    assert.equal((await model(120))['WRtg'], 5000)
    const inverter = await model(float ? 113 : 103)
    assert.equal(Math.round(Number(inverter['W'])), Math.round(-running.state().power))
    assert.ok(Number(inverter['W']) > 2500)
    assert.equal(inverter['St'], 4)
    clock.forward(60 * SECOND)
    assert.ok(Number((await model(float ? 113 : 103))['WH']) > 40)
  }
})

test('a PV inverter obeys a cap, reverts when it is not told again, and refuses what makes no sense', async (t) => {
  const clock = manualClock(NOON)
  const running = await plant(t, clock)
  const { model, tell } = ask(t, running.port)
  await tell(123, 'WMaxLimPct', [2000, 0, 60, 0, 1])
  clock.forward(3 * SECOND)
  assert.equal((await model(103))['W'], 1000)
  assert.equal((await model(103))['St'], 5)
  clock.forward(60 * SECOND)
  assert.equal((await model(123))['WMaxLim_Ena'], 0)
  assert.ok(Number((await model(103))['W']) > 2500)
  await assert.rejects(tell(123, 'WMaxLimPct', [10_100]), /exception 3/)
})

test('a SunSpec battery follows its rates and stops when control is lost', async (t) => {
  const clock = manualClock(NOON)
  const running = await store(t, clock, 'sunspec')
  const { model, tell } = ask(t, running.port)
  await tell(124, 'OutWRte', [-4000, 4000, 0, 60])
  clock.forward(5 * SECOND)
  assert.equal((await model(103))['W'], 0, 'the rates are not in force yet')
  await tell(124, 'StorCtl_Mod', [3])
  clock.forward(5 * SECOND)
  assert.equal((await model(103))['W'], -20_000)
  assert.deepEqual([(await model(802))['State'], (await model(124))['ChaSt']], [3, 4])
  clock.forward(50 * SECOND)
  assert.equal(Math.round(running.state().power), 20_000)
  clock.forward(20 * SECOND)
  assert.equal(Math.round(running.state().power), 0)
  assert.equal((await model(124))['StorCtl_Mod'], 0)
  const { SoC, WHRtg, WDisChaRteMax, Hb } = await model(802)
  assert.deepEqual([WHRtg, WDisChaRteMax, Hb], [100_000, 50_000, 80])
  assert.ok(Number(SoC) > 50.2 && Number(SoC) < 50.5)
})

test('a plain battery follows its setpoint, counts its watchdog down and stops', async (t) => {
  const clock = manualClock(NOON)
  const running = await store(t, clock, 'plain')
  const { client } = ask(t, running.port)
  await client.writeRegisters(40, [...encodeValue('i32', 15_000), 30, 1])
  clock.forward(10 * SECOND)
  assert.equal(decodeValue('i32', await client.readHolding(10, 2)), 15_000)
  assert.deepEqual(await client.readHolding(43, 2), [1, 20])
  clock.forward(30 * SECOND)
  assert.equal(running.state().power, 0)
  assert.deepEqual(await client.readHolding(40, 5), [0, 0, 30, 0, 0])
  await assert.rejects(client.writeRegisters(40, [...encodeValue('i32', 60_000), 30, 1]), /exception 3/)
  await assert.rejects(client.writeRegister(12, 100), /exception 2/)
  await assert.rejects(client.readHolding(40, 20), /exception 2/)
})

test('a device at fault says so and refuses orders, whatever it speaks', async (t) => {
  const clock = manualClock(NOON)
  const pv = await plant(t, clock)
  const [one, two] = [await store(t, clock, 'sunspec'), await store(t, clock, 'plain')]
  for (const running of [pv, one, two]) {
    running.fault(true)
    assert.equal(running.faulty, true)
  }
  const inverter = ask(t, pv.port)
  assert.deepEqual([(await inverter.model(103))['St'], (await inverter.model(103))['W']], [7, 0])
  await assert.rejects(inverter.tell(123, 'WMaxLim_Ena', [1]), /exception 4/)
  const sunspec = ask(t, one.port)
  assert.equal((await sunspec.model(802))['State'], 99)
  await assert.rejects(sunspec.tell(124, 'StorCtl_Mod', [3]), /exception 4/)
  const plain = ask(t, two.port)
  assert.deepEqual(await plain.client.readHolding(13, 1), [4])
  await assert.rejects(plain.client.writeRegister(43, 1), /exception 4/)
})

test('a disconnected device is gone for so long, then back; a frozen one stands still', async (t) => {
  const clock = manualClock(NOON)
  const running = await store(t, clock, 'plain')
  const { client } = ask(t, running.port)
  await client.readHolding(0, 1)
  running.disconnect(30)
  assert.equal(running.connected, false)
  const gone = (error: unknown) => isProblem(error) && error.code === 'modbus-unreachable'
  await assert.rejects(client.readHolding(0, 1), gone)
  clock.forward(29 * SECOND)
  await assert.rejects(client.readHolding(0, 1), gone)
  clock.forward(2 * SECOND)
  assert.equal(running.connected, true)
  const beat = await client.readHolding(15, 1)
  running.freeze(true)
  clock.forward(100 * SECOND)
  assert.deepEqual(await client.readHolding(15, 1), beat)
  assert.equal(running.frozen, true)
})

test('a wrong unit id is met with silence', async (t) => {
  const running = await store(t, manualClock(NOON), 'plain')
  const client = modbusClient({ host: '127.0.0.1', port: running.port, unit: 7, timeout: 60 })
  t.after(() => client.close())
  await assert.rejects(client.readHolding(0, 1), (error) => isProblem(error) && error.code === 'modbus-timeout')
})
