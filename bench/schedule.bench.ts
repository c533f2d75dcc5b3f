/** Plans: one battery by the own algorithm against HiGHS over arrays and over LP text; the island of 20 storages, time and gap. */
import loader, { type Highs } from 'highs'
import { type PlanDevice, type SiteProblem, scheduleSite, startSolverPool } from '#ems'
import { formulate } from '../src/ems/scheduling/formulate.ts'
import type { LinearProgram } from '../src/ems/scheduling/linear-program.ts'
import type { SchedulingProblem } from '../src/ems/scheduling/problem.ts'
import { runProgram } from '../src/ems/scheduling/run-program.ts'
import { solveWithHighs } from '../src/ems/scheduling/solve.ts'
import { solveStorage } from '../src/ems/scheduling/storage.ts'
import { fullSooner } from '../src/ems/scheduling/tie-break.ts'

export const name = 'Schedules'

/** p50 of one battery three ways, interleaved, and through the worker; the island at 96 and 192 slots. */
export async function run({ short }: { short: boolean }): Promise<string[]> {
  const highs = await (loader as unknown as () => Promise<Highs>)()
  const pool = startSolverPool()
  try {
    await pool.ready()
    return [...(await oneBattery(highs, pool, short ? 15 : 60)), ...(await island(pool, short))]
  } finally {
    await pool.close()
  }
}

async function oneBattery(highs: Highs, pool: ReturnType<typeof startSolverPool>, rounds: number): Promise<string[]> {
  const times: Record<'own' | 'arrays' | 'text' | 'worker', number[]> = { own: [], arrays: [], text: [], worker: [] }
  let apart = 0
  for (let round = -5; round < rounds; round++) {
    const problem = battery(round + 5)
    const measure = async <Result>(key: keyof typeof times, work: () => Result | Promise<Result>): Promise<Result> => {
      const begin = performance.now()
      const result = await work()
      if (round >= 0) times[key].push(performance.now() - begin)
      return result
    }
    const own = await measure('own', () => solveStorage(problem))
    const arrays = await measure('arrays', () => runProgram(highs, formulate(problem).program, { timeLimitMs: 10_000, presolve: 'off' }))
    const text = lpText(formulate(problem).program)
    await measure('text', () => highs.solve(text, { output_flag: false, time_limit: 10 }))
    await measure('worker', () => solveWithHighs(problem, { pool, deadlineMs: 10_000 }))
    if (!own || own === 'infeasible') throw new Error('the own algorithm must take this problem')
    apart = Math.max(apart, Math.abs((own.objective + own.tieBreak) * 1000 - arrays.objective) / Math.abs(arrays.objective))
  }
  const [own, arrays, text, worker] = (['own', 'arrays', 'text', 'worker'] as const).map((key) => median(times[key])) as [
    number,
    number,
    number,
    number,
  ]
  const against = (time: number) => `${time.toFixed(2)} ms (own algorithm: ${(own / time).toFixed(3)} of it)`
  return [
    `one battery, 96 × 15 min, p50: own algorithm ${own.toFixed(2)} ms (worst ${Math.max(...times.own).toFixed(2)})`,
    `  HiGHS over arrays ${against(arrays)}, over LP text ${against(text)}, in the worker ${against(worker)}`,
    `  largest difference of cost between own algorithm and HiGHS: ${apart.toExponential(1)} relative`,
  ]
}

async function island(pool: ReturnType<typeof startSolverPool>, short: boolean): Promise<string[]> {
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
        `island, 20 storages, ${slots} × 15 min${isNegative ? ', hours of negative price' : ''}: p50 ${median(times).toFixed(0)} ms, worst ${Math.max(...times).toFixed(0)} ms, gap ≤ ${(gap * 100).toFixed(3)} % (${solver}; target 2000 ms at 0.1 %)`,
      )
    }
  return lines
}

const median = (values: number[]): number => [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!

function random(seed: number): () => number {
  let state = seed + 1
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

function battery(seed: number): SchedulingProblem {
  const next = random(seed)
  const price = Array.from({ length: 96 }, (_, step) => 0.15 + 0.06 * Math.sin(step / 8) + 0.02 * next())
  return {
    steps: 96,
    hours: 0.25,
    devices: [{ name: 'battery', min: -50, max: 50, stock: 0, chargingEfficiency: 0.95, dischargingEfficiency: 0.95 }],
    stocks: [{ name: 'battery', start: 20 + 60 * next(), min: 5, max: 100, retention: 0.9999 }],
    flows: [{ name: 'site', devices: [0], fixed: price.map(() => 60 * (next() - 0.5)), max: 90 }],
    commitments: [
      {
        name: 'energy',
        on: { flow: 0 },
        grouping: 'each',
        quantity: 0,
        up: price.map((each) => each / 4),
        down: price.map((each) => each * 0.15),
      },
      {
        name: 'full sooner',
        on: { stock: 0 },
        grouping: 'each',
        quantity: 100,
        down: fullSooner(Math.max(...price) - Math.min(...price), 96, 0.25),
        tieBreak: true,
      },
    ],
  }
}

/** Ten batteries and ten cars that leave in the morning and return in the afternoon, over a midday sun, with all limits in force. */
function territory(slots: number, isNegative: boolean, seed: number): SiteProblem {
  const next = random(seed)
  const hourOf = (slot: number) => (slot % 96) / 4
  const price = Array.from({ length: slots }, (_, slot) => {
    const usual = 150 + 60 * Math.sin((hourOf(slot) * 2 * Math.PI) / 12) + 10 * next()
    return isNegative && hourOf(slot) > 10 && hourOf(slot) < 14 ? usual - 200 : usual
  })
  const devices = Array.from({ length: 20 }, (_, index): PlanDevice => {
    if (index < 10)
      return {
        id: `BAT${index}`,
        minKw: -50,
        maxKw: 50,
        storage: { kwh: 20 + 60 * next(), minKwh: 10, maxKwh: 100, chargingEfficiency: 0.95, dischargingEfficiency: 0.95 },
      }
    const there = (slot: number) => slot % 96 < 26 + index || slot % 96 > 70
    const series = (power: number) => Array.from({ length: slots }, (_, slot) => (there(slot) ? power : 0))
    return {
      id: `V2G${index}`,
      minKw: series(index % 2 ? -11 : 0),
      maxKw: series(11),
      storage: {
        kwh: 20 + 30 * next(),
        minKwh: 15,
        maxKwh: 75,
        chargingEfficiency: 0.93,
        dischargingEfficiency: 0.93,
        wishes: [{ slot: 25 + index, kwh: 70, kind: 'minimum' }],
      },
    }
  })
  return {
    slots,
    step: 900_000,
    devices,
    inflexibleKw: Array.from({ length: slots }, (_, slot) => 30 - 50 * Math.max(0, Math.sin(((hourOf(slot) - 6) / 12) * Math.PI))),
    consumptionPrice: price,
    productionPrice: price.map((each) => (each > 0 ? each * 0.6 : each)),
    importKw: 300,
    exportKw: 300,
    flexibleConsumptionKw: 400,
  }
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
