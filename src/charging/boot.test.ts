import assert from 'node:assert/strict'
import test from 'node:test'
import { WebSocket } from 'ws'
import { isProblem } from '#kernel'
import { CallError, connectStation, type Payload } from '#protocols/ocpp'
import { MODEL, rig, started } from './rig.fixture.ts'

const BOOT = { reason: 'PowerUp', chargingStation: { model: 'Rig', vendorName: 'Cariflex', firmwareVersion: '1.0' } }
const refusedWith = (status: number) => (error: unknown) => isProblem(error) && error.details?.['status'] === status

test('a new station is set up while Pending, then accepted, and gets its limits', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  assert.deepEqual(
    station.calls.slice(0, 3).map(({ action }) => action),
    ['GetBaseReport', 'SetVariables', 'TriggerMessage'],
  )
  const set = station.calls[1]!.payload['setVariableData'] as { variable: { name: string }; attributeValue: string }[]
  const value = (name: string) => set.find(({ variable }) => variable.name === name)?.attributeValue
  assert.equal(value('TxUpdatedInterval'), '10')
  assert.ok(value('TxUpdatedMeasurands')?.split(',').includes('SoC'))
  assert.equal(value('TxEndedMeasurands'), undefined, 'a variable that the station does not have is not set')
  const profiles = station.calls
    .filter(({ action }) => action === 'SetChargingProfile')
    .map(({ payload }) => payload['chargingProfile'] as Payload)
  assert.deepEqual(
    profiles.map((profile) => profile['chargingProfilePurpose']),
    ['ChargingStationMaxProfile', 'TxDefaultProfile'],
  )
  const [listed] = house.charging.stations()
  assert.equal(listed?.online, true)
  assert.equal(listed?.vendor, 'Cariflex')
  assert.equal(listed?.lastSeen, '2026-11-24T08:00:10-04:00')
  assert.ok(house.news.some((one) => one.kind === 'device' && one.device === 'CP001' && one.what === 'online'))
})

test('batches of variables respect what the station can take', async (t) => {
  const house = await rig(t)
  const entry = (path: string, value: string, instance?: string) => ({
    component: { name: path.split('.')[0]! },
    variable: { name: path.split('.')[1]!, ...(instance === undefined ? {} : { instance }) },
    variableAttribute: [{ value }],
  })
  const send = async (requestId: unknown) => {
    const part = (seqNo: number, reportData: object[], tbc: boolean) =>
      station.say('NotifyReport', { requestId, generatedAt: '2026-11-24T12:00:10Z', seqNo, tbc, reportData })
    await part(
      0,
      Object.keys(MODEL).map((path) => entry(path, 'x')),
      true,
    )
    await part(1, [entry('DeviceDataCtrlr.ItemsPerMessage', '2', 'SetVariables')], false)
  }
  const station = await house.station('CP001', {
    boot: false,
    on: {
      GetBaseReport: ({ requestId }) => {
        setImmediate(() => void send(requestId))
        return { status: 'Accepted' }
      },
    },
  })
  assert.equal((await station.say('BootNotification', BOOT))['status'], 'Pending')
  const sizes = [
    (await station.called('SetVariables'))['setVariableData'],
    (await station.called('SetVariables'))['setVariableData'],
  ] as unknown[][]
  assert.deepEqual(
    sizes.map((batch) => batch.length),
    [2, 1],
  )
})

test('a station that was set up once is accepted at its next boot, and one with new firmware is set up again', async (t) => {
  const house = await rig(t)
  await (await house.station()).close()
  await house.restart()
  const again = await house.station('CP001', { boot: false })
  assert.equal((await again.say('BootNotification', BOOT))['status'], 'Accepted')
  const newer = { ...BOOT, chargingStation: { ...BOOT.chargingStation, firmwareVersion: '2.0' } }
  assert.equal((await again.say('BootNotification', newer))['status'], 'Pending')
})

test('a station that knows no reports and no variables is accepted all the same', async (t) => {
  const house = await rig(t)
  const no = () => {
    throw new CallError('NotImplemented')
  }
  const station = await house.station('CP001', { on: { GetBaseReport: no, SetVariables: no } })
  assert.equal((await station.say('Heartbeat', {}))['currentTime'], '2026-11-24T12:00:10Z')
})

test('a station that boots again and again while it is set up is accepted when that is done, set up once', async (t) => {
  const house = await rig(t)
  const station = await house.station('CP001', { boot: false })
  const boots: Promise<void>[] = []
  // A boot is on its way into the database at every moment, also at that when it is set up.
  const again = () =>
    boots.push(
      station.say('BootNotification', BOOT).then(({ status }) => {
        if (status !== 'Accepted') again()
      }),
    )
  again()
  for (let seen = 0; seen < boots.length; seen++) await boots[seen]
  assert.equal(station.calls.filter(({ action }) => action === 'GetBaseReport').length, 1)
})

test('a station that promises its report and never begins is accepted all the same, within seconds', async (t) => {
  const house = await rig(t)
  const station = await house.station('CP001', { boot: false, on: { GetBaseReport: () => ({ status: 'Accepted' }) } })
  assert.equal((await station.say('BootNotification', BOOT))['status'], 'Pending')
  await station.called('GetBaseReport')
  house.clock.forward(6000)
  await station.called('TriggerMessage')
  assert.equal((await station.say('BootNotification', BOOT))['status'], 'Accepted')
})

test('a station held at Pending is asked for its report when that was said, and for nothing when it was said that it is not', async (t) => {
  const house = await rig(t)
  await house.charging.orderBoot('CP001', 'Pending', 30, false)
  const station = await house.station('CP001', { boot: false })
  assert.deepEqual(((answer) => [answer['status'], answer['interval']])(await station.say('BootNotification', BOOT)), ['Pending', 30])
  await house.charging.orderBoot('CP001', 'Pending', 30, true)
  await station.called('TriggerMessage')
  assert.deepEqual(
    station.calls.map(({ action }) => action),
    ['TriggerMessage'],
  )
  await station.say('BootNotification', BOOT)
  await station.called('GetBaseReport')
})

test('before its boot is accepted a station gets SecurityError and is asked to boot', async (t) => {
  const house = await rig(t)
  const station = await house.station('CP001', { boot: false })
  await assert.rejects(station.say('Heartbeat', {}), (error: unknown) => error instanceof CallError && error.code === 'SecurityError')
  assert.deepEqual(await station.called('TriggerMessage'), { requestedMessage: 'BootNotification' })
})

test('a station that was accepted before and comes back without a boot goes on, and its state is asked for', async (t) => {
  const house = await rig(t)
  await (await house.station()).close()
  await house.restart()
  const station = await house.station('CP001', { boot: false })
  await station.say('Heartbeat', {})
  assert.deepEqual(await station.called('TriggerMessage'), { requestedMessage: 'StatusNotification' })
})

test('a wrong or missing password gets 401, kept as a security event, and slowed down', async (t) => {
  const house = await rig(t)
  const connect = (password?: string) => house.station('CP002', { boot: false, ...(password === undefined ? {} : { password }) })
  await assert.rejects(connect('wrong-horse-battery'), refusedWith(401))
  await assert.rejects(connect(), refusedWith(401))
  const right = await connect('correct-horse-battery')
  await right.close()
  for (let tries = 0; tries < 5; tries++) await assert.rejects(connect('guess'), refusedWith(401))
  await assert.rejects(connect('correct-horse-battery'), refusedWith(403))
  house.clock.forward(61_000)
  await (await connect('correct-horse-battery')).close()
  const stranger = connectStation(house.url, { identity: 'CP404', clock: house.clock, handler: async () => ({}) })
  await assert.rejects(stranger, refusedWith(404))
  // They are kept after the answer.
  const events = () => house.store.query<{ type: string }>("select type from cariflex.security_event where station = 'CP002'")
  while ((await events()).length < 7) await new Promise((resolve) => setImmediate(resolve))
  assert.equal((await events()).length, 7)
  const { password_hash } = (await house.store.first<{ password_hash: string }>(
    "select password_hash from cariflex.charging_station where identity = 'CP002'",
  ))!
  assert.match(password_hash, /scrypt/)
  assert.ok(!password_hash.includes('correct-horse-battery'))
})

test('a user name other than the identity gets 401, whatever the password', async (t) => {
  const house = await rig(t)
  const status = await new Promise<number | undefined>((resolve) => {
    const socket = new WebSocket(`${house.url}/CP002`, ['ocpp2.0.1'], { auth: 'CP001:correct-horse-battery' })
    socket.on('error', () => undefined)
    socket.on('unexpected-response', (_, response) => resolve(response.statusCode))
  })
  assert.equal(status, 401)
})

test('where security profile 1 is asked of all, a station registered without a password stays outside', async (t) => {
  const house = await rig(t, { config: { securityProfile: 1, unknownStations: 'accept' } })
  await assert.rejects(house.station('CP001', { boot: false }), refusedWith(401))
  await assert.rejects(house.station('NEW-1', { boot: false }), refusedWith(404))
  await (await house.station('CP002', { boot: false, password: 'correct-horse-battery' })).close()
})

test('an unknown station may be taken as it is, and its sessions are kept', async (t) => {
  const house = await rig(t, { config: { unknownStations: 'accept' } })
  const station = await house.station('NEW-1')
  await station.event('Started', 0, started())
  const listed = house.charging.stations().find(({ identity }) => identity === 'NEW-1')
  assert.equal(listed?.evses[0]?.transaction?.id, 'T1')
  assert.equal(listed?.device, null, 'it steers nothing before it has an asset')
})

test('an unknown station may be parked until a person approves it by registering it', async (t) => {
  const house = await rig(t, { config: { unknownStations: 'park' } })
  const station = await house.station('NEW-1', { boot: false })
  assert.equal((await station.say('BootNotification', BOOT))['status'], 'Pending')
  assert.equal(house.charging.stations().find(({ identity }) => identity === 'NEW-1')?.state, 'parked')
  assert.equal(house.devices.get('NEW-1'), undefined)
  await house.charging.registerStation({ identity: 'NEW-1', asset: 102, powerSensor: 62, nominalW: 7400, phases: 1 })
  assert.deepEqual(await station.called('TriggerMessage'), { requestedMessage: 'BootNotification' })
  assert.ok(house.devices.get('NEW-1'))
})

test('of two connections with one identity the newest wins, and the end of the old one does not take it off line', async (t) => {
  const house = await rig(t)
  const old = await house.station()
  const fresh = await house.station('CP001', { boot: false })
  assert.equal((await old.session.closed).code, 1000)
  await fresh.say('Heartbeat', {})
  assert.equal(house.charging.stations()[0]?.online, true)
  assert.ok(!house.news.some((one) => one.kind === 'device' && one.what === 'offline'))
  await fresh.close()
  await house.charging.settled()
  assert.equal(house.charging.stations()[0]?.online, false)
})

test('messages we take no part in, and messages that do not exist, get the code of the standard', async (t) => {
  const house = await rig(t)
  await (await house.station()).close()
  const socket = new WebSocket(`${house.url}/CP001`, ['ocpp2.0.1'])
  await new Promise((resolve) => socket.once('open', resolve))
  const say = (text: string) =>
    new Promise<unknown[]>((resolve) => {
      socket.on('message', function listen(data) {
        const frame = JSON.parse(String(data)) as unknown[]
        if (frame[0] === 2) return
        socket.off('message', listen)
        resolve(frame)
      })
      socket.send(text)
    })
  assert.deepEqual((await say('{"not": "a frame"')).slice(0, 3), [4, '-1', 'RpcFrameworkError'])
  assert.deepEqual((await say('[2,"a","MakeCoffee",{}]')).slice(0, 3), [4, 'a', 'NotImplemented'])
  assert.deepEqual((await say('[2,"b","Get15118EVCertificate",{"csr":"x"}]')).slice(0, 3), [4, 'b', 'OccurrenceConstraintViolation'])
  assert.deepEqual((await say('[2,"c","StatusNotification",{"evseId":1}]')).slice(0, 3), [4, 'c', 'OccurrenceConstraintViolation'])
  assert.deepEqual(await say('[2,"d","DataTransfer",{"vendorId":"org.example"}]'), [3, 'd', { status: 'UnknownVendorId' }])
  socket.close()
})

test('the conversation is noted without passwords and without whole tokens', async (t) => {
  const house = await rig(t)
  const station = await house.station()
  await station.say('Authorize', { idToken: { idToken: 'CARIFLEX001', type: 'ISO14443' } })
  await station.say('NotifyReport', {
    requestId: 999,
    generatedAt: '2026-11-24T12:00:10Z',
    seqNo: 0,
    reportData: [
      {
        component: { name: 'SecurityCtrlr' },
        variable: { name: 'BasicAuthPassword' },
        variableAttribute: [{ value: 'hush-hush-hush-hush' }],
      },
    ],
  })
  const text = JSON.stringify(house.utterances)
  assert.ok(text.includes('Authorize') && text.includes('…X001'))
  assert.ok(!text.includes('CARIFLEX001') && !text.includes('hush'))
  const kept = await house.store.query("select value from cariflex.charging_variable where variable = 'BasicAuthPassword'")
  assert.deepEqual(kept, [{ value: null }])
  assert.ok(house.utterances.some(({ kind }) => kind === 'connect'))
})

test('a station that connects over and over is held off for a minute; the others come in', async (t) => {
  const house = await rig(t, { config: { mostConnections: 3 } })
  const come = (identity: string) => connectStation(house.url, { identity, clock: house.clock, handler: async () => ({}) })
  for (let times = 0; times < 3; times++) await come('CP001')
  await assert.rejects(come('CP001'), (error: unknown) => isProblem(error) && error.details?.['status'] === 429)
  const other = connectStation(house.url, {
    identity: 'CP002',
    password: 'correct-horse-battery',
    clock: house.clock,
    handler: async () => ({}),
  })
  await other
  house.clock.forward(61_000)
  await come('CP001')
})

test('a station that was set up, told to boot again, said yes and went on without is at work all the same', async (t) => {
  const house = await rig(t)
  const station = await house.station('CP001', { boot: false })
  const boot = { reason: 'PowerUp', chargingStation: { model: 'Careless', vendorName: 'Cariflex' } }
  assert.equal((await station.say('BootNotification', boot))['status'], 'Pending')
  for (;;) if ((await station.called('TriggerMessage'))['requestedMessage'] === 'BootNotification') break
  assert.ok((await station.say('Heartbeat', {}))['currentTime'], 'it is answered')
  assert.equal(house.charging.station('CP001').record.boot, 'Accepted')
})
