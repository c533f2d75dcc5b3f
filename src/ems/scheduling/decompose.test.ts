// Devices by themselves and in turn, against the whole problem at once.
import assert from 'node:assert/strict'
import test from 'node:test'
import loader, { type Highs } from 'highs'
import { exactOptimum, randomModes } from '../../../test/oracle/modes-problem.ts'
import { random } from '../../../test/oracle/schedule-model.ts'
import { violations } from './price.ts'
import { searchPlan } from './search.ts'
import { isSolved } from './solution.ts'

const highs = await (loader as unknown as () => Promise<Highs>)()

/** Plans problems and compares with their optimum; counts who found the plans. */
function compare(seeds: number[], count: number, gap: number): Record<string, number> {
  const found: Record<string, number> = {}
  for (const seed of seeds) {
    const problem = randomModes(random(seed), count)
    const best = exactOptimum(highs, problem)
    const plan = searchPlan(highs, problem, { deadlineMs: 60_000, gap })
    if (best === undefined) {
      assert.equal(plan.status, 'infeasible', `seed ${seed}`)
      continue
    }
    assert.ok(isSolved(plan), `seed ${seed}: ${plan.status} (${plan.solver})`)
    found[plan.solver] = (found[plan.solver] ?? 0) + 1
    assert.deepEqual(violations(problem, plan.powers), [], `seed ${seed}`)
    const cost = plan.objective + plan.tieBreak
    const slack = 1e-6 * Math.max(1, Math.abs(best))
    assert.ok(plan.bound + plan.tieBreak <= best + slack, `seed ${seed} (${plan.solver}): bound ${plan.bound} above the optimum ${best}`)
    assert.ok(cost >= best - slack, `seed ${seed} (${plan.solver}): ${cost} below the optimum ${best}`)
    assert.ok(cost <= best + slack + gap * Math.abs(cost) * 1.001, `seed ${seed} (${plan.solver}): ${cost} instead of ${best}`)
  }
  return found
}
const from = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index)

test('one device with modes, shortest runs and any price: the exact plan, without a solver', () => {
  const found = compare(from(1, 28), 1, 0)
  assert.ok(found['unit']! > 15, JSON.stringify(found))
})

test('several devices that share prices, peaks and limits: the optimum, with its bound', () => {
  const found = compare(from(100, 12), 2, 0)
  assert.ok(found['decomposition']! > 2, JSON.stringify(found))
})

test('stopped at a gap, a plan is within it and its bound holds', () => {
  const found = compare(from(300, 9), 3, 0.03)
  assert.ok(found['decomposition']! > 2, JSON.stringify(found))
})

test('the same problem gives the same plan to the last digit', () => {
  const problem = randomModes(random(303), 3)
  const [one, other] = [0, 1].map(() => searchPlan(highs, problem, { deadlineMs: 60_000, gap: 0.01 }))
  assert.ok(isSolved(one!) && isSolved(other!))
  assert.deepEqual(one.powers, other.powers)
  assert.equal(one.bound, other.bound)
})
