/**
 * What sessions cost while they go on and when they ended (OCPP 2.0.1 I02, I03). The tariff is that of the moment the session began. The price
 * is always made from everything that is known of the session: events that come late, twice or in any order change it as they should.
 */
import type Fraction from 'fraction.js'
import { formatInstant, type Instant, instant, type Log } from '#kernel'
import type { TransactionEventRequest } from '#protocols/ocpp'
import { asJson, asTimestamp, type Store } from '#store'
import { readMeter, type Sample } from '../meter.ts'
import type { Transaction } from '../transaction.ts'
import type { TariffBook } from './book.ts'
import { type Mark, periodsFrom } from './metered.ts'
import { type Bill, priceSession } from './price.ts'
import type { Tariff } from './tariff.ts'
import { writtenBill } from './written.ts'

export type WrittenBill = ReturnType<typeof writtenBill>

export interface Costs {
  /**
   * Takes an event in. Resolves to the cost until then, VAT included, or undefined when no tariff holds. The bill of an ended session is kept
   * before it resolves. @throws Problem `database-unavailable`
   */
  follow(transaction: Transaction, event: TransactionEventRequest, at: Instant, samples: readonly Sample[]): Promise<number | undefined>
  /** The bill of a session, until now if it goes on; undefined when no tariff held. */
  bill(transaction: Transaction, now: Instant): Promise<{ tariff: Tariff; bill: WrittenBill; isFinal: boolean } | undefined>
}

/** What was told of a session, in any order: registers as the station showed them (Wh). */
interface Told {
  at: Instant
  state?: NonNullable<Mark['state']>
  imported?: number
  exported?: number
}

interface Account {
  tariff: Tariff
  told: Told[]
}

/** OCPP's charging states as OCPI prices them: a vehicle that asks for nothing parks; when we withhold power it still charges. */
const STATE: Record<string, NonNullable<Mark['state']>> = {
  Charging: 'CHARGING',
  SuspendedEVSE: 'SUSPENDED_EVSE',
  SuspendedEV: 'SUSPENDED_EV',
  EVConnected: 'SUSPENDED_EV',
  Idle: 'SUSPENDED_EV',
}

const keyOf = ({ station, id }: Transaction) => `${station}\n${id}`

export interface CostParts {
  store: Store
  log: Log
  book: TariffBook
  zone: string
  voltage: number
}

export function openCosts({ store, log, book, zone, voltage }: CostParts): Costs {
  /** Of sessions that go on; undefined where no tariff holds. */
  const accounts = new Map<string, Account | undefined>()

  /**
   * The account of a session; what is not in memory is read from its events. Undefined when no tariff held at its first event: one that is chosen
   * later is for the sessions after it.
   */
  const accountOf = async (transaction: Transaction): Promise<Account | undefined> => {
    const key = keyOf(transaction)
    if (accounts.has(key)) return accounts.get(key)
    const { station, id, evse, token } = transaction
    const row = await store.first<{ tariff: Tariff }>(
      'select tariff from cariflex.charging_bill where station = $1 and transaction_id = $2',
      [station, id],
    )
    const tariff = row?.tariff ?? (transaction.events <= 1 ? book.tariffFor({ station, evse, token }) : undefined)
    if (!tariff) {
      if (transaction.endedAt === undefined) accounts.set(key, undefined)
      return undefined
    }
    const events = await store.query<{ at: Instant; payload: TransactionEventRequest }>(
      'select at, payload from cariflex.transaction_event where station = $1 and transaction_id = $2 order by at, seq_no',
      [station, id],
    )
    const told = events.flatMap(({ at, payload }) =>
      toldBy(payload, at, readMeter(payload.meterValue ?? [], at, payload.numberOfPhasesUsed ?? 3, voltage).samples),
    )
    const account = { tariff, told }
    if (transaction.endedAt === undefined) accounts.set(key, account)
    if (!row)
      await store.query(
        `insert into cariflex.charging_bill (station, transaction_id, tariff, currency, priced_at) values ($1, $2, $3, $4, $5)
         on conflict do nothing`,
        [station, id, asJson(tariff), tariff.currency, asTimestamp(transaction.firstAt)],
      )
    return account
  }

  const priced = (transaction: Transaction, { tariff, told }: Account, until: Instant): Bill => {
    const start = transaction.startedAt ?? transaction.firstAt
    const end = instant(Math.max(start, transaction.endedAt ?? until))
    const looksAtPower = tariff.elements.some(({ restrictions: r }) => r?.min_power ?? r?.max_power ?? r?.min_current ?? r?.max_current)
    const periods = periodsFrom(marksOf(told, start, end), end, looksAtPower !== undefined)
    return priceSession({
      tariff,
      session: { start_date_time: formatInstant(start), end_date_time: formatInstant(end), time_zone: zone, periods },
      options: { rounding: 'cent' },
    })
  }

  const close = async (transaction: Transaction, tariff: Tariff, bill: Bill) => {
    accounts.delete(keyOf(transaction))
    const { total } = bill
    await store.query(
      `update cariflex.charging_bill set tariff = $3, currency = $4, total_excl = $5, total_incl = $6, bill = $7, priced_at = $8
       where station = $1 and transaction_id = $2`,
      [
        ...[transaction.station, transaction.id, asJson(tariff), bill.currency],
        ...[total?.excl.valueOf() ?? null, total?.incl.valueOf() ?? null, asJson(writtenBill(bill))],
        asTimestamp(transaction.endedAt ?? transaction.lastAt),
      ],
    )
  }

  return {
    async follow(transaction, event, at, samples) {
      const known = accounts.has(keyOf(transaction))
      const account = await accountOf(transaction)
      if (!account) {
        if (transaction.endedAt !== undefined) accounts.delete(keyOf(transaction))
        return undefined
      }
      // An account that was just read holds the event already: it was kept before.
      if (known) account.told.push(...toldBy(event, at, samples))
      const bill = priced(transaction, account, transaction.lastAt)
      if (transaction.endedAt !== undefined) await close(transaction, account.tariff, bill)
      if (!bill.total)
        log.warn({ station: transaction.station, transaction: transaction.id, issues: bill.issues }, 'a session was not priced')
      return cents(bill.total?.incl)
    },
    async bill(transaction, now) {
      const row = await store.first<{ tariff: Tariff; bill: WrittenBill | null }>(
        'select tariff, bill from cariflex.charging_bill where station = $1 and transaction_id = $2',
        [transaction.station, transaction.id],
      )
      if (row?.bill) return { tariff: row.tariff, bill: row.bill, isFinal: true }
      const account = await accountOf(transaction)
      return (
        account && {
          tariff: account.tariff,
          bill: writtenBill(priced(transaction, account, transaction.endedAt ?? now)),
          isFinal: transaction.endedAt !== undefined,
        }
      )
    },
  }
}

const cents = (amount: Fraction | undefined): number | undefined => amount && Math.round(amount.valueOf() * 100) / 100

function toldBy({ transactionInfo }: TransactionEventRequest, at: Instant, samples: readonly Sample[]): Told[] {
  const state = transactionInfo.chargingState === undefined ? undefined : STATE[transactionInfo.chargingState]
  return [
    ...(state === undefined ? [] : [{ at, state }]),
    ...samples.flatMap(({ at: when, imported, exported }) =>
      imported === undefined && exported === undefined
        ? []
        : [{ at: when, ...(imported !== undefined && { imported }), ...(exported !== undefined && { exported }) }],
    ),
  ]
}

/** In the order of time, what was taken less what was given; a register that went back (a meter changed) goes on from where it was. */
function marksOf(told: readonly Told[], start: Instant, end: Instant): Mark[] {
  const last: { imported?: number; exported?: number } = {}
  let net = 0
  const marks: Mark[] = []
  for (const { at, state, imported, exported } of told.toSorted((a, b) => a.at - b.at)) {
    const moment = instant(Math.min(Math.max(at, start), end))
    if (state !== undefined) marks.push({ at: moment, state })
    if (imported === undefined && exported === undefined) continue
    if (imported !== undefined) {
      net += Math.max(0, imported - (last.imported ?? imported))
      last.imported = imported
    }
    if (exported !== undefined) {
      net -= Math.max(0, exported - (last.exported ?? exported))
      last.exported = exported
    }
    marks.push({ at: moment, energy: net })
  }
  return marks.length > 0 ? marks : [{ at: start, state: 'CHARGING' }]
}
