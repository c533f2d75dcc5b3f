/** From what is wanted to what is ordered: the ladder safety › grid › contract › override › plan. Pure; each rung can only shrink. */
import { asSentence, say, type Watts, watts } from '#kernel'
import type { Capability } from './device.ts'
import { capSuns, type Surroundings, shrinkGroup } from './group.ts'
import { type Held, move, type Order, shrink, type Want } from './held.ts'
import { kw } from './kw.ts'
import { type Limit, RUNGS } from './limit.ts'
import { SAYING } from './saying.ts'

export type { Order, Want } from './held.ts'

/**
 * Orders for all wants under the limits in force at `at` (others are ignored). Device limits shrink each device's band; group limits
 * (`flexible-consumption`: the sum of positive and of negative powers; `site-net`: that sum with the inflexible power) are shared out
 * by `share`. Of one rung, what forbids consumption stands above what asks for it. A charger below its smallest step stands still, a car
 * at its floor never discharges.
 */
export function narrow(wants: Want[], limits: Limit[], around: Surroundings): Order[] {
  const held = wants.map(withinAbility)
  const now = limits.filter((limit) => limit.from <= around.at && around.at < limit.until)
  const ladder = now.toSorted((a, b) => RUNGS.indexOf(a.rung) - RUNGS.indexOf(b.rung))
  for (const one of held) {
    const own = ladder.filter((limit) => isOfDevice(limit) && limit.asset === one.want.asset)
    for (const rung of RUNGS) {
      for (const { max, ...limit } of own) if (limit.rung === rung && max !== undefined) shrink(one, { ...reasonOf(limit), max })
      for (const { min, ...limit } of own) if (limit.rung === rung && min !== undefined) shrink(one, { ...reasonOf(limit), min })
    }
    keepStep(one)
  }
  const group = ladder.filter((limit) => !isOfDevice(limit))
  for (const limit of group) shrinkGroup(held, limit, around)
  capSuns(held, group, around)
  for (const one of held) {
    sayWhoBentThePlan(one, ladder)
    sayWhatGaveWay(one)
  }
  return held.map((one) => one.order)
}

const isOfDevice = (limit: Limit): boolean => limit.scope === 'device'
const reasonOf = ({ rung, because }: Limit) => ({ rung, because })

/** What the device itself can do now is its safety rung; so is the floor of a car. */
function withinAbility(want: Want): Held {
  const { capability, wish } = want
  const order: Order = { device: want.device, asset: want.asset, power: want.power, because: want.because, rung: want.rung }
  const held: Held = { want, order, low: -Infinity, high: Infinity, must: 0 }
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

/** IEC 61851: a charger holds 0 or at least its smallest step, charging and discharging; round towards 0. */
function keepStep(one: Held): void {
  const { minStep } = one.want.capability
  const { power, rung } = one.order
  if (power === 0 || Math.abs(power) >= minStep) return
  const reason = say(SAYING.belowStep, { power: kw(Math.abs(power)), step: kw(minStep) })
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

/** Who asked for more consumption than another limit left is not passed over in silence. */
function sayWhatGaveWay({ must, order }: Held): void {
  if (must > 0 && must > order.power + 1) order.because = `${asSentence(order.because)} ${say(SAYING.gaveWay, { power: kw(must) })}`
}
