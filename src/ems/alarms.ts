/** Alarms: what a person should know now. One active alarm per asset and code; it stays in the list after it ended. */
import { type Bus, type Clock, formatInstant, type Instant } from '#kernel'
import { asTimestamp, type Store } from '#store'
import type { News } from './news.ts'

export interface AlarmView {
  id: number
  asset: number
  code: string
  message: string
  since: string
  active: boolean
}

export interface Alarms {
  /** Raises an alarm, or updates the message of the one that is active. */
  raise(asset: number, code: string, message: string): Promise<void>
  /** Ends the alarm of the asset, or of each of them, if it is active. */
  clear(assets: number | readonly number[], code: string): Promise<void>
  /** Active alarms, and those that began within `past` ms; newest first. */
  views(zone: string, past?: number): Promise<AlarmView[]>
}

/** Opens the alarms in the database. */
export function openAlarms({ store, clock, bus }: { store: Store; clock: Clock; bus: Bus<News> }): Alarms {
  return {
    async raise(asset, code, message) {
      const [row] = await store.query<{ fresh: boolean }>(
        `insert into cariflex.alarm (asset, code, message, since) values ($1, $2, $3, $4)
         on conflict (asset, code) where ended_at is null do update set message = excluded.message returning since = $4 as fresh`,
        [asset, code, message, asTimestamp(clock.now())],
      )
      if (row?.fresh) bus.tell({ kind: 'alarm', asset, code, message, active: true })
    },
    async clear(assets, code) {
      const ended = await store.query<{ asset: number; message: string }>(
        'update cariflex.alarm set ended_at = $3 where asset = any($1::int[]) and code = $2 and ended_at is null returning asset, message',
        [[assets].flat(), code, asTimestamp(clock.now())],
      )
      for (const { asset, message } of ended) bus.tell({ kind: 'alarm', asset, code, message, active: false })
    },
    async views(zone, past = 0) {
      const rows = await store.query<{ id: number; asset: number; code: string; message: string; since: Instant; active: boolean }>(
        `select id, asset, code, message, since, ended_at is null as active from cariflex.alarm
         where ended_at is null or since > $1 order by since desc, id desc limit 500`,
        [asTimestamp((clock.now() - past) as Instant)],
      )
      return rows.map((row) => ({ ...row, since: formatInstant(row.since, zone) }))
    },
  }
}
