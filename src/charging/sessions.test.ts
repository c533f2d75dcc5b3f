import assert from 'node:assert/strict'
import test from 'node:test'
import { after, type Instant, MINUTE, Problem } from '#kernel'
import { CallError, type Payload } from '#protocols/ocpp'
import type { Store } from '#store'
import { CAR, measured, NOW, rig, started } from './rig.fixture.ts'

const at = (seconds: number) => after(NOW, seconds * 1000)
const kwh = (moment: Instant, value: number) => [measured(moment, ['Energy.Active.Import.Register', value, 'kWh'])]
const stamp = (moment: Instant) => new Date(moment).toISOString()

test('a session from plug to unplug: token, energy, power and state of charge are known, and all of it is told', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  const answer = await station.event('Started', 0, started({ meterValue: kwh(NOW, 100) }))
  assert.deepEqual(answer, { idTokenInfo: { status: 'Accepted' } })
  house.clock.forward(60_000)
  await station.event('Updated', 1, {
    meterValue: [
      measured(
        house.clock.now(),
        ['Energy.Active.Import.Register', 100_180],
        ['Power.Active.Import', 3600, 'W', 'L1'],
        ['Power.Active.Import', 3600, 'W', 'L2'],
        ['Power.Active.Import', 3.6, 'kW', 'L3'],
        ['SoC', 40, 'Percent'],
      ),
    ],
  })
  const [listed] = house.charging.stations()
  const transaction = listed?.evses[0]?.transaction
  assert.equal(transaction?.vehicle, 'V2G001')
  assert.equal(transaction?.energyKwh, 0.18)
  assert.equal(transaction?.powerKw, 10.8)
  assert.equal(transaction?.socPercent, 40)
  assert.deepEqual(house.devices.get('CP001')?.measured(), { power: 10_800, at: at(60) })
  house.clock.forward(60_000)
  await station.event('Ended', 2, { meterValue: kwh(house.clock.now(), 100.36), transactionInfo: { stoppedReason: 'EVDisconnected' } })
  assert.equal(house.charging.stations()[0]?.evses[0]?.transaction, null)
  const told = house.news.flatMap((one) => (one.kind === 'device' ? [one.what] : []))
  assert.deepEqual(told, ['online', 'plugged', 'unplugged'])
  await house.charging.settled()
  const soc = await house.beliefs.latest(CAR.soc, house.clock.now())
  assert.equal(soc?.value, 30)
})

test('an event that comes twice is answered the same and counts once', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  const first = await station.event('Started', 0, started({ meterValue: kwh(NOW, 100) }))
  // The token is blocked in between: the repetition still gets the first answer.
  await house.charging.registerToken({ token: CAR.token, vehicle: CAR.vehicle, status: 'Blocked' })
  assert.deepEqual(await station.event('Started', 0, started({ meterValue: kwh(NOW, 100) })), first)
  const rows = await house.store.query<{ events: number }>('select events from cariflex.charging_transaction')
  assert.deepEqual(rows, [{ events: 1 }])
  assert.equal(house.news.filter((one) => one.kind === 'device' && one.what === 'plugged').length, 1)
})

test('Ended before the events that led to it: the session is repaired, not doubled, and stays ended', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  await station.event('Started', 0, started({ meterValue: kwh(NOW, 100) }))
  house.clock.forward(300_000)
  await station.event('Ended', 3, { timestamp: stamp(at(300)), meterValue: kwh(at(300), 103), transactionInfo: { stoppedReason: 'Local' } })
  await station.event('Updated', 2, { timestamp: stamp(at(200)), offline: true, meterValue: kwh(at(200), 102) })
  const gap = await house.store.first('select events, max_seq from cariflex.charging_transaction')
  assert.deepEqual(gap, { events: 3, max_seq: 3 })
  await station.event('Updated', 1, { timestamp: stamp(at(100)), offline: true, meterValue: kwh(at(100), 101) })
  const rows = await house.store.query(
    'select transaction_id, ended_at, stopped_reason, events, max_seq, import_last - import_begin as wh, flags from cariflex.charging_transaction',
  )
  assert.deepEqual(rows, [
    { transaction_id: 'T1', ended_at: at(300), stopped_reason: 'Local', events: 4, max_seq: 3, wh: 3000, flags: ['offline'] },
  ])
  assert.equal(house.charging.stations()[0]?.evses[0]?.transaction, null)
})

test('EVSE, token and remote start id may come late, and a session without a beginning is taken in', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  await station.event('Updated', 5, { transactionInfo: { chargingState: 'EVConnected' } })
  const before = house.charging.stations()[0]?.evses[0]?.transaction
  assert.deepEqual(before?.flags, ['orphan'])
  assert.equal(house.devices.get('CP001')?.capability().why, 'Nobody has shown a token for the car yet.')
  const answer = await station.event('Updated', 6, started({ transactionInfo: { remoteStartId: 12, chargingState: 'Charging' } }))
  assert.deepEqual(answer, { idTokenInfo: { status: 'Accepted' } })
  assert.equal(house.devices.get('CP001')?.capability().controllable, true)
  const row = await house.store.first('select evse_id, remote_start_id, id_token from cariflex.charging_transaction')
  assert.deepEqual(row, { evse_id: 1, remote_start_id: 12, id_token: CAR.token })
  await station.event('Started', 0, { timestamp: stamp(at(-600)), offline: true })
  assert.deepEqual(house.charging.stations()[0]?.evses[0]?.transaction?.flags, ['offline'])
})

test('a token that is not accepted is said so, and its session is kept all the same', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  await house.charging.registerToken({ token: 'OLD', validUntil: at(-1) })
  assert.deepEqual(await station.say('Authorize', { idToken: { idToken: 'old', type: 'Central' } }), { idTokenInfo: { status: 'Expired' } })
  const answer = await station.event('Started', 0, started({ idToken: { idToken: 'NOBODY', type: 'ISO14443' } }))
  assert.deepEqual(answer, { idTokenInfo: { status: 'Unknown' } })
  assert.equal(house.devices.get('CP001')?.capability().controllable, false)
  assert.equal((await house.store.query('select 1 from cariflex.transaction_event')).length, 1)
})

test('a session ended by a power loss while the station was off line ends at its own time', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  await station.event('Started', 0, started({ meterValue: kwh(NOW, 100) }))
  await station.close()
  house.clock.forward(30 * MINUTE)
  await house.restart()
  const again = await house.station('CP001', { boot: false })
  await again.event('Ended', 1, {
    timestamp: stamp(at(120)),
    offline: true,
    triggerReason: 'AbnormalCondition',
    transactionInfo: { stoppedReason: 'PowerLoss' },
  })
  const row = await house.store.first('select ended_at, stopped_reason from cariflex.charging_transaction')
  assert.deepEqual(row, { ended_at: at(120), stopped_reason: 'PowerLoss' })
})

test('an open session survives the loss of the program, and the station is asked whether it goes on', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  await station.event('Started', 0, started())
  await station.event('Updated', 1, { meterValue: [measured(NOW, ['Power.Active.Import', 7000], ['SoC', 55, 'Percent'])] })
  await station.close()
  await house.restart()
  const before = house.charging.stations()[0]?.evses[0]?.transaction
  assert.equal(before?.vehicle, 'V2G001')
  assert.equal(before?.socPercent, 55)
  assert.equal(before?.powerKw, 7)
  const again = await house.station('CP001', { boot: false })
  await again.say('Heartbeat', {})
  assert.deepEqual(await again.called('GetTransactionStatus'), { transactionId: 'T1' })
  await again.called('TriggerMessage')
  assert.deepEqual(await again.called('TriggerMessage'), { requestedMessage: 'TransactionEvent', evse: { id: 1 } })
  await again.event('Updated', 2, { meterValue: [measured(NOW, ['Power.Active.Import', 7000])] })
  assert.equal((await house.store.query('select 1 from cariflex.charging_transaction')).length, 1)
})

test('a session that the station knows nothing of any more is given up, and taken back should its end still come', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  await station.event('Started', 0, started())
  await station.close()
  const gone = { GetTransactionStatus: () => ({ ongoingIndicator: false, messagesInQueue: false }) }
  const unplugged = new Promise<void>((resolve) => {
    const watch = setInterval(() => {
      if (!house.news.some((one) => one.kind === 'device' && one.what === 'unplugged')) return
      clearInterval(watch)
      resolve()
    }, 5)
  })
  const again = await house.station('CP001', { boot: false, on: gone })
  await again.say('Heartbeat', {})
  await unplugged
  assert.equal(house.charging.stations()[0]?.evses[0]?.transaction, null)
  await again.event('Ended', 1, { timestamp: stamp(at(50)), offline: true, transactionInfo: { stoppedReason: 'Reboot' } })
  const row = await house.store.first('select ended_at, stopped_reason, flags from cariflex.charging_transaction')
  assert.deepEqual(row, { ended_at: at(50), stopped_reason: 'Reboot', flags: ['offline'] })
})

test('while the database is away nothing is acknowledged: the event comes again and then counts once', async (t) => {
  let away = false
  const refuse = (): never => {
    throw new Problem('database-unavailable', 'The database does not answer.', { status: 503, retry: 'later' })
  }
  const wrap = (store: Store): Store => ({
    ...store,
    query: (sql, params) => (away ? refuse() : store.query(sql, params)),
    transact: (work) => (away ? Promise.resolve().then(refuse) : store.transact(work)),
  })
  const house = await rig(t, { wrap })
  const station = await house.station()
  await station.event('Started', 0, started())
  away = true
  const event = { meterValue: kwh(NOW, 101) }
  const isInternal = (error: unknown) => error instanceof CallError && error.code === 'InternalError'
  await assert.rejects(station.event('Updated', 1, event), isInternal)
  await assert.rejects(
    station.say('StatusNotification', { timestamp: stamp(NOW), connectorStatus: 'Occupied', evseId: 1, connectorId: 1 }),
    isInternal,
  )
  assert.ok((await station.say('Heartbeat', {}))['currentTime'], 'a heartbeat needs no database')
  away = false
  assert.deepEqual(await station.event('Updated', 1, event), {})
  assert.deepEqual(await house.store.first('select events from cariflex.charging_transaction'), { events: 2 })
})

test('the mean of an event is believed once it is over, whatever was measured in between', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  const power = (watts: number) => ({ meterValue: [measured(house.clock.now(), ['Power.Active.Import', watts])] })
  house.clock.set(at(-10))
  await station.event('Started', 0, started(power(0)))
  let seq = 1
  for (let elapsed = 60; elapsed <= 300; elapsed += 60) {
    house.clock.set(at(elapsed - 10))
    await station.event('Updated', seq++, power(elapsed <= 120 ? 3000 : 6000))
  }
  house.clock.set(at(295))
  await house.charging.settled()
  const [value] = await house.beliefs.series({ sensor: 61, from: at(-10), until: at(290), horizon: 'ex-post' })
  // 60 s of 0, then 120 s of 3 kW, then 120 s of 6 kW
  assert.equal(value, 3.6)
})

test('samples that come late make the mean of their event anew', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  await station.event('Started', 0, started({ meterValue: [measured(NOW, ['Power.Active.Import', 4000])] }))
  house.clock.set(at(900))
  await house.charging.settled()
  const query = { sensor: 61, from: at(-10), until: at(590), horizon: 'ex-post' as const }
  assert.deepEqual(await house.beliefs.series(query), [4, null])
  const late = Array.from({ length: 8 }, (_, index) => measured(at(80 + index * 60), ['Power.Active.Import', 8000]))
  await station.event('Updated', 1, { timestamp: stamp(at(500)), offline: true, meterValue: late })
  house.clock.set(at(905))
  await house.charging.settled()
  const [first, second] = await house.beliefs.series(query)
  // 80 s of 4 kW since the session began, then 210 s of 8 kW
  assert.equal(first?.toFixed(6), ((80 * 4 + 210 * 8) / 290).toFixed(6))
  assert.equal(second, 8)
})

test('what was measured but not yet written when the program died is written by the next one', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  await station.event('Started', 0, started({ meterValue: [measured(NOW, ['Power.Active.Import', 4000])] }))
  await station.close()
  await house.restart()
  house.clock.set(at(400))
  await house.charging.settled()
  assert.deepEqual(await house.beliefs.series({ sensor: 61, from: at(-10), until: at(290), horizon: 'ex-post' }), [4])
})

test('an idle charger is known to draw nothing', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  house.clock.set(at(295))
  await house.charging.settled()
  house.clock.set(at(600))
  await house.charging.settled()
  assert.deepEqual(await house.beliefs.series({ sensor: 61, from: at(290), until: at(590), horizon: 'ex-post' }), [0])
  await station.close()
})

test('one odd value spoils neither its neighbours nor the answer', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  await station.event(
    'Started',
    0,
    started({
      meterValue: [
        measured(NOW, ['SoC', 900, 'Percent'], ['Power.Active.Import', 5, 'furlong'], ['Energy.Active.Import.Register', 7, 'kWh']),
      ],
    }),
  )
  const row = await house.store.first('select import_last from cariflex.charging_transaction')
  assert.deepEqual(row, { import_last: 7000 })
})

test('what the car needs becomes its wish, whether it was said before or after the session began', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  const needs = (energyAmount: number): Payload => ({
    evseId: 1,
    chargingNeeds: {
      requestedEnergyTransfer: 'AC_three_phase',
      departureTime: stamp(at(3 * 3600)),
      acChargingParameters: { energyAmount, evMinCurrent: 6, evMaxCurrent: 16, evMaxVoltage: 230 },
    },
  })
  assert.deepEqual(await station.say('NotifyEVChargingNeeds', needs(10_000)), { status: 'Processing' })
  await station.event('Started', 0, started({ meterValue: [measured(NOW, ['SoC', 40, 'Percent'], ['Energy.Active.Import.Register', 0])] }))
  const charger = house.devices.get('CP001')!
  assert.deepEqual(charger.wish?.(), { soc: 39_500, by: at(3 * 3600), floor: 15_000 })
  assert.equal(charger.capability().maxPower, 11_040)
  assert.deepEqual(await station.say('NotifyEVChargingNeeds', needs(20_000)), { status: 'Accepted' })
  assert.equal(charger.wish?.()?.soc, 49_000)
  await house.restart()
  assert.equal(house.devices.get('CP001')?.wish?.()?.by, at(3 * 3600))
})

test('without a word from the car its habits say when it leaves', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  for (const day of [1, 2, 3])
    await house.store.query(
      `insert into cariflex.charging_transaction (station, transaction_id, vehicle, first_at, last_at, started_at, ended_at, flags)
       values ('CP001', $1, $2, $3, $4, $3, $4, '{}')`,
      [`H${day}`, CAR.vehicle, `2026-11-2${day}T00:00:00Z`, `2026-11-2${day}T09:${day}0:00Z`],
    )
  await station.event('Started', 0, started({ meterValue: [measured(NOW, ['SoC', 40, 'Percent'])] }))
  const wish = house.devices.get('CP001')?.wish?.()
  assert.deepEqual(wish, { soc: 60_000, by: Date.parse('2026-11-25T09:20:00Z'), floor: 15_000 })
})

test('many more stations than database connections report at once, and everything is kept in order', async (t) => {
  const house = await rig(t)
  const identities = Array.from({ length: 20 }, (_, index) => `MANY-${index}`)
  for (const identity of identities)
    await house.store.query("insert into cariflex.charging_station (identity, boot_state, created_at) values ($1, 'Accepted', now())", [
      identity,
    ])
  await house.restart()
  const stations = await Promise.all(identities.map((identity) => house.station(identity, { boot: false })))
  await Promise.all(
    stations.map(async (station, index) => {
      for (let seq = 0; seq < 10; seq++)
        await station.event(seq === 0 ? 'Started' : seq === 9 ? 'Ended' : 'Updated', seq, {
          meterValue: kwh(at(seq), index + seq),
          transactionInfo: { transactionId: `T-${index}` },
        })
    }),
  )
  const rows = await house.store.query(
    'select distinct events, max_seq, ended_at is not null as ended, import_last - import_begin as wh from cariflex.charging_transaction',
  )
  assert.deepEqual(rows, [{ events: 10, max_seq: 9, ended: true, wh: 9000 }])
})

test('a station whose clock runs hours ahead hides neither what it measures next nor its state', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  const drawing = (watt: number, moment: Instant) => [measured(moment, ['Power.Active.Import', watt, 'W'])]
  await station.event('Started', 0, started({ meterValue: kwh(NOW, 100) }))
  const ahead = { timestamp: stamp(at(7200)), meterValue: drawing(9000, at(7200)) }
  await station.event('Updated', 1, ahead)
  await station.event('Updated', 1, ahead)
  await station.say('StatusNotification', { timestamp: stamp(at(7200)), connectorStatus: 'Faulted', evseId: 1, connectorId: 1 })
  house.clock.forward(30_000)
  await station.event('Updated', 2, { meterValue: drawing(4000, house.clock.now()) })
  await station.say('StatusNotification', { timestamp: stamp(house.clock.now()), connectorStatus: 'Occupied', evseId: 1, connectorId: 1 })
  assert.deepEqual(house.devices.get('CP001')?.measured(), { power: 4000, at: at(30) })
  assert.equal(house.charging.stations()[0]?.evses[0]?.connectorStatus, 'Occupied')
  const rows = await house.store.query('select events, flags from cariflex.charging_transaction')
  assert.deepEqual(rows, [{ events: 3, flags: [] }], 'the repetition was known as one')
})

test('what no column can hold is refused for good, so that the station does not send it for ever; EVSEs below zero are none', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  const refused = (error: unknown) => error instanceof CallError && error.code === 'PropertyConstraintViolation'
  await assert.rejects(station.say('Authorize', { idToken: { idToken: 'a\u0000b', type: 'Central' } }), refused)
  await assert.rejects(
    station.say('StatusNotification', { timestamp: stamp(NOW), connectorStatus: 'Available', evseId: -1, connectorId: 1 }),
    refused,
  )
  await station.event('Started', 0, started({ evse: { id: -1 } }))
  assert.deepEqual(
    house.charging.stations()[0]?.evses.map(({ id }) => id),
    [1],
  )
})

test('a station that is missed, faulty or has a problem is told apart from one at rest, and from one that never came', async (t) => {
  const house = await rig(t)
  const lack = (device = 'CP001') => {
    const { controllable, lack = 'none', why = '' } = house.devices.get(device)!.capability()
    return [controllable, lack, why]
  }
  const station = await house.station()
  assert.deepEqual(lack(), [false, 'work', 'No car is plugged in.'])
  assert.deepEqual(lack('CP002'), [false, 'work', 'The station is not connected.'])
  const status = (connectorStatus: string) =>
    station.say('StatusNotification', { timestamp: stamp(house.clock.now()), connectorStatus, evseId: 1, connectorId: 1 })
  await status('Faulted')
  assert.deepEqual(lack(), [false, 'none', 'The station reports a fault.'], 'without a car too')
  const problem = (actualValue: string) => ({
    generatedAt: stamp(NOW),
    seqNo: 0,
    eventData: [
      {
        eventId: 1,
        timestamp: stamp(NOW),
        trigger: 'Delta',
        actualValue,
        eventNotificationType: 'HardWiredNotification',
        component: { name: 'Fan' },
        variable: { name: 'Problem' },
      },
    ],
  })
  const alarms = () => house.store.query('select asset, code, message, ended_at is null as active from cariflex.alarm')
  const told = async (count: number) => {
    while (house.news.filter((one) => one.kind === 'alarm').length < count) await new Promise(setImmediate)
    return alarms()
  }
  await station.say('NotifyEvent', problem('true'))
  const alarm = { asset: 101, code: 'station-problem', message: 'CP001 reports a problem of its Fan.' }
  assert.deepEqual(await told(1), [{ ...alarm, active: true }])
  await station.say('NotifyEvent', problem('false'))
  assert.deepEqual(await told(2), [{ ...alarm, active: false }])
  await station.close()
  while (lack()[1] !== 'connection') await new Promise(setImmediate)
  assert.deepEqual(lack(), [false, 'connection', 'The station is not connected.'])
})

test('security events of a station are kept', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  await station.say('SecurityEventNotification', { type: 'TamperDetectionActivated', timestamp: stamp(at(-5)), techInfo: 'cover open' })
  const rows = await house.store.query('select station, type, at, info from cariflex.security_event')
  assert.deepEqual(rows, [{ station: 'CP001', type: 'TamperDetectionActivated', at: at(-5), info: 'cover open' }])
})

test('the status of a connector is kept, by either message, and an old one never replaces a newer one', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  const status = (connectorStatus: string, moment: Instant) =>
    station.say('StatusNotification', { timestamp: stamp(moment), connectorStatus, evseId: 1, connectorId: 1 })
  await status('Occupied', at(-10))
  await status('Available', at(-60))
  assert.equal(house.charging.stations()[0]?.evses[0]?.connectorStatus, 'Occupied')
  const event = {
    eventId: 1,
    timestamp: stamp(NOW),
    trigger: 'Delta',
    actualValue: 'Faulted',
    eventNotificationType: 'HardWiredNotification',
    component: { name: 'Connector', evse: { id: 1, connectorId: 1 } },
    variable: { name: 'AvailabilityState' },
  }
  await station.say('NotifyEvent', { generatedAt: stamp(NOW), seqNo: 0, eventData: [event] })
  await house.restart()
  assert.equal(house.charging.stations()[0]?.evses[0]?.connectorStatus, 'Faulted')
})

test('a session that never named an EVSE is given up while its station stays away, and taken up again when it speaks', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  const token = { idToken: { idToken: CAR.token, type: 'ISO14443' }, triggerReason: 'Authorized' }
  await station.event('Started', 0, token)
  const other = await house.station('CP002', { password: 'correct-horse-battery' })
  await other.event('Started', 0, started({ transactionInfo: { transactionId: 'T2', chargingState: 'Charging' } }))
  await station.close()
  await other.close()
  const open = async () =>
    (await house.store.query<{ id: string }>('select transaction_id as id from cariflex.charging_transaction where ended_at is null')).map(
      ({ id }) => id,
    )
  await minutes(house, 14)
  assert.deepEqual((await open()).sort(), ['T1', 'T2'], 'it may be back soon')
  await minutes(house, 2)
  await happens(async () => house.devices.get('CP001')?.capability().maxPower === 0)
  assert.deepEqual(await open(), ['T2'], 'a car at an EVSE is still there')
  const again = await house.station('CP001', { boot: false })
  await again.event('Updated', 1, started())
  assert.deepEqual((await open()).sort(), ['T1', 'T2'])
  assert.equal(house.devices.get('CP001')?.capability().controllable, true)
})

/** Resolves when the condition holds. */
async function happens(condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2000; turn++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  assert.fail('It never happened.')
}

/** Minute by minute, each with what it sets off. */
async function minutes(house: Awaited<ReturnType<typeof rig>>, count: number): Promise<void> {
  for (let minute = 0; minute < count; minute++) {
    house.clock.forward(MINUTE)
    await house.charging.settled()
  }
}
