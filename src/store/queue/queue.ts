/**
 * Durable jobs in the database: enqueued in the caller's transaction, taken with SKIP LOCKED, leased, tried again with growing pauses.
 * A job is done at least once: a handler must bear being run again after its process was killed.
 */
import { hostname } from 'node:os'
import { type Clock, DAY, describeError, type Instant, type Log, Problem, SECOND } from '#kernel'
import { isAlive, startOf } from '../embedded/alive.ts'
import type { Queryable, Store, Transaction } from '../store.ts'
import { asInterval, asJson, asTimestamp } from '../value.ts'
import { JOB_COLUMNS, type Job, type JobHandler, type JobOptions } from './job.ts'
import { LEASE, startWorker, type Taken, type Worker } from './worker.ts'

export interface Queue {
  /**
   * Adds a job and returns its id: it is durable by then. With `tx` it exists only if that transaction commits, and starts right after. Where
   * this process has an idle worker of the queue, it is written as STARTED and begins at once.
   *
   *     await queue.enqueue('scheduling', { asset: 3 }, { key: 'asset 3' })
   */
  enqueue(queue: string, payload: unknown, options?: JobOptions, tx?: Queryable | Transaction): Promise<string>
  /** Runs jobs of a queue in this process, `concurrency` at once (default 1). Returns how to stop. */
  work(queue: string, handler: JobHandler, concurrency?: number): () => Promise<void>
  /** A job by its id. */
  get(id: string): Promise<Job | undefined>
  /** The newest job of a queue that was asked the same since then (`JobOptions.asked`), unless it failed or was stopped. */
  asked(queue: string, asked: string, since: Instant): Promise<string | undefined>
  /** A job that failed, or was stopped, waits again under its own id. False when it did not, is unknown, or a newer one of its key waits. */
  retry(id: string): Promise<boolean>
  /** Newest first. */
  list(filter?: { queue?: string; status?: Job['status']; limit?: number }): Promise<Job[]>
  /** A waiting job becomes CANCELED; one that runs is aborted and becomes STOPPED. False when it had ended or never was. */
  cancel(id: string): Promise<boolean>
  /** Hears of every change of a job in this process (for streams). Returns how to unsubscribe. */
  on(listener: (job: Job) => void): () => void
  /** Removes jobs that ended before this moment; returns how many. */
  forget(before: Instant): Promise<number>
  /** Takes no further jobs; those that run go back into the queue. */
  close(): Promise<void>
}

/** How often to look for jobs that other processes added, that are due, or whose worker died. */
const LOOK_EVERY = 2 * SECOND
const SIGN_OF_LIFE = 10 * SECOND
/** A job whose worker dies every time is given up after this many starts, whatever its own limit says below that. */
const DEATHS = 3
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

let serial = 0

/** Opens the queue on a migrated database. */
export function openQueue({ store, clock, log }: { store: Store; clock: Clock; log: Log }): Queue {
  const me = `${hostname()} ${process.pid} ${++serial} ${startOf(process.pid)}`
  const workers = new Map<string, Worker>()
  const listeners = new Set<(job: Job) => void>()
  const tell = (job: Job) => {
    for (const listener of [...listeners])
      try {
        listener(job)
      } catch (error) {
        log.error({ error: describeError(error) }, 'a listener to jobs failed')
      }
  }
  const quietly = (work: () => Promise<void>) => () =>
    void work().catch((error: unknown) => log.warn({ error: describeError(error) }, 'the job queue could not be looked after'))
  /** Jobs that others of this process wait for; what other processes make wait is found by looking. */
  const awaited = new Set<string>()
  const releaseAfter = (ended: string) => {
    if (awaited.delete(ended)) releaseNow(ended)
  }
  const releaseNow = (ended: string) =>
    quietly(async () => {
      const waiting = await store.query<{ queue: string }>(
        `select distinct queue from cariflex.job where depends_on = $1 and status = 'DEFERRED'`,
        [ended],
      )
      if (waiting.length === 0) return
      await release(store, clock.now())
      for (const { queue } of waiting) workers.get(queue)?.wake()
    })()
  const look = quietly(async () => {
    if (workers.size === 0) return
    await bringBack(store, clock, log)
    await release(store, clock.now())
    const due = await store.query<{ queue: string }>(
      `select distinct queue from cariflex.job where status in ('QUEUED', 'SCHEDULED') and run_at <= $1 and queue = any($2)`,
      [asTimestamp(clock.now()), [...workers.keys()]],
    )
    for (const { queue } of due) workers.get(queue)?.wake()
  })
  const live = quietly(() => signOfLife(store, clock, me, workers))
  const timers = [clock.every(LOOK_EVERY, look), clock.every(SIGN_OF_LIFE, live)]

  return {
    async enqueue(queue, payload, options = {}, tx = store) {
      const place = tx === store && isForNow(options, clock.now()) ? workers.get(queue)?.reserve() : undefined
      if (place)
        try {
          const job = await insertStarted(store, queue, payload, options, { now: clock.now(), me })
          place.begin(job)
          return job.id
        } catch (error) {
          place.free()
          throw error
        }
      if (options.after !== undefined) awaited.add(options.after)
      const { id, runAt } = await insert(tx, queue, payload, options, clock.now())
      const wake = () => workers.get(queue)?.wake()
      const start = () => {
        if (options.after !== undefined) releaseNow(options.after)
        else if (runAt > clock.now()) clock.in(runAt - clock.now(), wake)
        else wake()
      }
      if ('onCommit' in tx) tx.onCommit(start)
      else start()
      return id
    },
    work(queue, handler, concurrency = 1) {
      if (workers.has(queue)) throw new Error(`queue ${queue} has a worker in this process already`)
      const worker = startWorker({ store, clock, log, me, tell, releaseAfter }, queue, handler, concurrency)
      workers.set(queue, worker)
      look()
      return async () => {
        workers.delete(queue)
        await worker.stop()
      }
    },
    get: async (id) => (UUID.test(id) ? store.first<Job>(`select ${JOB_COLUMNS} from cariflex.job where id = $1`, [id]) : undefined),
    async asked(queue, asked, since) {
      const row = await store.first<{ id: string }>(
        `select id from cariflex.job where queue = $1 and asked = $2 and enqueued_at >= $3 and status not in ('FAILED', 'STOPPED', 'CANCELED')
         order by enqueued_at desc, serial desc limit 1`,
        [queue, asked, asTimestamp(since)],
      )
      return row?.id
    },
    list: ({ queue, status, limit = 100 } = {}) =>
      store.query<Job>(
        `select ${JOB_COLUMNS} from cariflex.job
         where ($1::text is null or queue = $1) and ($2::text is null or status = $2) order by serial desc limit $3`,
        [queue ?? null, status ?? null, limit],
      ),
    async cancel(id) {
      if (!UUID.test(id)) return false
      const waiting = await store.first<Job>(
        `update cariflex.job set status = 'CANCELED', ended_at = $2 where id = $1 and status in ('QUEUED', 'SCHEDULED', 'DEFERRED')
         returning ${JOB_COLUMNS}`,
        [id, asTimestamp(clock.now())],
      )
      if (waiting) tell(waiting)
      if (waiting) return true
      const running = await store.first(
        `update cariflex.job set cancel_requested = true where id = $1 and status = 'STARTED' returning id`,
        [id],
      )
      for (const worker of workers.values()) worker.running.get(id)?.abort.abort(canceled())
      return running !== undefined
    },
    async retry(id) {
      if (!UUID.test(id)) return false
      const again = await store.first<Job>(
        `update cariflex.job set status = 'QUEUED', tries = 0, run_at = $2, started_at = null, ended_at = null, deadline = null,
           cancel_requested = false, progress = null, exc = null
         where id = $1 and status in ('FAILED', 'STOPPED', 'CANCELED') and not exists (
           select from cariflex.job twin where twin.queue = job.queue and twin.unique_key = job.unique_key
             and twin.status in ('QUEUED', 'SCHEDULED', 'DEFERRED'))
         returning ${JOB_COLUMNS}`,
        [id, asTimestamp(clock.now())],
      )
      if (!again) return false
      tell(again)
      workers.get(again.queue)?.wake()
      return true
    },
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    async forget(before) {
      const gone = await store.first<{ n: number }>(
        'with gone as (delete from cariflex.job where ended_at < $1 returning 1) select count(*) as n from gone',
        [asTimestamp(before)],
      )
      return gone?.n ?? 0
    },
    async close() {
      for (const timer of timers) timer.cancel()
      const all = [...workers.values()]
      workers.clear()
      await Promise.all(all.map((worker) => worker.stop()))
    },
  }
}

/** Ended jobs are kept this long unless configured. */
export const KEEP_JOBS = 14 * DAY

const canceled = () => new Problem('job-canceled', 'The job was canceled.', { status: 409 })

async function insert(tx: Queryable, queue: string, payload: unknown, options: JobOptions, now: Instant) {
  const { priority = 100, runAt = now, deadline, maxTries = 3, backoff = SECOND, key, id, after, asked } = options
  // On a conflict the update returns the id of the job that waits, made more urgent when the new one was.
  const row = await tx.first<{ id: string; runAt: Instant }>(
    `insert into cariflex.job as job
       (id, queue, unique_key, payload, priority, status, enqueued_at, run_at, deadline, max_tries, backoff, depends_on, asked)
     values (coalesce($1::uuid, gen_random_uuid()), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (queue, unique_key) where unique_key is not null and status in ('QUEUED', 'SCHEDULED', 'DEFERRED')
     do update set priority = least(job.priority, excluded.priority), run_at = least(job.run_at, excluded.run_at)
     returning id, run_at as "runAt"`,
    [
      id ?? null,
      queue,
      key ?? null,
      asJson(payload),
      priority,
      after !== undefined ? 'DEFERRED' : runAt > now ? 'SCHEDULED' : 'QUEUED',
      asTimestamp(now),
      asTimestamp(runAt),
      deadline === undefined ? null : asTimestamp(deadline),
      maxTries,
      asInterval(backoff),
      after ?? null,
      asked ?? null,
    ],
  )
  if (!row) throw new Error('insert returned nothing')
  return row
}

const isForNow = ({ key, after, runAt }: JobOptions, now: Instant): boolean =>
  key === undefined && after === undefined && (runAt === undefined || runAt <= now)

/** A job that begins as soon as it is written: its worker in this process has a place for it. */
async function insertStarted(
  store: Queryable,
  queue: string,
  payload: unknown,
  { priority = 100, runAt, deadline, maxTries = 3, backoff = SECOND, id, asked }: JobOptions,
  { now, me }: { now: Instant; me: string },
): Promise<Taken> {
  const job = await store.first<Taken>(
    `insert into cariflex.job (id, queue, payload, priority, status, enqueued_at, run_at, deadline, max_tries, backoff, asked, tries, started_at,
       locked_by, locked_until)
     values (coalesce($1::uuid, gen_random_uuid()), $2, $3, $4, 'STARTED', $5, $6, $7, $8, $9, $10, 1, $5, $11, $12)
     returning ${JOB_COLUMNS}, backoff`,
    [
      id ?? null,
      queue,
      asJson(payload),
      priority,
      asTimestamp(now),
      asTimestamp(runAt ?? now),
      deadline === undefined ? null : asTimestamp(deadline),
      maxTries,
      asInterval(backoff),
      asked ?? null,
      me,
      asTimestamp((now + LEASE) as Instant),
    ],
    'insert-started-job',
  )
  if (!job) throw new Error('insert returned nothing')
  return job
}

/** Jobs whose predecessor is done come to the front of the queue; those whose predecessor failed, or is gone, fail with it, one after the other. */
async function release(store: Queryable, now: Instant): Promise<void> {
  await store.query(
    `update cariflex.job set status = 'QUEUED' where status = 'DEFERRED'
       and exists (select from cariflex.job before where before.id = job.depends_on and before.status = 'FINISHED')`,
  )
  for (;;) {
    const failed = await store.query(
      `update cariflex.job set status = 'FAILED', ended_at = $1, exc = 'The job it waited for did not finish.'
       where status = 'DEFERRED' and not exists (select from cariflex.job before
         where before.id = job.depends_on and before.status not in ('FAILED', 'STOPPED', 'CANCELED')) returning id`,
      [asTimestamp(now)],
    )
    if (failed.length === 0) return
  }
}

/** Puts back what dead workers hold, and ends what waited beyond its deadline. */
async function bringBack(store: Store, clock: Clock, log: Log): Promise<void> {
  const now = asTimestamp(clock.now())
  const held = await store.query<{ id: string; queue: string; lockedBy: string; expired: boolean }>(
    `select id, queue, locked_by as "lockedBy", locked_until < $1 as expired from cariflex.job where status = 'STARTED'`,
    [now],
  )
  const lost = held.filter(({ lockedBy, expired }) => expired || isDeadNeighbour(lockedBy))
  if (lost.length > 0) {
    log.warn({ jobs: lost.map(({ id }) => id) }, 'jobs of a dead worker come back')
    await store.query(
      `update cariflex.job set locked_by = null, locked_until = null,
         status = case when tries < greatest(max_tries, $3) then 'QUEUED' else 'FAILED' end,
         ended_at = case when tries < greatest(max_tries, $3) then null else $2::timestamptz end,
         exc = 'The process that worked on it died.'
       where id = any($1) and status = 'STARTED' and locked_by = any($4) and not exists (
         select from cariflex.job twin where twin.queue = job.queue and twin.unique_key = job.unique_key
           and twin.status in ('QUEUED', 'SCHEDULED', 'DEFERRED'))`,
      [lost.map(({ id }) => id), now, DEATHS, lost.map(({ lockedBy }) => lockedBy)],
    )
    // What is left has a waiting twin, which takes over.
    await store.query(
      `update cariflex.job set status = 'CANCELED', ended_at = $2, locked_by = null, locked_until = null,
         exc = 'The process that worked on it died; a newer job of the same key takes over.'
       where id = any($1) and status = 'STARTED' and locked_by = any($3)`,
      [lost.map(({ id }) => id), now, lost.map(({ lockedBy }) => lockedBy)],
    )
  }
  await store.query(
    `update cariflex.job set status = 'FAILED', ended_at = $1, exc = 'Its deadline passed before it could begin.'
     where status in ('QUEUED', 'SCHEDULED') and deadline < $1`,
    [now],
  )
}

/** A process of this machine that is gone: no need to wait for its lease. */
function isDeadNeighbour(lockedBy: string): boolean {
  const [host, pid, , ...start] = lockedBy.split(' ')
  if (host !== hostname()) return false
  return !isAlive(Number(pid)) || (start.join(' ') !== '' && startOf(Number(pid)) !== start.join(' '))
}

/** Renews the leases of what runs here; aborts what was canceled from elsewhere or taken by another. */
async function signOfLife(store: Store, clock: Clock, me: string, workers: Map<string, Worker>): Promise<void> {
  const running = new Map([...workers.values()].flatMap((worker) => [...worker.running]))
  if (running.size === 0) return
  const mine = await store.query<{ id: string; canceled: boolean }>(
    `update cariflex.job set locked_until = $3 where id = any($1) and locked_by = $2 returning id, cancel_requested as canceled`,
    [[...running.keys()], me, asTimestamp((clock.now() + LEASE) as Instant)],
  )
  const kept = new Set(mine.map(({ id }) => id))
  for (const { id, canceled: stop } of mine) if (stop) running.get(id)?.abort.abort(canceled())
  for (const [id, { abort }] of running)
    if (!kept.has(id)) abort.abort(new Problem('job-lease-lost', 'Another worker has taken the job over.', { status: 409 }))
}
