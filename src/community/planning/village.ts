// A problem as arrays: what the search walks through, many times and fast.
import type { Appliance, CommunityProblem, Objective } from './problem.ts'
import { type ComfortPeriod, EPSILON, periodsOf, type Repair, type Window, windowOf } from './windows.ts'

/**
 * One start, then its powers one after another; `uniform` when they are all the same. What would go on past `to` is cut there (a charge that
 * the end of its window stops).
 */
export interface Run {
  kind: 'run'
  powers: Float64Array
  uniform: boolean
  firstStart: number
  lastStart: number
  to: number
}
/** Any slots of a window at any of its levels, its energy between two bounds. */
export interface Steps {
  kind: 'steps'
  from: number
  to: number
  /** kW, ascending. */
  levels: Float64Array
  /** Sums of powers over its slots, in kW. */
  least: number
  most: number
  maxStarts: number
}
/** Comfort or eco in each slot of its periods; `eco` everywhere. */
export interface Heat {
  kind: 'heat'
  periods: readonly ComfortPeriod[]
  eco: number
  /** What comfort takes more than eco, in kW. */
  more: number
  sliding: number
  slidingEco: number
}
export type Choice = (Run | Steps | Heat) & { index: number; id: string; weight: number }

export interface VillageGroup {
  id: string
  maxKw: number
  /** Positions in `choices`. */
  members: readonly number[]
}

export interface Village {
  slots: number
  /** Of a slot. */
  hours: number
  /** Base consumption less production, in kW. */
  net: Float64Array
  /** What a kWh costs that is lacking (`over`) and one that is left (`-under`), in each slot. */
  under: Float64Array
  over: Float64Array
  choices: readonly Choice[]
  groups: readonly VillageGroup[]
  repairs: readonly Repair[]
  /** Ids of what cannot end within the horizon. */
  later: readonly string[]
}

/** Turns a problem into arrays, its wishes mended where they must be. */
export function villageOf(problem: CommunityProblem, objective: Objective): Village {
  const { slots, step } = problem
  const hours = step / 3_600_000
  const choices: Choice[] = []
  const repairs: Repair[] = []
  const later: string[] = []
  const place = new Map<string, number>()
  for (const appliance of problem.appliances) {
    const form = formOf(appliance, problem, hours, repairs)
    if (!form) {
      later.push(appliance.id)
      continue
    }
    place.set(appliance.id, choices.length)
    choices.push({ ...form, index: choices.length, id: appliance.id, weight: 1 + appliance.priority })
  }
  const [under, over] = objective === 'import' ? [0, 1] : [-1, 0]
  return {
    slots,
    hours,
    net: Float64Array.from(problem.baseConsumptionKw, (base, slot) => base - problem.productionKw[slot]!),
    under: new Float64Array(slots).fill(under),
    over: new Float64Array(slots).fill(over),
    choices,
    groups: problem.groups.map(({ id, maxKw, appliances }) => ({
      id,
      maxKw,
      members: appliances.map((one) => place.get(one)).filter((index) => index !== undefined),
    })),
    repairs,
    later,
  }
}

function formOf(appliance: Appliance, problem: CommunityProblem, hours: number, repairs: Repair[]): Run | Steps | Heat | undefined {
  if (appliance.kind === 'comfort') {
    const { ecoKw, comfortKw, slidingSlots, slidingMinComfort } = appliance
    return {
      kind: 'heat',
      periods: periodsOf(appliance, problem),
      eco: ecoKw,
      more: comfortKw - ecoKw,
      sliding: slidingSlots,
      slidingEco: slidingSlots - slidingMinComfort,
    }
  }
  const found = windowOf(appliance, problem)
  if (!found) return undefined
  if (found.repair) repairs.push(found.repair)
  if (appliance.kind === 'cycle') return runOf(new Float64Array(appliance.profileKw), found.window)
  const highest = appliance.powerLevelsKw.at(-1)!
  if (!appliance.interruptible) return runOf(wholeCharge(appliance.maxEnergyKwh, highest, hours), found.window)
  const lowest = appliance.powerLevelsKw[0]!
  return {
    kind: 'steps',
    from: found.window.from,
    to: found.window.to,
    levels: new Float64Array(appliance.powerLevelsKw),
    least: appliance.minEnergyKwh / hours,
    most: Math.ceil(appliance.maxEnergyKwh / (lowest * hours) - EPSILON) * lowest,
    maxStarts: appliance.maxStarts ?? Number.POSITIVE_INFINITY,
  }
}

const runOf = (powers: Float64Array, { from, to, needed }: Window): Run => ({
  kind: 'run',
  powers,
  uniform: powers.every((power) => power === powers[0]),
  firstStart: from,
  lastStart: to - needed,
  to,
})

/** Full power until the energy is there, the last slot cut to it. */
function wholeCharge(energyKwh: number, power: number, hours: number): Float64Array {
  const whole = Math.max(1, Math.ceil(energyKwh / (power * hours) - EPSILON))
  const powers = new Float64Array(whole).fill(power)
  powers[whole - 1] = Math.max(0, energyKwh / hours - (whole - 1) * power)
  return powers
}
