/** What is left to a device on its way down the ladder: a band that limits shrink, and the order in it. */
import { type Watts, watts } from '#kernel'
import type { Capability, Wish } from './device.ts'
import { type Limit, RUNGS, type Rung } from './limit.ts'

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
  /** True when an order holds it back now. */
  isHeld?: boolean
  /** True when the plan holds a producer back: its power is a cap. */
  curtails?: boolean
}

/** What it shall do: power, and the reason of the rung that decided. */
export interface Order {
  device: string
  asset: number
  power: Watts
  because: string
  rung: Rung
}

/** Who set a bound, and why. */
export interface Bound {
  rung: Rung
  because: string
}

export interface Held {
  want: Want
  order: Order
  low: number
  high: number
  /** Who raised `low` and who lowered `high`: what stands above them on the ladder may go past. */
  lowBy?: Bound
  highBy?: Bound
  /** Largest consumption that a limit asks for. */
  must: number
}

/** Shrinks one device's band; the order follows and takes the reason when it had to move. */
export function shrink(held: Held, limit: Bound & Pick<Limit, 'max' | 'min'>): void {
  const low = Math.min(Math.max(held.low, limit.min ?? -Infinity), held.high)
  const high = Math.max(Math.min(held.high, limit.max ?? Infinity), held.low)
  if (low > held.low) held.lowBy = limit
  if (high < held.high) held.highBy = limit
  held.low = low
  held.high = high
  held.must = Math.max(held.must, limit.min ?? 0)
  move(held, Math.min(Math.max(held.order.power, low), high), limit)
}

/** Orders another power for this reason; the same power leaves the reason alone. */
export function move(held: Held, power: number, { rung, because }: Bound): void {
  if (power === held.order.power) return
  held.order = { ...held.order, power: watts(power), because, rung }
}

/** True when the bound stands above the rung, so that a limit of that rung cannot go past it. */
export const isAbove = (bound: Bound | undefined, rung: Rung): boolean =>
  bound !== undefined && RUNGS.indexOf(bound.rung) < RUNGS.indexOf(rung)
