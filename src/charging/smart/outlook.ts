/** What the plan of the site means to do with each charger: for schedules that reach further than the order of now. */
import { type News, openPlans, type Plan } from '#ems'
import { type Bus, type Clock, describeError, type Instant, instant, type Log, MINUTE } from '#kernel'
import type { Store } from '#store'
import type { Step } from './compiler.ts'

export interface Outlook {
  /** Steps planned for a device after `from`, until the plan ends or for `length` ms; none where no recent plan knows it. */
  of(device: string, from: Instant, length: number): Promise<Step[]>
  /** The newest plan that knows the device, whatever its age. */
  plan(device: string): Promise<Plan | undefined>
  close(): void
}

/** A plan older than this is no outlook: the planner makes one every five minutes. */
const STALE = 20 * MINUTE

/** Follows the plans of all sites, as they are told. */
export async function openOutlook({ store, bus, clock, log }: { store: Store; bus: Bus<News>; clock: Clock; log: Log }): Promise<Outlook> {
  const plans = openPlans(store)
  const bySite = new Map<number, Promise<Plan | undefined>>()
  // After a start the plan of before goes on.
  for (const { site } of await store.query<{ site: number }>('select distinct site from cariflex.plan'))
    bySite.set(site, plans.latest(site, clock.now()))
  const leave = bus.any((news) => {
    if (news.kind !== 'plan') return
    bySite.set(
      news.site,
      plans.latest(news.site, clock.now()).catch((error: unknown) => {
        log.warn({ site: news.site, error: describeError(error) }, 'the plan could not be read')
        return undefined
      }),
    )
  })
  const planFor = async (device: string): Promise<Plan | undefined> => {
    for (const found of bySite.values()) {
      const plan = await found
      if (plan?.devices.some((each) => each.device === device)) return plan
    }
    return undefined
  }
  return {
    plan: planFor,
    async of(device, from, length) {
      const plan = await planFor(device)
      if (!plan || clock.now() - plan.madeAt > STALE) return []
      return stepsOf(plan, device, from, length)
    },
    close: leave,
  }
}

/** The plan of a device as steps within (from, from + length). */
export function stepsOf(plan: Plan, device: string, from: Instant, length: number): Step[] {
  const planned = plan.devices.find((each) => each.device === device)
  if (!planned) return []
  const steps: Step[] = []
  const first = Math.max(0, Math.floor((from - plan.start) / plan.step))
  for (let slot = first; slot < plan.slots; slot++) {
    const begin = plan.start + slot * plan.step
    if (begin >= from + length) break
    if (begin + plan.step <= from) continue
    steps.push({ at: instant(Math.max(begin, from)), power: (planned.powerKw[slot] ?? 0) * 1000 })
  }
  return steps
}
