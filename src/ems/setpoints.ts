/** The journal of orders (`cariflex.setpoint`): written before an order is sent, completed with the answer and with the receipt. */
import { formatInstant, type Instant, type Watts, watts } from '#kernel'
import { asTimestamp, type Store } from '#store'
import type { Order } from './held.ts'
import type { Rung } from './limit.ts'
import type { Answer, Receipt, Setpoint } from './setpoint.ts'

/** An order as the journal holds it. */
export interface Entry extends Setpoint {
  id: number
  toldAt?: Instant
  answer?: Answer
  receipt?: Receipt
}

export interface SetpointView {
  device: string
  asset: number
  powerKw: number
  at: string
  until: string
  because: string
  rung: Rung
  receipt: { outcome: Receipt['outcome']; powerKw: number | null; at: string; why: string | null } | null
}

export interface Setpoints {
  /** Newest order of each device that is in force at the moment. */
  current(at: Instant): Promise<Entry[]>
  /** Commits new orders. */
  write(orders: readonly Order[], at: Instant, until: Instant): Promise<Entry[]>
  /** Lets orders hold longer, or end now. */
  hold(entries: readonly Entry[], until: Instant): Promise<void>
  /** Gives an order a better reason. */
  reason(id: number, because: string): Promise<void>
  answered(id: number, answer: Answer, at: Instant): Promise<void>
  judged(receipts: readonly { id: number; receipt: Receipt }[]): Promise<void>
  /** Journal for the API. Without a period: what is in force now, one a device. */
  views(filter: { device?: string; asset?: number; from?: Instant; to?: Instant; limit?: number }, now: Instant): Promise<SetpointView[]>
}

interface EntryRow {
  id: number
  device: string
  asset: number
  power_w: number
  at: Instant
  until: Instant
  because: string
  rung: Rung
  told_at: Instant | null
  answer: Answer['answer'] | null
  answer_w: number | null
  answer_why: string | null
  outcome: Receipt['outcome'] | null
  measured_w: number | null
  judged_at: Instant | null
  outcome_why: string | null
}

const NEWEST = `select distinct on (device) * from cariflex.setpoint where site = $1 and until > $2`

/** Opens the journal of one site. */
export function openSetpoints(store: Store, site: { asset: number; zone: string }): Setpoints {
  return {
    async current(at) {
      const rows = await store.query<EntryRow>(`${NEWEST} order by device, id desc`, [site.asset, asTimestamp(at)])
      return rows.map(fromRow)
    },
    async write(orders, at, until) {
      if (orders.length === 0) return []
      const rows = await store.query<EntryRow>(
        // A newer order of a device ends the older one: at most one is in force.
        `with ended as (update cariflex.setpoint set until = $6 where site = $1 and until > $6 and device = any($2::text[]))
         insert into cariflex.setpoint (site, device, asset, power_w, at, until, because, rung)
         select $1, device, asset, power_w, $6, $7, because, rung
         from unnest($2::text[], $3::int[], $4::float8[], $5::text[], $8::text[]) as o(device, asset, power_w, because, rung) returning *`,
        [
          site.asset,
          orders.map((order) => order.device),
          orders.map((order) => order.asset),
          orders.map((order) => order.power),
          orders.map((order) => order.because),
          asTimestamp(at),
          asTimestamp(until),
          orders.map((order) => order.rung),
        ],
      )
      return rows.map(fromRow)
    },
    async hold(entries, until) {
      const ids = entries.map((entry) => entry.id)
      if (ids.length > 0)
        await store.query('update cariflex.setpoint set until = $2 where id = any($1::bigint[])', [ids, asTimestamp(until)])
    },
    async reason(id, because) {
      await store.query('update cariflex.setpoint set because = $2 where id = $1', [id, because])
    },
    async answered(id, answer, at) {
      await store.query('update cariflex.setpoint set told_at = $2, answer = $3, answer_w = $4, answer_why = $5 where id = $1', [
        id,
        asTimestamp(at),
        answer.answer,
        answer.applied ?? null,
        answer.why ?? null,
      ])
    },
    async judged(receipts) {
      if (receipts.length === 0) return
      await store.query(
        `update cariflex.setpoint s set outcome = r.outcome, measured_w = r.power, judged_at = r.at, outcome_why = r.why
         from unnest($1::bigint[], $2::text[], $3::float8[], $4::timestamptz[], $5::text[]) as r(id, outcome, power, at, why) where s.id = r.id`,
        [
          receipts.map(({ id }) => id),
          receipts.map(({ receipt }) => receipt.outcome),
          receipts.map(({ receipt }) => receipt.power ?? null),
          receipts.map(({ receipt }) => asTimestamp(receipt.at)),
          receipts.map(({ receipt }) => receipt.why ?? null),
        ],
      )
    },
    async views({ device, asset, from, to, limit = 500 }, now) {
      const period = from !== undefined || to !== undefined
      const params: unknown[] = [site.asset, asTimestamp(from ?? (period ? (-Infinity as Instant) : now))]
      const bind = (value: unknown) => `$${params.push(value)}`
      const where =
        (to === undefined ? '' : ` and at < ${bind(asTimestamp(to))}`) +
        (device === undefined ? '' : ` and device = ${bind(device)}`) +
        (asset === undefined ? '' : ` and asset = ${bind(asset)}`)
      const text = period
        ? `select * from cariflex.setpoint where site = $1 and (until > $2 or at >= $2)${where} order by id desc limit ${bind(limit)}`
        : `${NEWEST}${where} order by device, id desc`
      const rows = await store.query<EntryRow>(text, params)
      return rows.map((row) => setpointView(fromRow(row), site.zone))
    },
  }
}

function fromRow(row: EntryRow): Entry {
  return {
    id: row.id,
    device: row.device,
    asset: row.asset,
    power: watts(row.power_w),
    at: row.at,
    until: row.until,
    because: row.because,
    rung: row.rung,
    ...(row.told_at !== null && { toldAt: row.told_at }),
    ...(row.answer !== null && { answer: { answer: row.answer, ...applied(row.answer_w), ...why(row.answer_why) } }),
    ...(row.outcome !== null &&
      row.judged_at !== null && {
        receipt: { outcome: row.outcome, at: row.judged_at, ...power(row.measured_w), ...why(row.outcome_why) },
      }),
  }
}

const applied = (value: number | null): { applied?: Watts } => (value === null ? {} : { applied: watts(value) })
const power = (value: number | null): { power?: Watts } => (value === null ? {} : { power: watts(value) })
const why = (text: string | null): { why?: string } => (text === null ? {} : { why: text })

/** An order as the API shows it: kW, ISO times in the site's zone. */
export const setpointView = (entry: Entry, zone: string): SetpointView => ({
  device: entry.device,
  asset: entry.asset,
  powerKw: roundKw(entry.power),
  at: formatInstant(entry.at, zone),
  until: formatInstant(entry.until, zone),
  because: entry.because,
  rung: entry.rung,
  receipt: entry.receipt
    ? {
        outcome: entry.receipt.outcome,
        powerKw: entry.receipt.power === undefined ? null : roundKw(entry.receipt.power),
        at: formatInstant(entry.receipt.at, zone),
        why: entry.receipt.why ?? null,
      }
    : null,
})

const roundKw = (power: Watts): number => Math.round(power) / 1000
