/** Users (gateways, bridges) that stopped calling: who was last seen longer ago than allowed (reference 4.4). */
import { type Instant, instant } from '#kernel'
import { asTimestamp, type Queryable } from '#store'

export interface AbsenceQuery {
  /** How long ago the last request may have been, ms. */
  limit: number
  accounts?: readonly number[]
  /** Accounts that this account advises. */
  consultancy?: number
  accountRole?: string
  userRole?: string
  emails?: readonly string[]
  /** Also those who never called; FlexMeasures passes over them. */
  neverSeen?: boolean
}

export interface AbsentUser {
  user: number
  username: string
  email: string
  account: number
  accountName: string
  lastSeen: Instant | null
}

/** Active users that fit the query and were not seen in time, longest absent first. */
export async function absentUsers(db: Queryable, query: AbsenceQuery, now: Instant): Promise<AbsentUser[]> {
  const params: unknown[] = [asTimestamp(instant(now - query.limit)).replace('Z', '')]
  const bind = (value: unknown) => `$${params.push(value)}`
  const where = [`(u.last_seen_at < $1::timestamp${query.neverSeen ? ' or u.last_seen_at is null' : ''})`, 'u.active']
  if (query.accounts && query.accounts.length > 0) where.push(`u.account_id = any(${bind(query.accounts)}::int[])`)
  if (query.consultancy !== undefined) where.push(`a.consultancy_account_id = ${bind(query.consultancy)}::int`)
  if (query.emails) where.push(`lower(u.email) = any(${bind(query.emails.map((email) => email.toLowerCase()))}::text[])`)
  if (query.accountRole !== undefined)
    where.push(
      `exists (select from roles_accounts l join account_role r on r.id = l.role_id where l.account_id = a.id and r.name = ${bind(query.accountRole)})`,
    )
  if (query.userRole !== undefined)
    where.push(
      `exists (select from roles_users l join role r on r.id = l.role_id where l.user_id = u.id and r.name = ${bind(query.userRole)})`,
    )
  return db.query<AbsentUser>(
    `select u.id as "user", coalesce(u.username, u.email) as username, u.email, a.id as account, a.name as "accountName", u.last_seen_at as "lastSeen"
     from fm_user u join account a on a.id = u.account_id where ${where.join(' and ')} order by u.last_seen_at nulls first, u.id`,
    params,
  )
}

/** Those who became absent after an earlier look: the others were told of then. */
export const newlyAbsent = (users: readonly AbsentUser[], limit: number, lastLook: Instant | undefined): AbsentUser[] =>
  lastLook === undefined ? [...users] : users.filter(({ lastSeen }) => lastSeen === null || lastSeen + limit > lastLook)
