// The bridge against a real RabbitMQ: a running CitrineOS in its recorded shapes, from its broker into beliefs, and orders back.
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { openCharging } from '#charging'
import { type Device, deviceRegistry, type News, openAlarms, openBeliefs, type Setpoint } from '#ems'
import { after, HOUR, inProcessBus, instant, MINUTE, silentLog, systemClock, watts } from '#kernel'
import { scratchStore } from '#store'
import { until } from '../journeys/territory.ts'
import { makeTables, type Payload, type PeerCall, startPeer } from './citrineos-peer.ts'
import { hasRabbit, startRabbit } from './rabbitmq.ts'

const PATH = ['CI-16', 'CI-201'] as const

/** A room of two stations, both behind CitrineOS. */
async function bridgedRoom(t: TestContext, amqp: string) {
  const store = await scratchStore(t)
  const tables = await scratchStore(t, { migrated: false })
  await makeTables(tables)
  for (const [index, name] of PATH.entries()) {
    await store.query(`insert into generic_asset (id, name, generic_asset_type_id, attributes) values ($1, $2, 6, '{}')`, [
      101 + index,
      name,
    ])
    await store.query(
      `insert into sensor (id, name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, generic_asset_id, attributes)
       values ($1, 'power', 'kW', 'America/Martinique', '5 minutes', 'ex_post', '{"ex_post_horizon":"PT0S"}', $2, '{"consumption_is_positive":true}')`,
      [61 + index, 101 + index],
    )
  }
  const clock = systemClock
  const bus = inProcessBus<News>((error) => {
    throw error
  })
  const beliefs = openBeliefs({ store, clock, bus })
  const devices = deviceRegistry()
  const charging = await openCharging({
    ...{ store, clock, log: silentLog, bus, beliefs, devices, conversation: { note: () => undefined } },
    alarms: openAlarms({ store, clock, bus }),
    config: {
      ...{ bootPause: 0, patience: 3000 },
      citrineos: {
        ...{ version: '1.8', amqp, exchange: 'citrineos', queue: 'cariflex', tenant: 1, database: tables.url },
        ...{ orders: 'inject', firstProfile: 7000, reconcile: HOUR },
      },
    },
  })
  t.after(() => charging.close())
  for (const [index, identity] of PATH.entries())
    await charging.registerStation({ identity, asset: 101 + index, powerSensor: 61 + index, nominalW: 11_000 })
  const open = (identity: string) => [...charging.station(identity).open.values()][0]
  const device = (id: string) => [...devices.all()].find((one: Device) => one.id === id)!
  return { store, tables, beliefs, charging, open, device }
}

const profileOf = ({ payload }: PeerCall) => (payload['csChargingProfiles'] ?? payload['chargingProfile']) as Payload
const firstLimit = (call: PeerCall) => {
  const [schedule] = [profileOf(call)['chargingSchedule']].flat() as { chargingSchedulePeriod: { limit: number }[] }[]
  return schedule!.chargingSchedulePeriod[0]!.limit
}
const ordersTo = ({ calls }: { calls: PeerCall[] }) =>
  calls.filter((call) => call.action === 'SetChargingProfile' && profileOf(call)['chargingProfilePurpose'] === 'TxProfile')

/** Stations of either version that do what they are told; schedules they do not tell. */
const ANSWERS: Record<string, Payload> = {
  GetConfiguration: { configurationKey: [{ key: 'ChargeProfileMaxStackLevel', readonly: true, value: '5' }] },
  GetBaseReport: { status: 'NotSupported' },
  GetCompositeSchedule: { status: 'Rejected' },
  GetTransactionStatus: { messagesInQueue: false, ongoingIndicator: true },
}
const obedient = ({ action }: PeerCall): Payload => ANSWERS[action] ?? { status: 'Accepted' }

const iso = (at: number) => new Date(at).toISOString()
const energy = (at: number, value: number, power: number) => ({
  timestamp: iso(at),
  sampledValue: [
    { value, measurand: 'Energy.Active.Import.Register', unitOfMeasure: { unit: 'Wh' } },
    { value: power, measurand: 'Power.Active.Import', unitOfMeasure: { unit: 'W' } },
  ],
})
const energy16 = (at: number, value: number, power: number) => ({
  timestamp: iso(at),
  sampledValue: [
    { value: String(value), measurand: 'Energy.Active.Import.Register', unit: 'Wh' },
    { value: String(power), measurand: 'Power.Active.Import', unit: 'W' },
  ],
})
const updated = (seqNo: number, at: number, value: number, power = 7000, eventType = 'Updated') => ({
  ...{ eventType, timestamp: iso(at), triggerReason: 'MeterValuePeriodic', seqNo },
  transactionInfo: { transactionId: 'ci-1', chargingState: 'Charging' },
  evse: { id: 1, connectorId: 1 },
  meterValue: [energy(at, value, power)],
})

test('a session of 1.6 and one of 2.0.1 cross the broker of CitrineOS into beliefs, and orders come back; a gap is filled from its tables', async (t) => {
  if (!hasRabbit()) return t.skip('there is no RabbitMQ here')
  const rabbit = await startRabbit(t)
  const { tables, beliefs, charging, open, device } = await bridgedRoom(t, rabbit.url)
  await until('the bridge', async () => charging.bridge!.view().broker.open, Boolean)
  const begun = Math.floor(Date.now() / 60_000) * 60_000 - 20 * MINUTE

  // 1. From the tap: CitrineOS accepts badges that our table does not have.
  const first = await startPeer(rabbit.url)
  t.after(() => first.close())
  const old = await first.station('CI-16', 'ocpp1.6', obedient)
  const young = await first.station('CI-201', 'ocpp2.0.1', obedient)
  await first.station('CI-UNKNOWN', 'ocpp1.6', obedient).then((one) => one.say('Heartbeat', {}, {}))
  await old.say(
    'BootNotification',
    { chargePointVendor: 'Old', chargePointModel: 'One' },
    { status: 'Accepted', currentTime: iso(begun), interval: 60 },
  )
  await old.say('StatusNotification', { connectorId: 1, status: 'Charging', errorCode: 'NoError', timestamp: iso(begun) }, {})
  const start = { connectorId: 1, idTag: 'THEIRS-1', meterStart: 1000, timestamp: iso(begun) }
  await old.say('StartTransaction', start, { transactionId: 41, idTagInfo: { status: 'Accepted' } }, 'start-41')
  const began = {
    ...{ eventType: 'Started', timestamp: iso(begun), triggerReason: 'Authorized', seqNo: 0 },
    transactionInfo: { transactionId: 'ci-1', chargingState: 'Charging' },
    ...{ evse: { id: 1, connectorId: 1 }, idToken: { idToken: 'THEIRS-2', type: 'Central' }, meterValue: [energy(begun, 0, 7000)] },
  }
  await young.say('TransactionEvent', began, { idTokenInfo: { status: 'Accepted' } }, 'begin-ci-1')
  await until(
    'both sessions',
    async () => PATH.map((identity) => open(identity)?.transaction.tokenStatus),
    (statuses) => statuses.every((status) => status === 'Accepted'),
  )
  const number = Number(open('CI-16')!.transaction.id)
  assert.notEqual(number, 41, 'our number of the session is one of our own')
  assert.equal(charging.station('CI-16').record.vendor, 'Old')
  assert.equal(
    charging.stations().every(({ online, boot }) => online && boot === 'Accepted'),
    true,
  )
  assert.deepEqual(charging.bridge!.view().strangers, ['CI-UNKNOWN'])

  // 2. Twice the same, and meter values.
  await young.say('TransactionEvent', began, { idTokenInfo: { status: 'Accepted' } }, 'begin-ci-1')
  await old.say('StartTransaction', start, { transactionId: 41, idTagInfo: { status: 'Accepted' } }, 'start-41')
  for (const minutes of [5, 10]) {
    const at = begun + minutes * MINUTE
    for (const _ of ['once', 'again']) {
      await young.say('TransactionEvent', updated(minutes / 5, at, minutes * 100), {})
      await old.say('MeterValues', { connectorId: 1, transactionId: 41, meterValue: [energy16(at, 1000 + minutes * 100, 6000)] }, {})
    }
  }
  await until(
    'meter values',
    async () => PATH.map((identity) => open(identity)?.transaction.imported.last),
    ([one, two]) => one === 2000 && two === 1000,
  )
  assert.deepEqual([open('CI-201')!.transaction.events, open('CI-201')!.transaction.flags], [3, []])
  assert.equal(open('CI-16')!.transaction.events, 3, 'a start and two meter values')

  await until(
    'what the station of 1.6 can do',
    async () => charging.station('CI-16').model.size,
    (size) => size > 0,
  )

  // 3. Orders, in the station's number of the session, under ids and levels of our own.
  const order = (id: string, power: number): Setpoint => {
    const at = systemClock.now()
    return { device: id, asset: 101, power: watts(power), at, until: after(at, 5 * MINUTE), because: 'a test', rung: 'plan' }
  }
  for (const [station, id, transaction] of [
    [old, 'CI-16', 41],
    [young, 'CI-201', 'ci-1'],
  ] as const) {
    const answer = await device(id).apply(order(id, 6900))
    assert.equal(answer.answer, 'taken', JSON.stringify(answer))
    const call = ordersTo(station).at(-1)!
    assert.equal(profileOf(call)['transactionId'], transaction)
    assert.equal(firstLimit(call), 10)
    assert.equal(profileOf(call)['chargingProfileId'] ?? profileOf(call)['id'], 7003)
    const again = await device(id).apply(order(id, 0))
    assert.deepEqual([again.answer, firstLimit(ordersTo(station).at(-1)!)], ['taken', 0])
  }
  assert.equal(profileOf(ordersTo(old).at(-1)!)['stackLevel'], 5, 'the highest level that the station has')

  // 4. A CALLERROR never reaches the broker: nobody knows what came of the order, and it is not called obeyed.
  const mute = await first.station('CI-201', 'ocpp2.0.1', () => undefined)
  await young.leave()
  assert.equal((await device('CI-201').apply(order('CI-201', 4140))).answer, 'silent')
  assert.ok(ordersTo(mute).length > 0, 'it was sent')

  // 5. The broker is gone, and so are the stations; what they say meanwhile lies in the tables only.
  const [gap, later] = [begun + 13 * MINUTE, begun + 15 * MINUTE]
  await rowsOfGap(tables, begun, gap)
  const restarted = rabbit.restart()
  await until(
    'the loss',
    async () => charging.stations().some(({ online }) => online),
    (online) => !online,
  )
  assert.equal((await device('CI-16').apply(order('CI-16', 6900))).answer, 'silent')
  await restarted
  const second = await startPeer(rabbit.url)
  t.after(() => second.close())
  const oldAgain = await second.station('CI-16', 'ocpp1.6', obedient)
  const youngAgain = await second.station('CI-201', 'ocpp2.0.1', obedient)
  await until('the bridge again', async () => charging.bridge!.view().broker.open, Boolean)
  await youngAgain.say('TransactionEvent', updated(4, later, 1500), {})
  await oldAgain.say('MeterValues', { connectorId: 1, transactionId: 41, meterValue: [energy16(later, 2500, 6000)] }, {})
  await until(
    'the gap filled',
    async () => PATH.map((identity) => open(identity)?.transaction.events),
    ([one, two]) => one === 5 && two === 5,
  )
  assert.deepEqual([open('CI-201')!.transaction.flags, open('CI-201')!.transaction.imported.last], [[], 1500])
  assert.equal(open('CI-16')!.transaction.imported.last, 2500)

  // 6. Both sides compared: one session has ended over there without a word.
  await tables.query(`update "Transactions" set "isActive" = false, "endTime" = now() where "transactionId" = '41'`)
  await tables.query(
    `insert into "StopTransactions" ("stationId", "transactionDatabaseId", "meterStop", timestamp, reason) values ('CI-16', 1, 2600, $1, 'Local')`,
    [iso(begun + 16 * MINUTE)],
  )
  assert.deepEqual(await charging.bridge!.reconcile(), [])
  assert.equal(open('CI-16'), undefined)
  assert.ok(
    (await charging.bridge!.check()).every(({ ok }) => ok),
    'every way is open',
  )

  // 7. What was measured on both sides of the gap is believed, on the sensors of the stations.
  await charging.settled()
  for (const [sensor, kilowatts] of [
    [61, 6],
    [62, 7],
  ] as const) {
    const believed = await beliefs.series({ sensor, from: instant(begun), until: instant(begun + 10 * MINUTE) })
    assert.deepEqual([...believed], [kilowatts, kilowatts])
  }
})

/** What CitrineOS holds: the sessions as a whole, with what passed while the broker was away. */
async function rowsOfGap(tables: Awaited<ReturnType<typeof bridgedRoom>>['tables'], begun: number, gap: number) {
  await tables.query(`
    insert into "ChargingStations" (id, "isOnline", protocol) values ('CI-16', true, 'ocpp1.6'), ('CI-201', true, 'ocpp2.0.1');
    insert into "Evses" (id, "stationId", "evseTypeId") values (1, 'CI-16', 1), (2, 'CI-201', 1);
    insert into "Connectors" (id, "stationId", "evseId", "connectorId", "evseTypeConnectorId", status)
      values (1, 'CI-16', 1, 1, 1, 'Charging'), (2, 'CI-201', 2, 1, 1, 'Charging');
    insert into "Authorizations" (id, "idToken", "idTokenType", status) values (1, 'THEIRS-1', 'Central', 'Accepted'), (2, 'THEIRS-2', 'Central', 'Accepted');
    insert into "Transactions" (id, "stationId", "evseId", "connectorId", "authorizationId", "transactionId", "isActive")
      values (1, 'CI-16', 1, 1, 1, '41', true), (2, 'CI-201', 2, 2, 2, 'ci-1', true);`)
  await tables.query(
    `insert into "StartTransactions" ("stationId", "meterStart", timestamp, "transactionDatabaseId", "connectorDatabaseId") values ('CI-16', 1000, $1, 1, 1)`,
    [iso(begun)],
  )
  const event = async (seqNo: number, eventType: string, at: number, value: number) => {
    const row = await tables.first<{ id: number }>(
      `insert into "TransactionEvents" ("stationId", "eventType", timestamp, "triggerReason", "seqNo", "transactionDatabaseId", "transactionInfo")
       values ('CI-201', $1, $2, 'MeterValuePeriodic', $3, 2, '{"transactionId":"ci-1","chargingState":"Charging"}') returning id`,
      [eventType, iso(at), seqNo],
    )
    const { timestamp, sampledValue } = energy(at, value, 7000)
    await tables.query(
      `insert into "MeterValues" ("transactionEventId", "transactionDatabaseId", "sampledValue", timestamp) values ($1, 2, $2, $3)`,
      [row!.id, JSON.stringify(sampledValue), timestamp],
    )
  }
  await event(0, 'Started', begun, 0)
  await event(1, 'Updated', begun + 5 * MINUTE, 500)
  await event(3, 'Updated', gap, 1300)
  for (const [at, value] of [
    [begun + 5 * MINUTE, 1500],
    [gap, 2300],
  ] as const)
    await tables.query(
      `insert into "MeterValues" ("transactionDatabaseId", "sampledValue", timestamp, "connectorId", "transactionId") values (1, $1, $2, 1, '41')`,
      [JSON.stringify(energy(at, value, 6000).sampledValue), iso(at)],
    )
}
