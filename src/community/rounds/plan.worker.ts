/** A thread that plans one round of a community and ends. It may be killed at any moment. */
import { parentPort, workerData } from 'node:worker_threads'
import { planCommunity } from '../planning/plan.ts'
import type { PlanTask } from './plan-thread.ts'

const { problem, milliseconds, previous } = workerData as PlanTask
parentPort?.postMessage(planCommunity(problem, problem.objective, { milliseconds, previous }))
