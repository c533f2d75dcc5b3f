/** Blocks F, G and J: remote control, triggers, availability, meter values. */
import assert from 'node:assert/strict'
import { BADGE, type Bench, type Block, charge, command, effect, events, kept, set, shown, story } from './bench.ts'

const begin = ({ house, one }: Bench) => house.charging.remoteStart(one.identity, { token: BADGE.idToken, type: BADGE.type, evse: 1 })

/** Triggers a message and looks at what came and at what stands beside the command. */
const triggers =
  (requestedMessage: string, evse?: { id: number; connectorId?: number }, expected = requestedMessage) =>
  async (bench: Bench): Promise<void> => {
    const answer = await command(bench, 'TriggerMessage', { requestedMessage, ...(evse ? { evse } : {}) })
    assert.equal(answer.status, 'Accepted')
    const { effect: followed } = await effect(bench, 'TriggerMessage')
    assert.equal(followed?.['action'], expected)
    assert.ok(bench.one.said(expected as 'Heartbeat').length >= 1)
  }
const during =
  (run: (bench: Bench) => Promise<void>) =>
  async (bench: Bench): Promise<void> => {
    await charge(bench)
    await run(bench)
  }

export const blockF: Block = {
  TC_F_01: [
    'Started from afar, the cable first',
    async (bench) => {
      const { house, one } = bench
      one.station.plug(one.car('NOBODY'))
      await house.until('plugged', () => one.told('Authorize').length > 0)
      const answer = await begin(bench)
      assert.equal(answer.status, 'Accepted')
      assert.equal(answer.payload['transactionId'], one.station.state().transaction)
      await house.until('it charges', () => one.station.state().flow === 'charging')
      const { remoteStartId } = one.heard('RequestStartTransaction')[0]!
      assert.equal((await kept(bench)).remoteStartId, remoteStartId)
      assert.equal((await effect(bench, 'RequestStartTransaction')).effect?.['triggerReason'], 'RemoteStart')
    },
  ],
  TC_F_02: [
    'Started from afar, the start first, the badge is asked for',
    async (bench) => {
      const { house, one } = bench
      await set(bench, { 'AuthCtrlr.AuthorizeRemoteStart': 'true' })
      await begin(bench)
      await house.until('asked', () => one.told('Authorize').at(-1)?.idTokenInfo.status === 'Accepted')
      one.station.plug(one.car())
      await house.until('it charges', () => one.station.state().flow === 'charging')
      assert.ok(events(bench).some(({ transactionInfo }) => transactionInfo.remoteStartId !== undefined))
    },
  ],
  TC_F_03: [
    'Started from afar, the start first, the badge is not asked for',
    async (bench) => {
      const { house, one } = bench
      await begin(bench)
      await house.until('it began', () => story(bench)[0] === 'Started RemoteStart Idle')
      assert.equal(one.said('Authorize').length, 0)
      one.station.plug(one.car())
      await house.until('it charges', () => one.station.state().flow === 'charging')
      assert.equal((await kept(bench)).tokenStatus, 'Accepted')
    },
  ],
  TC_F_04: [
    'Started from afar, but nobody plugs: it runs out',
    async (bench) => {
      const { house } = bench
      await set(bench, { 'TxCtrlr.EVConnectionTimeOut': '15' })
      await begin(bench)
      await house.until('it ran out', () => events(bench).some(({ triggerReason }) => triggerReason === 'EVConnectTimeout'), 40)
      const session = await kept(bench)
      assert.ok(session.remoteStartId !== null)
      assert.equal(shown(bench)?.transaction, null)
    },
  ],
  TC_F_06: [
    'Unlock a connector',
    async (bench) => {
      assert.equal((await command(bench, 'UnlockConnector', { evseId: 1, connectorId: 1 })).status, 'Unlocked')
      assert.equal((await command(bench, 'UnlockConnector', { evseId: 1, connectorId: 7 })).status, 'UnknownConnector')
    },
  ],
  TC_F_11: ['Trigger: MeterValues of an EVSE', triggers('MeterValues', { id: 1 })],
  TC_F_12: ['Trigger: MeterValues of all EVSEs', triggers('MeterValues')],
  TC_F_13: ['Trigger: TransactionEvent of an EVSE', during(triggers('TransactionEvent', { id: 1 }))],
  TC_F_14: ['Trigger: TransactionEvent of all EVSEs', during(triggers('TransactionEvent'))],
  TC_F_15: ['Trigger: LogStatusNotification', triggers('LogStatusNotification')],
  TC_F_18: ['Trigger: FirmwareStatusNotification', triggers('FirmwareStatusNotification')],
  TC_F_20: ['Trigger: Heartbeat', triggers('Heartbeat')],
  TC_F_23: ['Trigger: StatusNotification of a connector', triggers('StatusNotification', { id: 1, connectorId: 1 })],
  TC_F_24: [
    'Trigger: StatusNotification of an EVSE that is not there is rejected',
    async (bench) => {
      const answer = await command(bench, 'TriggerMessage', { requestedMessage: 'StatusNotification', evse: { id: 5, connectorId: 1 } })
      assert.equal(answer.status, 'Rejected')
    },
  ],
  TC_F_27: [
    'Trigger: not implemented',
    async (bench) => {
      const answer = await command(bench, 'TriggerMessage', { requestedMessage: 'PublishFirmwareStatusNotification' })
      assert.equal(answer.status, 'NotImplemented')
      const [last] = await bench.house.charging.blocks.commands.list(bench.one.identity, { limit: 1 }, 'UTC')
      assert.equal(last?.status, 'NotImplemented')
    },
  ],
}

/** Takes a place out of service and puts it back; both show at the connector. */
const serves =
  (operationalStatus: 'Operative' | 'Inoperative', evse?: { id: number; connectorId?: number }) =>
  async (bench: Bench): Promise<void> => {
    const change = (status: string) => command(bench, 'ChangeAvailability', { operationalStatus: status, ...(evse ? { evse } : {}) })
    if (operationalStatus === 'Operative') {
      await change('Inoperative')
      await bench.house.until('out of service', () => shown(bench)?.connectorStatus === 'Unavailable')
    }
    assert.equal((await change(operationalStatus)).status, 'Accepted')
    const word = operationalStatus === 'Operative' ? 'Available' : 'Unavailable'
    await bench.house.until(word, () => shown(bench)?.connectorStatus === word)
    const { effect: followed } = await effect(bench, 'ChangeAvailability')
    assert.equal(followed?.['connectorStatus'], word)
    assert.deepEqual(bench.one.heard('ChangeAvailability').at(-1)?.evse, evse)
    await change('Operative')
    await bench.house.until('in service', () => shown(bench)?.connectorStatus === 'Available')
  }
/** During a transaction it waits for the end. */
const waits =
  (evse?: { id: number; connectorId?: number }) =>
  async (bench: Bench): Promise<void> => {
    const change = (status: string) => command(bench, 'ChangeAvailability', { operationalStatus: status, ...(evse ? { evse } : {}) })
    await charge(bench)
    assert.equal((await change('Inoperative')).status, 'Scheduled')
    await bench.house.pass(3)
    assert.equal(shown(bench)?.connectorStatus, 'Occupied')
    bench.one.station.unplug()
    await bench.house.until('out of service', () => shown(bench)?.connectorStatus === 'Unavailable')
    assert.equal((await effect(bench, 'ChangeAvailability')).status, 'Scheduled')
    await change('Operative')
    await bench.house.until('in service', () => shown(bench)?.connectorStatus === 'Available')
  }

export const blockG: Block = {
  TC_G_03: ['An EVSE out of service', serves('Inoperative', { id: 1 })],
  TC_G_04: ['An EVSE back in service', serves('Operative', { id: 1 })],
  TC_G_05: ['The station out of service', serves('Inoperative')],
  TC_G_06: ['The station back in service', serves('Operative')],
  TC_G_07: ['A connector out of service', serves('Inoperative', { id: 1, connectorId: 1 })],
  TC_G_08: ['A connector back in service', serves('Operative', { id: 1, connectorId: 1 })],
  TC_G_11: ['An EVSE out of service, while somebody charges', waits({ id: 1 })],
  TC_G_14: ['The station out of service, while somebody charges', waits()],
  TC_G_17: ['A connector out of service, while somebody charges', waits({ id: 1, connectorId: 1 })],
  TC_G_20: [
    'The lock of a connector fails: told by an event, kept, and people are told',
    async (bench) => {
      const { house, one } = bench
      const timestamp = new Date(house.clock.now()).toISOString()
      const event = (eventId: number, actualValue: string) =>
        one.station.say('NotifyEvent', {
          ...{ generatedAt: timestamp, seqNo: 0 },
          eventData: [
            {
              ...{ eventId, timestamp, trigger: 'Alerting', actualValue, eventNotificationType: 'HardWiredNotification' },
              component: { name: 'ConnectorPlugRetentionLock', evse: { id: 1, connectorId: 1 } },
              variable: { name: 'Problem' },
            },
          ],
        })
      await event(1, 'true')
      const [latest] = await house.charging.blocks.monitoring.list(one.identity, {}, 'UTC')
      assert.deepEqual(
        [latest?.component, latest?.variable, latest?.value, latest?.evse],
        ['ConnectorPlugRetentionLock', 'Problem', 'true', 1],
      )
      // The alarm is kept beside the answer.
      await house.until('people are told', () =>
        house.news.some((news) => news.kind === 'alarm' && news.code === 'station-problem' && news.active),
      )
      await event(2, 'false')
    },
  ],
}

const measurandsIn = (values: readonly { sampledValue: readonly { measurand?: string }[] }[] | undefined) =>
  values?.flatMap(({ sampledValue }) => sampledValue.map(({ measurand }) => measurand)) ?? []
const contextsIn = (bench: Bench) =>
  events(bench).flatMap(({ meterValue = [] }) => meterValue.flatMap(({ sampledValue }) => sampledValue.map(({ context }) => context)))
const signedIn = (bench: Bench) =>
  events(bench).flatMap(({ meterValue = [] }) =>
    meterValue.flatMap(({ sampledValue }) => sampledValue.filter((one) => one.signedMeterValue)),
  )
const samples = ({ house, one }: Bench) =>
  house.charging.archive.samples(one.identity, 1, (house.clock.now() - 600_000) as never, (house.clock.now() + 1000) as never)

/** A transaction in which the clock strikes, then its end. */
async function struck(bench: Bench, more: Record<string, string>): Promise<void> {
  await set(bench, { 'AlignedDataCtrlr.Interval': '30', ...more })
  await charge(bench)
  await bench.house.pass(65)
  bench.one.station.unplug()
  await bench.house.until('the end', () => events(bench).at(-1)?.eventType === 'Ended')
}

export const blockJ: Block = {
  TC_J_01: [
    'Values of the clock while nobody charges',
    async (bench) => {
      await set(bench, {
        'AlignedDataCtrlr.Interval': '30',
        'AlignedDataCtrlr.Measurands': 'Energy.Active.Import.Register,Power.Active.Import',
      })
      await bench.house.until('two values', () => bench.one.said('MeterValues').length >= 2, 90)
      const { meterValue, evseId } = bench.one.said('MeterValues')[0]!
      assert.deepEqual([evseId, meterValue[0]?.sampledValue[0]?.context], [1, 'Sample.Clock'])
      assert.ok((await samples(bench)).some(({ kw }) => kw === 0))
    },
  ],
  TC_J_02: [
    'Values of the clock during a transaction',
    async (bench) => {
      await struck(bench, { 'AlignedDataCtrlr.Measurands': 'Energy.Active.Import.Register,Power.Active.Import' })
      assert.equal(events(bench).filter(({ triggerReason }) => triggerReason === 'MeterValueClock').length, 2)
      assert.ok((await samples(bench)).some(({ kw }) => kw !== null && kw > 3))
    },
  ],
  TC_J_03: [
    'Values of the clock in the end of a transaction',
    async (bench) => {
      await struck(bench, { 'AlignedDataCtrlr.TxEndedMeasurands': 'Energy.Active.Import.Register' })
      const last = events(bench).at(-1)!
      assert.equal(last.meterValue?.filter(({ sampledValue }) => sampledValue[0]?.context === 'Sample.Clock').length, 2)
      const session = await kept(bench)
      assert.ok(session.energyKwh > 0.05 && session.complete)
    },
  ],
  TC_J_04: [
    'Values of the clock, signed: kept as they came',
    async (bench) => {
      await struck(bench, { 'AlignedDataCtrlr.SignReadings': 'true' })
      const [signed] = signedIn(bench)
      assert.equal(signed?.context, 'Sample.Clock')
      const { list } = await kept(bench)
      assert.ok(JSON.stringify(list).includes(signed!.signedMeterValue!.signedMeterData))
    },
  ],
  TC_J_07: [
    'Sampled values in the beginning of a transaction',
    async (bench) => {
      await charge(bench)
      const first = events(bench)[0]!
      assert.ok(measurandsIn(first.meterValue).includes('Energy.Active.Import.Register'))
      assert.ok(contextsIn(bench).includes('Transaction.Begin'))
      assert.deepEqual((await kept(bench)).list[0]?.payload['meterValue'], first.meterValue)
    },
  ],
  TC_J_08: [
    'Sampled values of a transaction whose EVSE is not known yet',
    async (bench) => {
      const { house, one } = bench
      const timestamp = new Date(house.clock.now()).toISOString()
      const about = { timestamp, triggerReason: 'Authorized' as const, transactionInfo: { transactionId: 'J08' } }
      await one.station.say('TransactionEvent', {
        eventType: 'Started',
        seqNo: 0,
        ...about,
        meterValue: [{ timestamp, sampledValue: [{ value: 5000, context: 'Transaction.Begin' }] }],
        idToken: BADGE,
      })
      assert.equal((await house.charging.archive.session(one.identity, 'J08')).evse, null)
      await one.station.say('TransactionEvent', { eventType: 'Updated', seqNo: 1, ...about, evse: { id: 1, connectorId: 1 } })
      assert.equal((await house.charging.archive.session(one.identity, 'J08')).evse, 1)
      await one.station.say('TransactionEvent', { eventType: 'Ended', seqNo: 2, ...about })
      assert.equal((await house.charging.archive.session(one.identity, 'J08')).complete, true)
    },
  ],
  TC_J_09: [
    'Sampled values during a transaction',
    async (bench) => {
      await set(bench, { 'SampledDataCtrlr.TxUpdatedInterval': '10' })
      await charge(bench)
      await bench.house.pass(31)
      const periodic = events(bench).filter(({ triggerReason }) => triggerReason === 'MeterValuePeriodic')
      assert.ok(periodic.length >= 3, String(periodic.length))
      assert.ok((shown(bench)?.transaction?.powerKw ?? 0) > 3)
      assert.ok((shown(bench)?.transaction?.energyKwh ?? 0) > 0)
    },
  ],
  TC_J_10: [
    'Sampled values in the end of a transaction',
    async (bench) => {
      await charge(bench)
      await bench.house.pass(30)
      bench.one.station.unplug()
      await bench.house.until('the end', () => events(bench).at(-1)?.eventType === 'Ended')
      const contexts = events(bench)
        .at(-1)
        ?.meterValue?.map(({ sampledValue }) => sampledValue[0]?.context)
      assert.deepEqual(contexts, ['Transaction.Begin', 'Transaction.End'])
      assert.ok((await kept(bench)).energyKwh > 0)
    },
  ],
  TC_J_11: [
    'Sampled values, signed: kept as they came',
    async (bench) => {
      await set(bench, { 'SampledDataCtrlr.SignReadings': 'true' })
      await charge(bench)
      bench.one.station.unplug()
      await bench.house.until('the end', () => events(bench).at(-1)?.eventType === 'Ended')
      const signed = signedIn(bench)
      assert.ok(signed.length >= 2)
      const { list } = await kept(bench)
      for (const { signedMeterValue } of signed) assert.ok(JSON.stringify(list).includes(signedMeterValue!.signedMeterData))
    },
  ],
}
