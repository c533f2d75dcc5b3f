/** Block E: transactions by every start and stop point, plugged or authorised first, off line, out of order. */
import assert from 'node:assert/strict'
import { formatInstant, type Instant } from '#kernel'
import { BADGE, type Bench, type Block, charge, command, events, kept, set, shown, stationOf, story } from './bench.ts'

/** A session from nothing to nothing with these points; `then` says what is asserted of its story. */
async function whole(bench: Bench, points: Record<string, string>): Promise<string[]> {
  const { house, one } = bench
  await set(bench, points)
  one.station.park(true)
  await charge(bench)
  await house.pass(20)
  one.station.unplug()
  await house.pass(2)
  one.station.park(false)
  await house.until('the end', () => events(bench).some(({ eventType }) => eventType === 'Ended'))
  const session = await kept(bench)
  assert.equal(session.complete, true, JSON.stringify(session.flags))
  assert.equal(events(bench)[0]?.seqNo, 0)
  assert.ok(session.energyKwh > 0)
  assert.equal(shown(bench)?.transaction, null)
  return story(bench)
}
const begins =
  (point: string, line: string) =>
  async (bench: Bench): Promise<void> => {
    const lines = await whole(bench, { 'TxCtrlr.TxStartPoint': point, ...(point === 'DataSigned' ? SIGNED : {}) })
    assert.equal(lines[0], line)
  }
const ends =
  (point: string, line: RegExp) =>
  async (bench: Bench): Promise<void> => {
    const lines = await whole(bench, { 'TxCtrlr.TxStopPoint': point })
    assert.match(lines.at(-1)!, line)
  }
const SIGNED = { 'SampledDataCtrlr.SignReadings': 'true' }

/** Events written by hand: a transaction that the station's own engine does not know. */
const told = ({ house, one }: Bench, id: string) => {
  const begin = house.clock.now()
  return (
    eventType: 'Started' | 'Updated' | 'Ended',
    seqNo: number,
    more: { offline?: boolean; after?: number; register?: number; reason?: 'Local' } = {},
  ) =>
    one.station.say('TransactionEvent', {
      ...{ eventType, seqNo, timestamp: formatInstant((begin + (more.after ?? seqNo) * 1000) as Instant) },
      triggerReason: eventType === 'Started' ? 'CablePluggedIn' : eventType === 'Ended' ? 'EVDeparted' : 'MeterValuePeriodic',
      transactionInfo: { transactionId: id, ...(more.reason === undefined ? {} : { stoppedReason: more.reason }) },
      evse: { id: 1, connectorId: 1 },
      ...(more.offline ? { offline: true } : {}),
      ...(more.register === undefined
        ? {}
        : {
            meterValue: [
              { timestamp: formatInstant((begin + (more.after ?? seqNo) * 1000) as Instant), sampledValue: [{ value: more.register }] },
            ],
          }),
    })
}
const sessions = ({ house, one }: Bench) => house.charging.archive.sessions({ station: one.identity })

export const blockE: Block = {
  TC_E_01: ['Start point: PowerPathClosed', begins('PowerPathClosed', 'Started Authorized Charging')],
  TC_E_02: ['Start point: EnergyTransfer', begins('EnergyTransfer', 'Started ChargingStateChanged Charging')],
  TC_E_03: [
    'Plugged first, then authorised',
    async (bench) => {
      await charge(bench)
      assert.deepEqual(story(bench).slice(0, 3), [
        'Started CablePluggedIn EVConnected',
        'Updated Authorized EVConnected',
        'Updated ChargingStateChanged Charging',
      ])
      assert.equal(shown(bench)?.transaction?.tokenStatus, 'Accepted')
    },
  ],
  TC_E_04: [
    'Authorised first, then plugged',
    async (bench) => {
      const { house, one } = bench
      await one.station.swipe(BADGE)
      await house.until('it began', () => events(bench).length > 0)
      assert.equal(story(bench)[0], 'Started Authorized Idle')
      one.station.plug(one.car())
      await house.until('it charges', () => one.station.state().flow === 'charging')
      assert.ok(story(bench).some((line) => line.startsWith('Updated CablePluggedIn')))
      assert.equal((await sessions(bench)).filter(({ endedAt }) => endedAt === null).length, 1)
    },
  ],
  TC_E_07: [
    'Stop point: PowerPathClosed, ended by the badge',
    async (bench) => {
      await set(bench, { 'TxCtrlr.TxStopPoint': 'PowerPathClosed' })
      await charge(bench)
      await bench.one.station.swipe(BADGE)
      await bench.house.until('the end', () => story(bench).includes('Ended StopAuthorized Local'))
      assert.equal((await kept(bench)).stoppedReason, 'Local')
    },
  ],
  TC_E_08: ['Stop point: EnergyTransfer', ends('EnergyTransfer', /^Ended/)],
  TC_E_09: ['Start point: EVConnected', begins('EVConnected', 'Started CablePluggedIn EVConnected')],
  TC_E_10: ['Start point: Authorized', begins('Authorized', 'Started Authorized Charging')],
  TC_E_11: ['Start point: DataSigned', begins('DataSigned', 'Started ChargingStateChanged Charging')],
  TC_E_12: ['Start point: ParkingBayOccupancy', begins('ParkingBayOccupancy', 'Started EVDetected Idle')],
  TC_E_14: ['Stop point: PowerPathClosed, the car leaves', ends('PowerPathClosed', /^Ended EVCommunicationLost EVDisconnected$/)],
  TC_E_15: [
    'Stop point: Authorized, ended by the badge',
    async (bench) => {
      await set(bench, { 'TxCtrlr.TxStopPoint': 'Authorized' })
      await charge(bench)
      await bench.one.station.swipe(BADGE)
      await bench.house.until('the end', () => story(bench).includes('Ended StopAuthorized Local'))
      const session = await kept(bench)
      assert.equal(session.list.at(-1)?.type, 'Ended')
      assert.equal(session.complete, true)
    },
  ],
  TC_E_16: [
    'Deauthorised: a badge in the event that is not known; the event is kept all the same',
    async (bench) => {
      const { house, one } = bench
      const answer = await one.station.say('TransactionEvent', {
        ...{ eventType: 'Started', seqNo: 0, timestamp: formatInstant(house.clock.now()), triggerReason: 'Authorized' },
        transactionInfo: { transactionId: 'E16' },
        evse: { id: 1, connectorId: 1 },
        idToken: { idToken: 'NOBODY16', type: 'ISO14443' },
      })
      assert.ok(['Invalid', 'Unknown'].includes(answer.idTokenInfo?.status ?? ''))
      await one.station.say('TransactionEvent', {
        ...{ eventType: 'Ended', seqNo: 1, timestamp: formatInstant(house.clock.now()), triggerReason: 'Deauthorized' },
        transactionInfo: { transactionId: 'E16', stoppedReason: 'DeAuthorized' },
      })
      const session = await house.charging.archive.session(one.identity, 'E16')
      assert.deepEqual([session.events, session.stoppedReason, session.tokenStatus], [2, 'DeAuthorized', answer.idTokenInfo?.status])
    },
  ],
  TC_E_17: ['The cable is taken out on the side of the car', ends('EVConnected', /^Ended EVCommunicationLost EVDisconnected$/)],
  TC_E_19: ['Stop point: ParkingBayOccupancy', ends('ParkingBayOccupancy,EVConnected', /^Ended/)],
  TC_E_20: [
    'The car ends it: charging is suspended by the car, then it leaves',
    async (bench) => {
      const { house, one } = bench
      await charge(bench)
      one.station.plugged()?.take(200_000)
      await house.until('the car is full', () => story(bench).some((line) => line.endsWith('SuspendedEV')))
      one.station.unplug()
      await house.until('the end', () => events(bench).at(-1)?.eventType === 'Ended')
      assert.equal((await kept(bench)).stoppedReason, 'EVDisconnected')
    },
  ],
  TC_E_21: [
    'Ended from afar',
    async (bench) => {
      const id = await charge(bench)
      assert.equal((await bench.house.charging.remoteStop(bench.one.identity)).status, 'Accepted')
      await bench.house.until('the end', () => story(bench).includes('Ended RemoteStop Remote'))
      assert.equal(bench.one.heard('RequestStopTransaction')[0]?.transactionId, id)
      assert.equal((await kept(bench)).stoppedReason, 'Remote')
    },
  ],
  TC_E_22: [
    'Suspended by the car: the session goes on, and the screen says so',
    async (bench) => {
      await charge(bench)
      bench.one.station.plugged()?.take(200_000)
      await bench.house.until('suspended', () => shown(bench)?.transaction?.chargingState === 'SuspendedEV')
      assert.equal(shown(bench)?.transaction?.powerKw, 0)
    },
  ],
  TC_E_26: [
    'The cable is taken out on the side of the car: the transaction is suspended and goes on when it is back',
    async (bench) => {
      const { house, one } = bench
      await set(bench, { 'TxCtrlr.StopTxOnEVSideDisconnect': 'false', 'TxCtrlr.TxStopPoint': 'Authorized' })
      const id = await charge(bench)
      const car = one.station.plugged()!
      one.station.unplug()
      await house.until(
        'it is told',
        () => events(bench).at(-1)?.triggerReason === 'ChargingStateChanged' || story(bench).at(-1)!.includes('EVCommunicationLost'),
      )
      assert.equal(events(bench).at(-1)?.eventType, 'Updated')
      assert.equal((await kept(bench)).endedAt, null)
      one.station.plug(car)
      await house.until('it charges again', () => one.station.state().flow === 'charging')
      assert.equal(one.station.state().transaction, id)
      await one.station.swipe(BADGE)
      await house.until('the end', () => events(bench).at(-1)?.eventType === 'Ended')
      assert.equal((await kept(bench)).id, id)
    },
  ],
  TC_E_29: [
    'Transaction status: it goes on, and messages wait',
    async (bench) => {
      const id = await charge(bench)
      bench.one.instead.GetTransactionStatus = () => ({ ongoingIndicator: true, messagesInQueue: true })
      const { payload } = await command(bench, 'GetTransactionStatus', { transactionId: id })
      assert.deepEqual(payload, { ongoingIndicator: true, messagesInQueue: true })
    },
  ],
  TC_E_30: [
    'Transaction status: it goes on, nothing waits',
    async (bench) => {
      const id = await charge(bench)
      assert.deepEqual((await command(bench, 'GetTransactionStatus', { transactionId: id })).payload, {
        ongoingIndicator: true,
        messagesInQueue: false,
      })
    },
  ],
  TC_E_31: [
    'Ended comes first and leaves a gap of two; the events that were missing come later: repaired, not doubled',
    async (bench) => {
      const { house, one } = bench
      const say = told(bench, 'E31')
      await say('Started', 0, { register: 1000 })
      await say('Ended', 3, { register: 4000, reason: 'Local' })
      const gap = await house.charging.archive.session(one.identity, 'E31')
      assert.deepEqual([gap.complete, gap.energyKwh, gap.endedAt !== null], [false, 3, true])
      assert.equal((await command(bench, 'GetTransactionStatus', { transactionId: 'E31' })).payload['ongoingIndicator'], false)
      await say('Updated', 2, { register: 3000, offline: true })
      await say('Updated', 1, { register: 2000, offline: true })
      const whole = await house.charging.archive.session(one.identity, 'E31')
      assert.deepEqual([whole.complete, whole.energyKwh, whole.endedAt], [true, 3, gap.endedAt])
      assert.equal((await sessions(bench)).filter(({ id }) => id === 'E31').length, 1)
    },
  ],
  TC_E_33: [
    'Transaction status without an id: messages wait',
    async (bench) => {
      bench.one.instead.GetTransactionStatus = () => ({ messagesInQueue: true })
      assert.deepEqual((await command(bench, 'GetTransactionStatus')).payload, { messagesInQueue: true })
    },
  ],
  TC_E_34: [
    'Transaction status without an id: nothing waits',
    async (bench) => {
      assert.deepEqual((await command(bench, 'GetTransactionStatus')).payload, { messagesInQueue: false })
    },
  ],
  TC_E_38: [
    'Authorised, but the car is not ready: it charges later',
    async (bench) => {
      const { house, one } = bench
      const car = one.car()
      car.take(200_000)
      one.station.plug(car)
      await house.until('suspended by the car', () => story(bench).some((line) => line.endsWith('SuspendedEV')))
      assert.equal(shown(bench)?.transaction?.chargingState, 'SuspendedEV')
      assert.equal(stationOf(bench).open.size, 1)
    },
  ],
  TC_E_39: [
    'Authorised, but nobody plugs: it runs out',
    async (bench) => {
      const { house, one } = bench
      await set(bench, { 'TxCtrlr.EVConnectionTimeOut': '20' })
      await one.station.swipe(BADGE)
      await house.until('it began', () => events(bench).length > 0)
      await house.until('it ran out', () => story(bench).at(-1) === 'Ended EVConnectTimeout Timeout', 40)
      const session = await kept(bench)
      assert.deepEqual([session.stoppedReason, session.energyKwh], ['Timeout', 0])
    },
  ],
  TC_E_53: [
    'The sequence begins at 0 with every transaction',
    async (bench) => {
      for (let turn = 0; turn < 2; turn++) {
        await charge(bench)
        bench.one.station.unplug()
        await bench.house.until('the end', () => events(bench).filter(({ eventType }) => eventType === 'Ended').length === turn + 1)
      }
      const begins = events(bench).filter(({ eventType }) => eventType === 'Started')
      assert.deepEqual(
        begins.map(({ seqNo }) => seqNo),
        [0, 0],
      )
      for (const { transactionInfo } of begins)
        assert.equal((await bench.house.charging.archive.session(bench.one.identity, transactionInfo.transactionId)).complete, true)
    },
  ],
}
