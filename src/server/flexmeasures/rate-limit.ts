/** How often the FlexMeasures API may be asked (reference 0.2, 2.10): requests by user or address, accepted triggers by account, asset or user. */
import type { AccountPlan, AccountPlans, CountBy, Principal } from '#ems'
import { type Clock, type FlexMeasuresSettings, parseRates, type Rate, sayRate } from '#kernel'
import type { Reply, Request } from '../app.ts'
import { rejected } from './envelope.ts'

/** Counts in windows that begin with the first request of a key. */
export interface Counter {
  /** Notes one more of the key in the headers. @throws 429 with Retry-After when it is one too many for one of the rates */
  take(key: string, rates: readonly Rate[], reply: Reply): void
  /** Gives one back: it did not count after all. */
  giveBack(key: string, rates: readonly Rate[]): void
}

interface Window {
  count: number
  ends: number
}

export function createCounter(clock: Clock): Counter {
  const windows = new Map<string, Window>()
  const nameOf = (key: string, { limit, period }: Rate) => `${key} ${limit}/${period}`
  const windowOf = (key: string, rate: Rate): Window => {
    const known = windows.get(nameOf(key, rate))
    if (known && known.ends > clock.now()) return known
    const made = { count: 0, ends: clock.now() + rate.period }
    windows.set(nameOf(key, rate), made)
    return made
  }
  return {
    take(key, rates, reply) {
      if (rates.length === 0) return
      const now = clock.now()
      if (windows.size > 10_000) for (const [old, { ends }] of windows) if (ends <= now) windows.delete(old)
      const counted = rates.map((rate) => ({ rate, window: windowOf(key, rate) }))
      const full = counted.find(({ rate, window }) => window.count >= rate.limit)
      if (!full) for (const { window } of counted) window.count++
      // The rate that is told is the one that was hit, or the one with least left.
      const left = ({ rate, window }: (typeof counted)[number]) => rate.limit - window.count
      const tight = full ?? counted.reduce((least, one) => (left(one) < left(least) ? one : least))
      const wait = Math.max(1, Math.ceil((tight.window.ends - now) / 1000))
      reply.headers({
        'X-RateLimit-Limit': tight.rate.limit,
        'X-RateLimit-Remaining': left(tight),
        'X-RateLimit-Reset': Math.ceil(tight.window.ends / 1000),
        'Retry-After': wait,
      })
      if (full) throw tooMany(full.rate, wait)
    },
    giveBack(key, rates) {
      for (const rate of rates) {
        const window = windows.get(nameOf(key, rate))
        if (window && window.count > 0) window.count--
      }
    },
  }
}

const tooMany = (rate: Rate, wait: number) =>
  rejected(429, 'TOO_MANY_REQUESTS', `You hit a rate limit. The limit you hit allows ${sayRate(rate)}. Wait ${wait} seconds.`)

export interface RateLimits {
  /** Counts a request, whoever sends it and whatever becomes of it. @throws 429 */
  request(request: Request, who: Principal | undefined, reply: Reply): Promise<void>
  /** Does the work of a trigger of the asset; counts it only when it is accepted. @throws 429 */
  trigger<T>(who: Principal, asset: number, reply: Reply, work: () => Promise<T>): Promise<T>
}

/** The limits of the server, each of which the plan of an account may replace. Where values may be overwritten (mode 'play') there are none. */
export function createRateLimits(
  { rateLimit, triggerRateLimit, rateLimitKey, mode, dialect }: FlexMeasuresSettings,
  accountPlans: Pick<AccountPlans, 'of'>,
  clock: Clock,
): RateLimits {
  const free = mode === 'play' || dialect === '0.33'
  const [requests, triggers] = [parseRates(rateLimit), parseRates(triggerRateLimit)]
  const counter = createCounter(clock)
  const planOf = async (who: Principal | undefined): Promise<AccountPlan | undefined> =>
    who === undefined ? undefined : accountPlans.of(who.account)
  return {
    async request(request, who, reply) {
      if (free) return
      const rates = (await planOf(who))?.requests ?? requests
      counter.take(who === undefined ? `address:${request.ip}` : `user:${who.user}`, rates, reply)
    },
    async trigger(who, asset, reply, work) {
      if (free) return work()
      const plan = await planOf(who)
      const rates = plan?.triggers ?? triggers
      const key = `trigger ${keyOf(plan?.countBy ?? COUNT_BY[rateLimitKey], who, asset)}`
      counter.take(key, rates, reply)
      try {
        return await work()
      } catch (error) {
        counter.giveBack(key, rates)
        throw error
      }
    },
  }
}

const COUNT_BY: Record<'account' | 'account+asset' | 'user', CountBy> = {
  account: 'ACCOUNT',
  'account+asset': 'ACCOUNT_PLUS_ASSET',
  user: 'USER',
}

function keyOf(by: CountBy, who: Principal, asset: number): string {
  if (by === 'USER') return `user:${who.user}`
  return by === 'ACCOUNT' ? `account:${who.account}` : `account:${who.account}|asset:${asset}`
}
