/** Who is told of events: the webhooks of this platform, opened on what it keeps, and the MQTT broker of the configuration; fed by its news. */
import { forwardNews, type MqttEvents, openMqttEvents, openWebhooks, type Webhooks } from '#ems'
import { type Outward, openOutward } from '#kernel'
import { CITRINEOS_FORM, CITRINEOS_NEAR_FORM, citrineBody } from '#server'
import { openOutbox } from '#store'
import type { House } from './house.ts'
import { secretsOf } from './territory.ts'
import type { Undo } from './undo.ts'

export interface Told {
  /** What is told to them is told to the broker too. */
  webhooks: Webhooks
  /** Absent when none is configured. */
  mqtt?: MqttEvents
}

/** How programs on this machine that may do without a token are called back: there too. */
export const nearby = (settings: House['settings']): Outward =>
  openOutward({ allow: [...(settings.outwardAllow ?? []), '127.0.0.0/8', '::1'] })

export async function startTelling(
  { store, clock, log, bus, settings, outward }: Omit<House, 'webhooks' | 'account'>,
  undo: Undo,
): Promise<Told> {
  const outbox = openOutbox({ store, clock, log })
  const hooks = await openWebhooks({
    ...{ store, clock, log, outward, outbox },
    secrets: await secretsOf(store, settings, clock),
    forms: { [CITRINEOS_FORM]: { write: citrineBody }, [CITRINEOS_NEAR_FORM]: { write: citrineBody, outward: nearby(settings) } },
  })
  undo.add('webhooks', () => hooks.close())
  const { mqtt: wanted } = settings
  const mqtt = wanted && openMqttEvents({ outbox, clock, log, settings: wanted })
  if (mqtt) undo.add('events over MQTT', () => mqtt.close())
  const webhooks: Webhooks = mqtt
    ? {
        ...hooks,
        wants: (type, about) => hooks.wants(type, about) || mqtt.wants(type),
        tell: async (event) => void (await Promise.all([hooks.tell(event), mqtt.wants(event.type) && mqtt.tell(event)])),
      }
    : hooks
  const stop = forwardNews(bus, clock, webhooks)
  undo.add('news for webhooks', () => stop())
  return { webhooks, ...(mqtt && { mqtt }) }
}
