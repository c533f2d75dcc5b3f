/** The charging room put together: stations that connect, their sessions, and the chargers that the EMS steers. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Alarms, Beliefs, Conversation, Devices, News, SourceKey } from '#ems'
import { type Bus, type Clock, describeError, type Instant, type Log, MINUTE, type Outward, Problem, SECOND, say } from '#kernel'
import { type Frame, OCPP16, OCPP21, OCPP201, type OcppVersion, type Payload, type Quirk } from '#protocols/ocpp'
import type { Secrets, Store } from '#store'
import { type Archive, openArchive } from './archive.ts'
import { type BadgeDesk, openBadgeDesk, registerToken } from './badges.ts'
import { type Blocks, openBlocks } from './blocks.ts'
import { openBoots } from './boot.ts'
import { type Bridge, besideBridge } from './bridge/citrineos.ts'
import { bridgeOf } from './bridge/citrineos-room.ts'
import { openProxies, type Upstreams } from './bridge/proxies.ts'
import { type Charger, openCharger } from './charger.ts'
import type { CommandOutcome } from './commands.ts'
import { type ChargingConfig, DEFAULTS } from './config.ts'
import { loadModels, type Path, V2X } from './device-model.ts'
import { openEntrance } from './entrance.ts'
import { openFrameLog } from './frame-log.ts'
import { type HookDesk, openHookFrames } from './hook-frames.ts'
import { type Ladder, ladderOf } from './ladder.ts'
import { openTransactions } from './ledger.ts'
import { plainLine } from './line.ts'
import { type ListedStation, listStation } from './listing.ts'
import { openMeasurements } from './measurements.ts'
import { lenienceFor } from './model-profile.ts'
import { openAdapter16 } from './ocpp16.ts'
import { answers21 } from './ocpp21.ts'
import { handlerOf } from './ocpp201.ts'
import { openReception } from './reception.ts'
import { openRelay, type Relay } from './relay.ts'
import { openRollCall } from './roll-call.ts'
import { SAYING } from './saying.ts'
import type { OpenPort } from './security/secure-port.ts'
import { openStationSecurity, type StationSecurity } from './security/security.ts'
import { openSessions } from './sessions.ts'
import type { CardView, Said } from './smart/capability-card.ts'
import { openProfileDesk, type StationProfiles } from './smart/held-profiles.ts'
import { openSmart } from './smart/smart.ts'
import type { WishDesk } from './smart/wish-desk.ts'
import {
  pluggedAt,
  readConnectors,
  readStation,
  readStations,
  type Station,
  type StationRecord,
  type StationRegistration,
  saveBootOrder,
  saveConnector,
  saveRegistration,
  saveSeen,
} from './station.ts'
import { openStationClock } from './station-clock.ts'
import { type StationQuery, type StationSurvey, survey } from './survey.ts'
import type { TariffBook } from './tariff/book.ts'
import type { KnownBill } from './tariff/costs.ts'
import { type Money, openMoney } from './tariff/money.ts'
import type { StationTariffs } from './tariff/station-tariffs.ts'
import { type ContractCheck, openAuthorization, type RealTimeAuthorizer } from './token.ts'
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
  /** The asset of alarms that are about no single station; absent: there are none. */
  site?: number
  config?: Partial<ChargingConfig>
  /** Where stations reach our files over HTTP, without a slash at its end; default: the address under which each connected. */
  publicUrl?: () => string | undefined
  /** Checks contract certificates (C07) in place of our own check. */
  contracts?: ContractCheck
  /** Keys of our own authority lie there; without it there is none. */
  secrets?: Secrets
  /** How addresses that stations name are called. */
  outward?: Outward
  /** Programs that read along. */
  webhooks?: HookDesk
  /** Under which source measurements are kept; the demo says 'simulation'. */
  source?: SourceKey
}

export interface Charging {
  /** For the HTTP server's 'upgrade' of /ocpp/<identity>; anything else below it is answered 404. Never throws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
  stations(): ListedStation[]
  /** Stations found by words, standing and model, a page of them whole. */
  survey(query: StationQuery): StationSurvey & { listed: ListedStation[] }
  /** Sends one command by hand; see `Commands`. @throws Problem `unknown-station` and those of `byHand` */
  call(identity: string, action: string, payload: Payload, by?: string): Promise<CommandOutcome>
  /** Sends a message of another program as it is. */
  readonly relay: Relay
  /** What else may be asked of stations, and what they told; every function takes a `station()`. */
  readonly blocks: Blocks
  /** What is known of the model of a station. @throws Problem `unknown-station` */
  card(identity: string): CardView
  /** What of a station's messages is mended before it is read; none for a model that is held to the letter. @throws Problem `unknown-station` */
  quirks(identity: string): readonly Quirk[]
  /** What keeps the power of the steered EVSE down, from what is ordered to what the car takes. @throws Problem `unknown-station` */
  ladder(identity: string): Ladder
  /** Says what the model of a station takes; for all of that model. @throws Problem `unknown-station` */
  sayCard(identity: string, said: Said): Promise<CardView>
  /** The profiles on a station; `ask`: it is asked itself, by whom. @throws Problem `unknown-station` and those of `ProfileDesk.ask` */
  profiles(identity: string, ask?: { by: string }): Promise<StationProfiles>
  /** What drivers want of their sessions, and the page of an EVSE. */
  readonly wishes: WishDesk
  readonly badges: BadgeDesk
  /** Sessions, their events, security events. */
  readonly archive: Archive
  /** Certificates, passwords and profiles of stations. */
  readonly security: StationSecurity
  /** The other CSMS of stations that have one. */
  readonly upstreams: Upstreams
  /** To a running CitrineOS, if one is configured. */
  readonly bridge: Bridge | undefined
  /** Opens the encrypted port of stations, if one is configured. @throws Problem `port-taken`, `bad-certificate`, `no-authority` */
  openSecurePort(plainUrl: () => string): Promise<OpenPort | undefined>
  /** @throws Problem `unknown-station` */
  station(identity: string): Station
  readonly tariffs: TariffBook
  /** What stations hold of them. */
  readonly stationTariffs: StationTariffs
  bill: Money['bill']
  /** Has another tariff hold for a running session from now on; see `Money`. @throws Problem `unknown-station` and those of `Money` */
  changeTariff(identity: string, transaction: string, tariff: string, by?: string): Promise<KnownBill>
  /**
   * Decides how the boots of a station are answered from now on; undefined: accepted once it is set up. `interval`: seconds to its next boot, or
   * between heartbeats when it is accepted. `report`: whether it is asked for its base report while it is held at Pending; undefined: when it is not set up.
   * @throws Problem `unknown-station`
   */
  orderBoot(identity: string, order: StationRecord['bootOrder'], interval?: number, report?: boolean): Promise<void>
  /** Tokens that our table does not have are asked of it too: roaming. */
  addAuthorizer(authorizer: RealTimeAuthorizer): void
  /** Forgets commands, events, values and files older than a moment; resolves to how many. */
  forgetBefore(at: Instant): Promise<number>
  /** Asks the station to start a session for a token. */
  remoteStart(identity: string, start: { token: string; type?: string; evse?: number }): Promise<CommandOutcome>
  /** Asks the station to end a session; default: the one on the steered EVSE. */
  remoteStop(identity: string, transaction?: string): Promise<CommandOutcome>
  /** Makes a station known, or known anew; approves a parked one. Idempotent. */
  registerStation(registration: StationRegistration): Promise<void>
  registerVehicle(vehicle: Vehicle): Promise<void>
  registerToken: BadgeDesk['register']
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
  const namesakes = new Map<string, string[]>()
  const chargers = new Map<string, Charger>()
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
  const { secrets, outward } = parts
  const listsEnded = async (troubles: { cause: string; message: string }[]) => {
    if (parts.site !== undefined)
      await alarms.settle(
        [parts.site],
        'revocation-list',
        troubles.map((one) => ({ ...one, asset: parts.site! })),
      )
  }
  const security = openStationSecurity({
    ...{ store, clock, log, config, stations, alarm, listsEnded, secrets },
    ...(outward && { outward }),
  })
  const authorization = openAuthorization({ store, clock, log })
  authorization.setContractCheck(parts.contracts ?? security.contractCheck)
  const origin = ({ origin: met }: Station) => parts.publicUrl?.() ?? met ?? 'http://localhost'
  const { gatherers, sweep, forgetBefore, ...blocks } = openBlocks({ store, clock, log, config, stations, alarm, origin })
  const money = await openMoney({ store, clock, log, config, stations, commands: blocks.commands, alarm })
  const { tariffs, costs } = money
  const smart = await openSmart({
    store,
    clock,
    bus,
    log,
    config,
    stations,
    chargers,
    tariffs,
    costs,
    tell,
    alarm,
    commands: blocks.commands,
  })
  const { cards } = smart.parts
  const profiles = openProfileDesk({ ...{ store, clock, config, cards }, commands: blocks.commands, gather: gatherers.profiles })
  const proxies = openProxies({
    ...{ store, clock, log, config, secrets, outward },
    onFrame: (identity, bus, frame) => frames(identity, bus, frame),
    changed: (station) => tell(station, 'changed'),
  })
  let bridge: Bridge | undefined
  const external = besideBridge(proxies.below(smart.parts.external), () => bridge)
  const sessions = openSessions({
    authorization,
    ...{ costs, prices: money.prices },
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
    const unknown = () => ({ record, connectors: new Map(), open: new Map(), model: new Map(), needs: new Map(), asked: new Set<string>() })
    const station: Station = known ?? { ...unknown(), clock: openStationClock(config.clockTolerance) }
    station.record = record
    stations.set(record.identity, station)
    const plain = record.identity.toLowerCase()
    if (!known) namesakes.set(plain, [...(namesakes.get(plain) ?? []), record.identity])
    if (!chargers.has(record.identity))
      chargers.set(record.identity, openCharger({ station, store, clock, log, config, ...smart.parts, external }))
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
  await sessions.takeUp(await openTransactions(store))
  await proxies.resume(stations)

  const boots = openBoots({
    ...{ store, clock, log, config, sessions, reports: gatherers.reports },
    hasUpstream: ({ record }) => proxies.has(record.identity),
    layFloor: async (station) => chargers.get(station.record.identity)?.orders.layFloor(),
    layTariffs: (station) => money.stationTariffs.sync(station),
    onAccepted(station) {
      station.session?.wire.read(lenienceFor(station.record, config))
      chargers.get(station.record.identity)?.orders.forget()
      tell(station, 'online')
    },
    variable: (station, path, value) => noteVariable(station, path, value, 'get'),
  })
  const noteVariable = async (station: Station, path: Path, value: string, from: 'get' | 'event') => {
    if ((await blocks.variables.note(station, path, value, from)) && path.component.name === V2X.component) tell(station, 'changed')
  }

  const handlers = {
    store,
    clock,
    log,
    config,
    sessions,
    smart,
    dynamicUpdate: smart.dynamicUpdate,
    ...{ authorization, blocks, gatherers, boots, security, prices: money.prices, stationTariffs: money.stationTariffs },
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
    variable: (station: Station, path: Path, value: string) => noteVariable(station, path, value, 'event'),
    problem(station: Station, active: boolean, what: string) {
      if (active) tell(station, 'faulted')
      alarm(station, 'station-problem', active ? say(SAYING.problem, { station: station.record.identity, part: what }) : undefined)
    },
  }

  const frames = openFrameLog(conversation, clock)
  const hooks = openHookFrames(parts.webhooks)
  const note = (identity: string, version: OcppVersion, frame: Frame) => {
    frames(identity, version, frame)
    hooks.frame(identity, version, frame)
  }
  const adapter16 = openAdapter16({
    ...{ store, clock, config },
    answer: (station) => handlerOf(handlers, station, { takesEarly: true }),
    check(station, transaction) {
      const { session } = station
      if (session) void sessions.reconcile(station, session, transaction)
    },
  })

  const entrance = openEntrance({
    store,
    clock,
    log,
    config,
    stations,
    ...{ namesakes, find },
    recall: openRollCall({ store, log, place, bringUp: sessions.bringUp }),
    admit: async (state, identity) => (await find(identity)) ?? place(stranger(identity, state)),
    callerOf: security.callerOf,
    isChanging: security.isChanging,
  })

  const acceptor = openReception({
    ...{ store, clock, log, config, stations, conversation, entrance, boots, proxies, hooks, tell },
    handler: (station, version) =>
      version === OCPP16 ? adapter16.handler(station) : handlerOf(handlers, station, version === OCPP21 ? { more: answers21 } : {}),
    line: (wire, station) => (wire.version === OCPP16 ? adapter16.line(wire, station) : plainLine(wire)),
    onFrame: note,
    forgetOrders: (station) => chargers.get(station.record.identity)?.orders.forget(),
  })

  const room = { store, clock, log, config, stations, chargers, handlers, adapter16, boots, proxies, authorization, alarm }
  bridge = bridgeOf({ ...room, welcome: acceptor.welcome, onFrame: note })

  const keepSeenQuietly = () =>
    saveSeen(store, stations.values()).catch((error: unknown) =>
      log.warn({ error: describeError(error) }, 'when stations were seen was not kept'),
    )
  const sweepQuietly = () =>
    Promise.all([sessions.sweep(), sweep(), money.prices.sweep()]).catch((error: unknown) =>
      log.warn({ error: describeError(error) }, 'what ran out was not looked through'),
    )
  const minute = clock.every(MINUTE, () => void keepSeenQuietly().then(sweepQuietly))

  const need = (identity: string): Station => {
    const station = stations.get(identity)
    if (station) return station
    throw new Problem('unknown-station', say(SAYING.unknownStation, { station: identity }), { status: 404, hint: say(SAYING.seeStations) })
  }
  const inOrder = () => [...stations.values()].sort((a, b) => a.record.identity.localeCompare(b.record.identity))
  const listed = (station: Station) => listStation(station, chargers.get(station.record.identity), config.zone)
  const call: Charging['call'] = async (identity, action, payload, by) => {
    const station = need(identity)
    const outcome = await blocks.commands.byHand(station, action, payload, by)
    await blocks.variables.answered(station, action, payload, outcome.payload)
    return outcome
  }

  return {
    upgrade: (request, socket, head) => acceptor.upgrade(request, socket, head),
    stations: () => inOrder().map(listed),
    survey(query) {
      const found = survey(inOrder(), query)
      return { ...found, listed: found.page.map(listed) }
    },
    call,
    relay: openRelay({ store, variables: blocks.variables, log }),
    blocks,
    wishes: smart.desk,
    card: (identity) => smart.parts.cards.view(need(identity)),
    quirks: (identity) => [...lenienceFor(need(identity).record, config)],
    ladder: (identity) => ladderOf(need(identity), chargers.get(identity), config.zone),
    async sayCard(identity, said) {
      const station = need(identity)
      await smart.parts.cards.say(station, said)
      tell(station, 'changed')
      return smart.parts.cards.view(station)
    },
    profiles: async (identity, ask) => (ask ? profiles.ask(need(identity), ask.by) : profiles.view(need(identity))),
    badges: openBadgeDesk(store, config.zone),
    archive: openArchive(store, config.zone),
    security,
    upstreams: proxies,
    bridge,
    openSecurePort: (plainUrl) => security.open((request, socket, head) => acceptor.upgrade(request, socket, head), plainUrl),
    station: need,
    tariffs,
    stationTariffs: money.stationTariffs,
    bill: money.bill,
    changeTariff: (identity, transaction, tariff, by) => money.changeTariff(need(identity), transaction, tariff, by),
    async orderBoot(identity, order, interval, report) {
      const { session } = need(identity)
      await saveBootOrder(store, identity, order, interval, report)
      await find(identity)
      if (session) await boots.again(session)
    },
    addAuthorizer: (authorizer) => authorization.addAuthorizer(authorizer),
    forgetBefore,
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
      if (wasParked && session) await boots.again(session)
    },
    async registerVehicle(vehicle) {
      await registerVehicle(store, vehicle)
      for (const station of stations.values())
        for (const plugged of station.open.values())
          if (plugged.vehicle?.asset === vehicle.asset) smart.consented(station, plugged, vehicle)
    },
    registerToken: (token) => registerToken(store, token),
    settled: async () => void (await Promise.all([measurements.settled(), blocks.commands.settled()])),
    async close() {
      minute.cancel()
      smart.close()
      proxies.close()
      await bridge?.close()
      await acceptor.close()
      await security.close()
      blocks.commands.close()
      await blocks.commands.settled()
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
  securityProfile: 0,
  ownProfile: false,
})
