/** What the driver of a plugged car wants: said by the car, else what is usual for it. */

import type { Wish } from '#ems'
import { after, atWallClock, HOUR, type Instant, instant, MINUTE, type WattHours, wallClock, wattHours } from '#kernel'
import { asTimestamp, type Queryable } from '#store'
import type { ChargingConfig } from './config.ts'
import type { SessionWish } from './smart/session-wish.ts'
import type { Plugged } from './station.ts'
import { takenBy } from './transaction.ts'

/** What survives of energy on its way from the outlet into the battery, and out of it again. */
export const EFFICIENCY = 0.95

export interface Stock {
  soc: WattHours
  capacity: WattHours
}

/**
 * What is in the car now: its own state of charge, else what was in it at the start and what the session gave; for a car we know nothing of,
 * an ordinary battery by configuration. `assumed` says that nothing of it was measured.
 */
export function stockOf(plugged: Plugged, config: ChargingConfig): Stock & { assumed: boolean } {
  const { vehicle, soc, transaction } = plugged
  const needs = transaction.needs
  const capacity = vehicle?.capacity ?? needs?.capacity ?? Math.max(config.strangerCapacity, needs?.energy ?? 0)
  const taken = takenBy(transaction) * EFFICIENCY
  const share = (part: number) => wattHours(Math.min(capacity, Math.max(0, part)))
  if (soc)
    return {
      soc: share((soc.percent / 100) * capacity),
      capacity: wattHours(capacity),
      assumed: vehicle === undefined && needs?.capacity === undefined,
    }
  if (needs?.soc !== undefined)
    return {
      soc: share((needs.soc / 100) * capacity + taken - needs.takenBefore * EFFICIENCY),
      capacity: wattHours(capacity),
      assumed: false,
    }
  if (plugged.socAtStart !== undefined) return { soc: share(plugged.socAtStart + taken), capacity: wattHours(capacity), assumed: false }
  // A car that asks for energy has room for it.
  const begin =
    needs?.energy === undefined ? config.strangerShare * capacity : Math.min(config.strangerShare * capacity, capacity - needs.energy)
  return { soc: share(begin + taken), capacity: wattHours(capacity), assumed: true }
}

/** What a driver wished of the session, and what the charger can give. */
export interface Asked {
  wish: SessionWish | undefined
  /** W, the most that can flow into the car. */
  power: number
  /** Wh at the outlet that it may still take: of the sun, or of what the driver wants to spend. */
  ceiling?: number | undefined
}

/** The wish of the car now: the driver's word, else the car's, else what is usual for it. */
export function wishOf(
  plugged: Plugged,
  at: Instant,
  config: ChargingConfig,
  { wish, power, ceiling = Infinity }: Asked = { wish: undefined, power: 0 },
): Wish {
  const { vehicle, transaction, departure } = plugged
  const { soc, capacity } = stockOf(plugged, config)
  const needs = transaction.needs
  const floor = vehicle?.floor ?? wattHours(0)
  const usual = vehicle?.target ?? config.target * capacity
  const taken = takenBy(transaction)
  // Energy is asked for at the outlet.
  const missing = (energy: number, takenBefore: number) => soc + (energy - taken + takenBefore) * EFFICIENCY
  const byDriver =
    wish?.energy !== undefined ? missing(wish.energy, wish.takenBefore) : wish?.soc !== undefined ? (wish.soc / 100) * capacity : undefined
  const byCar =
    needs?.energy !== undefined
      ? missing(needs.energy, needs.takenBefore)
      : needs?.targetSoc !== undefined
        ? (needs.targetSoc / 100) * capacity
        : undefined
  const wanted = Math.min(byDriver ?? byCar ?? usual, soc + ceiling * EFFICIENCY)
  const target = wattHours(Math.min(capacity, Math.max(wanted, floor)))
  const said = wish?.by ?? needs?.departure ?? departure
  const by = said !== undefined && said > at ? said : nextTime(at, vehicle?.readyBy ?? config.readyBy, config.zone)
  if (!wish?.priority || power <= 0 || target <= soc) return { soc: target, by, floor }
  // At full power from now on.
  const soonest = after(at, ((target - soc) / EFFICIENCY / power) * HOUR)
  return { soc: target, by: instant(Math.min(by, soonest)), floor }
}

/** The next moment, at least half an hour ahead, at which the clock of the zone shows 'HH:MM'. */
export function nextTime(at: Instant, time: string, zone: string): Instant {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  const earliest = after(at, 30 * MINUTE)
  for (const ahead of [0, 24 * HOUR, 48 * HOUR]) {
    const { year, month, day } = wallClock(after(at, ahead), zone)
    const moment = atWallClock({ year, month, day, hour, minute }, zone)
    if (moment >= earliest) return moment
  }
  return after(at, 24 * HOUR)
}

/** Fewer former departures than this say nothing. */
const HABIT = 3

/** When the car will leave by its habits: the next of its median time of departure over the last twenty sessions of over an hour. */
export async function usualDeparture(store: Queryable, vehicle: number, at: Instant, zone: string): Promise<Instant | undefined> {
  const rows = await store.query<{ ended_at: Instant }>(
    `select ended_at from cariflex.charging_transaction
     where vehicle = $1 and ended_at is not null and ended_at < $2 and ended_at - coalesce(started_at, first_at) > interval '1 hour'
       and not ('lost' = any (flags)) order by ended_at desc limit 20`,
    [vehicle, asTimestamp(at)],
  )
  if (rows.length < HABIT) return undefined
  const minutes = rows.map(({ ended_at }) => {
    const { hour, minute } = wallClock(ended_at, zone)
    return hour * 60 + minute
  })
  const median = circularMedian(minutes, 24 * 60)
  return instant(nextTime(at, `${Math.floor(median / 60)}:${median % 60}`, zone))
}

/** Median on a circle: cut where the widest gap is, so that 23:50 and 00:10 are neighbours. */
export function circularMedian(values: readonly number[], round: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  let cut = 0
  let widest = sorted[0]! + round - sorted.at(-1)!
  for (let index = 1; index < sorted.length; index++) {
    const gap = sorted[index]! - sorted[index - 1]!
    if (gap > widest) {
      widest = gap
      cut = index
    }
  }
  return sorted[(cut + Math.floor((sorted.length - 1) / 2)) % sorted.length]!
}
