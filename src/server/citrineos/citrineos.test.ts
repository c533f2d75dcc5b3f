import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { joinTerritory, openWebhooks } from '#ems'
import { openOutward, silentLog } from '#kernel'
import { CallError, connectStation, type OcppVersion, type Payload } from '#protocols/ocpp'
import { openOutbox, openSecrets } from '#store'
import { yard } from '../cariflex/yard.fixture.ts'
import { dataRoutes } from './data-api.ts'
import { messageRoutes } from './message-api.ts'
import { ENDPOINTS } from './modules.ts'
import { CITRINEOS_FORM, CITRINEOS_NEAR_FORM, citrineBody, subscriptionRoutes } from './subscriptions.ts'

/** A program around CitrineOS: it is called back, and listens to subscriptions. */
async function tool(t: TestContext) {
  const heard: Record<string, unknown>[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part) => {
      text += part
    })
    request.on('end', () => {
      heard.push({ path: request.url, ...JSON.parse(text) })
      response.writeHead(200).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => server.close(resolve)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard }
}

async function place(t: TestContext, openOnLoopback = false) {
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-citrine-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const outward = openOutward(openOnLoopback ? {} : { allow: ['127.0.0.1'] })
  const near = openOutward({ allow: ['127.0.0.1'] })
  let hooks: Awaited<ReturnType<typeof openWebhooks>> | undefined
  const webhooks = {
    wants: (type: string, about?: string) => hooks?.wants(type, about) ?? false,
    tell: async (event: Parameters<NonNullable<typeof hooks>['tell']>[0]) => hooks?.tell(event),
  }
  const opened = await yard(
    t,
    (server, account, { store, clock, ...parts }) => {
      const routes = async () => {
        hooks = await openWebhooks({
          ...{
            store,
            clock,
            log: silentLog,
            outward,
            forms: { [CITRINEOS_FORM]: { write: citrineBody }, [CITRINEOS_NEAR_FORM]: { write: citrineBody, outward: near } },
          },
          outbox: openOutbox({ store, clock, log: silentLog }),
          secrets: await openSecrets({ store, clock, folder }),
        })
        return hooks
      }
      const common = { ...parts, store, account, identity: server.identity, log: silentLog, outward, near, openOnLoopback }
      server.register(messageRoutes(common))
      server.register(dataRoutes(common))
      server.register((app) => void app.register(async () => subscriptionRoutes({ ...common, webhooks: await routes() })(app)))
      server.http.on('upgrade', (request, socket, head) => void parts.charging.upgrade(request, socket, head))
    },
    { webhooks, config: { securityProfile: 1 } },
  )
  t.after(() => hooks?.close())
  const { url } = await opened.server.listen()
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = { authorization: `Bearer ${opened.token}` },
  ) => {
    const answer = await fetch(`${url}${path}${path.includes('?') ? '&' : '?'}tenantId=1`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: (await answer.json()) as never as Record<string, unknown> & unknown[] }
  }
  /** A station that answers with what `answers` says. */
  const station = async (identity: string, version: OcppVersion, answers: Record<string, Payload | CallError> = {}) => {
    const asked: [string, Payload][] = []
    const session = await connectStation(`${url.replace(/^http/, 'ws')}/ocpp`, {
      ...{ identity, clock: opened.clock, versions: [version] },
      handler: async (action, payload) => {
        asked.push([action, payload])
        const answer = answers[action]
        if (answer === undefined) throw new CallError('NotSupported')
        if (answer instanceof CallError) throw answer
        return answer
      },
    })
    t.after(() => session.close())
    return { session, asked }
  }
  return { ...opened, ask, station }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate()
}

test('a request under a key reaches the station once, also from a program on this machine that needs no token', async (t) => {
  const { ask, station } = await place(t, true)
  await ask('PUT', '/data/configuration/chargingStation?stationId=ONE', { id: 'ONE', securityProfile: 0 }, {})
  const { asked } = await station('ONE', 'ocpp2.0.1', { ClearCache: { status: 'Accepted' } })
  const clear = () => ask('POST', '/ocpp/2.0.1/evdriver/clearCache?identifier=ONE&wait=5', {}, { 'idempotency-key': 'once' })
  const first = await clear()
  assert.deepEqual(first.body, [{ success: true, payload: { status: 'Accepted' } }])
  assert.deepEqual(await clear(), first)
  assert.equal(asked.filter(([action]) => action === 'ClearCache').length, 1)
})

test('a request goes to the station as it is, and its answer comes in the reply or to the callback, bare', async (t) => {
  const { ask, station } = await place(t)
  assert.equal(
    (await ask('PUT', '/data/configuration/chargingStation?stationId=OLD1', { id: 'OLD1', protocol: 'ocpp1.6', securityProfile: 0 }))
      .status,
    200,
  )
  await ask('PUT', '/data/configuration/chargingStation?stationId=NEW1', { id: 'NEW1', securityProfile: 0 })
  const answer = { configurationKey: [{ key: 'HeartbeatInterval', readonly: false, value: '60' }] }
  const { asked } = await station('OLD1', 'ocpp1.6', { GetConfiguration: answer })
  await station('NEW1', 'ocpp2.0.1', { GetLocalListVersion: { versionNumber: 7 }, ClearCache: new CallError('NotSupported', 'no cache') })
  const request = { key: ['HeartbeatInterval'] }
  assert.deepEqual((await ask('POST', '/ocpp/1.6/configuration/getConfiguration?identifier=OLD1&wait=5', request)).body, [
    { success: true, payload: answer },
  ])
  assert.deepEqual(asked.at(-1), ['GetConfiguration', request])
  const { url, heard } = await tool(t)
  const back = encodeURIComponent(`${url}/back/1`)
  const both = await ask(
    'POST',
    `/ocpp/2.0.1/evdriver/getLocalListVersion?identifier=NEW1&identifier=OLD1&identifier=NONE&callbackUrl=${back}`,
    {},
  )
  assert.deepEqual(
    both.body.map((each) => (each as { success: boolean }).success),
    [true, false, false],
  )
  await until(() => heard.length > 0)
  assert.deepEqual(heard, [{ path: '/back/1', versionNumber: 7 }])
  assert.deepEqual((await ask('POST', '/ocpp/2.0.1/evdriver/clearCache?identifier=NEW1&wait=5', {})).body, [
    { success: false, payload: { code: 'NotSupported', description: 'no cache' } },
  ])
  assert.equal((await ask('POST', '/ocpp/2.0.1/evdriver/unlockConnector?identifier=NEW1', { evseId: 'one' })).status, 400)
  assert.equal((await ask('POST', '/ocpp/2.0.1/evdriver/getConfiguration?identifier=NEW1', {})).status, 404)
  assert.equal((await ask('POST', '/ocpp/2.0.1/evdriver/clearCache?identifier=NEW1&callbackUrl=http%3A%2F%2F10.0.0.1%2F', {})).status, 403)
  assert.equal((await ask('POST', '/ocpp/2.0.1/evdriver/clearCache?identifier=NEW1', {}, {})).status, 401)
})

test('a subscription made before the station came is told when it connects, says and is told something, and goes', async (t) => {
  const { ask, station } = await place(t)
  const { url, heard } = await tool(t)
  await ask('PUT', '/data/configuration/chargingStation?stationId=CP7', { securityProfile: 0 })
  const made = await ask('POST', '/data/ocpprouter/subscription', {
    ...{ stationId: 'CP7', onConnect: true, onClose: true, onMessage: true, sentMessage: true, url: `${url}/hook` },
  })
  assert.equal(made.status, 200)
  const { session } = await station('CP7', 'ocpp2.0.1', { GetLocalListVersion: { versionNumber: 1 } })
  await until(() => heard.length === 1)
  assert.deepEqual([heard[0]!['stationId'], heard[0]!['event']], ['CP7', 'connected'])
  await ask('POST', '/ocpp/2.0.1/evdriver/getLocalListVersion?identifier=CP7&wait=5', {})
  await until(() => heard.length === 3)
  const [sent, said] = heard.slice(1).map((each) => ({ ...each, message: JSON.parse(String(each['message'])) as unknown[] }))
  assert.deepEqual([sent!.message[0], sent!.message[2], (sent as unknown as { origin: string }).origin], [2, 'GetLocalListVersion', 'csms'])
  assert.deepEqual([said!.message[0], said!.message[2], (said as unknown as { origin: string }).origin], [3, { versionNumber: 1 }, 'cs'])
  assert.equal(said!.message[1], sent!.message[1])
  await ask('POST', '/ocpp/2.0.1/evdriver/clearCache?identifier=CP7&wait=5', {})
  await until(() => heard.length === 5)
  const refusal = JSON.parse(String(heard[4]!['message'])) as unknown[]
  assert.deepEqual([refusal[0], refusal[2], refusal.length], [4, 'NotSupported', 5])
  assert.equal((await ask('DELETE', '/data/ocpprouter/connection?stationId=CP7')).status, 200)
  await session.closed
  await until(() => heard.length === 6)
  assert.equal(heard[5]!['event'], 'closed')
  const [listed] = (await ask('GET', '/data/ocpprouter/subscription?stationId=CP7')).body as { id: string; onClose: boolean }[]
  assert.equal(listed!.onClose, true)
  assert.equal((await ask('DELETE', `/data/ocpprouter/subscription?id=${listed!.id}`)).status, 200)
  assert.deepEqual((await ask('GET', '/data/ocpprouter/subscription')).body, [])
  assert.equal((await ask('DELETE', '/data/ocpprouter/connection?stationId=CP7')).status, 404)
})

test('stations, passwords, boots, tokens, variables and transactions are kept and told as CitrineOS did', async (t) => {
  const { ask, station, charging, clock } = await place(t, true)
  const bare = {}
  assert.equal((await ask('PUT', '/data/configuration/chargingStation?stationId=CP8', { id: 'CP9' }, bare)).status, 400)
  const made = await ask(
    'PUT',
    '/data/configuration/chargingStation?stationId=CP8',
    { id: 'CP8', protocol: 'ocpp2.0.1', securityProfile: 1 },
    bare,
  )
  assert.deepEqual([made.body['id'], made.body['securityProfile']], ['CP8', 1])
  assert.equal(
    (await ask('POST', '/data/configuration/password', { stationId: 'CP8', password: 'correct-horse-battery', setOnCharger: true }, bare))
      .status,
    200,
  )
  await assert.rejects(station('CP8', 'ocpp2.0.1'), { code: 'connection-refused' })
  const wrong = { stationId: 'CP8', password: 'another-horse-battery', setOnCharger: false }
  assert.equal((await ask('POST', '/data/configuration/password', wrong, bare)).status, 503, 'a station that is away cannot be told')
  const boot = { status: 'Rejected', bootRetryInterval: 77 }
  await ask('PUT', '/data/configuration/boot?stationId=CP8', boot, bare)
  await ask('PUT', '/data/configuration/chargingStation?stationId=CP9', { securityProfile: 0 }, bare)
  await ask('PUT', '/data/configuration/boot?stationId=CP9', boot, bare)
  const { session, asked } = await station('CP9', 'ocpp2.0.1', {
    SetVariables: {
      setVariableResult: [{ attributeStatus: 'Accepted', component: { name: 'SecurityCtrlr' }, variable: { name: 'BasicAuthPassword' } }],
    },
  })
  const booted = await session.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'M', vendorName: 'V' } })
  assert.deepEqual([booted['status'], booted['interval']], ['Rejected', 77])
  await ask('PUT', '/data/configuration/boot?stationId=CP9', { status: 'Accepted', heartbeatInterval: 33 }, bare)
  const again = await session.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'M', vendorName: 'V' } })
  assert.deepEqual([again['status'], again['interval']], ['Accepted', 33])
  const reports = () => asked.filter(([action]) => action === 'GetBaseReport').length
  await ask('PUT', '/data/configuration/boot?stationId=CP9', { status: 'Pending', getBaseReportOnPending: true }, bare)
  const before = reports()
  const held = await session.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'M', vendorName: 'V' } })
  assert.equal(held['status'], 'Pending')
  await until(() => {
    clock.forward(100)
    return reports() > before
  })
  await ask('PUT', '/data/configuration/boot?stationId=CP9', { status: 'Accepted' }, bare)
  await session.call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'M', vendorName: 'V' } })
  const changed = await ask(
    'POST',
    '/data/configuration/password',
    { stationId: 'CP9', password: 'another-horse-battery', setOnCharger: false },
    bare,
  )
  assert.deepEqual([changed.status, asked.at(-1)![0]], [200, 'SetVariables'])
  await assert.rejects(station('CP9', 'ocpp2.0.1'), { code: 'connection-refused' }, 'only the new password opens now')
  const token = { idTokenInfo: { status: 'Blocked', groupIdToken: { idToken: 'G1', type: 'Central' } }, concurrentTransaction: false }
  assert.equal((await ask('PUT', '/data/evdriver/authorization?idToken=ABC&type=ISO14443', token, bare)).status, 200)
  const [kept] = await charging.badges.list()
  assert.deepEqual([kept!.status, kept!.group, kept!.concurrent], ['Blocked', 'G1', false])
  assert.equal((await ask('PUT', '/data/evdriver/authorization?idToken=ABC', { idTokenInfo: { status: 'Fine' } }, bare)).status, 400)
  assert.equal((await ask('GET', '/data/transactions/transaction?stationId=CP9&transactionId=T1', undefined, bare)).status, 404)
  await session.call('TransactionEvent', {
    ...{ eventType: 'Started', timestamp: '2026-11-24T12:00:00Z', triggerReason: 'CablePluggedIn', seqNo: 0 },
    transactionInfo: { transactionId: 'T1', chargingState: 'EVConnected' },
    evse: { id: 1, connectorId: 1 },
  })
  const { body } = await ask('GET', '/data/transactions/transaction?stationId=CP9&transactionId=T1', undefined, bare)
  assert.deepEqual([body['isActive'], body['chargingState'], body['totalKwh']], [true, 'EVConnected', 0])
  assert.deepEqual((body['transactionEvents'] as object[]).length, 1)
  assert.deepEqual(
    (await ask('GET', '/data/monitoring/variableAttribute?stationId=CP9&component_name=none&variable_name=none', undefined, bare)).body,
    [],
  )
  // A browser's page or a proxied stranger is not this machine.
  assert.equal((await ask('GET', '/data/ocpprouter/subscription', undefined, { origin: 'https://evil.example' })).status, 401)
  assert.equal((await ask('GET', '/data/ocpprouter/subscription', undefined, { 'x-forwarded-for': '8.8.8.8' })).status, 401)
})

test('a program on this machine that needs no token is called back and told on this machine; nobody else makes us call it', async (t) => {
  const { ask, station, token } = await place(t, true)
  const { url, heard } = await tool(t)
  await ask('PUT', '/data/configuration/chargingStation?stationId=CP5', { securityProfile: 0 })
  await station('CP5', 'ocpp2.0.1', { GetLocalListVersion: { versionNumber: 7 } })
  const path = `/ocpp/2.0.1/evdriver/getLocalListVersion?identifier=CP5&callbackUrl=${encodeURIComponent(`${url}/back`)}`
  assert.equal((await ask('POST', path, {}, {})).status, 200)
  await until(() => heard.length === 1)
  assert.deepEqual([...heard], [{ path: '/back', versionNumber: 7 }])
  const subscription = { stationId: 'CP5', onConnect: true, url: `${url}/hook` }
  assert.equal((await ask('POST', '/data/ocpprouter/subscription', subscription, {})).status, 200)
  const proxied = { 'x-forwarded-for': '8.8.8.8', authorization: `Bearer ${token}` }
  assert.equal((await ask('POST', '/data/ocpprouter/subscription', subscription, proxied)).status, 403)
  await station('CP5', 'ocpp2.0.1')
  await until(() => heard.length === 2)
  assert.equal(heard[1]!['event'], 'connected')
  assert.equal((await ask('DELETE', '/data/ocpprouter/subscription', undefined, {})).status, 400)
  assert.equal((await ask('DELETE', '/data/ocpprouter/subscription?stationId=CP5', undefined, {})).status, 200)
  assert.equal((await ask('DELETE', '/data/ocpprouter/subscription?stationId=CP5', undefined, {})).status, 404)
})

test('what a station answers to a message that went through is known afterwards; a hexadecimal key of 1.6 goes to it as it is', async (t) => {
  const { ask, station } = await place(t)
  for (const identity of ['CP3', 'CP4'])
    await ask('PUT', `/data/configuration/chargingStation?stationId=${identity}`, { securityProfile: 0 })
  const asked = { component: { name: 'OCPPCommCtrlr' }, variable: { name: 'HeartbeatInterval' } }
  await station('CP3', 'ocpp2.0.1', {
    GetVariables: { getVariableResult: [{ ...asked, attributeStatus: 'Accepted', attributeValue: '42' }] },
  })
  await ask('POST', '/ocpp/2.0.1/monitoring/getVariables?identifier=CP3&wait=5', { getVariableData: [asked] })
  const { body } = await ask(
    'GET',
    '/data/monitoring/variableAttribute?stationId=CP3&component_name=OCPPCommCtrlr&variable_name=HeartbeatInterval',
  )
  assert.deepEqual(
    body.map((each) => (({ value, type }) => [value, type])(each as { value: string; type: string })),
    [['42', 'Actual']],
  )
  const secret = { component: { name: 'SecurityCtrlr' }, variable: { name: 'BasicAuthPassword' } }
  const { session } = await station('CP3', 'ocpp2.0.1', {
    SetVariables: { setVariableResult: [{ ...secret, attributeStatus: 'Accepted' }] },
  })
  await ask('POST', '/ocpp/2.0.1/monitoring/setVariables?identifier=CP3&wait=5', {
    setVariableData: [{ ...secret, attributeValue: 'another-horse-battery' }],
  })
  session.close()
  await assert.rejects(station('CP3', 'ocpp2.0.1'), { code: 'connection-refused' }, 'it has a password now')
  const password = '0123456789abcdef0123456789abcdef01234567'
  const { asked: told } = await station('CP4', 'ocpp1.6', { ChangeConfiguration: { status: 'Accepted' } })
  assert.equal((await ask('POST', '/data/configuration/password', { stationId: 'CP4', password, setOnCharger: false })).status, 200)
  assert.deepEqual(told.at(-1), ['ChangeConfiguration', { key: 'AuthorizationKey', value: password }])
})

test('what cannot be kept is refused before anything is made of it', async (t) => {
  const { ask, charging } = await place(t)
  const known = (await ask('PUT', '/data/configuration/chargingStation?stationId=A%3AB', { securityProfile: 0 })).status
  assert.deepEqual(
    [known, (await ask('PUT', '/data/configuration/chargingStation?stationId=A%3AB', { securityProfile: 0 })).status],
    [422, 422],
  )
  const long = 'x'.repeat(255)
  assert.equal((await ask('PUT', `/data/evdriver/authorization?idToken=${long}`, { idTokenInfo: { status: 'Accepted' } })).status, 200)
  assert.equal((await ask('PUT', '/data/evdriver/authorization?idToken=A1', { idToken: 'B2' })).status, 400)
  assert.deepEqual(
    (await charging.badges.list()).map(({ token }) => token),
    [long],
  )
})

test('a station whose place was made when the database went away is finished by the next request', async (t) => {
  const { ask, charging, established, store } = await place(t)
  await joinTerritory(
    store,
    established,
    { name: 'CP2', type: 'one-way_evse', sensors: [{ name: 'power', unit: 'kW', resolution: 'PT5M' }] },
    { id: 'CP2', kind: 'evse', asset: 'CP2', bus: 'ocpp', nominalKw: 22, phases: 3, sensors: {} },
  )
  assert.equal((await ask('PUT', '/data/configuration/chargingStation?stationId=CP2', { securityProfile: 0 })).status, 200)
  assert.equal(charging.station('CP2').record.asset, established.assets['CP2'])
})

test('every endpoint stands for a message that a CSMS may send in that version', async () => {
  const { DIALECTS } = await import('#protocols/ocpp')
  for (const dialect of Object.values(DIALECTS)) {
    const endpoints = ENDPOINTS[dialect.name]!
    assert.ok(endpoints.size > 20)
    for (const [path, action] of endpoints) assert.ok(dialect.mayCall('csms', action), `${dialect.name} ${path}`)
  }
})
