/** Triggering and reading forecasts (reference 4.1). */
import { type AnnotationRegressor, type ForecastJob, type Principal, permits, type Sensor, type Subject } from '#ems'
import { formatDuration, formatInstant } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { subjectOf } from './accounts.ts'
import { type FieldErrors, hasCode, invalid, processed, rejected } from './envelope.ts'
import { type AskedForecast, ForecastTrigger, readForecastOrder, WHERE } from './forecast-order.ts'
import { wordJob } from './jobs.ts'
import { idOf } from './query.ts'
import { sensorFor } from './sensors.ts'

const tags = ['flexmeasures']
const SEVERAL =
  'The forecasting job led to forecasts over different periods. Please query an individual period by calling this endpoint with one of the listed job IDs'

export function forecastRoutes(app: App, rooms: Rooms): void {
  app.post(
    '/sensors/:id/forecasts/trigger',
    { schema: { tags, summary: 'Asks for a forecast of a sensor', body: ForecastTrigger } },
    async (request, reply) => {
      const who = request.principal!
      const sensor = await sensorFor(rooms, who, 'create-children', idOf(request.params))
      const asked = readForecastOrder(request.body, sensor, rooms.config.timezone)
      await mayRead(rooms, who, asked)
      const id = await rooms.rateLimits.trigger(who, sensor.asset, reply, () => trigger(rooms, asked))
      if (rooms.flexMeasures.dialect === '0.33') return { ...processed, forecast: id }
      return reply.code(202).send({
        status: 'ACCEPTED',
        message: 'Request has been accepted for processing.',
        job: id,
        'job-url': `/api/v3_0/jobs/${id}`,
        'results-url': `/api/v3_0/sensors/${sensor.id}/forecasts/${id}`,
        forecast: id,
      })
    },
  )

  app.get('/sensors/:id/forecasts/:uuid', { schema: { tags, summary: 'A forecast' } }, async (request, reply) => {
    const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
    const { uuid } = request.params as { uuid: string }
    const found = await rooms.forecasts.get(uuid)
    if (!found) throw invalid('json', `Job ${uuid} not found.`)
    if (found.sensor !== sensor.id)
      throw invalid('json', `Sensor ID mismatch: job ${uuid} is for sensor ${found.sensor}, not sensor ${sensor.id}.`)
    if (found.cycles) return { message: SEVERAL, forecasts: found.cycles }
    const { job } = found
    if (job.status === 'FINISHED') return answer(rooms, sensor, found)
    const isOver = job.status === 'FAILED' || job.status === 'STOPPED' || job.status === 'CANCELED'
    return reply
      .code(isOver ? 422 : 202)
      .send({ status: job.status, message: wordJob(job), ...(job.progress && { progress: job.progress }) })
  })
}

/** What an automation asks of a forecast: checked only, or made. `body` is that of a trigger. @throws 422, 403 */
export async function forecastByItself(
  rooms: Rooms,
  who: Principal,
  sensor: Sensor,
  body: Record<string, unknown>,
): Promise<{ reads: number[]; trigger(): Promise<string> }> {
  const asked = readForecastOrder(body, sensor, rooms.config.timezone)
  await mayRead(rooms, who, asked)
  return { reads: asked.reads.map(({ sensor: id }) => id), trigger: () => trigger(rooms, asked) }
}

async function trigger(rooms: Rooms, { order }: AskedForecast): Promise<string> {
  try {
    return await rooms.forecasts.trigger(order)
  } catch (error) {
    if (hasCode(error, 'invalid-forecast')) throw invalid(WHERE, error.details!['fields'] as FieldErrors)
    throw error
  }
}

/** Everything that the forecast would learn from must be readable. @throws 422 for what there is not, 403 */
async function mayRead(rooms: Rooms, who: Principal, { reads, order }: AskedForecast): Promise<void> {
  for (const { field, sensor: id } of reads) {
    const sensor = await rooms.sensors.get(id)
    if (!sensor) throw invalid(WHERE, { config: { [field]: [`No sensor found with ID ${id}.`] } })
    if (!permits(who, 'read', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy }))
      throw unreadable(field, 'a sensor')
  }
  const field = 'annotation-regressors'
  for (const place of order.config.annotationRegressors) {
    const subject = await ownerOf(rooms, place)
    if (!subject) throw invalid(WHERE, { config: { [field]: [`Nothing found with ID ${place.account ?? place.asset ?? place.sensor}.`] } })
    if (!permits(who, 'read', subject)) throw unreadable(field, `an ${subject.kind}`.replace('an sensor', 'a sensor'))
  }
}

/** Whose the place of annotations is. */
async function ownerOf(
  { accounts, assets, sensors }: Rooms,
  { account, asset, sensor }: AnnotationRegressor,
): Promise<Subject | undefined> {
  if (account !== undefined) {
    const known = await accounts.get(account)
    return known && subjectOf(known)
  }
  const known = asset !== undefined ? await assets.get(asset) : await sensors.get(sensor!)
  return known && { kind: asset !== undefined ? 'asset' : 'sensor', account: known.account, consultancy: known.consultancy }
}

const unreadable = (field: string, what: string) =>
  rejected(
    403,
    'INVALID_SENDER',
    `You cannot be authorized for the '{'json': {'config': '${field}'}}' field because it references ${what} you cannot read.`,
  )

async function answer(rooms: Rooms, sensor: Sensor, found: ForecastJob) {
  const stored = await rooms.forecasts.values(found)
  if (!stored)
    throw rejected(
      400,
      'UNKNOWN_FORECAST',
      'A forecasting job has been processed with your job ID, but the forecast was not found in the database.',
    )
  return {
    values: stored.values,
    start: formatInstant(stored.start, sensor.timezone),
    duration: formatDuration(stored.end - stored.start),
    unit: sensor.unit,
    ...processed,
  }
}
