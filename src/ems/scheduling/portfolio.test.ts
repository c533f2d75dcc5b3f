// Random portfolios against an independent exact model, and against common sense: energy conserved, limits held, never worse than doing nothing,
// never worse with more freedom, the same plan for the same question. CARIFLEX_PROOFS = how many (CI runs more).
import assert from 'node:assert/strict'
import test, { after } from 'node:test'
import { type Portfolio, portfolioOptimum, portfolioProblem, randomPortfolio } from '../../../test/oracle/portfolio-model.ts'
import { random } from '../../../test/oracle/schedule-model.ts'
import { pricePlan, violations } from './price.ts'
import { isSolved, type Solution, solve } from './solve.ts'
import { startSolverPool } from './solver-pool.ts'

const pool = startSolverPool()
after(() => pool.close())

const proofs = Number(process.env['CARIFLEX_PROOFS'] ?? 12)
const SEED = Number(process.env['CARIFLEX_SEED'] ?? 4000)

const planOf = async (model: Portfolio, what: string): Promise<Solution | undefined> => {
  const problem = portfolioProblem(model)
  const outcome = await solve(problem, { pool, deadlineMs: 20_000 })
  if (!isSolved(outcome)) {
    assert.equal(outcome.status, 'infeasible', what)
    return undefined
  }
  assert.deepEqual(violations(problem, outcome.powers, 1e-5), [], what)
  return outcome
}
const tolerance = (value: number) => 1e-6 * Math.max(1, Math.abs(value))

test(`random portfolios cost what a naive second model says (${proofs} from seed ${SEED})`, async () => {
  let feasible = 0
  for (let seed = SEED; seed < SEED + proofs; seed++) {
    const model = randomPortfolio(random(seed))
    const naive = portfolioOptimum(model)
    const plan = await planOf(model, `seed ${seed}`)
    if (naive === undefined || !plan) {
      assert.equal(plan, undefined, `seed ${seed}: the naive model finds nothing`)
      assert.equal(naive, undefined, `seed ${seed}: the naive model finds ${naive}`)
      continue
    }
    feasible++
    assert.ok(Math.abs(plan.objective - naive) <= tolerance(naive), `seed ${seed}: ${plan.objective} instead of ${naive}`)
    assert.ok(plan.bound <= naive + tolerance(naive), `seed ${seed}: proves ${plan.bound} of ${naive}`)
  }
  assert.ok(feasible > proofs / 2, `only ${feasible} had a plan`)
})

test(`random portfolios: conserved, never worse than nothing, monotone in freedom, deterministic (seed ${SEED})`, async () => {
  for (let seed = SEED; seed < SEED + proofs / 3; seed++) {
    const what = `seed ${seed}`
    const model = randomPortfolio(random(seed))
    const plan = await planOf(model, what)
    if (!plan) continue
    const problem = portfolioProblem(model)
    // Energy in = energy out + what is stored more + losses, device by device and step by step, counted anew.
    model.stocks.forEach(({ start, eps, inflow }, k) => {
      const [a, b] = eps >= 1 ? [1, 1] : [eps, (eps - 1) / Math.log(eps)]
      let level = start
      for (let t = 0; t < model.n; t++) {
        let flow = inflow
        model.devices.forEach(({ stock, etaC, etaD }, d) => {
          const power = plan.powers[d]![t]!
          if (stock === k) flow += power > 0 ? power * etaC : power / etaD
        })
        level = a * level + b * model.h * flow
        assert.ok(Math.abs(plan.stocks[k]![t + 1]! - level) < 1e-6, what)
      }
    })
    const nothing = problem.devices.map(() => new Float64Array(model.n))
    if (violations(problem, nothing).length === 0)
      assert.ok(plan.objective <= pricePlan(problem, nothing).objective + tolerance(plan.objective), `${what}: dearer than doing nothing`)
    const freer: Portfolio = {
      ...model,
      devices: model.devices.map(({ bands: _, ...device }) => ({
        ...device,
        lo: device.lo.map((power) => power * 1.5),
        hi: device.hi.map((power) => power * 1.5),
      })),
      stocks: model.stocks.map((stock) => ({ ...stock, max: stock.max + 5 })),
      groups: model.groups.map((group) => ({ ...group, ...(group.cap !== undefined && { cap: group.cap + 5 }) })),
    }
    const more = await planOf(freer, `${what}, freer`)
    assert.ok(more && more.objective <= plan.objective + tolerance(plan.objective), `${what}: freedom made it dearer`)
    const again = await planOf(model, what)
    assert.deepEqual(again?.powers, plan.powers, `${what}: another plan for the same question`)
  }
})
