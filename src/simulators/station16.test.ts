/** The simulated station of OCPP 1.6 on a real socket: what it says, and how it obeys. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type TestContext } from 'node:test'
import { type ManualClock, manualClock, watts } from '#kernel'
import { acceptStations, CallError, type Payload, type Session, type V16 } from '#protocols/ocpp'
import { newCar, START } from './station.fixture.ts'
import { type Station, startStation } from './station.ts'
import { zulu } from './station-meter.ts'

interface Csms {
  station: Station
  clock: ManualClock
  calls: { action: string; payload: Payload }[]
  of(action: string): Payload[]
  ask(action: string, payload: Payload): Promise<Payload>
  pass(seconds: number): Promise<void>
  until(what: string, condition: () => boolean): Promise<void>
}

/** A CSMS of 1.6 that gives transactions the numbers from 41 on. */
async function csms(t: TestContext, version: '1.6' | '2.1' = '1.6', answers: Record<string, () => Payload> = {}): Promise<Csms> {
  const clock = manualClock(START)
  const calls: Csms['calls'] = []
  let session: Session | undefined
  let number = 40
  const accepted = { idTagInfo: { status: 'Accepted' } }
  const usual: Record<string, () => Payload> = {
    BootNotification: () => ({ currentTime: '2026-03-02T22:00:00Z', interval: 300, status: 'Accepted' }),
    Heartbeat: () => ({ currentTime: '2026-03-02T22:00:00Z' }),
    Authorize: () => (version === '1.6' ? accepted : { idTokenInfo: { status: 'Accepted' } }),
    StartTransaction: () => ({ ...accepted, transactionId: ++number }),
    StopTransaction: () => ({}),
    MeterValues: () => ({}),
    StatusNotification: () => ({}),
    TransactionEvent: () => ({}),
    NotifyEvent: () => ({}),
    NotifyEVChargingNeeds: () => ({ status: 'Accepted' }),
  }
  const acceptor = acceptStations({
    authenticate: async () => ({ ok: true }),
    handlerFor: () => async (action, payload) => {
      calls.push({ action, payload })
      const answer = answers[action] ?? usual[action]
      if (!answer) throw new CallError('NotImplemented')
      return answer()
    },
    onSession(opened) {
      session = opened
    },
    clock,
    ping: 0,
  })
  const server = createServer()
  server.on('upgrade', (request, socket, head) => void acceptor.upgrade(request, socket, head))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  let underWay = 0
  const station = startStation({
    spec: { identity: 'CP16', nominal: watts(11_040), v2x: false, version },
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`,
    clock,
    onFault: (error) => assert.fail(String(error)),
    onFrame({ kind, direction }) {
      if (kind === 'CALL') underWay++
      else if (kind !== 'garbage' || direction === 'out') underWay--
    },
  })
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
    for (let calm = 0, turns = 0; calm < 6 && turns < 20_000; turns++) {
      await turn()
      calm = underWay <= 0 ? calm + 1 : 0
    }
  }
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      clock.forward(1000)
      await quiet()
    }
  }
  clock.forward(0)
  for (let turns = 0; !station.state().connected && turns < 100_000; turns++) await turn()
  await quiet()
  assert.equal(session?.version, `ocpp${version}`)
  return {
    station,
    clock,
    calls,
    of: (action) => calls.filter((call) => call.action === action).map(({ payload }) => payload),
    async ask(action, payload) {
      const answer = await session!.call(action, payload)
      await quiet()
      return answer
    },
    pass,
    async until(what, condition) {
      for (let second = 0; !condition(); second++) {
        assert.ok(second < 200, `${what} within 200 s`)
        await pass(1)
      }
    },
  }
}

const limit = (amperes: number, more: Payload = {}): Payload => ({
  chargingProfileId: 7,
  stackLevel: 0,
  chargingProfilePurpose: 'TxProfile',
  chargingProfileKind: 'Relative',
  chargingSchedule: { chargingRateUnit: 'A', chargingSchedulePeriod: [{ startPeriod: 0, limit: amperes }] },
  ...more,
})

test('a car at a station of 1.6 is authorised, started, measured, limited and stopped', async (t) => {
  const one = await csms(t)
  const { station, of } = one
  assert.deepEqual(one.calls[0], {
    action: 'BootNotification',
    payload: {
      chargePointVendor: 'Cariflex Simulation',
      chargePointModel: 'Island AC',
      chargePointSerialNumber: 'SIM-CP16',
      firmwareVersion: '1.0.0',
    },
  })
  station.plug(newCar())
  await one.until('a transaction', () => of('StartTransaction').length > 0)
  const [begun] = of('StartTransaction') as V16.StartTransactionRequest[]
  assert.deepEqual({ ...begun, timestamp: '' }, { connectorId: 1, idTag: 'FRCFXC00000001', meterStart: 120_000, timestamp: '' })
  await one.until('charging', () => of('StatusNotification').some(({ status }) => status === 'Charging'))
  await one.pass(31)
  const [sampled] = of('MeterValues') as V16.MeterValuesRequest[]
  assert.equal(sampled!.transactionId, 41)
  const value = (measurand: string) => Number(sampled!.meterValue[0]!.sampledValue.find((each) => each.measurand === measurand)!.value)
  assert.ok(value('Power.Active.Import') > 10_000)

  assert.deepEqual(await one.ask('SetChargingProfile', { connectorId: 1, csChargingProfiles: limit(10) }), { status: 'Accepted' })
  await one.pass(20)
  assert.equal(Math.round(station.state().power), 6900)
  // The same purpose and level replaces, whatever its id, and the transaction may be left out.
  assert.deepEqual(await one.ask('SetChargingProfile', { connectorId: 1, csChargingProfiles: limit(8, { chargingProfileId: 9 }) }), {
    status: 'Accepted',
  })
  await one.pass(20)
  assert.equal(Math.round(station.state().power), 5520)
  const composite = (await one.ask('GetCompositeSchedule', {
    connectorId: 1,
    duration: 60,
    chargingRateUnit: 'A',
  })) as unknown as V16.GetCompositeScheduleResponse
  assert.equal(composite.chargingSchedule?.chargingSchedulePeriod[0]?.limit, 8)
  const foreign = await one.ask('SetChargingProfile', { connectorId: 1, csChargingProfiles: limit(8, { transactionId: 999 }) })
  assert.deepEqual(foreign, { status: 'Rejected' })
  assert.deepEqual(await one.ask('ClearChargingProfile', { chargingProfilePurpose: 'TxProfile' }), { status: 'Accepted' })

  assert.deepEqual(await one.ask('RemoteStopTransaction', { transactionId: 40 }), { status: 'Rejected' })
  assert.deepEqual(await one.ask('RemoteStopTransaction', { transactionId: 41 }), { status: 'Accepted' })
  await one.until('the end', () => of('StopTransaction').length > 0)
  const [ended] = of('StopTransaction') as V16.StopTransactionRequest[]
  assert.equal(ended!.reason, 'Remote')
  assert.ok(ended!.meterStop > 120_000)
  assert.equal(of('StatusNotification').at(-1)?.['status'], 'Finishing')
  station.unplug()
  await one.pass(2)
  assert.equal(of('StatusNotification').at(-1)?.['status'], 'Available')
})

test('a station of 1.6 is configured by keys, and says which it does not know', async (t) => {
  const one = await csms(t)
  const { configurationKey, unknownKey } = (await one.ask('GetConfiguration', {
    key: ['MeterValueSampleInterval', 'numberofconnectors', 'Nonsense'],
  })) as unknown as V16.GetConfigurationResponse
  assert.deepEqual(configurationKey, [
    { key: 'MeterValueSampleInterval', readonly: false, value: '30' },
    { key: 'NumberOfConnectors', readonly: true, value: '1' },
  ])
  assert.deepEqual(unknownKey, ['Nonsense'])
  const set = (key: string, value: string) => one.ask('ChangeConfiguration', { key, value })
  assert.deepEqual(await set('MeterValueSampleInterval', '10'), { status: 'Accepted' })
  assert.deepEqual(await set('MeterValueSampleInterval', 'soon'), { status: 'Rejected' })
  assert.deepEqual(await set('NumberOfConnectors', '2'), { status: 'Rejected' })
  assert.deepEqual(await set('Nonsense', '2'), { status: 'NotSupported' })
  assert.deepEqual(await one.ask('TriggerMessage', { requestedMessage: 'StatusNotification' }), { status: 'Accepted' })
  assert.equal(one.of('StatusNotification').at(-1)?.['status'], 'Available')
  assert.deepEqual(await one.ask('TriggerMessage', { requestedMessage: 'FirmwareStatusNotification' }), { status: 'NotImplemented' })
  await assert.rejects(one.ask('UpdateFirmware', { location: 'https://x.example/f', retrieveDate: '2026-03-02T22:00:00Z' }), {
    code: 'NotSupported',
  })
})

test('a transaction that begins while a station of 1.6 is off line is told in order afterwards, with the number of its start', async (t) => {
  const one = await csms(t)
  one.station.plug(newCar())
  await one.until('charging', () => one.of('StatusNotification').some(({ status }) => status === 'Charging'))
  one.station.disconnect(60)
  one.station.unplug()
  await one.until('it is back', () => one.of('StopTransaction').length > 0)
  assert.equal(one.of('StopTransaction')[0]?.['transactionId'], 41)
  assert.equal(one.of('BootNotification').length, 1, 'a mere reconnection is no boot')
})

test('the same station speaks 2.1', async (t) => {
  const one = await csms(t, '2.1')
  one.station.plug(newCar())
  await one.until('charging', () =>
    one.of('TransactionEvent').some(({ transactionInfo }) => (transactionInfo as Payload)['chargingState'] === 'Charging'),
  )
  const profile = {
    id: 10,
    stackLevel: 0,
    chargingProfilePurpose: 'TxProfile',
    chargingProfileKind: 'Relative',
    transactionId: one.station.state().transaction!,
    chargingSchedule: [{ id: 1, chargingRateUnit: 'W', chargingSchedulePeriod: [{ startPeriod: 0, limit: 5000 }] }],
  }
  assert.deepEqual(await one.ask('SetChargingProfile', { evseId: 1, chargingProfile: profile }), { status: 'Accepted' })
  await one.pass(20)
  assert.equal(Math.round(one.station.state().power), 5000)

  const transactionId = one.station.state().transaction!
  const priority = {
    ...{ id: 11, stackLevel: 0, chargingProfilePurpose: 'PriorityCharging', chargingProfileKind: 'Absolute' },
    chargingSchedule: [
      { id: 2, chargingRateUnit: 'W', startSchedule: zulu(one.clock.now()), chargingSchedulePeriod: [{ startPeriod: 0, limit: 9000 }] },
    ],
  }
  assert.deepEqual(await one.ask('UsePriorityCharging', { transactionId, activate: true }), { status: 'NoProfile' })
  assert.deepEqual(await one.ask('SetChargingProfile', { evseId: 1, chargingProfile: priority }), { status: 'Accepted' })
  assert.deepEqual(await one.ask('UsePriorityCharging', { transactionId, activate: true }), { status: 'Accepted' })
  await one.pass(20)
  assert.equal(Math.round(one.station.state().power), 9000, 'it stands above the profile of the session')
  assert.equal((await one.ask('UsePriorityCharging', { transactionId: 'nobody', activate: true }))['status'], 'Rejected')
  assert.deepEqual(await one.ask('UsePriorityCharging', { transactionId, activate: false }), { status: 'Accepted' })

  const dynamic = {
    ...{ ...profile, chargingProfileKind: 'Dynamic', dynUpdateTime: zulu(one.clock.now()) },
    chargingSchedule: [{ id: 1, chargingRateUnit: 'W', duration: 60, chargingSchedulePeriod: [{ startPeriod: 0, limit: 6000 }] }],
  }
  assert.deepEqual(await one.ask('SetChargingProfile', { evseId: 1, chargingProfile: dynamic }), { status: 'Accepted' })
  await one.pass(50)
  const update = (chargingProfileId: number, scheduleUpdate: Payload) =>
    one.ask('UpdateDynamicSchedule', { chargingProfileId, scheduleUpdate })
  assert.deepEqual(await update(10, { limit: 7000 }), { status: 'Accepted' })
  assert.equal((await update(11, { limit: 7000 }))['status'], 'Rejected', 'it is no Dynamic one')
  await one.pass(50)
  assert.equal(Math.round(one.station.state().power), 7000, 'the update counts from when it came')
  await one.pass(30)
  assert.equal(one.station.state().limit, 11_040, 'without another update it ends by itself')
  assert.deepEqual(await one.ask('NotifyAllowedEnergyTransfer', { transactionId, allowedEnergyTransfer: ['DC'] }), { status: 'Accepted' })
})
