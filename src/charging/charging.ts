/** The charging room put together: stations that connect, their sessions, and the chargers that the EMS steers. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Alarms, Beliefs, Conversation, Devices, News, SourceKey } from '#ems'
import { type Bus, type Clock, describeError, type Instant, type Log, MINUTE, Problem, SECOND, say } from '#kernel'
import {
  acceptStations,
  type BootNotificationRequest,
  type BootNotificationResponse,
  type Frame,
  type GetVariablesResponse,
  OCPP201,
  type Payload,
  type Session,
} from '#protocols/ocpp'
import { asTimestamp, type Store } from '#store'
import { registerToken, type TokenRegistration } from './badges.ts'
import { type Charger, openCharger } from './charger.ts'
import { type CommandOutcome, command } from './commands.ts'
import { type ChargingConfig, DEFAULTS } from './config.ts'
import { keyOf, loadModels, type Path, saveModel, saveValue, takeValue, V2X } from './device-model.ts'
import { openEntrance } from './entrance.ts'
import { type ListedStation, listStation } from './listing.ts'
import { openMeasurements } from './measurements.ts'
import { handlerOf } from './ocpp201.ts'
import { onboard, onboardingMark } from './onboarding.ts'
import { zulu } from './order.ts'
import { redactFrame } from './redaction.ts'
import { gatherer } from './report.ts'
import { SAYING } from './saying.ts'
import { openSessions } from './sessions.ts'
import {
  pluggedAt,
  readConnectors,
  readStation,
  readStations,
  type Station,
  type StationRecord,
  type StationRegistration,
  saveBoot,
  saveConnector,
  saveRegistration,
} from './station.ts'
import { openStationClock } from './station-clock.ts'
import { openAuthorization } from './token.ts'
import { registerVehicle, type Vehicle } from './vehicle.ts'

export interface ChargingParts {
  store: Store
  clock: Clock
  log: Log
  bus: Bus<News>
  beliefs: Beliefs
  devices: Devices
  conversation: Conversation
  /** What stations report of themselves is kept there. */
  alarms: Alarms
  config?: Partial<ChargingConfig>
  /** Under which source measurements are kept; the demo says 'simulation'. */
  source?: SourceKey
}

export interface Charging {
  /** For the HTTP server's 'upgrade' of /ocpp/<identity>; anything else below it is answered 404. Never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
  stations(): ListedStation[]
  /** Sends one command by hand; see `command`. @throws Problem `unknown-station` and those of `command` */
  call(identity: string, action: string, payload: Payload): Promise<CommandOutcome>
  /** Asks the station to start a session for a token. */
  remoteStart(identity: string, start: { token: string; type?: string; evse?: number }): Promise<CommandOutcome>
  /** Asks the station to end a session; default: the one on the steered EVSE. */
  remoteStop(identity: string, transaction?: string): Promise<CommandOutcome>
  /** Makes a station known, or known anew; approves a parked one. Idempotent. */
  registerStation(registration: StationRegistration): Promise<void>
  registerVehicle(vehicle: Vehicle): Promise<void>
  registerToken(token: TokenRegistration): Promise<void>
  /** Resolves when what was measured until now is kept. */
  settled(): Promise<void>
  close(): Promise<void>
}

/** Opens the room: what the database knows of stations and open sessions is taken up again. @throws Problem `database-unavailable` */
export async function openCharging(parts: ChargingParts): Promise<Charging> {
  const { store, clock, bus, beliefs, devices, conversation, alarms } = parts
  const log = parts.log.child({ room: 'charging' })
  const config: ChargingConfig = { ...DEFAULTS, ...parts.config }
  const stations = new Map<string, Station>()
  const chargers = new Map<string, Charger>()
  const gather = gatherer(clock)
  /** Connections in which the state of the station was put right already, and those told to boot. */
  const settledIn = new Set<string>()
  const toldToBoot = new Set<string>()
  const onboarding = new Set<string>()

  const tell = ({ record: { device, asset } }: Station, what: Extract<News, { kind: 'device' }>['what']) => {
    if (device !== undefined && asset !== undefined) bus.tell({ kind: 'device', device, asset, what })
  }

  const alarm = ({ record: { asset, identity } }: Station, code: string, sentence: string | undefined) => {
    if (asset === undefined) return
    const kept = sentence === undefined ? alarms.clear(asset, code) : alarms.raise(asset, code, sentence)
    kept.catch((error: unknown) => log.warn({ station: identity, error: describeError(error) }, 'an alarm was not kept'))
  }
  /** A clock that is far off is not believed: moments are taken by ours, and people are told. */
  function heard(station: Station, said: Instant): void {
    const turned = station.clock.hear(said, clock.now())
    if (turned === undefined) return
    const { lag = 0 } = station.clock
    const { identity } = station.record
    const slots = { station: identity, age: `${Math.round(Math.abs(lag) / SECOND)} s` }
    log.warn({ station: identity, lag, said }, turned === 'wrong' ? "the station's clock is off" : "the station's clock is right again")
    alarm(station, 'station-clock', turned === 'right' ? undefined : say(lag > 0 ? SAYING.clockBehind : SAYING.clockAhead, slots))
  }

  const measurements = openMeasurements({
    store,
    clock,
    beliefs,
    log,
    config,
    source: parts.source ?? { name: 'Charging stations', type: 'gateway', model: OCPP201 },
    stations: () => stations.values(),
  })
  const authorization = openAuthorization({ store, clock, log })
  const sessions = openSessions({
    authorization,
    store,
    clock,
    log,
    bus,
    beliefs,
    config,
    measurements,
    stations,
    onChange: (station) => chargers.get(station.record.identity)?.orders.forget(),
    heard,
  })

  /** Takes a record in; what is known of a station that is here already stays. */
  const place = (record: StationRecord): Station => {
    const known = stations.get(record.identity)
    const former = known?.record.device
    const unknown = () => ({ record, connectors: new Map(), open: new Map(), model: new Map(), needs: new Map() })
    const station: Station = known ?? { ...unknown(), clock: openStationClock(config.clockTolerance) }
    station.record = record
    stations.set(record.identity, station)
    if (!chargers.has(record.identity)) chargers.set(record.identity, openCharger({ station, store, clock, log, config }))
    if (former !== undefined && former !== record.device) devices.remove(former)
    if (record.asset !== undefined && record.device !== undefined) devices.add(chargers.get(record.identity)!)
    return station
  }
  const find = async (identity: string) => {
    const record = await readStation(store, identity)
    return record && place(record)
  }

  for (const record of await readStations(store)) place(record)
  for (const [identity, model] of await loadModels(store)) {
    const station = stations.get(identity)
    if (station) station.model = model
  }
  for (const { station, evse_id, connector_id, status, at } of await readConnectors(store))
    stations.get(station)?.connectors.set(`${evse_id}.${connector_id}`, { evse: evse_id, connector: connector_id, status, at })
  await sessions.resume()

  /** After an accepted boot and after a mere reconnection: limits below everything, then the truth about connectors and sessions. */
  const settle = async (station: Station, session: Session) => {
    await chargers.get(station.record.identity)?.orders.layFloor()
    await session.call('TriggerMessage', { requestedMessage: 'StatusNotification' }, { timeout: config.patience }).catch(() => undefined)
    await refresh(station, session)
    await sessions.reconcile(station, session)
  }
  /** What may have changed while it was away and decides what we may order. */
  const refresh = async (station: Station, session: Session) => {
    const flags = [...station.model.values()].filter(
      ({ component, variable }) => component === V2X.component && (V2X.variables as readonly string[]).includes(variable),
    )
    if (flags.length === 0) return
    const getVariableData = flags.map(({ component, variable, evse }) => ({
      component: { name: component, ...(evse === undefined ? {} : { evse: { id: evse } }) },
      variable: { name: variable },
    }))
    const answer = (await session.call('GetVariables', { getVariableData }, { timeout: config.patience }).catch(() => undefined)) as
      | GetVariablesResponse
      | undefined
    for (const { component, variable, attributeStatus, attributeValue } of answer?.getVariableResult ?? [])
      if (attributeStatus === 'Accepted' && attributeValue !== undefined)
        await handlers.variable(station, { component, variable } as Path, attributeValue)
  }
  /** After the answer that is being written, not before it. */
  const afterAnswer = (work: () => void) => (config.bootPause > 0 ? clock.in(config.bootPause, work) : setImmediate(work))
  const settleSoon = (station: Station, session: Session) => {
    settledIn.add(session.epoch)
    afterAnswer(() => {
      settle(station, session).catch((error: unknown) =>
        log.warn({ station: session.identity, error: describeError(error) }, 'the station could not be put right'),
      )
    })
  }

  const setUp = async (station: Station, session: Session, mark: string) => {
    const { identity } = station.record
    if (onboarding.has(identity)) return
    onboarding.add(identity)
    try {
      const model = await onboard(session, { gather, config, log })
      if (model) {
        await store.transact((tx) => saveModel(tx, identity, model))
        station.model = model
      }
      station.record = { ...station.record, onboardedAt: clock.now(), onboardedAs: mark }
      await saveBoot(store, station.record)
      await session.call('TriggerMessage', { requestedMessage: 'BootNotification' }, { timeout: config.patience }).catch(() => undefined)
    } catch (error) {
      log.warn({ station: identity, error: describeError(error) }, 'the station could not be set up; tried again at its next boot')
    } finally {
      onboarding.delete(identity)
    }
  }

  const boot = async (station: Station, request: BootNotificationRequest, session: Session): Promise<BootNotificationResponse> => {
    const { vendorName, model, serialNumber, firmwareVersion } = request.chargingStation
    const mark = onboardingMark(config, [vendorName, model, serialNumber, firmwareVersion].join('\n'))
    const ready = station.record.state === 'registered' && station.record.onboardedAs === mark
    const said = { vendor: vendorName, model, serial: serialNumber, firmware: firmwareVersion }
    const { serial: _, firmware: __, ...rest } = station.record
    const known = Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
    const record: StationRecord = { ...rest, ...known, boot: ready ? 'Accepted' : 'Pending' }
    await saveBoot(store, record)
    station.record = record
    if (ready) {
      chargers.get(record.identity)?.orders.forget()
      settleSoon(station, session)
      tell(station, 'online')
    } else if (record.state === 'registered') afterAnswer(() => void setUp(station, session, mark))
    const interval = ready ? config.heartbeat : record.state === 'parked' ? config.pendingInterval * 6 : config.pendingInterval
    return { currentTime: zulu(clock.now()), interval, status: ready ? 'Accepted' : 'Pending' }
  }

  const handlers = {
    store,
    clock,
    log,
    config,
    sessions,
    gather,
    authorization,
    boot,
    returned(station: Station, session: Session) {
      if (!settledIn.has(session.epoch)) settleSoon(station, session)
    },
    mustBoot(station: Station, session: Session) {
      if (station.record.state === 'parked' || toldToBoot.has(session.epoch) || onboarding.has(station.record.identity)) return
      toldToBoot.add(session.epoch)
      setImmediate(() =>
        session.call('TriggerMessage', { requestedMessage: 'BootNotification' }, { timeout: config.patience }).catch(() => undefined),
      )
    },
    async status(station: Station, evse: number, connector: number, status: string, at: Instant) {
      const key = `${evse}.${connector}`
      const before = station.connectors.get(key)
      if (before && before.at > at) return
      await saveConnector(store, station.record.identity, evse, connector, status, at)
      station.connectors.set(key, { evse, connector, status, at })
      if (status === before?.status || evse !== station.record.evse) return
      if (status === 'Faulted') tell(station, 'faulted')
      else if (before?.status === 'Faulted' || before?.status === 'Unavailable' || status === 'Unavailable') tell(station, 'changed')
    },
    async variable(station: Station, path: Path, value: string) {
      if (!takeValue(station.model, path, value)) return
      const key = keyOf(path)
      await saveValue(store, station.record.identity, key, station.model.get(key)!)
      if (path.component.name === V2X.component) tell(station, 'changed')
    },
    problem(station: Station, active: boolean, what: string) {
      if (active) tell(station, 'faulted')
      alarm(station, 'station-problem', active ? say(SAYING.problem, { station: station.record.identity, part: what }) : undefined)
    },
  }

  const note = (identity: string, frame: Frame) => {
    const { payload, ...seen } = frame
    conversation.note({ ...seen, peer: identity, bus: OCPP201, ...(payload === undefined ? {} : { payload: redactFrame(payload) }) })
  }

  const entrance = openEntrance({
    store,
    clock,
    log,
    config,
    stations,
    find,
    admit: async (state, identity) => (await find(identity)) ?? place(stranger(identity, state)),
  })

  const acceptor = acceptStations({
    clock,
    authenticate: entrance.authenticate,
    onRefusal: entrance.refused,
    handlerFor: (identity) => handlerOf(handlers, stations.get(identity)!),
    onFrame: note,
    onFault: (identity, error) => log.error({ station: identity, error }, 'a fault of ours in a conversation with a station'),
    ping: config.ping,
    strict: false,
    onSession(session) {
      const station = stations.get(session.identity)!
      const replaced = station.session !== undefined
      station.session = session
      station.lastSeen = clock.now()
      conversation.note({ at: clock.now(), peer: session.identity, bus: session.version, direction: 'in', kind: 'connect' })
      chargers.get(session.identity)?.orders.forget()
      if (station.record.boot === 'Accepted' && !replaced) tell(station, 'online')
      // A station that came back and has nothing to say is put right all the same.
      clock.in(5 * SECOND, () => {
        if (station.session === session && station.record.boot === 'Accepted') handlers.returned(station, session)
      })
      void session.closed.then(({ code, reason }) => {
        settledIn.delete(session.epoch)
        toldToBoot.delete(session.epoch)
        conversation.note({
          at: clock.now(),
          peer: session.identity,
          bus: session.version,
          direction: 'in',
          kind: 'close',
          payload: { code, reason },
        })
        // A newer connection may have taken its place.
        if (station.session !== session) return
        delete station.session
        chargers.get(session.identity)?.orders.forget()
        tell(station, 'offline')
      })
    },
  })

  const keepSeen = async () => {
    const seen = [...stations.values()].filter(({ lastSeen, record }) => lastSeen !== undefined && lastSeen !== record.lastSeen)
    if (seen.length === 0) return
    await store.query(
      `update cariflex.charging_station s set last_seen = r.at
       from jsonb_to_recordset($1::jsonb) as r(identity text, at timestamptz) where s.identity = r.identity`,
      [JSON.stringify(seen.map(({ record, lastSeen }) => ({ identity: record.identity, at: asTimestamp(lastSeen!) })))],
    )
    for (const station of seen) station.record.lastSeen = station.lastSeen!
  }
  const keepSeenQuietly = () =>
    keepSeen().catch((error: unknown) => log.warn({ error: describeError(error) }, 'when stations were seen was not kept'))
  const sweepQuietly = () =>
    sessions.sweep().catch((error: unknown) => log.warn({ error: describeError(error) }, 'sessions without EVSE were not looked through'))
  const minute = clock.every(MINUTE, () => void keepSeenQuietly().then(sweepQuietly))

  const need = (identity: string): Station => {
    const station = stations.get(identity)
    if (station) return station
    throw new Problem('unknown-station', say(SAYING.unknownStation, { station: identity }), { status: 404, hint: say(SAYING.seeStations) })
  }
  const call = (identity: string, action: string, payload: Payload) => command(need(identity), action, payload, { clock, config })

  return {
    upgrade: (request, socket, head) => acceptor.upgrade(request, socket, head),
    stations: () =>
      [...stations.values()]
        .sort((a, b) => a.record.identity.localeCompare(b.record.identity))
        .map((station) => listStation(station, chargers.get(station.record.identity), config.zone)),
    call: async (identity, action, payload) => call(identity, action, payload),
    async remoteStart(identity, { token, type = 'Central', evse }) {
      need(identity)
      const row = await store.first<{ id: number }>("select nextval('cariflex.remote_start')::integer as id")
      return call(identity, 'RequestStartTransaction', {
        remoteStartId: row!.id,
        idToken: { idToken: token, type },
        ...(evse === undefined ? {} : { evseId: evse }),
      })
    },
    async remoteStop(identity, transaction) {
      const transactionId = transaction ?? pluggedAt(need(identity))?.transaction.id
      if (transactionId === undefined)
        throw new Problem('no-transaction', say(SAYING.noSession, { station: identity }), { status: 409, hint: say(SAYING.seeStations) })
      return call(identity, 'RequestStopTransaction', { transactionId })
    },
    async registerStation(registration) {
      const before = stations.get(registration.identity)
      const wasParked = before?.record.state === 'parked'
      await saveRegistration(store, registration, clock.now())
      const station = await find(registration.identity)
      const session = station?.session
      if (wasParked && session)
        await session.call('TriggerMessage', { requestedMessage: 'BootNotification' }, { timeout: config.patience }).catch(() => undefined)
    },
    registerVehicle: (vehicle) => registerVehicle(store, vehicle),
    registerToken: (token) => registerToken(store, token),
    settled: () => measurements.settled(),
    async close() {
      minute.cancel()
      await acceptor.close()
      await measurements.close()
      await keepSeenQuietly()
      for (const { record } of stations.values()) if (record.device !== undefined) devices.remove(record.device)
    },
  }
}

const stranger = (identity: string, state: StationRecord['state']): StationRecord => ({
  identity,
  state,
  nominal: 0 as StationRecord['nominal'],
  maxCurrent: 0,
  phases: 3,
  evse: 1,
  v2g: false,
})
