/** Receipts: was the order obeyed? From what the device then measured, never from what was sent. */
import { after, asSentence, type Instant, MINUTE, SECOND, say, type Watts } from '#kernel'
import type { Capability } from './device.ts'
import { kw } from './kw.ts'
import { SAYING } from './saying.ts'
import type { Answer, Receipt, Setpoint } from './setpoint.ts'

export interface Evidence {
  /** When the device was told, and what it said. */
  toldAt: Instant
  answer: Answer
  /** What it measured last. */
  measured: { power: Watts; at: Instant } | undefined
  capability: Capability
  /** How often the device measures, ms. */
  every: number
}

/** Time a device needs to follow an order, by kind. */
export const SETTLING: Record<Capability['kind'], number> = { battery: 5 * SECOND, pv: 5 * SECOND, evse: 15 * SECOND, load: 30 * SECOND }
/** A device that has not measured anything so long after settling is silent, at the earliest. */
const PATIENCE = MINUTE
/** A measurement this many reading periods old judges nothing any more: the device has gone silent. */
const MISSED = 3

/** Difference between order and measure that still counts as obeyed: 5 % of the order, 1 % of what the device can, at least 150 W. */
export const tolerance = (power: number, { minPower, maxPower }: Capability): number =>
  Math.max(150, 0.05 * Math.abs(power), 0.01 * Math.max(Math.abs(maxPower), Math.abs(minPower)))

/**
 * The receipt of an order that is in force, or undefined while the device may still be moving.
 * A PV order is a cap: producing less than allowed is obedience.
 */
export function judge(order: Setpoint, { toldAt, answer, measured, capability, every }: Evidence, at: Instant): Receipt | undefined {
  const settled = after(toldAt, SETTLING[capability.kind])
  if (!measured || measured.at < settled) {
    if (answer.answer !== 'taken') return { outcome: answer.answer, at, why: answer.why ?? said(answer) }
    if (at < after(settled, Math.max(PATIENCE, MISSED * every))) return undefined
    return { outcome: 'silent', at, why: measured ? nothingSince(measured.at, at) : say(SAYING.neverMeasured) }
  }
  if (at > after(measured.at, MISSED * every)) return { outcome: 'silent', at, power: measured.power, why: nothingSince(measured.at, at) }
  const off = measured.power - order.power
  const receipt = { power: measured.power, at: measured.at }
  if (Math.abs(off) <= tolerance(order.power, capability)) return { outcome: 'obeyed', ...receipt }
  if (capability.kind === 'pv' && off > 0) return { outcome: 'obeyed', ...receipt, why: say(SAYING.lessSun) }
  const numbers = say(SAYING.measured, { power: kw(measured.power), other: kw(order.power) })
  const lessInSameDirection =
    order.power > 0 ? measured.power < order.power && measured.power > -tolerance(0, capability) : measured.power > order.power
  // Who did not take the order and does something else is not clipped, but refused or silent as it said.
  const outcome = (taken: 'clipped' | 'refused') => (answer.answer === 'taken' ? taken : answer.answer)
  if (order.power !== 0 && lessInSameDirection && Math.sign(measured.power) !== -Math.sign(order.power))
    return { outcome: outcome('clipped'), ...receipt, why: `${whyLess(order, answer, capability)} ${numbers}` }
  return { outcome: outcome('refused'), ...receipt, why: answer.why ? `${asSentence(answer.why)} ${numbers}` : numbers }
}

function whyLess(order: Setpoint, answer: Answer, { storage, kind, why }: Capability): string {
  const isCar = kind === 'evse'
  if (answer.answer !== 'taken' && answer.why) return asSentence(answer.why)
  if (storage && order.power > 0 && storage.soc >= storage.max - 0.01 * storage.capacity)
    return say(isCar ? SAYING.carFull : SAYING.batteryFull)
  if (storage && order.power < 0 && storage.soc <= storage.min + 0.01 * storage.capacity)
    return say(isCar ? SAYING.carEmpty : SAYING.batteryEmpty)
  if (why) return asSentence(why)
  return say(isCar && order.power > 0 ? SAYING.carTakesLess : SAYING.givesWay)
}

const said = ({ answer }: Answer): string => say(answer === 'silent' ? SAYING.noAnswer : SAYING.refused)

function nothingSince(then: Instant, now: Instant): string {
  const seconds = Math.round((now - then) / 1000)
  return say(SAYING.nothingMeasured, { age: seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min` })
}
