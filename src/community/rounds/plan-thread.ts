/** Plans a round in a thread of its own, which is killed when it is not done by its deadline. */
import { Worker } from 'node:worker_threads'
import { type Clock, moduleToRun, nodeFlagsFor, Problem, SECOND } from '#kernel'
import type { CommunityPlan } from '../planning/plan.ts'
import type { CommunityProblem } from '../planning/problem.ts'

export interface PlanTask {
  problem: CommunityProblem
  /** In which the solver should be done; it writes the best it has by then. */
  milliseconds: number
  /** Slots of the starts of the plan before, by appliance. */
  previous: ReadonlyMap<string, number>
}

export type PlanInThread = (task: PlanTask) => Promise<CommunityPlan>

/** What a thread gets above the time of its solver: starting it, and the way there and back. */
const GRACE = 20 * SECOND

const workerUrl = moduleToRun(new URL('./plan.worker.ts', import.meta.url))

/** @throws Problem `community-plan-late` when the thread was killed at its deadline, `community-plan-failed` when it died */
export function planInThread(clock: Clock, grace: number = GRACE): PlanInThread {
  return async (task) => {
    const worker = new Worker(workerUrl, { execArgv: nodeFlagsFor(workerUrl), workerData: task, stdout: false, stderr: false })
    let timer: ReturnType<Clock['in']> | undefined
    try {
      return await new Promise<CommunityPlan>((resolve, reject) => {
        timer = clock.in(task.milliseconds + grace, () => reject(late()))
        worker.once('message', resolve)
        worker.once('error', (error) => reject(failed(error.message)))
        worker.once('exit', () => reject(failed('its thread ended')))
      })
    } finally {
      timer?.cancel()
      await worker.terminate()
    }
  }
}

const late = (): Problem =>
  new Problem('community-plan-late', 'The plan of the community was not done in its time.', {
    status: 503,
    retry: 'later',
    hint: 'The last plan goes on; the next round plans anew.',
  })
const failed = (why: string): Problem =>
  new Problem('community-plan-failed', `The plan of the community failed: ${why}.`, {
    status: 500,
    retry: 'later',
    hint: 'The last plan goes on; replay the inputs of the round to see why.',
  })
