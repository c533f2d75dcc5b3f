/** Stations of OCPP 1.6 in the same room as the others: sessions, ledger, orders, and what the field gets wrong. */
import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { after, formatInstant, MINUTE, wattHours, watts } from '#kernel'
import { CallError, connectStation, OCPP16, type Payload, type Session, type V16 } from '#protocols/ocpp'
import { openCar } from '../simulators/car.ts'
import { spec } from '../simulators/station.fixture.ts'
import { startStation } from '../simulators/station.ts'
import { CAR, type Rig, rig, setpoint } from './rig.fixture.ts'

interface Station16 {
  session: Session
  calls: { action: string; payload: Payload }[]
  of(action: string): Payload[]
  say(action: string, payload: Payload): Promise<Payload>
  /** Resolves when a call came that satisfies the condition. */
  until(what: string, condition: () => boolean): Promise<void>
  close(): Promise<void>
}

const KEYS: Record<string, string> = {
  HeartbeatInterval: '300',
  MeterValueSampleInterval: '60',
  MeterValuesSampledData: 'Energy.Active.Import.Register',
  StopTxnSampledData: '',
  ChargingScheduleAllowedChargingRateUnit: 'Current',
  ChargeProfileMaxStackLevel: '8',
  VendorSecret: 'x',
}

/** A scripted station of 1.6 that was accepted and set up. */
async function station16(
  { url, clock }: Rig,
  {
    identity = 'CP001',
    boot = true,
    on = {},
  }: { identity?: string; boot?: boolean; on?: Record<string, (payload: Payload) => Payload> } = {},
): Promise<Station16> {
  const calls: Station16['calls'] = []
  const keys = { ...KEYS }
  const usual: Record<string, (payload: Payload) => Payload> = {
    GetConfiguration: ({ key }) => ({
      configurationKey: Object.entries(keys)
        .filter(([name]) => key === undefined || (key as string[]).includes(name))
        .map(([name, value]) => ({ key: name, readonly: false, value })),
    }),
    ChangeConfiguration({ key, value }) {
      if (!((key as string) in keys)) return { status: 'NotSupported' }
      if (String(value).includes('SoC')) return { status: 'Rejected' }
      keys[key as string] = value as string
      return { status: 'Accepted' }
    },
    SetChargingProfile: () => ({ status: 'Accepted' }),
    ClearChargingProfile: () => ({ status: 'Accepted' }),
    GetCompositeSchedule: () => ({ status: 'Rejected' }),
    TriggerMessage: () => ({ status: 'Accepted' }),
    RemoteStartTransaction: () => ({ status: 'Accepted' }),
    RemoteStopTransaction: () => ({ status: 'Accepted' }),
    Reset: () => ({ status: 'Accepted' }),
    UnlockConnector: () => ({ status: 'Unlocked' }),
    ChangeAvailability: () => ({ status: 'Scheduled' }),
    GetDiagnostics: () => ({ fileName: 'diag.zip' }),
  }
  const session = await connectStation(url, {
    identity,
    clock,
    versions: [OCPP16],
    handler: async (action, payload) => {
      calls.push({ action, payload })
      const answer = on[action] ?? usual[action]
      if (!answer) throw new CallError('NotImplemented', action)
      return answer(payload)
    },
  })
  const one: Station16 = {
    session,
    calls,
    of: (action) => calls.filter((call) => call.action === action).map(({ payload }) => payload),
    say: (action, payload) => session.call(action, payload),
    async until(what, condition) {
      for (let turns = 0; !condition(); turns++) {
        assert.ok(turns < 3000, what)
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
    async close() {
      session.close()
      await session.closed
    },
  }
  if (boot) {
    const answer = await one.say('BootNotification', {
      chargePointVendor: 'Old Works',
      chargePointModel: 'Sixteen',
      firmwareVersion: '0.9',
    })
    assert.equal(answer['status'], 'Accepted', 'few stations of 1.6 know how to be Pending')
    await one.until('it is set up', () => one.of('TriggerMessage').length > 0)
  }
  return one
}

const at = ({ clock }: Rig) => formatInstant(clock.now()).replace('+00:00', 'Z')
const status = (one: Rig, word: string, more: Payload = {}): Payload => ({
  connectorId: 1,
  errorCode: 'NoError',
  status: word,
  timestamp: at(one),
  ...more,
})
const start = (one: Rig, more: Payload = {}): Payload => ({
  connectorId: 1,
  idTag: CAR.token.toLowerCase(),
  meterStart: 120_000,
  timestamp: at(one),
  ...more,
})
const meter = (one: Rig, ...sampledValue: V16.MeterValuesRequest['meterValue'][number]['sampledValue']) => [
  { timestamp: at(one), sampledValue },
]
const read = async (one: Rig, id: unknown) =>
  (await one.store.first<Payload>('select * from cariflex.charging_transaction where station = $1 and transaction_id = $2', [
    'CP001',
    String(id),
  ]))!
const taken = (row: Payload) => Number(row['import_base']) + Number(row['import_last']) - Number(row['import_begin'])

async function session(t: TestContext) {
  const one = await rig(t)
  const cp = await station16(one)
  await cp.say('StatusNotification', status(one, 'Preparing'))
  const begun = (await cp.say('StartTransaction', start(one))) as unknown as V16.StartTransactionResponse
  return { one, cp, begun, id: begun.transactionId }
}

test('a station of 1.6 is configured by its own keys and gets its limits', async (t) => {
  const one = await rig(t)
  const cp = await station16(one)
  const set = Object.fromEntries(cp.of('ChangeConfiguration').map(({ key, value }) => [key, value]))
  assert.equal(set['HeartbeatInterval'], '60')
  assert.equal(set['MeterValueSampleInterval'], '10')
  assert.equal(
    set['MeterValuesSampledData'],
    'Energy.Active.Import.Register,Power.Active.Import',
    'the long list was refused, the short one taken',
  )
  await cp.until('limits', () => cp.of('SetChargingProfile').length >= 2)
  const purposes = cp.of('SetChargingProfile').map(({ csChargingProfiles }) => (csChargingProfiles as Payload)['chargingProfilePurpose'])
  assert.ok(purposes.includes('ChargePointMaxProfile') && purposes.includes('TxDefaultProfile'), purposes.join())
  const { protocol, vendor, boot_state } = (await one.store.first<Payload>(
    "select protocol, vendor, boot_state from cariflex.charging_station where identity = 'CP001'",
  ))!
  assert.deepEqual([protocol, vendor, boot_state], ['1.6', 'Old Works', 'Accepted'])
  // By hand in the words of 2.0.1, as for every station.
  const got = await one.charging.call('CP001', 'GetVariables', {
    getVariableData: [
      { component: { name: 'SampledDataCtrlr' }, variable: { name: 'TxUpdatedInterval' } },
      { component: { name: 'Configuration' }, variable: { name: 'VendorSecret' } },
      { component: { name: 'TxCtrlr' }, variable: { name: 'TxStartPoint' } },
    ],
  })
  const results = got.payload['getVariableResult'] as Payload[]
  assert.deepEqual(
    results.map(({ attributeStatus, attributeValue }) => attributeValue ?? attributeStatus),
    ['10', 'x', 'UnknownVariable'],
  )
})

test('a session of 1.6 is in the ledger like any other: token, car, energy, power, states, end', async (t) => {
  const { one, cp, begun, id } = await session(t)
  assert.ok(Number.isInteger(id) && id > 0)
  assert.deepEqual(begun.idTagInfo.status, 'Accepted')
  await cp.say('StatusNotification', status(one, 'Charging'))
  one.clock.forward(MINUTE)
  await cp.say('MeterValues', {
    connectorId: 1,
    transactionId: id,
    meterValue: meter(one, { value: '120100' }, { value: '6.0', measurand: 'Power.Active.Import', unit: 'kW' }),
  })
  const open = await read(one, id)
  assert.equal(open['charging_state'], 'Charging')
  assert.equal(open['vehicle'], CAR.vehicle)
  assert.equal(one.devices.get('CP001')?.measured?.()?.power, 6000)
  one.clock.forward(MINUTE)
  const stop = { transactionId: id, meterStop: 120_250, timestamp: at(one), reason: 'EVDisconnected', idTag: CAR.token }
  assert.deepEqual(await cp.say('StopTransaction', stop), { idTagInfo: { status: 'Accepted' } })
  const row = await read(one, id)
  assert.equal(taken(row), 250)
  assert.equal(row['stopped_reason'], 'EVDisconnected')
  assert.deepEqual(row['flags'], [])
  assert.equal(row['events'], Number(row['max_seq']) + 1, 'complete')
  // Said again because its answer was lost: the same answer, no second end.
  assert.deepEqual(await cp.say('StopTransaction', stop), { idTagInfo: { status: 'Accepted' } })
  assert.equal((await read(one, id))['events'], row['events'])
})

test('a StartTransaction that is said again gets the number of the first time, over a restart of ours too', async (t) => {
  const { one, cp, id } = await session(t)
  const again = await cp.say('StartTransaction', start(one))
  assert.equal(again['transactionId'], id)
  const said = start(one)
  await cp.close()
  await one.restart()
  const back = await station16(one, { boot: false })
  assert.equal((await back.say('StartTransaction', said))['transactionId'], id)
  one.clock.forward(1000)
  assert.notEqual((await back.say('StartTransaction', start(one)))['transactionId'], id)
})

test('an unknown badge starts a session that is told Invalid, and nothing is refused for what it says', async (t) => {
  const one = await rig(t)
  const cp = await station16(one)
  const begun = (await cp.say('StartTransaction', start(one, { idTag: 'NOBODY' }))) as unknown as V16.StartTransactionResponse
  assert.equal(begun.idTagInfo.status, 'Invalid')
  assert.ok(begun.transactionId > 0)
  assert.deepEqual((await cp.say('Authorize', { idTag: 'NOBODY' }))['idTagInfo'], { status: 'Invalid' })
  // Ends and values of transactions that nobody began.
  assert.deepEqual(await cp.say('StopTransaction', { transactionId: 987_654, meterStop: 10, timestamp: at(one) }), {})
  assert.deepEqual((await read(one, 987_654))['flags'], ['orphan'])
  assert.deepEqual(await cp.say('StopTransaction', { transactionId: -1, meterStop: 10, timestamp: at(one) }), {})
  assert.deepEqual(await cp.say('MeterValues', { connectorId: 1, transactionId: 4711, meterValue: meter(one, { value: '5' }) }), {})
})

test('an energy that only fits the session in kWh is taken for kWh; values without a transaction belong to the one on their connector', async (t) => {
  const { one, cp, id } = await session(t)
  one.clock.forward(MINUTE)
  await cp.say('MeterValues', { connectorId: 1, meterValue: meter(one, { value: '120.4' }) })
  one.clock.forward(MINUTE)
  await cp.say('MeterValues', {
    connectorId: 1,
    transactionId: 0,
    meterValue: meter(one, { value: '120,9' }, { value: 'NaN', measurand: 'SoC' }, { value: 'x', format: 'SignedData' }),
  })
  assert.equal(taken(await read(one, id)), 900)
})

test('orders reach a station of 1.6 as profiles of its form, rounded down to a tenth', async (t) => {
  const { one, cp, id } = await session(t)
  await cp.say('StatusNotification', status(one, 'Charging'))
  await cp.until('limits', () => cp.of('SetChargingProfile').length >= 2)
  const before = cp.of('SetChargingProfile').length
  const answer = await one.devices.get('CP001')!.apply!(setpoint(one.clock, 7000))
  assert.equal(answer.answer, 'taken')
  const { connectorId, csChargingProfiles } = cp.of('SetChargingProfile').slice(before).at(-1) as unknown as V16.SetChargingProfileRequest
  assert.equal(connectorId, 1)
  assert.equal(csChargingProfiles.chargingProfilePurpose, 'TxProfile')
  assert.equal(csChargingProfiles.transactionId, id)
  assert.equal(csChargingProfiles.chargingSchedule.chargingRateUnit, 'A')
  assert.equal(csChargingProfiles.chargingSchedule.chargingSchedulePeriod[0]!.limit, 10.1)
})

test('commands by hand are said in the words of 1.6', async (t) => {
  const { one, cp, id } = await session(t)
  const word = async (action: string, payload: Payload) => (await one.charging.call('CP001', action, payload)).status
  assert.equal(await word('Reset', { type: 'OnIdle' }), 'Accepted')
  assert.deepEqual(cp.of('Reset'), [{ type: 'Soft' }])
  assert.equal(await word('UnlockConnector', { evseId: 1, connectorId: 1 }), 'Unlocked')
  assert.deepEqual(cp.of('UnlockConnector'), [{ connectorId: 1 }])
  assert.equal(await word('ChangeAvailability', { operationalStatus: 'Inoperative' }), 'Scheduled')
  assert.deepEqual(cp.of('ChangeAvailability'), [{ connectorId: 0, type: 'Inoperative' }])
  const log = { requestId: 5, logType: 'DiagnosticsLog', log: { remoteLocation: 'https://files.example/up' } }
  assert.equal(await word('GetLog', log), 'Accepted', 'a station without the security extension has diagnostics')
  assert.deepEqual(cp.of('GetDiagnostics'), [{ location: 'https://files.example/up' }])
  await one.charging.remoteStop('CP001')
  assert.deepEqual(cp.of('RemoteStopTransaction'), [{ transactionId: id }])
  await assert.rejects(
    word('SetDisplayMessage', { message: { id: 1, priority: 'NormalCycle', message: { format: 'UTF8', content: 'x' } } }),
    {
      code: 'station-refused',
    },
  )
  await assert.rejects(word('Reset', { type: 'Perhaps' }), { code: 'invalid-message' })
  // And in its own, where 2.0.1 has no such message; a password is never set by hand.
  assert.equal(await word('ChangeConfiguration', { key: 'VendorSecret', value: 'y' }), 'Accepted')
  await assert.rejects(word('ChangeConfiguration', { key: 'AuthorizationKey', value: '00' }), { code: 'command-not-allowed' })
  assert.doesNotMatch(JSON.stringify(one.utterances), new RegExp(CAR.token, 'i'), 'badges are not written out in the conversation')
})

test('a remote start is recognised in the transaction that follows', async (t) => {
  const one = await rig(t)
  const cp = await station16(one)
  await one.charging.remoteStart('CP001', { token: CAR.token, evse: 1 })
  assert.deepEqual(cp.of('RemoteStartTransaction'), [{ connectorId: 1, idTag: CAR.token }])
  const { transactionId } = await cp.say('StartTransaction', start(one))
  assert.ok(Number((await read(one, transactionId))['remote_start_id']) > 0)
})

test('a connector that is free although its session never ended is given up after a while', async (t) => {
  const { one, cp, id } = await session(t)
  await cp.say('StatusNotification', status(one, 'Available'))
  assert.equal((await read(one, id))['ended_at'], null, 'its StopTransaction may be under way')
  one.clock.set(after(one.clock.now(), 3 * MINUTE))
  one.clock.forward(0)
  await cp.until('given up', () => one.charging.station('CP001').open.size === 0)
  assert.deepEqual((await read(one, id))['flags'], ['lost'])
  // And here it comes after all.
  await cp.say('StopTransaction', { transactionId: id, meterStop: 120_700, timestamp: at(one) })
  const row = await read(one, id)
  assert.equal(taken(row), 700)
  assert.deepEqual(row['flags'], [])
})

test('an error code of 1.6 is a problem of the connector, and its end too', async (t) => {
  const one = await rig(t)
  const cp = await station16(one)
  await cp.say('StatusNotification', status(one, 'Faulted', { errorCode: 'GroundFailure', info: 'RCD' }))
  assert.equal(one.charging.station('CP001').connectors.get('1.1')?.status, 'Faulted')
  const alarms = () => one.store.query<{ message: string }>("select message from cariflex.alarm where code = 'station-problem'")
  while ((await alarms()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  assert.match((await alarms())[0]!.message, /Connector/)
  await cp.say('StatusNotification', status(one, 'Available'))
  const events = await one.store.query<Payload>("select tech_code, value from cariflex.station_event where station = 'CP001' order by id")
  assert.deepEqual(
    events.map(({ tech_code, value }) => [tech_code, value]),
    [
      ['GroundFailure', 'true'],
      [null, 'false'],
    ],
  )
})

test('messages of quirky stations are read, and what was mended stands in the conversation', async (t) => {
  const one = await rig(t, { config: { lenientModels: ['*'] } })
  const socket = new WebSocket(`${one.url}/CP002`, ['ocpp1.6'], {
    headers: { authorization: `Basic ${Buffer.from('CP002:correct-horse-battery').toString('base64')}` },
  })
  await new Promise((resolve) => socket.once('open', resolve))
  const ask = (text: string) =>
    new Promise<unknown[]>((resolve) => {
      const listen = (data: unknown) => {
        const frame = JSON.parse(String(data)) as unknown[]
        if (frame[0] === 2) return
        socket.off('message', listen)
        resolve(frame)
      }
      socket.on('message', listen)
      socket.send(text)
    })
  const long = `urn:uuid:${'0'.repeat(40)}`
  assert.deepEqual(
    await ask(
      `[2,"${long}","MeterValues",{"connectorId":1,"transactionId":,"meterValue":{"timestamp":"${at(one)}","sampledValue":{"value":12}}}]`,
    ),
    [3, long, {}],
    'before any boot, broken, unwrapped and mistyped: read all the same',
  )
  const told = one.utterances.find(({ peer, action }) => peer === 'CP002' && action === 'MeterValues')
  assert.equal(told?.bus, 'ocpp1.6')
  assert.match(JSON.stringify(told?.payload), /broken JSON/)
  assert.match(JSON.stringify(told?.payload), /wrapped/)
  assert.deepEqual((await ask('[2,"2","Authorize",{}]')).slice(2, 3), ['OccurenceConstraintViolation'])
  socket.close()
})

test('a simulated station of 1.6 charges a car, draws what it is ordered, and the order is seen in what it draws', async (t) => {
  const one = await rig(t)
  const station = startStation({
    spec: { identity: 'CP001', nominal: watts(22_080), v2x: false, version: '1.6' },
    url: one.url,
    clock: one.clock,
    onFault: (error) => assert.fail(String(error)),
  })
  const pass = async (what: string, condition: () => boolean) => {
    for (let seconds = 0; !condition(); seconds++) {
      assert.ok(seconds < 200, what)
      one.clock.forward(1000)
      await new Promise((resolve) => setTimeout(resolve, 8))
    }
  }
  t.after(async () => {
    const ticking = setInterval(() => one.clock.forward(1000), 2)
    await station.stop()
    clearInterval(ticking)
  })
  const open = () => [...one.charging.station('CP001').open.values()][0]?.transaction
  await pass('it is accepted', () => one.charging.station('CP001').record.boot === 'Accepted')
  station.plug(openCar({ ...spec(), token: { idToken: CAR.token, type: 'ISO14443' } }, { at: one.clock.now(), soc: wattHours(30_000) }))
  await pass('it charges', () => open()?.chargingState === 'Charging')
  const charger = one.devices.get('CP001')!
  assert.equal((await charger.apply!(setpoint(one.clock, 7000))).answer, 'taken')
  const ordered = 7000
  await pass('it obeys', () => Math.abs(station.state().power - ordered) < 1)
  await pass('and says so', () => Math.abs((charger.measured?.()?.power ?? 0) - ordered) < 1)
  station.unplug()
  await pass('its session is over', () => one.charging.station('CP001').open.size === 0)
  const row = await one.store.first<Payload>("select stopped_reason, flags from cariflex.charging_transaction where station = 'CP001'")
  assert.deepEqual(row, { stopped_reason: 'EVDisconnected', flags: [] })
})

test('a model that is held to the letter is refused what others are forgiven', async (t) => {
  const one = await rig(t, { config: { strictModels: ['old works/*'] } })
  const cp = await station16(one)
  const odd = { ...status(one, 'available') }
  await cp.close()
  const socket = new WebSocket(`${one.url}/CP001`, ['ocpp1.6'])
  t.after(() => socket.terminate())
  await new Promise((resolve) => socket.once('open', resolve))
  const answer = new Promise<string>((resolve) => socket.on('message', (data) => String(data).startsWith('[2') || resolve(String(data))))
  socket.send(JSON.stringify([2, 'odd', 'StatusNotification', odd]))
  assert.match(await answer, /^\[4,"odd","PropertyConstraintViolation"/)
})
