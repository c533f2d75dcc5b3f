/** What is kept of sessions, their events, and security events, as lists for people and programs. */
import { formatInstant, type Instant, Problem, say } from '#kernel'
import type { Payload } from '#protocols/ocpp'
import { asTimestamp, type Queryable } from '#store'
import { fromRow, type TransactionRow } from './ledger.ts'
import { redactFrame } from './redaction.ts'
import { SAYING } from './saying.ts'
import { energyOf, isComplete } from './transaction.ts'

export interface ListedSession {
  station: string
  id: string
  evse: number | null
  connector: number | null
  token: string | null
  tokenStatus: string | null
  vehicle: number | null
  startedAt: string
  endedAt: string | null
  stoppedReason: string | null
  energyKwh: number
  exportedKwh: number
  chargingState: string | null
  remoteStartId: number | null
  reservation: number | null
  events: number
  /** Everything between Started and Ended is here. */
  complete: boolean
  flags: string[]
}

export interface ListedSessionEvent {
  seqNo: number
  type: string
  trigger: string
  at: string
  receivedAt: string
  offline: boolean
  /** As the station sent it, signed meter values included; tokens show their last four characters. */
  payload: Payload
}

export interface ListedSecurityEvent {
  id: number
  station: string
  type: string
  at: string
  receivedAt: string
  address: string | null
  info: string | null
}

export interface SessionQuery {
  station?: string
  /** Begun before, for the next page. */
  before?: Instant
  since?: Instant
  open?: boolean
  limit?: number
}

export interface Archive {
  sessions(query: SessionQuery): Promise<ListedSession[]>
  /** @throws Problem `unknown-transaction` (404) */
  session(station: string, id: string): Promise<ListedSession & { list: ListedSessionEvent[] }>
  /** Power (kW) and state of charge (percent) of an EVSE over time. */
  samples(station: string, evse: number, from: Instant, until: Instant): Promise<{ at: string; kw: number | null; soc: number | null }[]>
  securityEvents(query: { station?: string; before?: number; limit?: number }): Promise<ListedSecurityEvent[]>
}

export function openArchive(store: Queryable, zone: string): Archive {
  const moment = (at: Instant) => formatInstant(at, zone)
  const listed = (row: TransactionRow): ListedSession => {
    const one = fromRow(row)
    const kilo = (value: number) => Math.round(value) / 1000
    return {
      station: one.station,
      id: one.id,
      evse: one.evse ?? null,
      connector: one.connector ?? null,
      token: one.token === undefined ? null : one.token.length > 4 ? `…${one.token.slice(-4)}` : one.token,
      tokenStatus: one.tokenStatus ?? null,
      vehicle: one.vehicle ?? null,
      startedAt: moment(one.startedAt ?? one.firstAt),
      endedAt: one.endedAt === undefined ? null : moment(one.endedAt),
      stoppedReason: one.stoppedReason ?? null,
      energyKwh: kilo(energyOf(one.imported)),
      exportedKwh: kilo(energyOf(one.exported)),
      chargingState: one.chargingState ?? null,
      remoteStartId: one.remoteStartId ?? null,
      reservation: one.reservationId ?? null,
      events: one.events,
      complete: isComplete(one),
      flags: one.flags,
    }
  }
  return {
    async sessions({ station, before, since, open, limit = 100 }) {
      const rows = await store.query<TransactionRow>(
        `select * from cariflex.charging_transaction
         where ($1::text is null or station = $1) and ($2::timestamptz is null or first_at < $2) and ($3::timestamptz is null or last_at >= $3)
           and ($4::boolean is null or (ended_at is null) = $4)
         order by first_at desc limit $5`,
        [
          station ?? null,
          before === undefined ? null : asTimestamp(before),
          since === undefined ? null : asTimestamp(since),
          open ?? null,
          Math.min(Math.max(1, limit), 1000),
        ],
      )
      return rows.map(listed)
    },
    async session(station, id) {
      const row = await store.first<TransactionRow>(
        'select * from cariflex.charging_transaction where station = $1 and transaction_id = $2',
        [station, id],
      )
      if (!row)
        throw new Problem('unknown-transaction', say(SAYING.unknownSession, { station, id }), {
          status: 404,
          hint: say(SAYING.seeStations),
        })
      const events = await store.query<{ [column: string]: never }>(
        'select * from cariflex.transaction_event where station = $1 and transaction_id = $2 order by seq_no limit 10000',
        [station, id],
      )
      return {
        ...listed(row),
        list: events.map((event) => ({
          seqNo: event['seq_no']!,
          type: event['event_type']!,
          trigger: event['trigger_reason']!,
          at: moment(event['at']!),
          receivedAt: moment(event['received_at']!),
          offline: event['offline']!,
          payload: redactFrame(event['payload']) as Payload,
        })),
      }
    },
    async samples(station, evse, from, until) {
      const rows = await store.query<{ at: Instant; power_w: number | null; soc_percent: number | null }>(
        `select at, power_w, soc_percent from cariflex.charging_sample
         where station = $1 and evse_id = $2 and at >= $3 and at < $4 order by at limit 20000`,
        [station, evse, asTimestamp(from), asTimestamp(until)],
      )
      return rows.map(({ at, power_w, soc_percent }) => ({
        at: moment(at),
        kw: power_w === null ? null : Math.round(power_w) / 1000,
        soc: soc_percent,
      }))
    },
    async securityEvents({ station, before, limit = 100 }) {
      const rows = await store.query<ListedSecurityEvent & { received_at: Instant; at: never }>(
        `select id, station, type, at, received_at, address, info from cariflex.security_event
         where ($1::text is null or station = $1) and ($2::bigint is null or id < $2) order by id desc limit $3`,
        [station ?? null, before ?? null, Math.min(Math.max(1, limit), 1000)],
      )
      return rows.map(({ received_at, at, ...row }) => ({ ...row, at: moment(at), receivedAt: moment(received_at) }))
    },
  }
}
