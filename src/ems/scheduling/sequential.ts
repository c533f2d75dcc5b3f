/**
 * A plan without a solver: one device after the other, each planned exactly for itself with what the others do taken as given.
 * Good, not best: for the moment when HiGHS gives no answer in time.
 */
import type { SchedulingProblem } from './problem.ts'
import { hullAt } from './relaxation.ts'
import { turnsOf } from './turns.ts'

/** Currency that a device's plan may lie above its best one. */
const SLACK = 1e-6

/**
 * Powers per device, kW; the caller judges whether they keep all limits. Undefined when some device cannot be planned by itself (a shared
 * stock, a coupling) or has no plan: better no plan than one that rests by silence.
 */
export function planInTurn(problem: SchedulingProblem): Float64Array[] | undefined {
  const turns = turnsOf(problem)
  const devices = [...problem.devices.keys()]
  if (!devices.every((device) => turns.takes(device))) return undefined
  const resting = problem.devices.map((device) =>
    Float64Array.from({ length: problem.steps }, (_, step) => {
      const [low, high] = hullAt(device, step)
      return Math.min(Math.max(0, low), high)
    }),
  )
  const standing = turns.standing(resting)
  for (const device of devices) {
    const power = turns.turn(device, standing, new Map(), SLACK)
    if (!power) return undefined
    turns.move(standing, device, power)
  }
  return standing.powers
}
