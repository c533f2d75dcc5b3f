/** The simulated station from boot to fault. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { parseInstant } from '#kernel'
import type { NotifyReportRequest } from '#protocols/ocpp'
import { CAR_EFFICIENCY } from './car.ts'
import { charging, measured, newCar, PASSWORD, powerOf, refused, rig, spec } from './station.fixture.ts'

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
  assert.equal((await one.ask('TriggerMessage', { requestedMessage: 'PublishFirmwareStatusNotification' })).status, 'NotImplemented')
  assert.equal((await one.ask('DataTransfer', { vendorId: 'org.example' })).status, 'UnknownVendorId')
  assert.equal((await one.ask('ClearCache', {})).status, 'Accepted')
  await assert.rejects(
    one.ask('PublishFirmware', { requestId: 1, location: 'https://x.example', checksum: '0'.repeat(32) }),
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
