/** Contracts in the database. */
import { type Instant, Problem, say } from '#kernel'
import { asTimestamp, type Queryable } from '#store'
import { SAYING } from './saying.ts'

export interface KeptContract {
  emaid: string
  /** PCID of the car it is for. */
  car: string
  until: Instant
  /** When a car got a certificate of it last. */
  installedAt: Instant | null
  revokedAt: Instant | null
  revokedBecause: string | null
  createdAt: Instant
}

const COLUMNS = `emaid, car, valid_until as "until", installed_at as "installedAt", revoked_at as "revokedAt",
  revoked_because as "revokedBecause", created_at as "createdAt"`

/** By eMAID. */
export const listContracts = (store: Queryable): Promise<KeptContract[]> =>
  store.query<KeptContract>(`select ${COLUMNS} from cariflex.contract order by emaid limit 10000`)

export const findContract = (store: Queryable, emaid: string): Promise<KeptContract | undefined> =>
  store.first<KeptContract>(`select ${COLUMNS} from cariflex.contract where emaid = $1`, [emaid])

/** The contract that counts for a car now: the one it would like best, else the newest. */
export const contractOfCar = (store: Queryable, car: string, preferred: readonly string[], now: Instant) =>
  store.first<KeptContract>(
    `select ${COLUMNS} from cariflex.contract where car = $1 and revoked_at is null and valid_until > $3
     order by array_position($2::text[], emaid) nulls last, created_at desc limit 1`,
    [car, preferred, asTimestamp(now)],
  )

/** Keeps a new contract; one that is over makes room. @throws Problem `contract-exists` */
export async function addContract(store: Queryable, emaid: string, car: string, until: Instant, now: Instant): Promise<KeptContract> {
  const row = await store.first<KeptContract>(
    `insert into cariflex.contract as kept (emaid, car, valid_until, created_at) values ($1, $2, $3, $4)
     on conflict (emaid) do update set car = excluded.car, valid_until = excluded.valid_until, created_at = excluded.created_at,
       installed_at = null, revoked_at = null, revoked_because = null
     where kept.revoked_at is not null or kept.valid_until <= $4 returning ${COLUMNS}`,
    [emaid, car, asTimestamp(until), asTimestamp(now)],
  )
  if (row) return row
  throw new Problem('contract-exists', say(SAYING.contractExists, { emaid }), { status: 409, hint: say(SAYING.revokeFirst) })
}

export const markInstalled = (store: Queryable, emaid: string, now: Instant) =>
  store.query('update cariflex.contract set installed_at = $2 where emaid = $1', [emaid, asTimestamp(now)])

/** Ends a contract and all certificates of it, for good. @throws Problem `unknown-contract` */
export async function endContract(store: Queryable, emaid: string, because: string, now: Instant): Promise<KeptContract> {
  const row = await store.first<KeptContract>(
    `update cariflex.contract set revoked_at = coalesce(revoked_at, $2), revoked_because = coalesce(revoked_because, $3)
     where emaid = $1 returning ${COLUMNS}`,
    [emaid, asTimestamp(now), because],
  )
  if (!row) throw new Problem('unknown-contract', say(SAYING.unknownContract, { emaid }), { status: 404, hint: say(SAYING.listContracts) })
  await store.query(
    `update cariflex.certificate set revoked_at = coalesce(revoked_at, $2), revoked_because = coalesce(revoked_because, $3)
     where kind = 'contract' and $1 = any(uses)`,
    [emaid, asTimestamp(now), because],
  )
  return row
}
