// A charging room on real sockets and a real PostgreSQL, with a scripted station in front of it; the other tests of the room use it.
import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type Beliefs, type Devices, deviceRegistry, type News, openAlarms, openBeliefs, type Setpoint, type Utterance } from '#ems'
import { formatInstant, type Instant, inProcessBus, type Log, manualClock, parseInstant, silentLog, wattHours } from '#kernel'
import { CallError, connectStation, type Payload, type Session } from '#protocols/ocpp'
import { type Store, scratchStore } from '#store'
import { type Charging, type ChargingConfig, openCharging } from './index.ts'

export const NOW = parseInstant('2026-11-24T12:00:10Z')
export const CAR = { token: 'CARIFLEX001', vehicle: 201, soc: 71 }

export const MODEL = {
  'SmartChargingCtrlr.RateUnit': 'A,W',
  'OCPPCommCtrlr.HeartbeatInterval': '60',
  'SampledDataCtrlr.TxUpdatedInterval': '60',
  'SampledDataCtrlr.TxUpdatedMeasurands': 'Energy.Active.Import.Register',
}

export interface Rig {
  store: Store
  clock: ReturnType<typeof manualClock>
  news: News[]
  tell(news: News): void
  utterances: Utterance[]
  beliefs: Beliefs
  devices: Devices
  charging: Charging
  url: string
  /** A station that is on line and whose boot is accepted (or stays as it is with `boot: false`). */
  station(identity?: string, options?: StationOptions): Promise<FakeStation>
  /** Ends the room and opens it anew on the same database, as after a kill: nothing in memory survives. */
  restart(config?: Partial<ChargingConfig>): Promise<void>
}

export interface StationOptions {
  password?: string
  boot?: boolean
  /** Answers to the calls of the platform; may throw a CallError. */
  on?: Record<string, (payload: Payload) => Payload | Promise<Payload>>
  /** Variables of the device model: 'Component.Variable' → value. */
  model?: Record<string, string>
}

export interface FakeStation {
  session: Session
  /** Calls of the platform, in order. */
  calls: { action: string; payload: Payload }[]
  /** Resolves with the next call of the action that has not been waited for yet. */
  called(action: string): Promise<Payload>
  say(action: string, payload: Payload): Promise<Payload>
  event(eventType: string, seqNo: number, more?: Payload & { transactionInfo?: Payload }): Promise<Payload>
  close(): Promise<void>
}

export async function rig(
  t: TestContext,
  {
    config = {},
    log = silentLog,
    wrap = (store) => store,
  }: { config?: Partial<ChargingConfig>; log?: Log; wrap?(store: Store): Store } = {},
): Promise<Rig> {
  const clock = manualClock(NOW)
  const store = await scratchStore(t)
  await store.query(
    `insert into generic_asset (id, name, generic_asset_type_id, attributes) values (101, 'CP001', 6, '{}'), (102, 'CP002', 6, '{}'), (201, 'V2G001', 6, '{}')`,
  )
  await store.query(
    `insert into sensor (id, name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, generic_asset_id, attributes)
     values (61, 'power', 'kW', 'America/Martinique', '5 minutes', 'ex_post', '{"ex_post_horizon":"PT0S"}', 101, '{"consumption_is_positive":true}'),
            (62, 'power', 'kW', 'America/Martinique', '5 minutes', 'ex_post', '{"ex_post_horizon":"PT0S"}', 102, '{"consumption_is_positive":true}'),
            (71, 'soc', 'kWh', 'America/Martinique', '0', 'ex_post', '{"ex_post_horizon":"PT0S"}', 201, '{}')`,
  )
  const news: News[] = []
  const bus = inProcessBus<News>((error) => {
    throw error
  })
  bus.any((one) => void news.push(one))
  const utterances: Utterance[] = []
  const beliefs = openBeliefs({ store, clock, bus })
  const devices = deviceRegistry()
  const open = (more: Partial<ChargingConfig> = {}) =>
    openCharging({
      store: wrap(store),
      clock,
      log,
      bus,
      beliefs,
      devices,
      conversation: { note: (utterance) => void utterances.push(utterance) },
      alarms: openAlarms({ store, clock, bus }),
      config: { ping: 0, bootPause: 0, ...config, ...more },
    })
  let charging = await open()
  await charging.registerStation({ identity: 'CP001', asset: 101, powerSensor: 61, nominalW: 22_000 })
  await charging.registerStation({ identity: 'CP002', asset: 102, powerSensor: 62, nominalW: 11_000, password: 'correct-horse-battery' })
  await charging.registerVehicle({
    asset: CAR.vehicle,
    device: 'V2G001',
    socSensor: CAR.soc,
    capacity: wattHours(75_000),
    floor: wattHours(15_000),
    v2g: true,
  })
  await charging.registerToken({ token: CAR.token, vehicle: CAR.vehicle })
  const server = createServer((_, response) => response.writeHead(404).end())
  server.on('upgrade', (request, socket, head) => void charging.upgrade(request, socket, head))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    await charging.close()
    await closed(server)
  })
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ocpp`
  return {
    store,
    clock,
    news,
    tell: bus.tell,
    utterances,
    beliefs,
    devices,
    url,
    get charging() {
      return charging
    },
    station: (identity = 'CP001', options = {}) => fakeStation({ url, clock, identity, ...options }),
    async restart(more) {
      await charging.close()
      charging = await open(more)
    },
  }
}

const closed = (server: Server) =>
  new Promise<void>((resolve) => {
    server.closeAllConnections()
    server.close(() => resolve())
  })

async function fakeStation({
  url,
  clock,
  identity,
  password,
  boot = true,
  on = {},
  model = MODEL,
}: { url: string; clock: ReturnType<typeof manualClock>; identity: string } & StationOptions): Promise<FakeStation> {
  const calls: FakeStation['calls'] = []
  const waiting: { action: string; resolve(payload: Payload): void }[] = []
  const unseen: FakeStation['calls'] = []
  const report = (requestId: unknown) => ({
    requestId,
    generatedAt: formatInstant(clock.now()),
    seqNo: 0,
    reportData: Object.entries(model).map(([path, value]) => {
      const [component = '', variable = ''] = path.split('.')
      return { component: { name: component }, variable: { name: variable }, variableAttribute: [{ value }] }
    }),
  })
  const defaults: NonNullable<StationOptions['on']> = {
    GetBaseReport: ({ requestId }) => {
      setImmediate(() => session.call('NotifyReport', report(requestId)).catch(() => undefined))
      return { status: 'Accepted' }
    },
    SetVariables: ({ setVariableData }) => ({
      setVariableResult: (setVariableData as Payload[]).map(({ component, variable }) => ({
        component,
        variable,
        attributeStatus: 'Accepted',
      })),
    }),
    TriggerMessage: () => ({ status: 'Accepted' }),
    SetChargingProfile: () => ({ status: 'Accepted' }),
    ClearChargingProfile: () => ({ status: 'Accepted' }),
    GetTransactionStatus: () => ({ ongoingIndicator: true, messagesInQueue: false }),
    GetCompositeSchedule: () => ({ status: 'Rejected' }),
  }
  const session = await connectStation(url, {
    identity,
    ...(password === undefined ? {} : { password }),
    clock,
    handler: async (action, payload) => {
      const call = { action, payload }
      calls.push(call)
      const next = waiting.findIndex((one) => one.action === action)
      if (next >= 0) waiting.splice(next, 1)[0]!.resolve(payload)
      else unseen.push(call)
      const answer = on[action] ?? defaults[action]
      if (!answer) throw new CallError('NotImplemented', action)
      return answer(payload)
    },
  })
  const called = (action: string) => {
    const known = unseen.findIndex((call) => call.action === action)
    if (known >= 0) return Promise.resolve(unseen.splice(known, 1)[0]!.payload)
    return new Promise<Payload>((resolve) => waiting.push({ action, resolve }))
  }
  const say = (action: string, payload: Payload) => session.call(action, payload)
  const bootNotification = { reason: 'PowerUp', chargingStation: { model: 'Rig', vendorName: 'Cariflex', firmwareVersion: '1.0' } }
  if (boot) {
    const first = await say('BootNotification', bootNotification)
    if (first['status'] === 'Pending') {
      // The platform triggers the next boot once the station is set up.
      for (;;) if ((await called('TriggerMessage'))['requestedMessage'] === 'BootNotification') break
      const second = await say('BootNotification', bootNotification)
      assert.equal(second['status'], 'Accepted')
    }
    // It then lays its limits and asks for the status.
    for (;;) if ((await called('TriggerMessage'))['requestedMessage'] === 'StatusNotification') break
  }
  return {
    session,
    calls,
    called,
    say,
    event: (eventType, seqNo, { transactionInfo, ...more } = {}) =>
      say('TransactionEvent', {
        eventType,
        seqNo,
        timestamp: formatInstant(clock.now()),
        triggerReason: eventType === 'Started' ? 'CablePluggedIn' : eventType === 'Ended' ? 'EVDeparted' : 'MeterValuePeriodic',
        transactionInfo: { transactionId: 'T1', ...transactionInfo },
        ...more,
      }),
    async close() {
      session.close()
      await session.closed
    },
  }
}

/** A Started event of the car, charging; meter values as [measurand, value, unit]. */
export const started = (more: Payload = {}): Payload => ({
  evse: { id: 1, connectorId: 1 },
  idToken: { idToken: CAR.token, type: 'ISO14443' },
  transactionInfo: { chargingState: 'Charging' },
  ...more,
})

export const measured = (at: Instant, ...values: [measurand: string, value: number, unit?: string, phase?: string][]) => ({
  timestamp: formatInstant(at),
  sampledValue: values.map(([measurand, value, unit, phase]) => ({
    measurand,
    value,
    ...(unit === undefined ? {} : { unitOfMeasure: { unit } }),
    ...(phase === undefined ? {} : { phase }),
  })),
})

export const setpoint = (clock: { now(): Instant }, power: number, more: Partial<Setpoint> = {}): Setpoint => ({
  device: 'CP001',
  asset: 101,
  power: power as Setpoint['power'],
  at: clock.now(),
  until: (clock.now() + 900_000) as Instant,
  because: 'Cheap sun at noon.',
  rung: 'plan',
  ...more,
})
