/** Wishes and limits that a site plan could not keep, by name, amount and cause. */
import { say } from '#kernel'
import { SAYING } from '../saying.ts'
import { at, type SchedulingProblem } from './problem.ts'
import type { SiteProblem } from './site-problem.ts'
import type { Solution } from './solution.ts'

/** Why a wish was missed. */
export type MissCause =
  /** It took all the power it can take, and time ran out. */
  | 'power'
  /** It was not there (not plugged, not available). */
  | 'absent'
  /** The cap on flexible consumption held it. */
  | 'flexible-cap'
  /** The site's import or export limit held it. */
  | 'site-limit'
  /** The wish is larger than the storage. */
  | 'capacity'
  /** A wish of another kind or device weighed more. */
  | 'other-wish'

export interface MissedWish {
  device: string
  kind: 'minimum' | 'maximum' | 'target' | 'floor'
  /** The wish held at the end of this slot. */
  slot: number
  /** How much is missing (kWh > 0); for a maximum, how much is too much. */
  missingKwh: number
  cause: MissCause
  /** Highest power it could take on the way, kW, for the sentence. */
  powerKw: number
}

export interface BrokenBound {
  bound: 'site-import' | 'site-export'
  slot: number
  /** kW above the limit. */
  excessKw: number
}

/** Less than this (kWh or kW) is rounding. */
const NOTEWORTHY = 1e-3

/** Every wish that the plan does not meet; of a floor only its end and largest gap is told, as one wish. */
export function missedWishes(site: SiteProblem, problem: SchedulingProblem, solution: Solution): MissedWish[] {
  const missed: MissedWish[] = []
  site.devices.forEach((device, index) => {
    const { storage } = device
    const stock = problem.devices[index]!.stock
    if (!storage || stock === undefined) return
    const path = solution.stocks[stock]!
    for (const wish of storage.wishes ?? []) {
      if (wish.slot < 0 || wish.slot >= site.slots) continue
      const stored = path[wish.slot + 1]!
      const missing = wish.kind === 'maximum' ? stored - wish.kwh : wish.kwh - stored
      const surplus = wish.kind === 'target' ? stored - wish.kwh : 0
      const amount = Math.max(missing, surplus)
      if (amount <= NOTEWORTHY) continue
      const found = causeOf(site, index, solution, wish.slot, missing >= surplus && wish.kind !== 'maximum' && wish.kwh > storage.maxKwh)
      missed.push({ device: device.id, kind: wish.kind, slot: wish.slot, missingKwh: amount, ...found })
    }
    let worst = -1
    for (let slot = 0; slot < site.slots; slot++) {
      const gap = storage.minKwh - path[slot + 1]!
      if (gap > NOTEWORTHY && (worst < 0 || gap > storage.minKwh - path[worst + 1]!)) worst = slot
    }
    if (worst >= 0)
      missed.push({
        device: device.id,
        kind: 'floor',
        slot: worst,
        missingKwh: storage.minKwh - path[worst + 1]!,
        ...causeOf(site, index, solution, worst, false),
      })
  })
  return missed
}

function causeOf(
  site: SiteProblem,
  index: number,
  solution: Solution,
  until: number,
  tooLarge: boolean,
): { cause: MissCause; powerKw: number } {
  const device = site.devices[index]!
  const power = solution.powers[index]!
  let powerKw = 0
  let held: MissCause | undefined
  let free = false
  for (let slot = 0; slot <= until; slot++) {
    const most = at(device.maxKw, slot)
    powerKw = Math.max(powerKw, most)
    if (most <= 0 || power[slot]! >= most - NOTEWORTHY) continue
    if (bindsCap(site, solution, slot)) held ??= 'flexible-cap'
    else if (bindsSite(site, solution, slot)) held ??= 'site-limit'
    else free = true
  }
  if (tooLarge) return { cause: 'capacity', powerKw }
  if (powerKw <= 0) return { cause: 'absent', powerKw }
  return { cause: held ?? (free ? 'other-wish' : 'power'), powerKw }
}

/** True when the cap on flexible consumption is used up at the slot. */
export const bindsCap = (site: SiteProblem, solution: Solution, slot: number): boolean =>
  site.flexibleConsumptionKw !== undefined && solution.flows[1]![slot]! >= at(site.flexibleConsumptionKw, slot) - NOTEWORTHY

/** True when the site's import limit is used up at the slot. */
export const bindsSite = (site: SiteProblem, solution: Solution, slot: number): boolean =>
  site.importKw !== undefined && solution.flows[0]![slot]! >= at(site.importKw, slot) - NOTEWORTHY

/** True when the site's export limit is used up at the slot. */
export const bindsExport = (site: SiteProblem, solution: Solution, slot: number): boolean =>
  site.exportKw !== undefined && solution.flows[0]![slot]! <= -at(site.exportKw, slot) + NOTEWORTHY

/** Site limits that no power of the devices could keep. */
export function brokenBounds(site: SiteProblem, problem: SchedulingProblem, solution: Solution): BrokenBound[] {
  const broken: BrokenBound[] = []
  for (let slot = 0; slot < problem.steps; slot++) {
    const net = solution.flows[0]![slot]!
    const over = site.importKw === undefined ? 0 : net - at(site.importKw, slot)
    const under = site.exportKw === undefined ? 0 : -net - at(site.exportKw, slot)
    if (over > NOTEWORTHY) broken.push({ bound: 'site-import', slot, excessKw: over })
    if (under > NOTEWORTHY) broken.push({ bound: 'site-export', slot, excessKw: under })
  }
  return broken
}

const number = (value: number): string => (value >= 10 ? value.toFixed(0) : value.toFixed(value >= 1 ? 1 : 2).replace(/\.?0+$/, ''))

/**
 * One sentence for people: 'V2G003: 16 kWh will be missing at 07:00: the charger gives 11 kW.'
 * `time` is the clock time of the wish in the site's zone, `giver` what limits the power.
 */
export function sayMissedWish(wish: MissedWish, { time, giver = 'charger' }: { time: string; giver?: 'charger' | 'inverter' }): string {
  const causes: Record<MissCause, string> = {
    power: say(giver === 'charger' ? SAYING.chargerGives : SAYING.inverterGives, { power: `${number(wish.powerKw)} kW` }),
    absent: SAYING.notThere,
    'flexible-cap': SAYING.loadControlCaps,
    'site-limit': SAYING.importLimitHolds,
    capacity: SAYING.wishTooLarge,
    'other-wish': SAYING.otherWishes,
  }
  return say(wish.kind === 'maximum' ? SAYING.tooMuch : SAYING.missing, {
    device: wish.device,
    energy: `${number(wish.missingKwh)} kWh`,
    time,
    cause: causes[wish.cause],
  })
}
