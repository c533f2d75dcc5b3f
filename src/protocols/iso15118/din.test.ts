import assert from 'node:assert/strict'
import { connect } from 'node:net'
import test, { type TestContext } from 'node:test'
import { manualClock, parseInstant, systemClock } from '#kernel'
import { keyToPem, openTrialPki } from '#protocols/pki'
import { openChannel } from './channel.ts'
import { type EvccOptions, openSecc, runEvcc, type SeccOptions } from './listen.ts'
import type { DinBody, DinMessages } from './messages.gen.ts'
import { physical } from './numbers.ts'
import { type TestSupply, testSupply, testVehicle } from './parties.fixture.ts'
import type { Outcome, Supply, Vehicle } from './parties.ts'

const dinSupply = (more: Partial<Supply> = {}) => testSupply({ protocols: ['din', 'iso2'], current: 'DC', ...more })
const dinVehicle = (more: Parameters<typeof testVehicle>[0] = {}) =>
  testVehicle({ protocols: ['din'], current: 'DC', voltage: 400, ...more })

async function meet(t: TestContext, vehicle: Vehicle, supply: Supply, car: Partial<EvccOptions> = {}, station: Partial<SeccOptions> = {}) {
  const ends: Outcome[] = []
  const secc = await openSecc({ supply, onEnd: (outcome) => ends.push(outcome), ...station })
  t.after(() => secc.close())
  const outcome = await runEvcc({ vehicle, port: secc.port, every: 1, ...car })
  await secc.close()
  return { car: outcome, station: ends[0] }
}

test('a car of DIN 70121 charges with direct current up to the limit of each turn, and both ends agree on how it ended', async (t) => {
  const [vehicle, supply] = [dinVehicle({ turns: 4 }), dinSupply()]
  supply.power = 9000
  const { car, station } = await meet(t, vehicle, supply)
  assert.deepEqual([car.end, car.protocol, car.turns], ['terminated', 'din', 4], car.reason)
  assert.deepEqual([station?.end, station?.turns, station?.sessionId], ['terminated', 4, car.sessionId])
  assert.deepEqual(vehicle.orders, Array(4).fill({ kind: 'limit', power: 9000 }))
  const { state, dc, current } = supply.heard.at(-1)!
  assert.deepEqual([current, state.soc, state.capacity, state.target, dc?.maxVoltage, dc?.bulkSoc], ['DC', 40, 75_000, 30_000, 400, 80])
  assert.deepEqual(supply.log, ['authorize', 'closed', 'open', 'open'])
})

test('the station hears a new state of charge in the loop, and a car stops when the station asks for it', async (t) => {
  const vehicle = dinVehicle({ turns: 99 })
  vehicle.told = (order) => {
    vehicle.orders.push(order)
    vehicle.says.soc++
  }
  const supply = dinSupply({ wish: () => (vehicle.orders.length >= 3 ? 'stop' : 'charge') })
  const { car } = await meet(t, vehicle, supply)
  assert.deepEqual([car.end, car.turns], ['terminated', 4], car.reason)
  assert.equal(supply.heard.at(-1)!.state.soc, 43)
})

test('a driver who is refused, or a car with a fault, gets no energy', async (t) => {
  const refused = dinSupply({ authorize: async () => 'rejected' })
  assert.match((await meet(t, dinVehicle(), refused)).car.reason!, /refused ContractAuthentication: FAILED/)
  const broken = dinSupply()
  const vehicle = dinVehicle({ fault: () => (vehicle.orders.length > 0 ? 'FAILED_RESSTemperatureInhibit' : undefined) })
  const { station } = await meet(t, vehicle, broken)
  assert.deepEqual([station?.end, station?.reason, vehicle.orders.length], ['failed', 'CurrentDemand: FAILED', 1])
  assert.deepEqual([refused.log.includes('closed'), broken.log.at(-1)], [false, 'open'])
})

test('DIN 70121 is not spoken over TLS: the car gets ISO 15118-2 there', async (t) => {
  const pki = await openTrialPki(systemClock)
  const { chain, key } = await pki.seccLeaf('SECC-1')
  const tls = { cert: chain.join(''), key: keyToPem(key), ca: [pki.roots.v2g] }
  const vehicle = dinVehicle({ protocols: ['din', 'iso2'] })
  assert.equal((await meet(t, vehicle, dinSupply(), { tls: { ca: tls.ca } }, { tls })).car.protocol, 'iso2')
})

/** A car that says what the test says. */
async function bareCar(t: TestContext, supply: TestSupply, station: Partial<SeccOptions> = {}) {
  const ends: Outcome[] = []
  const secc = await openSecc({ supply, onEnd: (outcome) => ends.push(outcome), ...station })
  t.after(() => secc.close())
  const socket = connect(secc.port, '::1')
  t.after(() => socket.destroy())
  let isAgreed = false
  const channel = openChannel(socket, systemClock, () => (isAgreed ? 'din' : 'sap'))
  const offer = { ProtocolNamespace: 'urn:din:70121:2012:MsgDef', VersionNumberMajor: 2, VersionNumberMinor: 0, SchemaID: 1, Priority: 1 }
  channel.send('sap', { supportedAppProtocolReq: { AppProtocol: [offer] } })
  await channel.receive(5000, 'the handshake')
  isAgreed = true
  let sessionId = '00'
  const ask = async <Step extends keyof DinBody>(step: Step, body: NonNullable<DinBody[Step]>, session = sessionId) => {
    channel.send('din', { V2G_Message: { Header: { SessionID: session }, Body: { [step]: body } } } as never)
    const { Header, Body } = ((await channel.receive(5000, step)).message as unknown as DinMessages).V2G_Message
    sessionId = Header.SessionID
    return Object.values(Body)[0] as { ResponseCode: string }
  }
  const code = async (...asked: Parameters<typeof ask>) => (await ask(...asked)).ResponseCode
  return { code, ask, ends, closed: channel.closed }
}

const STATUS = { EVReady: true, EVErrorCode: 'NO_ERROR', EVRESSSOC: 40 } as const
const PARAMETERS = {
  EVRequestedEnergyTransferType: 'DC_extended',
  DC_EVChargeParameter: {
    DC_EVStatus: STATUS,
    EVMaximumCurrentLimit: physical(100, 'A'),
    EVMaximumVoltageLimit: physical(400, 'V'),
  },
} as const
const select = (SelectedPaymentOption: 'Contract' | 'ExternalPayment', ServiceID = 1) => ({
  SelectedPaymentOption,
  SelectedServiceList: { SelectedService: [{ ServiceID }] },
})

test('each wrong step has its code, and ends the session', async (t) => {
  const upTo = async (steps: number) => {
    const car = await bareCar(t, dinSupply())
    const walk = [
      () => car.code('SessionSetupReq', { EVCCID: '02AABBCCDDEE' }),
      () => car.code('ServiceDiscoveryReq', {}),
      () => car.code('ServicePaymentSelectionReq', select('ExternalPayment')),
      () => car.code('ContractAuthenticationReq', {}),
      () => car.code('ChargeParameterDiscoveryReq', PARAMETERS),
      () => car.code('CableCheckReq', { DC_EVStatus: STATUS }),
      () => car.code('PreChargeReq', { DC_EVStatus: STATUS, EVTargetVoltage: physical(400, 'V'), EVTargetCurrent: physical(0, 'A') }),
    ]
    for (const step of walk.slice(0, steps)) assert.match(await step(), /^OK/)
    return car
  }
  const profile = (SAScheduleTupleID: number, ChargingProfileEntryMaxPower: number) => ({
    ReadyToChargeState: true,
    ChargingProfile: { SAScheduleTupleID, ProfileEntry: [{ ChargingProfileEntryStart: 0, ChargingProfileEntryMaxPower }] },
  })
  const cases: [number, (car: Awaited<ReturnType<typeof upTo>>) => Promise<string>, string][] = [
    [0, (car) => car.code('ServiceDiscoveryReq', {}), 'FAILED_SequenceError'],
    [1, (car) => car.code('ServiceDiscoveryReq', {}, '0011223344556677'), 'FAILED_UnknownSession'],
    [
      1,
      (car) =>
        car.code('CurrentDemandReq', {
          DC_EVStatus: STATUS,
          EVTargetCurrent: physical(1, 'A'),
          ChargingComplete: false,
          EVTargetVoltage: physical(400, 'V'),
        }),
      'FAILED_SequenceError',
    ],
    [2, (car) => car.code('ServicePaymentSelectionReq', select('Contract')), 'FAILED_PaymentSelectionInvalid'],
    [2, (car) => car.code('ServicePaymentSelectionReq', select('ExternalPayment', 7)), 'FAILED_ServiceSelectionInvalid'],
    [
      4,
      (car) => car.code('ChargeParameterDiscoveryReq', { ...PARAMETERS, EVRequestedEnergyTransferType: 'AC_three_phase_core' }),
      'FAILED_WrongEnergyTransferType',
    ],
    [
      4,
      (car) => car.code('ChargeParameterDiscoveryReq', { EVRequestedEnergyTransferType: 'DC_core', EVChargeParameter: {} }),
      'FAILED_WrongChargeParameter',
    ],
    [6, (car) => car.code('PowerDeliveryReq', { ReadyToChargeState: true }), 'FAILED_SequenceError'],
    [7, (car) => car.code('PowerDeliveryReq', profile(3, 1000)), 'FAILED_TariffSelectionInvalid'],
    [7, (car) => car.code('PowerDeliveryReq', profile(1, 30_000)), 'FAILED_ChargingProfileInvalid'],
  ]
  for (const [steps, wrong, expected] of cases) {
    const car = await upTo(steps)
    assert.equal(await wrong(car), expected)
    await car.closed
    assert.equal(car.ends[0]?.end, 'failed', expected)
  }
  const stopped = await upTo(4)
  assert.equal(await stopped.code('SessionStopReq', {}), 'OK', 'a car may give up before it charges')
})

test('a car that falls silent is given up after a minute', async (t) => {
  const clock = manualClock(parseInstant('2026-01-01T00:00:00Z'))
  const supply = dinSupply()
  const car = await bareCar(t, supply, { clock })
  await car.code('SessionSetupReq', { EVCCID: '02AABBCCDDEE' })
  clock.forward(59_000)
  assert.match(await car.code('ServiceDiscoveryReq', {}), /^OK/)
  clock.forward(61_000)
  await car.closed
  assert.match(car.ends[0]?.reason ?? '', /did not come within 60 s/)
})
