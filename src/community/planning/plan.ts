// The plan of a community as it is written: cariflex.community.plan/1.
import { formatInstant, type Instant } from '#kernel'
import type { CommunityProblem, Objective } from './problem.ts'
import { type Solved, type SolveOptions, solveVillage } from './solve.ts'
import type { Choice } from './village.ts'
import { villageOf } from './village.ts'
import type { Repair } from './windows.ts'

/** kWh that are none. */
const NOTHING = 1e-6

export interface Placed {
  id: string
  /** ISO 8601, of what runs in one go. */
  start?: string
  /** End of its last powered slot. */
  end?: string
  /** kW of each slot of the horizon, of an interruptible charge. */
  powerKw?: number[]
  /** 1 in slots of comfort, of a heater. */
  comfort?: number[]
  /** Why then. */
  because: string
}

export interface CommunityPlan {
  format: 'cariflex.community.plan/1'
  problem: string
  objective: Objective
  objectiveKwh: number
  importKwh: number
  unusedKwh: number
  /** Proven lower bound of the objective, over all plans that leave out the same weight. */
  boundKwh: number
  gap: number
  status: Solved['status']
  solver: string
  solveMs: number
  placements: Placed[]
  repairs: readonly Repair[]
  unplaced: { id: string; reason: 'after-horizon' | 'group-limit'; message: string }[]
  loadKw: number[]
  /** What one more kWh in each slot would add to the objective, 0 to 1 (import) or -1 to 0 (unused). */
  marginal: number[]
}

/** Plans a community: the plan, its proof, and what could not be kept. */
export function planCommunity(problem: CommunityProblem, objective: Objective, options: SolveOptions): CommunityPlan {
  const village = villageOf(problem, objective)
  const solved = solveVillage(village, options)
  const { placing } = solved
  const { hours, slots } = village
  const { load } = placing.land
  let [importKwh, unusedKwh] = [0, 0]
  for (const value of load) {
    if (value > 0) importKwh += value * hours
    else unusedKwh -= value * hours
  }
  const objectiveKwh = objective === 'import' ? importKwh : unusedKwh
  const boundKwh = Math.max(0, Math.min(objectiveKwh, solved.bound * hours))
  const outside = new Set(solved.leftOut)
  const moment = (slot: number): string => formatInstant((problem.start + slot * problem.step) as Instant)
  return {
    format: 'cariflex.community.plan/1',
    problem: problem.name,
    objective,
    objectiveKwh,
    importKwh,
    unusedKwh,
    boundKwh,
    gap: objectiveKwh > NOTHING ? (objectiveKwh - boundKwh) / objectiveKwh : 0,
    status: solved.status,
    solver: 'balance of slot prices (method of multipliers), proximal bundle bound',
    solveMs: Math.round(solved.milliseconds * 10) / 10,
    placements: village.choices.filter((choice) => !outside.has(choice)).map((choice) => placedOf(choice, solved, moment, slots)),
    repairs: village.repairs.filter(({ id }) => !solved.leftOut.some((choice) => choice.id === id)),
    unplaced: [
      ...village.later.map((id) => ({
        id,
        reason: 'after-horizon' as const,
        message: 'It would end after the last slot of this plan; a later plan takes it up.',
      })),
      ...solved.leftOut.map(({ id }) => ({
        id,
        reason: 'group-limit' as const,
        message: 'Its group has no room for all of its appliances within their windows.',
      })),
    ],
    loadKw: Array.from(load, (value, slot) => value - (problem.baseConsumptionKw[slot]! - problem.productionKw[slot]!)),
    marginal: Array.from(solved.prices),
  }
}

function placedOf(choice: Choice, { placing }: Solved, moment: (slot: number) => string, slots: number): Placed {
  const { load } = placing.land
  let [energy, local] = [0, 0]
  placing.eachPower(choice, (slot, power) => {
    energy += power
    local += Math.min(power, Math.max(0, power - load[slot]!))
  })
  const because = becauseOf(choice, energy > 0 ? Math.round((100 * local) / energy) : 100)
  if (choice.kind === 'run') {
    const start = placing.starts[choice.index]!
    const length = Math.min(choice.powers.length, choice.to - start)
    return { id: choice.id, start: moment(start), end: moment(start + length), because }
  }
  const row = new Array<number>(slots).fill(0)
  const chosen = placing.slotsOf(choice, choice.index)
  if (choice.kind === 'steps') {
    for (let t = 0; t < chosen.length; t++) if (chosen[t]! > 0) row[choice.from + t] = choice.levels[chosen[t]! - 1]!
    return { id: choice.id, powerKw: row, because }
  }
  return { id: choice.id, comfort: Array.from(chosen), because }
}

function becauseOf(choice: Choice, local: number): string {
  if (choice.kind === 'run' && choice.firstStart === choice.lastStart) return 'It is the only start that its window leaves.'
  if (local >= 99) return 'Local production covers all of it then.'
  if (local > 0) return `Local production covers ${local} % of it then, and no other time would add less to what is lacking.`
  return 'No time of its window has local production to spare; this one adds least to what is lacking.'
}
