// What the other CSMS of a station may do, whose badges count, and that the lower limit holds at every moment.
import assert from 'node:assert/strict'
import test from 'node:test'
import { CallError, OCPP16, OCPP201, type Payload } from '#protocols/ocpp'
import { CAR, type Rig, rig, setpoint } from '../rig.fixture.ts'
import { accepted, at, type Bare, BOOT16, ON16, profile16, start16, station, until, upstream } from './proxy.fixture.ts'

const one = ({ charging }: Rig) => charging.station('CP001')

/** A station of 1.6 behind us that is set up. */
async function charging16(room: Rig, on: Parameters<typeof station>[2] = {}): Promise<Bare> {
  const here = await station(room, OCPP16, { ...ON16, ...on })
  await here.session.call('BootNotification', BOOT16)
  await until('it is set up', () => here.of('TriggerMessage').length > 0)
  return here
}

test('orders of an upstream reach the station with the consent of its operator, and only then', { timeout: 60_000 }, async (t) => {
  const room = await rig(t)
  const other = await upstream(t, room)
  await room.charging.upstreams.set(one(room), { url: other.url })
  const orders = { Reset: { type: 'Soft' }, RemoteStartTransaction: { idTag: CAR.token }, UnlockConnector: { connectorId: 1 } }
  const on = {
    ...{ Reset: accepted, RemoteStartTransaction: accepted },
    UnlockConnector: () => ({ status: 'Unlocked' }),
    GetLocalListVersion: () => ({ listVersion: 3 }),
  }
  let here = await charging16(room, on)
  for (const [action, payload] of Object.entries(orders)) {
    assert.match(String((await other.session().call(action, payload))['status']), /^(Accepted|Unlocked)$/)
    assert.deepEqual(here.of(action), [payload], 'as it was sent')
  }

  await room.charging.upstreams.set(one(room), { url: other.url, orders: false })
  await here.session.closed
  here = await charging16(room, on)
  await until('it is connected there', () => other.isConnected())
  assert.deepEqual(await other.session().call('Reset', orders.Reset), { status: 'Rejected' })
  assert.deepEqual(await other.session().call('RemoteStartTransaction', orders.RemoteStartTransaction), { status: 'Rejected' })
  await assert.rejects(other.session().call('UnlockConnector', orders.UnlockConnector), { code: 'NotSupported' })
  for (const action of Object.keys(orders)) assert.equal(here.of(action).length, 0, action)
  assert.deepEqual(await other.session().call('GetLocalListVersion', {}), { listVersion: 3 }, 'questions pass')
  assert.deepEqual(await other.session().call('SetChargingProfile', profile16(500, 10)), { status: 'Accepted' }, 'and so do limits')

  await room.restart()
  assert.equal(room.charging.upstreams.view(one(room))?.orders, false, 'that is kept')
})

test('badges are judged by the upstream, or by us when the operator says so; the session is known in both', {
  timeout: 60_000,
}, async (t) => {
  const room = await rig(t)
  const told: Payload = { idTagInfo: { status: 'Blocked' } }
  const other = await upstream(t, room, { on: { Authorize: () => told, StartTransaction: () => ({ transactionId: 7, ...told }) } })
  await room.charging.upstreams.set(one(room), { url: other.url })
  let here = await charging16(room)
  assert.deepEqual(await here.session.call('Authorize', { idTag: CAR.token }), told)

  await room.charging.upstreams.set(one(room), { url: other.url, badges: 'ours' })
  await here.session.closed
  here = await charging16(room)
  await until('it is connected there', () => other.isConnected())
  const judged = await here.session.call('Authorize', { idTag: CAR.token })
  assert.equal((judged['idTagInfo'] as Payload)['status'], 'Accepted')
  const begun = await here.session.call('StartTransaction', start16(room))
  assert.equal((begun['idTagInfo'] as Payload)['status'], 'Accepted', 'our word')
  assert.equal(begun['transactionId'], 7, 'its number')
  assert.equal(other.of('StartTransaction').length, 1, 'it hears of the session once')
  assert.equal(other.of('Authorize').length, 1, 'and is not asked about the badge')
  await here.session.call('StopTransaction', { transactionId: 7, meterStop: 200, timestamp: at(room) })
  const stranger = await here.session.call('StartTransaction', { ...start16(room), idTag: 'NOBODY' })
  assert.equal((stranger['idTagInfo'] as Payload)['status'], 'Invalid')
})

test('in 2.0.1 our word for the badge takes the place of that of the upstream, whose other words stay', { timeout: 60_000 }, async (t) => {
  const room = await rig(t)
  const other = await upstream(t, room, {
    on: {
      TransactionEvent: ({ idToken }) => ({ totalCost: 3.5, ...(idToken === undefined ? {} : { idTokenInfo: { status: 'Blocked' } }) }),
    },
  })
  await room.charging.upstreams.set(one(room), { url: other.url, badges: 'ours' })
  const here = await station(room, OCPP201, { TriggerMessage: accepted, SetChargingProfile: accepted })
  await room.charging.orderBoot('CP001', 'Accepted')
  await here.session.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'Rig', vendorName: 'Cariflex' } })
  const event = (seqNo: number, more: Payload = {}) =>
    here.session.call('TransactionEvent', {
      ...{ eventType: seqNo === 0 ? 'Started' : 'Updated', seqNo, timestamp: at(room), transactionInfo: { transactionId: 'T1' } },
      ...{ triggerReason: 'Authorized', evse: { id: 1, connectorId: 1 } },
      ...more,
    })
  const first = await event(0, { idToken: { idToken: CAR.token, type: 'ISO14443' } })
  assert.equal((first['idTokenInfo'] as Payload)['status'], 'Accepted')
  assert.equal(first['totalCost'], 3.5)
  assert.deepEqual(await event(1), { totalCost: 3.5 })
})

test('an order of ours never lies above the profiles of the upstream: not later in it, and not when they change', {
  timeout: 60_000,
}, async (t) => {
  const room = await rig(t)
  const other = await upstream(t, room, { on: { StartTransaction: () => ({ transactionId: 42, idTagInfo: { status: 'Accepted' } }) } })
  await room.charging.upstreams.set(one(room), { url: other.url })
  const here = await charging16(room, {
    GetConfiguration: () => ({
      configurationKey: [
        { key: 'ChargeProfileMaxStackLevel', readonly: true, value: '8' },
        { key: 'ChargingScheduleMaxPeriods', readonly: true, value: '6' },
      ],
    }),
  })
  await here.session.call('StartTransaction', start16(room))
  const charger = room.devices.get('CP001')!
  const order = () =>
    here
      .of('SetChargingProfile')
      .map(({ csChargingProfiles }) => csChargingProfiles as Payload & { chargingSchedule: { chargingSchedulePeriod: Payload[] } })
      .findLast(({ chargingProfileId }) => chargingProfileId === 3)!
  const limits = () => order().chargingSchedule.chargingSchedulePeriod.map(({ startPeriod, limit }) => [startPeriod, limit])
  const lay = (periods: Payload[], more: Payload = {}) => {
    const schedule = { chargingRateUnit: 'A', startSchedule: at(room), chargingSchedulePeriod: periods }
    const profile = { transactionId: 42, chargingProfileKind: 'Absolute', chargingSchedule: schedule, ...more }
    return other.session().call('SetChargingProfile', profile16(50, 0, profile))
  }

  await lay([
    { startPeriod: 0, limit: 16 },
    { startPeriod: 120, limit: 7 },
  ])
  await charger.apply(setpoint(room.clock, 22_000))
  const cut = limits().slice(-2)
  assert.deepEqual(
    cut.map(([, limit]) => limit),
    [16, 7],
    'what comes in two minutes is in the order already',
  )

  const before = here.of('SetChargingProfile').length
  await lay([{ startPeriod: 0, limit: 9 }])
  assert.equal(here.of('SetChargingProfile').length, before + 2, 'theirs, and ours anew, before anybody answers')
  assert.equal(limits().at(-1)?.[1], 9)
  assert.deepEqual(await other.session().call('ClearChargingProfile', { id: 50 }), { status: 'Accepted' })
  assert.equal(limits().at(-1)?.[1], 16, 'and as it was meant when theirs is gone')
})

test('an upstream that turns the station away is tried again, and the operator sees why; the station is served meanwhile', {
  timeout: 60_000,
}, async (t) => {
  const room = await rig(t)
  let isOpen = false
  const other = await upstream(t, room, { admits: () => isOpen })
  await room.charging.upstreams.set(one(room), { url: other.url, password: 'not-what-they-know' })
  const here = await charging16(room)
  const view = () => room.charging.upstreams.view(one(room))!
  await until('it is said', () => view().fault !== undefined)
  assert.match(view().fault!, /answered 401/)
  assert.equal((await here.session.call('Heartbeat', {}))['currentTime'] !== undefined, true)
  isOpen = true
  let turns = 0
  await until('it is let in', () => {
    if (turns++ % 100 === 0) room.clock.forward(10_000)
    return view().connected
  })
  assert.equal(view().fault, undefined)
  await until('it has heard the boot', () => other.of('BootNotification').length === 1)
})

test('a session that begins before we have set up the station is known here too: its upstream took it', { timeout: 60_000 }, async (t) => {
  const room = await rig(t)
  const other = await upstream(t, room)
  await room.charging.upstreams.set(one(room), { url: other.url })
  // It booted there before it was led here: it sees no reason for another, and its report never comes.
  const here = await station(room, OCPP201, { GetBaseReport: accepted, TriggerMessage: () => ({ status: 'Rejected' }) })
  await here.session.call('TransactionEvent', {
    ...{ eventType: 'Started', seqNo: 0, timestamp: at(room), transactionInfo: { transactionId: 'EARLY' } },
    triggerReason: 'CablePluggedIn',
  })
  assert.equal(one(room).record.boot, 'Accepted')
  const kept = await room.store.query("select transaction_id from cariflex.charging_transaction where station = 'CP001'")
  assert.deepEqual(kept, [{ transaction_id: 'EARLY' }])
  assert.equal(other.of('TransactionEvent').length, 1)
  const boot = { reason: 'PowerUp', chargingStation: { model: 'Rig', vendorName: 'Cariflex' } }
  assert.equal((await here.session.call('BootNotification', boot as Payload))['status'], 'Accepted')
  await until('it is set up', () => here.of('GetBaseReport').length === 1)
})

test('what one side refuses is told to the other as it was said', { timeout: 60_000 }, async (t) => {
  const room = await rig(t)
  const other = await upstream(t, room)
  await room.charging.upstreams.set(one(room), { url: other.url })
  await charging16(room, {
    UnlockConnector: () => {
      throw new CallError('InternalError', 'the lock is stuck')
    },
  })
  await assert.rejects(other.session().call('UnlockConnector', { connectorId: 1 }), {
    code: 'InternalError',
    description: 'the lock is stuck',
  })
})
