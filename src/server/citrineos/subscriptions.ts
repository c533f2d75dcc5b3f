/** CitrineOS' subscriptions: an address is told when a station connects, goes, says or is told something. Ours are signed and tried again. */

import { Type } from 'typebox'
import type { HookEvent, Webhook, Webhooks } from '#ems'
import { formatInstant, Problem } from '#kernel'
import type { Routes } from '../app.ts'
import type { CitrineParts } from './message-api.ts'
import { citrineDoor, invalid, isFromHere, Tenant } from './reach.ts'

const EVENTS = {
  onConnect: 'station.connected',
  onClose: 'station.closed',
  onMessage: 'station.message',
  sentMessage: 'station.sent',
} as const
type Flag = keyof typeof EVENTS
const FLAGS = Object.keys(EVENTS) as Flag[]
const NAMES: Readonly<Record<string, string>> = { 'station.connected': 'connected', 'station.closed': 'closed' }

/** The name of this form among those of webhooks. */
export const CITRINEOS_FORM = 'citrineos'
/** The same, asked for by a program on this machine, which may be told there. */
export const CITRINEOS_NEAR_FORM = 'citrineos-near'
const isOurs = ({ form }: Webhook) => form === CITRINEOS_FORM || form === CITRINEOS_NEAR_FORM

/** The body as CitrineOS writes it. */
export function citrineBody({ type, at, data }: HookEvent): object {
  const said = data as { stationId?: string; message?: string; correlationId?: string; action?: string; protocol?: string; origin?: string }
  const event = NAMES[type] ?? 'message'
  const base = { stationId: said.stationId, event }
  if (event !== 'message') return { ...base, info: { protocol: said.protocol, timestamp: formatInstant(at) } }
  const { correlationId, origin, protocol, action, message } = said
  return { ...base, origin, message, info: { correlationId, origin, timestamp: formatInstant(at), protocol, action } }
}

const Order = Type.Object(
  {
    stationId: Type.String({ minLength: 1, maxLength: 48 }),
    onConnect: Type.Optional(Type.Boolean()),
    onClose: Type.Optional(Type.Boolean()),
    onMessage: Type.Optional(Type.Boolean()),
    sentMessage: Type.Optional(Type.Boolean()),
    url: Type.String({ minLength: 1, maxLength: 2000 }),
  },
  { additionalProperties: true },
)

const shown = ({ id, url, about, events }: Webhook) => ({
  ...{ id, stationId: about, url },
  ...Object.fromEntries(FLAGS.map((flag) => [flag, events.includes(EVENTS[flag])])),
})

export const subscriptionRoutes =
  ({ identity, account, openOnLoopback, webhooks }: CitrineParts & { webhooks: Webhooks }): Routes =>
  (app) => {
    const door = { onRequest: [citrineDoor(identity, account, openOnLoopback)] }
    const path = '/data/ocpprouter/subscription'
    const tags = ['CitrineOS']
    app.post(
      path,
      {
        ...door,
        schema: { tags, summary: 'Tells an address what happens on the line of a station', querystring: Type.Object(Tenant), body: Order },
      },
      async (request) => {
        const { body } = request

        const wanted = FLAGS.filter((flag) => body[flag] === true)
        const { webhook, secret } = await webhooks.create({
          ...{ url: body.url, about: body.stationId, form: openOnLoopback && isFromHere(request) ? CITRINEOS_NEAR_FORM : CITRINEOS_FORM },
          events: wanted.map((flag) => EVENTS[flag]),
          description: `CitrineOS subscription to ${body.stationId}`,
        })
        return { ...shown(webhook), secret }
      },
    )
    app.get(
      path,
      {
        ...door,
        schema: {
          tags,
          summary: 'Subscriptions to a station',
          querystring: Type.Object({ ...Tenant, stationId: Type.Optional(Type.String({ maxLength: 48 })) }),
        },
      },
      async ({ query: { stationId } }) =>
        webhooks
          .list()
          .filter((webhook) => isOurs(webhook) && (stationId === undefined || webhook.about === stationId))
          .map(shown),
    )
    app.delete(
      path,
      {
        ...door,
        schema: {
          tags,
          summary: 'Ends a subscription, or all to a station',
          querystring: Type.Object({
            ...Tenant,
            id: Type.Optional(Type.String({ maxLength: 40 })),
            stationId: Type.Optional(Type.String({ maxLength: 48 })),
          }),
        },
      },
      async ({ query: { id, stationId } }) => {
        if (id === undefined && stationId === undefined)
          throw invalid('Neither id nor stationId was given.', 'Name a subscription or a station.')
        const ended = webhooks
          .list()
          .filter((one) => isOurs(one) && (id === undefined || one.id === id) && (stationId === undefined || one.about === stationId))
        if (ended.length === 0)
          throw new Problem('unknown-webhook', 'There is no such subscription.', { status: 404, hint: 'GET this address lists them.' })
        for (const webhook of ended) await webhooks.remove(webhook.id)
        return { success: true }
      },
    )
  }
