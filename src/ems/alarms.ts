/** Alarms: what a person should know now. One active alarm per asset, code and cause; it stays in the list after it ended. */
import { type Bus, type Clock, formatInstant, type Instant } from '#kernel'
import { asJson, asTimestamp, type Store } from '#store'
import type { News } from './news.ts'

export interface AlarmView {
  id: number
  asset: number
  code: string
  message: string
  since: string
  active: boolean
}

/** Something that is wrong of an asset, with its cause: the same cause again is the same alarm. */
export interface Trouble {
  asset: number
  cause: string
  message: string
  /** The job of the schedule that cannot keep it. */
  job?: string
  /** Afterwards it is of no matter any more. */
  until?: Instant
}

export interface Alarms {
  /** Raises an alarm, or updates the message of the one that is active. */
  raise(asset: number, code: string, message: string): Promise<void>
  /** Ends the alarm of the asset, or of each of them, if it is active. */
  clear(assets: number | readonly number[], code: string): Promise<void>
  /**
   * Raises what is wrong now, and ends what was wrong with these assets and is no more. With `within` only what is about a moment in that
   * period (both ends included) ends.
   */
  settle(assets: readonly number[], code: string, troubles: readonly Trouble[], within?: { from: Instant; until: Instant }): Promise<void>
  /** Ends the alarms that are about a moment that is over. */
  endPassed(): Promise<void>
  /** Active alarms, and those that began within `past` ms, of the assets of these accounts (and public ones); newest first. */
  views(zone: string, past?: number, accounts?: readonly number[] | 'all'): Promise<AlarmView[]>
}

/** Opens the alarms in the database. */
export function openAlarms({ store, clock, bus }: { store: Store; clock: Clock; bus: Bus<News> }): Alarms {
  const raise = async (code: string, { asset, message, cause, job, until }: Trouble) => {
    const [row] = await store.query<{ fresh: boolean }>(
      `insert into cariflex.alarm (asset, code, message, since, cause, job, matters_until) values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (asset, code, cause) where ended_at is null
       do update set message = excluded.message, job = excluded.job, matters_until = excluded.matters_until returning since = $4 as fresh`,
      [asset, code, message, asTimestamp(clock.now()), cause, job ?? null, until === undefined ? null : asTimestamp(until)],
    )
    if (row?.fresh) bus.tell({ kind: 'alarm', asset, code, message, active: true })
  }
  const end = async (condition: string, params: unknown[]) => {
    const ended = await store.query<{ asset: number; code: string; message: string }>(
      `update cariflex.alarm set ended_at = $1 where ended_at is null and ${condition} returning asset, code, message`,
      [asTimestamp(clock.now()), ...params],
    )
    for (const { asset, code, message } of ended) bus.tell({ kind: 'alarm', asset, code, message, active: false })
  }
  return {
    raise: (asset, code, message) => raise(code, { asset, message, cause: '' }),
    clear: (assets, code) => end('asset = any($2::int[]) and code = $3', [[assets].flat(), code]),
    async settle(assets, code, troubles, within) {
      for (const trouble of troubles) await raise(code, trouble)
      const current = troubles.map(({ asset, cause }) => ({ asset, cause }))
      const period = within ? ' and matters_until between $5 and $6' : ''
      await end(
        `asset = any($2::int[]) and code = $3
         and not exists (select from jsonb_to_recordset($4::jsonb) now (asset int, cause text) where now.asset = alarm.asset and now.cause = alarm.cause)${period}`,
        [assets, code, asJson(current), ...(within ? [asTimestamp(within.from), asTimestamp(within.until)] : [])],
      )
    },
    endPassed: () => end('matters_until <= $1', []),
    async views(zone, past = 0, accounts = 'all') {
      const rows = await store.query<{ id: number; asset: number; code: string; message: string; since: Instant; active: boolean }>(
        `select l.id, l.asset, l.code, l.message, l.since, l.ended_at is null as active from cariflex.alarm l
         where (l.ended_at is null or l.since > $1)
         and ($2::int[] is null or exists (select from generic_asset a where a.id = l.asset and (a.account_id is null or a.account_id = any($2::int[]))))
         order by l.since desc, l.id desc limit 500`,
        [asTimestamp((clock.now() - past) as Instant), accounts === 'all' ? null : accounts],
      )
      return rows.map((row) => ({ ...row, since: formatInstant(row.since, zone) }))
    },
  }
}
