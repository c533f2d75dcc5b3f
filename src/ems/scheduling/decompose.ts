/**
 * Sites whose devices have operation modes, or could burn energy at negative prices: the linear relaxation gives prices, every device is
 * planned exactly at these (a bound), devices take modes one by one while the rest of the site adapts (a plan), and then again a few at a
 * time as long as it pays. Counted, not timed: the same problem gives the same plan unless the deadline cuts in.
 */
import { shuffler } from './chance.ts'
import { doings, powersOf, SCALE, signKey } from './formulate.ts'
import { holdAll, holdModes, offer, offerSolved, release, type Site, type Watched } from './hold.ts'
import type { Hunt } from './hunt.ts'
import { momentsOf } from './moments.ts'
import type { SchedulingProblem } from './problem.ts'
import { flowValuesOf, hullAt, type Relaxation, type Relaxed } from './relaxation.ts'
import { totalOf } from './solution.ts'
import { searchBySteps, takesSteps } from './step-dive.ts'
import { partOf, turnsOf, weightsOf } from './turns.ts'

/** How strongly a device that takes modes is drawn to where the relaxation has it, as shares of the mean price; tried in turn. */
const PULLS = [0.05, 0.2, 0.02, 0.1, 0.3]
/** Devices that take modes between two solves of the rest, at most so many solves a dive. */
const STAGES = 12
/** Rounds of the neighbourhood search at most, and without success. */
const ROUNDS = 60
const IDLE = 24
/** Rounds of cuts at most. */
const CUT_ROUNDS = 4

/**
 * Searches for plans and bounds and offers them to the hunt; `depth` 'first': only the plan nearest to the relaxed one.
 * @returns 'infeasible' when a device alone has no plan
 */
export function decompose(
  problem: SchedulingProblem,
  relaxation: Relaxation,
  relaxed: Relaxed,
  hunt: Hunt,
  depth: 'first' | 'whole',
): 'infeasible' | undefined {
  const turns = turnsOf(problem)
  const { formulation } = relaxation
  const watched: Watched = new Set(doings(problem, formulation, relaxed.columns))
  const values = flowValuesOf(formulation, relaxed.duals)
  for (const device of problem.devices.keys())
    for (let step = 0; step < problem.steps; step++)
      if (burningPays(problem, values, device, step)) watched.add(signKey(problem, device, step))
  const crew = problem.devices.flatMap((device, index) => {
    const mustChoose = device.bands !== undefined || hasSteps(problem, watched, index)
    return mustChoose && turns.takes(index) ? [index] : []
  })
  const slack = 1e-10 * Math.max(Math.abs(relaxed.cost), 1)
  const moments = momentsOf(problem, relaxation)
  const site: Site = { problem, relaxation, hunt, turns, moments, watched, slack, price: meanPrice(values) }

  const isWhole = depth === 'whole' && crew.length > 0
  const tight = isWhole ? tightened(site, relaxed) : relaxed
  const back = isWhole ? relaxation.mark() : undefined
  // The mode nearest to the relaxed plan: often as good as best where only directions must be chosen.
  const start = powersOf(problem, formulation, tight.columns)
  holdAll(site, start)
  offerSolved(site)
  if (!back || hunt.isDone()) return undefined

  const bound = priceBound(site, tight, crew)
  if (bound === 'infeasible') return bound
  hunt.raise(bound)
  if (takesSteps(problem)) searchBySteps(site, tight, back)
  const bySize = crew.toSorted((one, other) => sizeOf(problem, other) - sizeOf(problem, one))
  for (const pull of PULLS.slice(0, 2)) {
    if (hunt.isDone()) return undefined
    holdAll(site, start)
    for (const device of crew) release(site, device)
    back()
    const from = relaxation.solve(hunt.left())
    if (from.status === 'optimal') dive(site, bySize, from, pull)
  }
  if (!hunt.best()) takeTurns(site, start, bySize, tight)
  improve(site, crew, tight)
  return undefined
}

/** The relaxation with cuts, as long as these raise its cost. */
function tightened(site: Site, relaxed: Relaxed): Relaxed {
  const { relaxation, hunt, moments } = site
  let best = relaxed
  for (let round = 0; round < CUT_ROUNDS && !hunt.isDone(); round++) {
    if (moments.cut(best) === 0) break
    const next = relaxation.solve(hunt.left())
    if (next.status !== 'optimal') break
    hunt.raise(next.cost)
    best = next
  }
  return best
}

/** The relaxation's cost, raised by what the devices cost more at its prices when they keep to their modes. */
function priceBound({ problem, relaxation, turns, moments, slack }: Site, relaxed: Relaxed, crew: number[]): number | 'infeasible' {
  const prices = flowValuesOf(relaxation.formulation, relaxed.duals)
  const weights = weightsOf(problem, relaxation.formulation.groupRows, (row) => relaxed.duals[row]! / SCALE)
  const extras = moments.prices(relaxed.duals)
  let bound = relaxed.cost
  for (const device of crew) {
    const extra = extras[device]
    const plan = turns.atPrices(device, { prices, weights, slack, extra })
    if (plan === 'infeasible') return plan
    if (plan) bound += Math.max(plan.bound - partOf(problem, relaxation.formulation, relaxed.columns, device, prices, weights, extra), 0)
  }
  return bound
}

/** Devices take modes in order, a few at a time, while the rest of the site adapts. True when that gave a better plan. */
function dive(site: Site, order: readonly number[], from: Relaxed, pull: number): boolean {
  const { problem, relaxation, hunt, turns, moments, slack, price } = site
  const { formulation } = relaxation
  let here = from
  const stage = Math.max(1, Math.ceil(order.length / STAGES))
  for (let first = 0; first < order.length; first += stage) {
    const near = powersOf(problem, formulation, here.columns)
    const prices = flowValuesOf(formulation, here.duals)
    const weights = weightsOf(problem, formulation.groupRows, (row) => here.duals[row]! / SCALE)
    const extras = moments.prices(here.duals)
    for (const device of order.slice(first, first + stage)) {
      const plan = turns.atPrices(device, {
        prices,
        weights,
        slack,
        extra: extras[device],
        near: { power: near[device]!, pull: pull * price },
      })
      if (!plan || plan === 'infeasible') return false
      holdModes(site, device, plan.power)
    }
    here = relaxation.solve(hunt.left())
    if (here.status !== 'optimal') return false
  }
  return offer(site, here)
}

/** Each device against the real cost of the site, with all others as they stand; then the best powers for these modes. */
function takeTurns(site: Site, powers: readonly Float64Array[], order: readonly number[], relaxed: Relaxed): boolean {
  const { problem, relaxation, hunt, turns, slack } = site
  const weights = weightsOf(problem, relaxation.formulation.groupRows, (row) => relaxed.duals[row]! / SCALE)
  const standing = turns.standing(powers)
  for (const device of order) {
    if (hunt.left() <= 0) return false
    const power = turns.turn(device, standing, weights, slack)
    if (power) turns.move(standing, device, power)
  }
  const isBetter = hunt.offer(standing.powers, 'decomposition')
  holdAll(site, standing.powers)
  return offerSolved(site) || isBetter
}

/** Neighbourhood search: two to five devices are set free and dive again; what helps is kept. */
function improve(site: Site, crew: readonly number[], relaxed: Relaxed): void {
  const { relaxation, hunt } = site
  const next = shuffler(1)
  if (hunt.best()) takeTurns(site, hunt.best()!.powers, crew, relaxed)
  let idle = 0
  for (let round = 0; round < ROUNDS && idle < IDLE && !hunt.isDone(); round++) {
    const best = hunt.best()
    if (!best) return
    const some = next(crew).slice(0, 2 + (round % 4))
    holdAll(site, best.powers)
    for (const device of some) release(site, device)
    const from = relaxation.solve(hunt.left())
    if (from.status !== 'optimal') return
    idle++
    if (from.cost >= totalOf(best) - 1e-9 * Math.abs(totalOf(best))) continue
    if (!dive(site, some, from, PULLS[round % PULLS.length]!)) continue
    idle = 0
    takeTurns(site, hunt.best()!.powers, crew, relaxed)
  }
}

/** True where one more kW consumed by the device earns money: there it would love to charge and discharge at once. */
export function burningPays(problem: SchedulingProblem, flowValues: readonly Float64Array[], device: number, step: number): boolean {
  const [low, high] = hullAt(problem.devices[device]!, step)
  if (low >= 0 || high <= 0) return false
  let price = 0
  problem.flows.forEach((flow, index) => {
    if (flow.devices.includes(device)) price += flowValues[index]![step]!
  })
  return price < 0
}

function hasSteps(problem: SchedulingProblem, watched: Watched, device: number): boolean {
  for (let step = 0; step < problem.steps; step++) if (watched.has(signKey(problem, device, step))) return true
  return false
}

function sizeOf(problem: SchedulingProblem, device: number): number {
  let most = 0
  for (let step = 0; step < problem.steps; step++) most = Math.max(most, ...hullAt(problem.devices[device]!, step).map(Math.abs))
  return most
}

function meanPrice(values: readonly Float64Array[]): number {
  let sum = 0
  let count = 0
  for (const series of values)
    for (const value of series)
      if (value !== 0) {
        sum += Math.abs(value)
        count++
      }
  return count === 0 ? 1 : sum / count
}
