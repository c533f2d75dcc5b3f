/** The MQTT broker of an EVerest installation. */
import mqtt from 'mqtt'
import type { MqttLink } from './limits.ts'

export interface Broker extends MqttLink {
  isConnected(): boolean
  close(): Promise<void>
}

/** Milliseconds between two tries to connect. */
const RETRY = 5000

/** Connects, and goes on trying while the broker is away; what is subscribed to is asked for again. Publishing fails while it is away. */
export function openBroker(url: string, told: (connected: boolean) => void = () => undefined): Broker {
  const client = mqtt.connect(url, { reconnectPeriod: RETRY, queueQoSZero: false })
  const listeners = new Map<string, Set<(payload: string) => void>>()
  client.on('connect', () => told(true))
  client.on('close', () => told(false))
  // What is wrong shows in that it is not connected.
  client.on('error', () => undefined)
  client.on('message', (topic, payload) => {
    for (const heard of listeners.get(topic) ?? []) heard(payload.toString())
  })
  return {
    isConnected: () => client.connected,
    async publish(topic, payload) {
      if (!client.connected) throw new Error('the MQTT broker is away')
      await client.publishAsync(topic, payload, { qos: 1 })
    },
    async subscribe(topic, heard) {
      const known = listeners.get(topic) ?? new Set()
      known.add(heard)
      listeners.set(topic, known)
      // Resolves when the broker comes; nobody waits for that.
      client.subscribe(topic, { qos: 1 })
      return () => void known.delete(heard)
    },
    close: () => client.endAsync(true),
  }
}
