/** What the charging room takes and gives. */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Alarms, Beliefs, Conversation, Devices, News, SourceKey } from '#ems'
import type { Bus, Clock, Instant, Log, Outward } from '#kernel'
import type { Payload, Quirk } from '#protocols/ocpp'
import type { Secrets, Store } from '#store'
import type { Archive } from './archive.ts'
import type { BadgeDesk } from './badges.ts'
import type { Blocks } from './blocks.ts'
import type { Bridge } from './bridge/citrineos.ts'
import type { Upstreams } from './bridge/proxies.ts'
import type { CommandOutcome } from './commands.ts'
import type { ChargingConfig } from './config.ts'
import type { HookDesk } from './hook-frames.ts'
import type { Ladder } from './ladder.ts'
import type { ListedStation } from './listing.ts'
import type { Relay } from './relay.ts'
import type { OpenPort } from './security/secure-port.ts'
import type { StationSecurity } from './security/security.ts'
import type { CardView, Said } from './smart/capability-card.ts'
import type { StationProfiles } from './smart/held-profiles.ts'
import type { WishDesk } from './smart/wish-desk.ts'
import type { Station, StationRecord, StationRegistration } from './station.ts'
import type { StationQuery, StationSurvey } from './survey.ts'
import type { TariffBook } from './tariff/book.ts'
import type { KnownBill } from './tariff/costs.ts'
import type { Money } from './tariff/money.ts'
import type { StationTariffs } from './tariff/station-tariffs.ts'
import type { ContractCheck, RealTimeAuthorizer } from './token.ts'
import type { Vehicle } from './vehicle.ts'

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
