/** Access tokens: opaque, random, kept in the database as hashes only, looked up once and then remembered for a moment. */
import { createHash, randomBytes } from 'node:crypto'
import type { Principal, Users } from '#ems'
import { after, type Clock, DAY, HOUR, type Instant, MINUTE } from '#kernel'
import { asTimestamp, type Store } from '#store'

export type TokenKind = 'session' | 'token' | 'program'

/** How long a sign-in lasts unless configured. */
export const SESSION_LENGTH = 30 * DAY

export interface Tokens {
  /** A new token of the user, shown only here; `life` in ms instead of how long its kind lives. */
  issue(user: number, kind: TokenKind, label?: string, life?: number): Promise<string>
  /** What the user has now, newest first; `own` is the one that asks. */
  list(user: number, own?: string): Promise<TokenLine[]>
  /** Whose token it is; undefined when unknown, ended, of an inactive user or from before a password change. */
  resolve(token: string): Promise<{ principal: Principal; kind: TokenKind } | undefined>
  revoke(token: string): Promise<void>
  /** Ends one by what {@link list} calls it; false when the user has none of this id. */
  revokeOne(user: number, id: string): Promise<boolean>
  /** Ends every token of the user. */
  revokeAll(user: number): Promise<void>
  /** Forgets what is remembered about users, after one of them changed. */
  forget(): void
  /** Deletes tokens that ended. */
  prune(): Promise<number>
}

/** A token without its secret; `id` says nothing about it. */
export interface TokenLine {
  id: string
  kind: TokenKind
  label: string | null
  createdAt: Instant
  expiresAt: Instant | null
  /** To the minute. */
  lastUsedAt: Instant | null
  own: boolean
}

const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest()

export interface TokenOptions {
  /** Milliseconds that may pass until a change made by another process is seen. */
  keep?: number
  sessionLength?: number
  /** How long a token of the FlexMeasures API lives, ms, default 6 h. */
  tokenLength?: number
}

/** Tokens of a database. */
export function openTokens(
  store: Store,
  users: Users,
  clock: Clock,
  { keep = 10_000, sessionLength = SESSION_LENGTH, tokenLength = 6 * HOUR }: TokenOptions = {},
): Tokens {
  // A program's token (CLI, bridges) does not end by itself.
  const lives: Record<TokenKind, number | undefined> = { session: sessionLength, token: tokenLength, program: undefined }
  const remembered = new Map<string, { found: { principal: Principal; kind: TokenKind }; until: number }>()
  return {
    async issue(user, kind, label, life = lives[kind]) {
      const token = randomBytes(32).toString('base64url')
      const now = clock.now()
      await store.query(
        `insert into cariflex.access_token (hash, kind, user_id, uniquifier, label, created_at, expires_at)
         select $1, $2, id, fs_uniquifier, $4, $5, $6 from fm_user where id = $3`,
        [hashOf(token), kind, user, label ?? null, asTimestamp(now), life === undefined ? null : asTimestamp(after(now, life))],
      )
      return token
    },
    async resolve(token) {
      if (token.length < 20 || token.length > 200) return undefined
      const now = clock.now()
      const hit = remembered.get(token)
      if (hit && hit.until > now) return hit.found
      const row = await store.first<{ user: number; kind: TokenKind; expires: number | null; used: number | null }>(
        `select t.user_id as "user", t.kind, t.expires_at as expires, t.last_used_at as used
         from cariflex.access_token t join fm_user u on u.id = t.user_id
         where t.hash = $1 and u.fs_uniquifier = t.uniquifier and (t.expires_at is null or t.expires_at > $2)`,
        [hashOf(token), asTimestamp(now)],
      )
      const principal = row && (await users.principal(row.user))
      if (!principal) {
        remembered.delete(token)
        return undefined
      }
      // Whoever cannot write that now may still read.
      if (now - (row.used ?? 0) >= MINUTE)
        await store
          .query('update cariflex.access_token set last_used_at = $2 where hash = $1', [hashOf(token), asTimestamp(now)])
          .catch(() => undefined)
      const found = { principal, kind: row.kind }
      if (remembered.size > 10_000) remembered.clear()
      remembered.set(token, { found, until: Math.min(now + keep, row.expires ?? Infinity) })
      return found
    },
    async revoke(token) {
      remembered.delete(token)
      await store.query('delete from cariflex.access_token where hash = $1', [hashOf(token)])
    },
    list: (user, own) =>
      store.query<TokenLine>(
        `select encode(substring(t.hash for 12), 'hex') as id, t.kind, t.label, t.created_at as "createdAt", t.expires_at as "expiresAt",
           t.last_used_at as "lastUsedAt", coalesce(t.hash = $3, false) as own
         from cariflex.access_token t join fm_user u on u.id = t.user_id
         where t.user_id = $1 and t.uniquifier = u.fs_uniquifier and (t.expires_at is null or t.expires_at > $2)
         order by t.created_at desc, t.hash`,
        [user, asTimestamp(clock.now()), own === undefined ? null : hashOf(own)],
      ),
    async revokeOne(user, id) {
      remembered.clear()
      const gone = await store.query(
        `delete from cariflex.access_token where user_id = $1 and encode(substring(hash for 12), 'hex') = $2 returning 1`,
        [user, id],
      )
      return gone.length > 0
    },
    async revokeAll(user) {
      remembered.clear()
      await store.query('delete from cariflex.access_token where user_id = $1', [user])
    },
    forget: () => remembered.clear(),
    async prune() {
      const gone = await store.query('delete from cariflex.access_token where expires_at < $1 returning 1', [asTimestamp(clock.now())])
      return gone.length
    },
  }
}
