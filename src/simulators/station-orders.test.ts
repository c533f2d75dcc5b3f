/** Charging profiles and V2G of the simulated station. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { watts } from '#kernel'
import type { ChargingProfile } from '#protocols/ocpp'
import { charging, measured, newCar, powerOf, profile, reason } from './station.fixture.ts'

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
