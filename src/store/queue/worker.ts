/** Takes jobs of one queue and runs them, several at once. */
import { type Clock, describeError, HOUR, isProblem, type Log, type Millis, Problem, SECOND } from '#kernel'
import type { Store } from '../store.ts'
import { asJson, asTimestamp } from '../value.ts'
import { JOB_COLUMNS, type Job, type JobHandler, type JobProgress, type JobStatus } from './job.ts'

/** Without a sign of life for this long a worker is taken for dead and its jobs come back. */
export const LEASE = 30 * SECOND
const PROGRESS_EVERY = 250
/** A handler that ignores its signal is left behind after this long. */
const GRACE = 5 * SECOND

interface Run {
  abort: AbortController
  ended: Promise<void>
}

export interface WorkerParts {
  store: Store
  clock: Clock
  log: Log
  /** Name of this process as the holder of leases. */
  me: string
  tell(job: Job): void
  /** Sees to the jobs that waited for one that has ended. */
  releaseAfter(ended: string): void
}

export interface Worker {
  readonly running: ReadonlyMap<string, Run>
  /** Holds a place for a job that the caller is about to write as STARTED here; undefined when none is free, or others may wait for it. */
  reserve(): Place | undefined
  /** Looks for work now. */
  wake(): void
  /** Takes no further jobs, aborts those that run and puts them back into the queue. */
  stop(): Promise<void>
}

export type Taken = Job & { backoff: Millis }

/** A place held for a job: to be used or given back. */
export interface Place {
  begin(job: Taken): void
  free(): void
}

export function startWorker(parts: WorkerParts, queue: string, handler: JobHandler, concurrency: number): Worker {
  const { store, clock, log, me } = parts
  const running = new Map<string, Run>()
  let stopping = false
  let looking = false
  let again = false
  /** False when the last look found nothing more that waits: then the end of a job needs no look. */
  let mayWait = true
  let held = 0
  /** Another look after one that failed: real time, for it is the database that needs it. */
  let retry: NodeJS.Timeout | undefined

  const wake = () => {
    if (stopping) return
    again = true
    mayWait = true
    if (!looking) void look()
  }
  const room = () => concurrency - running.size - held

  /** One look at a time; a call during a look makes another one follow. */
  async function look(): Promise<void> {
    looking = true
    try {
      while (again && !stopping && room() > 0) {
        again = false
        mayWait = false
        const wanted = room()
        const jobs = await take(wanted)
        for (const job of jobs) begin(job)
        if (jobs.length === wanted) {
          again = true
          mayWait = true
        }
      }
    } catch (error) {
      mayWait = true
      log.warn({ queue, error: describeError(error) }, 'no jobs could be taken')
      clearTimeout(retry)
      retry = setTimeout(wake, SECOND)
      retry.unref()
    } finally {
      looking = false
    }
  }

  const take = (count: number) =>
    store.query<Taken>(
      `update cariflex.job set status = 'STARTED', tries = tries + 1, started_at = $3, locked_by = $4, locked_until = $5
       where id in (
         select id from cariflex.job waiting
         where queue = $1 and status in ('QUEUED', 'SCHEDULED') and run_at <= $3
           and (unique_key is null or not exists (
             select from cariflex.job twin
             where twin.queue = waiting.queue and twin.unique_key = waiting.unique_key and twin.status = 'STARTED'))
         order by priority, run_at, serial
         for update skip locked limit $2)
       returning ${JOB_COLUMNS}, backoff`,
      [queue, count, asTimestamp(clock.now()), me, asTimestamp((clock.now() + LEASE) as Job['runAt'])],
    )

  function begin(job: Taken): void {
    const abort = new AbortController()
    parts.tell(job)
    const ended = run(job, abort).finally(() => {
      running.delete(job.id)
      // One of its key may wait for its end.
      if (mayWait || job.key !== null) wake()
    })
    running.set(job.id, { abort, ended })
  }

  async function run(job: Taken, abort: AbortController): Promise<void> {
    const { deadline } = job
    const tooLate = () =>
      abort.abort(new Problem('job-deadline', 'The work was not done by its deadline.', { status: 503, retry: 'never' }))
    const timer = deadline === null ? undefined : clock.in(Math.max(deadline - clock.now(), 0), tooLate)
    const progress = progressWriter(parts, job)
    try {
      const result = await orAborted(
        handler({ id: job.id, payload: job.payload, tries: job.tries, signal: abort.signal, progress: progress.note }),
        abort.signal,
      )
      await end(job, 'FINISHED', { result, progress: progress.latest() })
    } catch (error) {
      await fail(job, abort.signal.aborted ? abort.signal.reason : error).catch((worse: unknown) =>
        log.error({ job: job.id, queue, error: describeError(worse) }, 'the end of a job could not be written; its lease will run out'),
      )
    } finally {
      timer?.cancel()
      progress.stop()
    }
  }

  async function fail(job: Taken, error: unknown): Promise<void> {
    const code = isProblem(error) ? error.code : undefined
    const exc = isProblem(error) ? describeError(error) : error instanceof Error ? (error.stack ?? error.message) : String(error)
    if (code === 'job-lease-lost') return
    if (code === 'job-canceled') return end(job, 'STOPPED', { exc })
    if (code === 'queue-closing') return putBack(job, clock.now(), job.tries - 1, null)
    if (code === undefined) log.error({ job: job.id, queue, error }, 'a job failed')
    const final = job.tries >= job.maxTries || code === 'job-deadline' || (isProblem(error) && error.retry === 'never')
    if (final) return end(job, 'FAILED', { exc })
    const delay = Math.min(job.backoff * 2 ** (job.tries - 1), HOUR)
    await putBack(job, (clock.now() + delay) as Job['runAt'], job.tries, exc)
    clock.in(delay, wake)
  }

  /** Unless another job of its key waits already: that one takes over. */
  async function putBack(job: Taken, runAt: Job['runAt'], tries: number, exc: string | null): Promise<void> {
    const back = await store.first<Job>(
      `update cariflex.job set status = 'SCHEDULED', run_at = $3, tries = $4, exc = $5, locked_by = null, locked_until = null
       where id = $1 and locked_by = $2 and not exists (
         select from cariflex.job twin where twin.queue = job.queue and twin.unique_key = job.unique_key
           and twin.status in ('QUEUED', 'SCHEDULED', 'DEFERRED'))
       returning ${JOB_COLUMNS}`,
      [job.id, me, asTimestamp(runAt), tries, exc],
    )
    if (back) parts.tell(back)
    else await end(job, 'CANCELED', { exc: exc ?? 'A newer job of the same key takes over.' })
  }

  /** Nothing is written when the lease was lost: the job belongs to somebody else now. */
  async function end(
    job: Taken,
    status: JobStatus,
    { result, exc, progress }: { result?: unknown; exc?: string; progress?: JobProgress | undefined },
  ): Promise<void> {
    const ended = await store.first<Job>(
      `update cariflex.job set status = $3, ended_at = $4, result = $5, exc = $6, progress = coalesce($7, progress),
         locked_by = null, locked_until = null
       where id = $1 and locked_by = $2 returning ${JOB_COLUMNS}`,
      [
        job.id,
        me,
        status,
        asTimestamp(clock.now()),
        result === undefined ? null : asJson(result),
        exc ?? null,
        progress ? asJson(progress) : null,
      ],
    )
    if (ended) {
      parts.tell(ended)
      parts.releaseAfter(ended.id)
    } else log.warn({ job: job.id, queue }, 'a job ended after its lease was lost; its result is dropped')
  }

  return {
    running,
    wake,
    reserve() {
      if (stopping || looking || mayWait || room() <= 0) return undefined
      held++
      let isHeld = true
      const free = () => {
        if (isHeld) held--
        isHeld = false
      }
      return {
        begin(job) {
          free()
          begin(job)
        },
        free() {
          free()
          if (mayWait) wake()
        },
      }
    },
    async stop() {
      stopping = true
      clearTimeout(retry)
      for (const { abort } of running.values())
        abort.abort(new Problem('queue-closing', 'The program stops.', { status: 503, retry: 'later' }))
      await Promise.all([...running.values()].map(({ ended }) => ended))
    },
  }
}

/** The handler's end, or the reason of the abort when the handler has not ended a while after it. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    let grace: NodeJS.Timeout | undefined
    const give = () => {
      grace = setTimeout(() => reject(signal.reason), GRACE)
    }
    if (signal.aborted) give()
    else signal.addEventListener('abort', give, { once: true })
    work.then(resolve, reject).finally(() => {
      clearTimeout(grace)
      signal.removeEventListener('abort', give)
    })
  })
}

/** Keeps the newest progress and writes it now and then; the last one is written with the end of the job. */
function progressWriter({ store, clock, me, tell, log }: WorkerParts, job: Job) {
  let latest: JobProgress | undefined
  let written: JobProgress | undefined
  let quiet: { cancel(): void } | undefined
  const write = () => {
    quiet = undefined
    if (!latest || latest === written) return
    written = latest
    quiet = clock.in(PROGRESS_EVERY, write)
    tell({ ...job, progress: latest })
    store
      .query('update cariflex.job set progress = $3 where id = $1 and locked_by = $2', [job.id, me, asJson(latest)])
      .catch((error: unknown) => log.debug({ job: job.id, error: describeError(error) }, 'progress could not be written'))
  }
  return {
    note(now: JobProgress) {
      latest = now
      if (!quiet) write()
    },
    latest: () => latest,
    stop: () => quiet?.cancel(),
  }
}
