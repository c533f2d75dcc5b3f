/** What one kW more costs where one device is planned by itself: the site's own price, or what the device gives up to make room for it. */
import { pricesAt } from './formulate.ts'
import type { Priced } from './price.ts'
import { at, groupsOf, highest, lossFactors, lowest, type SchedulingProblem } from './problem.ts'

/** Differences below this (kW) are none. */
const SAME = 1e-6

/**
 * Marginal cost of one kW more of the fixed profile per flow and step, currency per kW, for the plan of a single device.
 * `stockValues`: what one kWh more after each step is worth (none for a device without stock).
 */
export function flowValuesAlone(
  problem: SchedulingProblem,
  { powers, flows }: Priced & { powers: readonly Float64Array[] },
  stockValues?: Float64Array,
): Float64Array[] {
  const { steps } = problem
  const [device] = problem.devices
  const rises = problem.flows.map((flow, index) =>
    Float64Array.from({ length: steps }, (_, step) => (flows[index]![step]! >= highest(flow.max, step) - SAME ? Infinity : 0)),
  )
  const falls = problem.flows.map((flow, index) =>
    Float64Array.from({ length: steps }, (_, step) => (flows[index]![step]! <= lowest(flow.min, step) + SAME ? Infinity : 0)),
  )
  for (const commitment of problem.commitments) {
    const { on, quantity } = commitment
    if (!('flow' in on)) continue
    for (const group of groupsOf(commitment, steps)) {
      if (group.length > 1) continue
      const step = group[0]!
      const { up, down } = pricesAt(commitment, step)
      const deviation = flows[on.flow]![step]! - at(quantity, step)
      rises[on.flow]![step]! += deviation > -SAME ? up : down
      falls[on.flow]![step]! -= deviation < SAME ? down : up
    }
  }
  return problem.flows.map((flow, index) => {
    if (!flow.devices.includes(0) || !device) return rises[index]!
    return rises[index]!.map((stays, step) => {
      const power = powers[0]![step]!
      if (power <= at(device.min, step) + SAME || (flow.part === 'consumption' && power <= 0)) return stays
      // The device makes room: what it stores less, and what its other flows cost less of it.
      let gives = 0
      problem.flows.forEach((other, key) => {
        if (key !== index && other.devices.includes(0) && (other.part !== 'consumption' || power > 0)) gives += falls[key]![step]!
      })
      if (stockValues) {
        const [, b] = lossFactors(at(problem.stocks[0]!.retention ?? 1, step))
        const perKw = power > SAME ? at(device.chargingEfficiency ?? 1, step) : 1 / at(device.dischargingEfficiency ?? 1, step)
        gives += b * problem.hours * perKw * stockValues[step]!
      }
      return Math.min(stays, gives)
    })
  })
}
