/** The audit log: who changed what, in the tables FlexMeasures keeps (reference 1.1). */
import type { Instant } from '#kernel'
import { asTimestamp, type Queryable } from '#store'
import type { Principal } from './access.ts'

/** User 0 is the command line: no row of `fm_user`. */
type Actor = Pick<Principal, 'user' | 'username'> | undefined

/** Longer texts lose their middle, as the column holds 500 characters. */
export const shortened = (event: string): string => (event.length <= 500 ? event : `${event.slice(0, 247)} ... ${event.slice(-247)}`)

/** Notes what happened to an asset or its sensors; `asset` null when it is gone. */
export async function auditAsset(db: Queryable, at: Instant, who: Actor, event: string, asset: number | null): Promise<void> {
  await db.query(
    'insert into asset_audit_log (event_datetime, event, active_user_name, active_user_id, affected_asset_id) values ($1, $2, $3, $4, $5)',
    [asTimestamp(at).replace('Z', ''), shortened(event), who?.username ?? null, who?.user || null, asset],
  )
}

/** Notes what happened to an account or a user. */
export async function auditAccount(
  db: Queryable,
  at: Instant,
  who: Actor,
  event: string,
  affected: { account?: number | undefined; user?: number | undefined },
): Promise<void> {
  await db.query(
    `insert into audit_log (event_datetime, event, active_user_name, active_user_id, affected_user_id, affected_account_id)
     values ($1, $2, $3, $4, $5, $6)`,
    [
      asTimestamp(at).replace('Z', ''),
      shortened(event),
      who?.username ?? null,
      who?.user || null,
      affected.user ?? null,
      affected.account ?? null,
    ],
  )
}

export interface AuditEntry {
  event: string
  event_datetime: Instant
  active_user_name: string | null
  active_user_id: number | null
}

export interface AuditPage {
  terms: readonly string[]
  limit: number | undefined
  offset: number
  sort: 'event_datetime' | 'event' | 'active_user_name'
  descending: boolean
}

/** Entries of one asset, account or user; `total` counts all, `filtered` those that match the terms. */
export async function readAudit(
  db: Queryable,
  of: { asset: number } | { account: number } | { user: number },
  page: AuditPage,
): Promise<{ entries: AuditEntry[]; total: number; filtered: number }> {
  const [table, column, id] =
    'asset' in of
      ? ['asset_audit_log', 'affected_asset_id', of.asset]
      : 'account' in of
        ? ['audit_log', 'affected_account_id', of.account]
        : ['audit_log', 'affected_user_id', of.user]
  const any = page.terms.map((term) => `%${term.replace(/[\\%_]/g, '\\$&')}%`)
  const match = any.length > 0 ? 'and (event ilike any($2::text[]) or active_user_name ilike any($2::text[]))' : ''
  const params = any.length > 0 ? [id, any] : [id]
  const counts = await db.first<{ total: number; filtered: number }>(
    `select (select count(*) from ${table} where ${column} = $1)::int as total,
     (select count(*) from ${table} where ${column} = $1 ${match})::int as filtered`,
    params,
  )
  const limit = page.limit === undefined ? '' : ` limit ${page.limit} offset ${page.offset}`
  const entries = await db.query<AuditEntry>(
    `select event, event_datetime, active_user_name, active_user_id from ${table} where ${column} = $1 ${match}
     order by ${page.sort} ${page.descending ? 'desc' : 'asc'}, id ${page.descending ? 'desc' : 'asc'}${limit}`,
    params,
  )
  return { entries, total: counts!.total, filtered: counts!.filtered }
}
