/** Triggering and reading schedules, and the jobs behind them (reference 2.7, 2.9). */
import { type Static, Type } from 'typebox'
import { type Asset, demand, offspring, type Principal, type ScheduleOrder, type Sensor, type StoredSchedule } from '#ems'
import {
  addDuration,
  converter,
  durationLength,
  floorTo,
  formatInstant,
  HOUR,
  type Instant,
  instant,
  isUnit,
  measures,
  parseDuration,
  parseInstant,
} from '#kernel'
import type { Job } from '#store'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { assetFor } from './assets.ts'
import { hasCode, invalid, invalidSender, rejected } from './envelope.ts'
import { formatHours } from './format.ts'
import { canonical, idOf } from './query.ts'
import { sensorFor } from './sensors.ts'
import { check } from './validate.ts'

const tags = ['flexmeasures']
const Trigger = Type.Object({
  start: Type.String({ format: 'aware-datetime' }),
  duration: Type.Optional(Type.String({ format: 'iso-duration' })),
  resolution: Type.Optional(Type.String({ format: 'iso-duration' })),
  prior: Type.Optional(Type.String({ format: 'aware-datetime' })),
  'flex-model': Type.Optional(
    Type.Unsafe<Record<string, unknown> | Record<string, unknown>[]>({ type: ['object', 'array'], items: { type: 'object' } }),
  ),
  'flex-context': Type.Optional(
    Type.Unsafe<Record<string, unknown> | Record<string, unknown>[]>({ type: ['object', 'array'], items: { type: 'object' } }),
  ),
  sequential: Type.Optional(Type.Boolean()),
  'force-new-job-creation': Type.Optional(Type.Boolean()),
  force_new_job_creation: Type.Optional(Type.Boolean()),
})
type TriggerBody = Static<typeof Trigger>

const GetQuery = Type.Object(
  {
    duration: Type.Optional(Type.String({ format: 'iso-duration' })),
    unit: Type.Optional(Type.String()),
    'sign-convention': Type.Optional(
      Type.Unsafe<string>({ type: 'string', enum: ['consumption-positive', 'production-positive', 'wysiwyg'] }),
    ),
  },
  { additionalProperties: false },
)

/** Schedules are shown for so long when nobody says (and never longer than 48 h in one answer). */
const SHOWN = 6 * HOUR
const HORIZON = 48 * HOUR

export function scheduleRoutes(app: App, rooms: Rooms): void {
  const { schedules, sensors } = rooms
  app.post(
    '/assets/:id/schedules/trigger',
    { schema: { tags, summary: 'Asks for a schedule of an asset', body: Trigger } },
    async (request, reply) => {
      const who = request.principal!
      const asset = await assetFor(rooms, who, 'create-children', idOf(request.params))
      const body = check(Trigger, request.body ?? {}, 'json') as TriggerBody
      const given = body['flex-model'] ?? []
      const entries = await entriesOf(rooms, asset, Array.isArray(given) ? given : [given])
      const id = await rooms.rateLimits.trigger(who, asset.id, reply, () => trigger(rooms, who, asset.id, body, entries))
      return reply.code(202).send(accepted(id))
    },
  )

  app.post(
    '/sensors/:id/schedules/trigger',
    { schema: { tags, summary: 'Asks for a schedule of a power sensor', body: Trigger } },
    async (request, reply) => {
      const who = request.principal!
      const sensor = await sensorFor(rooms, who, 'create-children', idOf(request.params))
      const body = check(Trigger, request.body ?? {}, 'json') as TriggerBody
      const model = body['flex-model'] ?? {}
      if (Array.isArray(model)) throw invalid('json', { 'flex-model': ['Not a valid mapping type.'] })
      const id = await rooms.rateLimits.trigger(who, sensor.asset, reply, () =>
        trigger(rooms, who, sensor.asset, body, [{ ...model, sensor: sensor.id }]),
      )
      return reply.code(202).send({ ...accepted(id), 'results-url': `/api/v3_0/sensors/${sensor.id}/schedules/${id}` })
    },
  )

  app.get('/sensors/:id/schedules/:uuid', { schema: { tags, summary: 'A schedule', querystring: GetQuery } }, async (request) => {
    const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
    const query = check(GetQuery, canonical(request.query), '') as Static<typeof GetQuery>
    const { uuid } = request.params as { uuid: string }
    const turn = unitTurn(sensor, query.unit)
    const found = await schedules.get(uuid)
    if (!found) throw rejected(400, 'UNRECOGNIZED_UDI_EVENT', `The requested UDI event (id = ${uuid}, type = job) is not known.`)
    const { job, schedule } = found
    if (!schedule)
      throw rejected(400, 'UNKNOWN_SCHEDULE', `No known schedule for this time period. ${wordJob(job)} StorageScheduler was used.`)
    return answer(await sensors.need(sensor.id), schedule, query, turn)
  })

  app.get('/jobs/:uuid', { schema: { tags, summary: 'A job' } }, async (request, reply) => {
    const { uuid } = request.params as { uuid: string }
    const found = await schedules.get(uuid)
    const job = found?.job
    if (!job) return reply.code(404).send({ status: 'ERROR', message: `Job ${uuid} not found.` })
    const asset = await rooms.assets.get(schedules.assetOf(job) ?? 0)
    if (!asset) throw invalidSender()
    demand(request.principal!, 'read', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
    const http =
      job.status === 'FINISHED' ? 200 : job.status === 'FAILED' || job.status === 'STOPPED' || job.status === 'CANCELED' ? 422 : 202
    return reply.code(http).send(jobView(job, found.schedule))
  })

  app.get('/assets/:id/jobs', { schema: { tags, summary: 'Jobs of an asset' } }, async (request) => {
    const asset = await assetFor(rooms, request.principal!, 'read', idOf(request.params))
    const jobs = (await rooms.queue.list({ queue: 'scheduling', limit: 1000 })).filter((job) => schedules.assetOf(job) === asset.id)
    return { jobs: jobs.map((job) => jobLine(job, asset)), redis_connection_err: null, status: 200 }
  })

  app.get('/sensors/:id/forecasts/:uuid', { schema: { tags, summary: 'A forecast' } }, async (request) => {
    await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
    throw invalid('json', `Job ${(request.params as { uuid: string }).uuid} not found.`)
  })
}

const accepted = (id: string) => ({
  status: 'ACCEPTED',
  message: 'Request has been accepted for processing.',
  job: id,
  'job-url': `/api/v3_0/jobs/${id}`,
  schedule: id,
})

/** The entries as sent; without any, those stored on the asset and below it. @throws 422 for sensors from elsewhere */
async function entriesOf(rooms: Rooms, asset: Asset, given: Record<string, unknown>[]): Promise<Record<string, unknown>[]> {
  const tree = await offspring(rooms.store, asset.id)
  for (const { sensor, asset: at } of given) {
    const known = typeof sensor === 'number' ? await rooms.sensors.get(sensor) : undefined
    if (typeof sensor === 'number' && !known) throw invalid('json', { sensor: [`No sensor found with ID ${sensor}.`] })
    if (known && !tree.includes(known.asset))
      throw invalid('', { _schema: [`Sensor ${sensor} does not belong to asset ${asset.id} (or to one of its offspring)`] })
    if (typeof at === 'number' && !tree.includes(at))
      throw invalid('', { _schema: [`Asset ${at} does not belong to asset ${asset.id} (or to one of its offspring)`] })
  }
  if (given.length > 0) return given
  const entries: Record<string, unknown>[] = []
  for (const id of tree) {
    const member = await rooms.assets.get(id)
    if (!member || Object.keys(member.flexModel).length === 0) continue
    const power = await powerSensorOf(rooms, member)
    entries.push({ asset: id, ...(power !== undefined && { sensor: power }) })
  }
  if (entries.length === 0)
    throw invalid('json', { 'flex-model': ['There is no flex-model in the request, and none is stored on the asset or below it.'] })
  return entries
}

/** The power sensor of an asset when it has exactly one and its flex-model names no output of its own. */
async function powerSensorOf(rooms: Rooms, asset: Asset): Promise<number | undefined> {
  if ('consumption' in asset.flexModel || 'production' in asset.flexModel) return undefined
  const known = await Promise.all(asset.sensors.map(({ id }) => rooms.sensors.get(id)))
  const power = known.filter((sensor) => sensor && sensor.resolution > 0 && measures(sensor.unit, 'power'))
  return power.length === 1 ? power[0]!.id : undefined
}

async function trigger(
  rooms: Rooms,
  who: Principal,
  asset: number,
  body: TriggerBody,
  flexModel: Record<string, unknown>[],
): Promise<string> {
  const first = typeof flexModel[0]?.['sensor'] === 'number' ? await rooms.sensors.get(flexModel[0]['sensor']) : undefined
  const context = body['flex-context'] ?? {}
  const asked = parseInstant(body.start)
  const start = first && first.attributes['floor_datetimes_to_resolution'] !== false ? floorTo(asked, first.resolution) : asked
  const order: ScheduleOrder = {
    asset,
    start,
    end: addDuration(start, parseDuration(body.duration ?? 'PT48H'), first?.timezone ?? rooms.config.timezone),
    flexModel,
    flexContext: Array.isArray(context) ? { commodities: context } : context,
    ...(body.resolution !== undefined && { resolution: durationLength(parseDuration(body.resolution)) }),
    ...(body.prior !== undefined && { prior: parseInstant(body.prior) }),
    ...(body.sequential && { sequential: true }),
  }
  const fresh = body['force-new-job-creation'] ?? body.force_new_job_creation ?? false
  try {
    return await rooms.schedules.trigger(order, {
      fresh,
      allow: (sensor) => demand(who, 'read', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy }),
    })
  } catch (error) {
    if (hasCode(error, 'invalid-flex-config')) throw invalid('json', error.details!['fields'] as never)
    throw error
  }
}

function unitTurn(sensor: Sensor, unit: string | undefined): (value: number) => number {
  if (unit === undefined) return (value) => value
  if (!isUnit(unit)) throw invalid('', { unit: [`Invalid unit: ${unit}`] })
  try {
    return converter(sensor.unit, unit)
  } catch {
    throw invalid('', { unit: [`Incompatible units: ${sensor.unit} cannot be converted to ${unit}.`] })
  }
}

function answer(sensor: Sensor, schedule: StoredSchedule, query: Static<typeof GetQuery>, turn: (value: number) => number) {
  const used = `${schedule.scheduler} was used.`
  const output = schedule.outputs.find((one) => one.sensor === sensor.id)
  if (!output)
    throw rejected(400, 'UNKNOWN_SCHEDULE', `No known schedule for this time period. The job made none for sensor ${sensor.id}. ${used}`)
  const wanted = Math.min(query.duration === undefined ? SHOWN : durationLength(parseDuration(query.duration)), HORIZON)
  const points = sensor.resolution === 0 ? 1 : 0
  const count = Math.max(0, Math.min(Math.floor(wanted / output.step) + points, output.values.length))
  const convention = query['sign-convention'] ?? 'consumption-positive'
  const sign =
    !measures(sensor.unit, 'power') || convention === 'wysiwyg' ? 1 : convention === 'consumption-positive' ? sensor.sign : -sensor.sign
  return {
    scheduler_info: { scheduler: schedule.scheduler, commitment_costs: schedule.costs },
    values: output.values.slice(0, count).map((value) => tidy(sign * turn(value))),
    start: formatInstant(schedule.start, sensor.timezone),
    duration: formatHours(Math.max(0, count - points) * output.step),
    unit: query.unit ?? sensor.unit,
    status: 'PROCESSED',
    message: `Request has been processed. ${used}`,
  }
}

const tidy = (value: number): number => (value === 0 ? 0 : Number(value.toPrecision(15)))

function wordJob(job: Job): string {
  switch (job.status) {
    case 'QUEUED':
      return 'Scheduling job waiting to be processed.'
    case 'STARTED':
      return 'Scheduling job in progress.'
    case 'FINISHED':
      return 'Scheduling job has finished.'
    case 'FAILED':
      return `Scheduling job failed with ${job.exc ?? 'an unknown reason'}${job.exc?.endsWith('.') ? '' : '.'}`
    case 'SCHEDULED':
      return 'Scheduling job is scheduled to run at a later time.'
    case 'STOPPED':
      return 'Scheduling job has been stopped.'
    case 'CANCELED':
      return 'Scheduling job has been cancelled.'
    default:
      return 'Scheduling job has an unknown status.'
  }
}

const moment = (at: Instant | null) => (at === null ? null : formatInstant(at))

function jobView(job: Job, schedule: StoredSchedule | undefined) {
  const [enqueued, started, ended] = [moment(job.enqueuedAt), moment(job.startedAt), moment(job.endedAt)]
  const name = 'flexmeasures.data.services.scheduling.make_schedule'
  return {
    status: job.status,
    message: wordJob(job),
    result: job.status === 'FINISHED' && schedule ? resultView(schedule) : null,
    origin: job.queue,
    'func-name': name,
    'enqueued-at': enqueued,
    'started-at': started,
    'ended-at': ended,
    'exc-info': job.exc,
    func_name: name,
    enqueued_at: enqueued,
    started_at: started,
    ended_at: ended,
    exc_info: job.exc,
  }
}

/** Wishes by asset: which were missed by how much, which were kept with how much room. */
function resultView({ unmet, kept, beliefs }: StoredSchedule) {
  const gather = <T extends { asset: number; name: string }>(list: T[], view: (one: T) => object) => {
    const byAsset = new Map<number, Record<string, unknown>>()
    for (const one of list) {
      const entry = byAsset.get(one.asset) ?? { asset: one.asset }
      byAsset.set(one.asset, entry)
      const known = (entry[one.name] as object[] | undefined) ?? []
      entry[one.name] = [...known, view(one)]
    }
    return [...byAsset.values()]
  }
  const kwh = (amount: number) => `${Number.isInteger(amount) ? amount.toFixed(1) : String(Math.round(amount * 1e6) / 1e6)} kWh`
  return {
    unresolved: gather(unmet, (one) => ({ datetime: formatInstant(instant(one.at)), violation: kwh(one.violationKwh) })),
    resolved: gather(kept, (one) => ({ datetime: formatInstant(instant(one.at)), margin: kwh(one.marginKwh) })),
    'num-beliefs': beliefs,
  }
}

const jobLine = (job: Job, asset: Asset) => ({
  job_id: job.id,
  metadata: JSON.stringify({ status: job.status, exc_info: job.exc }),
  queue: job.queue,
  asset_or_sensor_type: 'asset',
  entity: `asset: ${asset.name} (Id: ${asset.id})`,
  status: job.status.toLowerCase(),
  err: job.exc,
  enqueued_at: moment(job.enqueuedAt),
  metadata_hash: job.id,
})
