/** What is open while the platform runs: rooms that are wired in `routes.ts` and `workers.ts` take from here what they need. */
import type { Charging } from '#charging'
import type { Beliefs, ConversationLog, Established, Line, MqttEvents, News, Sensors, Site, Sources, Webhooks } from '#ems'
import type { Bus, Clock, Log, Outward } from '#kernel'
import type { Server } from '#server'
import type { RunningWorld } from '#simulators'
import type { Queue, Retention, Store } from '#store'
import type { Settings } from './settings.ts'

/** Of every platform, also one without a territory. */
export interface House {
  settings: Settings
  store: Store
  clock: Clock
  log: Log
  bus: Bus<News>
  sensors: Sensors
  sources: Sources
  beliefs: Beliefs
  queue: Queue
  /** How addresses that others chose are called. */
  outward: Outward
  webhooks: Webhooks
  /** Absent when no broker is configured. */
  mqtt?: MqttEvents
  retention: Retention
  /** The account this program works for. */
  account: number
  firstStart: boolean
  /** The territory it steers. */
  steered?: Steered
}

/** Of a platform that steers a territory. */
export interface Steered {
  established: Established
  site: Site
  line: Line
  charging: Charging
  conversation: ConversationLog
  /** Which car stands at which charger, both ways. */
  plugged: () => ReadonlyMap<string, string>
  /** Whether the station of a charger is connected. */
  online: (device: string) => boolean
  /** Only in the demo. */
  world?: RunningWorld
}

/** A house whose port has its routes. */
export type OpenHouse = House & { server: Server }
