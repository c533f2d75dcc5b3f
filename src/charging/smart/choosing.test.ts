/** Schedules to choose from, set-points, priority and ways of energy: what stations and cars of today can be told, on real sockets. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { after, formatInstant, HOUR, MINUTE, SECOND, wattHours } from '#kernel'
import { CallError, type ChargingProfileType, connectStation, OCPP21, type Payload, type V21 } from '#protocols/ocpp'
import { CAR, MODEL, measured, NOW, type Rig, rig, setpoint, started } from '../rig.fixture.ts'
import { is, planned, plugged, until, WIDE } from './smart.fixture.ts'

test('a car that can choose is offered the plan, the sun of it and its cheap half, each with what energy costs, and never more than planned', async (t) => {
  const house = await rig(t)
  let takesSeveral = true
  const { station, charger, profiles } = await plugged(house, {
    model: WIDE,
    on: {
      SetChargingProfile: ({ chargingProfile }) => ({
        status: takesSeveral || (chargingProfile as ChargingProfileType).chargingSchedule.length === 1 ? 'Accepted' : 'Rejected',
      }),
    },
  })
  const tell = () =>
    station.say('NotifyEVChargingNeeds', {
      evseId: 1,
      maxScheduleTuples: 3,
      chargingNeeds: {
        requestedEnergyTransfer: 'AC_three_phase',
        departureTime: formatInstant(after(house.clock.now(), 2 * HOUR)),
        acChargingParameters: { energyAmount: 21_000, evMinCurrent: 6, evMaxCurrent: 16, evMaxVoltage: 400 },
      },
    })
  await planned(house, [11, 11, 11, 11, 11, 11, 11, 11], NOW, {
    consumptionPrice: [100, 100, 100, 100, 300, 300, 300, 300],
    inflexibleKw: [-5, -5, 1, 1, 1, 1, 1, 1],
  })
  await tell()
  const order = (power: number) => charger.apply(setpoint(house.clock, power, { until: after(house.clock.now(), 5 * MINUTE) }))
  await order(11_000)
  const schedules = profiles().at(-1)!.chargingSchedule
  const limits = schedules.map(({ chargingSchedulePeriod }) => chargingSchedulePeriod.map(({ startPeriod, limit }) => [startPeriod, limit]))
  assert.deepEqual(limits, [
    [[0, 11_000]],
    [
      [0, 5000],
      [60 + 1800, 0],
    ],
    [
      [0, 11_000],
      [60 + 3600, 0],
    ],
  ])
  assert.equal(new Set(schedules.map(({ id }) => id)).size, 3)
  assert.deepEqual(
    schedules.map(({ salesTariff }) => salesTariff?.salesTariffEntry.map(({ ePriceLevel }) => ePriceLevel)),
    [
      [1, 2],
      [1, 2],
      [1, 2],
    ],
  )
  // Another plan is no answer to needs: one schedule (K01.FR.34).
  await order(9000)
  assert.equal(profiles().at(-1)!.chargingSchedule.length, 1)
  // A station that takes one only gets one.
  takesSeveral = false
  house.clock.set(after(house.clock.now(), 10 * SECOND))
  await tell()
  await order(11_000)
  assert.deepEqual(
    profiles()
      .slice(-2)
      .map(({ chargingSchedule }) => chargingSchedule.length),
    [3, 1],
  )
})

/** A station of 2.1 with a car plugged in, which takes whatever it is told. */
async function plugged21(house: Rig, more: Record<string, string>, answers: Record<string, Payload> = {}) {
  const first = await house.station('CP001', { model: { ...MODEL, ...more } })
  await first.close()
  const calls: { action: string; payload: Payload }[] = []
  const session = await connectStation(house.url, {
    identity: 'CP001',
    clock: house.clock,
    versions: [OCPP21],
    handler: async (action, payload) => {
      calls.push({ action, payload })
      if (answers[action]) return answers[action]
      if (/^(TriggerMessage|UpdateDynamicSchedule|UsePriorityCharging|NotifyAllowedEnergyTransfer|AFRRSignal)$|Profile$/.test(action))
        return { status: 'Accepted' }
      throw new CallError('NotImplemented', action)
    },
  })
  const event = started({ meterValue: [measured(NOW, ['SoC', 60, 'Percent'])] })
  await session.call('TransactionEvent', {
    ...event,
    eventType: 'Started',
    seqNo: 0,
    timestamp: formatInstant(NOW),
    triggerReason: 'CablePluggedIn',
    transactionInfo: { transactionId: 'T21', chargingState: 'Charging' },
  })
  const said = (action: string) => calls.filter((call) => call.action === action).map(({ payload }) => payload)
  const profiles = () => said('SetChargingProfile').map(({ chargingProfile }) => chargingProfile as unknown as V21.ChargingProfileType)
  return { session, calls, said, profiles }
}

test('a station of 2.1 gives power back by set-points that end by themselves, pushed and pulled', async (t) => {
  const house = await rig(t)
  const v2g = { 'V2XChargingCtrlr.Enabled': 'true', 'SmartChargingCtrlr.SupportsDynamicProfiles': 'true' }
  const { session, calls, profiles: sent } = await plugged21(house, v2g)
  const charger = house.devices.get('CP001')!
  const hold = { until: after(NOW, 5 * MINUTE) }
  assert.deepEqual(await charger.apply(setpoint(house.clock, -8000, hold)), { answer: 'taken', applied: -8000 })
  const dynamic = sent().at(-1)!
  assert.equal(dynamic.chargingProfileKind, 'Dynamic')
  assert.equal(dynamic.chargingSchedule[0]?.duration, 300 + 60)
  assert.deepEqual(dynamic.chargingSchedule[0]?.chargingSchedulePeriod, [
    { startPeriod: 0, operationMode: 'CentralSetpoint', setpoint: -8000, limit: 0, dischargeLimit: -8000 },
  ])
  const before = sent().length
  await charger.apply(setpoint(house.clock, -3000, hold))
  assert.equal(sent().length, before)
  assert.deepEqual(calls.at(-1)?.action === 'GetCompositeSchedule' ? calls.at(-2) : calls.at(-1), {
    action: 'UpdateDynamicSchedule',
    payload: { chargingProfileId: dynamic.id, scheduleUpdate: { setpoint: -3000, limit: 0, dischargeLimit: -3000 } },
  })
  const pulled = await session.call('PullDynamicScheduleUpdate', { chargingProfileId: dynamic.id })
  assert.deepEqual(pulled['scheduleUpdate'], { setpoint: -3000, limit: 0, dischargeLimit: -3000 })
  assert.equal((await session.call('PullDynamicScheduleUpdate', { chargingProfileId: 99 }))['status'], 'Rejected')
  // Nobody turns it by hand; what a network operator signals goes through.
  const update = { chargingProfileId: dynamic.id, scheduleUpdate: { setpoint: 9000 } }
  await assert.rejects(house.charging.call('CP001', 'UpdateDynamicSchedule', update), is('command-not-allowed'))
  const signal = await house.charging.call('CP001', 'AFRRSignal', { timestamp: formatInstant(house.clock.now()), signal: 50 })
  assert.equal(signal.status, 'Accepted')
  session.close()
})

test('a driver in a hurry at a station of 2.1 charges by priority, within every limit, by our word or at the station itself', async (t) => {
  const house = await rig(t)
  const { session, said, profiles } = await plugged21(house, { 'SmartChargingCtrlr.PeriodsPerSchedule': '24' })
  const charger = house.devices.get('CP001')!
  const desk = house.charging.wishes
  const place = desk.session('T21')
  const hold = { until: after(NOW, 5 * MINUTE) }
  await charger.apply(setpoint(house.clock, 7000, hold))
  assert.equal(profiles().at(-1)?.chargingProfilePurpose, 'TxProfile')
  await desk.keep(place, { priority: true }, 'ann@example.com', { limits: [] })
  await until(() => said('UsePriorityCharging').length === 1, 'the station was not told of the hurry')
  assert.deepEqual(said('UsePriorityCharging'), [{ transactionId: 'T21', activate: true }])
  const [period, safe] = profiles().at(-1)!.chargingSchedule[0]!.chargingSchedulePeriod
  assert.deepEqual([profiles().at(-1)!.chargingProfilePurpose, period?.limit, safe?.limit], ['PriorityCharging', 7000, 4140])
  assert.equal(profiles().at(-1)!.chargingSchedule[0]!.duration, undefined, 'K01.FR.70')
  // The operator needs power: priority is no way around a limit.
  await charger.apply(setpoint(house.clock, 5000, { ...hold, rung: 'grid' }))
  const last = profiles().at(-1)!
  assert.deepEqual([last.chargingProfilePurpose, last.chargingSchedule[0]!.chargingSchedulePeriod[0]!.limit], ['PriorityCharging', 5000])
  assert.equal(said('UsePriorityCharging').length, 1, 'it is used already')
  // The driver lets it be.
  await desk.remove(place, 'ann@example.com')
  await until(() => said('ClearChargingProfile').some(({ chargingProfileId: id }) => id === last.id), 'priority was not ended')
  assert.deepEqual(said('UsePriorityCharging').at(-1), { transactionId: 'T21', activate: false })
  assert.equal(profiles().at(-1)?.chargingProfilePurpose, 'TxProfile')
  // At the station itself, and not any more.
  await session.call('NotifyPriorityCharging', { transactionId: 'T21', activated: true })
  assert.deepEqual((await desk.view(place, { limits: [] })).wish, { priority: true })
  await session.call('NotifyPriorityCharging', { transactionId: 'T21', activated: false })
  assert.equal((await desk.view(place, { limits: [] })).said, false)
  const kept = await house.charging.blocks.commands.list('CP001', {}, 'UTC')
  assert.ok(
    kept.some(({ action, status }) => action === 'UsePriorityCharging' && status === 'Accepted'),
    'its answer is shown',
  )
  session.close()
})

test('a station that will not charge by priority gets the order as any other', async (t) => {
  const house = await rig(t)
  const { session, said, profiles } = await plugged21(
    house,
    { 'SmartChargingCtrlr.PeriodsPerSchedule': '24' },
    { UsePriorityCharging: { status: 'Rejected' } },
  )
  const charger = house.devices.get('CP001')!
  await house.charging.wishes.keep(house.charging.wishes.session('T21'), { priority: true }, 'ann@example.com', { limits: [] })
  const hold = { until: after(NOW, 5 * MINUTE) }
  assert.deepEqual(await charger.apply(setpoint(house.clock, 7000, hold)), { answer: 'taken', applied: 7000 })
  assert.equal(profiles().at(-1)?.chargingProfilePurpose, 'TxProfile')
  await charger.apply(setpoint(house.clock, 9000, hold))
  assert.equal(said('UsePriorityCharging').length, 1, 'it is not asked again')
  session.close()
})

test('a station of 2.1 is told in which ways energy may flow, whenever owner or driver change their minds', async (t) => {
  const house = await rig(t)
  const { session, said } = await plugged21(house, { 'V2XChargingCtrlr.Enabled': 'true' })
  const desk = house.charging.wishes
  const place = desk.session('T21')
  const car = { asset: CAR.vehicle, device: 'V2G001', socSensor: CAR.soc, capacity: wattHours(75_000), floor: wattHours(15_000) }
  const told = async (count: number) => {
    await until(() => said('NotifyAllowedEnergyTransfer').length === count, `told ${count} times`)
    const { transactionId, allowedEnergyTransfer: modes } = said('NotifyAllowedEnergyTransfer').at(-1)!
    assert.equal(transactionId, 'T21')
    return (modes as string[]).includes('AC_BPT')
  }
  await desk.keep(place, { discharge: false }, 'driver page', { limits: [] })
  assert.equal(await told(1), false)
  await desk.remove(place, 'ann@example.com')
  assert.equal(await told(2), true)
  await desk.keep(place, { energyKwh: 5 }, 'ann@example.com', { limits: [] })
  await house.charging.registerVehicle({ ...car, v2g: false })
  assert.equal(await told(3), false)
  assert.equal(house.devices.get('CP001')!.capability().minPower, 0)
  await house.charging.registerVehicle({ ...car, v2g: true })
  assert.equal(await told(4), true)
  session.close()
})
