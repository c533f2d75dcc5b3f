/**
 * Plans: one battery by the own algorithm against HiGHS over arrays and over LP text; a house, 10, 30 and 100 storages; storages that run in
 * modes, plan and proven gap at a deadline of 2 s; the island of 20 storages. Baseline in the same run: the whole problem at once by HiGHS.
 */
import loader, { type Highs } from 'highs'
import { scheduleSite, startSolverPool } from '#ems'
import { formulate, SCALE, signKey } from '../src/ems/scheduling/formulate.ts'
import type { LinearProgram } from '../src/ems/scheduling/linear-program.ts'
import { pricePlan } from '../src/ems/scheduling/price.ts'
import type { SchedulingProblem } from '../src/ems/scheduling/problem.ts'
import { runProgram } from '../src/ems/scheduling/run-program.ts'
import { isSolved, type Solution, solve } from '../src/ems/scheduling/solve.ts'
import { solveStorage } from '../src/ems/scheduling/storage.ts'
import { banded, battery, house, median, storages, territory } from './sites.ts'

export const name = 'Schedules'

type Pool = ReturnType<typeof startSolverPool>

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const highs = await (loader as unknown as () => Promise<Highs>)()
  const pool = startSolverPool()
  try {
    await pool.ready()
    return [
      ...(await oneBattery(highs, pool, short ? 15 : 60)),
      ...(await sites(highs, pool, short)),
      ...(await modes(highs, pool, short)),
      ...(await island(pool, short)),
    ]
  } finally {
    await pool.close()
  }
}

async function oneBattery(highs: Highs, pool: Pool, rounds: number): Promise<string[]> {
  const times: Record<'own' | 'arrays' | 'text' | 'worker' | 'week', number[]> = { own: [], arrays: [], text: [], worker: [], week: [] }
  let apart = 0
  for (let round = -5; round < rounds; round++) {
    const problem = battery(round + 5)
    const week = battery(round + 5, 672)
    const measure = async <Result>(key: keyof typeof times, work: () => Result | Promise<Result>): Promise<Result> => {
      const begin = performance.now()
      const result = await work()
      if (round >= 0) times[key].push(performance.now() - begin)
      return result
    }
    const own = await measure('own', () => solveStorage(problem))
    await measure('week', () => solveStorage(week))
    const arrays = await measure('arrays', () => runProgram(highs, formulate(problem).program, { timeLimitMs: 10_000, presolve: 'off' }))
    const text = lpText(formulate(problem).program)
    await measure('text', () => highs.solve(text, { output_flag: false, time_limit: 10 }))
    await measure('worker', () => solve(problem, { pool, deadlineMs: 10_000, by: 'highs' }))
    if (!own || own === 'infeasible') throw new Error('the own algorithm must take this problem')
    apart = Math.max(apart, Math.abs((own.objective + own.tieBreak) * SCALE - arrays.objective) / Math.abs(arrays.objective))
  }
  const own = median(times.own)
  const against = (time: number) => `${time.toFixed(2)} ms (own algorithm: ${(own / time).toFixed(3)} of it)`
  return [
    `one battery, 96 × 15 min, p50: own algorithm ${own.toFixed(2)} ms (worst ${Math.max(...times.own).toFixed(2)}); a week ${median(times.week).toFixed(2)} ms`,
    `  HiGHS over arrays ${against(median(times.arrays))}, over LP text ${against(median(times.text))}, in the worker ${against(median(times.worker))}`,
    `  largest difference of cost between own algorithm and HiGHS: ${apart.toExponential(1)} relative`,
  ]
}

/** The whole problem at once by HiGHS, every direction and mode a whole number: what one would do without thinking. */
function plainly(highs: Highs, problem: SchedulingProblem, limitMs: number): { ms: number; gap: number } {
  const signed = new Set<number>()
  for (const device of problem.devices.keys()) for (let step = 0; step < problem.steps; step++) signed.add(signKey(problem, device, step))
  const begin = performance.now()
  const { gap } = runProgram(highs, formulate(problem, signed).program, { timeLimitMs: limitMs, presolve: 'on' })
  return { ms: performance.now() - begin, gap }
}

async function planned(problem: SchedulingProblem, pool: Pool, deadlineMs: number, gap = 0): Promise<{ plan: Solution; ms: number }> {
  const begin = performance.now()
  const plan = await solve(problem, { pool, deadlineMs, gap })
  const ms = performance.now() - begin
  if (!isSolved(plan)) throw new Error(`no plan: ${plan.status}`)
  return { plan, ms }
}

const percent = (gap: number): string => (Number.isFinite(gap) ? `${(gap * 100).toFixed(3)} %` : 'no plan')

async function sites(highs: Highs, pool: Pool, short: boolean): Promise<string[]> {
  const lines: string[] = []
  for (const [what, make, target, rounds] of [
    ['battery, 2 cars and a roof', house, 50, 20],
    ['10 storages', (seed: number) => storages(10, seed), 150, 12],
    ['100 storages', (seed: number) => storages(100, seed), 10_000, 3],
    ['30 storages', (seed: number) => ({ ...storages(30, seed, 288), hours: 1 / 12 }), 10_000, 3],
  ] as const) {
    const times: number[] = []
    let gap = 0
    let solver = ''
    for (let seed = 0; seed < (short ? Math.ceil(rounds / 5) : rounds); seed++) {
      const { plan, ms } = await planned(make(seed), pool, 20_000)
      times.push(ms)
      gap = Math.max(gap, plan.gap)
      solver = plan.solver
    }
    const base = plainly(highs, make(0), short ? 5000 : 60_000)
    const { steps, hours } = make(0)
    lines.push(
      `${what}, ${steps} × ${60 * hours} min: p50 ${median(times).toFixed(0)} ms, worst ${Math.max(...times).toFixed(0)} ms, gap ≤ ${percent(gap)} (${solver}; at most ${target} ms); HiGHS with all whole numbers at once ${base.ms.toFixed(0)} ms, gap ${percent(base.gap)}`,
    )
  }
  return lines
}

const DEADLINE = 2000

async function modes(highs: Highs, pool: Pool, short: boolean): Promise<string[]> {
  const lines: string[] = []
  const gaps: number[] = []
  const bases: number[] = []
  for (const seed of short ? [0, 2] : Array.from({ length: 12 }, (_, index) => index)) {
    const { bands: _, ...problem } = banded(seed)
    const { plan, ms } = await planned(problem, pool, DEADLINE)
    const base = plainly(highs, problem, DEADLINE)
    gaps.push(plan.gap)
    bases.push(base.gap)
    const rest = restingCost(problem)
    const apart = plan.objective - plan.bound
    lines.push(
      `  seed ${seed}: ${ms.toFixed(0)} ms, cost ${plan.objective.toFixed(3)} (at rest ${rest.toFixed(3)}), proven ≥ ${plan.bound.toFixed(3)}, gap ${percent(plan.gap)}, that is ${apart.toFixed(3)} or ${percent(apart / Math.abs(rest))} of the cost at rest (${plan.solver}); HiGHS at once in the same time: gap ${percent(base.gap)}`,
    )
  }
  return [
    `10 storages with modes, 96 × 15 min, deadline ${DEADLINE} ms, ${gaps.length} instances: median gap ${percent(median(gaps))}, worst ${percent(Math.max(...gaps))} (at most 1 %); HiGHS at once: median ${percent(median(bases))}`,
    ...lines,
  ]
}

/** What the site pays for energy when no storage does anything. */
const restingCost = (problem: SchedulingProblem): number =>
  pricePlan(
    problem,
    problem.devices.map(() => new Float64Array(problem.steps)),
  ).costs['energy']!

async function island(pool: Pool, short: boolean): Promise<string[]> {
  const lines: string[] = []
  for (const slots of short ? [96] : [96, 192])
    for (const isNegative of [false, true]) {
      const times: number[] = []
      let gap = 0
      let solver = ''
      for (let round = 0; round < (short ? 3 : 8); round++) {
        const begin = performance.now()
        const plan = await scheduleSite(territory(slots, isNegative, round), { deadlineMs: 10_000, pool })
        times.push(performance.now() - begin)
        gap = Math.max(gap, plan.gap)
        solver = plan.solver
      }
      lines.push(
        `island, 20 storages, ${slots} × 15 min${isNegative ? ', hours of negative price' : ''}: p50 ${median(times).toFixed(0)} ms, worst ${Math.max(...times).toFixed(0)} ms, gap ≤ ${percent(gap)} (${solver}; target 2000 ms at 0.1 %)`,
      )
    }
  return lines
}

/** The program as CPLEX LP text, the other face of the solver. */
function lpText(program: LinearProgram): string {
  const terms = (entries: [number, number][]) =>
    entries.map(([column, value]) => `${value < 0 ? '-' : '+'} ${Math.abs(value)} x${column}`).join(' ')
  const rows: string[] = []
  for (let row = 0; row < program.rows; row++) {
    const entries: [number, number][] = []
    for (let at = program.starts[row]!; at < program.starts[row + 1]!; at++) entries.push([program.indices[at]!, program.values[at]!])
    if (entries.length === 0) continue
    const [low, high] = [program.rowLower[row]!, program.rowUpper[row]!]
    if (low === high) rows.push(`${terms(entries)} = ${low}`)
    else {
      if (Number.isFinite(low)) rows.push(`${terms(entries)} >= ${low}`)
      if (Number.isFinite(high)) rows.push(`${terms(entries)} <= ${high}`)
    }
  }
  const bound = (value: number) => (value === Infinity ? '+inf' : value === -Infinity ? '-inf' : String(value))
  const columns = Array.from({ length: program.columns }, (_, column) => column)
  const cost = terms(columns.flatMap((column): [number, number][] => (program.cost[column] === 0 ? [] : [[column, program.cost[column]!]])))
  const bounds = columns.map((column) => `${bound(program.lower[column]!)} <= x${column} <= ${bound(program.upper[column]!)}`)
  return `Minimize\n obj: ${cost}\nSubject To\n ${rows.join('\n ')}\nBounds\n ${bounds.join('\n ')}\nEnd\n`
}
