/** Reports of an asset: the ready ones and those of FlexMeasures' reporters, as jobs; lists, one, and as CSV. */
import { type Static, Type } from 'typebox'
import {
  type Asset,
  csvText,
  demand,
  PROGRAM_CSV,
  type Principal,
  READY_REPORTS,
  REPORTERS,
  type ReadyName,
  type ReportResult,
  type ReportView,
  readReadyOrder,
  readReportOrder,
  sensorsOfReport,
} from '#ems'

import { formatInstant, type Instant, instant, isZone, Problem, parseInstant, say } from '#kernel'
import type { JobProgress } from '#store'
import type { App } from '../app.ts'
import { mayReport } from '../flexmeasures/automation-work.ts'
import { zoneOf } from '../flexmeasures/automations.ts'
import type { Rooms } from '../rooms.ts'
import { SAYING } from './saying.ts'
import { Data, Moment, whoOf } from './shape.ts'

const tags = ['reports']
const Id = Type.Object({ id: Type.Integer({ description: 'Id of the asset.' }) })
const One = Type.Object({
  id: Type.Integer({ description: 'Id of the asset.' }),
  report: Type.String({ format: 'uuid', description: 'Id of the report.' }),
})
const Free = (description: string) => Type.Optional(Type.Unsafe<Record<string, unknown>>({ type: 'object', description }))
const Places = (description: string) =>
  Type.Optional(Type.Unsafe<Record<string, unknown>[]>({ type: 'array', items: { type: 'object' }, description }))
const text = (description: string) => Type.Optional(Type.String({ maxLength: 200, description }))
const Order = Type.Object(
  {
    report: Type.Optional(
      Type.Unsafe<ReadyName>({
        type: 'string',
        enum: [...READY_REPORTS],
        description: 'A ready report; needs nothing but a period, takes `output` with names of its lines.',
      }),
    ),
    reporter: Type.Optional(Type.Unsafe<string>({ type: 'string', enum: [...REPORTERS], description: 'Or a reporter of FlexMeasures.' })),
    config: Free('Of the reporter: method and weights, price sensors, or transformations.'),
    parameters: Free('The fields below, as FlexMeasures writes them.'),
    input: Places('Of the reporter: sensors with filters on their beliefs.'),
    output: Places(
      'Of the reporter: sensors that get the result. Of a ready report: `name` of a line, and the daily `sensor` that gets its days.',
    ),
    start: text('ISO 8601 with offset; of a ready report default the day before.'),
    end: text('ISO 8601 with offset.'),
    'start-offset': text('Instead of the start: a chain such as DB,-1D from now.'),
    'end-offset': text('Instead of the end.'),
    resolution: text('ISO 8601: inputs are brought to it.'),
    'belief-time': text('Only what was recorded by then counts; the result counts as made then.'),
    'belief-horizon': text('The result counts as made so long before the end of each event.'),
    'check-output-resolution': Type.Optional(
      Type.Boolean({ description: 'False: the result may have another resolution than its sensor.' }),
    ),
    timezone: text('In which days of offsets are counted; that of the asset unless said.'),
  },
  { additionalProperties: false },
)
const Line = Type.Object({
  name: Type.String(),
  unit: Type.String(),
  total: Type.Union([Type.Number(), Type.Null()]),
  days: Type.Array(Type.Union([Type.Number(), Type.Null()])),
})
const Saved = Type.Object({
  name: Type.String(),
  sensor: Type.Integer(),
  unit: Type.String(),
  count: Type.Integer(),
  start: Type.Union([Moment, Type.Null()]),
  end: Type.Union([Moment, Type.Null()]),
})
const Maybe = (shape: Parameters<typeof Type.Union>[0][number]) => Type.Union([shape, Type.Null()])
const Shown = Type.Object({
  id: Type.String(),
  asset: Type.Integer(),
  report: Type.String(),
  status: Type.String(),
  askedAt: Moment,
  start: Maybe(Moment),
  end: Maybe(Moment),
  problem: Maybe(Type.String()),
  progress: Maybe(Type.Object({ stage: Type.String(), done: Type.Number(), total: Type.Number() })),
  zone: Maybe(Type.String()),
  dates: Type.Array(Type.String()),
  lines: Type.Array(Line),
  notes: Type.Array(Type.String()),
  source: Maybe(Type.Integer()),
  outputs: Type.Array(Saved),
})
const Page = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 20, description: 'Reports of a page.' })),
    offset: Type.Optional(Type.Integer({ minimum: 0, default: 0, description: 'Reports before the page.' })),
  },
  { additionalProperties: false },
)

export function reportRoutes(app: App, rooms: Rooms): void {
  const { reports } = rooms
  app.post(
    '/assets/:id/reports',
    {
      schema: {
        tags,
        summary: 'Makes a report',
        params: Id,
        body: Order,
        response: { 202: Data(Type.Object({ id: Type.String({ description: 'Of the report and of its job.' }) })) },
      },
    },
    async (request, reply) => {
      const who = whoOf(request)
      const asset = await assetOf(rooms, who, request.params.id, 'create-children')
      const id = await rooms.rateLimits.trigger(who, asset.id, reply, () => trigger(rooms, who, asset, request.body))
      return reply.code(202).send({ data: { id } })
    },
  )
  app.get(
    '/assets/:id/reports',
    {
      schema: {
        tags,
        summary: 'Reports of an asset, newest first',
        params: Id,
        querystring: Page,
        response: { 200: Type.Object({ data: Type.Array(Shown), total: Type.Integer() }) },
      },
    },
    async (request) => {
      const asset = await assetOf(rooms, whoOf(request), request.params.id, 'read')
      const { limit = 20, offset = 0 } = request.query
      const found = await reports.list(asset.id, { limit, offset })
      return { data: found.reports.map((one) => view(one, rooms.config.timezone)), total: found.total }
    },
  )
  const reportOf = async (who: Principal, { id, report }: Static<typeof One>): Promise<ReportView> => {
    const asset = await assetOf(rooms, who, id, 'read')
    const found = await reports.get(report)
    if (found?.asset === asset.id) return found
    throw new Problem('unknown-report', 'There is no such report.', { status: 404, hint: 'List the reports of the asset.' })
  }
  app.get(
    '/assets/:id/reports/:report',
    { schema: { tags, summary: 'A report', params: One, response: { 200: Data(Shown) } } },
    async (request) => ({ data: view(await reportOf(whoOf(request), request.params), rooms.config.timezone) }),
  )
  app.delete(
    '/assets/:id/reports/:report',
    { schema: { tags, summary: 'Calls a report off that is being made', params: One } },
    async (request, reply) => {
      const who = whoOf(request)
      const { id } = await reportOf(who, request.params)
      await assetOf(rooms, who, request.params.id, 'create-children')
      if (!(await rooms.queue.cancel(id)))
        throw new Problem('report-over', say(SAYING.reportOver), { status: 409, hint: say(SAYING.readIt) })
      return reply.code(204).send()
    },
  )
  app.get(
    '/assets/:id/reports/:report/report.csv',
    { schema: { tags, summary: 'A report as CSV', params: One, produces: ['text/csv'] } },
    async (request, reply) => {
      const found = await reportOf(whoOf(request), request.params)
      if (!found.result)
        throw new Problem('report-unfinished', 'The report is not there yet.', {
          status: 409,
          retry: 'later',
          hint: 'Ask again when its job has finished.',
        })
      const body = found.result.kind === 'ready' ? readyCsv(found.result) : await savedCsv(rooms, found.result)
      return reply
        .header('content-type', 'text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="${found.report}-${found.id.slice(0, 8)}.csv"`)
        .send(body)
    },
  )
}

async function assetOf(rooms: Rooms, who: Principal, id: number, action: 'read' | 'create-children'): Promise<Asset> {
  const asset = await rooms.assets.get(id)
  if (!asset) throw new Problem('unknown-asset', `No asset found with ID ${id}.`, { status: 404, hint: 'List the assets you can reach.' })
  demand(who, action, { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
  return asset
}

async function trigger(rooms: Rooms, who: Principal, asset: Asset, body: Static<typeof Order>): Promise<string> {
  const { report, ...order } = body
  const zone = body.timezone ?? (await zoneOf(rooms, asset))
  if (!isZone(zone))
    throw new Problem('invalid-report', `Timezone ${zone} doesn't exist.`, { status: 422, hint: 'Take a name such as Europe/Paris.' })
  const now = rooms.clock.now()
  if (report === undefined) {
    const read = readReportOrder(order, { now, zone })
    await mayReport(rooms, who, sensorsOfReport(read))
    return rooms.reports.trigger(asset.id, read)
  }
  if (order.reporter !== undefined || order.config || order.input || order.parameters)
    throw new Problem('invalid-report', 'A ready report takes nothing but a period and outputs.', {
      status: 422,
      hint: 'Give either report or reporter.',
    })
  const ready = readReadyOrder(report, defined(body), { now, zone })
  await mayReport(rooms, who, { reads: [], writes: (ready.outputs ?? []).map(({ sensor }) => ({ field: 'output', sensor })) })
  return rooms.reports.trigger(asset.id, ready)
}

const defined = <T extends object>(given: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> }

const pick = ({ stage, done, total }: JobProgress) => ({ stage, done, total })

const STATUS_GONE = 'FINISHED'

function view({ id, asset, report, askedAt, start, end, result, job }: ReportView, zone: string): Static<typeof Shown> {
  const ready = result?.kind === 'ready' ? result : undefined
  const saved = result?.kind === 'beliefs' ? result : undefined
  const moment = (at: Instant | null) => (at === null ? null : formatInstant(at, ready?.zone ?? zone))
  return {
    ...{ id, asset, report, status: job?.status ?? (result ? STATUS_GONE : 'FAILED'), problem: job?.exc ?? null },
    progress: job?.status === 'STARTED' && job.progress ? pick(job.progress) : null,
    ...{ askedAt: formatInstant(askedAt, ready?.zone ?? zone), start: moment(start), end: moment(end) },
    ...{ zone: ready?.zone ?? null, dates: ready?.dates ?? [], lines: ready?.lines ?? [], notes: ready?.notes ?? [] },
    ...{ source: saved?.source ?? null, outputs: saved?.outputs ?? [] },
  } as Static<typeof Shown>
}

const cell = (value: number | null): string => (value === null ? '' : String(value))

function readyCsv({ dates, lines, notes }: Extract<ReportResult, { kind: 'ready' }>): string {
  const word = (given: string) => csvText(given, PROGRAM_CSV)
  const rows = [
    ['line', 'unit', 'total', ...dates],
    ...lines.map(({ name, unit, total, days }) => [word(name), word(unit), cell(total), ...days.map(cell)]),
    ...notes.map((note) => [word(note)]),
  ]
  return `${rows.map((row) => row.join(',')).join('\r\n')}\r\n`
}

async function savedCsv(rooms: Rooms, { source, outputs }: Extract<ReportResult, { kind: 'beliefs' }>): Promise<string> {
  const lines = ['output,sensor,event_start,value,unit']
  for (const { name, sensor: id, start, end, unit } of outputs) {
    if (start === null || end === null) continue
    const sensor = await rooms.sensors.need(id)
    const until = instant(Math.max(parseInstant(end), parseInstant(start) + 1))
    const { starts, values } = await rooms.beliefs.search({
      sensor: id,
      from: parseInstant(start),
      until,
      sources: [source],
      one: 'per-event',
    })
    for (let k = 0; k < starts.length; k++)
      lines.push(
        [csvText(name, PROGRAM_CSV), id, formatInstant(instant(starts[k]!), sensor.timezone), values[k], csvText(unit, PROGRAM_CSV)].join(
          ',',
        ),
      )
  }
  return `${lines.join('\r\n')}\r\n`
}
