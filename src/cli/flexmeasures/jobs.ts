/** `jobs`: the queue of a Cariflex. Its program does jobs by itself; a worker beside it is an extra hand. */
import { existsSync, writeFileSync } from 'node:fs'
import { formatInstant, type Instant, MINUTE, Problem, pause } from '#kernel'
import type { Server } from '#server'
import type { Job, JobStatus } from '#store'
import { clock } from '../settings.ts'
import { table } from '../terminal.ts'
import type { Desk } from './desk.ts'
import type { Given } from './option.ts'
import type { FmVerb } from './verb.ts'

/** Queues of FlexMeasures; data is taken in at once here, so that `ingestion` is always empty. */
export const QUEUES = ['scheduling', 'forecasting', 'reporting', 'ingestion'] as const
const QUEUE = { name: 'queue', required: true, what: `${QUEUES.join(', ')}; several with | between them` } as const
const JOB = { name: 'job', required: true, what: 'id of the job' } as const
const REGISTRIES: Record<string, JobStatus[]> = {
  failed: ['FAILED', 'STOPPED'],
  deferred: ['DEFERRED'],
  scheduled: ['SCHEDULED'],
  started: ['STARTED'],
  finished: ['FINISHED'],
  canceled: ['CANCELED'],
}
const ENDED: readonly JobStatus[] = ['FINISHED', 'FAILED', 'STOPPED', 'CANCELED']
const LOOK = 250

export const JOBS: readonly FmVerb[] = [
  {
    name: 'jobs run-worker',
    summary: 'Does jobs of the queues until it is stopped, beside a running program or without one.',
    options: [
      QUEUE,
      { name: 'name', what: 'accepted; Cariflex names workers by machine and process' },
      {
        name: 'with-scheduler',
        kind: 'flag',
        off: 'without-scheduler',
        what: 'accepted; jobs that are due later are always done when due',
      },
    ],
    async run(given, open, { say }) {
      const queues = queuesOf(given)
      const desk = await open()
      const ended = ({ id, status, exc, endedAt }: Job) => {
        if (endedAt !== null) say(`Job ${id}: ${status}${exc === null ? '' : `, ${exc}`}`)
      }
      desk.queue.on(ended)
      for (const queue of queues) await desk.work(queue)
      say(`Working on ${queues.join(', ')}. Stop with Ctrl-C.`)
      await new Promise<void>((resolve) => {
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
      })
      return undefined
    },
  },
  {
    name: 'jobs run-job',
    summary: 'Does one job, again when it had failed.',
    options: [JOB],
    async run(given, open, { show, progress }) {
      const desk = await open()
      const job = await jobOf(desk, given)
      if (job.status === 'FINISHED') throw new Problem('job-done', `Job ${job.id} has finished already.`, { hint: 'Ask for a new one.' })
      if (ENDED.includes(job.status)) await desk.queue.retry(job.id)
      await desk.work(job.queue)
      for (;;) {
        const now = (await desk.queue.get(job.id))!
        if (ENDED.includes(now.status)) {
          if (now.status !== 'FINISHED') throw new Problem('job-failed', `Job ${job.id} failed: ${now.exc ?? now.status}`, { status: 422 })
          show(lineOf(now), () => `Job ${job.id} finished.`)
          return undefined
        }
        if (now.progress) progress(now.progress.stage, now.progress.done, now.progress.total)
        await pause(clock, LOOK)
      }
    },
  },
  {
    name: 'jobs inspect-job',
    summary: 'Shows a job: its state, what it was asked, what came of it.',
    options: [JOB],
    async run(given, open, { show }) {
      const job = await jobOf(await open(), given)
      show({ ...lineOf(job), payload: job.payload, result: job.result }, () =>
        table([
          ...Object.entries(lineOf(job)).map(([name, value]) => [name, String(value ?? '')]),
          ['payload', JSON.stringify(job.payload)],
          ['result', JSON.stringify(job.result)?.slice(0, 2000) ?? ''],
        ]),
      )
      return undefined
    },
  },
  {
    name: 'jobs show-queues',
    summary: 'Counts the jobs of each queue by their state.',
    options: [],
    async run(_, open, { show }) {
      const counts = await countsOf(await open())
      const heads = ['QUEUE', 'STARTED', 'QUEUED', 'DEFERRED', 'SCHEDULED', 'FINISHED', 'FAILED']
      show(counts, () =>
        table([
          heads,
          ...counts.map(({ queue, ...by }) => [
            queue,
            ...heads.slice(1).map((status) => String((by as Record<string, number>)[status.toLowerCase()] ?? 0)),
          ]),
        ]),
      )
      return undefined
    },
  },
  {
    name: 'jobs clear-queue',
    summary: 'Cancels the jobs that wait in a queue, or forgets those of one of its registries.',
    options: [
      QUEUE,
      { name: 'deferred', kind: 'flag', what: 'those that wait for another job' },
      { name: 'scheduled', kind: 'flag', what: 'those that wait for their time' },
      { name: 'failed', kind: 'flag', what: 'those that failed' },
    ],
    async run(given, open, { show }) {
      const queues = queuesOf(given)
      const desk = await open()
      const kinds = ['deferred', 'scheduled', 'failed'].filter((kind) => given.flag(kind))
      const told: Record<string, number> = {}
      for (const queue of queues)
        told[queue] = await clear(desk, queue, kinds.length === 0 ? ['QUEUED'] : kinds.flatMap((kind) => REGISTRIES[kind]!))
      show(told, () =>
        Object.entries(told)
          .map(([queue, n]) => `Cleared ${n} ${kinds.join(', ')}${kinds.length > 0 ? ' ' : ''}jobs from the queue ${queue}.`)
          .join('\n'),
      )
      return undefined
    },
  },
  {
    name: 'jobs delete-queue',
    summary: 'Cancels all jobs of a queue that have not begun, and forgets those that ended. The queue itself is part of the program.',
    options: [{ name: 'queue', required: true, what: 'which' }],
    async run(given, open, { show }) {
      const [queue] = queuesOf(given) as [string]
      const desk = await open()
      const n = await clear(desk, queue, ['QUEUED', 'DEFERRED', 'SCHEDULED', ...ENDED])
      show({ queue, jobs: n }, () => `Queue ${queue} is empty: ${n} jobs went.`)
      return undefined
    },
  },
  {
    name: 'jobs save-last',
    summary: 'Writes the last jobs of a queue to a CSV file.',
    options: [
      { name: 'n', kind: 'whole', what: 'how many, default 10' },
      { name: 'queue', what: 'default scheduling' },
      { name: 'registry', choices: Object.keys(REGISTRIES), what: 'default failed' },
      { name: 'asset', kind: 'whole', what: 'only of this asset' },
      { name: 'sensor', kind: 'whole', what: 'only of this sensor' },
      { name: 'file', what: 'default last_jobs.csv' },
    ],
    async run(given, open, talk) {
      const [queue] = queuesOf(given, 'scheduling') as [string]
      const desk = await open()
      const wanted = REGISTRIES[given.text('registry') ?? 'failed']!
      const all = (await desk.queue.list({ queue, limit: 10_000 })).filter(({ status }) => wanted.includes(status))
      const server = await desk.server()
      const jobs = all.filter((job) => about(server, job, given)).slice(0, given.number('n') ?? 10)
      const file = given.text('file') ?? 'last_jobs.csv'
      if (jobs.length === 0) {
        talk.show([], () => `No ${given.text('registry') ?? 'failed'} jobs found.`)
        return undefined
      }
      if (existsSync(file)) await talk.confirm(`${file} already exists. Overwrite?`)
      const rows = jobs.map((job) => {
        const subject = subjectOf(server, job)
        const kind = subject?.sensor === undefined ? 'Asset' : 'Sensor'
        return [
          job.id,
          subject?.sensor ?? subject?.asset ?? 'N/A',
          subject ? kind : 'N/A',
          job.exc ?? '',
          JSON.stringify(job.payload),
          job.queue,
          moment(job.startedAt),
          moment(job.endedAt),
        ]
      })
      const heads = ['Job ID', 'ID', 'Class', 'Error', 'All kwargs', 'Function name', 'Started at', 'Ended at']
      writeFileSync(file, `${[heads, ...rows].map((row) => row.map(quoted).join(',')).join('\n')}\n`)
      talk.show(
        { file, jobs: jobs.map(({ id }) => id) },
        () => `Saved ${jobs.length} ${given.text('registry') ?? 'failed'} jobs to ${file}.`,
      )
      return undefined
    },
  },
  {
    name: 'jobs stats',
    summary: 'Estimates how busy the queues are: arrivals, times of work, and how long jobs wait.',
    options: [{ name: 'window', kind: 'whole', what: 'minutes to look back, default 60' }],
    async run(given, open, { show }) {
      const { store } = await open()
      const minutes = given.number('window') ?? 60
      const rows = await store.query<{
        queue: string
        arrivals: number
        finished: number
        failed: number
        work: number | null
        wait: number | null
      }>(
        `select queue, count(*)::int as arrivals, count(*) filter (where status = 'FINISHED')::int as finished, count(*) filter (where status = 'FAILED')::int as failed,
         avg(extract(epoch from ended_at - started_at))::float8 as work, avg(extract(epoch from started_at - enqueued_at))::float8 as wait
         from cariflex.job where enqueued_at > $1 group by queue order by queue`,
        [formatInstant((clock.now() - minutes * MINUTE) as Instant)],
      )
      const seconds = (value: number | null) => (value === null ? '-' : `${value.toFixed(2)} s`)
      show(rows, () =>
        rows.length === 0
          ? `No jobs in the last ${minutes} minutes.`
          : table([
              ['QUEUE', 'ARRIVED', 'PER MINUTE', 'FINISHED', 'FAILED', 'MEAN WORK', 'MEAN WAIT'],
              ...rows.map(({ queue, arrivals, finished, failed, work, wait }) => [
                queue,
                String(arrivals),
                (arrivals / minutes).toFixed(2),
                String(finished),
                String(failed),
                seconds(work),
                seconds(wait),
              ]),
            ]),
      )
      return undefined
    },
  },
  {
    name: 'jobs run-automations',
    summary: 'Asks for what is due now of the automations. A running program does this by itself; both together run nothing twice.',
    options: [],
    async run(_, open, { show }) {
      const desk = await open()
      const told = await desk.automations.runDue((await import('#server')).automationWork(await desk.server()))
      show(told, () =>
        told.length === 0
          ? 'Nothing is due.'
          : told
              .map(({ automation, job, problem }) => `Automation ${automation}: ${job === undefined ? problem : `job ${job}`}`)
              .join('\n'),
      )
      return undefined
    },
  },
]

/** @throws Problem `usage` for a queue there is not */
function queuesOf(given: Given, usual = ''): string[] {
  const names = (given.text('queue') ?? usual).split('|').map((name) => name.trim())
  const unknown = names.find((name) => !(QUEUES as readonly string[]).includes(name))
  if (unknown !== undefined) throw new Problem('usage', `Unknown queue '${unknown}'. Available queues: ${QUEUES.join(', ')}`)
  return names
}

async function jobOf({ queue }: Desk, given: Given): Promise<Job> {
  const job = await queue.get(given.need('job'))
  if (job) return job
  throw new Problem('unknown-job', `Job ${given.need('job')} not found.`, {
    status: 404,
    hint: 'See show-queues, or the jobs of its asset.',
  })
}

const moment = (at: Instant | null): string => (at === null ? '' : formatInstant(at))
const quoted = (cell: string | number): string => (/[",\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : String(cell))

const lineOf = ({ id, queue, status, enqueuedAt, startedAt, endedAt, tries, exc }: Job) => ({
  ...{ id, queue, status, tries, enqueued: moment(enqueuedAt), started: moment(startedAt), ended: moment(endedAt) },
  error: exc,
})

async function countsOf({ store }: Desk): Promise<({ queue: string } & Record<string, number | string>)[]> {
  const rows = await store.query<{ queue: string; status: string; n: number }>(
    'select queue, lower(status) as status, count(*)::int as n from cariflex.job group by queue, status',
  )
  return [...new Set([...QUEUES, ...rows.map(({ queue }) => queue)])].map((queue) => ({
    queue,
    ...Object.fromEntries(rows.filter((row) => row.queue === queue).map(({ status, n }) => [status, n])),
  }))
}

/** What waits is canceled, then what ended is forgotten; jobs that run are left alone. */
async function clear({ queue, store }: Desk, name: string, statuses: readonly JobStatus[]): Promise<number> {
  let n = 0
  for (const status of statuses) {
    if (ENDED.includes(status)) {
      n += (await store.query('delete from cariflex.job where queue = $1 and status = $2 returning 1', [name, status])).length
      continue
    }
    for (const job of await queue.list({ queue: name, status, limit: 100_000 })) if (await queue.cancel(job.id)) n += 1
  }
  return n
}

function subjectOf({ schedules }: Server, job: Job): { asset?: number; sensor?: number } | undefined {
  if (job.queue === 'scheduling') return schedules.subjectOf(job)
  return (job.payload ?? undefined) as { asset?: number; sensor?: number } | undefined
}

function about(server: Server, job: Job, given: Given): boolean {
  const subject = subjectOf(server, job)
  if (given.has('asset')) return subject?.asset === given.number('asset')
  return !given.has('sensor') || subject?.sensor === given.number('sensor')
}
