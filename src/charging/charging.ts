/** The charging room put together: stations that connect, their sessions, and the chargers that the EMS steers. */
import type { News } from '#ems'
import { describeError, type Instant, MINUTE, Problem, SECOND, say } from '#kernel'
import { type Frame, OCPP16, OCPP21, OCPP201, type OcppVersion } from '#protocols/ocpp'
import { openArchive } from './archive.ts'
import { openBadgeDesk, registerToken } from './badges.ts'
import { openBlocks } from './blocks.ts'
import { openBoots } from './boot.ts'
import { type Bridge, besideBridge } from './bridge/citrineos.ts'
import { bridgeOf } from './bridge/citrineos-room.ts'
import { openProxies } from './bridge/proxies.ts'
import { type Charger, openCharger } from './charger.ts'
import { type ChargingConfig, DEFAULTS } from './config.ts'
import { loadModels, type Path, V2X } from './device-model.ts'
import { openEntrance } from './entrance.ts'
import type { Charging, ChargingParts } from './face.ts'
import { openFrameLog } from './frame-log.ts'
import { openHookFrames } from './hook-frames.ts'
import { ladderOf } from './ladder.ts'
import { openTransactions } from './ledger.ts'
import { plainLine } from './line.ts'
import { listStation } from './listing.ts'
import { openMeasurements } from './measurements.ts'
import { lenienceFor } from './model-profile.ts'
import { openAdapter16 } from './ocpp16.ts'
import { answers21 } from './ocpp21.ts'
import { handlerOf } from './ocpp201.ts'
import { openReception } from './reception.ts'
import { openRelay } from './relay.ts'
import { openRollCall } from './roll-call.ts'
import { SAYING } from './saying.ts'
import { openStationSecurity } from './security/security.ts'
import { openSessions } from './sessions.ts'
import { openProfileDesk } from './smart/held-profiles.ts'
import { openSmart } from './smart/smart.ts'
import {
  pluggedAt,
  readConnectors,
  readStation,
  readStations,
  type Station,
  type StationRecord,
  saveBootOrder,
  saveConnector,
  saveRegistration,
  saveSeen,
} from './station.ts'
import { openStationClock } from './station-clock.ts'
import { survey } from './survey.ts'
import { openMoney } from './tariff/money.ts'
import { openAuthorization } from './token.ts'
import { registerVehicle } from './vehicle.ts'

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
