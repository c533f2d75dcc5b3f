// A round in ELFE's own tables: decisions per appliance, what is said of the run, and the balance without and with what was placed.
import { after, ceilTo, HOUR, instant, parseInstant } from '#kernel'
import { SLOT, SLOTS } from '../declarations/outset.ts'
import { reheatSeconds } from '../declarations/water-heater.ts'
import type { CommunityPlan, Placed } from '../planning/plan.ts'
import type { RoundInputs } from './round.ts'

/** A row of `result`; `decisions[k]` is its column `decisions_k`. */
export interface ElfeResult {
  /** Unix seconds of slot 0. */
  first_valid_timestamp: number
  machine_id: number
  /** 0 what starts once, 1 what is decided slot by slot. */
  result_type: 0 | 1
  machine_type: number
  decisions: number[]
}
/** A row of `ems_run_info`. Times in unix seconds; powers in W, consumption less production, means of whole clock hours. */
export interface ElfeRunInfo {
  timestamp: number
  run_time_ms: number
  consumer_count: number
  conso_min_hour_timestamp: number
  conso_min_hour: number
  conso_max_hour_timestamp: number
  conso_max_hour: number
}
/** A row of a curve: production less consumption, W. */
export interface ElfePower {
  data_timestamp: number
  power: number
}
export interface ElfeRows {
  result: ElfeResult[]
  ems_run_info: ElfeRunInfo
  p_c_without_flexible_consumption: ElfePower[]
  p_c_with_flexible_consumption: ElfePower[]
}

/** What a plan says in the tables that ELFE's EMS writes. */
export function elfeRows(inputs: RoundInputs, plan: CommunityPlan): ElfeRows {
  const start = parseInstant(inputs.start)
  const seconds = (slot: number): number => after(start, slot * SLOT) / 1000
  const balance = inputs.balanceW.slice(0, SLOTS)
  const left = balance.map((power, slot) => power - 1000 * plan.loadKw[slot]!)
  const curve = (powers: readonly number[]): ElfePower[] => powers.map((power, slot) => ({ data_timestamp: seconds(slot), power }))
  const placed = new Map(plan.placements.map((one) => [one.id, one]))
  return {
    result: inputs.wishes.flatMap((wish) => {
      const { appliance, type } = wish.declaration
      const placement = placed.get(String(appliance))
      if (!placement) return []
      const { decisions, isRepeated } = decided(wish, placement, inputs)
      return [
        {
          first_valid_timestamp: seconds(0),
          machine_id: appliance,
          result_type: isRepeated ? 1 : 0,
          machine_type: type,
          decisions,
        } as const,
      ]
    }),
    ems_run_info: {
      timestamp: seconds(0),
      run_time_ms: Math.round(plan.solveMs),
      consumer_count: plan.placements.length,
      ...extremes(inputs, left),
    },
    p_c_without_flexible_consumption: curve(balance),
    p_c_with_flexible_consumption: curve(left),
  }
}

/**
 * What is decided in each slot, by its kind: 1 where a machine or a vehicle starts; in all slots that a water heater is let, long enough for a full
 * reheat; where a vehicle takes power slot by slot; where heating is in comfort.
 */
function decided(
  { declaration: { wish } }: RoundInputs['wishes'][number],
  { start, end, comfort, powerKw }: Placed,
  inputs: RoundInputs,
): { decisions: number[]; isRepeated: boolean } {
  if (comfort) return { decisions: comfort, isRepeated: true }
  if (powerKw) return { decisions: powerKw.map((power) => (power > 0 ? 1 : 0)), isRepeated: true }
  const slotOf = (text: string): number => Math.round((parseInstant(text) - parseInstant(inputs.start)) / SLOT)
  const first = slotOf(start!)
  const upTo = (last: number): number[] => Array.from({ length: SLOTS }, (_, slot) => (slot >= first && slot < last ? 1 : 0))
  if (wish.kind !== 'water-heater') return { decisions: upTo(first + 1), isRepeated: false }
  const reheat = Math.ceil((reheatSeconds(wish.volumeL, wish.powerW) * 1000) / SLOT)
  return { decisions: upTo(Math.max(slotOf(end!), first + reheat)), isRepeated: false }
}

/** The clock hours of least and most consumption less production. */
function extremes({ start }: RoundInputs, left: readonly number[]): Omit<ElfeRunInfo, 'timestamp' | 'run_time_ms' | 'consumer_count'> {
  const first = parseInstant(start)
  const inHour = HOUR / SLOT
  const hours: { at: number; power: number }[] = []
  for (let hour = ceilTo(first, HOUR); hour + HOUR <= first + SLOTS * SLOT; hour = instant(hour + HOUR)) {
    const from = (hour - first) / SLOT
    hours.push({ at: hour / 1000, power: -left.slice(from, from + inHour).reduce((sum, power) => sum + power, 0) / inHour })
  }
  const least = hours.reduce((best, hour) => (hour.power < best.power ? hour : best))
  const most = hours.reduce((best, hour) => (hour.power > best.power ? hour : best))
  return {
    conso_min_hour_timestamp: least.at,
    conso_min_hour: least.power,
    conso_max_hour_timestamp: most.at,
    conso_max_hour: most.power,
  }
}
