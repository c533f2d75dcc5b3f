import assert from 'node:assert/strict'
import test from 'node:test'
import { after, HOUR, isProblem, MINUTE, parseInstant } from '#kernel'
import { CallError, type Payload } from '#protocols/ocpp'
import { batchesOf } from './batch.ts'
import { CAR, NOW, rig, started } from './rig.fixture.ts'

const is = (code: string) => (error: unknown) => isProblem(error) && error.code === code
const listVariables = {
  'LocalAuthListCtrlr.ItemsPerMessage': '2',
  'LocalAuthListCtrlr.BytesPerMessage': '5000',
}

test('lists are cut to what a message may hold, by count and by bytes, and an item that is too long goes alone', () => {
  const sizes = (items: readonly string[], bounds: { items: number; bytes: number }) =>
    batchesOf(items, bounds).map((batch) => batch.length)
  assert.deepEqual(sizes(['a', 'b', 'c', 'd', 'e'], { items: 2, bytes: 10_000 }), [2, 2, 1])
  assert.deepEqual(sizes(['x'.repeat(100), 'y'.repeat(100), 'z'.repeat(100)], { items: 10, bytes: 520 }), [2, 1])
  assert.deepEqual(sizes(['x'.repeat(900), 'y'], { items: 10, bytes: 400 }), [1, 1])
  assert.deepEqual(batchesOf([], { items: 2, bytes: 100 }), [])
})

test('a local list goes whole at first, by differences afterwards, in pieces, and whole again when the versions do not match', async (t) => {
  const house = await rig(t)
  let version = 0
  let mismatch = false
  const station = await house.station('CP001', {
    model: listVariables,
    on: {
      GetLocalListVersion: () => ({ versionNumber: version }),
      SendLocalList: ({ versionNumber, updateType }) => {
        if (mismatch && updateType === 'Differential') {
          mismatch = false
          return { status: 'VersionMismatch' }
        }
        version = versionNumber as number
        return { status: 'Accepted' }
      },
    },
  })
  for (const token of ['A1', 'A2', 'A3', 'A4']) await house.charging.registerToken({ token })
  await house.charging.registerToken({ token: 'ELSEWHERE', places: ['CP009'] })
  await house.charging.registerToken({ token: 'HIDDEN', local: false })
  const { localLists } = house.charging.blocks
  const sync = () => localLists.sync(house.charging.station('CP001'))
  const sent = () => station.calls.filter(({ action }) => action === 'SendLocalList').map(({ payload }) => payload)
  assert.deepEqual(await sync(), { version: 3, messages: 3, how: 'Full' })
  assert.deepEqual(
    sent().map(({ updateType, versionNumber, localAuthorizationList }) => [
      updateType,
      versionNumber,
      (localAuthorizationList as []).length,
    ]),
    [
      ['Full', 1, 2],
      ['Differential', 2, 2],
      ['Differential', 3, 1],
    ],
  )
  assert.deepEqual(await sync(), { version: 3, messages: 0, how: 'none' })
  await house.charging.badges.remove('A1')
  await house.charging.registerToken({ token: 'A2', status: 'Blocked' })
  assert.equal((await localLists.state(house.charging.station('CP001'), 'UTC')).upToDate, false)
  assert.deepEqual(await sync(), { version: 4, messages: 1, how: 'Differential' })
  const [gone, changed] = sent().at(-1)!['localAuthorizationList'] as { idToken: Payload; idTokenInfo?: Payload }[]
  assert.deepEqual([gone?.idToken['idToken'], gone?.idTokenInfo, changed?.idTokenInfo?.['status']], ['A1', undefined, 'Blocked'])
  mismatch = true
  await house.charging.registerToken({ token: 'A5' })
  assert.equal((await sync()).how, 'Full')
  // Somebody else wrote another list into the station.
  version = 77
  assert.deepEqual(await sync(), { version: 80, messages: 3, how: 'Full' })
})

test('a badge is good where and while it is said to be, and what nobody knows waits in the inbox until somebody names it', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  const ask = async (idToken: string, type = 'ISO14443') =>
    (await station.say('Authorize', { idToken: { idToken, type } }))['idTokenInfo'] as Payload & { status: string }
  await house.charging.registerToken({
    token: 'HERE',
    places: ['CP001/2', 'CP001/3'],
    message: 'Bonjour',
    language: 'fr',
    cacheSeconds: 600,
  })
  assert.deepEqual(await ask('here'), {
    status: 'Accepted',
    evseId: [2, 3],
    language1: 'fr',
    personalMessage: { format: 'UTF8', content: 'Bonjour', language: 'fr' },
    cacheExpiryDateTime: '2026-11-24T12:10:10Z',
  })
  const first = (await station.event('Started', 0, started({ idToken: { idToken: 'HERE', type: 'ISO14443' } }))) as {
    idTokenInfo: { status: string }
  }
  assert.equal(first.idTokenInfo.status, 'NotAllowedTypeEVSE')
  await house.charging.registerToken({ token: 'THERE', places: ['CP002'] })
  assert.equal((await ask('THERE')).status, 'NotAtThisLocation')
  // Contracts of cars: hyphens, case and the check digit make no difference, a wrong check digit does.
  await house.charging.registerToken({ token: 'DE-83D-UIEN83QGZ-D', type: 'eMAID' })
  for (const shown of ['DE83DUIEN83QGZ', 'de-83d-uien83qgz-d', 'DE83DUIEN83QGZD'])
    assert.equal((await ask(shown, 'eMAID')).status, 'Accepted')
  assert.equal((await ask('DE83DUIEN83QGZM', 'eMAID')).status, 'Unknown')
  await assert.rejects(house.charging.registerToken({ token: 'DE83DUIEN83QGZM', type: 'eMAID' }), is('invalid-token'))
  // One session at a time.
  await house.charging.registerToken({ token: 'ONCE', concurrent: false })
  const other = await house.station('CP002', { password: 'correct-horse-battery' })
  await other.event('Started', 0, started({ idToken: { idToken: 'ONCE', type: 'ISO14443' }, transactionInfo: { transactionId: 'T2' } }))
  assert.equal((await ask('ONCE')).status, 'ConcurrentTx')
  assert.equal((await ask('STRANGER')).status, 'Unknown')
  await ask('stranger')
  const inbox = (await house.charging.badges.unknown()).filter(({ type }) => type === 'ISO14443')
  assert.deepEqual(
    inbox.map(({ token, station: where, times }) => [token, where, times]),
    [['STRANGER', 'CP001', 2]],
  )
  await house.charging.registerToken({ token: 'STRANGER', nickname: 'Ann' })
  assert.equal((await ask('STRANGER')).status, 'Accepted')
  assert.equal(
    (await house.charging.badges.unknown()).some(({ token }) => token === 'STRANGER'),
    false,
  )
  assert.equal((await house.charging.badges.list()).find(({ token }) => token === 'STRANGER')?.nickname, 'Ann')
})

test('a partner is asked for tokens that nobody here knows, in events too, and one that does not answer holds nobody up', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  let silent: (() => void) | undefined
  house.charging.addAuthorizer(async ({ idToken }) => {
    if (silent) {
      setImmediate(silent)
      return new Promise(() => undefined)
    }
    return idToken === 'ROAMING' ? { status: 'Accepted', personalMessage: { format: 'UTF8', content: 'Hello' } } : undefined
  })
  const ask = (idToken: string) => station.say('Authorize', { idToken: { idToken, type: 'ISO14443' } })
  assert.equal(((await ask('ROAMING'))['idTokenInfo'] as Payload)['status'], 'Accepted')
  assert.equal(((await ask('NOBODY'))['idTokenInfo'] as Payload)['status'], 'Unknown')
  const answer = await station.event('Started', 0, started({ idToken: { idToken: 'ROAMING', type: 'ISO14443' } }))
  assert.equal((answer['idTokenInfo'] as Payload)['status'], 'Accepted')
  assert.equal(house.charging.stations()[0]?.evses[0]?.transaction?.tokenStatus, 'Accepted')
  const asked = new Promise<void>((resolve) => {
    silent = resolve
  })
  const waiting = ask('LATE')
  await asked
  house.clock.forward(6000)
  assert.equal(((await waiting)['idTokenInfo'] as Payload)['status'], 'Unknown')
})

test('a command stands in the list with its answer and with what followed, and not before the boot is accepted', async (t) => {
  const house = await rig(t)
  const station = await house.station('CP001', {
    on: {
      GetLog: ({ requestId }) => {
        setImmediate(() => void station.say('LogStatusNotification', { requestId, status: 'Uploaded' }))
        return { status: 'Accepted', filename: 'a.log' }
      },
      ClearCache: () => {
        throw new CallError('InternalError', 'out of order')
      },
    },
  })
  const list = async () =>
    (await house.charging.blocks.commands.list('CP001', {}, 'UTC')).map(({ action, status, effect, by }) => ({
      action,
      status,
      effect,
      by,
    }))
  const { requestId } = await house.charging.blocks.errands.fetchLog(
    house.charging.station('CP001'),
    { type: 'SecurityLog' },
    'ann@example.com',
  )
  await assert.rejects(house.charging.call('CP001', 'ClearCache', {}), is('station-refused'))
  await station.say('Heartbeat', {})
  await house.charging.settled()
  assert.deepEqual(await list(), [
    { action: 'ClearCache', status: 'InternalError', effect: null, by: null },
    {
      action: 'GetLog',
      status: 'Accepted',
      effect: { action: 'LogStatusNotification', status: 'Uploaded', requestId },
      by: 'ann@example.com',
    },
  ])
  const [log] = await house.charging.blocks.errands.list({ kind: 'log' }, 'UTC')
  assert.deepEqual([log?.outcome, log?.status, log?.by], ['done', 'Uploaded', 'ann@example.com'])
  await house.charging.orderBoot('CP001', 'Pending', 30)
  await station.say('BootNotification', {
    reason: 'PowerUp',
    chargingStation: { model: 'Rig', vendorName: 'Cariflex', firmwareVersion: '1.0' },
  })
  await assert.rejects(house.charging.call('CP001', 'UnlockConnector', { evseId: 1, connectorId: 1 }), is('boot-not-accepted'))
})

test('a reservation is reserved, used, cancelled or runs out, and its number finds it in each case', async (t) => {
  const house = await rig(t)
  const station = await house.station('CP001', {
    on: { ReserveNow: () => ({ status: 'Accepted' }), CancelReservation: () => ({ status: 'Accepted' }) },
  })
  const { reservations } = house.charging.blocks
  const here = house.charging.station('CP001')
  const reserve = async (minutes: number) =>
    (await reservations.reserve(here, { token: CAR.token, evse: 1, until: after(house.clock.now(), minutes * MINUTE) })).reservation
  const [used, cancelled, expired, silent] = [await reserve(10), await reserve(20), await reserve(30), await reserve(40)]
  await station.event('Started', 0, started({ reservationId: used }))
  await reservations.cancel(here, cancelled)
  await station.say('ReservationStatusUpdate', { reservationId: expired, reservationUpdateStatus: 'Expired' })
  house.clock.set(after(NOW, HOUR))
  await reservations.sweep()
  const statuses = new Map((await reservations.list('CP001', 'UTC')).map(({ id, status }) => [id, status]))
  assert.deepEqual(
    [used, cancelled, expired, silent].map((id) => statuses.get(id)),
    ['used', 'cancelled', 'expired', 'expired'],
  )
  await assert.rejects(reservations.reserve(here, { token: 'X', until: parseInstant('2020-01-01T00:00:00Z') }), is('reservation-over'))
  await assert.rejects(reservations.cancel(here, 999), is('unknown-reservation'))
})

test('monitors are set and known, their grave events alarm and end, and a report replaces what was known', async (t) => {
  const house = await rig(t)
  const place = { component: { name: 'EVSE', evse: { id: 1 } }, variable: { name: 'Temperature' } }
  const station = await house.station('CP001', {
    on: {
      SetVariableMonitoring: ({ setMonitoringData }) => ({
        setMonitoringResult: (setMonitoringData as Payload[]).map(({ type, severity, component, variable }, index) => ({
          ...{ type, severity, component, variable, id: index + 5, status: 'Accepted' },
        })),
      }),
      GetMonitoringReport: ({ requestId }) => {
        const part = (seqNo: number, id: number, tbc: boolean) =>
          station.say('NotifyMonitoringReport', {
            ...{ requestId, seqNo, generatedAt: '2026-11-24T12:00:00Z', tbc },
            monitor: [{ ...place, variableMonitoring: [{ id, type: 'Delta', value: 1, severity: 8, transaction: false }] }],
          })
        setImmediate(() => void part(1, 9, false).then(() => part(0, 8, true)))
        return { status: 'Accepted' }
      },
    },
  })
  const { monitoring } = house.charging.blocks
  const here = house.charging.station('CP001')
  const [result] = await monitoring.set(here, [{ ...place, type: 'UpperThreshold', value: 80, severity: 2 }])
  assert.equal(result?.id, 5)
  const event = (eventId: number, actualValue: string, cleared: boolean) =>
    station.say('NotifyEvent', {
      ...{ generatedAt: '2026-11-24T12:00:10Z', seqNo: 0 },
      eventData: [
        {
          eventId,
          timestamp: '2026-11-24T12:00:10Z',
          trigger: 'Alerting',
          actualValue,
          cleared,
          variableMonitoringId: 5,
          eventNotificationType: 'CustomMonitor',
          ...place,
        },
      ],
    })
  await event(1, '85', false)
  await event(2, '70', true)
  const alarms = () => house.news.flatMap((one) => (one.kind === 'alarm' && one.code === 'station-monitor-5' ? [one.active] : []))
  for (let turns = 0; alarms().length < 2 && turns < 1000; turns++) await house.store.query('select 1')
  assert.deepEqual(alarms(), [true, false])
  const kept = await monitoring.list('CP001', {}, 'UTC')
  assert.deepEqual(
    kept.map(({ value, severity, cleared }) => [value, severity, cleared]),
    [
      ['70', 2, true],
      ['85', 2, false],
    ],
  )
  assert.deepEqual(await monitoring.report(here), { status: 'Accepted', monitors: 2 })
  assert.deepEqual(
    (await monitoring.monitors('CP001')).map(({ id }) => id),
    [8, 9],
  )
})
