/**
 * Other programs are told of events at addresses they gave (Standard Webhooks 1.0: webhook-id, webhook-timestamp, webhook-signature). At least
 * once and in order per address: what could not be told is tried again for a day; the id is the same every time.
 */
import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { type Clock, describeError, formatInstant, type Instant, type Log, type Outward, Problem, say } from '#kernel'
import { asTimestamp, type Delivery, type Outbox, type OutboxView, type Secrets, type Store } from '#store'
import { SAYING } from '../saying.ts'

/** Something that happened. `type` as 'device.plugged'; `about`: what it happened to, for those who want only that. */
export interface HookEvent {
  type: string
  about?: string
  at: Instant
  data: object
}

export interface Webhook {
  id: string
  url: string
  events: string[]
  about: string | null
  form: string
  description: string | null
  createdAt: Instant
}

export interface WebhookOrder {
  url: string
  /** Patterns: a type, 'device.*', or '*' for all. */
  events: string[]
  about?: string
  description?: string
  /** Of a body that another program expects; see `forms`. */
  form?: string
  by?: number
}

export interface Webhooks {
  /** The secret is shown this once. @throws Problem `address-not-allowed` (403), `too-many-webhooks` (409) */
  create(order: WebhookOrder): Promise<{ webhook: Webhook; secret: string }>
  list(): Webhook[]
  /** @throws Problem `unknown-webhook` (404) */
  remove(id: string): Promise<void>
  /** What was told and what waits, newest first. @throws Problem `unknown-webhook` (404) */
  deliveries(id: string, page: { limit: number; offset: number }): Promise<{ rows: OutboxView[]; total: number }>
  /** Sends it a `webhook.test`. @throws Problem `unknown-webhook` (404) */
  test(id: string): Promise<void>
  /** Notes an event for everybody who wants it; it is told afterwards. Never throws: what cannot be noted is logged. */
  tell(event: HookEvent): Promise<void>
  /** True when somebody wants such events: what costs work to say need not be said to nobody. */
  wants(type: string, about?: string): boolean
  settled(): Promise<void>
  close(): Promise<void>
}

export interface WebhookParts {
  store: Store
  outbox: Outbox
  clock: Clock
  log: Log
  secrets: Secrets
  outward: Outward
  /** Other forms than ours, by name: how a body is written, and how its addresses are called when that is otherwise. */
  forms?: Readonly<Record<string, { write(event: HookEvent): object; outward?: Outward }>>
}

interface Body {
  body: object
}

const MOST = 1000
/** Whether a pattern ('device.*', '*') means a type of events. */
export const matches = (pattern: string, type: string) =>
  pattern === '*' || pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)))

/** Of its secret, and of its part of the outbox. */
const nameOf = (id: string) => `webhook ${id}`

/** `v1,` and the HMAC-SHA256 of id, timestamp and body, base64. The secret is what follows `whsec_`, base64. */
export const signatureOf = (secret: string, id: string, timestamp: string, body: string): string =>
  `v1,${createHmac('sha256', Buffer.from(secret.replace(/^whsec_/, ''), 'base64'))
    .update(`${id}.${timestamp}.${body}`)
    .digest('base64')}`

/** Takes what is in the database up again. @throws Problem `database-unavailable` */
export async function openWebhooks({ store, outbox, clock, log, secrets, outward, forms = {} }: WebhookParts): Promise<Webhooks> {
  const hooks = new Map<string, { webhook: Webhook; delivery: Delivery }>()
  let noting = Promise.resolve()
  const outwardOf = (form: string): Outward => forms[form]?.outward ?? outward

  const send = async (webhook: Webhook, id: number, { body }: Body): Promise<string> => {
    const secret = await secrets.get(nameOf(webhook.id))
    if (secret === undefined) throw new Problem('unknown-webhook', say(SAYING.unknownWebhook, { webhook: webhook.id }), { retry: 'never' })
    const text = JSON.stringify(body)
    const name = `${webhook.id}-${id}`
    const timestamp = String(Math.floor(clock.now() / 1000))
    const { status } = await outwardOf(webhook.form).call(webhook.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': name,
        'webhook-timestamp': timestamp,
        'webhook-signature': signatureOf(secret, name, timestamp, text),
      },
      body: text,
    })
    if (status >= 200 && status < 300) return String(status)
    // 410: it wants no more.
    throw new Problem('webhook-refused', `${webhook.url} answered ${status}.`, { retry: status === 410 ? 'never' : 'later' })
  }
  const start = (webhook: Webhook) => {
    const delivery = outbox.deliver(nameOf(webhook.id), ({ id, payload }) => send(webhook, id, payload as Body), { inOrder: true })
    hooks.set(webhook.id, { webhook, delivery })
  }
  const put = async (webhook: Webhook, event: HookEvent) => {
    const form = forms[webhook.form]
    const { type, at, data } = event
    const body = form ? form.write(event) : { type, timestamp: formatInstant(at), data }
    await outbox.put(nameOf(webhook.id), type, { body } satisfies Body)
  }
  const need = (id: string) => {
    const found = hooks.get(id)
    if (found) return found
    throw new Problem('unknown-webhook', say(SAYING.unknownWebhook, { webhook: id }), { status: 404, hint: say(SAYING.seeWebhooks) })
  }

  for (const webhook of await store.query<Webhook>(
    `select id, url, events, about, form, description, created_at as "createdAt" from cariflex.webhook order by created_at, id`,
  ))
    start(webhook)

  const wanting = (type: string, about: string | undefined) =>
    [...hooks.values()].flatMap(({ webhook }) =>
      (webhook.about === null || webhook.about === about) && webhook.events.some((pattern) => matches(pattern, type)) ? [webhook] : [],
    )

  return {
    async create({ url, events, about, description, form = 'cariflex', by }) {
      if (hooks.size >= MOST)
        throw new Problem('too-many-webhooks', say(SAYING.tooManyWebhooks, { count: String(MOST) }), {
          status: 409,
          hint: say(SAYING.removeWebhooks),
        })
      await outwardOf(form).check(url)
      const secret = `whsec_${randomBytes(32).toString('base64')}`
      const webhook: Webhook = {
        ...{ id: randomUUID(), url, events, form, createdAt: clock.now() },
        ...{ about: about ?? null, description: description ?? null },
      }
      await store.transact(async (tx) => {
        await secrets.set(nameOf(webhook.id), secret, { description: `Signs what ${url} is told`, tx })
        await tx.query(
          `insert into cariflex.webhook (id, url, events, about, form, description, created_by, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [webhook.id, url, events, webhook.about, form, webhook.description, by ?? null, asTimestamp(webhook.createdAt)],
        )
      })
      start(webhook)
      return { webhook, secret }
    },
    list: () => [...hooks.values()].map(({ webhook }) => webhook),
    async remove(id) {
      const { delivery } = need(id)
      hooks.delete(id)
      await delivery.close()
      await store.query('delete from cariflex.webhook where id = $1', [id])
      await store.query('delete from cariflex.outbox where partner = $1', [nameOf(id)])
      await secrets.remove(nameOf(id))
    },
    async deliveries(id, page) {
      need(id)
      return outbox.list(nameOf(id), page)
    },
    async test(id) {
      await put(need(id).webhook, { type: 'webhook.test', at: clock.now(), data: { webhook: id } })
    },
    tell(event) {
      const wanted = wanting(event.type, event.about)
      if (wanted.length === 0) return Promise.resolve()
      // One after the other: what happened first is told first.
      noting = noting.then(async () => {
        for (const webhook of wanted)
          await put(webhook, event).catch((error: unknown) =>
            log.error({ webhook: webhook.id, type: event.type, error: describeError(error) }, 'an event was not noted for a webhook'),
          )
      })
      return noting
    },
    wants: (type, about) => wanting(type, about).length > 0,
    settled: async () => {
      await noting
      for (const { delivery } of hooks.values()) await delivery.settled()
    },
    close: async () => {
      await noting
      await Promise.all([...hooks.values()].map(({ delivery }) => delivery.close()))
    },
  }
}
