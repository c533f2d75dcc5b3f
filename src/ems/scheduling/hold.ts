/** A site on the way to a plan: which modes and directions the relaxation holds for now, and plans out of it. */
import { doings, powersOf, signKey } from './formulate.ts'
import type { Hunt } from './hunt.ts'
import type { Moments } from './moments.ts'
import { bandsAt, type SchedulingProblem } from './problem.ts'
import { hullAt, type Relaxation, type Relaxed } from './relaxation.ts'
import type { Turns } from './turns.ts'

/** Device steps (`signKey`) at which doing both at once must be forbidden. */
export type Watched = Set<number>

export interface Site {
  problem: SchedulingProblem
  relaxation: Relaxation
  hunt: Hunt
  turns: Turns
  moments: Moments
  watched: Watched
  /** What a bound may lose by rounding, currency. */
  slack: number
  /** Mean of the absolute prices of the shared flows, currency per kW and step. */
  price: number
}

/** Solves with the modes held; where the answer does both at once, the direction is held too and it is solved again. */
export function offerSolved(site: Site): boolean {
  const { relaxation, hunt } = site
  const solved = relaxation.solve(hunt.left())
  return solved.status === 'optimal' && offer(site, solved)
}

export function offer(site: Site, solved: Relaxed): boolean {
  const { problem, relaxation, hunt, watched } = site
  const { formulation } = relaxation
  const powers = powersOf(problem, formulation, solved.columns)
  const both = doings(problem, formulation, solved.columns)
  const isBetter = hunt.offer(powers, 'decomposition')
  if (both.length === 0) return isBetter
  for (const key of both) {
    watched.add(key)
    const device = Math.floor(key / problem.steps)
    const step = key % problem.steps
    relaxation.hold(device, step, modeAt(site, device, step, powers[device]![step]!))
  }
  return offerSolved(site) || isBetter
}

export function holdAll(site: Site, powers: readonly Float64Array[]): void {
  for (const device of site.problem.devices.keys()) holdModes(site, device, powers[device]!)
}

export function holdModes(site: Site, device: number, power: Float64Array): void {
  const { problem, relaxation, watched } = site
  const hasModes = problem.devices[device]!.bands !== undefined
  for (let step = 0; step < problem.steps; step++)
    if (hasModes || watched.has(signKey(problem, device, step))) relaxation.hold(device, step, modeAt(site, device, step, power[step]!))
}

export function release({ problem, relaxation }: Site, device: number): void {
  for (let step = 0; step < problem.steps; step++) relaxation.hold(device, step, hullAt(problem.devices[device]!, step))
}

/** The mode nearest to a power, and its direction where that must not be left open. */
function modeAt(
  { problem, watched }: Pick<Site, 'problem' | 'watched'>,
  device: number,
  step: number,
  power: number,
): [low: number, high: number] {
  const one = problem.devices[device]!
  let [low, high] = hullAt(one, step)
  let far = Infinity
  for (const { from, to } of bandsAt(one, step) ?? []) {
    const apart = Math.max(from - power, power - to, 0)
    if (apart >= far) continue
    far = apart
    low = from
    high = to
  }
  if (low >= 0 || high <= 0 || !watched.has(signKey(problem, device, step))) return [low, high]
  return power >= 0 ? [0, high] : [low, 0]
}
