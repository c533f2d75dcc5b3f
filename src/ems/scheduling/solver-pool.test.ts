// The solver's threads: killed in mid-search, at their deadline, out of time with something in hand.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import test, { after } from 'node:test'
import { promisify } from 'node:util'
import { isProblem } from '#kernel'
import { violations } from './price.ts'
import type { SchedulingProblem } from './problem.ts'
import { isSolved, solve } from './solve.ts'
import { startSolverPool } from './solver-pool.ts'

const pool = startSolverPool()
after(() => pool.close())

const prices = (steps: number) => Array.from({ length: steps }, (_, step) => 0.1 + 0.05 * Math.sin(step) + 0.02 * Math.cos(7 * step))

/** Batteries that share a limit and run in modes: plans are found at once, the best one takes very long. */
function hard(devices = 8, steps = 96): SchedulingProblem {
  const all = Array.from({ length: devices }, (_, index) => index)
  return {
    steps,
    hours: 0.25,
    devices: all.map((stock) => ({
      name: `b${stock}`,
      min: -40 - stock,
      max: 40 + stock,
      bands: [
        { from: 0, to: 0 },
        { from: 23 + stock, to: 40 + stock },
        { from: -40 - stock, to: -29 },
      ],
      stock,
      chargingEfficiency: 0.9,
      dischargingEfficiency: 0.93,
    })),
    stocks: all.map((index) => ({ name: `b${index}`, start: 50, min: 3, max: 97 + index })),
    flows: [{ name: 'site', devices: all, fixed: prices(steps).map((price) => 300 * (price - 0.1)), min: -110, max: 110 }],
    commitments: [
      {
        name: 'energy',
        on: { flow: 0 },
        grouping: 'each',
        quantity: 0,
        up: prices(steps).map((price) => price / 4),
        down: prices(steps).map((price) => price / 8),
      },
    ],
  }
}

/** Two batteries with losses and an hourly price. */
const easy = (): SchedulingProblem => {
  const problem = hard(2, 24)
  return { ...problem, devices: problem.devices.map(({ bands: _, ...device }) => device) }
}

const fault = (code: string) => (error: unknown) => isProblem(error) && error.code === code

test('a search whose thread is killed before it found anything is refused, and the next one finds a fresh thread', async () => {
  await pool.ready()
  const lost = pool.plan(hard(), { deadlineMs: 60_000 })
  pool.killOne()
  await assert.rejects(lost, fault('solver-killed'))
  const found = await pool.plan(easy(), { deadlineMs: 20_000 })
  assert.equal(found.status, 'optimal')
})

test('a search whose thread dies leaves the best plan it had found', async () => {
  await pool.ready()
  const problem = hard()
  const outcome = await pool.plan(problem, { deadlineMs: 60_000 }, () => pool.killOne())
  assert.ok(isSolved(outcome), outcome.status)
  assert.equal(outcome.status, 'feasible')
  assert.deepEqual(violations(problem, outcome.powers), [])
  assert.ok(outcome.gap < 0.2 && outcome.bound <= outcome.objective, `${outcome.bound} ${outcome.objective}`)
})

test('out of time, the best plan so far comes with its bound and gap, and those behind it are served', async () => {
  await pool.ready()
  const begin = performance.now()
  const problem = hard()
  const searching = pool.plan(problem, { deadlineMs: 1500 })
  const behind = pool.plan(easy(), { deadlineMs: 20_000 })
  const outcome = await searching
  assert.ok(isSolved(outcome), outcome.status)
  assert.deepEqual(violations(problem, outcome.powers), [])
  assert.ok(outcome.bound < outcome.objective && outcome.gap > 0 && outcome.gap < Infinity, `${outcome.bound} ${outcome.objective}`)
  assert.ok(performance.now() - begin < 10_000)
  assert.equal((await behind).status, 'optimal')
})

test('patience ends a search whose gap is good enough by then', async () => {
  const begin = performance.now()
  const outcome = await pool.plan(hard(), { deadlineMs: 60_000, patience: { afterMs: 300, gap: 0.5 } })
  assert.ok(isSolved(outcome) && outcome.gap < 0.5)
  assert.ok(performance.now() - begin < 20_000)
})

test('a closed pool refuses, waiting work too', async () => {
  const pool = startSolverPool()
  const waiting = pool.plan(easy(), { deadlineMs: 1000 })
  waiting.catch(() => {})
  await pool.close()
  await assert.rejects(waiting, fault('solver-closed'))
  await assert.rejects(pool.plan(easy(), { deadlineMs: 1000 }), fault('solver-closed'))
})

test('a problem beyond the memory of the solver is refused before it is sent', async (t) => {
  const pool = startSolverPool({ maxUnknowns: 10 })
  t.after(() => pool.close())
  await assert.rejects(pool.plan(easy(), { deadlineMs: 1000 }), fault('program-too-large'))
})

test('a plan whose thread dies in mid-search is made all the same', async () => {
  await pool.ready()
  const planning = solve(easy(), { pool, deadlineMs: 20_000 })
  pool.killOne()
  const outcome = await planning
  assert.ok(isSolved(outcome))
  assert.equal(outcome.status, 'optimal')
})

test('when no thread ever answers, a plan is made device by device, and says that nothing is proven', async () => {
  const problem = easy()
  const best = await solve(problem, { pool, deadlineMs: 20_000 })
  const killing = {
    ...pool,
    async plan() {
      await pool.ready()
      const planning = pool.plan(hard(), { deadlineMs: 60_000 })
      pool.killOne()
      return planning
    },
  }
  const outcome = await solve(problem, { pool: killing, deadlineMs: 50 })
  assert.ok(isSolved(outcome) && isSolved(best))
  assert.equal(outcome.solver, 'in-turn')
  assert.equal(outcome.gap, Infinity)
  assert.ok(outcome.objective >= best.objective - 1e-9, `${outcome.objective} against ${best.objective}`)
  assert.ok(
    outcome.powers.some((power) => power.some((each) => Math.abs(each) > 1)),
    'never a plan that rests by silence',
  )
})

test('a pool that was never asked does not hold its process', async () => {
  const program = `import { startSolverPool } from '${new URL('./solver-pool.ts', import.meta.url)}'; startSolverPool()`
  await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { timeout: 20_000 })
})
