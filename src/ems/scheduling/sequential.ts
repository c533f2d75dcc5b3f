/**
 * A plan without a solver: one device after the other, each planned exactly for itself with what the earlier ones do taken as given.
 * Good, not best: for the moment when HiGHS gives no answer in time.
 */
import { at, type Commitment, type Flow, type SchedulingProblem, type Stock, spread } from './problem.ts'
import { solveStorage } from './storage.ts'

/** Powers per device, kW, or undefined when the problem has no such plan (shared stocks, limits that one device alone cannot keep). */
export function planInTurn(problem: SchedulingProblem): Float64Array[] | undefined {
  if (problem.couplings?.length) return undefined
  const shared = new Set<number>()
  for (const { stock } of problem.devices) {
    if (stock === undefined) continue
    if (shared.has(stock)) return undefined
    shared.add(stock)
  }
  const powers: Float64Array[] = []
  for (const index of problem.devices.keys()) {
    const own = aloneWith(problem, index, powers)
    const plan = solveStorage(own)
    if (plan === 'infeasible') return undefined
    powers.push(plan?.powers[0] ?? resting(problem, index))
  }
  return powers
}

/** The problem of one device, with the devices before it fixed and those after it at rest. */
function aloneWith(problem: SchedulingProblem, index: number, before: Float64Array[]): SchedulingProblem {
  const device = problem.devices[index]!
  const stock: Stock = device.stock === undefined ? { name: 'none', start: 0 } : problem.stocks[device.stock]!
  const flows = problem.flows.map((flow): Flow => {
    const fixed = spread(flow.fixed ?? 0, problem.steps)
    for (const other of flow.devices)
      before[other]?.forEach((power, step) => {
        fixed[step]! += flow.part === 'consumption' ? Math.max(power, 0) : power
      })
    return { ...flow, devices: flow.devices.includes(index) ? [0] : [], fixed }
  })
  const commitments = problem.commitments.flatMap((commitment): Commitment[] => {
    if ('flow' in commitment.on) {
      // A price on the largest deviation counts as one on each: nearer to it than nothing.
      return [{ ...commitment, grouping: 'each' }]
    }
    return commitment.on.stock === device.stock ? [{ ...commitment, grouping: 'each', on: { stock: 0 } }] : []
  })
  return { ...problem, devices: [{ ...device, stock: 0 }], stocks: [stock], flows, commitments }
}

const resting = ({ devices, steps }: SchedulingProblem, index: number): Float64Array =>
  Float64Array.from({ length: steps }, (_, step) => Math.min(Math.max(0, at(devices[index]!.min, step)), at(devices[index]!.max, step)))
