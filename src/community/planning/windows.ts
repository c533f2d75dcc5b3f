// When each appliance may run, in slots of the horizon; a wish that cannot be kept gives way as little as it can, and it is said.
import { formatInstant, type Instant } from '#kernel'
import type { Appliance, Charge, CommunityProblem, Cycle } from './problem.ts'

/** What gave way in a wish. Moments are ISO 8601. */
export interface Repair {
  id: string
  reason: 'deadline-passed' | 'window-too-short'
  field: 'latestEnd'
  from: string
  to: string
}

/** Slots `from` (first) to `to` (past the last) in which an appliance may take power, and how many it needs at least. */
export interface Window {
  from: number
  to: number
  needed: number
}

/** Room for errors of rounding, in slots and in kW. */
export const EPSILON = 1e-6

/** Slots that a cycle takes, or that a charge needs at its highest level for its least energy. */
export function slotsNeeded(appliance: Cycle | Charge, hours: number): number {
  if (appliance.kind === 'cycle') return appliance.profileKw.length
  const highest = appliance.powerLevelsKw.at(-1)!
  return Math.max(1, Math.ceil(appliance.minEnergyKwh / (highest * hours) - EPSILON))
}

/**
 * The window of a cycle or a charge. The deadline gives way, never the earliest start; what then ends after the horizon is not placed.
 *
 * @returns undefined when it cannot end within the horizon: a later round places it
 */
export function windowOf(
  appliance: Cycle | Charge,
  { start, step, slots }: Pick<CommunityProblem, 'start' | 'step' | 'slots'>,
): { window: Window; repair?: Repair } | undefined {
  const slotOf = (moment: Instant): number => (moment - start) / step
  const needed = slotsNeeded(appliance, step / 3_600_000)
  const from = Math.max(0, Math.ceil(slotOf(appliance.earliestStart) - EPSILON))
  const latest = Math.floor(slotOf(appliance.latestEnd) + EPSILON)
  const fits = from + needed <= Math.min(slots, latest)
  const to = fits ? Math.min(slots, latest) : from + needed
  if (to > slots) return undefined
  const window = { from, to, needed }
  if (fits) return { window }
  const repair: Repair = {
    id: appliance.id,
    reason: latest <= 0 ? 'deadline-passed' : 'window-too-short',
    field: 'latestEnd',
    from: formatInstant(appliance.latestEnd),
    to: formatInstant((start + to * step) as Instant),
  }
  return { window, repair }
}

/** A period of a heater within the horizon. */
export interface ComfortPeriod {
  from: number
  to: number
  /** Slots of it that may be eco. */
  mostEco: number
}

/** Periods of a heater in slots, clipped to the horizon; those that overlap are one, under the stricter rule of them. */
export function periodsOf(
  { periods }: Extract<Appliance, { kind: 'comfort' }>,
  { start, step, slots }: Pick<CommunityProblem, 'start' | 'step' | 'slots'>,
): ComfortPeriod[] {
  const clipped = periods
    .map(({ start: begin, end, minComfortSlots }) => {
      const from = Math.max(0, Math.ceil((begin - start) / step - EPSILON))
      const to = Math.min(slots, Math.floor((end - start) / step + EPSILON))
      return { from, to, mostEco: Math.max(0, to - from - minComfortSlots) }
    })
    .filter(({ from, to }) => to > from)
    .sort((a, b) => a.from - b.from)
  const merged: ComfortPeriod[] = []
  for (const period of clipped) {
    const last = merged.at(-1)
    if (last && period.from < last.to) {
      last.to = Math.max(last.to, period.to)
      last.mostEco = Math.min(last.mostEco, period.mostEco)
    } else merged.push({ ...period })
  }
  return merged
}
