/**
 * The way to a plan, in the solver's thread: one device by itself exactly; else the linear relaxation, kept when no device does what it must
 * not; else devices and site in turn (`decompose.ts`); else, as long as it is worth the time, whole-number columns where they are needed.
 * Every better plan is told at once, so that a thread that must be stopped leaves its best behind.
 */
import type { Highs } from 'highs'
import { burningPays, decompose } from './decompose.ts'
import { allotted, fairLevels, isShared, type Sharing, weighted } from './fairness.ts'
import { doings, type Formulation, formulate, powersOf, SCALE, signKey } from './formulate.ts'
import { type Hunt, type HuntOptions, type Prey, startHunt } from './hunt.ts'
import { marginalValues } from './marginal.ts'
import { pricePlan } from './price.ts'
import { at, bandsAt, groupsOf, type SchedulingProblem } from './problem.ts'
import { flowValuesOf, hullAt, type Relaxation, type Relaxed, stockValuesOf, withRelaxation } from './relaxation.ts'
import { runProgram } from './run-program.ts'
import { planInTurn } from './sequential.ts'
import { isSolved, judged, type Outcome, type Solution, type SolverName } from './solution.ts'
import { solveUnit } from './unit.ts'

export interface SearchOptions extends HuntOptions {
  /** 'highs': no algorithm of our own (to compare with). */
  by?: 'highs'
  /** Who gets what when not all wishes fit; default: whatever costs least. */
  sharing?: Sharing
}

/**
 * Finds the plan of least cost within the time, or with `sharing` the one that shares out what does not suffice for all. `found` hears of every
 * better plan.
 */
export function searchPlan(highs: Highs, problem: SchedulingProblem, options: SearchOptions, found?: (plan: Solution) => void): Outcome {
  const { sharing, ...rest } = options
  if (!sharing || sharing.claims.length < 2) return searchCheapest(highs, problem, rest, found)
  const begin = performance.now()
  const left = () => options.deadlineMs - (performance.now() - begin)
  const { claims, way } = sharing
  const first = searchCheapest(highs, problem, rest, found)
  if (!isSolved(first) || !isShared(problem, claims, first) || left() <= 0) return first
  const levels = way === 'weighted' ? undefined : fairLevels(highs, problem, first, claims, left())
  if (way === 'max-min' && !levels) return first
  const changed = levels ? allotted(problem, claims, levels) : weighted(problem, claims)
  const second = searchCheapest(highs, changed, { ...rest, deadlineMs: left() })
  if (!isSolved(second)) return first
  // Told in the terms of the problem as it was asked; nothing is proven about its cost but what was.
  const plan = { ...second, ...pricePlan(problem, second.powers) }
  return {
    ...plan,
    bound: Math.min(first.bound, plan.objective),
    gap: second.gap,
    status: second.status,
    solveMs: performance.now() - begin,
  }
}

/** Finds the plan of least cost within the time. `found` hears of every better plan. */
function searchCheapest(highs: Highs, problem: SchedulingProblem, options: SearchOptions, found?: (plan: Solution) => void): Outcome {
  const told = found && ((best: Prey, bound: number) => found(judged(best, bound, { solver: best.solver, solveMs: hunt.spent() })))
  const hunt = startHunt(problem, options, told)
  const isOwn = options.by !== 'highs'
  if (isOwn) {
    const alone = planAlone(problem, hunt)
    if (alone) return alone
  }
  return withRelaxation(highs, problem, (relaxation) => {
    const none = (status: 'infeasible' | 'none', solver: SolverName): Outcome => ({ status, solver, solveMs: hunt.spent() })
    const relaxed = relaxation.solve(hunt.left())
    if (relaxed.status === 'infeasible') return none('infeasible', 'highs-lp')
    if (relaxed.status === 'optimal') {
      hunt.raise(relaxed.cost)
      hunt.offer(powersOf(problem, relaxation.formulation, relaxed.columns), 'highs-lp')
      if (hunt.isDone() && hunt.best()) return finished(hunt, valuesFrom(relaxation, relaxed))
      for (const way of waysFor(problem, isOwn)) {
        if (hunt.isDone()) break
        if (way === 'wholes' && withWholes(highs, problem, relaxation, relaxed, hunt) === 'infeasible')
          return none('infeasible', 'highs-mip')
        if (way !== 'wholes' && decompose(problem, relaxation, relaxed, hunt, way) === 'infeasible')
          return none('infeasible', 'decomposition')
      }
    }
    if (!hunt.best()) {
      const powers = planInTurn(problem)
      if (powers) hunt.offer(powers, 'in-turn')
    }
    if (!hunt.best()) return none('none', relaxed.status === 'late' ? 'highs-lp' : 'highs-mip')
    return finished(hunt, valuesHeld(problem, relaxation, hunt))
  })
}

/**
 * In which order to try. Modes make whole numbers in every step: there devices by themselves come first. Where only some steps ask for a
 * direction, HiGHS is quick at them, unless devices are many.
 */
function waysFor({ devices }: SchedulingProblem, isOwn: boolean): ('first' | 'whole' | 'wholes')[] {
  if (!isOwn) return ['wholes']
  return devices.some(({ bands }) => bands) || devices.length > MANY ? ['whole', 'wholes'] : ['first', 'wholes']
}
const MANY = 60

/** One device, exactly; undefined when that is not the form of the problem, or 'any' commitments cost something. */
function planAlone(problem: SchedulingProblem, hunt: Hunt): Outcome | undefined {
  const scale = problem.devices.length === 1 ? Math.abs(pricePlan(problem, [new Float64Array(problem.steps)]).objective) : 0
  const plan = solveUnit(problem, 1e-11 * Math.max(scale, 1))
  if (plan === undefined) return undefined
  if (plan === 'infeasible') return { status: 'infeasible', solver: 'unit', solveMs: hunt.spent() }
  hunt.raise(plan.bound)
  hunt.offer([plan.power], 'unit')
  const best = hunt.best()
  if (!best) return undefined
  const isTied = problem.commitments.some(
    (one) => best.costs[one.name] !== 0 && groupsOf(one, problem.steps).some(({ length }) => length > 1),
  )
  if (isTied && !hunt.isDone()) return undefined
  return finished(hunt, marginalValues(problem, best))
}

type Values = Pick<Solution, 'stockValues' | 'flowValues'>

function finished(hunt: Hunt, values: Values): Solution {
  const best = hunt.best()!
  return judged({ ...best, ...values }, hunt.bound(), { solver: best.solver, solveMs: hunt.spent() })
}

const valuesFrom = ({ formulation }: Relaxation, { duals }: Relaxed): Values => ({
  stockValues: stockValuesOf(formulation, duals),
  flowValues: flowValuesOf(formulation, duals),
})

/** Marginal values of the best plan, its modes and directions held; the powers of that last solve count when they are better. */
function valuesHeld(problem: SchedulingProblem, relaxation: Relaxation, hunt: Hunt): Values {
  const { powers } = hunt.best()!
  relaxation.uncut()
  problem.devices.forEach((device, index) => {
    for (let step = 0; step < problem.steps; step++) relaxation.hold(index, step, heldAt(device, step, powers[index]![step]!))
  })
  const solved = relaxation.solve(Math.min(Math.max(hunt.left(), 100), 1000))
  if (solved.status !== 'optimal') return {}
  hunt.offer(powersOf(problem, relaxation.formulation, solved.columns), hunt.best()!.solver)
  return valuesFrom(relaxation, solved)
}

/** The mode and direction of a power; at rest both directions stay open only where there is no mode. */
function heldAt(device: SchedulingProblem['devices'][number], step: number, power: number): [low: number, high: number] {
  const band = bandsAt(device, step)?.find(({ from, to }) => power >= from - 1e-6 && power <= to + 1e-6)
  const [low, high] = band ? [band.from, band.to] : hullAt(device, step)
  if (low >= 0 || high <= 0) return [low, high]
  return power >= 0 ? [0, high] : [low, 0]
}

/**
 * HiGHS with whole-number columns: for modes everywhere, for directions where doing both at once happened or pays, again until it happens
 * nowhere. Starts from the best plan so far.
 */
function withWholes(
  highs: Highs,
  problem: SchedulingProblem,
  relaxation: Relaxation,
  relaxed: Relaxed,
  hunt: Hunt,
): 'infeasible' | undefined {
  const signed = new Set(doings(problem, relaxation.formulation, relaxed.columns))
  widen(problem, signed, flowValuesOf(relaxation.formulation, relaxed.duals), false)
  for (let round = 0; ; round++) {
    const formulation = formulate(problem, signed)
    const answer = runProgram(highs, formulation.program, {
      timeLimitMs: hunt.left(),
      gap: hunt.enough(),
      // With it HiGHS 1.15 calls some small programs infeasible, and worse points of others best (seeds 2062 and 3029 of the tests).
      presolve: 'off',
      start: startOf(problem, formulation, hunt.best()),
      stop: (gap) => hunt.left() <= 0 || gap <= hunt.enough() || (hunt.isDone() && hunt.best() !== undefined),
      better: (columns) => void hunt.offer(powersOf(problem, formulation, columns), 'highs-mip'),
    })
    if (answer.status === 'infeasible' || answer.status === 'unbounded') return hunt.best() ? undefined : 'infeasible'
    hunt.raise(answer.bound / SCALE)
    if (answer.columns.length === 0) return undefined
    const powers = powersOf(problem, formulation, answer.columns)
    hunt.offer(powers, 'highs-mip')
    const both = doings(problem, formulation, answer.columns)
    if (both.length === 0 || hunt.isDone()) return undefined
    // On balance the plan may do as well in the directions it has.
    problem.devices.forEach((device, index) => {
      for (let step = 0; step < problem.steps; step++) relaxation.hold(index, step, heldAt(device, step, powers[index]![step]!))
    })
    const solved = relaxation.solve(hunt.left())
    if (solved.status === 'optimal') hunt.offer(powersOf(problem, relaxation.formulation, solved.columns), 'highs-mip')
    const before = signed.size
    for (const key of both) signed.add(key)
    widen(problem, signed, solved.status === 'optimal' ? flowValuesOf(relaxation.formulation, solved.duals) : [], round >= 1)
    if (hunt.isDone() || signed.size === before) return undefined
  }
}

/** What is forbidden in one step moves to the next that pays: where energy is worth less than nothing, and at last everywhere. */
function widen(problem: SchedulingProblem, signed: Set<number>, values: readonly Float64Array[], everywhere: boolean): void {
  for (const device of new Set([...signed].map((key) => Math.floor(key / problem.steps))))
    for (let step = 0; step < problem.steps; step++)
      if (everywhere || (values.length > 0 && burningPays(problem, values, device, step))) signed.add(signKey(problem, device, step))
}

/** The whole-number columns as a plan has them; directions alone are found sooner without a start. */
function startOf(problem: SchedulingProblem, { wholes }: Formulation, plan: Prey | undefined) {
  if (!plan || !wholes.some(({ kind }) => kind === 'mode')) return undefined
  const chosen = new Set<number>()
  const values = wholes.map((whole) => {
    if (whole.kind === 'above') {
      const { on, quantity } = problem.commitments[whole.commitment]!
      const level = 'flow' in on ? plan.flows[on.flow]![whole.step]! : plan.stocks[on.stock]![whole.step + 1]!
      return level > at(quantity, whole.step) ? 1 : 0
    }
    const power = plan.powers[whole.device]![whole.step]!
    if (whole.kind === 'consumes') return power > 0 ? 1 : 0
    const key = signKey(problem, whole.device, whole.step)
    if (chosen.has(key) || power < whole.band.from - 1e-6 || power > whole.band.to + 1e-6) return 0
    chosen.add(key)
    return 1
  })
  return { indices: Int32Array.from(wholes, ({ column }) => column), values: Float64Array.from(values) }
}
