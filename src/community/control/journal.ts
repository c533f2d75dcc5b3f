/**
 * What control keeps in the database: how each appliance stands, and every order. It is kept before anything is published; while the database is
 * away control goes on, and what it owes is written when the database is back.
 */
import { type Clock, describeError, type Instant, type Log, SECOND, type Timer } from '#kernel'
import { asJson, asTimestamp, type Store } from '#store'
import type { Because, Deed, Standing } from './standing.ts'

export type OrderState = 'waiting' | 'sent' | 'acknowledged' | 'failed' | 'refused'

export interface OrderRecord {
  readonly id: string
  readonly appliance: number
  readonly device: string
  readonly deed: Deed
  /** Of the appliance. */
  readonly on: boolean
  readonly because: Because
  readonly slot: Instant | null
  readonly askedBy: string | null
  readonly askedAt: Instant
  readonly expiresAt: Instant | null
  readonly state: OrderState
  readonly tries: number
  readonly sentAt: Instant | null
  readonly ackMs: number | null
  readonly reason: string | null
}

export interface Journal {
  /** Resolves when it is kept, or when the database turned out to be away; then it is kept later. */
  keep(standings: readonly (readonly [number, Standing])[], orders: readonly OrderRecord[]): Promise<void>
  /** How the appliances stand; the inner part is missing for those that control never touched. */
  standings(): Promise<Map<number, Partial<Standing>>>
  /** The newest order of each device, and all that have not ended. */
  orders(): Promise<OrderRecord[]>
  isEverythingManual(): Promise<boolean>
  setEverythingManual(on: boolean, by: string | null): Promise<void>
  /** Writes what is still owed, if it can. */
  close(): Promise<void>
}

const TRY_AGAIN = 10 * SECOND
const ORDER = `id, appliance, device, deed, wanted_on as "on", because, slot, asked_by as "askedBy", asked_at as "askedAt", expires_at as "expiresAt",
  state, tries, sent_at as "sentAt", ack_ms as "ackMs", reason`

export function openJournal({ store, clock, log }: { store: Store; clock: Clock; log: Log }): Journal {
  const owedStandings = new Map<number, Standing>()
  const owedOrders = new Map<string, OrderRecord>()
  let writing: Promise<void> | undefined
  let later: Timer | undefined

  /** Writes all that is owed, until nothing is; what came meanwhile goes in the next turn, together. */
  const settle = async (): Promise<void> => {
    while (owedStandings.size + owedOrders.size > 0) {
      const standings = [...owedStandings]
      const orders = [...owedOrders.values()]
      owedStandings.clear()
      owedOrders.clear()
      try {
        await write(store, standings, orders)
      } catch (error) {
        log.error({ error: describeError(error), orders: orders.length }, 'orders are not kept, and are given all the same')
        for (const [id, standing] of standings) if (!owedStandings.has(id)) owedStandings.set(id, standing)
        for (const order of orders) if (!owedOrders.has(order.id)) owedOrders.set(order.id, order)
        later?.cancel()
        later = clock.in(TRY_AGAIN, () => void flush())
        return
      }
    }
  }
  const flush = (): Promise<void> => {
    writing ??= settle().finally(() => {
      writing = undefined
    })
    return writing
  }

  return {
    keep(standings, orders) {
      for (const [id, standing] of standings) owedStandings.set(id, standing)
      for (const order of orders) owedOrders.set(order.id, order)
      return flush()
    },
    async standings() {
      const rows = await store.query<Partial<Standing> & { id: number; inner: Partial<Standing> | null }>(
        `select id, mode, control, command, wanted_on as wanted, started_at as "startedAt", programmed_at as "programmedAt", standing as inner
         from cariflex.community_appliance left join cariflex.appliance_control on appliance = id`,
      )
      return new Map(rows.map(({ id, inner, ...outer }) => [id, { ...inner, ...outer }]))
    },
    orders: () =>
      store.query<OrderRecord>(
        `select ${ORDER} from (select distinct on (device) * from cariflex.device_order order by device, asked_at desc) newest
         union select ${ORDER} from cariflex.device_order where state in ('waiting', 'sent') order by "askedAt"`,
      ),
    isEverythingManual: async () => (await store.first('select 1 from cariflex.everything_manual')) !== undefined,
    async setEverythingManual(on, by) {
      if (!on) await store.query('delete from cariflex.everything_manual')
      else
        await store.query('insert into cariflex.everything_manual (since, asked_by) values ($1, $2) on conflict do nothing', [
          asTimestamp(clock.now()),
          by,
        ])
    },
    async close() {
      later?.cancel()
      await flush()
      later?.cancel()
    },
  }
}

const moment = (at: Instant | null): string | null => (at === null ? null : asTimestamp(at))

const write = (store: Store, standings: readonly [number, Standing][], orders: readonly OrderRecord[]): Promise<void> =>
  store.transact(async (tx) => {
    const rows = standings.map(([id, { mode, control, command, wanted, startedAt, programmedAt, ...inner }]) => ({
      ...{ id, mode, control, command, wanted_on: wanted, started_at: moment(startedAt), programmed_at: moment(programmedAt) },
      standing: inner,
    }))
    if (rows.length > 0) {
      await tx.query(
        `update cariflex.community_appliance as kept set mode = given.mode, control = given.control, command = given.command,
           wanted_on = given.wanted_on, started_at = given.started_at, programmed_at = given.programmed_at
         from jsonb_populate_recordset(null::cariflex.community_appliance, $1) given where kept.id = given.id`,
        [asJson(rows)],
      )
      await tx.query(
        `insert into cariflex.appliance_control (appliance, standing)
         select given.id, given.standing from jsonb_to_recordset($1) given (id integer, standing jsonb)
         join cariflex.community_appliance known on known.id = given.id
         on conflict (appliance) do update set standing = excluded.standing`,
        [asJson(rows)],
      )
    }
    if (orders.length === 0) return
    await tx.query(
      `insert into cariflex.device_order select given.* from jsonb_populate_recordset(null::cariflex.device_order, $1) given
       join cariflex.community_appliance known on known.id = given.appliance
       on conflict (id) do update set state = excluded.state, tries = excluded.tries, sent_at = excluded.sent_at, ack_ms = excluded.ack_ms,
         reason = excluded.reason`,
      [
        asJson(
          orders.map(({ on, askedBy, askedAt, expiresAt, sentAt, ackMs, slot, ...same }) => ({
            ...same,
            ...{ wanted_on: on, asked_by: askedBy, ack_ms: ackMs, slot: moment(slot) },
            ...{ asked_at: moment(askedAt), expires_at: moment(expiresAt), sent_at: moment(sentAt) },
          })),
        ),
      ],
    )
  })
