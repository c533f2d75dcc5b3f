// Foreign stations of every version of OCPP, unmodified, on one island: they boot, charge and obey the limit that the grid sets.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import test, { type TestContext } from 'node:test'
import { startTerritory } from '../journeys/territory.ts'
import { foreign } from './foreign.ts'

type Island = Awaited<ReturnType<typeof startTerritory>>
type Client = import('ocpp-rpc').RPCClient
interface Registered {
  identity: string
  password: string
  token: string
}

async function register(island: Island, identity: string): Promise<Registered> {
  const { status, body } = await island.ask<{ data: Registered }>('POST', '/api/cariflex/v1/stations', {
    identity,
    nominalKw: 11,
    phases: 3,
  })
  assert.ok(status < 300, `${status} ${JSON.stringify(body)}`)
  return body.data
}

/** The operator leaves nothing to the island: every car must pause. */
const leaveNothing = (island: Island) =>
  island.ask('POST', '/api/v3_0/sensors/86/data', {
    start: new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString(),
    duration: 'PT1H',
    values: [0],
    unit: '%',
  })
const urlOf = (island: Island) => `${island.url.replace('http', 'ws')}/ocpp`

test('stations of the Python package for 1.6 and 2.1 charge side by side and pause when the grid says so', async (t) => {
  const island = await startTerritory(t)
  const stations = []
  for (const [identity, script, ...more] of [
    ['PY-16', 'foreign_station_16.py', '90'],
    ['PY-21', 'foreign_station.py', '2.1', '90'],
  ] as const) {
    const { password, token } = await register(island, identity)
    const station = foreign(script, [urlOf(island), identity, password, token, ...more])
    t.after(() => station.kill())
    stations.push(station)
  }
  for (const station of stations) {
    await station.line((line) => line['event'] === 'boot' && line['status'] === 'Accepted')
    await station.line((line) => line['event'] === 'authorize' && line['status'] === 'Accepted')
    await station.line((line) => line['event'] === 'started' && line['token'] === 'Accepted')
  }
  for (const station of stations) await station.line((line) => line['event'] === 'profile' && line['purpose'] === 'TxProfile', 60_000)
  await leaveNothing(island)
  for (const station of stations) {
    await station.line((line) => line['event'] === 'profile' && line['purpose'] === 'TxProfile' && line['watts'] === 0, 30_000)
    await station.line((line) => line['event'] === 'drawing' && line['watts'] === 0, 30_000)
  }
  for (const station of stations) assert.equal(await station.ended, 0, station.stderr())
  const { body } = await island.ask<{ data: { identity: string; version: string | null }[] }>('GET', '/api/cariflex/v1/stations')
  const versions = Object.fromEntries(body.data.map(({ identity, version }) => [identity, version]))
  assert.deepEqual([versions['PY-16'], versions['PY-21']], ['ocpp1.6', 'ocpp2.1'])
})

/** A station made of `ocpp-rpc` in strict mode: what it is sent and what it says must be valid to the letter, or the call fails. */
async function strictStation(t: TestContext, island: Island, version: '1.6' | '2.0.1') {
  const { identity, password, token } = await register(island, `RPC-${version}`)
  const { RPCClient } = createRequire(import.meta.url)('ocpp-rpc') as typeof import('ocpp-rpc')
  const client: Client = new RPCClient({
    endpoint: urlOf(island),
    identity,
    password,
    protocols: [`ocpp${version}`],
    strictMode: true,
    reconnect: false,
  } as ConstructorParameters<typeof RPCClient>[0])
  const limits: { purpose: string; limit: number }[] = []
  const faults: unknown[] = []
  client.on('strictValidationFailure', (fault) => faults.push(fault))
  const waiting = new Set<() => void>()
  const noteLimit = (profile: Record<string, never>) => {
    const [schedule] = [profile['chargingSchedule'] as never].flat() as { chargingSchedulePeriod: { limit: number }[] }[]
    limits.push({ purpose: profile['chargingProfilePurpose']!, limit: schedule!.chargingSchedulePeriod[0]!.limit })
    for (const wake of [...waiting]) wake()
    return { status: 'Accepted' }
  }
  const handlers: Record<string, (params: Record<string, never>) => object> = {
    SetChargingProfile: (params) => noteLimit((params['csChargingProfiles'] ?? params['chargingProfile'])!),
    ClearChargingProfile: () => ({ status: 'Accepted' }),
    GetCompositeSchedule: () => ({ status: 'Rejected' }),
    TriggerMessage: () => ({ status: 'NotImplemented' }),
    GetConfiguration: () => ({ configurationKey: [{ key: 'HeartbeatInterval', readonly: false, value: '300' }] }),
    ChangeConfiguration: () => ({ status: 'Accepted' }),
    GetBaseReport: () => ({ status: 'NotSupported' }),
    SetVariables: ({ setVariableData }) => ({
      setVariableResult: (setVariableData as unknown as Record<string, unknown>[]).map(({ component, variable }) => ({
        component,
        variable,
        attributeStatus: 'Accepted',
      })),
    }),
  }
  for (const [action, handler] of Object.entries(handlers))
    client.handle(action as never, (({ params }: { params: never }) => handler(params)) as never)
  await client.connect()
  t.after(() => client.close({ force: true } as never))
  const until = (what: string, fits: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${identity}: ${what}; got ${JSON.stringify(limits)}`)), 60_000)
      const look = () => {
        if (!fits()) return
        clearTimeout(timer)
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  return {
    call: client.call.bind(client) as (action: string, params: object) => Promise<Record<string, never>>,
    limits,
    faults,
    until,
    token,
  }
}

const now = () => new Date().toISOString()

test('a strict foreign station of 1.6 boots, charges and is told to pause', async (t) => {
  const island = await startTerritory(t)
  const { call, limits, faults, until, token } = await strictStation(t, island, '1.6')
  const boot = await call('BootNotification', { chargePointVendor: 'ocpp-rpc', chargePointModel: 'Strict' })
  assert.equal(boot['status'], 'Accepted')
  await call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Preparing' })
  assert.equal((await call('Authorize', { idTag: token }))['idTagInfo']!['status'], 'Accepted')
  const { transactionId } = await call('StartTransaction', { connectorId: 1, idTag: token, meterStart: 100, timestamp: now() })
  await call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Charging' })
  await until('an order', () => limits.some(({ purpose }) => purpose === 'TxProfile'))
  await leaveNothing(island)
  await until('a pause', () => limits.some(({ purpose, limit }) => purpose === 'TxProfile' && limit === 0))
  await call('MeterValues', { connectorId: 1, transactionId, meterValue: [{ timestamp: now(), sampledValue: [{ value: '150' }] }] })
  assert.deepEqual(await call('StopTransaction', { transactionId, meterStop: 160, timestamp: now() }), {})
  await assert.rejects(call('SecurityEventNotification', { type: 'X' }), /missing|valid|required/i)
  assert.equal(faults.filter((fault) => !/SecurityEvent/.test(JSON.stringify(fault))).length, 0, JSON.stringify(faults))
})

test('a strict foreign station of 2.0.1 boots, charges and is told to pause', async (t) => {
  const island = await startTerritory(t)
  const { call, limits, until, token } = await strictStation(t, island, '2.0.1')
  const boots = async () =>
    (await call('BootNotification', { reason: 'PowerUp', chargingStation: { model: 'Strict', vendorName: 'ocpp-rpc' } }))['status']
  for (let tries = 0; (await boots()) !== ('Accepted' as never); tries++) {
    assert.ok(tries < 30, 'accepted')
    await new Promise((resolve) => setTimeout(resolve, 1000))
  }
  const transactionInfo = { transactionId: 'strict-1', chargingState: 'Charging' }
  const started = await call('TransactionEvent', {
    eventType: 'Started',
    timestamp: now(),
    triggerReason: 'Authorized',
    seqNo: 0,
    transactionInfo,
    evse: { id: 1, connectorId: 1 },
    idToken: { idToken: token, type: 'ISO14443' },
  })
  assert.equal(started['idTokenInfo']!['status'], 'Accepted')
  await until('an order', () => limits.some(({ purpose }) => purpose === 'TxProfile'))
  await leaveNothing(island)
  await until('a pause', () => limits.some(({ purpose, limit }) => purpose === 'TxProfile' && limit === 0))
  const ended = {
    eventType: 'Ended',
    timestamp: now(),
    triggerReason: 'EVDeparted',
    seqNo: 1,
    transactionInfo: { transactionId: 'strict-1' },
  }
  assert.deepEqual(await call('TransactionEvent', ended), {})
})
