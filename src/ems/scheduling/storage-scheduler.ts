/** The scheduler for storages: battery, car, heat storage, and any device that is free between bounds. */
import { MINUTE, Problem, say } from '#kernel'
import { explain } from './explain.ts'
import { tellExplanation } from './explanation.ts'
import { addExtras, sharingOf } from './flex-extra-problem.ts'
import { powerSensorOf } from './flex-model.ts'
import { outputsOf } from './flex-output.ts'
import { endOf, type FlexProblem, flexProblem } from './flex-problem.ts'
import { reportOf } from './flex-report.ts'
import { type FlexPlan, readFlexRequest } from './flex-request.ts'
import { SAYING } from './saying.ts'
import type { ScheduleExplanation, ScheduleResult, Scheduler } from './scheduler.ts'
import type { SeriesSource } from './series-source.ts'
import { isSolved, type Solution, solve } from './solve.ts'

/** No request may hold the solver for longer. */
const LONGEST = 5 * MINUTE

export const storageScheduler: Scheduler<FlexPlan> = {
  name: 'StorageScheduler',
  takes: (assetType) => assetType !== 'process' && assetType !== 'load',
  read: readFlexRequest,
  lookAhead: (plan, source) => withExtras(plan, source),
  /**
   * @throws Problem `infeasible` (only with whenInfeasible 'fail'), `unknown-prices`, `no-plan` when time ran out without a plan
   */
  async schedule(plan, { source, pool, deadlineMs, gap = 0, whenInfeasible = 'relax', ahead }) {
    let flex = await ((ahead as Promise<FlexProblem> | undefined) ?? withExtras(plan, source))
    const how = { pool, ...askedOf(plan, { deadlineMs, gap }) }
    let outcome = await solve(flex.problem, { ...how, ...sharing(plan, flex) })
    let relaxed = false
    if (outcome.status === 'infeasible') {
      if (whenInfeasible === 'fail')
        throw new Problem('infeasible', say(SAYING.infeasible), {
          status: 422,
          hint: say(SAYING.relaxWish),
          details: { exception: 'InfeasibleProblemException' },
        })
      relaxed = true
      flex = await withExtras(plan, source, true)
      outcome = await solve(flex.problem, { ...how, ...sharing(plan, flex) })
    }
    if (!isSolved(outcome))
      throw new Problem('no-plan', say(outcome.status === 'infeasible' ? SAYING.infeasible : SAYING.noPlanInTime), {
        status: 503,
        retry: 'later',
        hint: say(SAYING.moreTime),
        ...(outcome.status === 'infeasible' ? { details: { exception: 'InfeasibleProblemException' } } : {}),
      })
    return resultOf(plan, flex, outcome, relaxed)
  },
}

/** Deadline and gap, unless the context asks for others. */
const askedOf = ({ context: { extra } }: FlexPlan, usual: { deadlineMs: number; gap: number }) => ({
  deadlineMs: extra?.deadline === undefined ? usual.deadlineMs : Math.min(extra.deadline, LONGEST),
  gap: extra?.gap ?? usual.gap,
  ...(extra?.gap !== undefined && { patience: { afterMs: LONGEST, gap: extra.gap } }),
})

async function withExtras(plan: FlexPlan, source: SeriesSource, relax = false): Promise<FlexProblem> {
  const flex = await flexProblem(plan, source, relax)
  await addExtras(flex, plan, source)
  return flex
}

const sharing = (plan: FlexPlan, { wishes }: FlexProblem) => {
  const found = sharingOf(plan, wishes)
  return found ? { sharing: found } : {}
}

/** What the data source is called; 0.33 plans what cannot be kept with another scheduler. */
const namesOf = ({ request }: FlexPlan, relaxed: boolean) =>
  request.dialect !== '0.33'
    ? { scheduler: storageScheduler.name, version: '9' }
    : relaxed
      ? { scheduler: 'StorageFallbackScheduler', version: '3' }
      : { scheduler: storageScheduler.name, version: '8' }

function resultOf(plan: FlexPlan, flex: FlexProblem, solution: Solution, relaxed: boolean): ScheduleResult {
  const stocks = flex.problem.devices.map((device) => (device.stock === undefined ? undefined : solution.stocks[device.stock]))
  return {
    ...namesOf(plan, relaxed),
    start: plan.steps.start,
    end: endOf(plan),
    step: plan.steps.step,
    outputs: outputsOf(plan, flex, solution),
    commitmentCosts: solution.costs,
    objective: solution.objective,
    bound: solution.bound,
    gap: solution.gap,
    solver: solution.solver,
    solveMs: solution.solveMs,
    ...reportOf(plan, flex, stocks),
    relaxed,
    socAtStartKwh: flex.socAtStart,
    explain: () => explanationOf(plan, flex, solution),
  }
}

function explanationOf(plan: FlexPlan, { problem }: FlexProblem, solution: Solution): ScheduleExplanation {
  const { currency } = plan.context
  const { devices, flows } = tellExplanation(explain(problem, solution), currency)
  const { solver, solveMs, objective, bound, gap } = solution
  return {
    ...{ solver, solveMs, objective, bound, gap, currency },
    step: plan.steps.step,
    slots: plan.steps.count,
    devices: devices.map((told, index) => {
      const device = plan.devices[index]!
      const sensor = powerSensorOf(device)?.id
      return { ...(sensor !== undefined && { sensor }), ...(device.asset !== undefined && { asset: device.asset }), ...told }
    }),
    flows,
  }
}
