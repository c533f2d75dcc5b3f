/** What a station holds and draws, beside what it was told. Pure. */
import { type Instant, SECOND, type Watts } from '#kernel'
import { powerOf, type Wires } from '../order.ts'
import type { Compiled } from './compiler.ts'
import type { HeldSchedule } from './profile-door.ts'

/** Half a percent, at least 100 W: what roundings and volts make of a limit. */
export const tolerance = (power: number): number => Math.max(100, Math.abs(power) * 0.005)

/** Watts that the schedule allows (or orders) at a moment; undefined when it says nothing of it. */
export function heldAt({ start, unit, periods }: HeldSchedule, at: Instant, wires: Pick<Wires, 'phases' | 'voltage'>): Watts | undefined {
  const offset = Math.max(0, (at - start) / SECOND)
  const now = periods.findLast(({ startPeriod }) => startPeriod <= offset)
  const value = now?.setpoint ?? now?.limit
  if (value === undefined) return undefined
  return powerOf(value, { unit, voltage: wires.voltage, phases: now?.numberPhases ?? wires.phases })
}

export interface Comparison {
  /** What it holds now, W. */
  held: Watts | undefined
  /** Moments at which it would allow more than it was told. */
  above: { at: Instant; told: number; held: number }[]
}

/** The schedule of the station beside the profile that was laid, at every step of the profile. */
export function compare(schedule: HeldSchedule, compiled: Compiled, now: Instant): Comparison {
  const above: Comparison['above'] = []
  for (const { at, limit } of compiled.levels) {
    const told = powerOf(limit, compiled.wires)
    // A second later: where a step falls within a second is the station's affair.
    const held = heldAt(schedule, (Math.max(at, now) + SECOND) as Instant, compiled.wires)
    if (held !== undefined && held - told > tolerance(told)) above.push({ at, told, held })
  }
  return { held: heldAt(schedule, now, compiled.wires), above }
}

/** Time that a car has to follow a new limit (ISO 15118, IEC 61851: seconds; stations measure every 10 to 60 s). */
export const GRACE = 30 * SECOND
/** A power this much above the limit is disobedience: what meters and ramps are off by is less. */
export const EXCESS = 0.07
export const EXCESS_LEAST = 300

/** Whether a measured power breaks the limit that has been in force for a while. */
export function disobeys(measured: { power: number; at: Instant }, allowed: number, since: Instant): boolean {
  if (measured.at < since + GRACE) return false
  return measured.power > Math.max(allowed, 0) + Math.max(EXCESS_LEAST, Math.max(allowed, 0) * EXCESS)
}
