/** A connection to an MQTT broker that comes back by itself, with its subscriptions. */
import mqtt from 'mqtt'
import { type Clock, describeError, type Instant, Problem, pause, systemClock } from '#kernel'
import { isTopicFilter, topicMatches } from './topic.ts'

export type Qos = 0 | 1 | 2

export interface MqttMessage {
  topic: string
  /** As it came; not every payload is text. */
  payload: Buffer
  receivedAt: Instant
  /** Kept by the broker from before the subscription: a memory, no answer to anything. */
  retained: boolean
}

export interface MqttClientOptions {
  /** `mqtt://`, `mqtts://`, `ws://` or `wss://`. */
  url: string
  clock: Clock
  username?: string
  password?: string
  /** Named, the broker keeps what arrives while the client is away (a persistent session); without it every connection is a new one. */
  clientId?: string
  /** Seconds; a client that is silent 1.5 times as long counts as gone. */
  keepalive?: number
  /** What the broker tells the others when the connection breaks. */
  will?: { topic: string; payload: string; qos?: Qos; retain?: boolean }
  /** PEM of the authority that signs the broker's certificate, when it is not a public one. */
  authority?: string
  /** PEM of the client's own certificate and key. */
  certificate?: string
  key?: string
  /** Milliseconds until the first try to come back, doubled up to `slowestRetry`. */
  firstRetry?: number
  slowestRetry?: number
  /** Told when the connection comes (true) and goes (false). */
  connection?: (connected: boolean) => void
}

export interface MqttClient {
  isConnected(): boolean
  /** Why there is no connection, or which subscription the broker refused. */
  error(): string | null
  /**
   * Resolves when the broker has taken the message (QoS 1 and 2: acknowledged; QoS 0: written).
   * @throws Problem `mqtt-away` without a connection: nothing is sent later than it was meant.
   */
  publish(topic: string, payload: string | Buffer, options?: { qos?: Qos }): Promise<void>
  /** As `publish`, and the broker keeps it for those who subscribe later: for states, never for orders (a kept order is obeyed at every return). */
  retain(topic: string, payload: string | Buffer, options?: { qos?: Qos }): Promise<void>
  /**
   * Hears what matches the filter, from now on and after every return of the connection. Resolves when the broker granted it, at once while there
   * is no connection.
   * @throws Problem `mqtt-invalid-filter`, `mqtt-refused`
   */
  subscribe(filter: string, heard: (message: MqttMessage) => void, qos?: Qos): Promise<() => void>
  /** Takes leave of the broker, which then does not tell the will. */
  close(): Promise<void>
  /** Ends without a word, as a power cut does: the broker tells the will. */
  cut(): Promise<void>
}

const FIRST_RETRY = 1000
const SLOWEST_RETRY = 60_000
/** Milliseconds that taking leave may last. */
const LEAVE = 500

interface Subscription {
  qos: Qos
  listeners: Set<(message: MqttMessage) => void>
}

/** Connects, and goes on trying while the broker is away. Never throws for an absent broker: `isConnected` and `error` tell. */
export function openMqttClient(options: MqttClientOptions): MqttClient {
  const { url, clock, username, password, clientId, will, authority, certificate, key } = options
  const { firstRetry = FIRST_RETRY, slowestRetry = SLOWEST_RETRY } = options
  const client = mqtt.connect(url, {
    reconnectPeriod: firstRetry,
    reconnectOnConnackError: true,
    queueQoSZero: false,
    // Asked for again here, so that a subscription has one place.
    resubscribe: false,
    clean: clientId === undefined,
    ...(options.keepalive !== undefined && { keepalive: options.keepalive }),
    ...(clientId !== undefined && { clientId }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(authority !== undefined && { ca: authority }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    ...(will && { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: will.qos ?? 1, retain: will.retain ?? false } }),
  })
  const subscriptions = new Map<string, Subscription>()
  let error: string | null = null
  let wasConnected = false

  const ask = async (filter: string, qos: Qos): Promise<void> => {
    try {
      await client.subscribeAsync(filter, { qos })
    } catch (cause) {
      // A connection that broke meanwhile asks again when it is back.
      if (!client.connected) return
      error = `The broker refuses the subscription to ${filter}.`
      throw new Problem('mqtt-refused', error, { status: 403, cause, hint: 'Check the rights of the MQTT account.' })
    }
  }
  const send = async (topic: string, payload: string | Buffer, qos: Qos, retain: boolean): Promise<void> => {
    if (!client.connected)
      throw new Problem('mqtt-away', 'The MQTT broker is away; the message was not sent.', {
        status: 503,
        retry: 'later',
        hint: 'Check that the broker runs, and its address and account.',
      })
    await client.publishAsync(topic, payload, { qos, retain })
  }

  client.on('connect', () => {
    error = null
    client.options.reconnectPeriod = firstRetry
    for (const [filter, { qos }] of subscriptions) ask(filter, qos).catch(() => undefined)
    wasConnected = true
    options.connection?.(true)
  })
  client.on('close', () => {
    client.options.reconnectPeriod = Math.min(slowestRetry, (client.options.reconnectPeriod ?? firstRetry) * 2)
    if (wasConnected) options.connection?.(false)
    wasConnected = false
  })
  client.on('error', (failure) => {
    error = describeError(failure)
  })
  client.on('message', (topic, payload, packet) => {
    const message: MqttMessage = { topic, payload, receivedAt: clock.now(), retained: packet.retain }
    for (const [filter, { listeners }] of subscriptions) if (topicMatches(filter, topic)) for (const heard of [...listeners]) heard(message)
  })

  return {
    isConnected: () => client.connected,
    error: () => error,
    publish: (topic, payload, { qos = 1 } = {}) => send(topic, payload, qos, false),
    retain: (topic, payload, { qos = 1 } = {}) => send(topic, payload, qos, true),
    async subscribe(filter, heard, qos = 1) {
      if (!isTopicFilter(filter)) throw new Problem('mqtt-invalid-filter', `${filter} is not a topic filter.`, { status: 422 })
      const known = subscriptions.get(filter)
      const subscription = known ?? { qos, listeners: new Set() }
      subscription.listeners.add(heard)
      subscriptions.set(filter, subscription)
      const leave = () => {
        subscription.listeners.delete(heard)
        if (subscription.listeners.size > 0 || subscriptions.get(filter) !== subscription) return
        subscriptions.delete(filter)
        if (client.connected) client.unsubscribe(filter)
      }
      if (!known && client.connected)
        await ask(filter, qos).catch((failure: unknown) => {
          leave()
          throw failure
        })
      return leave
    },
    async close() {
      if (!client.connected) return void (await client.endAsync(true))
      // Waits for what is on its way; for a broker that fell silent, of the machine's own time, not for long.
      await Promise.race([client.endAsync(), pause(systemClock, LEAVE)])
      client.stream.destroy()
    },
    cut: () => client.endAsync(true),
  }
}
