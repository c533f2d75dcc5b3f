/**
 * The connection to the broker of a running CitrineOS: a queue of our own that outlives us, bound to its exchange. The exchange is not durable:
 * after a restart of the broker it is declared anew, as CitrineOS declares it, and bound anew. A connection that goes is made again, at
 * growing intervals.
 */
import { type ChannelModel, type ConfirmChannel, connect } from 'amqplib'
import { type Clock, DAY, describeError, type Log, MINUTE, Problem, SECOND, say, type Timer } from '#kernel'
import type { CitrineAdapter } from './citrineos-adapter.ts'
import { SAYING } from './saying.ts'

export interface Delivery {
  content: Buffer
  headers: Readonly<Record<string, unknown>>
  /** It is kept: the broker may forget it. */
  done(): void
}

export interface Broker {
  /** Resolves when the broker has it. @throws Problem `bridge-away` (503, later): it does not have it, or nobody knows */
  publish(message: { headers: Record<string, string>; content: Buffer }): Promise<void>
  /** Whether a queue is there; undefined: the broker does not say. */
  hasQueue(name: string): Promise<boolean | undefined>
  isOpen(): boolean
  /** Why it is not open. */
  fault(): string | undefined
  close(): Promise<void>
}

export interface BrokerParts {
  /** amqp:// or amqps:// with user, password and vhost. */
  url: string
  /** PEM of the authority of its certificate, when it is not a public one. */
  authority?: string
  adapter: CitrineAdapter
  exchange: string
  queue: string
  tenant: number
  clock: Clock
  log: Log
  onDelivery(delivery: Delivery): void
  /** Bound, and nothing delivered yet: what passed before is to be found elsewhere. */
  onOpen(): void
  onLost(): void
}

const RETRY = SECOND
const RETRY_MOST = MINUTE
/** What waits in our queue while nobody reads it: so long, and so much, the oldest goes first. */
const KEPT = { 'x-expires': 7 * DAY, 'x-max-length': 200_000, 'x-overflow': 'drop-head' }
/** Unacknowledged at once. */
const AHEAD = 500

/** Connects, and stays connected until it is closed. */
export function openBroker(parts: BrokerParts): Broker {
  const { adapter, exchange, queue, tenant, clock, log } = parts
  let link: { model: ChannelModel; channel: ConfirmChannel } | undefined
  let fault: string | undefined = 'not connected yet'
  let pause: number = RETRY
  let retry: Timer | undefined
  let isClosed = false

  const away = () =>
    new Problem('bridge-away', say(SAYING.brokerAway, { fault: fault ?? '' }), {
      status: 503,
      retry: 'later',
      hint: say(SAYING.checkBridge),
    })

  const lost = (why: string) => {
    if (!link) return
    link = undefined
    fault = why
    parts.onLost()
    again()
  }
  const again = () => {
    if (isClosed) return
    retry ??= clock.in(pause, () => {
      retry = undefined
      void arrive()
    })
    pause = Math.min(pause * 2, RETRY_MOST)
  }

  const arrive = async () => {
    let model: ChannelModel | undefined
    try {
      model = await connect(withHeartbeat(parts.url), {
        timeout: 10 * SECOND,
        ...(parts.authority !== undefined && { ca: [parts.authority] }),
      })
      const opened = model
      // Without a listener an error of the connection would end the process; the 'close' after it tells the rest.
      opened.on('error', (error) => log.warn({ error: describeError(error) }, 'the broker of CitrineOS broke off'))
      const channel = await opened.createConfirmChannel()
      channel.on('error', (error) => log.warn({ error: describeError(error) }, 'the broker of CitrineOS closed the channel'))
      await channel.assertExchange(exchange, adapter.exchange.type, { durable: adapter.exchange.durable })
      // One reader at a time, also of two platforms on one database: order is kept.
      await channel.assertQueue(queue, { durable: true, arguments: { ...KEPT, 'x-single-active-consumer': true } })
      for (const headers of adapter.bindings(tenant)) await channel.bindQueue(queue, exchange, '', headers)
      await channel.prefetch(AHEAD)
      if (isClosed) return void (await opened.close())
      link = { model: opened, channel }
      fault = undefined
      pause = RETRY
      opened.on('close', (error) => lost(error ? describeError(error) : 'the broker closed the connection'))
      channel.on('close', () => {
        if (link?.channel !== channel) return
        lost('the broker closed the channel')
        void opened.close().catch(() => undefined)
      })
      parts.onOpen()
      await channel.consume(queue, (message) => {
        if (!message) return lost('our queue was deleted')
        const { content, properties } = message
        const done = () => {
          if (link?.channel === channel) channel.ack(message)
        }
        parts.onDelivery({ content, headers: properties.headers ?? {}, done })
      })
    } catch (error) {
      const why = describeError(error)
      log.warn({ error: why }, 'the broker of CitrineOS cannot be reached')
      if (link && link.model === model) lost(why)
      else {
        fault = why
        again()
      }
      await model?.close().catch(() => undefined)
    }
  }
  void arrive()

  return {
    publish({ headers, content }) {
      const open = link
      if (!open) return Promise.reject(away())
      return new Promise((resolve, reject) => {
        const failed = () => reject(away())
        open.channel.once('close', failed)
        open.channel.publish(exchange, '', content, { headers, contentType: 'application/json', contentEncoding: 'utf-8' }, (error) => {
          open.channel.off('close', failed)
          if (error) failed()
          else resolve()
        })
      })
    },
    async hasQueue(name) {
      const open = link
      if (!open) return undefined
      // A queue that is not there costs the channel that asked.
      const probe = await open.model.createChannel().catch(() => undefined)
      if (!probe) return undefined
      let code: unknown
      probe.on('error', (error) => {
        code = (error as { code?: unknown }).code
      })
      try {
        await probe.checkQueue(name)
        await probe.close()
        return true
      } catch (error) {
        const refusal = code ?? (error as { code?: unknown }).code
        return refusal === 404 ? false : undefined
      }
    },
    isOpen: () => link !== undefined,
    fault: () => fault,
    async close() {
      isClosed = true
      retry?.cancel()
      const open = link
      link = undefined
      await open?.model.close().catch(() => undefined)
    },
  }
}

/** A broker that vanished without a word is noticed within a minute. */
function withHeartbeat(url: string): string {
  const parsed = new URL(url)
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', '20')
  return parsed.href
}
