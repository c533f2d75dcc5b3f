/** What the parts of one simulated station see of each other, and what the world sees of it. */
import type { Clock, Instant, Watts } from '#kernel'
import type {
  Action,
  ChargingProfile,
  CompositePeriod,
  ConnectorStatusEnumType,
  IdTokenType,
  InstalledProfile,
  Messages,
  ReasonEnumType,
  TransactionEventRequest,
  TriggerReasonEnumType,
} from '#protocols/ocpp'
import type { Car } from './car.ts'
import type { Counter } from './station-counter.ts'
import type { Link, Registration } from './station-link.ts'
import type { Monitors } from './station-monitors.ts'
import type { Flow } from './station-outlet.ts'
import type { StationDisplay, Till, TillMemory } from './station-till.ts'
import type { Tokens } from './station-tokens.ts'
import type { Engine, TransactionMemory } from './station-transaction.ts'
import type { Upkeep } from './station-upkeep.ts'
import type { Variables } from './station-variables.ts'
import type { Vault, VaultMemory } from './station-vault.ts'

export interface StationSpec {
  identity: string
  nominal: Watts
  /** Its electronics can give power back, and it says so in its device model. */
  v2x: boolean
  /** Phases it is connected to; 3 unless said. */
  phases?: 1 | 3
  serial?: string
  model?: string
  firmware?: string
  /** The OCPP it speaks; 2.0.1 by default. */
  version?: '1.6' | '2.0.1' | '2.1'
}

/** What a station keeps over a restart. */
export interface StationMemory {
  identity: string
  imported: number
  exported: number
  profiles: InstalledProfile[]
  /** Variables that were changed, by key; the password may be among them. */
  variables: Record<string, string>
  operative: boolean
  /** Authorization cache: token → until when (ms). */
  tokens: [string, number][]
  /** TransactionEvents that the CSMS has not got. */
  waiting: TransactionEventRequest[]
  /** When this was; the meter and the car go on from here. */
  at: Instant
  registration: Registration
  /** The transaction of the plugged car is over. */
  finished: boolean
  /** Id of the plugged car; a transaction goes on when the same car is plugged again at once. */
  plugged?: string
  authorization?: Authorization
  transaction?: TransactionMemory
  /** Keys, certificates and ways to the CSMS. */
  vault?: VaultMemory
  till?: TillMemory
  /** 1.6: the numbers of transactions. */
  numbers?: Record<string, number>
}

/** How a token is shown. */
export interface Presentation {
  remoteStartId?: number
  askFirst: boolean
  /** Before the car is plugged (E03). */
  isEarly?: boolean
  /** The certificates of the contract that the car showed (PEM), for Plug & Charge. */
  contract?: string
}

/** Whose token closed the contactor. */
export interface Authorization {
  token: IdTokenType
  group?: string
}

export interface StationState {
  identity: string
  connected: boolean
  registration: Registration
  /** Id of the plugged car. */
  plugged: string | undefined
  connector: ConnectorStatusEnumType
  transaction: string | undefined
  /** W, consumption positive. */
  power: number
  /** W that its charging profiles allow now, negative = it shall give back. */
  limit: number
  flow: Flow
  fault: boolean
  waitingEvents: number
  display: StationDisplay
}

export interface Station {
  readonly spec: StationSpec
  /** A cable is plugged; its driver shows the contract two seconds later. Takes the place of a car that was there. */
  plug(car: Car): void
  unplug(): void
  /** The connector is faulted, or mended. */
  fault(on: boolean): void
  /** The socket breaks and stays broken so long (seconds); charging goes on by the profiles, events wait. */
  disconnect(seconds: number): void
  /** Time stands still for its electronics; the socket stays open and answers. */
  freeze(on: boolean): void
  /** A badge is held before the reader: begins, or ends what it may end. */
  swipe(token: IdTokenType): Promise<void>
  /** A car stands in the bay, or left it. */
  park(on: boolean): void
  /** Says a message of one's own choosing, checked like any other. */
  say<A extends Action>(action: A, payload: Messages[A]['request']): Promise<Messages[A]['response']>
  plugged(): Car | undefined
  state(): StationState
  memory(): StationMemory
  stop(): Promise<void>
}

/** The parts that only its operator sees, with what they answer. */
export interface Extras {
  readonly counter: Counter
  readonly monitors: Monitors
  readonly upkeep: Upkeep
  readonly answers: { [A in keyof Messages]?: (request: Messages[A]['request']) => Messages[A]['response'] }
  tick(): void
  stop(): void
}

/** The station as its command handler sees it. */
export interface Chassis {
  readonly spec: StationSpec
  readonly clock: Clock
  readonly variables: Variables
  readonly link: Link
  readonly engine: Engine
  profiles: InstalledProfile[]
  /** Came with a remote start, for the transaction that it will begin. */
  promised: ChargingProfile | undefined
  operative: boolean
  /** A change of availability, or a reset, that waits for the end of the transaction. */
  nextOperative: boolean | undefined
  resetWhenIdle: boolean
  /** Priority charging is on (2.1, K21). */
  hurries: boolean
  authorization: Authorization | undefined
  readonly tokens: Tokens
  readonly extras: Extras
  readonly vault: Vault
  readonly till: Till
  readonly car: Car | undefined
  connectorStatus(): ConnectorStatusEnumType
  /** Negative limits are understood now: declared, switched on, and the car can. */
  mayDischarge(): boolean
  composite(from: Instant, until: Instant, unit: 'A' | 'W', evseId: number): CompositePeriod[]
  /** TransactionEvents that wait, of one transaction or of all. */
  waitingEvents(transactionId?: string): number
  /** A token was shown or ordered; asks the CSMS first when it must. */
  present(token: IdTokenType, more: Presentation): Promise<void>
  deauthorize(trigger: TriggerReasonEnumType, reason: ReasonEnumType): void
  sendStatus(): Promise<void>
  sendMeterValues(): Promise<void>
  setOperative(operative: boolean): void
  restart(reason: 'RemoteReset' | 'ScheduledReset'): void
  /** Restarts with another firmware. */
  install(version: string): void
}
