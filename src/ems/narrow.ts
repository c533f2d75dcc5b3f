/** From what is wanted to what is ordered: the ladder safety › grid › contract › override › plan. Pure; each rung can only shrink. */
import { asSentence, type Instant, say, type Watts, watts } from '#kernel'
import type { Capability, Wish } from './device.ts'
import { type Limit, RUNGS, type Rung } from './limit.ts'
import { SAYING } from './saying.ts'
import { share } from './share.ts'

/** What one device would do if nobody forbade it. */
export interface Want {
  device: string
  asset: number
  power: Watts
  because: string
  rung: Extract<Rung, 'plan' | 'override'>
  /** True when the plan differs here from the plan without grid limits: it was already bent by one. */
  bent?: boolean
  capability: Capability
  wish?: Wish | undefined
  /** Measured power of a producer that cannot promise its power (PV). */
  measured?: Watts
}

/** What it shall do: power, and the reason of the rung that decided. */
export interface Order {
  device: string
  asset: number
  power: Watts
  because: string
  rung: Rung
}

interface Held {
  want: Want
  order: Order
  low: number
  high: number
  /** Least important rung that has raised `low`: a more important rung may go below it. */
  lowRung: number
}

/** What of the site's net power is not ours to steer, W, consumption positive. */
export interface Surroundings {
  at: Instant
  inflexible: Watts
}

/**
 * Orders for all wants under the limits in force at `at` (others are ignored). Device limits shrink each device's band; group limits
 * (`flexible-consumption`: the sum of positive and of negative powers; `site-net`: that sum with the inflexible power) are shared out
 * by `share`. A charger below its smallest step stands still, a car at its floor never discharges.
 */
export function narrow(wants: Want[], limits: Limit[], around: Surroundings): Order[] {
  const held = wants.map(withinAbility)
  const now = limits.filter((limit) => limit.from <= around.at && around.at < limit.until)
  const ladder = now.toSorted((a, b) => RUNGS.indexOf(a.rung) - RUNGS.indexOf(b.rung))
  for (const limit of ladder.filter(isOfDevice)) for (const one of held) if (one.want.asset === limit.asset) shrink(one, limit)
  for (const one of held) keepStep(one)
  for (const limit of ladder.filter((each) => !isOfDevice(each))) shrinkGroup(held, limit, around)
  for (const one of held) sayWhoBentThePlan(one, ladder)
  return held.map((one) => one.order)
}

const isOfDevice = (limit: Limit): boolean => limit.scope === 'device'

/** What the device itself can do now is its safety rung; so is the floor of a car. */
function withinAbility(want: Want): Held {
  const { capability, wish } = want
  const order: Order = { device: want.device, asset: want.asset, power: want.power, because: want.because, rung: want.rung }
  const held: Held = { want, order, low: -Infinity, high: Infinity, lowRung: 0 }
  if (!capability.controllable) {
    const why = capability.why === undefined ? say(SAYING.noOrdersNow) : asSentence(capability.why)
    shrink(held, { rung: 'safety', max: watts(0), min: watts(0), because: say(SAYING.standsStill, { why }) })
    return held
  }
  shrink(held, { rung: 'safety', max: capability.maxPower, because: ableText(capability, SAYING.takesAtMost, capability.maxPower) })
  shrink(held, { rung: 'safety', min: capability.minPower, because: ableText(capability, SAYING.givesAtMost, capability.minPower) })
  if (wish && capability.storage && capability.storage.soc <= wish.floor) {
    const floor = Math.round(wish.floor / 100) / 10
    shrink(held, { rung: 'safety', min: watts(0), because: say(SAYING.floorKept, { energy: `${floor} kWh` }) })
  }
  return held
}

const ableText = ({ why }: Capability, template: typeof SAYING.takesAtMost | typeof SAYING.givesAtMost, power: Watts): string =>
  why ? asSentence(why) : say(template, { power: kw(Math.abs(power)) })

/** Shrinks one device's band; the order follows and takes the reason when it had to move. */
function shrink(held: Held, limit: Pick<Limit, 'rung' | 'max' | 'min' | 'because'>): void {
  const low = Math.min(Math.max(held.low, limit.min ?? -Infinity), held.high)
  const high = Math.max(Math.min(held.high, limit.max ?? Infinity), held.low)
  if (low > held.low) held.lowRung = RUNGS.indexOf(limit.rung)
  held.low = low
  held.high = high
  move(held, Math.min(Math.max(held.order.power, low), high), limit)
}

function move(held: Held, power: number, limit: { rung: Rung; because: string }): void {
  if (power === held.order.power) return
  held.order = { ...held.order, power: watts(power), because: limit.because, rung: limit.rung }
}

/** Shares a group limit out: consumption down to `max`, production down to `min`. */
function shrinkGroup(held: Held[], limit: Limit, { at, inflexible }: Surroundings): void {
  const rung = RUNGS.indexOf(limit.rung)
  const sum = (pick: (power: number) => number) => held.reduce((total, one) => total + pick(one.order.power), 0)
  const up = (power: number) => Math.max(0, power)
  const down = (power: number) => Math.max(0, -power)
  const around = limit.scope === 'site-net' ? inflexible : 0
  if (limit.max !== undefined) {
    const given = limit.scope === 'site-net' ? held.reduce((total, one) => total + surely(one), 0) : 0
    const cap = Math.max(0, limit.max - around + given)
    const least = (one: Held) => (one.lowRung <= rung ? up(one.low) : 0)
    if (sum(up) > cap)
      giveWay(
        held,
        limit,
        share(
          held.map((one) => claim(one, up, least(one))),
          cap,
          at,
        ),
        1,
      )
  }
  if (limit.min !== undefined) {
    const taken = limit.scope === 'site-net' ? sum(up) : 0
    const cap = Math.max(0, around + taken - limit.min)
    const sunny = held.reduce((total, one) => total + (isSun(one) ? down(one.order.power) : 0), 0)
    // The sun costs nothing: it is the last to be held back.
    const least = (one: Held) => (isSun(one) ? down(one.order.power) * Math.min(1, cap / Math.max(sunny, 1)) : down(Math.min(one.high, 0)))
    const shares = share(
      held.map((one) => claim(one, down, least(one))),
      cap,
      at,
    )
    if (sum(down) > cap) giveWay(held, limit, shares, -1)
  }
}

const isSun = (one: Held): boolean => one.want.capability.kind === 'pv'

/** Production that can be counted on: what is ordered, for the sun no more than what it gives now. */
const surely = ({ want, order }: Held): number => Math.min(Math.max(0, -order.power), Math.max(0, -(want.measured ?? -Infinity)))

function giveWay(held: Held[], limit: Limit, shares: number[], sign: 1 | -1): void {
  held.forEach((one, index) => {
    const power = sign * shares[index]!
    if (sign * one.order.power <= 0 || Math.abs(power) >= Math.abs(one.order.power)) return
    if (sign > 0) one.high = Math.min(one.high, power)
    else one.low = Math.max(one.low, power)
    move(one, power === 0 ? 0 : power, limit)
  })
}

function claim(one: Held, side: (power: number) => number, least: number) {
  const { storage, minStep } = one.want.capability
  const { wish } = one.want
  const missing = wish && storage ? Math.max(0, (wish.soc - storage.soc) / storage.chargingEfficiency) : 0
  return { wanted: side(one.order.power), least, step: minStep, ...(wish && { by: wish.by, missing }) }
}

/** IEC 61851: a charger holds 0 or at least its smallest step; round down. */
function keepStep(one: Held): void {
  const { minStep } = one.want.capability
  const { power, rung } = one.order
  if (power <= 0 || power >= minStep) return
  const reason = say(SAYING.belowStep, { power: kw(power), step: kw(minStep) })
  move(one, 0, { rung, because: rung === 'plan' ? reason : one.order.because })
}

/** The plan itself may already keep a grid limit; an order that differs from the free plan says so. */
function sayWhoBentThePlan(one: Held, ladder: Limit[]): void {
  const { want, order } = one
  if (order.rung !== 'plan' || !want.bent) return
  const grid = ladder.filter((limit) => limit.rung === 'grid' && (!isOfDevice(limit) || limit.asset === want.asset))
  const tightest = grid.toSorted((a, b) => (a.max ?? Infinity) - (b.max ?? Infinity))[0]
  if (tightest) one.order = { ...order, rung: 'grid', because: tightest.because }
}

/** '7.4 kW', '850 W'. */
export const kw = (power: number): string =>
  Math.abs(power) >= 1000 || power === 0 ? `${Math.round(power / 100) / 10} kW` : `${Math.round(power)} W`
