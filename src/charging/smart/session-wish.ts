/** What a driver wants of one session, beside what the car says and what is usual for it. */
import { type Clock, type Instant, Problem, say } from '#kernel'
import { asJson, asTimestamp, type Store } from '#store'
import { SAYING } from './saying.ts'

export interface SessionWish {
  /** Wh at the outlet, counted from when it was wished. */
  energy?: number
  /** Percent in the car. */
  soc?: number
  by?: Instant
  /** At most so much money for the session from now on, in the currency of the prices. */
  maxCost?: number
  /** Only what the site makes itself. */
  solarOnly?: boolean
  /** As fast as possible, whatever it costs. */
  priority?: boolean
  /** Whether the car may give energy back; what its owner said otherwise. */
  discharge?: boolean
  madeAt: Instant
  /** Wh that the session had taken when it was wished. */
  takenBefore: number
  /** What the session had cost when it was wished, where a tariff says. */
  spentBefore?: number
  /** Who wished it: a user, or 'driver page'. */
  origin: string
}

export interface Wishes {
  of(station: string, transaction: string): SessionWish | undefined
  /** Keeps a wish in the place of the one before. @throws Problem `unknown-session` (404) */
  keep(station: string, transaction: string, wish: SessionWish): Promise<void>
  remove(station: string, transaction: string): Promise<boolean>
  all(): { station: string; transaction: string; wish: SessionWish }[]
}

/** Opens the wishes of sessions that go on. @throws Problem `database-unavailable` */
export async function openWishes(store: Store, clock: Clock): Promise<Wishes> {
  const kept = new Map<string, { station: string; transaction: string; wish: SessionWish }>()
  const key = (station: string, transaction: string) => JSON.stringify([station, transaction])
  const rows = await store.query<{ station: string; transaction_id: string; wish: SessionWish }>(
    `select w.station, w.transaction_id, w.wish from cariflex.session_wish w
     join cariflex.charging_transaction t on t.station = w.station and t.transaction_id = w.transaction_id where t.ended_at is null`,
  )
  for (const { station, transaction_id: transaction, wish } of rows) kept.set(key(station, transaction), { station, transaction, wish })
  return {
    of: (station, transaction) => kept.get(key(station, transaction))?.wish,
    async keep(station, transaction, wish) {
      const written = await store.query(
        `insert into cariflex.session_wish (station, transaction_id, wish, origin, made_at)
         select $1, $2, $3, $4, $5 where exists (select 1 from cariflex.charging_transaction where station = $1 and transaction_id = $2)
         on conflict (station, transaction_id) do update set wish = excluded.wish, origin = excluded.origin, made_at = excluded.made_at
         returning 1`,
        [station, transaction, asJson(wish), wish.origin, asTimestamp(clock.now())],
      )
      if (written.length === 0)
        throw new Problem('unknown-session', say(SAYING.unknownSession, { session: transaction }), {
          status: 404,
          hint: say(SAYING.seeSessions),
        })
      kept.set(key(station, transaction), { station, transaction, wish })
    },
    async remove(station, transaction) {
      kept.delete(key(station, transaction))
      const gone = await store.query('delete from cariflex.session_wish where station = $1 and transaction_id = $2 returning 1', [
        station,
        transaction,
      ])
      return gone.length > 0
    },
    all: () => [...kept.values()],
  }
}
