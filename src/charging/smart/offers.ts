/**
 * What a car may choose from when it told its needs (OCPP K15, K01.FR.34; the schedule tuples of ISO 15118): the plan, only the sun of it, only its
 * cheaper half. None takes more than the plan at any moment, so that whatever the car chooses keeps every limit. Pure.
 */
import type { Plan } from '#ems'
import { type Instant, instant, SECOND } from '#kernel'
import type { V21 } from '#protocols/ocpp'
import { type Level, limitOf, type Wires } from '../order.ts'
import { surplusAt } from './stretches.ts'

export interface Choice {
  /** Schedules that the car can compare. */
  count: number
  /** Prices and sun by slot. */
  plan: Plan
}

/** More schedules than these no profile has. */
const MOST_SCHEDULES = 3

type Planned = { levels: readonly Level[]; until: Instant }

/** The other schedules beside the plan: the sun's first, then the cheap one; those that say the same as the plan, or nothing, are left out. */
export function offersOf({ levels, until }: Planned, { count, plan }: Choice, wires: Wires, maxPeriods: number): Level[][] {
  const usual = middle(plan.consumptionPrice)
  const sun = (at: Instant) => limitOf(surplusAt(plan, at), wires)
  const cheap = (at: Instant) => ((priceAt(plan, at) ?? usual) <= usual ? Number.POSITIVE_INFINITY : 0)
  return [sun, cheap]
    .map((most) => bounded({ levels, until }, plan, most))
    .filter((offer) => offer.length <= maxPeriods && offer.some(({ limit }) => limit > 0) && !isSame(offer, levels))
    .slice(0, Math.max(0, Math.min(count, MOST_SCHEDULES) - 1))
}

/** The plan under another bound, from slot to slot. */
function bounded({ levels, until }: Planned, plan: Plan, most: (at: Instant) => number): Level[] {
  const from = levels[0]!.at
  const slots = Array.from({ length: plan.slots }, (_, slot) => instant(plan.start + slot * plan.step)).filter(
    (at) => at > from && at < until,
  )
  const moments = [...new Set([...levels.map(({ at }) => at), ...slots])].sort((one, other) => one - other)
  const found: Level[] = []
  for (const at of moments) {
    const planned = levels.findLast((level) => level.at <= at)!.limit
    const limit = planned > 0 ? Math.min(planned, most(at)) : planned
    if (found.at(-1)?.limit !== limit) found.push({ at, limit })
  }
  return found
}

/** How dear energy is over the time of a schedule, in three levels from 1, the cheapest (ISO 15118-2); undefined where it always costs the same. */
export function salesTariff(id: number, plan: Plan, start: Instant, until: Instant): V21.SalesTariffType | undefined {
  const sorted = [...plan.consumptionPrice].sort((one, other) => one - other)
  const bounds = [sorted[Math.floor(sorted.length / 3)]!, sorted[Math.floor((2 * sorted.length) / 3)]!]
  const entries: V21.SalesTariffEntryType[] = []
  for (let slot = 0; slot < plan.slots; slot++) {
    const begin = Math.max(start, plan.start + slot * plan.step)
    const end = Math.min(until, plan.start + (slot + 1) * plan.step)
    if (end <= begin) continue
    const price = plan.consumptionPrice[slot]!
    const ePriceLevel = price <= bounds[0]! ? 1 : price <= bounds[1]! ? 2 : 3
    const last = entries.at(-1)
    const duration = Math.round((end - begin) / SECOND)
    if (last?.ePriceLevel === ePriceLevel) last.relativeTimeInterval.duration! += duration
    else entries.push({ relativeTimeInterval: { start: Math.round((begin - start) / SECOND), duration }, ePriceLevel })
  }
  return entries.length > 1 ? { id, numEPriceLevels: 3, salesTariffEntry: entries } : undefined
}

const isSame = (one: readonly Level[], other: readonly Level[]) =>
  one.length === other.length && one.every(({ at, limit }, index) => other[index]!.at === at && other[index]!.limit === limit)
const middle = (values: readonly number[]) => [...values].sort((one, other) => one - other)[Math.floor((values.length - 1) / 2)]!
function priceAt(plan: Plan, at: Instant): number | undefined {
  return plan.consumptionPrice[Math.floor((at - plan.start) / plan.step)]
}
