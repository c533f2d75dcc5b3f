/** Who may charge: the table of tokens (OCPP 2.0.1 C01, C04, C09). */
import { type Instant, Problem } from '#kernel'
import type { AuthorizationStatusEnumType, IdTokenInfoType } from '#protocols/ocpp'
import { asTimestamp, type Queryable } from '#store'
import { zulu } from './order.ts'

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
}

export interface Verdict {
  info: IdTokenInfoType
  vehicle: number | undefined
}

/** Keeps a token; the same token again replaces what was said of it. */
export async function registerToken(store: Queryable, given: TokenRegistration): Promise<void> {
  const token = given.token.trim()
  if (token === '' || token.length > 36)
    throw new Problem('invalid-token', 'A token has 1 to 36 characters.', { status: 422, hint: 'Write it as the reader shows it.' })
  await store.query(
    `insert into cariflex.id_token (token, type, status, valid_until, group_id, vehicle) values ($1, $2, $3, $4, $5, $6)
     on conflict (lower(token)) do update set type = excluded.type, status = excluded.status, valid_until = excluded.valid_until,
       group_id = excluded.group_id, vehicle = excluded.vehicle`,
    [
      token,
      given.type ?? null,
      given.status ?? 'Accepted',
      given.validUntil === undefined ? null : asTimestamp(given.validUntil),
      given.group ?? null,
      given.vehicle ?? null,
    ],
  )
}

/** What the table says of a token now; one that is not in it is Unknown. Tokens are compared without regard to case and outer spaces. */
export async function authorize(
  store: Queryable,
  token: { idToken: string; type: string },
  now: Instant,
  { freeVend }: { freeVend: boolean },
): Promise<Verdict> {
  if (token.type === 'NoAuthorization') return { info: { status: freeVend ? 'Accepted' : 'Invalid' }, vehicle: undefined }
  const row = await store.first<{
    type: string | null
    status: string
    valid_until: Instant | null
    group_id: string | null
    vehicle: number | null
  }>('select type, status, valid_until, group_id, vehicle from cariflex.id_token where lower(token) = lower($1)', [token.idToken.trim()])
  if (!row || (row.type !== null && row.type !== token.type)) return { info: { status: 'Unknown' }, vehicle: undefined }
  const expired = row.valid_until !== null && row.valid_until <= now
  const info: IdTokenInfoType = { status: expired ? 'Expired' : (row.status as AuthorizationStatusEnumType) }
  if (row.valid_until !== null && !expired && Number.isFinite(row.valid_until)) info.cacheExpiryDateTime = zulu(row.valid_until)
  if (row.group_id !== null) info.groupIdToken = { idToken: row.group_id, type: 'Central' }
  return { info, vehicle: row.vehicle ?? undefined }
}
