/**
 * Worker threads that plan, kept warm, killed at their deadline and replaced. The caller's thread never solves and never waits
 * longer than the deadline: a search that hangs costs its thread, and what it had found by then is its answer.
 */
import { Worker } from 'node:worker_threads'
import { type Clock, moduleToRun, nodeFlagsFor, Problem, systemClock, type Timer } from '#kernel'
import type { SchedulingProblem } from './problem.ts'
import type { SearchOptions } from './search.ts'
import type { Outcome, Solution } from './solution.ts'
import type { PlanRequest, SolverReply } from './solver-message.ts'

export interface SolverPool {
  /**
   * Searches for a plan in a worker thread. A thread that is lost or does not come back in time leaves the best plan it had told of;
   * `found` hears of each.
   * @throws Problem `solver-killed` (thread lost without a plan), `program-too-large`, `solver-closed`
   */
  plan(problem: SchedulingProblem, options: SearchOptions, found?: (plan: Solution) => void): Promise<Outcome>
  /** Resolves when a thread is warm. */
  ready(): Promise<void>
  /** Kills the thread of the oldest running search, as a fault would; it is replaced. For drills and tests. */
  killOne(): void
  /** Ends all threads; waiting searches are refused. */
  close(): Promise<void>
}

export interface SolverPoolOptions {
  /** Number of threads; default 1. */
  threads?: number
  clock?: Clock
  /** Problems with more unknowns are refused (memory of the WASM heap); default 400,000. */
  maxUnknowns?: number
}

interface Task {
  request: PlanRequest
  /** The best so far, as told. */
  best?: Solution
  found?: ((plan: Solution) => void) | undefined
  resolve(outcome: Outcome): void
  reject(error: Error): void
}

interface Thread {
  worker: Worker
  warm: boolean
  task?: Task | undefined
  timer?: Timer | undefined
  /** Resolves at the first 'ready', also when the thread dies before. */
  started: Promise<void>
}

/** A thread that dies this often before it was ever warm cannot start on this machine. */
const MOST_FAILED_STARTS = 3

const workerUrl = moduleToRun(new URL('./solver.worker.ts', import.meta.url))

/** Starts a pool; threads start at once so that the first solve finds one warm. */
export function startSolverPool({ threads: count = 1, clock = systemClock, maxUnknowns = 400_000 }: SolverPoolOptions = {}): SolverPool {
  const threads: Thread[] = []
  const waiting: Task[] = []
  let closed = false
  let serial = 0
  let failedStarts = 0

  const startThread = (): Thread => {
    const worker = new Worker(workerUrl, { execArgv: nodeFlagsFor(workerUrl), stdout: false, stderr: false })
    let nowReady = () => {}
    const thread: Thread = { worker, warm: false, started: new Promise((resolve) => (nowReady = resolve)) }
    worker.on('message', (reply: SolverReply) => {
      if ('ready' in reply) {
        thread.warm = true
        failedStarts = 0
        nowReady()
        return next()
      }
      const task = thread.task
      if (task?.request.id !== reply.id) return
      if ('found' in reply) {
        task.best = reply.found
        task.found?.(reply.found)
        return
      }
      release(thread)
      if ('outcome' in reply) task.resolve(reply.outcome)
      else leave(task, `The solver failed: ${reply.error}.`)
      next()
    })
    worker.on('error', (error) => lose(thread, `The solver thread died: ${error.message}.`))
    worker.on('exit', () => {
      nowReady()
      lose(thread, 'The solver thread ended in mid-solve.')
    })
    // After the listeners: the first one for messages holds the process again.
    worker.unref()
    return thread
  }

  const release = (thread: Thread) => {
    thread.timer?.cancel()
    thread.timer = undefined
    thread.task = undefined
    thread.worker.unref()
  }

  /** Ends a task whose thread is gone: with its best plan, if there is one. */
  const leave = (task: Task, why: string) => {
    if (task.best) task.resolve(task.best)
    else task.reject(killed(why))
  }

  const lose = (thread: Thread, why: string) => {
    const index = threads.indexOf(thread)
    if (index < 0) return
    threads.splice(index, 1)
    const task = thread.task
    release(thread)
    if (closed) return
    if (task) leave(task, why)
    if (!thread.warm && ++failedStarts >= MOST_FAILED_STARTS) {
      // It cannot start here: say so to all who wait, and try again when the next one asks.
      failedStarts = 0
      for (const waiter of waiting.splice(0)) waiter.reject(killed(why))
      return
    }
    if (threads.length < count) threads.push(startThread())
    next()
  }

  const next = () => {
    if (closed) return
    for (const thread of threads) {
      if (thread.task || !thread.warm) continue
      const task = waiting.shift()
      if (!task) return
      thread.task = task
      thread.worker.ref()
      const { deadlineMs } = task.request.options
      thread.timer = clock.in(deadlineMs + graceFor(deadlineMs), () => {
        lose(thread, `The solver gave no answer in ${(deadlineMs / 1000).toFixed(1)} s and was stopped.`)
        void thread.worker.terminate()
      })
      thread.worker.postMessage(task.request)
    }
    // A pool whose threads could not start tries again when there is work.
    if (waiting.length > 0 && threads.length === 0) threads.push(startThread())
    for (const thread of threads) if (waiting.length > 0 && !thread.warm) thread.worker.ref()
  }

  for (let index = 0; index < count; index++) threads.push(startThread())
  return {
    plan(problem, options, found) {
      if (closed)
        return Promise.reject(
          new Problem('solver-closed', 'The solver is closed: the program is stopping.', { status: 503, retry: 'later' }),
        )
      const unknowns = unknownsOf(problem)
      if (unknowns > maxUnknowns)
        return Promise.reject(
          new Problem('program-too-large', `The plan has ${unknowns} unknowns; ${maxUnknowns} are allowed.`, {
            status: 422,
            hint: 'Plan a shorter window, coarser slots or fewer devices at once.',
          }),
        )
      return new Promise((resolve, reject) => {
        waiting.push({ request: { id: ++serial, problem, options }, found, resolve, reject })
        next()
      })
    },
    ready: async () => {
      for (const thread of threads) thread.worker.ref()
      await Promise.race(threads.map((thread) => thread.started))
      for (const thread of threads) if (!thread.task) thread.worker.unref()
    },
    killOne() {
      const thread = threads.find((one) => one.task) ?? threads[0]
      void thread?.worker.terminate()
    },
    async close() {
      closed = true
      const refused = new Problem('solver-closed', 'The solver was closed before it answered.', { status: 503, retry: 'later' })
      for (const task of waiting.splice(0)) task.reject(refused)
      const all = threads.splice(0)
      for (const thread of all) {
        const task = thread.task
        release(thread)
        task?.reject(refused)
      }
      await Promise.all(all.map((thread) => thread.worker.terminate()))
    },
  }
}

/** What a thread may take longer than its deadline to come back by itself. */
const graceFor = (deadlineMs: number): number => 250 + Math.min(deadlineMs, 2000)

/** How many unknowns the linear program of a problem has, about. */
function unknownsOf({ steps, devices, stocks, commitments }: SchedulingProblem): number {
  const modes = devices.reduce((sum, { bands }) => sum + 2 + (bands?.length ?? 0), 0)
  return steps * (modes + stocks.length + 2 * commitments.length)
}

const killed = (message: string): Problem =>
  new Problem('solver-killed', message, {
    status: 503,
    retry: 'later',
    hint: 'The previous plan stays in force; the next one is made soon.',
  })

let everybodys: SolverPool | undefined

/** The pool of this process, started at first use; its idle threads do not keep the process alive. */
export const sharedSolverPool = (): SolverPool => {
  everybodys ??= startSolverPool()
  return everybodys
}
