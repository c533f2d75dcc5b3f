/** The thread of `learning.worker.ts`: started when first needed, one task after the other, ended when nobody needed it for a while. */
import { Worker } from 'node:worker_threads'
import { type Clock, MINUTE, moduleToRun, nodeFlagsFor, Problem, systemClock, type Timer } from '#kernel'
import type { Learned, LearningReply, LearningTask } from './task.ts'

export interface LearnOptions {
  /** Ends the task, and the thread with it when it works on it. */
  signal?: AbortSignal
  onProgress?(stage: string, share: number): void
  /** Waits until no other task waits: for work that nobody waits for. */
  idly?: boolean
}

export interface Learner {
  /**
   * Trains and foretells in the thread; the caller's thread is never blocked.
   * @throws the signal's reason; Problem `learner-lost` (503) when the thread dies, `learner-closed`
   */
  learn(task: LearningTask, options?: LearnOptions): Promise<Learned>
  close(): Promise<void>
}

interface Waiting extends LearnOptions {
  task: LearningTask
  resolve(learned: Learned): void
  reject(error: unknown): void
}

const IDLE = 2 * MINUTE

const workerUrl = moduleToRun(new URL('./learning.worker.ts', import.meta.url))

export function openLearner(clock: Clock = systemClock): Learner {
  const waiting: Waiting[] = []
  let worker: Worker | undefined
  let busy: (Waiting & { id: number }) | undefined
  let idle: Timer | undefined
  let serial = 0
  let closed = false

  const start = (): Worker => {
    const started = new Worker(workerUrl, { execArgv: nodeFlagsFor(workerUrl), stdout: false, stderr: false })
    started.on('message', (reply: LearningReply) => {
      if (busy?.id !== reply.id) return
      if ('stage' in reply) return busy.onProgress?.(reply.stage, reply.share)
      const task = busy
      busy = undefined
      if ('learned' in reply) task.resolve(reply.learned)
      else task.reject(new Error(reply.error))
      next()
    })
    const lose = (why: string) => {
      if (worker !== started) return
      worker = undefined
      const task = busy
      busy = undefined
      task?.reject(lost(why))
      next()
    }
    started.on('error', (error) => lose(error.message))
    started.on('exit', () => lose('its thread ended'))
    return started
  }
  const next = () => {
    if (busy || closed) return
    const index = Math.max(
      0,
      waiting.findIndex(({ idly }) => !idly),
    )
    const [task] = waiting.splice(index, 1)
    if (!task) {
      worker?.unref()
      idle?.cancel()
      idle = clock.in(IDLE, () => void end())
      return
    }
    idle?.cancel()
    worker ??= start()
    worker.ref()
    busy = { ...task, id: ++serial }
    worker.postMessage({ id: busy.id, task: task.task })
  }
  const end = async () => {
    idle?.cancel()
    const last = worker
    worker = undefined
    await last?.terminate()
  }
  const giveUp = (task: LearningTask, reason: unknown) => {
    const index = waiting.findIndex((one) => one.task === task)
    if (index >= 0) return waiting.splice(index, 1)[0]!.reject(reason)
    if (busy?.task !== task) return
    const running = busy
    busy = undefined
    running.reject(reason)
    void end().then(next)
  }
  return {
    learn(task, options = {}) {
      if (closed) return Promise.reject(over())
      if (options.signal?.aborted) return Promise.reject(options.signal.reason)
      return new Promise<Learned>((resolve, reject) => {
        const stop = () => giveUp(task, options.signal?.reason)
        options.signal?.addEventListener('abort', stop, { once: true })
        const settle = <T>(with_: (value: T) => void) => {
          return (value: T) => {
            options.signal?.removeEventListener('abort', stop)
            with_(value)
          }
        }
        waiting.push({ ...options, task, resolve: settle(resolve), reject: settle(reject) })
        next()
      })
    },
    async close() {
      closed = true
      for (const task of waiting.splice(0)) task.reject(over())
      const running = busy
      busy = undefined
      running?.reject(over())
      await end()
    },
  }
}

const lost = (why: string): Problem =>
  new Problem('learner-lost', `The forecast was not finished: ${why}.`, { status: 503, retry: 'later', hint: 'It is tried again.' })
const over = (): Problem =>
  new Problem('learner-closed', 'No forecasts are made any more: the program is stopping.', { status: 503, retry: 'later' })

let everybodys: Learner | undefined

/** The learner of this process; its idle thread does not keep the process alive. */
export const sharedLearner = (): Learner => {
  everybodys ??= openLearner()
  return everybodys
}
