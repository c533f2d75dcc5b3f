/** Stations of OCPP 2.1: what they say beyond 2.0.1. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { formatInstant } from '#kernel'
import { CallError, connectStation, OCPP21, type Payload, v21 } from '#protocols/ocpp'
import { answers21 } from './ocpp21.ts'
import { answers } from './ocpp201.ts'
import { CAR, type Rig, rig } from './rig.fixture.ts'
import { vatFault } from './vat-number.ts'

const at = ({ clock }: Rig) => formatInstant(clock.now())

/** An accepted station of 2.1 that takes everything. */
async function station21(one: Rig) {
  // The set-up itself is tested with 2.0.1: the station was set up in an earlier life.
  const first = await one.station('CP001')
  await first.close()
  const calls: string[] = []
  const session = await connectStation(one.url, {
    identity: 'CP001',
    clock: one.clock,
    versions: [OCPP21],
    handler: async (action) => {
      calls.push(action)
      if (action === 'TriggerMessage' || action.endsWith('Profile')) return { status: 'Accepted' }
      throw new CallError('NotImplemented', action)
    },
  })
  return { session, calls, say: (action: string, payload: Payload) => session.call(action, payload) }
}

test('a station of 2.1 charges a car; giving back is allowed by name to a car whose owner agreed', async (t) => {
  const one = await rig(t)
  const { say } = await station21(one)
  const token = { idToken: CAR.token, type: 'SomeNewKind' }
  const answer = await say('Authorize', { idToken: token })
  assert.equal((answer['idTokenInfo'] as Payload)['status'], 'Accepted')
  assert.ok((answer['allowedEnergyTransfer'] as string[]).includes('AC_BPT'))
  assert.deepEqual((await say('Authorize', { idToken: { idToken: 'NOBODY', type: 'Central' } }))['allowedEnergyTransfer'], undefined)
  const event = await say('TransactionEvent', {
    eventType: 'Started',
    timestamp: at(one),
    triggerReason: 'TxResumed',
    seqNo: 0,
    transactionInfo: { transactionId: 'T21', chargingState: 'Charging', operationMode: 'ChargingOnly', tariffId: 'day' },
    evse: { id: 1, connectorId: 1 },
    idToken: token,
  })
  assert.equal((event['idTokenInfo'] as Payload)['status'], 'Accepted')
  const needs = await say('NotifyEVChargingNeeds', {
    evseId: 1,
    timestamp: at(one),
    chargingNeeds: {
      requestedEnergyTransfer: 'AC_BPT',
      controlMode: 'DynamicControl',
      v2xChargingParameters: { maxChargePower: 3680, maxChargePower_L2: 3680, maxChargePower_L3: 3680, evTargetEnergyRequest: 21_000.4 },
    },
  })
  assert.equal(needs['status'], 'Accepted')
  const kept = one.charging.station('CP001').open.get('T21')!.transaction.needs!
  assert.deepEqual([kept.energy, kept.maxPower], [21_000, 11_040])
  const row = await one.store.first<Payload>("select protocol from cariflex.charging_station where identity = 'CP001'")
  assert.equal(row!['protocol'], '2.1')
  assert.equal(one.utterances.at(-1)?.bus, 'ocpp2.1')
})

test('what nothing acts on yet is kept and answered as 2.1 wants it', async (t) => {
  const one = await rig(t)
  const { session, say } = await station21(one)
  const stream = { id: 1, pending: 0, basetime: at(one), data: [{ t: 0, v: '7' }] }
  const params = { interval: 60, values: 5 }
  assert.deepEqual(await say('OpenPeriodicEventStream', { constantStreamData: { id: 1, variableMonitoringId: 3, params } }), {
    status: 'Accepted',
  })
  session.send('NotifyPeriodicEventStream', stream)
  assert.deepEqual(await say('ClosePeriodicEventStream', { id: 1 }), {})
  assert.deepEqual(await say('NotifyPriorityCharging', { transactionId: 'T', activated: true }), {})
  assert.deepEqual(await say('NotifyDERStartStop', { controlId: 'c', started: true, timestamp: at(one) }), {})
  assert.deepEqual(await say('NotifyDERAlarm', { controlType: 'FreqDroop', timestamp: at(one) }), {})
  assert.deepEqual(await say('ReportDERControl', { requestId: 4, tbc: false }), {})
  assert.deepEqual(
    await say('BatterySwap', {
      batteryData: [{ evseId: 1, serialNumber: 'B1', soC: 50, soH: 99 }],
      eventType: 'BatteryIn',
      idToken: { idToken: CAR.token, type: 'Central' },
      requestId: 2,
    }),
    {},
  )
  const settlement = { pspRef: 'p', status: 'Settled', settlementAmount: 12.5, settlementTime: at(one) }
  assert.deepEqual(await say('NotifySettlement', settlement), {})
  const actions = await one.store.query<{ action: string }>(
    "select action from cariflex.station_notice where station = 'CP001' order by id",
  )
  assert.deepEqual(
    actions.map(({ action }) => action),
    [
      'OpenPeriodicEventStream',
      'NotifyPeriodicEventStream',
      'ClosePeriodicEventStream',
      'NotifyPriorityCharging',
      'NotifyDERStartStop',
      'NotifyDERAlarm',
      'ReportDERControl',
      'BatterySwap',
      'NotifySettlement',
    ],
  )
  assert.equal((await say('VatNumberValidation', { vatNumber: 'FR 83 404 833 048' }))['status'], 'Accepted')
  assert.equal((await say('VatNumberValidation', { vatNumber: 'FR 84 404 833 048' }))['status'], 'Rejected')
  const hash = { hashAlgorithm: 'SHA256', issuerNameHash: 'a', issuerKeyHash: 'b', serialNumber: 'c' }
  const chain = await say('GetCertificateChainStatus', {
    certificateStatusRequests: [{ certificateHashData: hash, source: 'OCSP', urls: ['http://ocsp.example'] }],
  })
  assert.equal((chain['certificateStatus'] as Payload[])[0]!['status'], 'Unknown')
  assert.equal((await say('PullDynamicScheduleUpdate', { chargingProfileId: 7 }))['status'], 'Rejected')
})

test('every message that a station of 2.1 may send has its answer', () => {
  for (const action of v21.actions)
    if (v21.mayCall('station', action)) assert.ok(answers21[action] ?? answers[action], `${action} has no answer`)
})

test('VAT numbers are checked by form, and the French ones by key', () => {
  assert.equal(vatFault('DE123456789'), undefined)
  assert.equal(vatFault('fr83404833048'), undefined)
  assert.match(vatFault('FR00404833048')!, /key/)
  assert.match(vatFault('DE12')!, /does not look/)
  assert.match(vatFault('US123')!, /no VAT numbers/)
})
