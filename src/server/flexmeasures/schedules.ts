/** Triggering and reading schedules (reference 2.7). */
import { type Static, Type } from 'typebox'
import {
  type Asset,
  demand,
  keepingStarts,
  noteAsker,
  type Principal,
  type ScheduleOrder,
  type Sensor,
  type SiteLook,
  type StoredSchedule,
} from '#ems'
import {
  addDuration,
  converter,
  durationLength,
  floorTo,
  formatInstant,
  HOUR,
  type Instant,
  isUnit,
  measures,
  millis,
  parseDuration,
  parseInstant,
  SECOND,
} from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { type FieldErrors, failed, hasCode, invalid, processed, rejected } from './envelope.ts'
import { formatClock, formatHours, pythonText } from './format.ts'
import { wordJob } from './jobs.ts'
import { canonical, idOf } from './query.ts'
import { sensorFor } from './sensors.ts'
import { check } from './validate.ts'

const tags = ['flexmeasures']
const Trigger = Type.Object({
  start: Type.String({ format: 'aware-datetime', description: 'When the schedule begins.', examples: ['2026-01-15T10:00+01:00'] }),
  duration: Type.Optional(Type.String({ format: 'iso-duration', description: 'How long it is.', examples: ['PT24H'] })),
  resolution: Type.Optional(Type.String({ format: 'iso-duration', description: 'How often set points may change.' })),
  prior: Type.Optional(Type.String({ format: 'aware-datetime', description: 'Only what was recorded before this counts.' })),
  'flex-model': Type.Optional(
    Type.Unsafe<Record<string, unknown> | Record<string, unknown>[]>({
      type: ['object', 'array'],
      items: { type: 'object' },
      description: 'Entries per device (docs/reference/flex-model.md); what is stored on assets fills the rest.',
    }),
  ),
  'flex-context': Type.Optional(
    Type.Unsafe<Record<string, unknown> | Record<string, unknown>[]>({
      type: ['object', 'array'],
      items: { type: 'object' },
      description: 'Prices and limits of the site, or a list of them by commodity (docs/reference/flex-context.md).',
    }),
  ),
  sequential: Type.Optional(Type.Boolean({ description: 'One device after the other instead of all at once.' })),
  'force-new-job-creation': Type.Optional(Type.Boolean({ description: 'Also when the same was asked within the hour.' })),
  force_new_job_creation: Type.Optional(Type.Boolean({ description: 'Old spelling of force-new-job-creation.' })),
})
type TriggerBody = Static<typeof Trigger>

const GetQuery = Type.Object(
  {
    duration: Type.Optional(
      Type.String({ format: 'iso-duration', description: 'How much of it, from its start; PT6H unless said, all of it when longer.' }),
    ),
    unit: Type.Optional(Type.String({ description: 'Unit of the values; that of the sensor unless said.' })),
    'sign-convention': Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        enum: ['consumption-positive', 'production-positive', 'wysiwyg'],
        description: 'What is positive; wysiwyg = as stored. consumption-positive unless said.',
      }),
    ),
  },
  { additionalProperties: false },
)

/** Schedules are shown for so long when nobody says. */
const SHOWN = 6 * HOUR
/** A schedule that is being made is waited for so long before the answer says that it is: most are there by then, and nobody need ask twice. */
const PATIENCE = millis(SECOND)

export function scheduleRoutes(app: App, rooms: Rooms): void {
  const { schedules, sensors } = rooms
  const isOld = rooms.flexMeasures.dialect === '0.33'
  app.post(
    '/assets/:id/schedules/trigger',
    { schema: { tags, summary: 'Asks for a schedule of an asset', body: Trigger } },
    async (request, reply) => {
      const who = request.principal!
      const site = await siteFor(rooms, who, idOf(request.params))
      const context = (request.body as Record<string, unknown> | undefined)?.['flex-context'] ?? {}
      if (typeof context !== 'object') throw invalid('', { 'flex-context': ['`flex-context` must be an object, or a list of objects.'] })
      const body = check(Trigger, request.body ?? {}, '') as TriggerBody
      const given = body['flex-model'] ?? []
      const entries = Array.isArray(given) ? given : [given]
      await refuseStrangers(rooms, site, entries)
      const id = await rooms.rateLimits.trigger(who, site.asset.id, reply, () =>
        trigger(rooms, who, { asset: site.asset.id, site, body, location: '' }, entries),
      )
      return isOld ? { ...processed, schedule: id } : reply.code(202).send(accepted(id))
    },
  )

  app.post(
    '/sensors/:id/schedules/trigger',
    { schema: { tags, summary: 'Asks for a schedule of a power sensor', deprecated: true, body: Trigger } },
    async (request, reply) => {
      const who = request.principal!
      const sensor = await sensorFor(rooms, who, 'create-children', idOf(request.params))
      const body = check(Trigger, request.body ?? {}, 'json') as TriggerBody
      const model = body['flex-model'] ?? {}
      if (Array.isArray(model)) throw invalid('json', { 'flex-model': ['Not a valid mapping type.'] })
      const id = await rooms.rateLimits.trigger(who, sensor.asset, reply, () =>
        trigger(rooms, who, { asset: sensor.asset, sensor, body, location: 'json' }, [{ ...model, sensor: sensor.id }]),
      )
      if (isOld) return { ...processed, schedule: id }
      return reply.code(202).send({ ...accepted(id), 'results-url': `/api/v3_0/sensors/${sensor.id}/schedules/${id}` })
    },
  )

  app.get('/sensors/:id/schedules/:uuid', { schema: { tags, summary: 'A schedule', querystring: GetQuery } }, async (request, reply) => {
    const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
    const query = check(GetQuery, canonical(request.query), '') as Static<typeof GetQuery>
    const { uuid } = request.params as { uuid: string }
    const turn = unitTurn(sensor, query.unit)
    const ready = await schedules.ready(uuid, PATIENCE)
    if (ready) return answer(await sensors.need(sensor.id), ready, query, turn)
    const found = await schedules.get(uuid)
    if (!found) throw rejected(400, 'UNRECOGNIZED_UDI_EVENT', `The requested UDI event (id = ${uuid}, type = job) is not known.`)
    if (found.schedule) return answer(await sensors.need(sensor.id), found.schedule, query, turn)
    const { job } = found
    const message = `${wordJob(job, found.before)} ${found.scheduler} was used.`
    const pending = job.status === 'QUEUED' || job.status === 'STARTED' || job.status === 'DEFERRED' || job.status === 'SCHEDULED'
    if (pending && rooms.flexMeasures.sunset.active) return reply.code(202).send({ status: job.status, message })
    throw unknownSchedule(message)
  })
}

const unknownSchedule = (message: string) => rejected(400, 'UNKNOWN_SCHEDULE', `No known schedule for this time period. ${message}`)

const accepted = (id: string) => ({
  status: 'ACCEPTED',
  message: 'Request has been accepted for processing.',
  job: id,
  'job-url': `/api/v3_0/jobs/${id}`,
  schedule: id,
})

/** The site that a schedule is asked of. @throws 404, 403 */
async function siteFor(rooms: Rooms, who: Principal, id: number): Promise<SiteLook> {
  const site = await rooms.schedules.look(id)
  if (!site) throw failed(404, `No asset found with ID ${id}.`)
  demand(who, 'create-children', { kind: 'asset', account: site.asset.account, consultancy: site.asset.consultancy })
  return site
}

/** @throws 422 for sensors and assets that are unknown, from elsewhere, or named twice */
async function refuseStrangers(rooms: Rooms, { asset, tree }: SiteLook, entries: Record<string, unknown>[]): Promise<void> {
  const seen = new Set<number>()
  for (const [index, entry] of entries.entries()) {
    const group = entry['group'] as Record<string, unknown> | undefined
    for (const [id, isOwn] of [
      [entry['sensor'], true],
      [group?.['sensor'], false],
    ] as const) {
      if (typeof id !== 'number') continue
      const sensor = await rooms.sensors.get(id)
      if (!sensor) throw invalid('', { 'flex-model': { [index]: { sensor: [`No sensor found with ID ${id}.`] } } })
      if (!tree.has(sensor.asset))
        throw invalid('', { _schema: [`Sensor ${id} does not belong to asset ${asset.id} (or to one of its offspring)`] })
      if (isOwn && seen.has(id)) throw invalid('', { _schema: [`Sensor ${id} should not occur more than once in the flex-model`] })
      if (isOwn) seen.add(id)
    }
    const at = entry['asset']
    if (typeof at === 'number' && !tree.has(at))
      throw invalid('', { _schema: [`Asset ${at} does not belong to asset ${asset.id} (or to one of its offspring)`] })
    if (entry['sensor'] === undefined && at === undefined && entry['state-of-charge'] === undefined)
      throw invalid('', { 'flex-model': { [index]: { _schema: ['Specify either a sensor or an asset.'] } } })
  }
}

interface Asked {
  asset: number
  site?: SiteLook
  /** When one sensor was triggered. */
  sensor?: Sensor
  body: TriggerBody
  location: 'json' | ''
}

async function trigger(rooms: Rooms, who: Principal, asked: Asked, flexModel: Record<string, unknown>[]): Promise<string> {
  const { body } = asked
  const fresh = body['force-new-job-creation'] ?? body.force_new_job_creation ?? false
  const order = await orderOf(rooms, asked, flexModel)
  return askedBy(
    rooms,
    who,
    worded(() =>
      rooms.schedules.trigger(order, { fresh, allow: allowing(who, asked.sensor === undefined), ...(asked.site && { site: asked.site }) }),
    ),
  )
}

/** Notes who asked, to be told what cannot be kept. Nobody waits for it. */
async function askedBy({ store, log }: Rooms, { user }: Principal, trigger: Promise<string>): Promise<string> {
  const job = await trigger
  void noteAsker(store, job, user).catch((error: unknown) => log.debug({ job, error }, 'who asked for a schedule was not noted'))
  return job
}

/** What an automation asks of a schedule of an asset: checked only, or made. `body` is that of a trigger. @throws 422, 403 */
export async function scheduleByItself(
  rooms: Rooms,
  who: Principal,
  asset: Asset,
  given: Record<string, unknown>,
): Promise<{ check(): Promise<number[]>; trigger(): Promise<string> }> {
  const body = check(Trigger, given, '') as TriggerBody
  const entries = [body['flex-model'] ?? []].flat()
  const site = await rooms.schedules.look(asset.id)
  if (!site) throw failed(404, `No asset found with ID ${asset.id}.`)
  await refuseStrangers(rooms, site, entries)
  const order = await orderOf(rooms, { asset: asset.id, body, location: '' }, entries)
  const allow = allowing(who, true)
  return {
    check: () => worded(() => rooms.schedules.check(order, allow)),
    trigger: () =>
      askedBy(
        rooms,
        who,
        worded(() => rooms.schedules.trigger(order, { fresh: true, allow })),
      ),
  }
}

/** Lets sensors through that may be read. */
const allowing =
  (who: Principal, nested: boolean) =>
  (sensor: Sensor, path: string[]): void => {
    try {
      demand(who, 'read', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })
    } catch {
      throw rejected(403, 'INVALID_SENDER', hidden(path, nested))
    }
  }

async function worded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (hasCode(error, 'invalid-flex-config')) throw invalid('json', error.details!['fields'] as FieldErrors)
    throw error
  }
}

/** The field is named, never the sensor. Entries of an asset's flex-model have their fields one level deeper, as FlexMeasures tells it. */
function hidden(path: string[], nested: boolean): string {
  const deeper = nested && path[0] === 'flex-model' && path.length > 3
  const keys = ['json', ...(deeper ? [path[0]!, path[1]!, 'sensor_flex_model', ...path.slice(2)] : dropIndex(path, nested))]
  const key = (text: string) => (/^\d+$/.test(text) ? Number(text) : text)
  const label = keys.slice(0, -1).reduceRight<unknown>((inner, field) => ({ [key(field)]: inner }), keys.at(-1))
  return `You cannot be authorized for the '${pythonDict(label)}' field because it references a sensor you cannot read.`
}

const dropIndex = (path: string[], nested: boolean): string[] => (nested || path[0] !== 'flex-model' ? path : [path[0]!, ...path.slice(2)])

const pythonDict = (value: unknown): string =>
  typeof value === 'object' && value !== null
    ? `{${Object.entries(value)
        .map(([field, inner]) => `${/^\d+$/.test(field) ? field : `'${field}'`}: ${pythonDict(inner)}`)
        .join(', ')}}`
    : pythonText(value, true)

async function orderOf(
  rooms: Rooms,
  { asset, sensor, body, location }: Asked,
  flexModel: Record<string, unknown>[],
): Promise<ScheduleOrder> {
  const id = flexModel[0]?.['sensor']
  const first = sensor ?? (typeof id === 'number' ? await rooms.sensors.get(id) : undefined)
  const asked = parseInstant(body.start)
  const keeps = rooms.flexMeasures.dialect === '0.33'
  const floors = first && keepingStarts(first, keeps).attributes['floor_datetimes_to_resolution'] !== false
  const start = floors ? floorTo(asked, first.resolution) : asked
  const end =
    body.duration === undefined
      ? ((start + rooms.flexMeasures.planningHorizon) as Instant)
      : addDuration(start, parseDuration(body.duration), first?.timezone ?? rooms.config.timezone)
  if (end <= start) throw invalid(location, { duration: [`A schedule cannot end before it begins, got: ${body.duration}.`] })
  const resolution = body.resolution === undefined ? undefined : durationLength(parseDuration(body.resolution))
  if (resolution !== undefined && resolution <= 0)
    throw invalid(location, { resolution: [`FlexMeasures only supports a positive resolution, got: ${body.resolution}.`] })
  if (sensor && resolution !== undefined && sensor.resolution > 0 && resolution % sensor.resolution !== 0)
    throw invalid('json', {
      _schema: [
        `Resolution of ${formatClock(resolution)} is incompatible with the sensor's required resolution of ${formatClock(sensor.resolution)}.`,
      ],
    })
  const context = body['flex-context'] ?? {}
  return {
    asset,
    start,
    end,
    flexModel,
    flexContext: Array.isArray(context) ? (context.length > 1 ? { commodities: context } : (context[0] ?? {})) : context,
    ...(resolution !== undefined && { resolution }),
    ...(body.prior !== undefined && { prior: parseInstant(body.prior) }),
    ...(body.sequential && { sequential: true }),
    ...(sensor && { single: true }),
  }
}

function unitTurn(sensor: Sensor, unit: string | undefined): (value: number) => number {
  if (unit === undefined) return (value) => value
  if (!isUnit(unit)) throw invalid('', { unit: [`Invalid unit: ${unit}`] })
  try {
    return converter(sensor.unit, unit, sensor.resolution > 0 ? sensor.resolution : undefined)
  } catch {
    throw invalid('', { unit: [`Incompatible units: ${sensor.unit} cannot be converted to ${unit}.`] })
  }
}

function answer(sensor: Sensor, schedule: StoredSchedule, query: Static<typeof GetQuery>, turn: (value: number) => number) {
  const used = `${schedule.scheduler} was used.`
  const output = schedule.outputs.find((one) => one.sensor === sensor.id)
  if (!output)
    throw unknownSchedule(`A scheduling job has been processed with your job ID, but the schedule was not found in the database. ${used}`)
  const wanted =
    query.duration === undefined ? SHOWN : addDuration(schedule.start, parseDuration(query.duration), sensor.timezone) - schedule.start
  const points = sensor.resolution === 0 ? 1 : 0
  const count = Math.max(0, Math.min(Math.floor(wanted / output.step) + points, output.values.length))
  const convention = query['sign-convention'] ?? 'consumption-positive'
  const sign =
    !measures(sensor.unit, 'power') || convention === 'wysiwyg' ? 1 : convention === 'consumption-positive' ? sensor.sign : -sensor.sign
  return {
    scheduler_info: {
      scheduler: schedule.scheduler,
      ...(Object.keys(schedule.costs).length > 0 && { commitment_costs: schedule.costs }),
    },
    values: output.values.slice(0, count).map((value) => tidy(sign * turn(value))),
    start: formatInstant(schedule.start, sensor.timezone),
    duration: formatHours(Math.max(0, count - points) * output.step),
    unit: query.unit ?? sensor.unit,
    status: processed.status,
    message: `${processed.message} ${used}`,
  }
}

const tidy = (value: number): number => (value === 0 ? 0 : Number(value.toPrecision(15)))
