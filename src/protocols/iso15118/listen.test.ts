import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { type EvccOptions, openSecc, runEvcc, type SeccOptions } from './listen.ts'
import { testSupply, testVehicle } from './parties.fixture.ts'
import type { Outcome, Supply, Vehicle } from './parties.ts'

/** One session over a loopback socket; how both ends saw it. */
async function meet(
  t: TestContext,
  vehicle: Vehicle,
  supply: Supply,
  more: { car?: Partial<EvccOptions>; station?: Partial<SeccOptions> } = {},
): Promise<{ car: Outcome; station: Outcome }> {
  let ended: (outcome: Outcome) => void = () => undefined
  const station = new Promise<Outcome>((resolve) => {
    ended = resolve
  })
  const secc = await openSecc({ supply, onEnd: ended, ...more.station })
  t.after(() => secc.close())
  const car = await runEvcc({ vehicle, port: secc.port, every: 1, ...more.car })
  return { car, station: await station }
}

test('a V2G car under dynamic control is told to give back, and its needs reach the station', async (t) => {
  const [vehicle, supply] = [testVehicle(), testSupply()]
  const { car, station } = await meet(t, vehicle, supply)
  assert.equal(car.end, 'terminated', car.reason)
  assert.equal(station.end, 'terminated', station.reason)
  assert.deepEqual([car.protocol, car.turns, station.sessionId], ['iso20-ac', 3, car.sessionId])
  assert.deepEqual(vehicle.orders, Array(3).fill({ kind: 'setpoint', power: -5000 }))
  const needs = supply.heard.at(-1)!
  assert.deepEqual([needs.bidirectional, needs.control], [true, 'dynamic'])
  assert.deepEqual(needs.state, {
    soc: 40,
    capacity: 75_000,
    target: 30_000,
    least: 10_000,
    most: 45_000,
    departure: 7200,
    maxCharge: 11_040,
    minCharge: 4140,
    maxDischarge: 11_040,
    v2x: { most: 40_000, least: -5000 },
    power: -5000,
  })
  assert.deepEqual(supply.log, ['authorize', 'closed', 'open', 'open'])
})

test('a DC car goes through cable check and pre-charge, and follows the power it is offered both ways', async (t) => {
  const vehicle = testVehicle({ protocols: ['iso20-dc'], current: 'DC', voltage: 400 })
  const { car } = await meet(t, vehicle, testSupply({ current: 'DC' }))
  assert.equal(car.end, 'terminated', car.reason)
  assert.deepEqual(vehicle.orders.at(-1), { kind: 'setpoint', power: -5000 })
})

test('a car that plans itself chooses the cheaper of two schedules and promises to keep within it', async (t) => {
  const choose = (offers: readonly { prices?: unknown }[]) => offers.findIndex(({ prices }) => prices !== undefined)
  for (const protocol of ['iso20-ac', 'iso2'] as const) {
    const [vehicle, supply] = [testVehicle({ protocols: [protocol], control: 'scheduled', choose }), testSupply()]
    supply.power = 6900
    const { car } = await meet(t, vehicle, supply)
    assert.equal(car.end, 'terminated', car.reason)
    assert.equal(supply.log[1], 'chosen 2 [{"start":0,"power":0},{"start":3600,"power":11040}]', protocol)
    assert.equal(vehicle.orders.at(-1)!.kind, 'limit')
    assert.ok(Math.abs(vehicle.orders.at(-1)!.power - 6900) < 1)
  }
})

test('ISO 15118-2 over direct current carries the limits of the station and the state of charge of the car', async (t) => {
  const vehicle = testVehicle({ protocols: ['iso2'], current: 'DC', voltage: 400 })
  const supply = testSupply({ current: 'DC' })
  supply.power = 9000
  const { car } = await meet(t, vehicle, supply)
  assert.equal(car.end, 'terminated', car.reason)
  assert.deepEqual(vehicle.orders.at(-1), { kind: 'limit', power: 9000 })
  const { state, dc } = supply.heard.at(-1)!
  assert.deepEqual([state.soc, state.capacity, state.target, state.departure, dc?.fullSoc], [40, 75_000, 30_000, 7200, 100])
})

test('a station may ask for new terms, and a paused session is joined again under its number', async (t) => {
  const starts = () => supply.log.filter((line) => line === 'closed').length
  const supply = testSupply({ wish: () => (starts() === 1 ? 'renegotiate' : 'charge') })
  let wish: 'charge' | 'pause' = 'charge'
  const vehicle = testVehicle({ wish: () => wish })
  vehicle.told = (order) => {
    vehicle.orders.push(order)
    if (vehicle.orders.length === 4) wish = 'pause'
  }
  const ends: Outcome[] = []
  const secc = await openSecc({ supply, onEnd: (outcome) => ends.push(outcome) })
  t.after(() => secc.close())
  const first = await runEvcc({ vehicle, port: secc.port, every: 1 })
  assert.deepEqual([first.end, first.turns], ['paused', 4], first.reason)
  assert.equal(starts(), 2)
  wish = 'charge'
  const again = await runEvcc({ vehicle: testVehicle(), port: secc.port, every: 1, sessionId: first.sessionId })
  assert.deepEqual([again.end, again.sessionId], ['terminated', first.sessionId], again.reason)
})

test('new terms and pauses work both ways in every version', async (t) => {
  for (const protocol of ['iso2', 'iso20-ac', 'iso20-dc'] as const)
    for (const asks of ['car', 'station']) {
      const current = protocol === 'iso20-dc' ? 'DC' : 'AC'
      const supply = testSupply({ current, wish: () => (asks === 'station' && starts() === 1 ? 'renegotiate' : 'charge') })
      const starts = () => supply.log.filter((line) => line === 'closed').length
      const vehicle = testVehicle({ protocols: [protocol], current, control: 'scheduled' })
      vehicle.wish = () => (vehicle.orders.length >= 3 ? 'pause' : asks === 'car' && starts() === 1 ? 'renegotiate' : 'charge')
      const secc = await openSecc({ supply })
      t.after(() => secc.close())
      const first = await runEvcc({ vehicle, port: secc.port, every: 1 })
      assert.deepEqual([first.end, starts()], ['paused', 2], `${protocol} ${asks} ${first.reason}`)
      assert.equal(supply.log.filter((line) => line.startsWith('chosen')).length, 2, 'the car chose anew')
      const more = { port: secc.port, every: 1, sessionId: first.sessionId }
      const again = await runEvcc({ vehicle: testVehicle({ protocols: [protocol], current, control: 'scheduled' }), ...more })
      assert.deepEqual([again.end, again.sessionId], ['terminated', first.sessionId], again.reason)
    }
})

test('a car that plans itself gives back too, as far as the turn of the loop says', async (t) => {
  for (const protocol of ['iso20-ac', 'iso20-dc'] as const) {
    const current = protocol === 'iso20-dc' ? 'DC' : 'AC'
    const [vehicle, supply] = [testVehicle({ protocols: [protocol], current, control: 'scheduled' }), testSupply({ current })]
    const { car } = await meet(t, vehicle, supply)
    assert.equal(car.end, 'terminated', car.reason)
    assert.deepEqual(vehicle.orders.at(-1), { kind: 'limit', power: -5000 }, protocol)
    assert.deepEqual([supply.heard.at(-1)!.bidirectional, supply.heard.at(-1)!.control], [true, 'scheduled'])
  }
})

test('a car that comes while another is served is turned away', async (t) => {
  const secc = await openSecc({ supply: testSupply() })
  t.after(() => secc.close())
  let second: Promise<Outcome> | undefined
  const vehicle = testVehicle({
    wish: () => {
      second ??= runEvcc({ vehicle: testVehicle(), port: secc.port })
      return vehicle.orders.length > 20 ? 'stop' : 'charge'
    },
  })
  const first = await runEvcc({ vehicle, port: secc.port, every: 1 })
  assert.equal(first.end, 'terminated', first.reason)
  assert.deepEqual([(await second!).end, (await second!).turns], ['failed', 0])
})

test('a refused driver gets no energy', async (t) => {
  for (const protocol of ['iso2', 'iso20-ac'] as const) {
    const supply = testSupply({ authorize: async () => 'rejected' })
    const { car, station } = await meet(t, testVehicle({ protocols: [protocol] }), supply)
    assert.match(car.reason!, /refused Authorization: FAILED/)
    assert.equal(station.reason, 'Authorization: FAILED')
    assert.ok(!supply.log.includes('closed'))
  }
})
