/** Webhooks: addresses of other programs that are told of events. */

import { Type } from 'typebox'
import { auditAccount, HOOK_EVENTS, type MqttEvents, steers, type Webhook, type Webhooks } from '#ems'
import { formatInstant } from '#kernel'
import type { Request, Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, onSite, whoOf } from './shape.ts'

const Shown = Type.Object({
  id: Type.String(),
  url: Type.String(),
  events: Type.Array(Type.String()),
  about: Type.Union([Type.String(), Type.Null()]),
  description: Type.Union([Type.String(), Type.Null()]),
  createdAt: Type.String(),
})
const Order = Type.Object(
  {
    url: Type.String({
      minLength: 1,
      maxLength: 2000,
      description: 'Told by POST. Private networks only when security.outwardAllow names them.',
    }),
    events: Type.Array(Type.String({ pattern: '^(\\*|[a-z]+(\\.([a-z]+|\\*))?)$' }), {
      minItems: 1,
      maxItems: 50,
      description: `Types of events; 'device.*' and '*' are patterns. Types: ${HOOK_EVENTS.join(', ')}.`,
    }),
    about: Type.Optional(Type.String({ maxLength: 100, description: 'Only events about this station or device.' })),
    description: Type.Optional(Type.String({ maxLength: 200, description: 'What it is for.' })),
  },
  { additionalProperties: false },
)
const Id = Type.Object({ id: Type.String({ maxLength: 40 }) })
const Delivery = Type.Object({
  id: Type.Integer(),
  type: Type.String(),
  createdAt: Type.String(),
  sentAt: Type.Union([Type.String(), Type.Null()]),
  failedAt: Type.Union([Type.String(), Type.Null()], { description: 'When it was given up.' }),
  nextTry: Type.Union([Type.String(), Type.Null()]),
  tries: Type.Integer(),
  error: Type.Union([Type.String(), Type.Null()]),
})

const Broker = Type.Object({
  url: Type.String(),
  prefix: Type.String({ description: 'First level of all topics.' }),
  events: Type.Array(Type.String()),
  connected: Type.Boolean(),
  waiting: Type.Integer({ description: 'Events that it has not got yet.' }),
  error: Type.Union([Type.String(), Type.Null()], { description: 'Why it is not connected.' }),
})

export interface WebhookParts {
  webhooks: Webhooks
  /** Absent when no broker is configured. */
  mqtt?: MqttEvents
  account: number
  zone: string
  rooms: Rooms
}

/** For those who may steer the site: a webhook tells everything that happens there. */
export const webhookRoutes =
  ({ webhooks, mqtt, account, zone, rooms }: WebhookParts): Routes =>
  (app) => {
    const { authenticate, requirePermission } = rooms.identity
    const may = { onRequest: [authenticate, onSite(account, 'update'), requirePermission(steers)] }
    const tags = ['webhooks']
    const shown = ({ id, url, events, about, description, createdAt }: Webhook) => ({
      ...{ id, url, events, about, description },
      createdAt: formatInstant(createdAt, zone),
    })
    const moment = (at: Parameters<typeof formatInstant>[0] | null) => (at === null ? null : formatInstant(at, zone))
    const note = (request: Request, event: string) => auditAccount(rooms.store, rooms.clock.now(), whoOf(request), event, { account })

    app.get(
      '/webhooks',
      { ...may, schema: { tags, summary: 'Addresses that are told of events', response: { 200: Data(Type.Array(Shown)) } } },
      async () => ({ data: webhooks.list().map(shown) }),
    )
    app.get(
      '/mqtt',
      {
        ...may,
        schema: {
          tags,
          summary: 'The MQTT broker that is told of events; null when none is configured',
          response: { 200: Data(Type.Union([Broker, Type.Null()])) },
        },
      },
      async () => ({ data: mqtt ? await mqtt.status() : null }),
    )
    app.post(
      '/webhooks',
      {
        ...may,
        schema: {
          tags,
          summary: 'Has an address told of events; the secret that signs what it is told is shown this once',
          body: Order,
          response: { 201: Data(Type.Intersect([Shown, Type.Object({ secret: Type.String() })])) },
        },
      },
      async (request, reply) => {
        const { webhook, secret } = await webhooks.create({ ...request.body, by: whoOf(request).user })
        await note(request, `Webhook to ${new URL(webhook.url).host} was made`)
        return reply.status(201).send({ data: { ...shown(webhook), secret } })
      },
    )
    app.delete('/webhooks/:id', { ...may, schema: { tags, summary: 'Tells it no more', params: Id } }, async (request, reply) => {
      await webhooks.remove(request.params.id)
      await note(request, `Webhook ${request.params.id} was removed`)
      return reply.status(204).send()
    })
    app.post(
      '/webhooks/:id/test',
      { ...may, schema: { tags, summary: 'Sends it an event of type webhook.test', params: Id } },
      async ({ params }, reply) => {
        await webhooks.test(params.id)
        return reply.status(202).send({ data: {} })
      },
    )
    app.get(
      '/webhooks/:id/deliveries',
      {
        ...may,
        schema: {
          tags,
          summary: 'What it was told and what waits, newest first',
          params: Id,
          querystring: Type.Object({
            limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
            offset: Type.Optional(Type.Integer({ minimum: 0 })),
          }),
          response: { 200: Type.Object({ data: Type.Array(Delivery), total: Type.Integer() }) },
        },
      },
      async ({ params, query }) => {
        const { rows, total } = await webhooks.deliveries(params.id, { limit: query.limit ?? 50, offset: query.offset ?? 0 })
        return {
          total,
          data: rows.map(({ id, kind, createdAt, sentAt, failedAt, sendAt, tries, error }) => ({
            ...{ id: Number(id), type: kind, tries, error },
            createdAt: formatInstant(createdAt, zone),
            sentAt: moment(sentAt),
            failedAt: moment(failedAt),
            nextTry: sentAt === null && failedAt === null ? formatInstant(sendAt, zone) : null,
          })),
        }
      },
    )
  }
