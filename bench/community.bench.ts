/** Plans of communities: time, gap and memory by size and mix, both objectives, against CBC on the same problem in the same run. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { IndicatorCounter, planCommunity, readProblem } from '#community'
import { parseInstant } from '#kernel'
import { villageOf } from '../src/community/planning/village.ts'
import { programOf } from './village-program.ts'
import { type Family, seeded, village } from './villages.ts'

export const name = 'Communities: placement with proof, indicators'

/** Goals in seconds and of the gap, by size. */
const GOALS: [count: number, seconds: number][] = [
  [500, 0.3],
  [2000, 0.6],
  [10_000, 2],
  [100_000, 8],
]
const GOAL_GAP = 2e-4

export async function run({ short }: { short: boolean }): Promise<string[]> {
  const lines: string[] = []
  // Warm: a service plans every quarter of an hour.
  for (const family of ['elfe', 'rich'] as const) planCommunity(readProblem(village(family, 200, 9)), 'import', { milliseconds: 2000 })
  for (const [count, seconds] of GOALS) {
    if (short && count > 10_000) continue
    for (const family of ['smooth', 'rugged', 'elfe'] as const) lines.push(placed(family, count, seconds))
  }
  for (const count of short ? [500] : [500, 2000, 10_000, 100_000])
    for (const family of ['packed', 'rich'] as const) lines.push(placed(family, count))
  for (const [family, count] of short
    ? ([['elfe', 100]] as const)
    : ([
        ['elfe', 100],
        ['elfe', 500],
        ['rugged', 500],
      ] as const))
    lines.push(againstCbc(family, count, short ? 10 : 300))
  lines.push(indicators(short ? 30 : 365))
  lines.push(`memory of this process at the end: ${(process.memoryUsage().rss / 1e6).toFixed(0)} MB`)
  return lines
}

function placed(family: Family, count: number, seconds?: number): string {
  const problem = readProblem(village(family, count, 1))
  const parts = (['import', 'unused'] as const).map((objective) => {
    const { solveMs, gap, objectiveKwh, unplaced } = planCommunity(problem, objective, { milliseconds: 60_000 })
    return `${objective} ${(solveMs / 1000).toFixed(2)} s, gap ${(100 * gap).toFixed(4)} % of ${objectiveKwh.toFixed(1)} kWh${unplaced.length > 0 ? `, ${unplaced.length} out` : ''}`
  })
  const goal = seconds === undefined ? '' : ` (goal ${seconds} s at ${100 * GOAL_GAP} %)`
  return `${family.padEnd(6)} ${String(count).padStart(6)} appliances: ${parts.join('; ')}${goal}`
}

function againstCbc(family: Family, count: number, limit: number): string {
  const problem = readProblem(village(family, count, 1))
  const folder = mkdtempSync(join(tmpdir(), 'cariflex-cbc-'))
  try {
    writeFileSync(join(folder, 'problem.lp'), programOf(villageOf(problem, 'import')))
    const begin = performance.now()
    const done = spawnSync('cbc', ['problem.lp', 'ratio', '0.0002', 'sec', String(limit), 'solve', 'solution', 'out.txt'], { cwd: folder })
    const milliseconds = performance.now() - begin
    if (done.error) return `cbc is not installed: no comparison (${done.error.message})`
    const [, value] = /objective value\s+([-\d.e+]+)/.exec(readFileSync(join(folder, 'out.txt'), 'utf8')) ?? []
    const { objectiveKwh, solveMs } = planCommunity(problem, 'import', { milliseconds: 60_000 })
    const theirs = Number(value) / 4
    return `${family} ${count} against CBC at the same gap: ours ${objectiveKwh.toFixed(3)} kWh in ${(solveMs / 1000).toFixed(2)} s, CBC ${theirs.toFixed(3)} kWh in ${(milliseconds / 1000).toFixed(1)} s: ${(milliseconds / solveMs).toFixed(0)} times faster`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** 500 homes with three appliances each, slot by slot. */
function indicators(days: number): string {
  const random = seeded(5)
  const appliances = Array.from({ length: 1500 }, (_, index) => ({ id: 4000 + index, type: [112, 131, 221][index % 3]! }))
  const start = parseInstant('2026-01-01T00:00:00Z')
  const setting = {
    start,
    projectStart: start,
    step: 900_000,
    timezone: 'Europe/Paris',
    appliances,
    meanCycleWh: { 112: 800, 131: 4000, 221: 8000 },
  }
  const counter = new IndicatorCounter(setting)
  const begin = performance.now()
  let decisions = 0
  for (let slot = 0; slot < days * 96; slot++) {
    counter.addSlot({
      consumptionW: 250_000,
      production: { solar: 90_000, wind: 40_000, biogas: 20_000 },
      withoutFlexW: -100_000,
      withFlexW: -130_000,
    })
    for (let row = 0; row < 50; row++, decisions++) {
      const { id, type } = appliances[Math.floor(random() * 1500)]!
      counter.addDecision({
        firstValid: (start + slot * 900_000) as typeof start,
        machineId: id,
        machineType: type,
        decision0: row === 0 ? 1 : 0,
      })
    }
    if (slot % 96 === 95) counter.values()
  }
  const seconds = (performance.now() - begin) / 1000
  return `indicators of 500 homes over ${days} days, kept up slot by slot with ${decisions} decisions: ${seconds.toFixed(2)} s (goal 2 s a year)`
}
