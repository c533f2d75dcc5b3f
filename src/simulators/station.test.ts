/** The simulated station on a real socket, against a CSMS that does what each test wants. The clock is moved by hand. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { manualClock, parseInstant, wattHours, watts } from '#kernel'
import {
  acceptStations,
  CallError,
  type ChargingProfile,
  type Messages,
  type NotifyReportRequest,
  type Payload,
  type Session,
  type SetChargingProfileResponse,
  type TransactionEventRequest,
} from '#protocols/ocpp'
import { CAR_EFFICIENCY, type Car, type CarSpec, openCar } from './car.ts'
import { type Station, type StationMemory, startStation } from './station.ts'

const START = parseInstant('2026-03-02T22:00:00-04:00')
const PASSWORD = 'island-password-16'

type Answers = { [A in keyof Messages]?: (request: Messages[A]['request']) => Messages[A]['response'] }
type Called = { action: string; payload: Payload }

interface Rig {
  station: Station
  clock: ReturnType<typeof manualClock>
  /** What the station sent, in order. */
  calls: Called[]
  of<A extends keyof Messages>(action: A): Messages[A]['request'][]
  events(): TransactionEventRequest[]
  answers: Answers
  /** Passwords that came with the handshakes, and when. */
  passwords: string[]
  tries: number[]
  /** Whether the CSMS lets the station in. */
  door: { open: boolean }
  /** What the station kept before each of its events. */
  kept: StationMemory[]
  session(): Session
  ask<A extends keyof Messages>(action: A, payload: Messages[A]['request']): Promise<Messages[A]['response']>
  /** Lets seconds pass; after each, what is on the wire is delivered. */
  pass(seconds: number): Promise<void>
  /** Lets seconds pass until it is so. */
  until(what: string, condition: () => boolean, most?: number): Promise<void>
}

async function rig(
  t: TestContext,
  {
    answers = {},
    nominal = 22_080,
    v2x = true,
    password,
    memory,
    car,
  }: { answers?: Answers; nominal?: number; v2x?: boolean; password?: string; memory?: StationMemory; car?: Car } = {},
): Promise<Rig> {
  const clock = manualClock(START)
  const calls: Called[] = []
  const passwords: string[] = []
  const tries: number[] = []
  const door = { open: true }
  const kept: StationMemory[] = []
  let current: Session | undefined
  let underWay = 0
  const accepted = (): Messages['Authorize']['response'] => ({ idTokenInfo: { status: 'Accepted' } })
  const usual: Answers = {
    BootNotification: () => ({ currentTime: '2026-03-02T22:00:00Z', interval: 300, status: 'Accepted' }),
    Heartbeat: () => ({ currentTime: '2026-03-02T22:00:00Z' }),
    Authorize: accepted,
    TransactionEvent: ({ idToken }) => (idToken ? accepted() : {}),
    NotifyEVChargingNeeds: () => ({ status: 'Accepted' }),
    StatusNotification: () => ({}),
    NotifyReport: () => ({}),
    NotifyEvent: () => ({}),
    MeterValues: () => ({}),
    ReportChargingProfiles: () => ({}),
  }
  const acceptor = acceptStations({
    authenticate: async (_, credentials) => {
      passwords.push(credentials?.password.toString() ?? '')
      tries.push(clock.now())
      return door.open ? { ok: true } : { ok: false, status: 401, why: 'closed' }
    },
    handlerFor: () => async (action, payload) => {
      calls.push({ action, payload })
      const answer = (answers[action as keyof Messages] ?? usual[action as keyof Messages]) as ((request: Payload) => Payload) | undefined
      if (!answer) throw new CallError('NotImplemented')
      return answer(payload)
    },
    onSession(session) {
      current = session
      void session.closed.then(() => {
        if (current === session) current = undefined
      })
    },
    clock,
    ping: 0,
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void acceptor.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const station = startStation({
    spec: { identity: 'CP001', nominal: watts(nominal), v2x },
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`,
    clock,
    ...(password === undefined ? {} : { password }),
    ...(memory ? { memory } : {}),
    onEvent: () => kept.push(station.memory()),
    onFrame({ kind, direction }) {
      // Every CALL, whoever sent it, has one answer: at zero the wire is quiet.
      if (kind === 'CALL') underWay++
      else if (kind !== 'garbage' || direction === 'out') underWay--
    },
  })
  // As the world does at its start: before the first tick and the first connection.
  if (car) station.plug(car)
  t.after(async () => {
    const stopped = station.stop()
    const ticking = setInterval(() => clock.forward(1000), 1)
    await stopped
    await acceptor.close()
    clearInterval(ticking)
    server.close()
    server.closeAllConnections()
  })
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  const quiet = async () => {
    for (let calm = 0, turns = 0; calm < 4 && turns < 20_000; turns++) {
      await turn()
      // A dropped connection leaves calls without answers.
      calm = underWay <= 0 || !station.state().connected ? calm + 1 : 0
    }
    if (!station.state().connected) underWay = 0
  }
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      clock.forward(1000)
      await quiet()
    }
  }
  const session = () => {
    assert.ok(current, 'the station is connected')
    return current
  }
  const made: Rig = {
    station,
    clock,
    calls,
    answers,
    passwords,
    tries,
    door,
    kept,
    of: (action) => calls.filter((call) => call.action === action).map((call) => call.payload) as never,
    events: () => made.of('TransactionEvent'),
    session,
    async ask(action, payload) {
      const answer = await session().call(action, payload)
      await quiet()
      return answer as never
    },
    pass,
    async until(what, condition, most = 400) {
      for (let second = 0; !condition(); second++) {
        assert.ok(second < most, `${what} within ${most} s`)
        await pass(1)
      }
    },
  }
  clock.forward(0)
  for (let turns = 0; !station.state().connected && turns < 100_000; turns++) await turn()
  await quiet()
  return made
}

const spec = (more: Partial<CarSpec> = {}): CarSpec => ({
  id: 'V2G001',
  token: { idToken: 'FRCFXC00000001', type: 'eMAID' },
  home: 'CP001',
  seed: 4200,
  rhythm: 'commuter',
  zone: 'America/Martinique',
  capacity: wattHours(75_000),
  onboard: watts(11_040),
  discharge: watts(11_040),
  target: 0.8,
  reserve: 0.3,
  ...more,
})
const newCar = (more: Partial<CarSpec> & { soc?: number } = {}): Car =>
  openCar(spec(more), { at: START, soc: wattHours(more.soc ?? 40_000) })

const profile = (limit: number, more: Partial<ChargingProfile> & { duration?: number } = {}): ChargingProfile => {
  const { duration, ...rest } = more
  return {
    id: 10,
    stackLevel: 0,
    chargingProfilePurpose: 'TxProfile',
    chargingProfileKind: 'Absolute',
    chargingSchedule: [
      {
        id: 10,
        chargingRateUnit: 'W',
        startSchedule: '2026-03-03T01:00:00Z',
        chargingSchedulePeriod: [{ startPeriod: 0, limit }],
        ...(duration === undefined ? {} : { duration }),
      },
    ],
    ...rest,
  }
}
const reason = (answer: SetChargingProfileResponse) => `${answer.status} ${answer.statusInfo?.reasonCode ?? ''}`.trim()
const refused = (code: string) => (error: unknown) => error instanceof CallError && error.code === code
const powerOf = (one: Rig) => Math.round(one.station.state().power)
const measured = (event: TransactionEventRequest | undefined, measurand: string, which = -1) =>
  event?.meterValue?.at(which)?.sampledValue.find((value) => value.measurand === measurand)?.value

/** Plugs a car and lets it be authorised. */
async function charging(t: TestContext, more: Parameters<typeof rig>[1] & { car?: Car } = {}) {
  const one = await rig(t, more)
  const car = more.car ?? newCar()
  one.station.plug(car)
  await one.until('charging', () => one.events().some((event) => event.transactionInfo.chargingState === 'Charging'))
  const transactionId = one.station.state().transaction!
  return { ...one, car, transactionId }
}

test('a station boots, tells its status and beats as often as it was told', async (t) => {
  const one = await rig(t, {
    answers: { BootNotification: () => ({ currentTime: '2026-03-02T22:00:00Z', interval: 20, status: 'Accepted' }) },
  })
  assert.deepEqual(
    one.calls.map((call) => call.action),
    ['BootNotification', 'StatusNotification', 'NotifyEvent', 'NotifyEvent'],
  )
  assert.equal(one.of('BootNotification')[0]!.reason, 'PowerUp')
  assert.equal(one.of('StatusNotification')[0]!.connectorStatus, 'Available')
  await one.pass(65)
  assert.equal(one.of('Heartbeat').length, 3)
})

test('while Pending it serves configuration, refuses the rest and waits for the interval or a trigger', async (t) => {
  let status: 'Pending' | 'Accepted' = 'Pending'
  const one = await rig(t, { answers: { BootNotification: () => ({ currentTime: '2026-03-02T22:00:00Z', interval: 60, status }) } })
  one.station.plug(newCar())
  await one.pass(30)
  assert.deepEqual([...new Set(one.calls.map((call) => call.action))], ['BootNotification'])
  assert.equal((await one.ask('GetBaseReport', { requestId: 1, reportBase: 'ConfigurationInventory' })).status, 'Accepted')
  await one.pass(1)
  assert.ok(one.of('NotifyReport').length > 0)
  assert.equal((await one.ask('RequestStartTransaction', { remoteStartId: 1, idToken: spec().token })).status, 'Rejected')
  await assert.rejects(one.ask('ClearCache', {}), refused('SecurityError'))
  await one.until('a second boot', () => one.of('BootNotification').length === 2, 61)
  status = 'Accepted'
  assert.equal((await one.ask('TriggerMessage', { requestedMessage: 'BootNotification' })).status, 'Accepted')
  await one.pass(1)
  assert.equal(one.of('BootNotification')[2]!.reason, 'Triggered')
  assert.equal((await one.ask('TriggerMessage', { requestedMessage: 'BootNotification' })).status, 'Rejected')
  await one.until('the car that was there starts', () => one.events().length > 0)
})

test('a rejected station only boots again, after the interval', async (t) => {
  const one = await rig(t, {
    answers: { BootNotification: () => ({ currentTime: '2026-03-02T22:00:00Z', interval: 40, status: 'Rejected' }) },
  })
  await one.pass(100)
  assert.deepEqual(
    one.calls.map((call) => call.action),
    ['BootNotification', 'BootNotification', 'BootNotification'],
  )
  await assert.rejects(
    one.ask('GetVariables', { getVariableData: [{ component: { name: 'TxCtrlr' }, variable: { name: 'TxStartPoint' } }] }),
    refused('SecurityError'),
  )
})

test('a charge is told from plug to unplug: one transaction, numbered from 0, its energy in the registers', async (t) => {
  const one = await charging(t)
  await one.ask('SetVariables', {
    setVariableData: [{ component: { name: 'SampledDataCtrlr' }, variable: { name: 'TxUpdatedInterval' }, attributeValue: '5' }],
  })
  const soc = one.car.soc()
  const from = one.events().length
  await one.pass(60)
  const periodic = one
    .events()
    .slice(from)
    .filter((event) => event.triggerReason === 'MeterValuePeriodic')
  assert.ok(periodic.length >= 11 && periodic.length <= 13, `${periodic.length} samples in a minute`)
  assert.equal(measured(periodic.at(-1), 'Power.Active.Import'), 11_040)
  assert.equal(measured(periodic.at(-1), 'Current.Import'), 16)
  assert.ok(Math.abs(measured(periodic.at(-1), 'SoC')! - one.car.percent()) < 0.5)
  assert.ok(one.car.soc() > soc)
  one.station.unplug()
  await one.pass(2)
  const events = one.events()
  assert.deepEqual(
    events.map((event) => event.seqNo),
    events.map((_, index) => index),
  )
  assert.deepEqual([...new Set(events.map((event) => event.transactionInfo.transactionId))], [one.transactionId])
  assert.deepEqual(
    events.slice(0, 3).map((event) => [event.eventType, event.triggerReason, event.transactionInfo.chargingState, event.idToken?.idToken]),
    [
      ['Started', 'CablePluggedIn', 'EVConnected', undefined],
      ['Updated', 'Authorized', 'EVConnected', 'FRCFXC00000001'],
      ['Updated', 'ChargingStateChanged', 'Charging', undefined],
    ],
  )
  const last = events.at(-1)!
  assert.deepEqual(
    [last.eventType, last.triggerReason, last.transactionInfo.stoppedReason],
    ['Ended', 'EVCommunicationLost', 'EVDisconnected'],
  )
  const contexts = last.meterValue!.map((value) => value.sampledValue[0]!.context)
  assert.deepEqual(contexts, ['Transaction.Begin', 'Transaction.End'])
  const energy = measured(last, 'Energy.Active.Import.Register')! - measured(last, 'Energy.Active.Import.Register', 0)!
  assert.ok(Math.abs(energy * CAR_EFFICIENCY - (one.car.soc() - 40_000)) < 2)
  assert.deepEqual(
    one.of('StatusNotification').map((status) => status.connectorStatus),
    ['Available', 'Occupied', 'Available'],
  )
})

test('the wish of the driver arrives once, after the transaction is known', async (t) => {
  const one = await charging(t)
  await one.pass(30)
  const needs = one.of('NotifyEVChargingNeeds')
  assert.equal(needs.length, 1)
  const { acChargingParameters, departureTime, requestedEnergyTransfer } = needs[0]!.chargingNeeds
  assert.equal(requestedEnergyTransfer, 'AC_three_phase')
  assert.ok(Math.abs(acChargingParameters!.energyAmount - (60_000 - 40_000) / CAR_EFFICIENCY) < 50)
  assert.equal(acChargingParameters!.evMaxCurrent, 16)
  const leaves = parseInstant(departureTime!)
  assert.ok(leaves > parseInstant('2026-03-03T06:00:00-04:00') && leaves < parseInstant('2026-03-03T08:00:00-04:00'))
  const started = one.calls.findIndex((call) => call.action === 'TransactionEvent')
  assert.ok(one.calls.findIndex((call) => call.action === 'NotifyEVChargingNeeds') > started)
})

test('the car follows its profile, pauses below 6 A, and falls to the default when the profile ends', async (t) => {
  const one = await charging(t)
  const { transactionId } = one
  const floor = profile(4_140, { id: 2, chargingProfilePurpose: 'TxDefaultProfile' })
  assert.equal(reason(await one.ask('SetChargingProfile', { evseId: 0, chargingProfile: floor })), 'Accepted')
  await one.pass(20)
  assert.equal(powerOf(one), 4_140)
  assert.equal(reason(await one.ask('SetChargingProfile', { evseId: 1, chargingProfile: profile(8_000, { transactionId }) })), 'Accepted')
  await one.pass(20)
  assert.equal(powerOf(one), 8_000)
  assert.ok(
    one.events().some((event) => event.triggerReason === 'ChargingRateChanged' && measured(event, 'Power.Active.Import') === 4_140),
    'a new rate is told when it is reached, before the next sample',
  )
  await one.ask('SetChargingProfile', { evseId: 1, chargingProfile: profile(4_000, { transactionId }) })
  await one.pass(20)
  assert.equal(powerOf(one), 0)
  assert.equal(one.events().at(-1)!.transactionInfo.chargingState, 'SuspendedEVSE')
  // 2 h 1 min after the profile's start, which lies an hour back.
  const short = profile(6_000, { transactionId, duration: 3600 + 120 })
  await one.ask('SetChargingProfile', {
    evseId: 1,
    chargingProfile: { ...short, chargingSchedule: [{ ...short.chargingSchedule[0]!, startSchedule: '2026-03-03T01:00:00Z' }] },
  })
  const composite = await one.ask('GetCompositeSchedule', { evseId: 1, duration: 600, chargingRateUnit: 'A' })
  assert.deepEqual(
    composite.schedule!.chargingSchedulePeriod.map(({ limit }) => Math.round(limit * 100) / 100),
    [8.7, 6],
  )
  await one.pass(20)
  assert.equal(powerOf(one), 6_000)
  await one.pass(120)
  assert.equal(powerOf(one), 4_140)
  // No platform can lift what the hardware gives.
  const most = await one.ask('GetCompositeSchedule', { evseId: 0, duration: 60 })
  assert.equal(most.schedule!.chargingSchedulePeriod[0]!.limit, 4_140)
})

test('profiles are listed, cleared and refused with their reason; a TxProfile ends with its transaction, the others stay', async (t) => {
  const one = await charging(t)
  const { transactionId } = one
  const set = async (evseId: number, chargingProfile: ChargingProfile) =>
    reason(await one.ask('SetChargingProfile', { evseId, chargingProfile }))
  assert.equal(await set(1, profile(5_000, { transactionId: 'another' })), 'Rejected TxNotFound')
  assert.equal(await set(2, profile(5_000, { transactionId })), 'Rejected UnknownEvse')
  assert.equal(await set(1, profile(5_000, { transactionId })), 'Accepted')
  assert.equal(await set(0, profile(9_000, { id: 1, chargingProfilePurpose: 'ChargingStationMaxProfile' })), 'Accepted')
  assert.equal(
    (await one.ask('GetChargingProfiles', { requestId: 5, chargingProfile: { chargingLimitSource: ['CSO'] } })).status,
    'Accepted',
  )
  await one.pass(1)
  const reports = one.of('ReportChargingProfiles')
  assert.deepEqual(
    reports.map(({ requestId, evseId, tbc, chargingProfile }) => [requestId, evseId, tbc ?? false, chargingProfile[0]!.id]),
    [
      [5, 1, true, 10],
      [5, 0, false, 1],
    ],
  )
  one.station.unplug()
  await one.pass(2)
  assert.deepEqual(
    one.station.memory().profiles.map((installed) => installed.profile.id),
    [1],
  )
  assert.equal((await one.ask('GetChargingProfiles', { requestId: 6, chargingProfile: { chargingProfileId: [10] } })).status, 'NoProfiles')
  assert.equal((await one.ask('ClearChargingProfile', { chargingProfileId: 10 })).status, 'Unknown')
  assert.equal(
    (await one.ask('ClearChargingProfile', { chargingProfileCriteria: { chargingProfilePurpose: 'ChargingStationMaxProfile' } })).status,
    'Accepted',
  )
  assert.equal((await one.ask('GetCompositeSchedule', { evseId: 3, duration: 60 })).status, 'Rejected')
})

test('off line it goes on by its profiles, keeps its events and delivers them in order without a new boot', async (t) => {
  const one = await charging(t)
  await one.ask('SetChargingProfile', {
    evseId: 1,
    chargingProfile: profile(8_000, { transactionId: one.transactionId, duration: 3600 + 60 }),
  })
  await one.ask('SetChargingProfile', { evseId: 0, chargingProfile: profile(5_000, { id: 2, chargingProfilePurpose: 'TxDefaultProfile' }) })
  await one.pass(10)
  const before = one.events().length
  one.station.disconnect(120)
  await one.pass(20)
  assert.equal(one.station.state().connected, false)
  assert.equal(powerOf(one), 8_000)
  await one.pass(60)
  assert.equal(powerOf(one), 5_000)
  assert.equal(one.events().length, before)
  await one.until('back', () => one.station.state().connected && one.station.state().waitingEvents === 0, 100)
  const events = one.events()
  const late = events.slice(before).filter((event) => event.offline)
  assert.ok(late.length >= 3)
  assert.deepEqual(
    events.map((event) => event.seqNo),
    events.map((_, index) => index),
  )
  assert.equal(one.of('BootNotification').length, 1)
  // Away longer than OfflineThreshold: the status is told again though it is the same.
  assert.equal(one.of('StatusNotification').filter((status) => status.connectorStatus === 'Occupied').length, 2)
  assert.equal(powerOf(one), 5_000)
})

test('a car that gives back does so only where the station declares it', async (t) => {
  const one = await charging(t)
  const v2x = (variable: string) => ({ component: { name: 'V2XChargingCtrlr', evse: { id: 1 } }, variable: { name: variable } })
  const said = await one.ask('GetVariables', { getVariableData: [v2x('Enabled'), v2x('Available')] })
  assert.deepEqual(
    said.getVariableResult.map((result) => result.attributeValue),
    ['true', 'true'],
  )
  assert.deepEqual(
    one
      .of('NotifyEvent')
      .map(({ eventData }) => `${eventData[0]!.component.name}.${eventData[0]!.variable.name} ${eventData[0]!.actualValue}`),
    ['V2XChargingCtrlr.Available false', 'Connector.Problem false', 'V2XChargingCtrlr.Available true'],
  )
  const order = profile(-7_000, { transactionId: one.transactionId })
  assert.equal(reason(await one.ask('SetChargingProfile', { evseId: 1, chargingProfile: order })), 'Accepted')
  assert.equal((await one.ask('GetCompositeSchedule', { evseId: 1, duration: 60 })).schedule!.chargingSchedulePeriod[0]!.limit, -7_000)
  const soc = one.car.soc()
  await one.pass(60)
  assert.equal(powerOf(one), -7_000)
  assert.ok(one.car.soc() < soc)
  const sample = one.events().findLast((event) => event.triggerReason === 'MeterValuePeriodic')
  assert.equal(measured(sample, 'Power.Active.Export'), 7_000)
  assert.equal(measured(sample, 'Power.Active.Import'), 0)
  assert.ok(measured(sample, 'Energy.Active.Export.Register')! > 0)
  await one.ask('SetVariables', { setVariableData: [{ ...v2x('Enabled'), attributeValue: 'false' }] })
  assert.equal(
    reason(await one.ask('SetChargingProfile', { evseId: 1, chargingProfile: { ...order, id: 11, stackLevel: 1 } })),
    'Rejected InvalidValue',
  )
  await one.pass(2)
  assert.equal(one.of('NotifyEvent').at(-1)!.eventData[0]!.actualValue, 'false')
})

test('neither a one-way car nor a one-way station takes an order to give back', async (t) => {
  const oneWayCar = await charging(t, { car: newCar({ discharge: watts(0) }) })
  const order = (transactionId: string) => ({ evseId: 1, chargingProfile: profile(-7_000, { transactionId }) })
  assert.equal(reason(await oneWayCar.ask('SetChargingProfile', order(oneWayCar.transactionId))), 'Rejected InvalidValue')
  assert.ok(!JSON.stringify(oneWayCar.of('NotifyEvent')).includes('"true"'))
  const oneWayStation = await charging(t, { v2x: false })
  assert.equal(reason(await oneWayStation.ask('SetChargingProfile', order(oneWayStation.transactionId))), 'Rejected InvalidValue')
})

test('a remote start waits for the car, brings its profile, and a remote stop ends it', async (t) => {
  const one = await rig(t)
  const { transactionId: _, ...forStart } = profile(6_000, { id: 30, transactionId: 'x' })
  const wrong = await one.ask('RequestStartTransaction', {
    remoteStartId: 6,
    idToken: spec().token,
    chargingProfile: profile(6_000, { transactionId: 'x' }),
  })
  assert.equal(`${wrong.status} ${wrong.statusInfo?.reasonCode}`, 'Rejected UnsupportedParam')
  const start = await one.ask('RequestStartTransaction', { remoteStartId: 7, idToken: spec().token, evseId: 1, chargingProfile: forStart })
  assert.equal(start.status, 'Accepted')
  await one.pass(10)
  const started = one.events()[0]!
  assert.deepEqual(
    [started.eventType, started.triggerReason, started.transactionInfo.remoteStartId, started.idToken?.idToken],
    ['Started', 'RemoteStart', 7, 'FRCFXC00000001'],
  )
  assert.equal(one.of('Authorize').length, 0)
  one.station.plug(newCar())
  await one.pass(20)
  assert.equal(powerOf(one), 6_000)
  const id = started.transactionInfo.transactionId
  assert.deepEqual(await one.ask('GetTransactionStatus', { transactionId: id }), { ongoingIndicator: true, messagesInQueue: false })
  assert.equal((await one.ask('RequestStopTransaction', { transactionId: 'another' })).status, 'Rejected')
  assert.equal((await one.ask('RequestStopTransaction', { transactionId: id })).status, 'Accepted')
  await one.pass(30)
  const ended = one.events().at(-1)!
  assert.deepEqual([ended.eventType, ended.triggerReason, ended.transactionInfo.stoppedReason], ['Ended', 'RemoteStop', 'Remote'])
  assert.equal(powerOf(one), 0)
  assert.equal(one.station.state().connector, 'Occupied')
  // The plugged car may be started again from afar.
  await one.ask('RequestStartTransaction', { remoteStartId: 8, idToken: spec().token })
  await one.pass(20)
  assert.equal(powerOf(one), 11_040)
})

test('a remote start without a car times out; with AuthorizeRemoteStart the token is asked for first', async (t) => {
  const one = await rig(t)
  await one.ask('RequestStartTransaction', { remoteStartId: 1, idToken: spec().token })
  await one.until('the time-out', () => one.events().at(-1)?.eventType === 'Ended', 70)
  const ended = one.events().at(-1)!
  assert.deepEqual([ended.triggerReason, ended.transactionInfo.stoppedReason], ['EVConnectTimeout', 'Timeout'])
  await one.ask('SetVariables', {
    setVariableData: [{ component: { name: 'AuthCtrlr' }, variable: { name: 'AuthorizeRemoteStart' }, attributeValue: 'true' }],
  })
  one.answers.Authorize = () => ({ idTokenInfo: { status: 'Blocked' } })
  const before = one.events().length
  await one.ask('RequestStartTransaction', { remoteStartId: 2, idToken: spec().token })
  await one.pass(5)
  assert.equal(one.of('Authorize').length, 1)
  assert.equal(one.events().length, before)
})

test('a token that is not accepted moves no energy; one that is taken back ends the transaction', async (t) => {
  const invalid = await rig(t, { answers: { Authorize: () => ({ idTokenInfo: { status: 'Invalid' } }) } })
  invalid.station.plug(newCar())
  await invalid.pass(30)
  assert.equal(powerOf(invalid), 0)
  assert.deepEqual([...new Set(invalid.events().map((event) => event.transactionInfo.chargingState))], ['EVConnected'])
  const blocked = await rig(t, { answers: { TransactionEvent: ({ idToken }) => (idToken ? { idTokenInfo: { status: 'Blocked' } } : {}) } })
  blocked.station.plug(newCar())
  await blocked.until('the end', () => blocked.events().at(-1)?.eventType === 'Ended', 30)
  assert.equal(blocked.events().at(-1)!.transactionInfo.stoppedReason, 'DeAuthorized')
  await blocked.pass(5)
  assert.equal(powerOf(blocked), 0)
})

test('a CSMS that cannot judge a token now is asked again', async (t) => {
  let healthy = false
  const one = await rig(t, {
    answers: {
      Authorize: () => {
        if (!healthy) throw new CallError('InternalError')
        return { idTokenInfo: { status: 'Accepted' } }
      },
    },
  })
  one.station.plug(newCar())
  await one.pass(40)
  assert.equal(powerOf(one), 0)
  assert.equal(one.of('Authorize').length, 2)
  healthy = true
  await one.until('charging', () => powerOf(one) === 11_040, 60)
})

test('off line only a token that was accepted before opens the contactor', async (t) => {
  const one = await charging(t)
  one.station.unplug()
  await one.pass(3)
  one.station.disconnect(300)
  await one.pass(5)
  one.station.plug(newCar())
  await one.pass(20)
  assert.equal(powerOf(one), 11_040)
  one.station.unplug()
  one.station.plug(newCar({ token: { idToken: 'STRANGER', type: 'eMAID' } }))
  await one.pass(20)
  assert.equal(powerOf(one), 0)
  await one.until('it asks when it is back', () => powerOf(one) === 11_040, 400)
})

test('the device model is reported in parts, read and changed item by item', async (t) => {
  const one = await rig(t, { password: PASSWORD })
  assert.equal((await one.ask('GetBaseReport', { requestId: 9, reportBase: 'FullInventory' })).status, 'Accepted')
  await one.pass(1)
  const parts = one.of('NotifyReport') as NotifyReportRequest[]
  assert.deepEqual(
    parts.map(({ seqNo, tbc }) => [seqNo, tbc ?? false]),
    parts.map((_, index) => [index, index < parts.length - 1]),
  )
  const names = parts.flatMap((part) => part.reportData!.map((data) => `${data.component.name}.${data.variable.name}`))
  for (const name of [
    'SecurityCtrlr.Identity',
    'SmartChargingCtrlr.RateUnit',
    'TxCtrlr.TxStartPoint',
    'EVSE.AvailabilityState',
    'V2XChargingCtrlr.Enabled',
  ])
    assert.ok(names.includes(name), name)
  assert.ok(names.length > 80)
  assert.ok(!JSON.stringify(parts).includes(PASSWORD))
  const at = (component: string, variable: string, instance?: string) => ({
    component: { name: component },
    variable: { name: variable, ...(instance ? { instance } : {}) },
  })
  const read = await one.ask('GetVariables', {
    getVariableData: [
      at('securityctrlr', 'IDENTITY'),
      at('SmartChargingCtrlr', 'Entries', 'ChargingProfiles'),
      at('Nowhere', 'X'),
      at('TxCtrlr', 'X'),
      at('SecurityCtrlr', 'BasicAuthPassword'),
      { ...at('TxCtrlr', 'TxStartPoint'), attributeType: 'Target' },
    ],
  })
  assert.deepEqual(
    read.getVariableResult.map((result) => result.attributeValue ?? result.attributeStatus),
    ['CP001', '20', 'UnknownComponent', 'UnknownVariable', 'Rejected', 'NotSupportedAttributeType'],
  )
  const written = await one.ask('SetVariables', {
    setVariableData: [
      { ...at('SecurityCtrlr', 'Identity'), attributeValue: 'me' },
      { ...at('TxCtrlr', 'TxStartPoint'), attributeValue: 'Moonrise' },
      { ...at('OCPPCommCtrlr', 'HeartbeatInterval'), attributeValue: '1' },
      { ...at('OCPPCommCtrlr', 'HeartbeatInterval'), attributeValue: 'soon' },
      { ...at('OCPPCommCtrlr', 'HeartbeatInterval'), attributeValue: '60' },
      { ...at('SecurityCtrlr', 'BasicAuthPassword'), attributeValue: 'short' },
    ],
  })
  assert.deepEqual(
    written.setVariableResult.map((result) => result.attributeStatus),
    ['Rejected', 'Rejected', 'Rejected', 'Rejected', 'Accepted', 'Rejected'],
  )
  assert.equal(
    (await one.ask('GetReport', { requestId: 10, componentVariable: [{ component: { name: 'Nowhere' } }] })).status,
    'EmptyResultSet',
  )
  assert.equal((await one.ask('GetReport', { requestId: 11, componentVariable: [{ component: { name: 'TxCtrlr' } }] })).status, 'Accepted')
  await one.pass(1)
  assert.ok((one.of('NotifyReport').at(-1)!.reportData ?? []).every((data) => data.component.name === 'TxCtrlr'))
})

test('a password that was set is used from the next connection on', async (t) => {
  const one = await rig(t, { password: PASSWORD })
  const next = 'another-password-20'
  await one.ask('SetVariables', {
    setVariableData: [{ component: { name: 'SecurityCtrlr' }, variable: { name: 'BasicAuthPassword' }, attributeValue: next }],
  })
  one.session().close()
  await one.until('gone', () => !one.station.state().connected || one.passwords.length === 2)
  await one.until('back', () => one.station.state().connected)
  assert.deepEqual(one.passwords, [PASSWORD, next])
  assert.equal(one.of('BootNotification').length, 1)
})

test('fault, availability, unlock, triggers and what it does not know', async (t) => {
  const one = await charging(t)
  assert.equal((await one.ask('UnlockConnector', { evseId: 1, connectorId: 1 })).status, 'OngoingAuthorizedTransaction')
  assert.equal((await one.ask('UnlockConnector', { evseId: 1, connectorId: 2 })).status, 'UnknownConnector')
  one.station.fault(true)
  await one.pass(3)
  assert.equal(powerOf(one), 0)
  assert.equal(one.of('StatusNotification').at(-1)!.connectorStatus, 'Faulted')
  one.station.fault(false)
  await one.pass(20)
  assert.equal(powerOf(one), 11_040)
  assert.equal((await one.ask('ChangeAvailability', { operationalStatus: 'Inoperative' })).status, 'Scheduled')
  for (const requestedMessage of ['Heartbeat', 'StatusNotification', 'MeterValues', 'TransactionEvent'] as const)
    assert.equal((await one.ask('TriggerMessage', { requestedMessage })).status, 'Accepted')
  await one.pass(1)
  assert.equal(one.of('Heartbeat').length, 1)
  assert.equal(one.of('MeterValues')[0]!.meterValue[0]!.sampledValue[0]!.context, 'Trigger')
  assert.ok(one.events().some((event) => event.triggerReason === 'Trigger'))
  assert.equal((await one.ask('TriggerMessage', { requestedMessage: 'SignV2GCertificate' })).status, 'NotImplemented')
  assert.equal((await one.ask('DataTransfer', { vendorId: 'org.example' })).status, 'UnknownVendorId')
  assert.equal((await one.ask('ClearCache', {})).status, 'Accepted')
  await assert.rejects(
    one.ask('GetLog', { logType: 'SecurityLog', requestId: 1, log: { remoteLocation: 'https://x.example' } }),
    refused('NotSupported'),
  )
  one.station.unplug()
  await one.pass(2)
  assert.equal(one.of('StatusNotification').at(-1)!.connectorStatus, 'Unavailable')
  one.station.plug(newCar())
  await one.pass(10)
  assert.equal(one.station.state().transaction, undefined)
  assert.equal((await one.ask('ChangeAvailability', { operationalStatus: 'Operative' })).status, 'Accepted')
  await one.until('it charges again', () => powerOf(one) === 11_040, 20)
})

test('a reset ends the transaction, boots anew and starts the plugged car again; on idle it waits', async (t) => {
  const one = await charging(t)
  assert.equal((await one.ask('Reset', { type: 'OnIdle' })).status, 'Scheduled')
  assert.equal((await one.ask('Reset', { type: 'Immediate' })).status, 'Accepted')
  await one.until('the boot', () => one.of('BootNotification').length === 2, 30)
  assert.equal(one.of('BootNotification')[1]!.reason, 'RemoteReset')
  await one.until('the end of the first', () => one.events().some((event) => event.transactionInfo.stoppedReason === 'ImmediateReset'), 10)
  await one.until('a second transaction', () => powerOf(one) === 11_040, 30)
  assert.notEqual(one.station.state().transaction, one.transactionId)
})

test('while it is refused it tries again, waiting about twice as long each time, until it is let in', async (t) => {
  const one = await rig(t)
  one.door.open = false
  one.station.disconnect(1)
  one.tries.length = 0
  await one.until('five tries', () => one.tries.length === 5)
  const waits = one.tries.slice(1).map((at, index) => (at - one.tries[index]!) / 1000)
  // 3 s and up to 2 s by chance, doubled from try to try; the clock moves in whole seconds.
  for (const [index, wait] of waits.entries()) assert.ok(wait >= 3 * 2 ** index && wait <= 5 * 2 ** index + 1, `waits of ${waits} s`)
  one.door.open = true
  await one.until('back', () => one.station.state().connected)
})

test('over a restart of the simulation the charge goes on: same transaction, next number, energy for the time between', async (t) => {
  const first = await charging(t)
  await first.pass(30)
  const memory = JSON.parse(JSON.stringify(first.station.memory())) as StationMemory
  const carMemory = first.car.memory()
  const sent = first.events().length
  const car = openCar(spec(), { at: START, soc: wattHours(0) }, carMemory)
  const second = await rig(t, { memory: { ...memory, at: (memory.at - 3_600_000) as StationMemory['at'] }, car })
  await second.until('a sample', () => second.events().length > 0, 60)
  assert.equal(second.of('BootNotification').length, 0)
  assert.equal(second.events()[0]!.transactionInfo.transactionId, first.transactionId)
  assert.equal(second.events()[0]!.seqNo, sent)
  assert.ok(car.soc() - carMemory.soc > 10_000, `${car.soc() - carMemory.soc} Wh in the hour nobody looked`)
  assert.equal(powerOf(second), 11_040)
  // The car is gone when the world wakes up: the transaction ends at once.
  const third = await rig(t, { memory })
  await third.until('the end', () => third.events().some((event) => event.eventType === 'Ended'), 10)
  assert.equal(third.events().at(-1)!.transactionInfo.transactionId, first.transactionId)
})

test('killed at any event, the simulation goes on without using a number twice', async (t) => {
  const one = await charging(t)
  one.station.unplug()
  await one.pass(2)
  const events = one.events()
  assert.equal(one.kept.length, events.length)
  for (const [index, memory] of one.kept.entries()) {
    const told = memory.waiting.at(-1)!
    assert.deepEqual([told.eventType, told.seqNo], [events[index]!.eventType, events[index]!.seqNo])
    assert.equal(memory.transaction?.seqNo, told.eventType === 'Ended' ? undefined : told.seqNo + 1)
    assert.ok(memory.transaction || memory.authorization === undefined)
  }
})

test('a CSMS that forgot the station gets a new boot instead of refused messages for ever', async (t) => {
  const first = await charging(t)
  const memory = first.station.memory()
  let booted = false
  const second = await rig(t, {
    memory,
    answers: {
      BootNotification: () => {
        booted = true
        return { currentTime: '2026-03-02T22:00:00Z', interval: 300, status: 'Accepted' }
      },
      StatusNotification: () => {
        if (!booted) throw new CallError('SecurityError')
        return {}
      },
    },
  })
  second.station.plug(openCar(spec(), { at: START, soc: wattHours(40_000) }))
  await second.until('a boot', () => booted, 10)
  assert.equal(second.of('BootNotification')[0]!.reason, 'Unknown')
})

test('frozen, nothing flows and nothing is told, and the time is not made up for', async (t) => {
  const one = await charging(t)
  await one.pass(10)
  one.station.freeze(true)
  await one.pass(1)
  const soc = one.car.soc()
  const events = one.events().length
  await one.pass(120)
  assert.equal(one.car.soc(), soc)
  assert.equal(one.events().length, events)
  one.station.freeze(false)
  await one.pass(10)
  assert.ok(one.car.soc() > soc && one.car.soc() < soc + 60)
})
