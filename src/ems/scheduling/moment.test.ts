// One step of several devices, exactly; and what that proves about a whole site.
import assert from 'node:assert/strict'
import test from 'node:test'
import loader, { type Highs } from 'highs'
import { exactOptimum } from '../../../test/oracle/modes-problem.ts'
import { chance } from './chance.ts'
import { bestMoment, type Piece, type Question } from './moment.ts'
import { momentsOf } from './moments.ts'
import type { SchedulingProblem } from './problem.ts'
import { withRelaxation } from './relaxation.ts'
import { searchPlan } from './search.ts'
import { isSolved } from './solution.ts'

/** Three devices with a rest and a lowest power either way, one kink, two limits. */
function randomQuestion(seed: number): Question {
  const next = chance(seed)
  const devices = [0, 1, 2].map((): Piece[] => {
    const power = 10 + 40 * next()
    const low = power * (0.3 + 0.3 * next())
    const consumed = (next() - 0.5) * 2
    const produced = consumed + next() - 0.3
    return [
      { from: -power, to: -low, slope: produced, base: next() < 0.3 ? 5 * next() : 0 },
      { from: 0, to: 0, slope: 0, base: 0 },
      { from: low, to: power, slope: consumed, base: 0 },
    ]
  })
  const bends = [{ quantity: (next() - 0.5) * 60, up: next(), down: next() }]
  return { devices, bends, least: -60 + 20 * next(), most: 40 + 20 * next() }
}

/** By trying: two devices at ends and in between, the third where the cost can turn. */
function tried({ devices: [one, two, three], bends: [bend], least, most }: Question): number {
  const points = (pieces: readonly Piece[]) =>
    pieces.flatMap(({ from, to, slope, base }) =>
      (from === to ? [0] : Array.from({ length: 21 }, (_, share) => share / 20)).map((share) => {
        const power = from + (to - from) * share
        return [power, slope * power + base] as const
      }),
    )
  let best = Infinity
  for (const [a, costA] of points(one!))
    for (const [b, costB] of points(two!))
      for (const { from, to, slope, base } of three!)
        for (const c of [from, to, bend!.quantity - a - b, least - a - b, most - a - b]) {
          const sum = a + b + c
          if (c < from || c > to || sum < least - 1e-9 || sum > most + 1e-9) continue
          const off = sum - bend!.quantity
          best = Math.min(best, costA + costB + slope * c + base + (off > 0 ? bend!.up * off : -bend!.down * off))
        }
  return best
}

test('the best of one step: never above what trying finds, and really reached', () => {
  let reached = 0
  for (let seed = 0; seed < 60; seed++) {
    const question = randomQuestion(seed)
    const answer = bestMoment(question)
    const found = tried(question)
    assert.ok(answer.bound <= found + 1e-6, `seed ${seed}: ${answer.bound} above ${found}`)
    assert.ok(found - answer.bound < 2, `seed ${seed}: ${answer.bound} far below ${found}`)
    assert.ok(Math.abs(answer.cost - answer.bound) < 1e-6, `seed ${seed}: ${answer.cost} is not proven (${answer.bound})`)
    if (answer.powers) reached++
    for (const [device, power] of [...(answer.powers ?? [])].entries())
      assert.ok(
        question.devices[device]!.some(({ from, to }) => power >= from - 1e-9 && power <= to + 1e-9),
        `seed ${seed}`,
      )
  }
  assert.ok(reached > 50, String(reached))
})

test('what devices with a lowest power cannot do together raises what is proven, never above the optimum', async () => {
  const highs = await (loader as unknown as () => Promise<Highs>)()
  const steps = 5
  // A load of 4 kW that no battery can cover: they run at 10 kW or more, and nothing may be sold.
  const problem: SchedulingProblem = {
    steps,
    hours: 0.25,
    devices: [0, 1, 2].map((stock) => ({
      name: `battery ${stock}`,
      min: -20 - stock,
      max: 0,
      stock,
      bands: [
        { from: 0, to: 0 },
        { from: -20 - stock, to: -10 },
      ],
    })),
    stocks: [0, 1, 2].map((stock) => ({ name: `battery ${stock}`, start: 30 + stock, min: 20, max: 60 })),
    flows: [{ name: 'site', devices: [0, 1, 2], fixed: 4, min: 0, max: 12 }],
    commitments: [
      {
        name: 'energy',
        on: { flow: 0 },
        grouping: 'each',
        quantity: 0,
        up: Array.from({ length: steps }, (_, step) => 0.05 + 0.01 * Math.sin(step)),
        down: 0,
      },
    ],
  }
  const best = exactOptimum(highs, problem)!
  const [before, after] = withRelaxation(highs, problem, (relaxation) => {
    const first = relaxation.solve(10_000)
    assert.ok(momentsOf(problem, relaxation).cut(first) > 0)
    return [first.cost, relaxation.solve(10_000).cost]
  })
  assert.ok(before! < 0.01 * best, `the relaxation alone proves ${before} of ${best}`)
  assert.ok(after! > 0.5 * best && after! <= best + 1e-6, `with cuts ${after} of ${best} is proven`)
  const plan = searchPlan(highs, problem, { deadlineMs: 20_000, gap: 0.01 })
  assert.ok(
    isSolved(plan) && plan.gap <= 0.01 && plan.objective <= best * 1.0101,
    `${isSolved(plan) ? plan.objective : plan.status} of ${best}`,
  )
})
