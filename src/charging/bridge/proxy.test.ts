// Stations that also belong to another CSMS: the room, a scripted station and a scripted CSMS on real sockets.
import assert from 'node:assert/strict'
import test from 'node:test'
import { CallError, OCPP16, OCPP21, OCPP201, type Payload } from '#protocols/ocpp'
import { type Rig, rig, setpoint, started } from '../rig.fixture.ts'
import { accepted, at, BOOT16, ON16, profile16, start16, station, until, upstream } from './proxy.fixture.ts'

const ledger = (room: Rig) =>
  room.store.query<{ transaction_id: string; ended_at: unknown }>(
    "select transaction_id, ended_at from cariflex.charging_transaction where station = 'CP001' order by transaction_id",
  )

test('a station of 1.6 talks to its other CSMS through us, and our room keeps its sessions as well', { timeout: 60_000 }, async (t) => {
  const room = await rig(t)
  const other = await upstream(t, room, {
    on: {
      StartTransaction: () => ({ transactionId: 9001, idTagInfo: { status: 'ConcurrentTx' } }),
      StopTransaction: () => ({ idTagInfo: { status: 'Expired' } }),
      VendorSpecial: ({ n }) => ({ twice: Number(n) * 2 }),
    },
  })
  const { charging } = room
  await charging.upstreams.set(charging.station('CP001'), { url: other.url, password: 'their-password-of-it' })
  const one = await station(room, OCPP16, { ...ON16, VendorQuestion: ({ q }) => ({ a: q ?? null }) })

  assert.equal((await one.session.call('BootNotification', BOOT16))['interval'], 777, 'the answer is that of the other CSMS')
  assert.deepEqual(other.of('BootNotification'), [BOOT16])
  assert.equal(charging.station('CP001').record.vendor, 'Old Works', 'our room heard it too')
  assert.deepEqual(other.credentials, ['their-password-of-it'])
  assert.deepEqual(await one.session.call('VendorSpecial', { n: 21 }), { twice: 42 }, 'what no version has is handed on')
  assert.deepEqual(await other.session().call('VendorQuestion', { q: 'why' }), { a: 'why' })

  await until('our room accepts its boot', () => charging.station('CP001').record.boot === 'Accepted')
  const begun = await one.session.call('StartTransaction', start16(room))
  assert.deepEqual(begun, { transactionId: 9001, idTagInfo: { status: 'ConcurrentTx' } })
  const [kept] = await ledger(room)
  assert.ok(kept && kept.transaction_id !== '9001', 'our number is our own')
  await charging.remoteStop('CP001')
  assert.deepEqual(one.of('RemoteStopTransaction'), [{ transactionId: 9001 }], 'our calls name it as the station does')
  assert.equal(other.of('RemoteStopTransaction').length, 0, 'and stay here')

  const sampled = { value: '7200', measurand: 'Power.Active.Import', unit: 'W' }
  const measure = () =>
    one.session.call('MeterValues', {
      ...{ connectorId: 1, transactionId: 9001 },
      meterValue: [{ timestamp: at(room), sampledValue: [sampled] }],
    })
  for (let minute = 0; minute < 11; minute++) {
    await measure()
    room.clock.forward(60_000)
  }
  await until('what it drew is believed', async () => {
    const beliefs = await room.store.query<{ event_value: number }>('select event_value from timed_belief where sensor_id = 61')
    return beliefs.some(({ event_value: value }) => Math.abs(value - 7.2) < 0.01)
  })
  await one.session.call('StopTransaction', { transactionId: 9001, meterStop: 5100, timestamp: at(room) })
  assert.equal(other.of('StopTransaction')[0]?.['transactionId'], 9001)
  const rows = await ledger(room)
  assert.equal(rows.length, 1, 'no second session by the number of the other CSMS')
  assert.notEqual(rows[0]!.ended_at, null)

  one.session.close()
  await until('the other CSMS sees it go', () => !other.isConnected())
})

test('while the other CSMS is away our room answers, and it hears in order what it missed, also after a restart of ours', {
  timeout: 60_000,
}, async (t) => {
  const room = await rig(t)
  const first = await upstream(t, room)
  const port = Number(new URL(first.url).port)
  await first.close()
  await room.charging.upstreams.set(room.charging.station('CP001'), { url: first.url })
  let one = await station(room, OCPP16, ON16)
  assert.equal((await one.session.call('BootNotification', BOOT16))['status'], 'Accepted')
  const free = { connectorId: 1, errorCode: 'NoError', status: 'Available' }
  await one.session.call('StatusNotification', free)
  await one.session.call('StatusNotification', { ...free, status: 'Preparing' })
  const { transactionId: said } = await one.session.call('StartTransaction', start16(room))
  const meterValue = [{ timestamp: at(room), sampledValue: [{ value: '600' }] }]
  await one.session.call('MeterValues', { connectorId: 1, transactionId: said as number, meterValue })
  await one.session.call('MeterValues', { connectorId: 1, meterValue })
  assert.equal(room.charging.upstreams.view(room.charging.station('CP001'))?.waiting, 4, 'boot, the last status, start, values')

  await room.restart()
  const second = await upstream(t, room, {
    port,
    on: { StartTransaction: () => ({ transactionId: 7, idTagInfo: { status: 'Accepted' } }) },
  })
  one = await station(room, OCPP16, ON16)
  await until('all was told', () => room.charging.upstreams.view(room.charging.station('CP001'))?.waiting === 0)
  assert.deepEqual(
    second.heard.map(({ action, payload }) => [action, payload['transactionId'] ?? payload['status']]),
    [
      ['BootNotification', undefined],
      ['StatusNotification', 'Preparing'],
      ['StartTransaction', undefined],
      ['MeterValues', 7],
    ],
  )
  await one.session.call('StopTransaction', { transactionId: said as number, meterStop: 900, timestamp: at(room) })
  assert.equal(second.of('StopTransaction')[0]?.['transactionId'], 7, 'the station says our number, the other CSMS hears its own')
  await second.session().call('RemoteStopTransaction', { transactionId: 7 })
  assert.deepEqual(one.of('RemoteStopTransaction'), [{ transactionId: said }])
  const rows = await ledger(room)
  assert.equal(rows.length, 1)
  assert.notEqual(rows[0]!.ended_at, null)
})

test('profiles of the other CSMS and ours lie beside each other, and the lower limit holds', { timeout: 60_000 }, async (t) => {
  const room = await rig(t)
  const other = await upstream(t, room, { on: { StartTransaction: () => ({ transactionId: 42, idTagInfo: { status: 'Accepted' } }) } })
  await room.charging.upstreams.set(room.charging.station('CP001'), { url: other.url })
  const one = await station(room, OCPP16, ON16)
  await one.session.call('BootNotification', BOOT16)
  await until('it is set up', () => one.of('TriggerMessage').length > 0)
  await one.session.call('StartTransaction', start16(room))
  const charger = room.devices.get('CP001')!
  const laid = () => one.of('SetChargingProfile').at(-1)!['csChargingProfiles'] as Payload & { chargingSchedule: Payload }
  const limit = () => (laid().chargingSchedule['chargingSchedulePeriod'] as Payload[])[0]!['limit']

  const before = one.of('SetChargingProfile').length
  assert.deepEqual(await other.session().call('SetChargingProfile', profile16(3, 10, { transactionId: 42 })), { status: 'Accepted' })
  assert.equal(one.of('SetChargingProfile').length, before + 1)
  assert.equal(laid()['chargingProfileId'], 1003, 'our order has the id 3')
  assert.equal(laid()['transactionId'], 42)
  const theirLevel = laid()['stackLevel'] as number

  await charger.apply(setpoint(room.clock, 22_000))
  assert.equal(laid()['chargingProfileId'], 3)
  assert.equal(laid()['transactionId'], 42, 'our order names the session as the station does')
  assert.ok((laid()['stackLevel'] as number) > theirLevel, 'ours lies above')
  assert.equal(limit(), 10, 'and asks for no more than theirs allows')
  await charger.apply(setpoint(room.clock, 3 * 230 * 8))
  assert.equal(limit(), 8, 'below theirs it is ours that holds')

  await other
    .session()
    .call('SetChargingProfile', { ...profile16(500, 99, { chargingProfilePurpose: 'ChargePointMaxProfile' }), connectorId: 0 })
  assert.equal(laid()['chargingProfileId'], 500, 'an id that is free stays as it is')
  assert.equal(limit(), room.charging.station('CP001').record.maxCurrent, 'nobody lifts the limit of the installation')

  assert.deepEqual(await other.session().call('ClearChargingProfile', {}), { status: 'Accepted' })
  assert.deepEqual(
    one.of('ClearChargingProfile').map(({ id }) => id),
    [1003, 500],
    'theirs go, ours stay',
  )
  await charger.apply(setpoint(room.clock, 22_000))
  assert.ok((limit() as number) > 30, 'without theirs ours is free again')
})

for (const version of [OCPP201, OCPP21] as const)
  test(`a station of ${version} behind us: events here and there, calls one at a time, refusals as they are`, {
    timeout: 60_000,
  }, async (t) => {
    const room = await rig(t)
    const other = await upstream(t, room, {
      on: {
        TransactionEvent: () => ({ idTokenInfo: { status: 'Blocked' } }),
        StatusNotification: () => {
          throw new CallError('InternalError', 'not today')
        },
      },
    })
    await room.charging.upstreams.set(room.charging.station('CP001'), { url: other.url })
    let underWay = 0
    let most = 0
    const slowly = async () => {
      most = Math.max(most, ++underWay)
      await new Promise((resolve) => setImmediate(resolve))
      underWay--
      return { status: 'Accepted' }
    }
    const one = await station(room, version, { ClearCache: slowly, TriggerMessage: slowly, SetChargingProfile: slowly })
    await room.charging.orderBoot('CP001', 'Accepted')
    const boot = { reason: 'PowerUp', chargingStation: { model: 'Rig', vendorName: 'Cariflex' } }
    assert.equal((await one.session.call('BootNotification', boot))['interval'], 777)
    await until('our room accepts it', () => room.charging.station('CP001').record.boot === 'Accepted')
    const event = {
      ...started(),
      ...{ eventType: 'Started', seqNo: 0, timestamp: at(room), triggerReason: 'CablePluggedIn' },
      transactionInfo: { transactionId: 'T1', chargingState: 'Charging' },
    }
    assert.deepEqual(await one.session.call('TransactionEvent', event as Payload), { idTokenInfo: { status: 'Blocked' } })
    assert.deepEqual(other.of('TransactionEvent'), [event], 'it heard it unchanged')
    assert.equal((await ledger(room))[0]?.transaction_id, 'T1')
    await Promise.all([
      other.session().call('ClearCache', {}),
      room.charging.call('CP001', 'ClearCache', {}),
      other.session().call('ClearCache', {}),
    ])
    assert.equal(most, 1, 'a station is asked one thing at a time, whoever asks')
    const status = { timestamp: at(room), connectorStatus: 'Occupied', evseId: 1, connectorId: 1 }
    await assert.rejects(one.session.call('StatusNotification', status), { code: 'InternalError', description: 'not today' })
    assert.equal(room.charging.station('CP001').connectors.get('1.1')?.status, 'Occupied')
    await assert.rejects(
      other.session().call('SetVariables', {
        setVariableData: [
          { component: { name: 'SecurityCtrlr' }, variable: { name: 'BasicAuthPassword' }, attributeValue: 'x'.repeat(16) },
        ],
      }),
      { code: 'NotSupported' },
    )
  })

test('a station of 2.0.1 reports what its other CSMS laid, by its own names; our own reports stay here', { timeout: 60_000 }, async (t) => {
  const room = await rig(t)
  const other = await upstream(t, room)
  await room.charging.upstreams.set(room.charging.station('CP001'), { url: other.url })
  const held: Payload[] = []
  const one = await station(room, OCPP201, {
    SetChargingProfile({ chargingProfile }) {
      held.push(chargingProfile as Payload)
      return { status: 'Accepted' }
    },
    GetChargingProfiles: accepted,
    GetBaseReport: accepted,
    TriggerMessage: accepted,
  })
  await room.charging.orderBoot('CP001', 'Accepted')
  await one.session.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'Rig', vendorName: 'Cariflex' } })
  const schedule = { id: 1, chargingRateUnit: 'W', chargingSchedulePeriod: [{ startPeriod: 0, limit: 90_000 }] }
  const theirs = { id: 2, stackLevel: 0, chargingProfilePurpose: 'TxDefaultProfile', chargingProfileKind: 'Relative' }
  await other.session().call('SetChargingProfile', { evseId: 1, chargingProfile: { ...theirs, chargingSchedule: [schedule] } })
  const laid = held.find(({ id }) => id === 1002)!
  assert.equal(laid['stackLevel'], 1, 'above our safe default')
  const [{ chargingSchedulePeriod: [period] = [] } = {}] = laid['chargingSchedule'] as { chargingSchedulePeriod?: Payload[] }[]
  assert.ok((period!['limit'] as number) < 22_000, 'and cut to it')

  const criterion = { requestId: 5, chargingProfile: { chargingProfileId: [2] } }
  await other.session().call('GetChargingProfiles', criterion)
  assert.deepEqual(one.of('GetChargingProfiles').at(-1), { requestId: 5, chargingProfile: { chargingProfileId: [1002] } })
  const ours = { ...laid, id: 2, stackLevel: 0 }
  const report = { requestId: 5, chargingLimitSource: 'CSO', evseId: 1, chargingProfile: [ours, laid] }
  await one.session.call('ReportChargingProfiles', report)
  const told = other.of('ReportChargingProfiles')[0]!['chargingProfile'] as Payload[]
  assert.deepEqual(
    told.map(({ id, stackLevel }) => [id, stackLevel]),
    [[2, 0]],
  )
  await one.session.call('ReportChargingProfiles', { ...report, chargingProfile: [ours] })
  assert.equal(other.of('ReportChargingProfiles').length, 1, 'nothing of ours is told')

  await room.charging.call('CP001', 'GetBaseReport', { requestId: 77, reportBase: 'FullInventory' })
  const part = { generatedAt: at(room), seqNo: 0 }
  await one.session.call('NotifyReport', { ...part, requestId: one.of('GetBaseReport').at(-1)!['requestId'] as number })
  await one.session.call('NotifyReport', { ...part, requestId: 5 })
  assert.deepEqual(
    other.of('NotifyReport').map(({ requestId }) => requestId),
    [5],
  )
})

test('an upstream that goes in the middle of a session is told the rest in order; what it refuses three times is dropped', {
  timeout: 60_000,
}, async (t) => {
  const room = await rig(t)
  const first = await upstream(t, room)
  await room.charging.upstreams.set(room.charging.station('CP001'), { url: first.url })
  const one = await station(room, OCPP201, { TriggerMessage: accepted, SetChargingProfile: accepted })
  await room.charging.orderBoot('CP001', 'Accepted')
  await one.session.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'Rig', vendorName: 'Cariflex' } })
  const event = (eventType: string, seqNo: number) =>
    one.session.call('TransactionEvent', {
      ...{ eventType, seqNo, timestamp: at(room), transactionInfo: { transactionId: 'T1' } },
      triggerReason: eventType === 'Ended' ? 'EVDeparted' : 'MeterValuePeriodic',
    })
  await event('Started', 0)
  assert.equal(first.of('TransactionEvent').length, 1)
  await first.close()
  const view = () => room.charging.upstreams.view(room.charging.station('CP001'))!
  await until('it is away', () => !view().connected)
  await event('Updated', 1)
  await event('Updated', 2)
  assert.equal(view().waiting, 2)

  let refusals = 0
  const second = await upstream(t, room, {
    port: Number(new URL(first.url).port),
    on: {
      TransactionEvent({ seqNo }) {
        if (seqNo !== 1) return {}
        refusals++
        throw new CallError('InternalError', 'no')
      },
    },
  })
  // The next attempt is set once the refusal has arrived: the clock is moved on until it has.
  let turns = 0
  await until('all was told', () => {
    if (turns++ % 100 === 0 && refusals < 3) room.clock.forward(10_000)
    return view().waiting === 0
  })
  assert.ok(refusals >= 3, 'it was asked again')
  await event('Ended', 3)
  assert.deepEqual([...new Set(second.of('TransactionEvent').map(({ seqNo }) => seqNo))], [1, 2, 3])
})

test('an upstream is an address of a CSMS; without one the station is ours alone', { timeout: 60_000 }, async (t) => {
  const room = await rig(t)
  const one = room.charging.station('CP001')
  for (const url of ['http://other.example', 'wss://user:pass@other.example/ocpp', 'wss://other.example/ocpp?x=1', 'ws://'])
    await assert.rejects(room.charging.upstreams.set(one, { url }), { code: 'invalid-upstream', status: 422 })
  const other = await upstream(t, room)
  await room.charging.upstreams.set(one, { url: `${other.url}/` })
  assert.deepEqual(room.charging.upstreams.view(one), { url: other.url, orders: true, badges: 'theirs', connected: false, waiting: 0 })
  const bare = await station(room, OCPP16, ON16)
  await until('it is connected there', () => other.isConnected())
  await room.charging.upstreams.set(one, undefined)
  await bare.session.closed
  await until('it left', () => !other.isConnected())
  assert.equal(room.charging.upstreams.view(one), undefined)
  const again = await station(room, OCPP16, ON16)
  assert.notEqual((await again.session.call('BootNotification', BOOT16))['interval'], 777)
  assert.equal(other.of('BootNotification').length, 0)
})
