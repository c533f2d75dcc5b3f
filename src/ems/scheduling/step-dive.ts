/**
 * Plans step by step: where the relaxed plan runs between modes, all devices of that step take modes together, a few steps at a time, while
 * the rest of the plan adapts; then a few hours are set free and take modes again. What is left to the linear program, where all devices run
 * in their modes anyway, is most of the day.
 */

import { chance, shuffler } from './chance.ts'
import { SCALE } from './formulate.ts'
import { holdAll, offer, release, type Site } from './hold.ts'
import type { Settlement } from './moments.ts'
import type { SchedulingProblem } from './problem.ts'
import { hullAt, type Relaxed } from './relaxation.ts'
import { totalOf } from './solution.ts'

/** How strongly modes are drawn to the relaxed plan, as shares of the mean price; tried in turn. */
const PULLS = [0.02, 0.1, 0.005]
/** Where the plan becomes much dearer than the steps themselves, they are drawn so many times as strongly. */
const STRONGER = [1, 5, 25]
/** Steps that take modes between two solves: a few at first, as their choice moves others; then, and where devices are many, all that are left. */
const FEW = 5
const MANY_DEVICES = 30
const FEW_ROUNDS = 8
const ROUNDS = 40
/** In turn all devices are set free for so many hours, and half of them for so many; so often at most. */
const HOURS_OF_ALL = 12
const HOURS_OF_HALF = 8
const WINDOWS = 80

/** True when a step can be settled by itself: no device has a shortest run or rest. */
export const takesSteps = ({ devices }: SchedulingProblem): boolean =>
  devices.every(({ minRun = 1, minRest = 1 }) => minRun <= 1 && minRest <= 1)

/** Dives from the relaxed plan, where `back` leads the solver, then in windows of time. */
export function searchBySteps(site: Site, relaxed: Relaxed, back: () => void): void {
  const { problem, relaxation, hunt } = site
  for (const pull of PULLS.slice(0, 2)) {
    if (hunt.isDone()) return
    for (const device of problem.devices.keys()) release(site, device)
    back()
    dive(site, relaxed, pull)
  }
  const next = chance(1)
  const shuffled = shuffler(2)
  for (let round = 0; round < WINDOWS && !hunt.isDone(); round++) {
    const best = hunt.best()
    if (!best) return
    holdAll(site, best.powers)
    const isAll = round % 2 === 0
    const all = [...problem.devices.keys()]
    const some = isAll ? all : shuffled(all).slice(0, Math.ceil(all.length / 2))
    const length = Math.max(2, Math.round((isAll ? HOURS_OF_ALL : HOURS_OF_HALF) / problem.hours))
    const start = Math.floor(next() * problem.steps - length / 2)
    for (let step = Math.max(start, 0); step < Math.min(start + length, problem.steps); step++)
      for (const device of some) relaxation.hold(device, step, hullAt(problem.devices[device]!, step))
    const from = relaxation.solve(hunt.left())
    if (from.status !== 'optimal') return
    if (from.cost < totalOf(best) - 1e-9 * Math.abs(totalOf(best))) dive(site, from, PULLS[round % PULLS.length]!)
  }
}

/** Steps take modes until none runs between modes. True when that gave a better plan. */
function dive(site: Site, from: Relaxed, pull: number): boolean {
  const { problem, hunt } = site
  let here = from
  for (let round = 0; round < ROUNDS; round++) {
    const best = hunt.best()
    if (best && here.cost >= totalOf(best)) return false
    const next = settled(site, here, pull, round < FEW_ROUNDS && problem.devices.length <= MANY_DEVICES ? FEW : problem.steps)
    if (next === 'possible') return offer(site, here)
    if (!next) return false
    here = relieved(site, here, next)
    if (here.status !== 'optimal') return false
  }
  return false
}

/** The relaxed plan with `most` steps more in modes; 'possible' when there is no such step. */
function settled(site: Site, here: Relaxed, pull: number, most: number): Relaxed | 'possible' | undefined {
  const { problem, relaxation, hunt, moments, price } = site
  let best: { relaxed: Relaxed; some: Settlement[] } | undefined
  let some: Settlement[] = []
  const undo = () => {
    for (const { step, modes } of some)
      for (const { device } of modes) relaxation.hold(device, step, hullAt(problem.devices[device]!, step))
  }
  const hold = (chosen: Settlement[]): Relaxed => {
    undo()
    some = chosen
    for (const { step, modes } of some) for (const { device, bounds } of modes) relaxation.hold(device, step, bounds)
    return relaxation.solve(hunt.left())
  }
  for (const times of STRONGER) {
    const open = moments.settle(here, times * pull * price * SCALE)
    if (!open) break
    if (open.length === 0) return 'possible'
    const chosen = open.slice(0, most)
    const relaxed = hold(chosen)
    if (relaxed.status === 'late') return undefined
    if (relaxed.status === 'optimal' && (!best || relaxed.cost < best.relaxed.cost)) best = { relaxed, some }
    const loss = chosen.reduce((sum, one) => sum + Math.max(one.loss, 0), 0) / SCALE
    if (best && best.relaxed.cost - here.cost <= 5 * loss + 1e-3 * Math.abs(here.cost)) break
  }
  if (!best || best.some === some) return best?.relaxed
  const again = hold(best.some)
  return again.status === 'optimal' ? again : undefined
}

/** Where a device now breaks a dear wish, it is set free in all steps: the modes that others have taken may do without it. */
function relieved(site: Site, before: Relaxed, after: Relaxed): Relaxed {
  let here = after
  for (let more = 0; more < 2 && here.status === 'optimal'; more++) {
    const device = mostPressed(site, before, here)
    if (device === undefined) break
    release(site, device)
    here = site.relaxation.solve(site.hunt.left())
  }
  return here
}

/** The device whose stored energy changed most in worth, if by ten times the mean price of energy. */
function mostPressed({ problem, price, relaxation: { formulation } }: Site, before: Relaxed, after: Relaxed): number | undefined {
  let most = (10 * price * SCALE) / problem.hours
  let found: number | undefined
  problem.devices.forEach(({ stock }, device) => {
    if (stock === undefined) return
    for (const row of formulation.stockRows[stock]!) {
      const change = Math.abs(after.duals[row]! - before.duals[row]!)
      if (change <= most) continue
      most = change
      found = device
    }
  })
  return found
}
