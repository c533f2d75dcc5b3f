/** Notes on a span of time of an account, an asset or a sensor. */
import { type Static, Type } from 'typebox'
import { type Principal, permits } from '#ems'
import { formatInstant, type Instant, parseInstant } from '#kernel'
import { asTimestamp } from '#store'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { accountFor, subjectOf } from './accounts.ts'
import { assetFor } from './assets.ts'
import { invalid, invalidSender } from './envelope.ts'
import { IdPath, idOf } from './query.ts'
import { sensorFor } from './sensors.ts'
import { check } from './validate.ts'

const tags = ['flexmeasures']
const KINDS = ['alert', 'holiday', 'label', 'feedback', 'warning', 'error']
const Body = Type.Object(
  {
    content: Type.String({ maxLength: 1024, description: 'What there is to say.' }),
    start: Type.String({ format: 'aware-datetime', description: 'Begin of the span, ISO 8601 with offset.' }),
    end: Type.String({ format: 'aware-datetime', description: 'End of the span, after its begin.' }),
    type: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: KINDS, description: 'Kind of note; label unless said.' })),
    prior: Type.Optional(Type.String({ format: 'aware-datetime', description: 'When this was known; nothing is assumed unless said.' })),
  },
  { additionalProperties: false },
)

interface Annotation {
  id: number
  start: Instant
  end: Instant
  belief_time: Instant | null
  source_id: number
  type: string
  content: string
}

type Target = { table: 'annotations_accounts' | 'annotations_assets' | 'annotations_sensors'; column: string; id: number }

export function annotationRoutes(app: App, rooms: Rooms): void {
  const add = (path: string, target: (who: Principal, id: number) => Promise<Target>) =>
    app.post(
      `/${path}/:id/annotations`,
      { schema: { tags, summary: 'A note on a span of time', params: IdPath, body: Body } },
      async (request, reply) => {
        const who = request.principal!
        const place = await target(who, idOf(request.params))
        const { annotation, isNew } = await annotate(rooms, who, place, request.body)
        return reply.code(isNew ? 201 : 200).send(view(annotation))
      },
    )
  add('accounts', async (who, id) => {
    const account = await accountFor(rooms, who, 'read', id)
    if (!permits(who, 'create-children', subjectOf(account))) throw invalidSender()
    return { table: 'annotations_accounts', column: 'account_id', id }
  })
  add('assets', async (who, id) => ({
    table: 'annotations_assets',
    column: 'generic_asset_id',
    id: (await assetFor(rooms, who, 'create-children', id)).id,
  }))
  add('sensors', async (who, id) => ({
    table: 'annotations_sensors',
    column: 'sensor_id',
    id: (await sensorFor(rooms, who, 'create-children', id)).id,
  }))
}

async function annotate(rooms: Rooms, who: Principal, place: Target, given: unknown): Promise<{ annotation: Annotation; isNew: boolean }> {
  const body = check(Body, given ?? {}, 'json') as Static<typeof Body>
  const [start, end] = [parseInstant(body.start), parseInstant(body.end)]
  if (end <= start) throw invalid('json', { _schema: ['end must be after start'] })
  const source = await rooms.sources.of({ name: who.username, type: 'user', user: who.user, account: who.account })
  const prior = body.prior === undefined ? null : asTimestamp(parseInstant(body.prior))
  const params = [body.content, asTimestamp(start), asTimestamp(end), prior, source, body.type ?? 'label']
  return rooms.store.transact(async (tx) => {
    const known = await tx.first<Annotation>(
      `select * from annotation where content = $1 and start = $2 and "end" = $3 and belief_time is not distinct from $4::timestamptz
       and source_id = $5 and type = $6::annotation_type`,
      params,
    )
    const annotation =
      known ??
      (await tx.first<Annotation>(
        'insert into annotation (content, start, "end", belief_time, source_id, type) values ($1, $2, $3, $4, $5, $6::annotation_type) returning *',
        params,
      ))!
    await tx.query(
      `insert into ${place.table} (${place.column}, annotation_id) select $1, $2
       where not exists (select from ${place.table} where ${place.column} = $1 and annotation_id = $2)`,
      [place.id, annotation.id],
    )
    return { annotation, isNew: known === undefined }
  })
}

const view = (row: Annotation) => ({
  id: row.id,
  source: row.source_id,
  content: row.content,
  start: formatInstant(row.start),
  end: formatInstant(row.end),
  type: row.type,
  prior: row.belief_time === null ? null : formatInstant(row.belief_time),
})
