/** A job as callers and handlers see it. Status words are those of FlexMeasures (RQ). */
import type { Instant, Millis } from '#kernel'

export type JobStatus = 'QUEUED' | 'SCHEDULED' | 'DEFERRED' | 'STARTED' | 'FINISHED' | 'FAILED' | 'STOPPED' | 'CANCELED'

/** What a person sees of long work: '3 of 14 days, computing history'. */
export interface JobProgress {
  stage: string
  done: number
  total: number
  unit: string
  message?: string
}

export interface Job {
  /** uuid */
  id: string
  queue: string
  payload: unknown
  status: JobStatus
  priority: number
  key: string | null
  /** The job it waits for, or waited for. */
  dependsOn: string | null
  enqueuedAt: Instant
  runAt: Instant
  deadline: Instant | null
  tries: number
  maxTries: number
  startedAt: Instant | null
  endedAt: Instant | null
  progress: JobProgress | null
  /** What the handler returned, once FINISHED. */
  result: unknown
  /** Why it failed or was stopped: the message of a Problem, the stack of a bug. */
  exc: string | null
}

export interface JobOptions {
  /** Low goes first, default 100. */
  priority?: number
  /** Not before this moment. */
  runAt?: Instant
  /** When it is not done by then it is aborted and has failed. */
  deadline?: Instant
  /** Starts at most, default 3. A Problem whose retry is 'never' ends it at once. */
  maxTries?: number
  /** Pause before the second try, doubled for each further one, at most an hour; default 1 s. */
  backoff?: Millis
  /** While a job of this key waits, another one is not added: its id is returned. While one runs, the next one waits for it. */
  key?: string
  /** uuid; default a new one. */
  id?: string
  /** Id of a job to wait for: DEFERRED until that one is FINISHED; fails when that one does not finish. */
  after?: string
  /** What was asked, in short (a hash): `Queue.asked` finds the job by it. */
  asked?: string
}

/** A job in the hands of its handler. */
export interface RunningJob {
  readonly id: string
  readonly payload: unknown
  /** 1 on the first try. */
  readonly tries: number
  /** Aborts on cancel, on the deadline, when the lease was lost, and when the program stops. */
  readonly signal: AbortSignal
  /** Cheap: written to the database a few times a second at most. */
  progress(now: JobProgress): void
}

/** Returns the result (kept as JSON); throws to fail. */
export type JobHandler = (job: RunningJob) => Promise<unknown>

/** The columns of cariflex.job as a `Job`. */
export const JOB_COLUMNS = `id, queue, payload, status, priority, unique_key as key, depends_on as "dependsOn", enqueued_at as "enqueuedAt", run_at as "runAt", deadline, tries,
  max_tries as "maxTries", started_at as "startedAt", ended_at as "endedAt", progress, result, exc`
