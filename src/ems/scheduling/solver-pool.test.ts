// The solver's threads: killed in mid-solve, at their deadline, out of time with something in hand.
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { isProblem } from '#kernel'
import { type LinearProgram, lpBuilder } from './linear-program.ts'
import type { SchedulingProblem } from './problem.ts'
import { isSolved, solveWithHighs } from './solve.ts'
import { startSolverPool } from './solver-pool.ts'

const pool = startSolverPool()
after(() => pool.close())

/** Five equations over 40 yes-or-no columns with slack: points are found at once, the best one takes very long. */
function marketSplit(): LinearProgram {
  const lp = lpBuilder()
  let state = 17
  const next = () => {
    state = (state * 48271) % 2147483647
    return state % 100
  }
  const columns = Array.from({ length: 40 }, () => lp.column(0, 0, 1, true))
  for (let row = 0; row < 5; row++) {
    const weights = columns.map(() => next())
    const half = Math.floor(weights.reduce((sum, weight) => sum + weight, 0) / 2)
    const [over, under] = [lp.column(1, 0, Infinity), lp.column(1, 0, Infinity)]
    lp.row(half, half, [...columns.map((column, index) => [column, weights[index]!] as const), [over, -1], [under, 1]])
  }
  return lp.build()
}

function easy(): LinearProgram {
  const lp = lpBuilder()
  const column = lp.column(1, 0, 10)
  lp.row(3, Infinity, [[column, 1]])
  return lp.build()
}

const fault = (code: string) => (error: unknown) => isProblem(error) && error.code === code

test('a solve whose thread is killed is refused, and the next one finds a fresh thread', async () => {
  await pool.ready()
  const lost = pool.solve(marketSplit(), { timeLimitMs: 60_000 })
  pool.killOne()
  await assert.rejects(lost, fault('solver-killed'))
  const found = await pool.solve(easy(), { timeLimitMs: 5000 })
  assert.equal(found.status, 'optimal')
  assert.equal(found.objective, 3)
})

test('a solve that passes its deadline is stopped, and those behind it are served', async () => {
  await pool.ready()
  const begin = performance.now()
  const stuck = pool.solve(marketSplit(), { timeLimitMs: 60_000, deadlineMs: 200 })
  const behind = pool.solve(easy(), { timeLimitMs: 5000 })
  await assert.rejects(stuck, fault('solver-killed'))
  assert.equal((await behind).objective, 3)
  assert.ok(performance.now() - begin < 10_000)
})

test('out of time, the best point so far comes with its bound and gap', async () => {
  const answer = await pool.solve(marketSplit(), { timeLimitMs: 300 })
  assert.equal(answer.status, 'feasible')
  assert.ok(answer.bound < answer.objective && answer.gap > 0, `${answer.bound} ${answer.objective} ${answer.gap}`)
  assert.ok(answer.columns.length === 50)
})

test('a closed pool refuses, waiting work too', async () => {
  const pool = startSolverPool()
  const waiting = pool.solve(easy(), { timeLimitMs: 1000 })
  waiting.catch(() => {})
  await pool.close()
  await assert.rejects(waiting, fault('solver-closed'))
  await assert.rejects(pool.solve(easy(), { timeLimitMs: 1000 }), fault('solver-closed'))
})

test('a program beyond the memory of the solver is refused before it is sent', async (t) => {
  const pool = startSolverPool({ maxColumns: 10 })
  t.after(() => pool.close())
  await assert.rejects(pool.solve(marketSplit(), { timeLimitMs: 1000 }), fault('program-too-large'))
})

/** A day with hours of negative prices and devices that would love to burn energy: needs whole-number columns. */
const negative = (): SchedulingProblem => ({
  steps: 24,
  hours: 1,
  devices: [0, 1, 2].map((stock) => ({ name: `b${stock}`, min: -50, max: 50, stock, chargingEfficiency: 0.8, dischargingEfficiency: 0.8 })),
  stocks: [0, 1, 2].map((index) => ({ name: `b${index}`, start: 50, min: 0, max: 60 })),
  flows: [{ name: 'site', devices: [0, 1, 2], min: -200, max: 200 }],
  commitments: [
    {
      name: 'energy',
      on: { flow: 0 },
      grouping: 'each',
      quantity: 0,
      up: Array.from({ length: 24 }, (_, step) => (step > 8 && step < 16 ? -0.1 : 0.1)),
      down: Array.from({ length: 24 }, (_, step) => (step > 8 && step < 16 ? -0.1 : 0.1)),
    },
  ],
})

test('a plan whose thread dies in mid-solve is made all the same', async () => {
  await pool.ready()
  const planning = solveWithHighs(negative(), { pool, deadlineMs: 20_000 })
  pool.killOne()
  const outcome = await planning
  assert.ok(isSolved(outcome))
  assert.equal(outcome.status, 'optimal')
})

test('when the solver never answers, a plan is made device by device, and says that nothing is proven', async () => {
  const problem = negative()
  problem.commitments[0]!.up = problem.commitments[0]!.down = Array.from({ length: 24 }, (_, step) => 0.1 + 0.05 * Math.sin(step))
  const best = await solveWithHighs(problem, { pool, deadlineMs: 20_000 })
  const silent = { ...pool, solve: () => pool.solve(marketSplit(), { timeLimitMs: 60_000, deadlineMs: 1 }) }
  const outcome = await solveWithHighs(problem, { pool: silent, deadlineMs: 50 })
  assert.ok(isSolved(outcome) && isSolved(best))
  assert.equal(outcome.solver, 'in-turn')
  assert.equal(outcome.gap, Infinity)
  assert.ok(outcome.objective >= best.objective - 1e-9 && outcome.objective < 0, `${outcome.objective} against ${best.objective}`)
})
