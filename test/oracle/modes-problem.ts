// Random scheduling problems with operation modes, shortest runs, negative prices, peaks and shared limits, and their exact optimum.
import type { Highs } from 'highs'
import { formulate, SCALE, signKey } from '../../src/ems/scheduling/formulate.ts'
import type { Commitment, Flow, ProblemDevice, SchedulingProblem, Stock } from '../../src/ems/scheduling/problem.ts'
import { runProgram } from '../../src/ems/scheduling/run-program.ts'

/** A small site of `count` devices: everything the decomposition must take. */
export function randomModes(next: () => number, count: number): SchedulingProblem {
  const steps = 4 + Math.floor(next() * 8)
  const hours = [0.25, 0.5, 1][Math.floor(next() * 3)]!
  const pick = (share: number) => next() < share
  const series = (each: () => number) => Array.from({ length: steps }, each)
  const price = series(() => 0.2 * next() - (pick(0.2) ? 0.15 : 0))
  const paid = price.map((each) => (pick(0.5) ? each : each > 0 ? each * next() : each - 0.05 * next()))
  const devices: ProblemDevice[] = []
  const stocks: Stock[] = []
  const members: number[] = []
  const flows: Flow[] = [{ name: 'site', devices: members, fixed: series(() => 20 * (next() - 0.5)) }]
  const energy = { name: 'energy', on: { flow: 0 }, grouping: 'each' as const, quantity: 0 }
  const commitments: Commitment[] = [{ ...energy, up: price.map((each) => each * hours), down: paid.map((each) => each * hours) }]
  for (let index = 0; index < count; index++) {
    const power = 5 + 10 * next()
    const device: ProblemDevice = { name: `d${index}`, min: pick(0.3) ? 0 : -power, max: power }
    if (pick(0.6)) {
      const low = power * (0.2 + 0.6 * next())
      device.bands = [{ from: 0, to: 0 }, { from: low, to: power }, ...(pick(0.6) ? [{ from: -power, to: -low }] : [])]
      if (pick(0.5)) Object.assign(device, { minRun: 1 + Math.floor(3 * next()), minRest: 1 + Math.floor(3 * next()) })
      else if (pick(0.3)) device.bands = [...device.bands.slice(1), { from: -0.1 * power, to: 0.05 * power }]
    }
    if (pick(0.3)) device.max = series(() => (pick(0.3) ? 0 : power))
    if (pick(0.85)) addStock(device, power)
    if (pick(0.2)) {
      const own = flows.push({ name: `own ${index}`, devices: [index] }) - 1
      commitments.push({ name: 'wear', on: { flow: own }, grouping: 'each', quantity: 0, up: 0.01, down: -0.01 })
      commitments.push({ name: 'own peak', on: { flow: own }, grouping: 'any', quantity: 2, up: 0.05 })
    }
    members.push(devices.push(device) - 1)
  }
  if (pick(0.4)) Object.assign(flows[0]!, { max: 25, min: -25 })
  if (pick(0.3)) commitments.push({ name: 'peak', on: { flow: 0 }, grouping: 'any', quantity: 5, up: 0.3 })
  if (pick(0.3)) {
    commitments.push({ name: 'any breach', on: { flow: 0 }, grouping: 'any', quantity: 12, up: 3 })
    commitments.push({ name: 'all breaches', on: { flow: 0 }, grouping: 'each', quantity: 12, up: 3 * hours })
  }
  if (pick(0.2)) flows.push({ name: 'cap', devices: members, part: 'consumption', max: 8 * count })
  return { steps, hours, devices, stocks, flows, commitments }

  function addStock(device: ProblemDevice, power: number): void {
    const size = power * hours * (1 + 5 * next())
    const min = pick(0.3) ? 0.1 * size : 0
    const stock = stocks.push({ name: device.name, start: Math.max(size * next(), min), min, max: size }) - 1
    if (pick(0.3)) stocks[stock]!.retention = 0.97
    if (pick(0.3)) stocks[stock]!.inflow = -0.1 * power * next()
    Object.assign(device, { stock, chargingEfficiency: 0.8 + 0.2 * next(), dischargingEfficiency: 0.8 + 0.2 * next() })
    const on = { stock }
    if (pick(0.4)) {
      const quantity = series(() => (pick(0.3) ? 0.7 * size : Number.NaN))
      commitments.push({ name: 'all soc', on, grouping: 'each', quantity, down: -2 * hours })
      commitments.push({ name: 'any soc', on, grouping: 'any', quantity, down: -2 })
    }
    const down = Array.from({ length: steps }, (_, step) => -1e-5 * (steps - step))
    if (pick(0.5)) commitments.push({ name: 'sooner', on, grouping: 'each', quantity: size, down, tieBreak: true })
  }
}

/** The optimum by HiGHS over the whole problem at once, every direction a whole number; undefined when there is no plan. */
export function exactOptimum(highs: Highs, problem: SchedulingProblem): number | undefined {
  const signed = new Set<number>()
  for (const device of problem.devices.keys()) for (let step = 0; step < problem.steps; step++) signed.add(signKey(problem, device, step))
  const answer = runProgram(highs, formulate(problem, signed).program, { timeLimitMs: 60_000, presolve: 'off' })
  if (answer.status === 'optimal') return answer.objective / SCALE
  if (answer.status === 'infeasible') return undefined
  throw new Error(`HiGHS says ${answer.status}`)
}
