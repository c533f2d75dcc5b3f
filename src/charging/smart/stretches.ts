/** The time ahead of a charger in stretches of a quarter of an hour: what power is left for its car, what the sun leaves, what a kWh costs. Pure. */
import type { Limit, Plan } from '#ems'
import { floorTo, type Instant, instant, MINUTE, watts } from '#kernel'
import type { Stretch } from './feasibility.ts'

export const SLOT = 15 * MINUTE
/** A driver plans for two days at most. */
const LONGEST = 192

export interface StretchParts {
  device: string
  asset: number | undefined
  /** W, the most that can flow into the car. */
  power: number
  from: Instant
  by: Instant
  plan: Plan | undefined
  limits: readonly Limit[]
  /** Cars that want energy of the sun only share it. */
  sharers?: number
  /** Per kWh, where a tariff says; else what the plan reckons with. */
  price?(at: Instant): number | undefined
}

const slotOf = (plan: Plan | undefined, at: Instant): number | undefined => {
  if (!plan) return undefined
  const slot = Math.floor((at - plan.start) / plan.step)
  return slot >= 0 && slot < plan.slots ? slot : undefined
}

/** Power of the site that would be exported, W: what neither loads nor anything but cars and batteries take of the sun. */
export function surplusAt(plan: Plan | undefined, at: Instant): number {
  const slot = slotOf(plan, at)
  if (!plan || slot === undefined) return 0
  const plants = plan.devices.reduce((sum, { availableKw }) => sum + (availableKw?.[slot] ?? 0), 0)
  return Math.max(0, -((plan.inflexibleKw[slot] ?? 0) + plants)) * 1000
}

/** Stretches from now until the wish's time. Limits of the site leave a car what the plan does not give to others. */
export function stretchesOf({ device, asset, power, from, by, plan, limits, sharers = 1, price }: StretchParts): Stretch[] {
  const stretches: Stretch[] = []
  for (let at = from; at < by && stretches.length < LONGEST; ) {
    const until = instant(Math.min(floorTo(instant(at + SLOT), SLOT), by))
    const slot = slotOf(plan, at)
    let left = power
    for (const limit of limits) {
      if (limit.max === undefined || limit.from >= until || limit.until <= at) continue
      if (limit.scope === 'device') {
        if (limit.asset === asset) left = Math.min(left, limit.max)
      } else left = Math.min(left, limit.max - othersAt(plan, slot, device, limit.scope === 'site-net'))
    }
    const reckoned = slot === undefined ? undefined : perKwh(plan?.consumptionPrice[slot])
    stretches.push({
      from: at,
      until,
      power: Math.max(0, left),
      surplus: surplusAt(plan, at) / Math.max(1, sharers),
      price: price?.(at) ?? reckoned,
    })
    at = until
  }
  return stretches
}

/** Plans reckon in money per MWh, drivers in money per kWh. */
const perKwh = (price: number | undefined): number | undefined => (price === undefined ? undefined : price / 1000)

/** W that the plan gives to others in the slot; `net`: of the whole site, the sun counted. */
function othersAt(plan: Plan | undefined, slot: number | undefined, device: string, net: boolean): number {
  if (!plan || slot === undefined) return 0
  const others = plan.devices.filter((each) => each.device !== device).map(({ powerKw }) => powerKw[slot] ?? 0)
  const flexible = others.reduce((sum, kw) => sum + (net ? kw : Math.max(0, kw)), 0)
  return (flexible + (net ? (plan.inflexibleKw[slot] ?? 0) : 0)) * 1000
}

/** What the sun leaves to each of so many cars, as limits; beyond the plan its last slot goes on. */
export function solarRuns(plan: Plan | undefined, from: Instant, until: Instant, sharers: number): Pick<Limit, 'from' | 'until' | 'max'>[] {
  if (!plan) return [{ from, until, max: watts(0) }]
  const last = plan.start + (plan.slots - 1) * plan.step
  const runs: { from: Instant; until: Instant; max: ReturnType<typeof watts> }[] = []
  for (let at = plan.start + Math.floor((from - plan.start) / plan.step) * plan.step; at < until; at += plan.step) {
    const max = watts(Math.floor(surplusAt(plan, instant(Math.min(Math.max(at, plan.start), last))) / sharers))
    const before = runs.at(-1)
    if (before && before.max === max) before.until = instant(at + plan.step)
    else runs.push({ from: instant(at), until: instant(at + plan.step), max })
  }
  return runs
}
