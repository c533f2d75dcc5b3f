/** For monitoring: is the server there, when did a task last run, and how did it end (reference 2.4, 4.4). */
import { Type } from 'typebox'
import { isAdmin } from '#ems'
import { formatInstant, type Instant, parseInstant } from '#kernel'
import { asTimestamp } from '#store'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { invalidSender, unauthorized } from './envelope.ts'

const tags = ['flexmeasures']
const TaskQuery = Type.Object({ name: Type.Optional(Type.String({ description: 'Name of the task.' })) })
const TaskRun = Type.Object({
  name: Type.String({ description: 'Name of the task.' }),
  status: Type.Optional(Type.String({ description: "'True' (unless said) when it went well." })),
  datetime: Type.Optional(Type.String({ description: 'When it ran, ISO 8601; now unless said.' })),
})
const NEVER = '1970-01-01T00:00:00'

export function opsRoutes(app: App, { store, clock, security, flexMeasures }: Rooms): void {
  readForms(app)
  app.get('/ping', { schema: { tags, security: [], summary: 'Says ok' } }, async () => ({ message: 'ok', status: 200 }))

  app.get(
    '/getLatestTaskRun',
    {
      schema: {
        tags,
        summary: 'When a task last ran, for a monitor',
        description: 'The token header carries the token of monitors (FLEXMEASURES_TASK_CHECK_AUTH_TOKEN).',
        querystring: TaskQuery,
      },
    },
    async (request, reply) => {
      const answer = (http: number, status: string, reason: string, lastrun: string) =>
        reply.code(http).send({ status, reason, lastrun, frequency: 10, process: 'FlexMeasures', server: flexMeasures.mode })
      const token = request.headers[security.tokenHeader.toLowerCase()]
      if (token === undefined) return answer(401, 'ERROR', 'Not authenticated to check task status.', NEVER)
      if (security.taskToken === undefined || token !== security.taskToken)
        return answer(403, 'ERROR', 'Not authorized to check task status.', NEVER)
      const { name } = request.query
      if (!name) return answer(400, 'ERROR', 'No task name given.', NEVER)
      const run = await store.first<{ at: Instant; ok: boolean }>(
        'select datetime as at, coalesce(status, false) as ok from latest_task_run where name = $1',
        [String(name)],
      )
      if (!run) return answer(404, 'ERROR', `Task ${name} has no last run time.`, NEVER)
      return answer(200, run.ok ? 'OK' : 'ERROR', '', formatInstant(run.at))
    },
  )

  app.post(
    '/postLatestTaskRun',
    { schema: { tags, summary: 'Notes that a task ran', consumes: ['application/x-www-form-urlencoded'], body: TaskRun } },
    async (request, reply) => {
      const who = request.principal
      if (!who) throw unauthorized()
      if (!isAdmin(who) && !who.roles.includes('task-runner')) throw invalidSender()
      const refuse = (reason: string) => reply.code(400).send({ status: 'ERROR', reason })
      const { name, status = 'True', datetime } = (request.body ?? {}) as Partial<Record<string, string>>
      if (!name) return refuse('No task name given.')
      if (name.length > 80) return refuse('The name of a task has 80 characters at most.')
      let at = clock.now()
      try {
        if (datetime !== undefined) at = parseInstant(datetime)
      } catch {
        return refuse(`'${datetime}' is no moment: write it in ISO 8601 with its offset.`)
      }
      await store.query(
        `insert into latest_task_run (name, datetime, status) values ($1, $2, $3)
         on conflict (name) do update set datetime = excluded.datetime, status = excluded.status`,
        [name, asTimestamp(at), status === 'True'],
      )
      return { status: 'OK' }
    },
  )
}

/** Forms as browsers and curl send them. */
function readForms(app: App): void {
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: 16_384 }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(body as string))),
  )
}
