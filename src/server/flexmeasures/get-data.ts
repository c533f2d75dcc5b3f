/** GET and DELETE /sensors/{id}/data (reference 2.6). */
import { type Static, Type } from 'typebox'
import { auditAsset, type Sensor } from '#ems'
import { addDuration, converter, durationLength, HOUR, type Instant, instant, isUnit, MINUTE, parseDuration, parseInstant } from '#kernel'
import { asTimestamp } from '#store'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { type FieldErrors, invalid, noContent, processed } from './envelope.ts'
import { formatAsAsked, formatHours } from './format.ts'
import { LOCATION } from './post-data.ts'
import { canonical, idOf } from './query.ts'
import { sensorFor } from './sensors.ts'
import { add, check, findErrors } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const Query = Type.Object(
  {
    start: Type.String({ format: 'aware-datetime' }),
    duration: Type.String({ format: 'iso-duration' }),
    unit: Type.String(),
    resolution: Type.Optional(Type.String({ format: 'iso-duration' })),
    horizon: Type.Optional(Type.String({ format: 'iso-duration' })),
    prior: Type.Optional(Type.String({ format: 'aware-datetime' })),
    source: Type.Optional(Type.Integer()),
    'source-account': Type.Optional(Type.Integer()),
    'source-type': Type.Optional(Type.String({ minLength: 1 })),
  },
  closed,
)
type Asked = Static<typeof Query>

const DeleteBody = Type.Object(
  {
    source: Type.Optional(Type.Integer()),
    start: Type.Optional(Type.String({ format: 'aware-datetime' })),
    until: Type.Optional(Type.String({ format: 'aware-datetime' })),
  },
  closed,
)

const MOST_VALUES = 500_000

export function getDataRoutes(app: App, rooms: Rooms): void {
  app.get('/sensors/:id/data', { schema: { tags, summary: 'Sensor data', querystring: Query } }, async (request) => {
    const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
    const asked = canonical(request.query)
    const errors = findErrors(Query, asked, true) ?? {}
    const query = asked as unknown as Asked
    if (query.unit !== undefined && errors['unit'] === undefined && !isUnit(query.unit))
      add(errors, ['unit'], `Invalid unit: ${query.unit}`)
    const sources = await sourcesOf(rooms, sensor, query, errors)
    if (Object.keys(errors).length > 0) throw invalid(LOCATION, errors)
    return read(rooms, sensor, query, sources)
  })

  app.delete('/sensors/:id/data', { schema: { tags, summary: 'Deletes sensor data', body: DeleteBody } }, async (request, reply) => {
    const who = request.principal!
    const sensor = await sensorFor(rooms, who, 'delete', idOf(request.params))
    const body = check(DeleteBody, request.body ?? {}, 'json') as Static<typeof DeleteBody>
    await remove(rooms, sensor, body)
    await auditAsset(rooms.store, rooms.clock.now(), who, `Deleted data for sensor '${sensor.name}': ${sensor.id}`, sensor.asset)
    return noContent(reply)
  })
}

async function read(rooms: Rooms, sensor: Sensor, query: Asked, sources: number[] | undefined) {
  const from = parseInstant(query.start)
  const until = addDuration(from, parseDuration(query.duration), sensor.timezone)
  const length = until - from
  const step = stepOf(sensor, query, length)
  const refuse = (field: string, text: string) => invalid(LOCATION, { [field]: [text] })
  if (length <= 0) throw refuse('duration', 'The duration must be positive.')
  if (length / step > MOST_VALUES)
    throw refuse('_schema', `More than ${MOST_VALUES} values cannot be read at once; ask for a shorter duration.`)
  const turn = unitTurn(sensor, query.unit, step)
  const values = offClock(sensor, from, step)
    ? new Array<null>(Math.ceil(length / step)).fill(null)
    : await rooms.beliefs.series({
        sensor: sensor.id,
        from,
        until,
        step,
        ...(query.prior !== undefined && { at: parseInstant(query.prior) }),
        ...(query.horizon !== undefined && { horizonAtLeast: durationLength(parseDuration(query.horizon)) }),
        ...(sources && { sources }),
        ...(query['source-type'] !== undefined && { sourceTypes: [query['source-type']] }),
      })
  return {
    values: values.map((value) => (value === null ? null : turn(value))),
    start: formatAsAsked(from, query.start),
    duration: formatHours(length),
    unit: query.unit,
    resolution: formatHours(query.resolution === undefined ? sensor.resolution : step),
    ...processed,
  }
}

/** FlexMeasures looks for events exactly at the asked moments: at the sensor's own resolution, a window off its clock finds none. */
const offClock = (sensor: Sensor, from: Instant, step: number): boolean =>
  step === sensor.resolution && HOUR % step === 0 && from % step !== 0 && sensor.attributes['floor_datetimes_to_resolution'] !== false

function stepOf(sensor: Sensor, query: Asked, length: number): number {
  if (query.resolution !== undefined) {
    const step = durationLength(parseDuration(query.resolution))
    const fits = sensor.resolution === 0 || step % sensor.resolution === 0 || (step > 0 && sensor.resolution % step === 0)
    if (step <= 0 || !fits)
      throw invalid(LOCATION, {
        resolution: [
          `Resolution ${query.resolution} is neither a multiple nor a divisor of the sensor's resolution ${formatHours(sensor.resolution)}.`,
        ],
      })
    return step
  }
  if (sensor.resolution > 0) return sensor.resolution
  if (length > 16 * 168 * HOUR) return 168 * HOUR
  if (length > 14 * 24 * HOUR) return 24 * HOUR
  if (length > 48 * HOUR) return HOUR
  return length > 8 * HOUR ? 15 * MINUTE : 5 * MINUTE
}

function unitTurn(sensor: Sensor, unit: string, step: number): (value: number) => number {
  try {
    return converter(sensor.unit, unit, step)
  } catch {
    throw invalid(LOCATION, { unit: [`Incompatible units: ${sensor.unit} cannot be converted to ${unit}.`] })
  }
}

/** Ids of the sources that count; undefined = all. */
async function sourcesOf(rooms: Rooms, sensor: Sensor, query: Asked, errors: FieldErrors): Promise<number[] | undefined> {
  const type = query['source-type']
  if (type !== undefined && errors['source-type'] === undefined) {
    const used = await rooms.store.first(
      'select 1 from data_source d where d.type = $1 and exists (select from timed_belief b where b.sensor_id = $2 and b.source_id = d.id)',
      [type, sensor.id],
    )
    if (!used) add(errors, ['source-type'], `No data source with source-type '${type}' has recorded any data on this sensor.`)
  }
  if (query.source !== undefined && errors['source'] === undefined) {
    if (!(await rooms.sources.get(query.source))) add(errors, ['source'], `No data source found with id ${query.source}.`)
    else return [query.source]
  }
  if (query['source-account'] !== undefined && errors['source-account'] === undefined) {
    const rows = await rooms.store.query<{ id: number }>('select id from data_source where account_id = $1', [query['source-account']])
    if (rows.length === 0) add(errors, ['source-account'], `No data source found with account id ${query['source-account']}.`)
    return rows.map((row) => row.id)
  }
  return undefined
}

async function remove(rooms: Rooms, sensor: Sensor, { source, start, until }: Static<typeof DeleteBody>): Promise<void> {
  const params: unknown[] = [sensor.id]
  const bind = (value: unknown) => `$${params.push(value)}`
  let where = 'sensor_id = $1'
  const from = start === undefined ? undefined : parseInstant(start)
  const to = until === undefined ? undefined : parseInstant(until)
  if (from !== undefined && to !== undefined && to < from + sensor.resolution)
    throw invalid('json', { until: ['until must lie at least one event after start.'] })
  if (source !== undefined) {
    if (!(await rooms.sources.get(source))) throw invalid('json', { source: [`No data source found with id ${source}.`] })
    where += ` and source_id = ${bind(source)}`
  }
  if (from !== undefined) where += ` and event_start >= ${bind(asTimestamp(from))}`
  if (to !== undefined) where += ` and event_start <= ${bind(asTimestamp(instant(to - sensor.resolution)))}`
  await rooms.store.query(`delete from timed_belief where ${where}`, params)
}
