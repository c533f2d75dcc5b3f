/** The scheduler for storages: battery, car, heat storage, and any device that is free between bounds. */
import { Problem } from '#kernel'
import { outputsOf } from './flex-output.ts'
import { endOf, type FlexProblem, flexProblem } from './flex-problem.ts'
import { type FlexPlan, momentOf, readFlexRequest } from './flex-request.ts'
import { at } from './problem.ts'
import type { ScheduleResult, Scheduler, UnmetWish } from './scheduler.ts'
import { isSolved, type Solution, solve } from './solve.ts'

/** Deviation (kWh) from which a wish counts as missed. */
const NOTEWORTHY = 1e-3

export const storageScheduler: Scheduler<FlexPlan> = {
  name: 'StorageScheduler',
  takes: (assetType) => assetType !== 'process' && assetType !== 'load',
  read: readFlexRequest,
  /**
   * @throws Problem `infeasible` (only with whenInfeasible 'fail'), `unknown-prices`, `no-plan` when time ran out without a plan
   */
  async schedule(plan, { source, pool, deadlineMs, gap = 0, whenInfeasible = 'relax' }) {
    if (plan.devices.some((device) => Object.keys(device.later).length > 0) || plan.context.later['commodities'] !== undefined)
      throw new Problem('not-planned-yet', 'Operation modes, couplings and further commodities are understood, but not yet planned.', {
        status: 422,
        hint: 'Leave these fields out for now.',
      })
    let flex = await flexProblem(plan, source)
    let outcome = await solve(flex.problem, { pool, deadlineMs, gap })
    let relaxed = false
    if (outcome.status === 'infeasible') {
      if (whenInfeasible === 'fail')
        throw new Problem('infeasible', 'infeasible', {
          status: 422,
          hint: 'Relax a hard wish or limit, or let relax-constraints do so.',
          details: { exception: 'InfeasibleProblemException' },
        })
      relaxed = true
      flex = await flexProblem(plan, source, true)
      outcome = await solve(flex.problem, { pool, deadlineMs, gap })
    }
    if (!isSolved(outcome))
      throw new Problem('no-plan', outcome.status === 'infeasible' ? 'infeasible' : 'The solver found no plan in time.', {
        status: 503,
        retry: 'later',
        hint: 'Give more time, or plan a shorter window.',
        ...(outcome.status === 'infeasible' ? { details: { exception: 'InfeasibleProblemException' } } : {}),
      })
    return resultOf(plan, flex, outcome, relaxed)
  },
}

function resultOf(plan: FlexPlan, flex: FlexProblem, solution: Solution, relaxed: boolean): ScheduleResult {
  const stocks = flex.problem.devices.map((device) => (device.stock === undefined ? undefined : solution.stocks[device.stock]))
  const unmet: UnmetWish[] = []
  const kept: ScheduleResult['kept'] = []
  for (const { device: index, name, wanted } of flex.wishes) {
    const path = stocks[index]!
    const device = plan.devices[index]!
    const asset = device.sensor?.asset ?? device.asset ?? plan.request.asset
    let margin = Infinity
    let tightest = 0
    let missed = false
    wanted.forEach((amount, tick) => {
      if (Number.isNaN(amount)) return
      const over = path[tick + 1]! - amount
      const room = name === 'soc-maxima' || name === 'soc-max' ? -over : name === 'soc-targets' ? -Math.abs(over) : over
      if (room < margin) {
        margin = room
        tightest = tick
      }
      if (room >= -NOTEWORTHY) return
      missed = true
      unmet.push({
        asset,
        ...(device.sensor ? { sensor: device.sensor.id } : {}),
        name,
        at: momentOf(plan.steps, tick + 1),
        violationKwh: -room,
        powerKw: Math.max(...Array.from({ length: tick + 1 }, (_, step) => at(flex.problem.devices[index]!.max, step))),
      })
    })
    if (!missed && Number.isFinite(margin))
      kept.push({ asset, name, at: momentOf(plan.steps, tightest + 1), marginKwh: Math.max(margin, 0) })
  }
  return {
    scheduler: storageScheduler.name,
    start: plan.steps.start,
    end: endOf(plan),
    step: plan.steps.step,
    outputs: outputsOf(plan, { powers: solution.powers, stocks, net: solution.flows[0]!, socMax: flex.socMax }),
    commitmentCosts: solution.costs,
    objective: solution.objective,
    bound: solution.bound,
    gap: solution.gap,
    solver: solution.solver,
    solveMs: solution.solveMs,
    unmet,
    kept,
    relaxed,
    socAtStartKwh: flex.socAtStart,
  }
}
