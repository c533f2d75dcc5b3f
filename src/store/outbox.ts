/**
 * Messages to partners that must not be lost: written in the transaction of what they tell, sent afterwards, tried again until they went
 * or are given up. At least once: after a crash in mid-send a message may go twice.
 */
import { after, type Clock, DAY, describeError, type Instant, isProblem, type Log, MINUTE, SECOND, type Timer } from '#kernel'
import type { Queryable, Store, Transaction } from './store.ts'
import { asJson, asTimestamp } from './value.ts'

export interface OutboxMessage<Payload = unknown> {
  id: number
  kind: string
  payload: Payload
  createdAt: Instant
  /** This one included. */
  tries: number
}

export interface OutboxView extends OutboxMessage {
  sentAt: Instant | null
  failedAt: Instant | null
  /** When it is tried next, of those that wait. */
  sendAt: Instant
  /** Why the last try failed. */
  error: string | null
  note: string | null
}

export interface Delivery {
  /** Looks at once instead of at the next round. */
  wake(): void
  /** Resolves when nothing that is due waits any more. */
  settled(): Promise<void>
  close(): Promise<void>
}

export interface Outbox {
  /** Resolves to its number; undefined when a message with this key is there already. */
  put(partner: string, kind: string, payload: unknown, more?: { key?: string; tx?: Queryable }): Promise<number | undefined>
  /**
   * Sends what waits for a partner, oldest first, one at a time, also what other processes put. `send` throws a Problem with retry 'never'
   * when it is hopeless, anything else to have it tried again later; what it returns is noted beside the message.
   * `inOrder`: while one waits to be tried again, those after it wait too.
   */
  deliver(partner: string, send: (message: OutboxMessage) => Promise<string | undefined>, more?: { inOrder?: boolean }): Delivery
  /** How many wait for a partner. */
  waiting(partner: string): Promise<number>
  list(partner: string, page: { limit: number; offset: number }): Promise<{ rows: OutboxView[]; total: number }>
}

/** A try takes no longer than this; if it does, its process is gone. */
const LEASE = 2 * MINUTE
const ROUND = 15 * SECOND
/** Between tries: five seconds, for a partner that was only being restarted, then one minute, two, four, … at most an hour. */
const pauseAfter = (tries: number): number => (tries === 1 ? 5 * SECOND : Math.min(2 ** Math.min(tries - 2, 10), 60) * MINUTE)
const GIVE_UP = DAY

const COLUMNS = `id, kind, payload, tries, created_at as "createdAt", sent_at as "sentAt", failed_at as "failedAt", send_at as "sendAt", error, note`

const isTransaction = (tx: Queryable): tx is Transaction => 'onCommit' in tx

export function openOutbox({ store, clock, log }: { store: Store; clock: Clock; log: Log }): Outbox {
  const wakes = new Map<string, Set<() => void>>()
  const claim = (partner: string, inOrder: boolean) => {
    const now = clock.now()
    const waiting = 'from cariflex.outbox where partner = $1 and sent_at is null and failed_at is null'
    const due = inOrder
      ? `select id from (select id, send_at ${waiting} order by id limit 1 for update) first where send_at <= $2`
      : `select id ${waiting} and send_at <= $2 order by send_at, id for update skip locked limit 1`
    return store.first<OutboxMessage>(
      `update cariflex.outbox set tries = tries + 1, send_at = $3 where id = (${due})
       returning id, kind, payload, tries, created_at as "createdAt"`,
      [partner, asTimestamp(now), asTimestamp(after(now, LEASE))],
    )
  }
  /** Resolves with the ms after which it is tried again; undefined: it is over with. */
  const settle = async (partner: string, message: OutboxMessage, send: Parameters<Outbox['deliver']>[1]): Promise<number | undefined> => {
    try {
      const note = await send(message)
      await store.query('update cariflex.outbox set sent_at = $2, error = null, note = $3 where id = $1', [
        message.id,
        asTimestamp(clock.now()),
        note ?? null,
      ])
      return undefined
    } catch (error) {
      const now = clock.now()
      const pause = pauseAfter(message.tries)
      const next = after(now, pause)
      const hopeless = (isProblem(error) && error.retry === 'never') || next - message.createdAt > GIVE_UP
      const why = describeError(error)
      await store.query('update cariflex.outbox set send_at = $2, failed_at = $3, error = $4 where id = $1', [
        message.id,
        asTimestamp(next),
        hopeless ? asTimestamp(now) : null,
        why.slice(0, 500),
      ])
      log.warn(
        { partner, message: message.id, kind: message.kind, error: why },
        hopeless ? 'a message was given up' : 'a message was not sent; it is tried again',
      )
      return hopeless ? undefined : pause
    }
  }
  return {
    async put(partner, kind, payload, { key, tx = store } = {}) {
      const now = asTimestamp(clock.now())
      const row = await tx.first<{ id: number }>(
        `insert into cariflex.outbox (partner, kind, payload, unique_key, created_at, send_at) values ($1, $2, $3, $4, $5, $5)
         on conflict (unique_key) do nothing returning id`,
        [partner, kind, asJson(payload), key ?? null, now],
      )
      const tell = () => {
        for (const wake of wakes.get(partner) ?? []) wake()
      }
      // Inside a transaction it is not there yet for others.
      if (isTransaction(tx)) tx.onCommit(tell)
      else tell()
      return row && Number(row.id)
    },
    deliver(partner, send, { inOrder = false } = {}) {
      let closed = false
      let running: Promise<void> | undefined
      let again = false
      let retry: Timer | undefined
      const work = async () => {
        do {
          again = false
          for (let next = await claim(partner, inOrder); next && !closed; next = await claim(partner, inOrder)) {
            const pause = await settle(partner, next, send)
            // Sooner than the next round looks.
            if (pause === undefined || pause >= ROUND || closed) continue
            retry?.cancel()
            retry = clock.in(pause, wake)
          }
        } while (again && !closed)
      }
      const wake = () => {
        again = true
        if (closed || running) return
        running = work()
          .catch((error: unknown) => log.debug({ partner, error: describeError(error) }, 'the outbox could not be read'))
          .finally(() => {
            running = undefined
          })
      }
      const all = wakes.get(partner) ?? new Set()
      wakes.set(partner, all.add(wake))
      const round = clock.every(ROUND, wake)
      wake()
      return {
        wake,
        settled: async () => {
          while (running) await running
        },
        async close() {
          closed = true
          round.cancel()
          retry?.cancel()
          all.delete(wake)
          await running
        },
      }
    },
    async waiting(partner) {
      const row = await store.first<{ n: number }>(
        'select count(*)::int as n from cariflex.outbox where partner = $1 and sent_at is null and failed_at is null',
        [partner],
      )
      return row!.n
    },
    async list(partner, { limit, offset }) {
      const rows = await store.query<OutboxView>(
        `select ${COLUMNS} from cariflex.outbox where partner = $1 order by id desc limit $2 offset $3`,
        [partner, limit, offset],
      )
      const count = await store.first<{ n: number }>('select count(*)::int as n from cariflex.outbox where partner = $1', [partner])
      return { rows, total: count?.n ?? 0 }
    },
  }
}
