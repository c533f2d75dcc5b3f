/** Whether a wish can be had, and what it would cost: told to a driver before it is kept. Pure. */
import { type Instant, instant, say, type WattHours, wattHours } from '#kernel'
import { SAYING } from './saying.ts'

/** A stretch of time: what could flow into the car, what of it the sun would give, and what a kWh costs. */
export interface Stretch {
  from: Instant
  until: Instant
  /** W at the outlet. */
  power: number
  /** W of it that the site would otherwise export. */
  surplus: number
  /** Per kWh; undefined where nobody knows it yet. */
  price: number | undefined
}

export interface Wanted {
  /** Wh at the outlet. */
  energy: number
  by: Instant
  maxCost?: number
  solarOnly?: boolean
  priority?: boolean
  /** W, the least that can flow. */
  least: number
}

export interface Feasibility {
  feasible: boolean
  /** Wh at the outlet that will be there, and that will be missing. */
  reachable: WattHours
  missing: WattHours
  /** What the energy will cost, as far as prices are known; undefined where none is. */
  cost: number | undefined
  /** When it is full, should it charge in the stretches that suit the wish best. */
  ready: Instant | undefined
  /** Whether part of it counts on prices or a sun that are not known yet. */
  uncertain: boolean
  /** In sentences: what stands in the way, and how it is meant to be done. */
  reasons: string[]
}

const HOUR_MS = 3_600_000

export interface Words {
  currency: string
  /** 07:00 */
  clock(at: Instant): string
}

/** Fills the wanted energy into the stretches that suit the wish: the soonest ones, the sunny ones or the cheapest ones. */
export function judgeWish(wanted: Wanted, stretches: readonly Stretch[], { currency, clock }: Words): Feasibility {
  const { energy, by, solarOnly = false, maxCost, priority = false, least } = wanted
  const open = stretches
    .filter((one) => one.from < by)
    .map((one) => ({ ...one, until: instant(Math.min(one.until, by)) }))
    .map((one) => ({ ...one, usable: solarOnly ? Math.min(one.power, one.surplus) : one.power }))
    .map((one) => ({ ...one, usable: one.usable >= least ? one.usable : 0 }))
  const known = open.filter((one) => one.price !== undefined)
  const usual = known.length === 0 ? undefined : known.reduce((sum, one) => sum + one.price!, 0) / known.length
  const priceOf = (one: Stretch) => one.price ?? usual
  const inOrder = priority ? open : open.toSorted((one, other) => (priceOf(one) ?? 0) - (priceOf(other) ?? 0) || one.from - other.from)
  let reachable = 0
  let cost = 0
  let ready: number | undefined
  let uncertain = false
  let isBroke = false
  for (const one of inOrder) {
    if (reachable >= energy - 1) break
    const price = priceOf(one)
    let taken = Math.min((one.usable * (one.until - one.from)) / HOUR_MS, energy - reachable)
    if (maxCost !== undefined && price !== undefined && price > 0) {
      const affordable = ((maxCost - cost) / price) * 1000
      if (affordable < taken) {
        taken = Math.max(0, affordable)
        isBroke = true
      }
    }
    if (taken <= 0) continue
    reachable += taken
    cost += (taken / 1000) * (price ?? 0)
    ready = Math.max(ready ?? 0, one.from + (one.usable > 0 ? (taken / one.usable) * HOUR_MS : 0))
    if (one.price === undefined) uncertain = true
  }
  const missing = Math.max(0, energy - reachable)
  // A tenth of a kWh is nothing to a driver.
  const feasible = missing < 100
  return {
    feasible,
    reachable: wattHours(Math.round(reachable)),
    missing: wattHours(feasible ? 0 : Math.round(missing)),
    cost: usual === undefined ? undefined : Math.round(cost * 100) / 100,
    ready: ready === undefined ? undefined : instant(Math.round(ready)),
    uncertain,
    reasons: [
      ...(usual === undefined
        ? []
        : [say(SAYING.willCost, { price: `${(Math.round(cost * 100) / 100).toFixed(2)} ${currency}`, energy: kwh(reachable) })]),
      ...(feasible ? [] : [say(SAYING.willMiss, { energy: kwh(missing), time: clock(by) }), causeOf(wanted, open, isBroke)]),
      ...(uncertain ? [say(SAYING.notKnownYet)] : []),
    ],
  }
}

function causeOf({ solarOnly, maxCost }: Wanted, open: readonly (Stretch & { usable: number })[], isBroke: boolean): string {
  if (isBroke && maxCost !== undefined) return say(SAYING.budgetEnds, { price: maxCost.toFixed(2) })
  if (solarOnly)
    return say(SAYING.sunEnds, { energy: kwh(open.reduce((sum, one) => sum + (one.usable * (one.until - one.from)) / HOUR_MS, 0)) })
  const most = Math.max(0, ...open.map((one) => one.power))
  return most === 0 ? say(SAYING.noPower) : say(SAYING.tooSlow, { power: `${(most / 1000).toFixed(1)} kW` })
}

const kwh = (energy: number) => `${(energy / 1000).toFixed(1)} kWh`
