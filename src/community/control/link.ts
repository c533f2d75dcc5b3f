/** What control needs of the devices: a broker to publish to and hear from, and a driver for each device. */
import type { Instant, Millis } from '#kernel'

export interface Message {
  readonly topic: string
  readonly payload: string
  /** It was kept by the broker, and said some time ago. */
  readonly retained?: boolean
}

/** There is no way to ask for a retained message: an order that the broker keeps is carried out again at every reconnect. */
export interface Broker {
  /** Resolves when the broker has it. */
  publish(topic: string, payload: string): Promise<void>
  /** Calls `listen` with every message of the devices; the function it gives ends that. */
  messages(listen: (message: Message) => void): () => void
}

/** What one message says of its device. */
export interface Heard {
  readonly online?: boolean
  readonly relay?: boolean
  readonly powerW?: number
  readonly energyWh?: number
  /** It answers this order by its id. */
  readonly acknowledges?: string
  /** A finger did press. */
  readonly pressed?: true
  /** The PLC was forced to manual on its panel, or given back. */
  readonly plcManual?: boolean
}

/** How one device is spoken to, by the family it is of. */
export interface DeviceDriver {
  /** Topics on which it tells of itself. */
  readonly topics: readonly string[]
  /** Undefined: nothing that is known, or said by somebody else. */
  hear(message: Message): Heard | undefined
  /** Undefined for devices that switch nothing. */
  relay?(on: boolean, order: string): Message
  /** Undefined for what is no finger. */
  press?(order: string): Message
  /** How long after the last try it may take to answer, ms. */
  patience(on: boolean): Millis
}

export interface ControlledDevice {
  /** ELFE id, e.g. A101. */
  readonly id: string
  readonly appliance: number
  /** 11 measures and switches, 12 switches, 21 measures, 31 presses Power, 32 presses Start. */
  readonly usage: number
  readonly driver: DeviceDriver
  /** It stays on and off for at least so long when the plan switches it, ms. */
  readonly leastOn?: Millis
  readonly leastOff?: Millis
}

/** What is known of a device from its own words. */
export interface DeviceView {
  readonly online: boolean | null
  readonly relay: boolean | null
  readonly powerW: number | null
  readonly energyWh: number | null
  readonly lastSeen: Instant | null
}
