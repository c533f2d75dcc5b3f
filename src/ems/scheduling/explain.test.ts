// Explanations against what happens when the thing explained is really changed.
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { problemOf, random, randomModel } from '../../../test/oracle/schedule-model.ts'
import { explain } from './explain.ts'
import { at, type SchedulingProblem } from './problem.ts'
import { isSolved, type Solution, solve } from './solve.ts'
import { startSolverPool } from './solver-pool.ts'

const pool = startSolverPool()
after(() => pool.close())

const solved = async (problem: SchedulingProblem): Promise<Solution> => {
  const outcome = await solve(problem, { pool, deadlineMs: 20_000 })
  assert.ok(isSolved(outcome), outcome.status)
  return outcome
}
const cost = async (problem: SchedulingProblem): Promise<number> => {
  const plan = await solved(problem)
  return plan.objective + plan.tieBreak
}

/** The problem with one thing larger by `amount`. */
type Change = (problem: SchedulingProblem, amount: number) => SchedulingProblem
const raised = (series: number | readonly number[] | Float64Array | undefined, steps: number, amount: number) =>
  Array.from({ length: steps }, (_, step) => at(series!, step) + amount)

/** Saving per unit lies between what one unit more saves and what one unit less costs: the plan's cost is convex in it. */
async function holds(problem: SchedulingProblem, change: Change, saving: number, what: string): Promise<void> {
  const small = 1e-3
  const base = await cost(problem)
  const more = (base - (await cost(change(problem, small)))) / small
  const less = ((await cost(change(problem, -small))) - base) / small
  const slack = 1e-4 * Math.max(1, Math.abs(saving))
  assert.ok(saving >= more - slack && saving <= less + slack, `${what}: ${saving} is not between ${more} and ${less}`)
}

test('what one kWh of storage, one kW of power or of connection brings, and what a kW costs, is what it does', async () => {
  let told = 0
  for (let seed = 1; seed <= 26; seed++) {
    const model = randomModel(random(seed), 'tame', 1 + (seed % 2))
    const problem = problemOf({ ...model, devices: model.devices.map((device) => ({ ...device, hard: false })) }, false)
    const plan = await solved(problem)
    const { devices, flows } = explain(problem, plan)
    const { steps } = problem
    const site = flows[0]!
    const slot = seed % steps
    await holds(
      problem,
      (given, amount) => ({
        ...given,
        flows: given.flows.map((flow, index) =>
          index === 0 ? { ...flow, fixed: raised(flow.fixed, steps, 0).map((each, step) => each + (step === slot ? amount : 0)) } : flow,
        ),
      }),
      -site.marginalPrice![slot]! * problem.hours,
      `seed ${seed}: marginal price in slot ${slot}`,
    )
    for (const [index, device] of devices.entries()) {
      const { moreStorage = 0, moreConsumption = 0 } = device
      if (moreStorage > 0) told++
      const stock = (given: SchedulingProblem, amount: number) => ({
        ...given,
        stocks: given.stocks.map((one, key) => (key === index ? { ...one, max: raised(one.max, steps, amount) } : one)),
      })
      await holds(problem, stock, moreStorage, `seed ${seed}: storage of ${device.name}`)
      if (moreConsumption > 0) told++
      const power = (given: SchedulingProblem, amount: number) => ({
        ...given,
        devices: given.devices.map((one, key) =>
          key === index ? { ...one, max: raised(one.max, steps, 0).map((each) => (each > 0 ? each + amount : 0)) } : one,
        ),
      })
      await holds(problem, power, moreConsumption, `seed ${seed}: power of ${device.name}`)
    }
    const connection = (given: SchedulingProblem, amount: number) => ({
      ...given,
      flows: given.flows.map((flow, index) => (index === 0 && flow.max !== undefined ? { ...flow, max: at(flow.max, 0) + amount } : flow)),
      commitments: given.commitments.map((one) =>
        /consumption breach/.test(one.name) && 'flow' in one.on && one.on.flow === 0
          ? { ...one, quantity: at(one.quantity, 0) + amount }
          : one,
      ),
    })
    if (site.moreConsumption! > 0) told++
    await holds(problem, connection, site.moreConsumption!, `seed ${seed}: connection`)
  }
  assert.ok(told > 14, `only ${told} of these values were above 0`)
})

const site = (more: Partial<SchedulingProblem> = {}): SchedulingProblem => ({
  steps: 6,
  hours: 1,
  devices: [{ name: 'battery', min: -10, max: [10, 10, 10, 0, 10, 10], stock: 0 }],
  stocks: [{ name: 'battery', start: 0, min: [0, 0, 0, 0, 0, 0], max: 15 }],
  flows: [{ name: 'site', devices: [0] }],
  commitments: [
    {
      name: 'energy',
      on: { flow: 0 },
      grouping: 'each',
      quantity: 0,
      up: [0.1, 0.12, 0.3, 0.3, 0.3, 0.4],
      down: [0.1, 0.12, 0.3, 0.3, 0.3, 0.4],
    },
  ],
  ...more,
})

test('what holds a device is named slot by slot: its power, its storage, the connection, or nothing but the price', async () => {
  const problem = site()
  const [battery] = explain(problem, await solved(problem)).devices
  assert.deepEqual(
    battery!.held.map(({ from, to, holds }) => [from, to, holds.map(({ by }) => by).join()]),
    [
      [0, 1, 'power'],
      [1, 4, 'full'],
      [4, 5, 'price'],
      [5, 6, 'power,empty'],
    ],
  )
  const narrow = site({ flows: [{ name: 'site', devices: [0], max: 6, min: -6 }] })
  const told = explain(narrow, await solved(narrow))
  assert.deepEqual(told.devices[0]!.held[0], { from: 0, to: 2, holds: [{ by: 'limit', name: 'site' }] })
  assert.ok(told.flows[0]!.moreConsumption! > 0.15, 'a kWh bought at 0.10 is sold at 0.30')
  assert.deepEqual(told.flows[0]!.bound[0], { from: 0, to: 2, names: ['site'] })
})
