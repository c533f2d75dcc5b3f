/** Who may charge: what the table of tokens says of one that is shown (OCPP 2.0.1 C01–C16; charging reference 2.7). */
import { type Clock, describeError, type Instant, instant, type Log } from '#kernel'
import type { AuthorizationStatusEnumType, IdTokenInfoType } from '#protocols/ocpp'
import { type CertificateHash, isEmaid, plainEmaid } from '#protocols/pki'
import { asTimestamp, type Queryable } from '#store'
import { zulu } from './order.ts'

/** A token as a station shows it; the type is one of OCPP's or a word of its own (2.1). */
export interface ShownToken {
  idToken: string
  type: string
}

/** Type of a token whose version has no types (1.6): one of any type in the table is meant. */
export const ANY_TYPE = 'IdTag'

/** Where and when it is shown. */
export interface Occasion {
  station: string
  /** EVSE, where it is known already. */
  evse?: number | undefined
  now: Instant
  freeVend: boolean
}

export interface Verdict {
  info: IdTokenInfoType
  vehicle: number | undefined
  /** False: the table has no such token. */
  known: boolean
}

/** Somebody else who knows tokens, such as a roaming partner; undefined: neither does it. */
export type RealTimeAuthorizer = (token: ShownToken, occasion: Occasion) => Promise<IdTokenInfoType | undefined>

/** The contract certificate of a car, as its station passes it on (C07). */
export interface Contract {
  emaid: string
  /** PEM, the leaf first. */
  certificate?: string
  /** For OCSP, when the station checked the chain itself. */
  hashes?: readonly (CertificateHash & { responderURL: string })[]
}

/** Checks chain, validity and revocation of a contract certificate; the word is one of AuthorizeCertificateStatusEnumType. */
export type ContractCheck = (contract: Contract) => Promise<ContractStatus>
export type ContractStatus =
  | 'Accepted'
  | 'SignatureError'
  | 'CertificateExpired'
  | 'CertificateRevoked'
  | 'NoCertificateAvailable'
  | 'CertChainError'
  | 'ContractCancelled'

interface TokenRow {
  key: string
  type: string | null
  status: string
  valid_until: Instant | null
  group_id: string | null
  vehicle: number | null
  places: string[] | null
  language: string | null
  personal_message: string | null
  cache_seconds: number | null
  may_concur: boolean
  elsewhere: string[] | null
}

const COLUMNS = `lower(t.token) as key, t.type, t.status, t.valid_until, t.group_id, t.vehicle, t.places, t.language, t.personal_message,
  t.cache_seconds, t.may_concur,
  case when t.may_concur then null else array(select c.station from cariflex.charging_transaction c
    where c.ended_at is null and lower(c.id_token) = lower(t.token)) end as elsewhere`

/** Under which keys of the table a token may stand: without regard to case and outer spaces, an eMAID with or without hyphens and check digit. */
export function keysOf({ idToken, type }: ShownToken): string[] {
  const plain = idToken.trim().toLowerCase()
  if (type !== 'eMAID' || !isEmaid(idToken)) return [plain]
  const bare = plainEmaid(idToken).toLowerCase()
  return [...new Set([plain, bare, bare.slice(0, 14)])]
}

/** What the table says of each token, in the order given. One that is not in it is Unknown. */
export async function authorizeAll(store: Queryable, asked: readonly { token: ShownToken; occasion: Occasion }[]): Promise<Verdict[]> {
  const keys = [...new Set(asked.flatMap(({ token }) => keysOf(token)))]
  const rows =
    keys.length === 0
      ? []
      : await store.query<TokenRow>(`select ${COLUMNS} from cariflex.id_token t where lower(t.token) = any($1::text[])`, [keys])
  const byKey = new Map(rows.map((row) => [row.key, row]))
  return asked.map(({ token, occasion }) => {
    const row = keysOf(token)
      .map((key) => byKey.get(key))
      .find((found) => found !== undefined)
    return judge(token, row, occasion)
  })
}

/** `authorizeAll` of one. */
export const authorize = async (store: Queryable, token: ShownToken, occasion: Occasion): Promise<Verdict> =>
  (await authorizeAll(store, [{ token, occasion }]))[0]!

function judge(token: ShownToken, row: TokenRow | undefined, { station, evse, now, freeVend }: Occasion): Verdict {
  if (token.type === 'NoAuthorization') return { info: { status: freeVend ? 'Accepted' : 'Invalid' }, vehicle: undefined, known: true }
  if (!row || (row.type !== null && token.type !== ANY_TYPE && row.type !== token.type))
    return { info: { status: 'Unknown' }, vehicle: undefined, known: false }
  const info: IdTokenInfoType = { status: statusOf(row, station, evse, now) }
  const until = Math.min(row.valid_until ?? Infinity, row.cache_seconds === null ? Infinity : now + row.cache_seconds * 1000)
  if (info.status !== 'Expired' && Number.isFinite(until)) info.cacheExpiryDateTime = zulu(instant(until))
  if (row.group_id !== null) info.groupIdToken = { idToken: row.group_id, type: 'Central' }
  if (row.language !== null) info.language1 = row.language
  if (row.personal_message !== null)
    info.personalMessage = { format: 'UTF8', content: row.personal_message, ...(row.language === null ? {} : { language: row.language }) }
  const evses = evsesAt(row.places, station)
  if (evses !== undefined && evses.length > 0) info.evseId = evses
  return { info, vehicle: row.vehicle ?? undefined, known: true }
}

function statusOf(row: TokenRow, station: string, evse: number | undefined, now: Instant): AuthorizationStatusEnumType {
  if (row.status !== 'Accepted') return row.status as AuthorizationStatusEnumType
  if (row.valid_until !== null && row.valid_until <= now) return 'Expired'
  if (row.places !== null) {
    const evses = evsesAt(row.places, station)
    if (evses === undefined) return 'NotAtThisLocation'
    if (evse !== undefined && evses.length > 0 && !evses.includes(evse)) return 'NotAllowedTypeEVSE'
  }
  if (row.elsewhere?.some((other) => other !== station)) return 'ConcurrentTx'
  return 'Accepted'
}

/** EVSEs of the station where the token is good: none named = all of them, undefined = none. */
function evsesAt(places: readonly string[] | null, station: string): number[] | undefined {
  if (places === null) return []
  const here = places.filter((place) => place === station || place.startsWith(`${station}/`))
  if (here.length === 0) return undefined
  return here.includes(station) ? [] : here.map((place) => Number(place.slice(station.length + 1)))
}

export interface Authorization {
  /** What the table says, else a partner; unknown tokens are kept for the inbox. */
  ask(token: ShownToken, occasion: Occasion): Promise<IdTokenInfoType>
  /** The same for a car that shows its contract certificate. */
  askContract(token: ShownToken, contract: Contract, occasion: Occasion): Promise<{ info: IdTokenInfoType; certificate: ContractStatus }>
  /** What a partner says of a token that the table does not have; undefined when it has it, or nobody knows it. */
  outside(token: ShownToken, occasion: Occasion): Promise<IdTokenInfoType | undefined>
  /** From now on unknown tokens are asked of it too, after those that were here before. */
  addAuthorizer(authorizer: RealTimeAuthorizer): void
  setContractCheck(check: ContractCheck): void
}

/** Partners get so long, ms: a driver waits in front of the station. */
const PARTNER_PATIENCE = 5000

export function openAuthorization({ store, clock, log }: { store: Queryable; clock: Clock; log: Log }): Authorization {
  const partners: RealTimeAuthorizer[] = []
  let contracts: ContractCheck | undefined

  const askPartners = async (token: ShownToken, occasion: Occasion) => {
    for (const partner of partners) {
      const answer = await inTime(clock, partner(token, occasion)).catch((error: unknown) => {
        log.warn({ station: occasion.station, error: describeError(error) }, 'a partner did not say whether a token may charge')
        return undefined
      })
      if (answer) return answer
    }
    return undefined
  }
  const ask: Authorization['ask'] = async (token, occasion) => {
    const { info, known } = await authorize(store, token, occasion)
    if (known) return info
    const told = await askPartners(token, occasion)
    if (told) return told
    await noteUnknown(store, [{ token, station: occasion.station, at: occasion.now }])
    return info
  }

  return {
    ask,
    async askContract(token, contract, occasion) {
      const certificate = contracts ? await contracts(contract) : 'NoCertificateAvailable'
      if (certificate !== 'Accepted') return { info: { status: certificate === 'CertificateExpired' ? 'Expired' : 'Invalid' }, certificate }
      const info = await ask(token, occasion)
      // The certificate is good, but the contract behind it is not ours, or over.
      return { info, certificate: info.status === 'Accepted' ? certificate : 'ContractCancelled' }
    },
    async outside(token, occasion) {
      if (partners.length === 0 || token.type === 'NoAuthorization') return undefined
      if ((await authorize(store, token, occasion)).known) return undefined
      return askPartners(token, occasion)
    },
    addAuthorizer(authorizer) {
      partners.push(authorizer)
    },
    setContractCheck(check) {
      contracts = check
    },
  }
}

const inTime = <T>(clock: Clock, work: Promise<T>) =>
  new Promise<T>((resolve, reject) => {
    const timer = clock.in(PARTNER_PATIENCE, () => reject(new Error(`no answer within ${PARTNER_PATIENCE / 1000} s`)))
    work.then(resolve, reject).finally(() => timer.cancel())
  })

/** The inbox holds so many; a station that shows ever new ones must not fill the database. */
const INBOX = 1000

/** Keeps unknown tokens, so that a person can make them known with two clicks. */
export async function noteUnknown(store: Queryable, shown: readonly { token: ShownToken; station: string; at: Instant }[]): Promise<void> {
  const seen = new Map(shown.map((one) => [`${one.token.idToken.trim().toLowerCase()}\n${one.token.type}`, one]))
  const rows = [...seen.values()].filter(({ token }) => token.idToken.trim() !== '')
  if (rows.length === 0) return
  await store.query(
    `insert into cariflex.unknown_token (token, type, station, first_at, last_at)
     select token, type, station, at, at from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as r(token, type, station, at)
     where (select count(*) from cariflex.unknown_token) < $5
       or exists (select from cariflex.unknown_token u where lower(u.token) = lower(r.token) and u.type = r.type)
     on conflict (lower(token), type) do update set last_at = excluded.last_at, station = excluded.station, times = unknown_token.times + 1`,
    [
      rows.map(({ token }) => token.idToken.trim()),
      rows.map(({ token }) => token.type),
      rows.map(({ station }) => station),
      rows.map(({ at }) => asTimestamp(at)),
      INBOX,
    ],
  )
}
