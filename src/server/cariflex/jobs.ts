/** Long work, as every door shows it: stage, progress, how it ended; cancelled, or tried again. */
import { type Static, Type } from 'typebox'
import { isAdmin, steers } from '#ems'
import { formatInstant, type Instant, Problem, say } from '#kernel'
import type { Job } from '#store'
import type { Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { SAYING } from './saying.ts'

const closed = { additionalProperties: false }
const Id = Type.Object({ id: Type.String({ format: 'uuid' }) })
const STATUSES = ['QUEUED', 'SCHEDULED', 'DEFERRED', 'STARTED', 'FINISHED', 'FAILED', 'STOPPED', 'CANCELED'] as const
const List = Type.Object(
  {
    queue: Type.Optional(Type.String({ maxLength: 80, description: 'Only jobs of this queue' })),
    status: Type.Optional(Type.Enum([...STATUSES], { description: 'Only jobs in this state' })),
    limit: Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'So many at most, the newest first' }),
  },
  closed,
)

/**
 * Routes of the queue, whoever its jobs are for: administrators, and those who steer the site of this program, see them all. Others read
 * theirs through /api/v3_0/jobs. `zone` is that of the moments told, `owner` the account of the site.
 */
export const jobRoutes =
  ({ queue, identity }: Rooms, zone: string, owner?: number): Routes =>
  (app) => {
    const oversees = identity.requirePermission((who) => isAdmin(who) || (steers(who) && who.account === owner))
    const operate = { onRequest: [identity.authenticate, oversees] }
    const at = (moment: Instant | null) => (moment === null ? null : formatInstant(moment, zone))
    const view = (job: Job) => ({
      job: job.id,
      queue: job.queue,
      status: job.status,
      tries: job.tries,
      ...job.progress,
      enqueuedAt: at(job.enqueuedAt),
      runAt: at(job.runAt),
      startedAt: at(job.startedAt),
      endedAt: at(job.endedAt),
      problem: job.exc,
    })
    app.get('/jobs', { ...operate, schema: { tags: ['jobs'], summary: 'Jobs, the newest first', querystring: List } }, async (request) => ({
      data: (await queue.list(request.query as Static<typeof List>)).map(view),
    }))
    app.get('/jobs/:id', { ...operate, schema: { tags: ['jobs'], summary: 'A job and how far it is', params: Id } }, async (request) => {
      const job = await queue.get(request.params.id)
      if (!job)
        throw new Problem('unknown-job', say(SAYING.unknownJob, { name: request.params.id }), {
          status: 404,
          hint: say(SAYING.jobsForgotten),
        })
      return { data: view(job) }
    })
    app.post(
      '/jobs/:id/retry',
      { ...operate, schema: { tags: ['jobs'], summary: 'A job that failed or was stopped waits again', params: Id } },
      async (request) => {
        if (!(await queue.retry(request.params.id)))
          throw new Problem('job-not-failed', say(SAYING.notFailed, { name: request.params.id }), {
            status: 409,
            hint: say(SAYING.onlyFailed),
          })
        return { data: view((await queue.get(request.params.id))!) }
      },
    )
    app.delete('/jobs/:id', { ...operate, schema: { tags: ['jobs'], summary: 'Cancels a job', params: Id } }, async (request, reply) => {
      if (!(await queue.cancel(request.params.id)))
        throw new Problem('unknown-job', say(SAYING.noUnfinishedJob, { name: request.params.id }), {
          status: 404,
          hint: say(SAYING.endedAlready),
        })
      return reply.code(204).send()
    })
  }
