/** Limits of the whole site, shared out among its devices. */
import { type Instant, type Watts, watts } from '#kernel'
import { type Bound, type Held, isAbove, move } from './held.ts'
import { type Limit, RUNGS } from './limit.ts'
import { share } from './share.ts'

/** What of the site's net power is not ours to steer, W, consumption positive. */
export interface Surroundings {
  at: Instant
  inflexible: Watts
}

const up = (power: number) => Math.max(0, power)
const down = (power: number) => Math.max(0, -power)
const sum = (held: readonly Held[], pick: (one: Held) => number) => held.reduce((total, one) => total + pick(one), 0)

/**
 * Shares a group limit out: consumption down to `max`, production down to `min`. What a device must consume (or produce) by a bound above
 * the limit stays; what it must by one of the same rung is served first and gives way when both cannot hold; the rest gives way at once.
 */
export function shrinkGroup(held: readonly Held[], limit: Limit, around: Surroundings): void {
  if (limit.max !== undefined) {
    const cap = roomUp(held, limit, around)
    const least = musts(held, limit, cap, (one) => ({ power: up(one.low), by: one.lowBy }))
    const claims = held.map((one, index) => claim(one, up, least[index]!))
    if (sum(held, ({ order }) => up(order.power)) > cap) giveWay(held, limit, share(claims, cap, around.at), 1)
  }
  if (limit.min !== undefined) {
    const cap = roomDown(held, limit, around)
    const sunny = sum(held, (one) => (isSun(one) ? down(one.order.power) : 0))
    const least = musts(held, limit, cap, (one) => ({ power: down(one.high), by: one.highBy }))
    // The sun costs nothing: it is the last to be held back.
    const sun = (one: Held) => down(one.order.power) * Math.min(1, cap / Math.max(sunny, 1))
    const claims = held.map((one, index) => claim(one, down, isSun(one) ? sun(one) : least[index]!))
    if (sum(held, ({ order }) => down(order.power)) > cap) giveWay(held, limit, share(claims, cap, around.at), -1)
  }
}

/** W that the devices may consume in sum. */
function roomUp(held: readonly Held[], limit: Limit, { inflexible }: Surroundings): number {
  const max = limit.max ?? Infinity
  return Math.max(0, limit.scope === 'site-net' ? max - inflexible + sum(held, surely) : max)
}

/** W that the devices may produce in sum. */
function roomDown(held: readonly Held[], limit: Limit, { inflexible }: Surroundings): number {
  const most = -(limit.min ?? -Infinity)
  return Math.max(0, limit.scope === 'site-net' ? most + inflexible + sum(held, ({ order }) => up(order.power)) : most)
}

/** What each device must take whatever the limit says, or before others when its bound is of the limit's own rung. */
function musts(held: readonly Held[], { rung }: Limit, cap: number, of: (one: Held) => { power: number; by: Bound | undefined }): number[] {
  const bounds = held.map(of)
  const firm = bounds.map(({ power, by }) => (isAbove(by, rung) ? power : 0))
  const equal = bounds.map(({ power, by }) => (by?.rung === rung ? power : 0))
  const total = (powers: number[]) => powers.reduce((all, power) => all + power, 0)
  const portion = Math.min(1, Math.max(0, cap - total(firm)) / Math.max(total(equal), 1))
  return firm.map((power, index) => power + equal[index]! * portion)
}

/**
 * A plant that gives less than it may (at night, under clouds) is told its cap all the same, so that the sun cannot come out past a limit
 * and people see why: under a limit of its own; under one of the site when that is of the grid or above, or holds it back already.
 */
export function capSuns(held: readonly Held[], ladder: readonly Limit[], around: Surroundings): void {
  const suns = held.filter(isSun)
  const free = suns.filter(({ order }) => order.rung === 'plan')
  const peak = ({ want }: Held) => down(want.capability.minPower)
  for (const one of free) if (one.lowBy && -one.low < peak(one)) one.order = { ...one.order, power: watts(one.low), ...reasonOf(one.lowBy) }
  const peaks = sum(suns, peak)
  for (const limit of ladder) {
    if (limit.min === undefined) continue
    const portion = roomDown(held, limit, around) / Math.max(peaks, 1)
    if (portion >= 1) continue
    const isUrgent = RUNGS.indexOf(limit.rung) <= RUNGS.indexOf('grid')
    for (const one of free) {
      if (one.order.rung !== 'plan' || !(isUrgent || one.want.isHeld)) continue
      // In coarse steps: a cap that nobody reaches is not told anew with every change of the rest.
      const fair = (peak(one) * Math.floor(portion * 20)) / 20
      const cap = Math.max(down(one.order.power), fair)
      if (cap < peak(one)) one.order = { ...one.order, power: watts(cap === 0 ? 0 : -cap), ...reasonOf(limit) }
    }
  }
}

const reasonOf = ({ rung, because }: Bound): Bound => ({ rung, because })

const isSun = (one: Held): boolean => one.want.capability.kind === 'pv'

/** Production that can be counted on: what is ordered, for the sun no more than what it gives now. */
const surely = ({ want, order }: Held): number => Math.min(Math.max(0, -order.power), Math.max(0, -(want.measured ?? -Infinity)))

function giveWay(held: readonly Held[], limit: Limit, shares: readonly number[], sign: 1 | -1): void {
  held.forEach((one, index) => {
    const power = sign * shares[index]!
    if (sign * one.order.power <= 0 || Math.abs(power) >= Math.abs(one.order.power)) return
    if (sign > 0) {
      one.high = Math.min(one.high, power)
      one.low = Math.min(one.low, one.high)
    } else {
      one.low = Math.max(one.low, power)
      one.high = Math.max(one.high, one.low)
    }
    move(one, power === 0 ? 0 : power, limit)
  })
}

function claim(one: Held, side: (power: number) => number, least: number) {
  const { storage, minStep } = one.want.capability
  const { wish } = one.want
  const missing = wish && storage ? Math.max(0, (wish.soc - storage.soc) / storage.chargingEfficiency) : 0
  return { wanted: side(one.order.power), least, step: minStep, ...(wish && { by: wish.by, missing }) }
}
