/** Jobs in memory: what is asked for is computed here and now, one after the other, and no other program sees it. */
import type { Clock, Instant } from '#kernel'
import type { Job, JobHandler, JobProgress, Queue } from '#store'

export interface QueueHere {
  queue: Queue
  /** Does all jobs that wait; resolves to the one of this id. */
  settle(id: string, progress: (now: JobProgress) => void): Promise<Job>
}

/** `of` answers for jobs that are not here. */
export function openQueueHere(of: Queue, clock: Clock): QueueHere {
  const jobs = new Map<string, Job>()
  const handlers = new Map<string, JobHandler>()
  const listeners = new Set<(job: Job) => void>()
  const doOne = async (job: Job, progress: (now: JobProgress) => void): Promise<void> => {
    const handler = handlers.get(job.queue)
    const before = job.dependsOn === null ? undefined : jobs.get(job.dependsOn)
    if (before && before.status !== 'FINISHED') end(job, { status: 'FAILED', exc: before.exc ?? 'The job it waited for did not finish.' })
    else if (!handler) end(job, { status: 'FAILED', exc: `Nobody does jobs of the queue ${job.queue}.` })
    else
      try {
        Object.assign(job, { status: 'STARTED', startedAt: clock.now(), tries: 1 })
        const { id, payload } = job
        const result = await handler({ id, payload, tries: 1, signal: new AbortController().signal, progress })
        end(job, { status: 'FINISHED', result: result === undefined ? null : JSON.parse(JSON.stringify(result)) })
      } catch (error) {
        end(job, { status: 'FAILED', exc: error instanceof Error ? error.message : String(error) })
      }
    for (const listener of [...listeners]) listener(job)
  }
  const end = (job: Job, how: Partial<Job>) => Object.assign(job, { endedAt: clock.now() satisfies Instant, ...how })
  return {
    queue: {
      ...of,
      async enqueue(queue, payload, { id = crypto.randomUUID(), after, priority = 100, maxTries = 1 } = {}) {
        const now = clock.now()
        jobs.set(id, {
          ...{
            id,
            queue,
            payload,
            priority,
            maxTries,
            status: after === undefined ? 'QUEUED' : 'DEFERRED',
            key: null,
            dependsOn: after ?? null,
          },
          ...{
            enqueuedAt: now,
            runAt: now,
            deadline: null,
            tries: 0,
            startedAt: null,
            endedAt: null,
            progress: null,
            result: null,
            exc: null,
          },
        })
        return id
      },
      work(queue, handler) {
        handlers.set(queue, handler)
        return async () => undefined
      },
      get: async (id) => jobs.get(id) ?? of.get(id),
      asked: async () => undefined,
      list: async ({ queue, status, limit = 100 } = {}) =>
        [...jobs.values()]
          .filter((job) => (queue === undefined || job.queue === queue) && (status === undefined || job.status === status))
          .reverse()
          .slice(0, limit),
      on(listener) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    },
    async settle(id, progress) {
      for (const job of jobs.values()) if (job.endedAt === null) await doOne(job, progress)
      return jobs.get(id)!
    },
  }
}
