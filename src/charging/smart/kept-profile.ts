/** What was laid on stations, as the database keeps it: of every profile what was sent last, and what became of it. */
import type { Instant, Watts } from '#kernel'
import type { Profile } from '#protocols/ocpp'
import { asJson, asTimestamp, type Store } from '#store'

export interface KeptProfile {
  station: string
  evse: number
  profile: number
  purpose: string
  stackLevel: number
  transaction: string | undefined
  unit: string
  limit: number
  until: Instant | undefined
  sentAt: Instant
  status: string
  reason: string | undefined
  held: Watts | undefined
  sent: Profile
  deviation: string | undefined
}

/** Keeps it in the place of what was sent under the same id before. */
export const keepProfile = (store: Store, kept: KeptProfile) =>
  store.query(
    `insert into cariflex.charging_profile
       (station, evse_id, profile_id, purpose, stack_level, transaction_id, unit, limit_value, until, sent_at, status, reason, held_w, profile, deviation)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     on conflict (station, evse_id, profile_id) do update set purpose = excluded.purpose, stack_level = excluded.stack_level,
       transaction_id = excluded.transaction_id, unit = excluded.unit, limit_value = excluded.limit_value, until = excluded.until,
       sent_at = excluded.sent_at, status = excluded.status, reason = excluded.reason, held_w = excluded.held_w,
       profile = excluded.profile, deviation = excluded.deviation`,
    [
      kept.station,
      kept.evse,
      kept.profile,
      kept.purpose,
      kept.stackLevel,
      kept.transaction ?? null,
      kept.unit,
      kept.limit,
      kept.until === undefined ? null : asTimestamp(kept.until),
      asTimestamp(kept.sentAt),
      kept.status,
      kept.reason?.slice(0, 1000) ?? null,
      kept.held ?? null,
      asJson(kept.sent),
      kept.deviation ?? null,
    ],
  )
