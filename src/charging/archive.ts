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

/** A session with what it cost; null where no tariff held, or while it goes on. */
export interface PricedSession extends ListedSession {
  tariff: string | null
  currency: string | null
  totalExcl: number | null
  totalIncl: number | null
  /** One for each rate (percent; null: not subject to it). */
  vat: { rate: number | null; excl: number; amount: number }[]
  /** The meter signed values of it. */
  signed: boolean
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
  /** Sessions with what they cost, for files: at most 20,000. */
  priced(query: SessionQuery): Promise<PricedSession[]>
  /** @throws Problem `unknown-transaction` (404) */
  session(station: string, id: string): Promise<ListedSession & { list: ListedSessionEvent[] }>
  /** Power (kW) and state of charge (percent) of an EVSE over time. */
  samples(station: string, evse: number, from: Instant, until: Instant): Promise<{ at: string; kw: number | null; soc: number | null }[]>
  securityEvents(query: { station?: string; before?: number; limit?: number }): Promise<ListedSecurityEvent[]>
}

/** Larger files are no longer files that anybody opens. */
const MOST_IN_FILE = 20_000

const CHOSEN = `($1::text is null or station = $1) and ($2::timestamptz is null or first_at < $2) and ($3::timestamptz is null or last_at >= $3)
  and ($4::boolean is null or (ended_at is null) = $4)`
const chosen = ({ station, before, since, open }: Omit<SessionQuery, 'limit'>) => [
  station ?? null,
  before === undefined ? null : asTimestamp(before),
  since === undefined ? null : asTimestamp(since),
  open ?? null,
]

interface BillColumns {
  tariff: string | null
  currency: string | null
  total_excl: number | null
  total_incl: number | null
  lines: { vat: string | null; excl_vat: string; incl_vat: string }[] | null
  signed: boolean
}

/** Sums of the lines of a bill by their rate. */
function vatOf(lines: NonNullable<BillColumns['lines']>): PricedSession['vat'] {
  const rates = new Map<string | null, { excl: number; amount: number }>()
  for (const { vat, excl_vat, incl_vat } of lines) {
    const sum = rates.get(vat) ?? { excl: 0, amount: 0 }
    rates.set(vat, sum)
    sum.excl += Number(excl_vat)
    sum.amount += Number(incl_vat) - Number(excl_vat)
  }
  const cents = (value: number) => Math.round(value * 100) / 100
  return [...rates].map(([rate, { excl, amount }]) => ({
    rate: rate === null ? null : Number(rate),
    excl: cents(excl),
    amount: cents(amount),
  }))
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
    async sessions({ limit = 100, ...query }) {
      const rows = await store.query<TransactionRow>(
        `select * from cariflex.charging_transaction where ${CHOSEN} order by first_at desc limit $5`,
        [...chosen(query), Math.min(Math.max(1, limit), 1000)],
      )
      return rows.map(listed)
    },
    async priced({ limit = MOST_IN_FILE, ...query }) {
      const rows = await store.query<TransactionRow & BillColumns>(
        `select t.*, b.tariff->>'id' as tariff, b.currency, b.total_excl, b.total_incl, b.bill->'lines' as lines,
           exists(select from cariflex.transaction_event e where e.station = t.station and e.transaction_id = t.transaction_id
             and e.payload @? '$.meterValue[*].sampledValue[*].signedMeterValue') as signed
         from (select * from cariflex.charging_transaction where ${CHOSEN} order by first_at desc limit $5) t
         left join cariflex.charging_bill b on b.station = t.station and b.transaction_id = t.transaction_id order by t.first_at desc`,
        [...chosen(query), Math.min(Math.max(1, limit), MOST_IN_FILE)],
      )
      return rows.map((row) => ({
        ...listed(row),
        ...{ tariff: row.tariff, currency: row.currency, totalExcl: row.total_excl, totalIncl: row.total_incl },
        ...{ vat: vatOf(row.lines ?? []), signed: row.signed },
      }))
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
