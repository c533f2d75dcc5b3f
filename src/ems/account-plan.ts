/** What an account's contract lets it have and ask: table `plan` of FlexMeasures (reference 1.1). Null in a column means no limit of its own. */
import { type Clock, Problem, parseRates, type Rate } from '#kernel'
import { isRowId, type Store } from '#store'

export interface AccountPlan {
  id: number
  name: string
  /** A retired plan stays with its accounts but is given to no other. */
  legacy: boolean
  /** Requests of one user; undefined: what the server says. Empty: as many as they like. */
  requests: readonly Rate[] | undefined
  /** Accepted triggers, the same way. */
  triggers: readonly Rate[] | undefined
  /** What accepted triggers are counted by; undefined: what the server says. */
  countBy: CountBy | undefined
  most: Readonly<Record<Countable, number | null>>
}

/** What triggers are counted by: each asset of the account, the account, or the user. */
export type CountBy = 'ACCOUNT_PLUS_ASSET' | 'ACCOUNT' | 'USER'
/** What a plan limits the number of. */
export type Countable = 'users' | 'assets' | 'clients'

export interface AccountPlans {
  get(id: number): Promise<AccountPlan | undefined>
  /** The plan of an account; remembered for a while, as every request asks. */
  of(account: number): Promise<AccountPlan | undefined>
  /** @throws Problem `plan-exhausted` (422) when the plan of the account does not let it have `more` of them */
  demandRoom(account: number | null, what: Countable, more?: number): Promise<void>
  /** Drops what is remembered, after an account changed. */
  forget(): void
}

interface Row {
  id: number
  name: string
  legacy: boolean
  requests: string | null
  triggers: string | null
  countBy: CountBy | null
  users: number | null
  assets: number | null
  clients: number | null
}

const SELECT = `select p.id, p.name, p.legacy, p.default_rate_limit as requests, p.trigger_rate_limit as triggers,
  p.rate_limit_key::text as "countBy", p.max_users as users, p.max_assets as assets, p.max_clients as clients from public.plan p`

const COUNT: Record<Countable, string> = {
  users: 'select count(*)::int as n from fm_user where account_id = $1',
  assets: 'select count(*)::int as n from generic_asset where account_id = $1',
  clients: 'select count(*)::int as n from account where consultancy_account_id = $1',
}

/** Plans of the database, remembered for `keep` milliseconds so that what an operator changes is seen soon. */
export function openAccountPlans(store: Store, clock: Clock, keep = 30_000): AccountPlans {
  const remembered = new Map<number, { plan: AccountPlan | undefined; until: number }>()
  const of = async (account: number) => {
    const hit = remembered.get(account)
    if (hit && hit.until > clock.now()) return hit.plan
    const row = await store.first<Row>(`${SELECT} join account a on a.plan_id = p.id where a.id = $1`, [account])
    const plan = row && planFrom(row)
    if (remembered.size > 10_000) remembered.clear()
    remembered.set(account, { plan, until: clock.now() + keep })
    return plan
  }
  return {
    of,
    async get(id) {
      const row = isRowId(id) ? await store.first<Row>(`${SELECT} where p.id = $1`, [id]) : undefined
      return row && planFrom(row)
    },
    async demandRoom(account, what, more = 1) {
      const plan = account === null ? undefined : await of(account)
      const most = plan?.most[what] ?? null
      if (plan === undefined || most === null) return
      const has = (await store.first<{ n: number }>(COUNT[what], [account]))!.n
      if (has + more > most)
        throw new Problem('plan-exhausted', `The plan '${plan.name}' allows ${most} ${what}; the account has ${has}.`, {
          status: 422,
          hint: 'Remove what is no longer needed, or ask the operator for a larger plan.',
        })
    },
    forget: () => remembered.clear(),
  }
}

/** A limit that cannot be read is as if it were not there: a slip in a plan must not lock its accounts out. */
function ratesOf(text: string | null): Rate[] | undefined {
  if (text === null) return undefined
  try {
    return parseRates(text)
  } catch {
    return undefined
  }
}

const planFrom = ({ id, name, legacy, requests, triggers, countBy, users, assets, clients }: Row): AccountPlan => ({
  id,
  name,
  legacy,
  requests: ratesOf(requests),
  triggers: ratesOf(triggers),
  countBy: countBy ?? undefined,
  most: { users, assets, clients },
})
