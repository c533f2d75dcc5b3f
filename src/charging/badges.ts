/** Badges as people see them: the table of tokens, and the inbox of those that were shown and that nobody knows. */
import { formatInstant, type Instant, Problem, say } from '#kernel'
import type { AuthorizationStatusEnumType } from '#protocols/ocpp'
import { isEmaid, plainEmaid } from '#protocols/pki'
import { asTimestamp, type Queryable } from '#store'
import { SAYING } from './saying.ts'

export interface TokenRegistration {
  token: string
  /** ISO14443, Central …; absent = any type. */
  type?: string
  status?: AuthorizationStatusEnumType
  validUntil?: Instant
  /** Tokens of one group may stop each other's transactions. */
  group?: string
  /** Numeric asset of the car that this token comes with. */
  vehicle?: number
  nickname?: string
  /** Its group is the MasterPassGroupId of stations: it may stop any transaction, and start none (C16). */
  master?: boolean
  /** Stations, or 'STATION/EVSE', where it may charge; absent = everywhere. */
  places?: readonly string[]
  /** RFC 5646, for the display of the station. */
  language?: string
  message?: string
  /** Seconds that a station may keep what it was told of it. */
  cacheSeconds?: number
  /** false: never in the local lists of stations. */
  local?: boolean
  /** false: one session at a time. */
  concurrent?: boolean
}

/** A badge in a list; moments in the zone that was asked for. */
export interface Badge {
  token: string
  type: string | null
  status: string
  nickname: string | null
  group: string | null
  master: boolean
  vehicle: number | null
  places: string[] | null
  validUntil: string | null
  language: string | null
  message: string | null
  cacheSeconds: number | null
  local: boolean
  concurrent: boolean
  lastUsedAt: string | null
}

export interface UnknownBadge {
  token: string
  type: string
  station: string
  firstAt: string
  lastAt: string
  times: number
}

/** The table and the inbox, for those who have no database at hand. */
export interface BadgeDesk {
  register(token: TokenRegistration): Promise<void>
  remove(token: string): Promise<void>
  list(): Promise<Badge[]>
  unknown(): Promise<UnknownBadge[]>
  dismiss(token: string): Promise<void>
}

export const openBadgeDesk = (store: Queryable, zone: string): BadgeDesk => ({
  register: (token) => registerToken(store, token),
  remove: (token) => removeToken(store, token),
  list: () => listTokens(store, zone),
  unknown: () => listUnknown(store, zone),
  dismiss: async (token) => void (await dismissUnknown(store, token)),
})

/** Keeps a token; the same token again replaces what was said of it, and takes it out of the inbox. @throws Problem `invalid-token` */
export async function registerToken(store: Queryable, given: TokenRegistration): Promise<void> {
  // Cars show theirs with or without check digit: it is kept without.
  const token = given.type === 'eMAID' ? plainEmaid(given.token).slice(0, 14) : given.token.trim()
  if (token === '' || token.length > 255)
    throw new Problem('invalid-token', say(SAYING.tokenLength), { status: 422, hint: say(SAYING.tokenAsShown) })
  if (given.type === 'eMAID' && !isEmaid(given.token))
    throw new Problem('invalid-token', say(SAYING.noEmaid, { token: given.token.slice(0, 40) }), {
      status: 422,
      hint: say(SAYING.emaidForm),
    })
  await store.query(
    `insert into cariflex.id_token (token, type, status, valid_until, group_id, vehicle, nickname, is_master, places, language,
       personal_message, cache_seconds, may_be_local, may_concur)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
     on conflict (lower(token)) do update set type = excluded.type, status = excluded.status, valid_until = excluded.valid_until,
       group_id = excluded.group_id, vehicle = excluded.vehicle, nickname = coalesce(excluded.nickname, id_token.nickname),
       is_master = excluded.is_master, places = excluded.places, language = excluded.language, personal_message = excluded.personal_message,
       cache_seconds = excluded.cache_seconds, may_be_local = excluded.may_be_local, may_concur = excluded.may_concur`,
    [
      token,
      given.type ?? null,
      given.status ?? 'Accepted',
      given.validUntil === undefined ? null : asTimestamp(given.validUntil),
      given.group ?? null,
      given.vehicle ?? null,
      given.nickname ?? null,
      given.master ?? false,
      given.places ?? null,
      given.language ?? null,
      given.message ?? null,
      given.cacheSeconds ?? null,
      given.local ?? true,
      given.concurrent ?? true,
    ],
  )
  await store.query('delete from cariflex.unknown_token where lower(token) = lower($1)', [token])
}

/** Takes a token out. @throws Problem `unknown-token` (404) */
export async function removeToken(store: Queryable, token: string): Promise<void> {
  const gone = await store.query('delete from cariflex.id_token where lower(token) = lower($1) returning 1', [token.trim()])
  if (gone.length === 0)
    throw new Problem('unknown-token', say(SAYING.unknownToken, { token }), { status: 404, hint: say(SAYING.seeTokens) })
}

export async function listTokens(store: Queryable, zone: string): Promise<Badge[]> {
  const rows = await store.query<{ [column: string]: never }>(
    `select t.*, (select max(c.last_at) from cariflex.charging_transaction c where c.id_token = t.token) as last_used
     from cariflex.id_token t order by coalesce(t.nickname, t.token), t.token`,
  )
  const moment = (at: Instant | null) => (at === null ? null : formatInstant(at, zone))
  return rows.map((row) => ({
    token: row['token']!,
    type: row['type']!,
    status: row['status']!,
    nickname: row['nickname']!,
    group: row['group_id']!,
    master: row['is_master']!,
    vehicle: row['vehicle']!,
    places: row['places']!,
    validUntil: moment(row['valid_until']!),
    language: row['language']!,
    message: row['personal_message']!,
    cacheSeconds: row['cache_seconds']!,
    local: row['may_be_local']!,
    concurrent: row['may_concur']!,
    lastUsedAt: moment(row['last_used']!),
  }))
}

export async function listUnknown(store: Queryable, zone: string): Promise<UnknownBadge[]> {
  const rows = await store.query<Omit<UnknownBadge, 'firstAt' | 'lastAt'> & { first_at: Instant; last_at: Instant }>(
    'select token, type, station, first_at, last_at, times from cariflex.unknown_token order by last_at desc',
  )
  return rows.map(({ first_at, last_at, ...row }) => ({
    ...row,
    firstAt: formatInstant(first_at, zone),
    lastAt: formatInstant(last_at, zone),
  }))
}

/** Takes an unknown token out of the inbox; nothing happens when it is not in it. */
export const dismissUnknown = (store: Queryable, token: string): Promise<unknown> =>
  store.query('delete from cariflex.unknown_token where lower(token) = lower($1)', [token.trim()])
