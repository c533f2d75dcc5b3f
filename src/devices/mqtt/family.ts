/** A family of devices that speak MQTT: which topics, what they say, how an order reads and what acknowledges it. */
import { type Instant, type Millis, millis } from '#kernel'
import type { Qos } from '#protocols/mqtt'
import type { Reader, Reading } from './reading.ts'

/** A device as the inventory knows it. Topics that are empty or not given are the family's. */
export interface MqttDevice {
  /** `A101` */
  id: string
  /** What the maker calls it; see each family. */
  hardwareId: string
  /** Where its state or its replies come. */
  control?: string
  /** Where orders go. */
  command?: string
  /** Where it, or the broker for it, says whether it is there. */
  lwt?: string
}

export interface DeviceTopics {
  control?: string
  command?: string
  lwt?: string
}

export interface HeardMessage {
  topic: string
  payload: string
  receivedAt: Instant
  retained: boolean
}

export type Wish = 'on' | 'off'

export interface DeviceOrder {
  wish: Wish
  /** Tells one order from another where the family has room for it. */
  serial: number
  sentAt: Instant
  topic: string
  payload: string
  qos: Qos
}

/** What a message says of an order: done, or that the device will not do it. */
export type Answer = 'acknowledged' | 'refused'

export interface Family {
  /** Device code of the inventory; null where the inventory knows none. */
  code: number | null
  name: string
  /** Milliseconds between two messages. */
  period: Millis
  /** Milliseconds of silence after which it counts as gone; three periods unless said. */
  staleAfter?: Millis
  /** Defaults, from id and hardware id. */
  topics(device: MqttDevice): DeviceTopics
  /** What is read under each topic. */
  says(device: MqttDevice, topics: DeviceTopics): Record<string, Reader>
  orders?: {
    /** Milliseconds to wait for the acknowledgement before it may be sent again. */
    patience: Record<Wish, Millis>
    /** False where a second order after an unclear result would undo the first (a button that is pressed). */
    repeatable: boolean
    /** The payload of an order; undefined where the family cannot do it. */
    payload(wish: Wish, serial: number, device: MqttDevice, topics: DeviceTopics): string | undefined
    /** What is heard under a topic, as an answer to an order. */
    answers(device: MqttDevice, topics: DeviceTopics, order: DeviceOrder): Record<string, (payload: string) => Answer | undefined>
  }
}

/** The topics of a device: those of the inventory before the family's. A leading `/`, which the annex of ELFE prints, names another topic and is dropped. */
export function topicsOf(family: Family, device: MqttDevice): DeviceTopics {
  const found = { ...family.topics(device) }
  for (const name of ['control', 'command', 'lwt'] as const) {
    const given = device[name]?.trim().replace(/^\/+/, '')
    if (given) found[name] = given
  }
  return found
}

/** All that a device tells, replies to orders too: what is to be subscribed to. */
export function topicsHeard(family: Family, device: MqttDevice): string[] {
  const topics = topicsOf(family, device)
  const told = new Set(Object.keys(family.says(device, topics)))
  if (topics.control !== undefined) told.add(topics.control)
  return [...told]
}

/** The readings of a message in units of the house; nothing when it says nothing usable. Never throws. */
export function parseMessage(family: Family, device: MqttDevice, { topic, payload, receivedAt }: HeardMessage): Reading[] {
  const readers = family.says(device, topicsOf(family, device))
  const read = Object.hasOwn(readers, topic) ? readers[topic] : undefined
  return (read?.(payload) ?? []).map((value) => ({ ...value, at: receivedAt }))
}

/** The order, to be published as it is and never retained; undefined where the family cannot do it. */
export function orderFor(family: Family, device: MqttDevice, wish: Wish, serial: number, sentAt: Instant): DeviceOrder | undefined {
  const topics = topicsOf(family, device)
  const payload = family.orders?.payload(wish, serial, device, topics)
  if (payload === undefined || topics.command === undefined) return undefined
  // Exactly once: a press that arrives twice stops what it started.
  return { wish, serial, sentAt, topic: topics.command, payload, qos: 2 }
}

/** What a message says of an order. Only what came after it counts, and never what the broker kept. */
export function answerTo(family: Family, device: MqttDevice, order: DeviceOrder, message: HeardMessage): Answer | undefined {
  if (message.retained || message.receivedAt < order.sentAt) return undefined
  const answers = family.orders?.answers(device, topicsOf(family, device), order) ?? {}
  return Object.hasOwn(answers, message.topic) ? answers[message.topic]?.(message.payload) : undefined
}

/** Milliseconds of silence after which a device of this family counts as gone. */
export const staleAfter = ({ period, staleAfter: said }: Family): Millis => said ?? millis(3 * period)

/** Whether a reader finds the relay as it was ordered. */
export const relayIs =
  (read: Reader, { wish }: DeviceOrder) =>
  (payload: string): Answer | undefined =>
    read(payload).some(({ quantity, value }) => quantity === 'relay' && value === (wish === 'on')) ? 'acknowledged' : undefined

/** The same under each of the topics that exist. */
export function each<T>(topics: readonly (string | undefined)[], read: T): Record<string, T> {
  return Object.fromEntries(topics.flatMap((topic) => (topic === undefined ? [] : [[topic, read]])))
}

const FIVE_SECONDS = millis(5000)
/** What most families wait. */
export const PATIENCE: Record<Wish, Millis> = { on: FIVE_SECONDS, off: FIVE_SECONDS }
