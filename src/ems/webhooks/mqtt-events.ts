/**
 * The same events over MQTT: at a broker of the operator, QoS 1, in order, none lost while it is away (they wait in the outbox). What is a state
 * beside being an event - whether a station is connected, how a device stands - is kept by the broker as a retained message.
 */
import mqtt from 'mqtt'
import { type Clock, describeError, formatInstant, type Log, type MqttSettings } from '#kernel'
import type { Delivery, Outbox } from '#store'
import { type HookEvent, matches } from './webhooks.ts'

export interface MqttEvents {
  wants(type: string, about?: string): boolean
  /** Notes an event; it is published afterwards. Never throws: what cannot be noted is logged. */
  tell(event: HookEvent): Promise<void>
  status(): Promise<MqttStatus>
  close(): Promise<void>
}

export interface MqttStatus {
  /** Without user and password. */
  url: string
  prefix: string
  events: string[]
  connected: boolean
  /** Events that are not published yet. */
  waiting: number
  /** Why the last connection failed or ended. */
  error: string | null
}

/** Milliseconds between two tries to connect. */
const RETRY = 5000
const PARTNER = 'mqtt'

/** A message as it waits. */
interface Waiting {
  topic: string
  body: { type: string; timestamp: string; data: object }
  /** Kept by the broker under this topic beside. */
  state?: { topic: string; body: object }
}

const DEVICE_STATES = new Set(['online', 'offline', 'plugged', 'unplugged', 'faulted'])
/** One level of a topic: what MQTT reads as a level or a pattern is replaced. */
const level = (text: string) => text.replaceAll(/[/+#\p{Cc}]/gu, '_')

/** Topics of an event: `events/device/plugged/CP001`; its state, when it is one: `devices/CP001/status`, `stations/CP001/connection`. */
export function messageOf({ type, about, at, data }: HookEvent): Waiting {
  const timestamp = formatInstant(at)
  const said = {
    topic: ['events', ...type.split('.'), ...(about === undefined ? [] : [about])].map(level).join('/'),
    body: { type, timestamp, data },
  }
  if (about === undefined) return said
  const [kind, what = ''] = type.split('.')
  if (kind === 'device' && DEVICE_STATES.has(what))
    return { ...said, state: { topic: `devices/${level(about)}/status`, body: { status: what, timestamp } } }
  if (type === 'station.connected' || type === 'station.closed')
    return {
      ...said,
      state: { topic: `stations/${level(about)}/connection`, body: { connected: type === 'station.connected', timestamp } },
    }
  return said
}

export interface MqttParts {
  outbox: Outbox
  clock: Clock
  log: Log
  settings: MqttSettings & { url: string }
}

/** Connects, and publishes what waits; without a broker it goes on trying. */
export function openMqttEvents({ outbox, clock, log, settings }: MqttParts): MqttEvents {
  const { url, prefix, events, username, password, authority } = settings
  const presence = `${prefix}/status`
  let error: string | null = null
  let noting = Promise.resolve()
  const client = mqtt.connect(url, {
    reconnectPeriod: RETRY,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(authority !== undefined && { ca: authority }),
    will: { topic: presence, payload: Buffer.from('offline'), qos: 1, retain: true },
  })
  let giveUp = (_: Error) => {}
  const closing = new Promise<never>((_, reject) => {
    giveUp = reject
  })
  closing.catch(() => undefined)
  /** Resolves once the broker has it; while it is away that takes as long as it is. */
  const publish = (topic: string, payload: string, retain: boolean) =>
    Promise.race([client.publishAsync(`${prefix}/${topic}`, payload, { qos: 1, retain }), closing])

  const deliver = () =>
    outbox.deliver(
      PARTNER,
      async ({ id, payload }) => {
        const { topic, body, state } = payload as Waiting
        await publish(topic, JSON.stringify({ id, ...body }), false)
        if (state) await publish(state.topic, JSON.stringify(state.body), true)
        return undefined
      },
      { inOrder: true },
    )
  /** From the first connection on: before it nothing is tried in vain. */
  let delivery: Delivery | undefined

  client.on('connect', () => {
    error = null
    delivery ??= deliver()
    log.info({ broker: shown(url) }, 'events go to the MQTT broker')
    publish('status', 'online', true).catch(() => undefined)
  })
  client.on('error', (failure) => {
    error = describeError(failure)
  })
  client.on('close', () => {
    log.debug({ broker: shown(url), error }, 'the MQTT broker is away')
  })

  return {
    wants: (type) => events.some((pattern) => matches(pattern, type)),
    tell(event) {
      noting = noting.then(async () => {
        await outbox.put(PARTNER, event.type, messageOf(event)).catch((failure: unknown) => {
          log.error({ type: event.type, error: describeError(failure) }, 'an event was not noted for the MQTT broker')
        })
      })
      return noting
    },
    status: async () => ({
      url: shown(url),
      prefix,
      events: [...events],
      connected: client.connected,
      waiting: await outbox.waiting(PARTNER),
      error,
    }),
    async close() {
      await noting
      if (client.connected) await Promise.race([publish('status', 'offline', true), clockTick(clock)]).catch(() => undefined)
      giveUp(new Error('the program ends'))
      await delivery?.close()
      await client.endAsync(true)
    },
  }
}

/** A broker that does not answer is not waited for. */
const clockTick = (clock: Clock) => new Promise<void>((resolve) => void clock.in(1000, resolve))

function shown(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}
