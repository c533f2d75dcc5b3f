/** Long work, as every door shows it: stage, progress, how it ended. */
import { Type } from 'typebox'
import { steers } from '#ems'
import { formatInstant, instant, Problem } from '#kernel'
import type { Routes } from '../app.ts'
import type { Rooms } from '../rooms.ts'

const Id = Type.Object({ id: Type.String({ format: 'uuid' }) })

/** Routes of the queue; jobs of clients are read through /api/v3_0/jobs, these are for those who steer. */
export const jobRoutes =
  ({ queue, identity }: Rooms, zone: string): Routes =>
  (app) => {
    const operate = { onRequest: [identity.authenticate, identity.requirePermission(steers)] }
    app.get('/jobs/:id', { ...operate, schema: { tags: ['jobs'], summary: 'A job and how far it is', params: Id } }, async (request) => {
      const job = await queue.get(request.params.id)
      if (!job)
        throw new Problem('unknown-job', `No job '${request.params.id}' is known.`, {
          status: 404,
          hint: 'Ended jobs are forgotten after two weeks.',
        })
      const at = (moment: number | undefined | null) =>
        moment === undefined || moment === null ? null : formatInstant(instant(moment), zone)
      return {
        data: {
          job: job.id,
          queue: job.queue,
          status: job.status,
          ...job.progress,
          enqueuedAt: at(job.enqueuedAt),
          startedAt: at(job.startedAt),
          endedAt: at(job.endedAt),
          problem: job.exc ?? null,
        },
      }
    })
    app.delete('/jobs/:id', { ...operate, schema: { tags: ['jobs'], summary: 'Cancels a job', params: Id } }, async (request, reply) => {
      if (!(await queue.cancel(request.params.id)))
        throw new Problem('unknown-job', `No unfinished job '${request.params.id}' is known.`, {
          status: 404,
          hint: 'It may have ended already.',
        })
      return reply.code(204).send()
    })
  }
