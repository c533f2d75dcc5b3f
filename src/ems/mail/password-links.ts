/** One-time links that set a new password. Only their hash is kept; they end after an hour, when used, and when the password changes otherwise. */
import { createHash, randomBytes } from 'node:crypto'
import { after, type Clock, HOUR, Problem, say } from '#kernel'
import { asTimestamp, type Store } from '#store'
import { SAYING } from './saying.ts'

export interface PasswordLinks {
  /** A new token for the user's link. */
  issue(user: number): Promise<string>
  /**
   * Uses the token up; resolves to its user. @throws Problem `password-link-ended` (410) when it was used, is too old, is unknown, or its
   * user was deactivated
   */
  redeem(token: string): Promise<number>
  /** How many were asked for the user within the last hour. */
  recent(user: number): Promise<number>
}

const LIFE = HOUR
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

export function openPasswordLinks(store: Store, clock: Clock): PasswordLinks {
  return {
    async issue(user) {
      const token = randomBytes(32).toString('base64url')
      const now = clock.now()
      await store.query(
        `insert into cariflex.password_link (hash, user_id, uniquifier, created_at, expires_at)
         select $1, id, fs_uniquifier, $3, $4 from fm_user where id = $2`,
        [hashOf(token), user, asTimestamp(now), asTimestamp(after(now, LIFE))],
      )
      return token
    },
    async redeem(token) {
      const now = asTimestamp(clock.now())
      const row = await store.first<{ user: number }>(
        `update cariflex.password_link l set used_at = $2 from fm_user u
         where l.hash = $1 and u.id = l.user_id and u.active and u.fs_uniquifier = l.uniquifier and l.used_at is null and l.expires_at > $2
         returning u.id as user`,
        [hashOf(token), now],
      )
      if (row) return row.user
      throw new Problem('password-link-ended', say(SAYING.linkEnded), {
        status: 410,
        hint: say(SAYING.askNewLink),
      })
    },
    async recent(user) {
      const row = await store.first<{ n: number }>(
        'select count(*)::int as n from cariflex.password_link where user_id = $1 and created_at > $2',
        [user, asTimestamp(after(clock.now(), -HOUR))],
      )
      return row?.n ?? 0
    },
  }
}
