// Who gets how much when not all wishes fit.
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import type { Claim, Sharing } from './fairness.ts'
import type { SchedulingProblem } from './problem.ts'
import { isSolved, type Solution, solve } from './solve.ts'
import { startSolverPool } from './solver-pool.ts'

const pool = startSolverPool()
after(() => pool.close())

/** Cars that want energy by the end of the fourth hour from a connection of 3 kW (12 kWh); the first pays least for what it takes. */
function cars(wants: number[], powers = wants.map(() => 11)): SchedulingProblem {
  const all = wants.map((_, index) => index)
  return {
    steps: 6,
    hours: 1,
    devices: all.map((stock) => ({ name: `car ${stock}`, min: 0, max: powers[stock]!, stock, chargingEfficiency: 1 - 0.05 * stock })),
    stocks: all.map((index) => ({ name: `car ${index}`, start: 10 * index, min: 0, max: 100 })),
    flows: [{ name: 'site', devices: all, max: 10 }, ...all.map((index) => ({ name: `car ${index}`, devices: [index] }))],
    commitments: [
      { name: 'energy', on: { flow: 0 }, grouping: 'each', quantity: 0, up: 0.2, down: 0.2 },
      { name: 'any consumption breach', on: { flow: 0 }, grouping: 'any', quantity: 3, up: 10_000 },
      ...all.map((stock) => ({
        name: 'all soc minima',
        on: { stock },
        grouping: 'each' as const,
        quantity: Array.from({ length: 6 }, (_, step) => (step === 3 ? 10 * stock + wants[stock]! : Number.NaN)),
        down: -1000,
      })),
    ],
  }
}
const claims = (wants: number[], priorities = wants.map(() => 1)): Claim[] =>
  wants.map((kwh, device) => ({ device, step: 3, kwh: 10 * device + kwh, priority: priorities[device]! }))

async function got(problem: SchedulingProblem, sharing: Sharing): Promise<{ plan: Solution; kwh: number[] }> {
  const plan = await solve(problem, { pool, deadlineMs: 20_000, sharing })
  assert.ok(isSolved(plan), plan.status)
  return { plan, kwh: plan.stocks.map((path) => path[4]! - path[0]!) }
}
const near = (actual: number[], expected: number[]) =>
  actual.forEach((value, index) => {
    assert.ok(Math.abs(value - expected[index]!) < 1e-3, `${actual} instead of ${expected}`)
  })

test('what does not suffice is shared by need: every car gets the same share of what it lacks', async () => {
  const { plan, kwh } = await got(cars([20, 20, 10]), { claims: claims([20, 20, 10]), way: 'max-min' })
  const shares = [kwh[0]! / 20, kwh[1]! / 20, kwh[2]! / 10]
  near(shares, [shares[0]!, shares[0]!, shares[0]!])
  const drawn = kwh.map((each, index) => each / (1 - 0.05 * index)).reduce((sum, each) => sum + each, 0)
  near([drawn], [12])
  assert.ok(
    plan.flows[0]!.every((power) => power <= 3 + 1e-6),
    'the connection is broken by no share',
  )
  assert.equal(plan.costs['fair share'], undefined)
})

test('who can take only little leaves the rest to the others', async () => {
  const { kwh } = await got(cars([20, 20], [0.5, 11]), { claims: claims([20, 20]), way: 'max-min' })
  near(kwh, [2, (12 - 2) * 0.95])
})

test('priorities come one after the other, and within one what is left is shared', async () => {
  const wants = [10, 8, 8]
  const { kwh } = await got(cars(wants), { claims: claims(wants, [2, 1, 2]), way: 'max-min' })
  near([kwh[1]!], [8])
  near([kwh[0]! / 10], [kwh[2]! / 8])
})

test('by weight a higher priority is served first, whatever it loses on the way', async () => {
  const wants = [10, 10, 10]
  const without = await got(cars(wants), { claims: claims(wants), way: 'weighted' })
  near([without.kwh[0]!], [10])
  const { kwh } = await got(cars(wants), { claims: claims(wants, [3, 2, 1]), way: 'weighted' })
  near([kwh[2]!], [10])
})

test('where all wishes fit, sharing changes nothing', async () => {
  const wants = [3, 3, 3]
  const plain = await solve(cars(wants), { pool, deadlineMs: 20_000 })
  const { plan } = await got(cars(wants), { claims: claims(wants, [1, 2, 3]), way: 'max-min' })
  assert.ok(isSolved(plain))
  assert.deepEqual(plan.powers, plain.powers)
})
