/**
 * A strict charging station of OCPP 2.0.1 (1.6 and 2.1 by its spec): one EVSE, one connector, AC on three phases. It sees of the platform what comes through its socket,
 * and nothing else.
 */
import { type Clock, describeError, type Instant, instant, SECOND, type Timer } from '#kernel'
import type {
  Action,
  ChargingProfile,
  CompositePeriod,
  ConnectorStatusEnumType,
  Frame,
  Handler,
  IdTokenType,
  InstalledProfile,
  Messages,
  MeterValueType,
  Payload,
  ReadingContextEnumType,
  ReasonEnumType,
  TriggerReasonEnumType,
} from '#protocols/ocpp'
import type { Car } from './car.ts'
import { type Cable, type CableParts, openCable } from './car-cable.ts'
import { type ChargingNeeds, needsOfDriver, needsOfProtocol, needsOfProtocol21 } from './charging-needs.ts'
import type { Authorization, Chassis, Extras, Presentation, Station, StationMemory, StationSpec, StationState } from './station-chassis.ts'

import { commandHandler } from './station-commands.ts'
import { openExtras } from './station-extras.ts'
import { aimOf, compositeOf } from './station-limits.ts'
import { type Link, openLink } from './station-link.ts'
import { meterValue, signedMeterValue, zulu } from './station-meter.ts'
import { type Notices, openNotices } from './station-notices.ts'
import { type Outbox, openOutbox } from './station-outbox.ts'
import { type Outlet, openOutlet } from './station-outlet.ts'
import { openTill, type Till } from './station-till.ts'
import { openTokens, type Tokens } from './station-tokens.ts'
import { type Conditions, type Engine, openEngine } from './station-transaction.ts'
import { openVariables, type Variables } from './station-variables.ts'
import { openVault, type Vault, type VaultSpec } from './station-vault.ts'
import { openWire16, type Wire16 } from './station16.ts'

export type { Station, StationMemory, StationSpec, StationState } from './station-chassis.ts'

export interface StationOptions {
  spec: StationSpec
  /** Base of the CSMS, without the identity. */
  url: string
  /** Security profile 1; absent: profile 0. */
  password?: string
  /** Roots and certificates that it brings from the factory: security profiles 2 and 3. */
  vault?: VaultSpec
  clock: Clock
  memory?: StationMemory
  onFrame?(frame: Frame): void
  /** A transaction event is about to go: the moment to keep `memory()`, so that a killed simulation uses no number twice. */
  onEvent?(): void
  /** What it answers instead of what it would; undefined: what it would. May throw a CallError. */
  instead?(action: string, payload: Payload): Payload | undefined
  /** It talks ISO 15118 with the plugged car over a loopback socket; otherwise the outlet feels the car and the driver says what it wants. */
  cable?: boolean
  /** A bug of the simulation, or a station that is refused what it must be able to say. */
  onFault?(error: unknown): void
}

/** The driver takes the card out of the pocket. */
const PRESENT_AFTER = 2 * SECOND
const RESTART_TIME = 5 * SECOND
const ASK_AGAIN = 30 * SECOND
const TICK = SECOND

/** Starts a station; it connects at once and goes on until `stop`. */
export const startStation = (options: StationOptions): Station => new Unit(options)

class Unit implements Station, Chassis {
  readonly spec: StationSpec
  readonly clock: Clock
  readonly variables: Variables
  readonly link: Link
  readonly engine: Engine
  readonly tokens: Tokens
  readonly extras: Extras
  readonly vault: Vault
  readonly till: Till
  profiles: InstalledProfile[]
  promised: ChargingProfile | undefined
  operative: boolean
  nextOperative: boolean | undefined
  resetWhenIdle = false
  hurries = false
  authorization: Authorization | undefined
  car: Car | undefined

  readonly #outlet: Outlet
  readonly #outbox: Outbox
  readonly #timer: Timer
  readonly #notices: Notices
  readonly #wire16: Wire16 | undefined
  readonly #options: StationOptions
  #cable: Cable | undefined
  #leaving: Car | undefined
  /** Id of the car that was plugged in an earlier life: its transaction goes on if it is plugged again before the first tick. */
  #expected: string | undefined
  #frozen = false
  #faulted = false
  /** The transaction of the plugged car is over: it takes a new token or another car to start again. */
  #finished = false
  #toldPower = 0
  /** When to ask again for a token that nobody could judge. */
  #askAt: Instant | undefined
  /** What the driver of the plugged car would show. */
  #heldCard: IdTokenType | undefined
  #remoteStartId: number | undefined
  #reservationId: number | undefined
  #parked = false
  #card: { firmwareVersion: string; model: string; vendorName: string; serialNumber: string }
  #connectBy: Instant | undefined

  constructor(options: StationOptions) {
    const { spec, clock, memory } = options
    this.#options = options
    this.spec = spec
    this.clock = clock
    this.profiles = memory?.profiles ?? []
    this.operative = memory?.operative ?? true
    this.authorization = memory?.transaction && memory.authorization
    this.#expected = memory?.plugged
    this.#finished = memory?.finished ?? false
    const serial = spec.serial ?? `SIM-${spec.identity}`.slice(0, 25)
    const model = spec.model ?? 'Island AC'
    const firmware = spec.firmware ?? '1.0.0'
    const vendor = 'Cariflex Simulation'
    this.variables = openVariables(
      { ...spec, serial, model, firmware, vendor, secured: options.password !== undefined },
      () => zulu(clock.now()),
      memory?.variables,
    )
    const obey = commandHandler(() => this)
    const orders: Handler = async (action, payload, session) => options.instead?.(action, payload) ?? obey(action, payload, session)
    if (spec.version === '1.6') {
      this.#wire16 = openWire16(() => this, orders, memory?.numbers)
      // In 1.6 a transaction is what begins when a token closes the contactor on a car.
      for (const point of ['TxStartPoint', 'TxStopPoint']) this.variables.put('TxCtrlr', point, 'PowerPathClosed')
    }
    const wire16 = this.#wire16
    const shared = { clock, variables: this.variables, link: () => this.link }
    this.till = openTill({
      ...{ variables: this.variables, prices: spec.version === '2.1', kept: memory?.till },
      // A word of 2.1, which 2.0.1 does not have.
      changed: () => this.engine.update('TariffChanged' as TriggerReasonEnumType, 'Trigger'),
    })
    this.tokens = openTokens({
      ...shared,
      shown: this.till.shown,
      kept: memory?.tokens ?? [],
      listed: (token) => this.extras.counter.listed(token),
    })
    this.#notices = openNotices({ ...shared, v2x: spec.v2x })
    this.#outlet = openOutlet({
      at: memory?.at ?? clock.now(),
      nominal: spec.nominal,
      closed: () => this.#isClosed(),
      limits: (from, until) =>
        this.composite(from, instant(Math.max(until, from + SECOND)), 'W', 1).map((period) => ({
          from: instant(from + period.startPeriod * SECOND),
          limit: aimOf(period),
          phases: Math.min(period.numberPhases ?? 3, spec.phases ?? 3),
        })),
      imported: memory?.imported ?? 120_000,
      exported: memory?.exported ?? 0,
    })
    this.#outbox = openOutbox({
      clock,
      variables: this.variables,
      isOnline: () => this.#isOnline(),
      send: (event) => this.link.call('TransactionEvent', event),
      kept: memory?.waiting ?? [],
      onAnswer: (event, answer) => {
        const { idTokenInfo } = answer
        this.till.told(answer)
        if (!event.idToken || !idTokenInfo) return
        this.tokens.remember(event.idToken, idTokenInfo)
        if (idTokenInfo.personalMessage) this.till.told({ updatedPersonalMessage: idTokenInfo.personalMessage })
        const isOurs =
          this.engine.current()?.id === event.transactionInfo.transactionId && this.authorization?.token.idToken === event.idToken.idToken
        if (isOurs && idTokenInfo.status !== 'Accepted' && this.variables.flag('TxCtrlr', 'StopTxOnInvalidId'))
          this.deauthorize('Deauthorized', 'DeAuthorized')
      },
      onEvent: () => options.onEvent?.(),
      onDrop: (event, error) =>
        options.onFault?.(new Error(`${spec.identity} gave up ${event.eventType} ${event.seqNo}: ${describeError(error)}`)),
    })
    this.engine = openEngine(
      {
        clock,
        variables: this.variables,
        conditions: () => this.#conditions(),
        chargingState: () => this.#chargingState(),
        phases: () => this.#outlet.phases(),
        meter: (measurands, context) => {
          this.#toldPower = this.#outlet.power()
          return this.#signed(meterValue(this.#outlet, this.#soc(), measurands, context, clock.now()), context)
        },
        onIdleClock: (value) => {
          if (this.#isOnline()) void this.link.call('MeterValues', { evseId: 1, meterValue: [value] }).catch(() => undefined)
        },
        isOffline: () => !this.#isOnline(),
        promised: () => ({
          ...(this.authorization ? { token: this.authorization.token } : {}),
          ...(this.#remoteStartId === undefined ? {} : { remoteStartId: this.#remoteStartId }),
          ...(this.#reservationId === undefined ? {} : { reservationId: this.#reservationId }),
        }),
        send: (event) => this.#outbox.add(this.till.priced(event)),
        onStart: ({ id }) => {
          this.#reservationId = undefined
          if (this.promised) this.profiles.push({ evseId: 1, profile: { ...this.promised, transactionId: id } })
          this.promised = undefined
        },
        onEnd: ({ id }) => this.#ended(id),
      },
      memory?.transaction,
    )
    this.extras = openExtras(this, () => this.#tick())
    this.vault = openVault({
      ...{ ...shared, identity: spec.identity, url: options.url, password: options.password },
      ...(options.vault && { spec: options.vault }),
      ...(memory?.vault && { kept: memory.vault }),
    })
    this.#card = { model, vendorName: vendor, serialNumber: serial, firmwareVersion: firmware }
    this.link = openLink({
      identity: spec.identity,
      clock,
      variables: this.variables,
      chargingStation: this.#card,
      way: this.vault.way,
      tried: this.vault.tried,
      version: `ocpp${spec.version ?? '2.0.1'}`,
      handler: wire16?.handler ?? orders,
      ...(wire16 ? { say: wire16.call } : {}),
      onOnline: (away) => this.#online(away),
      ...(memory ? { kept: memory } : {}),
      ...(options.onFrame ? { onFrame: options.onFrame } : {}),
      ...(options.onFault ? { onFault: options.onFault } : {}),
    })
    this.#timer = clock.every(TICK, () => this.#tick())
  }

  // ---- the world's side ------------------------------------------------------------------------------------------------------------

  plug(car: Car): void {
    if (this.car === car) return
    if (this.car) this.unplug()
    const goesOn = this.#expected !== undefined && this.#expected === car.spec.id
    if (!goesOn) {
      this.#giveUpExpected()
      this.#pass()
    }
    // Else the charge went on while nobody looked: the time since then passes at the tick below.
    this.#expected = undefined
    this.car = car
    this.#cable = this.#options.cable ? openCable(car, this.#cableEnd()) : undefined
    this.#outlet.plug(this.#cable?.seen ?? car)
    if (!goesOn) this.#finished = false
    this.#notices.newCar(goesOn && this.engine.current() !== undefined)
    this.#connectBy = undefined
    if (goesOn && this.engine.current()) this.engine.recall()
    else if (this.engine.current()) {
      this.engine.settle({ trigger: 'CablePluggedIn' })
      if (!this.authorization) this.#showCard()
    } else this.#begin()
    this.#tick()
  }

  unplug(): void {
    if (!this.car) return
    this.#pass()
    this.#leaving = this.car
    this.car = undefined
    const goesOn = this.#goesOnUnplugged()
    if (!goesOn) this.authorization = undefined
    this.#outlet.unplug()
    void this.#cable?.close()
    this.engine.settle({ trigger: 'EVCommunicationLost', reason: 'EVDisconnected' })
    // By unusual stop points it may run on; without car and token it is over.
    if (!goesOn) this.engine.end('EVCommunicationLost', 'EVDisconnected')
    this.#leaving = undefined
    this.#cable = undefined
    this.#heldCard = undefined
    this.#finished = false
    this.#askAt = undefined
    this.#tick()
  }

  fault(on: boolean): void {
    if (this.#faulted === on) return
    this.#pass()
    this.#faulted = on
    this.#pass()
    this.variables.put('Connector', 'Problem', String(on))
    this.engine.settle({ trigger: on ? 'AbnormalCondition' : 'ChargingStateChanged', reason: 'Other' })
    if (!on) this.#begin()
    this.#tick()
  }

  park(on: boolean): void {
    if (this.#parked === on) return
    this.#pass()
    this.#parked = on
    this.engine.settle({ trigger: on ? 'EVDetected' : 'EVDeparted', reason: 'Local' })
    this.#tick()
  }

  async swipe(token: IdTokenType): Promise<void> {
    const held = this.authorization
    if (!held) return this.present(token, { askFirst: true, isEarly: true })
    // The same badge ends it without asking (C01.FR.03).
    if (held.token.idToken === token.idToken) return this.deauthorize('StopAuthorized', 'Local')
    if ((await this.tokens.ask(token)) !== 'Accepted') return
    const group = this.tokens.groupOf(token)
    const master = this.variables.value('AuthCtrlr', 'MasterPassGroupId')
    if (group === undefined) return
    if (group === master) this.deauthorize('StopAuthorized', 'MasterPass')
    else if (group === held.group) this.deauthorize('StopAuthorized', 'Local')
  }

  say<A extends Action>(action: A, payload: Messages[A]['request']): Promise<Messages[A]['response']> {
    return this.link.call(action, payload)
  }

  disconnect(seconds: number): void {
    this.link.drop(seconds * SECOND)
  }

  freeze(on: boolean): void {
    if (this.#frozen === on) return
    if (on) this.#tick()
    else this.#outlet.skip(this.clock.now())
    this.#frozen = on
  }

  plugged = (): Car | undefined => this.car

  state(): StationState {
    this.#pass()
    const now = this.clock.now()
    return {
      identity: this.spec.identity,
      connected: this.link.connected(),
      registration: this.link.registration(),
      plugged: this.car?.spec.id,
      connector: this.connectorStatus(),
      transaction: this.engine.current()?.id,
      power: this.#outlet.power(),
      limit: aimOf(this.composite(now, instant(now + SECOND), 'W', 1)[0]!),
      flow: this.#outlet.flow(),
      fault: this.#faulted,
      waitingEvents: this.#outbox.waiting(),
      display: this.till.display(),
    }
  }

  memory(): StationMemory {
    this.#pass()
    const transaction = this.engine.memory()
    return {
      identity: this.spec.identity,
      vault: this.vault.memory(),
      till: this.till.memory(),
      imported: this.#outlet.imported(),
      exported: this.#outlet.exported(),
      profiles: structuredClone(this.profiles),
      variables: this.variables.changed(),
      operative: this.operative,
      tokens: this.tokens.memory(),
      waiting: this.#outbox.memory(),
      at: this.clock.now(),
      registration: this.link.registration(),
      finished: this.#finished,
      ...(this.car ? { plugged: this.car.spec.id } : {}),
      ...(this.authorization ? { authorization: this.authorization } : {}),
      ...(transaction ? { transaction } : {}),
      ...(this.#wire16 ? { numbers: this.#wire16.numbers() } : {}),
    }
  }

  async stop(): Promise<void> {
    this.#timer.cancel()
    this.extras.stop()
    this.vault.stop()
    await Promise.all([this.#cable?.close(), this.link.stop()])
  }

  // ---- what the commands of the CSMS use ---------------------------------------------------------------------------------------------

  connectorStatus(): ConnectorStatusEnumType {
    if (this.#faulted) return 'Faulted'
    if (this.car || this.engine.current()) return 'Occupied'
    if (this.operative && (this.extras as Extras | undefined)?.counter.reservation()) return 'Reserved'
    return this.operative ? 'Available' : 'Unavailable'
  }

  mayDischarge(): boolean {
    return this.spec.v2x && this.variables.flag('V2XChargingCtrlr', 'Enabled') && (this.car?.spec.discharge ?? 0) > 0
  }

  composite(from: Instant, until: Instant, unit: 'A' | 'W', evseId: number): CompositePeriod[] {
    const parts = {
      nominal: this.spec.nominal,
      profiles: this.variables.flag('SmartChargingCtrlr', 'Enabled') ? this.profiles : [],
      transaction: this.engine.current(),
      mayDischarge: this.mayDischarge(),
      hurries: this.hurries,
    }
    return compositeOf(parts, { from, until, unit, evseId })
  }

  waitingEvents = (transactionId?: string): number => this.#outbox.waiting(transactionId)

  async present(token: IdTokenType, { remoteStartId, askFirst, isEarly = false, contract }: Presentation): Promise<void> {
    this.#askAt = undefined
    if (this.authorization) return
    const verdict = askFirst ? await this.tokens.ask(token, contract) : 'Accepted'
    if (verdict === 'unanswered' && remoteStartId === undefined && contract === undefined)
      this.#askAt = instant(this.clock.now() + ASK_AGAIN)
    if (verdict !== 'Accepted' || this.authorization || (remoteStartId === undefined && !this.car && !isEarly)) return
    const group = this.tokens.groupOf(token)
    // A master pass ends and never begins (C16.FR.02).
    if (group !== undefined && group === this.variables.value('AuthCtrlr', 'MasterPassGroupId')) return
    if (!this.extras.counter.mayUse(token, group)) return
    this.#reservationId = this.extras.counter.use(token)
    this.authorization = { token, ...(group === undefined ? {} : { group }) }
    this.#remoteStartId = remoteStartId
    this.#finished = false
    if (!this.car) this.#connectBy = instant(this.clock.now() + this.variables.number('TxCtrlr', 'EVConnectionTimeOut') * SECOND)
    this.#pass()
    const occasion = { trigger: remoteStartId === undefined ? ('Authorized' as const) : ('RemoteStart' as const), token }
    const reservationId = this.#reservationId
    this.engine.settle({
      ...occasion,
      ...(remoteStartId === undefined ? {} : { remoteStartId }),
      ...(reservationId === undefined ? {} : { reservationId }),
    })
    this.#tick()
  }

  deauthorize(trigger: TriggerReasonEnumType, reason: ReasonEnumType): void {
    this.#pass()
    this.authorization = undefined
    this.promised = undefined
    this.#remoteStartId = undefined
    this.#connectBy = undefined
    this.#pass()
    this.engine.settle({ trigger, reason })
    this.#tick()
  }

  sendStatus = (): Promise<void> => this.#notices.status(this.connectorStatus())

  async sendMeterValues(): Promise<void> {
    this.#pass()
    const value = meterValue(
      this.#outlet,
      this.#soc(),
      this.variables.list('SampledDataCtrlr', 'TxUpdatedMeasurands'),
      'Trigger',
      this.clock.now(),
    )
    if (value) await this.link.call('MeterValues', { evseId: 1, meterValue: [value] }).catch(() => undefined)
  }

  setOperative(operative: boolean): void {
    this.operative = operative
    if (operative) this.#begin()
    this.#tick()
  }

  restart(reason: 'RemoteReset' | 'ScheduledReset'): void {
    this.resetWhenIdle = false
    this.#pass()
    this.engine.end('ResetCommand', 'ImmediateReset')
    this.authorization = undefined
    this.#finished = false
    this.#pass()
    // The Ended event goes out before the connection, or waits for the next one.
    this.link.restart(RESTART_TIME, reason)
  }

  install(version: string): void {
    this.#card.firmwareVersion = version
    this.variables.put('ChargingStation', 'FirmwareVersion', version)
    this.link.restart(RESTART_TIME, 'FirmwareUpdate')
  }

  // ---- inside ------------------------------------------------------------------------------------------------------------------------

  /** The car of an earlier life is not there any more. */
  #giveUpExpected(): void {
    if (this.#expected === undefined) return
    this.#expected = undefined
    this.engine.end('EVCommunicationLost', 'EVDisconnected')
    this.authorization = undefined
    this.#finished = false
  }

  #pass(): void {
    if (this.#expected !== undefined) return
    if (this.#frozen) this.#outlet.skip(this.clock.now())
    else this.#outlet.advance(this.clock.now())
  }

  #isOnline(): boolean {
    // The engine may speak before the link exists: of a transaction that was lost with the power.
    return (this.link as Link | undefined)?.online() ?? false
  }

  /** Percent in the battery: as the car says it, or as the simulation knows it. */
  #soc(): number | undefined {
    return this.#cable ? this.#cable.soc() : (this.car ?? this.#leaving)?.percent()
  }

  #needs(): ChargingNeeds | undefined {
    if (!this.#cable) return this.car && needsOfDriver(this.car, this.clock.now())
    const said = this.#cable.needs()
    if (!said) return undefined
    // What 2.1 has more goes through the same message.
    return this.spec.version === '2.1' ? (needsOfProtocol21(said, said.at) as ChargingNeeds) : needsOfProtocol(said, said.at)
  }

  #cableEnd(): CableParts {
    return {
      clock: this.clock,
      identity: this.spec.identity,
      nominal: this.spec.nominal,
      v2x: this.spec.v2x,
      mayCharge: () => this.#isClosed(),
      secc: () => new Map(this.vault.memory().own).get('V2GCertificate'),
      contractRoots: () =>
        this.vault
          .memory()
          .roots.filter(({ use }) => use === 'MORootCertificate')
          .map(({ pem }) => pem),
      install: ({ namespace, action, exi }) =>
        this.link
          .call('Get15118EVCertificate', { iso15118SchemaVersion: namespace, action, exiRequest: exi.toString('base64') })
          // A refusal of the pool is for the car to read; without an answer there is none.
          .then(
            ({ exiResponse }) => (exiResponse === '' ? undefined : Buffer.from(exiResponse, 'base64')),
            () => undefined,
          ),
      contract: (emaid, certificates) =>
        this.present({ idToken: emaid, type: 'eMAID' }, { askFirst: true, contract: certificates }).then(() => this.#isClosed()),
      setpoint: () => aimOf(this.composite(this.clock.now(), instant(this.clock.now() + SECOND), 'W', 1)[0]!),
      phases: () => this.#outlet.phases(),
      present: () => this.#outlet.power(),
      meter: () => ({ imported: this.#outlet.imported(), exported: this.#outlet.exported() }),
      ...(this.#options.onFault && { onFault: this.#options.onFault }),
    }
  }

  #goesOnUnplugged(): boolean {
    return !this.variables.flag('TxCtrlr', 'StopTxOnEVSideDisconnect') && this.engine.current() !== undefined
  }

  #signed(value: MeterValueType | undefined, context: ReadingContextEnumType): MeterValueType | undefined {
    const controller = context === 'Sample.Clock' ? 'AlignedDataCtrlr' : 'SampledDataCtrlr'
    return value && this.variables.flag(controller, 'SignReadings') ? signedMeterValue(value, this.spec.identity) : value
  }

  #isClosed(): boolean {
    return this.car !== undefined && this.authorization !== undefined && this.operative && !this.#faulted
  }

  #conditions(): Conditions {
    const closed = this.#isClosed()
    const flows = closed && this.#outlet.power() !== 0
    return {
      ParkingBayOccupancy: this.#parked,
      EVConnected: this.car !== undefined,
      Authorized: this.authorization !== undefined,
      PowerPathClosed: closed,
      EnergyTransfer: flows,
      DataSigned: flows && this.variables.flag('SampledDataCtrlr', 'SignReadings'),
    }
  }

  #chargingState() {
    if (!this.car) return 'Idle' as const
    if (!this.authorization) return 'EVConnected' as const
    const flow = this.#outlet.flow()
    if (flow === 'charging' || flow === 'discharging') return 'Charging' as const
    return flow === 'held by the car' ? ('SuspendedEV' as const) : ('SuspendedEVSE' as const)
  }

  /** A plugged car begins: a transaction if that is a start point, and its driver shows the contract. */
  #begin(): void {
    if (!this.car || this.#finished || this.engine.current() || !this.operative || this.#faulted) return
    // TxBeforeAcceptedEnabled is false: until the first boot is accepted nothing starts.
    if (this.link.registration() !== 'Accepted') return
    this.engine.forget()
    this.engine.settle({ trigger: 'CablePluggedIn' })
    this.#showCard()
  }

  /** The driver of the plugged car takes the card out. */
  #showCard(): void {
    const car = this.car
    if (!car) return
    const { token } = car.spec
    this.clock.in(PRESENT_AFTER, () => {
      if (this.car !== car || this.#finished) return
      // A car with a contract that counts here speaks for itself, unless it is asked for a card after all.
      if (this.#cable?.hasContract()) this.#heldCard = token
      else void this.present(token, { askFirst: true })
    })
  }

  #showHeldCard(): void {
    const token = this.#heldCard
    if (!token || this.#cable?.hasContract()) return
    this.#heldCard = undefined
    if (!this.authorization) void this.present(token, { askFirst: true })
  }

  #ended(transactionId: string): void {
    this.profiles = this.profiles.filter(({ profile }) => profile.transactionId !== transactionId)
    this.authorization = undefined
    this.#remoteStartId = undefined
    this.hurries = false
    this.#finished = this.car !== undefined
    if (this.nextOperative !== undefined) this.operative = this.nextOperative
    this.nextOperative = undefined
    if (this.resetWhenIdle) setImmediate(() => this.restart('ScheduledReset'))
  }

  #online(away: number | undefined): void {
    if (away === undefined) {
      this.extras.upkeep.booted()
      this.#notices.forget('everything')
      this.#begin()
    } else if (away > this.variables.number('OCPPCommCtrlr', 'OfflineThreshold') * SECOND) this.#notices.forget('status')
    if (this.#askAt !== undefined) this.#askAt = this.clock.now()
    this.#outbox.flush()
    this.#tick()
  }

  /** Once a second, and whenever something happened. */
  #tick(): void {
    if (this.#frozen) return
    const now = this.clock.now()
    this.#giveUpExpected()
    this.#outlet.advance(now)
    this.engine.tick()
    this.variables.put('EVSE', 'Power', String(Math.round(Math.abs(this.#outlet.power()))))
    this.variables.put('V2XChargingCtrlr', 'Available', String(this.mayDischarge()))
    if (this.#connectBy !== undefined && now >= this.#connectBy && !this.car) this.deauthorize('EVConnectTimeout', 'Timeout')
    if (this.engine.current() && this.#hasNewPower()) this.engine.update('ChargingRateChanged', 'Other')
    this.extras.tick()
    this.#outbox.flush()
    this.link.tick()
    if (!this.link.online()) return
    this.#notices.changedStatus(this.connectorStatus())
    this.#notices.changedVariables()
    // After the CSMS knows of the transaction.
    if (this.car && this.authorization && this.engine.current() && this.#outbox.waiting() === 0) this.#notices.needs(() => this.#needs())
    this.#showHeldCard()
    if (this.#askAt !== undefined && now >= this.#askAt && this.car && !this.authorization)
      void this.present(this.car.spec.token, { askFirst: true })
  }

  /** The ramp is over and the power is another than the one told last. */
  #hasNewPower(): boolean {
    const significant = (this.variables.number('SmartChargingCtrlr', 'LimitChangeSignificance') / 100) * this.spec.nominal
    return this.#outlet.power() === this.#outlet.target() && Math.abs(this.#outlet.power() - this.#toldPower) > significant
  }
}
