/** Where plans are kept: `cariflex.plan`, newest first. A plan never changes; what replaces it is a new one. */
import { after, formatDuration, formatInstant, type Instant } from '#kernel'
import { asJson, asTimestamp, type Queryable, type Store } from '#store'
import type { BrokenWish, ExpectedCar, Plan } from './plan.ts'

export interface PlanView extends Omit<Plan, 'madeAt' | 'start' | 'step' | 'brokenWishes' | 'expected'> {
  madeAt: string
  start: string
  step: string
  brokenWishes: (Omit<BrokenWish, 'at'> & { at: string })[]
  expected?: (Omit<ExpectedCar, 'arrives' | 'leaves'> & { arrives: string; leaves: string })[]
}

export interface Plans {
  /** Commits a plan (in a transaction of the caller, when given). */
  keep(plan: Plan, tx?: Queryable): Promise<void>
  /**
   * The newest plan of the site made by `at` (a plan of the future is one from before the clock was set back).
   * Kept in memory until another one is there.
   */
  latest(site: number, at: Instant): Promise<Plan | undefined>
  /** Drops plans made before the moment, always sparing the newest of each site. Resolves to how many. */
  forgetBefore(at: Instant): Promise<number>
}

/** Opens the plans in the database. */
export function openPlans(store: Store): Plans {
  const remembered = new Map<number, Plan>()
  return {
    async keep(plan, tx = store) {
      const until = after(plan.start, plan.step * plan.slots)
      await tx.query('insert into cariflex.plan (id, site, made_at, start, until, body) values ($1, $2, $3, $4, $5, $6)', [
        plan.id,
        plan.site,
        asTimestamp(plan.madeAt),
        asTimestamp(plan.start),
        asTimestamp(until),
        asJson(plan),
      ])
    },
    async latest(site, at) {
      const known = remembered.get(site)
      const row = await store.first<{ id: string; body: Plan | null }>(
        `select id, case when id = $2 then null else body end as body from cariflex.plan where site = $1 and made_at <= $3
         order by made_at desc, id desc limit 1`,
        [site, known?.id ?? '', asTimestamp(at)],
      )
      if (row?.body) remembered.set(site, row.body)
      else if (!row) remembered.delete(site)
      return remembered.get(site)
    },
    async forgetBefore(at) {
      const gone = await store.query(
        `delete from cariflex.plan p where made_at < $1
         and exists (select 1 from cariflex.plan newer where newer.site = p.site and newer.made_at > p.made_at) returning 1`,
        [asTimestamp(at)],
      )
      return gone.length
    },
  }
}

/** Slot of the plan that contains the moment, undefined outside. */
export function slotAt(plan: Plan, at: Instant): number | undefined {
  const slot = Math.floor((at - plan.start) / plan.step)
  return slot >= 0 && slot < plan.slots ? slot : undefined
}

/** A plan as the API shows it: ISO times in the site's zone; with `asset` only that device. */
export function planView(plan: Plan, zone: string, asset?: number): PlanView {
  const devices = asset === undefined || asset === plan.site ? plan.devices : plan.devices.filter((device) => device.asset === asset)
  const { expected, ...rest } = plan
  const moment = (at: Instant) => formatInstant(at, zone)
  return {
    ...rest,
    ...(expected && { expected: expected.map((car) => ({ ...car, arrives: moment(car.arrives), leaves: moment(car.leaves) })) }),
    devices,
    madeAt: formatInstant(plan.madeAt, zone),
    start: formatInstant(plan.start, zone),
    step: formatDuration(plan.step),
    brokenWishes: plan.brokenWishes.map((wish) => ({ ...wish, at: formatInstant(wish.at, zone) })),
  }
}
