/** Messages on the display of a station (OCPP 2.0.1 O01–O06). */
import { type Clock, formatInstant, type Instant } from '#kernel'
import type { MessageInfoType } from '#protocols/ocpp'
import { asTimestamp, type Queryable, type Store } from '#store'
import type { CommandOutcome, Commands } from './commands.ts'
import { type Gatherer, nextRequest } from './gather.ts'
import { saidMoment } from './meter.ts'
import { zulu } from './order.ts'
import type { Station } from './station.ts'

export interface MessageOrder {
  /** The same number again replaces it; absent: a new one. */
  id?: number
  priority?: 'AlwaysFront' | 'InFront' | 'NormalCycle'
  state?: 'Charging' | 'Faulted' | 'Idle' | 'Unavailable'
  from?: Instant
  until?: Instant
  transaction?: string
  format?: 'ASCII' | 'HTML' | 'URI' | 'UTF8'
  language?: string
  content: string
}

export interface ListedMessage {
  id: number
  priority: string
  state: string | null
  from: string | null
  until: string | null
  transaction: string | null
  format: string
  language: string | null
  content: string
}

export interface Displays {
  show(station: Station, order: MessageOrder, by?: string): Promise<CommandOutcome & { message: number }>
  clear(station: Station, message: number, by?: string): Promise<CommandOutcome>
  /** Asks what is on the display and keeps the answer. @throws Problem `report-incomplete` */
  report(station: Station, by?: string): Promise<{ status: string; messages: number }>
  /** What a station tells of its display unasked. */
  told(identity: string, messages: readonly MessageInfoType[]): Promise<void>
  list(identity: string, zone: string): Promise<ListedMessage[]>
}

export function openDisplays(parts: {
  store: Store
  clock: Clock
  commands: Commands
  gather: Gatherer<MessageInfoType>
  patience: number
}): Displays {
  const { store, clock, commands, gather, patience } = parts
  const remove = (tx: Queryable, identity: string, message?: number) =>
    tx.query('delete from cariflex.display_message where station = $1 and ($2::int is null or message_id = $2)', [
      identity,
      message ?? null,
    ])

  return {
    async show(station, order, by) {
      const id = order.id ?? (await nextRequest(store))
      const message: MessageInfoType = {
        id,
        priority: order.priority ?? 'NormalCycle',
        message: {
          format: order.format ?? 'UTF8',
          content: order.content,
          ...(order.language === undefined ? {} : { language: order.language }),
        },
        ...(order.state === undefined ? {} : { state: order.state }),
        ...(order.from === undefined ? {} : { startDateTime: zulu(order.from) }),
        ...(order.until === undefined ? {} : { endDateTime: zulu(order.until) }),
        ...(order.transaction === undefined ? {} : { transactionId: order.transaction }),
      }
      const answer = await commands.send(station, 'SetDisplayMessage', { message }, by)
      if (answer.status === 'Accepted') await keep(store, station.record.identity, message, clock.now())
      return { ...answer, message: id }
    },
    async clear(station, message, by) {
      const answer = await commands.send(station, 'ClearDisplayMessage', { id: message }, by)
      if (answer.status === 'Accepted' || answer.status === 'Unknown') await remove(store, station.record.identity, message)
      return answer
    },
    async report(station, by) {
      const requestId = await nextRequest(store)
      const { identity } = station.record
      const all = gather.expect(identity, requestId, patience)
      all.catch(() => undefined)
      try {
        const { status } = await commands.send(station, 'GetDisplayMessages', { requestId }, by)
        if (status !== 'Accepted') {
          if (status === 'Unknown') await remove(store, identity)
          return { status, messages: 0 }
        }
        const messages = await all
        await store.transact(async (tx) => {
          await remove(tx, identity)
          for (const message of messages) await keep(tx, identity, message, clock.now())
        })
        return { status, messages: messages.length }
      } finally {
        gather.forget(identity, requestId)
      }
    },
    async told(identity, messages) {
      for (const message of messages) await keep(store, identity, message, clock.now())
    },
    async list(identity, zone) {
      const rows = await store.query<{ [column: string]: never }>(
        `select * from cariflex.display_message where station = $1 and (ends_at is null or ends_at > $2) order by message_id`,
        [identity, asTimestamp(clock.now())],
      )
      const moment = (at: Instant | null) => (at === null ? null : formatInstant(at, zone))
      return rows.map((row) => ({
        id: row['message_id']!,
        priority: row['priority']!,
        state: row['state']!,
        from: moment(row['starts_at']!),
        until: moment(row['ends_at']!),
        transaction: row['transaction_id']!,
        format: row['format']!,
        language: row['language']!,
        content: row['content']!,
      }))
    },
  }
}

function keep(tx: Queryable, identity: string, given: MessageInfoType, now: Instant): Promise<unknown> {
  const { id, priority, state, startDateTime, endDateTime, transactionId, message } = given
  const moment = (text: string | undefined) => {
    const at = text === undefined ? undefined : saidMoment(text)
    return at === undefined ? null : asTimestamp(at)
  }
  return tx.query(
    `insert into cariflex.display_message (station, message_id, priority, state, starts_at, ends_at, transaction_id, format, language, content, at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
     on conflict (station, message_id) do update set priority = excluded.priority, state = excluded.state, starts_at = excluded.starts_at,
       ends_at = excluded.ends_at, transaction_id = excluded.transaction_id, format = excluded.format, language = excluded.language,
       content = excluded.content, at = excluded.at`,
    [
      identity,
      id,
      priority,
      state ?? null,
      moment(startDateTime),
      moment(endDateTime),
      transactionId ?? null,
      message.format,
      message.language ?? null,
      message.content,
      asTimestamp(now),
    ],
  )
}
