/**
 * What sessions cost while they go on and when they ended (OCPP 2.0.1 I02, I03). The tariff is that of the moment the session began. The price
 * is always made from everything that is known of the session: events that come late, twice or in any order change it as they should.
 */
import type Fraction from 'fraction.js'
import { formatInstant, type Instant, instant, type Log, parseInstant } from '#kernel'
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
   * Takes an event in. Resolves to the cost until then, or undefined when no tariff holds. The bill of an ended session is kept before it
   * resolves. @throws Problem `database-unavailable`
   */
  follow(transaction: Transaction, event: TransactionEventRequest, at: Instant, samples: readonly Sample[]): Promise<Cost | undefined>
  /** What a session that goes on costs until now; undefined when it is not known without asking the database. */
  running(transaction: Transaction, now: Instant): Cost | undefined
  /** The bill of a session, until now if it goes on; undefined when no tariff held. */
  bill(transaction: Transaction, now: Instant): Promise<KnownBill | undefined>
  /** From now on another tariff holds for a session that goes on; what it cost until now stays. False when no tariff held. */
  change(transaction: Transaction, tariff: Tariff, at: Instant): Promise<boolean>
}

export interface KnownBill {
  /** The one that holds now, or held at the end. */
  tariff: Tariff
  bill: WrittenBill
  isFinal: boolean
  /** What the station says that it cost, when it prices by itself. */
  station: StationCost | null
}

/** `total`: VAT included, in whole cents; undefined when it cannot be priced. */
export interface Cost {
  tariff: Tariff
  total: number | undefined
  bill: Bill
}

/** A station's own sum. `difference`: its total less ours, VAT included; `failure`: why it has none. */
export interface StationCost {
  total_excl: number | null
  total_incl: number | null
  currency: string
  at: string
  difference: number | null
  failure: string | null
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
  /** Tariffs that took its place while the session went on, oldest first. */
  later: { at: Instant; tariff: Tariff }[]
  told: Told[]
}

interface BillRow {
  tariff: Tariff
  later: { at: string; tariff: Tariff }[]
}
const laterOf = (row: BillRow) => row.later.map(({ at, tariff }) => ({ at: parseInstant(at), tariff }))

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
    const row = await store.first<BillRow>('select tariff, later from cariflex.charging_bill where station = $1 and transaction_id = $2', [
      station,
      id,
    ])
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
    const account = { tariff, later: row ? laterOf(row) : [], told }
    if (transaction.endedAt === undefined) accounts.set(key, account)
    if (!row)
      await store.query(
        `insert into cariflex.charging_bill (station, transaction_id, tariff, currency, priced_at) values ($1, $2, $3, $4, $5)
         on conflict do nothing`,
        [station, id, asJson(tariff), tariff.currency, asTimestamp(transaction.firstAt)],
      )
    return account
  }

  const priced = (transaction: Transaction, { tariff, later, told }: Account, until: Instant): Bill => {
    const start = transaction.startedAt ?? transaction.firstAt
    const end = instant(Math.max(start, transaction.endedAt ?? until))
    const tariffs = [tariff, ...later.map((one, index) => chosenLater(one.tariff, index))]
    const bySteps = later.length > 0 || tariffs.some(looksAtPower)
    const marks = marksOf([...told, ...later.map(({ at }) => ({ at }))], start, end)
    const periods = periodsFrom(marks, end, bySteps).map((period) => {
      const which = later.findLastIndex(({ at }) => at <= parseInstant(period.start_date_time)) + 1
      return { ...period, tariff_id: tariffs[which]!.id }
    })
    return priceSession({
      tariffs,
      session: { start_date_time: formatInstant(start), end_date_time: formatInstant(end), time_zone: zone, periods },
      options: { rounding: 'cent' },
    })
  }
  const costOf = (transaction: Transaction, account: Account, until: Instant): Cost => {
    const bill = priced(transaction, account, until)
    return { tariff: holding(account), total: cents(bill.total?.incl), bill }
  }

  const close = async (transaction: Transaction, bill: Bill) => {
    accounts.delete(keyOf(transaction))
    const { total } = bill
    await store.query(
      `update cariflex.charging_bill set currency = $3, total_excl = $4, total_incl = $5, bill = $6, priced_at = $7
       where station = $1 and transaction_id = $2`,
      [
        ...[transaction.station, transaction.id, bill.currency],
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
      const cost = costOf(transaction, account, transaction.lastAt)
      if (transaction.endedAt !== undefined) await close(transaction, cost.bill)
      if (!cost.bill.total)
        log.warn({ station: transaction.station, transaction: transaction.id, issues: cost.bill.issues }, 'a session was not priced')
      return cost
    },
    running(transaction, now) {
      const account = accounts.get(keyOf(transaction))
      return account && costOf(transaction, account, now)
    },
    async bill(transaction, now) {
      const row = await store.first<BillRow & { bill: WrittenBill | null; station_cost: StationCost | null }>(
        'select tariff, later, bill, station_cost from cariflex.charging_bill where station = $1 and transaction_id = $2',
        [transaction.station, transaction.id],
      )
      const station = row?.station_cost ?? null
      if (row?.bill) return { tariff: holding({ tariff: row.tariff, later: laterOf(row) }), bill: row.bill, isFinal: true, station }
      const account = await accountOf(transaction)
      if (!account) return undefined
      const { tariff, bill } = costOf(transaction, account, transaction.endedAt ?? now)
      return { tariff, bill: writtenBill(bill), isFinal: transaction.endedAt !== undefined, station }
    },
    async change(transaction, tariff, at) {
      const account = await accountOf(transaction)
      if (!account) return false
      await store.query(`update cariflex.charging_bill set later = later || $3::jsonb where station = $1 and transaction_id = $2`, [
        transaction.station,
        transaction.id,
        asJson([{ at: asTimestamp(at), tariff }]),
      ])
      account.later.push({ at, tariff })
      return true
    },
  }
}

const holding = ({ tariff, later }: Pick<Account, 'tariff' | 'later'>) => later.at(-1)?.tariff ?? tariff

/** Somebody chose it for this very session: when it begins to hold for others does not matter. Lines of the bill name it by its place. */
const chosenLater = ({ start_date_time: _from, end_date_time: _until, ...tariff }: Tariff, index: number): Tariff => ({
  ...tariff,
  id: `${tariff.id}~${index + 2}`,
})

const looksAtPower = ({ elements }: Tariff): boolean =>
  elements.some(({ restrictions: r }) => (r?.min_power ?? r?.max_power ?? r?.min_current ?? r?.max_current) !== undefined)

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
    else if (imported === undefined && exported === undefined) marks.push({ at: moment })
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
