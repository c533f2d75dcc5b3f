// The promises to programs written for CitrineOS, kept by the real program and judged from outside: every path of the message API, what is sent
// and what comes back, who is refused, what the wire takes.
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import test from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { until } from '../journeys/territory.ts'
import { bootOf, callback, leastPayload, type Payload, rawStation, startProgram, type Version } from './black-box-house.ts'

const V2 = {
  certificates: 'certificateSigned deleteCertificate getInstalledCertificateIds installCertificate',
  configuration:
    'changeAvailability clearDisplayMessage dataTransfer getDisplayMessages publishFirmware reset setDisplayMessage setNetworkProfile triggerMessage unpublishFirmware updateFirmware',
  evdriver:
    'cancelReservation clearCache getLocalListVersion requestStartTransaction requestStopTransaction reserveNow sendLocalList unlockConnector',
  monitoring: 'clearVariableMonitoring getVariables setMonitoringBase setMonitoringLevel setVariableMonitoring setVariables',
  reporting: 'customerInformation getBaseReport getLog getMonitoringReport getReport',
  smartcharging: 'clearChargingProfile getChargingProfiles getCompositeSchedule setChargingProfile',
  transactions: 'costUpdated getTransactionStatus',
}
const PATHS: Record<Version, Record<string, string>> = {
  '1.6': {
    certificates: 'install delete getInstalledCertificateIds',
    configuration:
      'changeAvailability changeConfiguration dataTransfer extendedTriggerMessage getConfiguration reset signedUpdateFirmware triggerMessage updateFirmware',
    evdriver:
      'cancelReservation clearCache getLocalListVersion remoteStartTransaction remoteStopTransaction reserveNow sendLocalList unlockConnector',
    reporting: 'getDiagnostics getLog',
    smartcharging: 'clear getComposite setChargingProfile',
  },
  '2.0.1': V2,
  '2.1': {
    ...V2,
    evdriver: `${V2.evdriver} requestBatterySwap notifyWebPaymentStarted`,
    monitoring: `${V2.monitoring} adjustPeriodicEventStream getPeriodicEventStream`,
    smartcharging: `${V2.smartcharging} updateDynamicSchedule usePriorityCharging notifyAllowedEnergyTransfer aFRRSignal setDERControl getDERControl clearDERControl`,
    transactions: `${V2.transactions} setDefaultTariff getTariffs clearTariffs changeTransactionTariff`,
  },
}
const ODD: Record<string, string> = {
  install: 'InstallCertificate',
  delete: 'DeleteCertificate',
  clear: 'ClearChargingProfile',
  getComposite: 'GetCompositeSchedule',
  aFRRSignal: 'AFRRSignal',
}
const VERSIONS = Object.keys(PATHS) as Version[]

test('the interfaces of CitrineOS, as programs and stations see them', { timeout: 240_000 }, async (t) => {
  const { url } = await startProgram(t)
  const { url: back, heard } = await callback(t)
  const ask = async (method: string, path: string, body: unknown): Promise<{ status: number; body: unknown }> => {
    const answer = await fetch(`${url}${path}&tenantId=1`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: await answer.json() }
  }
  const come = async (identity: string, version: Version) => {
    await ask('PUT', `/data/configuration/chargingStation?stationId=${identity}`, {
      id: identity,
      protocol: `ocpp${version}`,
      securityProfile: 0,
    })
    await ask('PUT', `/data/configuration/boot?stationId=${identity}`, { status: 'Accepted', heartbeatInterval: 60 })
    const station = await rawStation(url, identity, version)
    if (version !== '1.6') assert.equal((await station.send('Heartbeat', {}))[2], 'SecurityError', 'not before its boot')
    assert.equal(((await station.send('BootNotification', bootOf(version)))[2] as Payload)['status'], 'Accepted')
    return station
  }
  // It takes its time, beside everything else.
  const handshake = new Promise<number>((resolve) => {
    const began = performance.now()
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write('GET /ocpp/SLOW HTTP/1.1\r\nHost: x\r\n'))
    const drip = setInterval(() => socket.write('X-Slow: 1\r\n'), 2000)
    socket.on('data', () => undefined).on('error', () => undefined)
    socket.on('close', () => {
      clearInterval(drip)
      resolve(performance.now() - began)
    })
  })

  for (const version of VERSIONS)
    await t.test(`every path of ${version}: sent unchanged, answered, called back; a bad payload is not sent`, async () => {
      const [a, b] = [`A${version}`, `B${version}`]
      const [one, two] = [await come(a, version), await come(b, version)]
      for (const [module, words] of Object.entries(PATHS[version]))
        for (const word of words.split(' ')) {
          const action = ODD[word] ?? `${word[0]!.toUpperCase()}${word.slice(1)}`
          const payload = leastPayload(version, action, 'request')
          const answer = leastPayload(version, action, 'response')
          for (const station of [one, two]) Object.assign(station.answers, { [action]: answer })
          const path = `/ocpp/${version}/${module}/${word}?identifier=${a}`
          assert.deepEqual((await ask('POST', `${path}&wait=10`, payload)).body, [{ success: true, payload: answer }], path)
          // The platform has questions of its own: what was asked for is among what came.
          const sent = () => one.asked.filter((asked) => asked.action === action).map((asked) => asked.payload)
          assert.ok(
            sent().some((came) => isDeepStrictEqual(came, payload)),
            `${path} came as ${JSON.stringify(sent())}`,
          )
          const { status } = await ask('POST', path, { ...payload, nonsense: true, vendorId: 7 })
          assert.ok(status === 400 || status === 422, `${path} refuses what breaks the schema, with ${status}`)
          const both = await ask('POST', `${path}&identifier=${b}&callbackUrl=${encodeURIComponent(`${back}/${version}/${word}`)}`, payload)
          assert.deepEqual(both.body, [{ success: true }, { success: true }], path)
          const own = () => heard.filter((each) => each.path === `/${version}/${word}`)
          await until(
            path,
            async () => own().length,
            (count) => count === 2,
            10_000,
            10,
          )
          for (const { text } of own()) assert.deepEqual(JSON.parse(text), answer)
          assert.ok(!sent().some((came) => 'nonsense' in came), `${path}: the bad payload was sent`)
        }
      const other = version === '1.6' ? '2.0.1' : '1.6'
      const wrong = await ask('POST', `/ocpp/${other}/evdriver/clearCache?identifier=${a}&identifier=NOBODY`, {})
      assert.deepEqual(
        (wrong.body as { success: boolean }[]).map(({ success }) => success),
        [false, false],
      )
      one.close()
      two.close()
    })

  await t.test('large frames, unreadable ones, two sockets of one station, a reconnection without a boot', async () => {
    const old = await come('W1', '2.0.1')
    const large = await old.send('DataTransfer', { vendorId: 'x', data: 'x'.repeat(100_000) })
    assert.equal(large[0], 3)
    assert.deepEqual((await old.text('{"a":')).slice(0, 3), [4, '-1', 'RpcFrameworkError'])
    assert.equal((await old.send('DataTransfer', { vendorId: 'x', data: 'x'.repeat(1_100_000) }))[0], 4)
    const fresh = await rawStation(url, 'W1', '2.0.1')
    assert.equal(await old.closed, 1000)
    assert.equal((await fresh.send('Heartbeat', {}))[0], 3)
    fresh.close()
  })

  await t.test('needs of a car that are accepted are followed by a profile within its limits', async () => {
    const station = await come('N1', '2.0.1')
    Object.assign(station.answers, { SetChargingProfile: { status: 'Accepted' }, GetCompositeSchedule: { status: 'Rejected' } })
    await ask('PUT', '/data/evdriver/authorization?idToken=CARD1&type=ISO14443', { idToken: 'CARD1', idTokenInfo: { status: 'Accepted' } })
    await station.send('TransactionEvent', {
      ...{ eventType: 'Started', timestamp: new Date().toISOString(), triggerReason: 'Authorized', seqNo: 0 },
      ...{ transactionInfo: { transactionId: 'T1' }, evse: { id: 1, connectorId: 1 }, idToken: { idToken: 'CARD1', type: 'ISO14443' } },
    })
    const acChargingParameters = { energyAmount: 20_000, evMinCurrent: 6, evMaxCurrent: 16, evMaxVoltage: 400 }
    const needs = { evseId: 1, chargingNeeds: { requestedEnergyTransfer: 'AC_three_phase', acChargingParameters } }
    assert.deepEqual((await station.send('NotifyEVChargingNeeds', needs))[2], { status: 'Accepted' })
    interface Profile {
      transactionId?: string
      chargingProfilePurpose: string
      chargingSchedule: { chargingRateUnit: 'A' | 'W'; chargingSchedulePeriod: { limit: number; numberPhases?: number }[] }[]
    }
    const laid = () =>
      station.asked
        .filter(({ action }) => action === 'SetChargingProfile')
        .map(({ payload }) => payload['chargingProfile'] as Profile)
        .filter(({ chargingProfilePurpose }) => chargingProfilePurpose === 'TxProfile')
    const [profile] = await until(
      'a TxProfile',
      async () => laid(),
      (all) => all.length > 0,
      20_000,
      50,
    )
    assert.equal(profile!.transactionId, 'T1')
    for (const { chargingRateUnit: unit, chargingSchedulePeriod } of profile!.chargingSchedule)
      for (const { limit, numberPhases = 3 } of chargingSchedulePeriod)
        assert.ok((unit === 'A' ? limit : limit / 230 / numberPhases) <= 16.001, `${limit} ${unit} is no more than the car takes`)
    station.close()
  })

  await t.test('a handshake that drips is ended within 30 s', async () => {
    const took = await handshake
    assert.ok(took <= 31_000, `${Math.round(took)} ms`)
  })
})
