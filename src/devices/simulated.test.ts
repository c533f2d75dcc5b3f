// The shipped templates against the simulated devices, over real sockets: the world's clock is the test's, the line's is the machine's.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { after, type Clock, instant, isProblem, manualClock, SECOND, systemClock, watts } from '#kernel'
import { battery } from '../simulators/battery.ts'
import { serveBattery } from '../simulators/modbus-battery.ts'
import { servePv } from '../simulators/modbus-pv.ts'
import { pvPlant } from '../simulators/pv.ts'
import { sky } from '../simulators/sky.ts'
import { checkTemplate } from './check-template.ts'
import { modbusDevice } from './modbus-device.ts'
import { loadTemplate } from './template-file.ts'

const NOON = instant(Date.parse('2026-11-24T16:00:00Z'))
const PLACE = { latitude: 14.61, longitude: -61.05 }

const TEMPLATES = { sunspec: 'battery/sunspec-battery', plain: 'battery/plain-battery' } as const

async function pair(t: TestContext, speaks: 'sunspec' | 'plain') {
  const world = manualClock(NOON)
  const simulation = await serveBattery(battery({ id: 'BAT001', start: NOON }), { clock: world, speaks })
  const template = { ...loadTemplate(TEMPLATES[speaks]), bus: { timeout: '200 ms', gap: 4 } }
  // Moments from the world, timers from the machine.
  const clock: Clock = { ...systemClock, now: () => world.now() }
  const device = modbusDevice({
    id: 'BAT001',
    asset: 11,
    kind: 'battery',
    template,
    host: '127.0.0.1',
    port: simulation.port,
    sensors: { power: 151, soc: 51 },
    clock,
  })
  t.after(async () => {
    device.close()
    await simulation.close()
  })
  const order = (power: number) =>
    device.apply({
      device: 'BAT001',
      asset: 11,
      power: watts(power),
      at: world.now(),
      until: after(world.now(), 900_000),
      because: 'test',
      rung: 'plan',
    })
  return { world, simulation, device, order }
}

for (const speaks of ['sunspec', 'plain'] as const) {
  test(`a ${speaks} battery obeys in both directions and measures what it was told`, async (t) => {
    const { world, simulation, device, order } = await pair(t, speaks)
    for (const power of [12_340, -33_330, 0, 50_000]) {
      assert.deepEqual((await order(power)).answer, 'taken')
      world.forward(5 * SECOND)
      await device.read(world.now())
      assert.ok(Math.abs(device.measured()!.power - power) <= 10, `${device.measured()!.power} W measured of ${power} W`)
      assert.ok(Math.abs(device.capability().storage!.soc - simulation.state().soc!) <= 60)
    }
  })

  test(`a ${speaks} battery that nobody speaks to falls to 0 W by itself`, async (t) => {
    const { world, device, order } = await pair(t, speaks)
    await order(20_000)
    world.forward(59 * SECOND)
    await device.read(world.now())
    assert.ok(Math.abs(device.measured()!.power - 20_000) <= 10)
    world.forward(5 * SECOND)
    await device.read(world.now())
    assert.equal(device.measured()!.power, 0)
  })

  test(`a ${speaks} battery at fault, cut off or frozen is seen as such, and comes back`, async (t) => {
    const { world, simulation, device, order } = await pair(t, speaks)
    await order(10_000)
    await device.read(world.now())
    simulation.fault(true)
    await device.read(world.now())
    assert.match(device.capability().why!, /'fault'/)
    assert.equal((await order(10_000)).answer, 'refused')
    simulation.fault(false)

    simulation.disconnect(60)
    await assert.rejects(device.read(world.now()), (error) => isProblem(error) && error.code === 'modbus-unreachable')
    assert.equal((await order(10_000)).answer, 'silent')
    world.forward(61 * SECOND)
    await device.read(world.now())
    assert.equal(device.capability().controllable, true)
    assert.equal((await order(10_000)).answer, 'taken')

    simulation.freeze(true)
    await device.read(world.now())
    world.forward(45 * SECOND)
    await assert.rejects(device.read(world.now()), (error) => isProblem(error) && error.code === 'device-frozen')
    simulation.freeze(false)
    world.forward(1 * SECOND)
    await device.read(world.now())
    assert.equal(device.capability().controllable, true)
  })
}

test('a PV plant is read as production, capped and set free again', async (t) => {
  const world = manualClock(NOON)
  const weather = sky({ place: PLACE, seed: 7 })
  weather.cloud(0, 60, after(NOON, -60 * SECOND))
  const simulation = await servePv(pvPlant({ id: 'PV001', weather, place: PLACE, start: NOON }), { clock: world })
  const device = modbusDevice({
    id: 'PV001',
    asset: 1,
    kind: 'pv',
    template: loadTemplate('pv/sunspec-inverter'),
    host: '127.0.0.1',
    port: simulation.port,
    sensors: { power: 41 },
    clock: { ...systemClock, now: () => world.now() },
  })
  t.after(async () => {
    device.close()
    await simulation.close()
  })
  const power = async () => {
    world.forward(5 * SECOND)
    return (await device.read(world.now())).find(({ sensor }) => sensor === 41)!.value
  }
  const cap = (limit: number) =>
    device.apply({
      device: 'PV001',
      asset: 1,
      power: watts(limit),
      at: world.now(),
      until: after(world.now(), 900_000),
      because: 'test',
      rung: 'grid',
    })
  assert.ok((await power()) < -2.5)
  assert.deepEqual(await cap(-1000), { answer: 'taken', applied: -1000 })
  assert.equal(await power(), -1)
  assert.equal(device.measures().find(({ name }) => name === 'state')?.says, 'throttled')
  assert.deepEqual(await cap(-5000), { answer: 'taken', applied: -5000 })
  assert.ok((await power()) < -2.5)
  simulation.freeze(true)
  await power()
  world.forward(300 * SECOND)
  await assert.rejects(device.read(world.now()), /frozen/)
})

test('a check reads a live device with units and signs, and writes nothing', async (t) => {
  const { world, simulation, order } = await pair(t, 'sunspec')
  await order(-15_000)
  world.forward(5 * SECOND)
  const report = await checkTemplate('battery/sunspec-battery', { live: `127.0.0.1:${simulation.port}` })
  assert.equal(report.ok, true)
  const text = report.lines.map((line) => line.text).join('\n')
  assert.match(text, /SunSpec at 40000: models 1, 103, 120, 124, 802/)
  assert.match(text, /power \(103\.W\): -15 kW, producing/)
  assert.match(text, /soc \(802\.SoC\): 49\.\d+ kWh, 50 %/)
  assert.match(text, /state \(802\.State\): connected \(3\)/)
  assert.match(text, /consumes up to 50 kW, produces up to 50 kW, stores 100 kWh, used between 10 kWh and 95 kWh/)
  world.forward(2 * SECOND)
  assert.equal(Math.round(simulation.state().power), -15_000, 'the check gave no order')
})

test('a check that may order gives the order, reads it back and ends with the safe default', async (t) => {
  const { world, simulation } = await pair(t, 'plain')
  const report = await checkTemplate('battery/plain-battery', { live: `127.0.0.1:${simulation.port}`, order: 2000 })
  assert.equal(report.ok, true)
  assert.match(report.lines.map((line) => line.text).join('\n'), /Order of 2 kW at .*: the device holds 2 kW\./)
  world.forward(5 * SECOND)
  assert.equal(simulation.state().power, 0)
})

test('a check names what is wrong: the file, the address, another device, nobody there, an unlikely scale', async (t) => {
  const { simulation } = await pair(t, 'plain')
  const live = `127.0.0.1:${simulation.port}`
  const faults = async (file: string, options = {}) =>
    (await checkTemplate(file, options)).lines.filter(({ level }) => level !== 'ok').map(({ text }) => text)
  assert.match((await faults('battery/plain-batery'))[0]!, /no device template/)
  assert.match((await faults('battery/plain-battery', { live: 'here or there' }))[0]!, /not an address/)
  assert.match((await faults('battery/sunspec-battery', { live }))[0]!, /No SunSpec marker/)
  assert.match((await faults('battery/plain-battery', { live: '127.0.0.1:1' }))[0]!, /cannot be reached/)
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-check-'))
  t.after(() => rmSync(folder, { recursive: true, force: true, maxRetries: 20 }))
  const file = join(folder, 'wrong.yaml')
  writeFileSync(
    file,
    `
template: 1
kind: battery
name: Wrong scale
nominal: { consumption: 5 kW, production: 5 kW, capacity: 10 kWh }
readings:
  power: { register: 18, type: u32, unit: W, scale: 10 }
  soc: { register: 16, type: u32, unit: Wh }
`,
  )
  const doubts = await faults(file, { live })
  assert.equal(doubts.length, 2)
  assert.match(doubts[0]!, /power \(register 18\): that is more than it can do/)
  assert.match(doubts[1]!, /soc \(register 16\): that does not fit/)
})
