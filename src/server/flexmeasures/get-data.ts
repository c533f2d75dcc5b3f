/** GET and DELETE /sensors/{id}/data (reference 2.4, 2.6). */
import { type Static, Type } from 'typebox'
import { auditAsset, type Sensor } from '#ems'
import {
  addDuration,
  converter,
  durationLength,
  HOUR,
  type Instant,
  instant,
  isUnit,
  MINUTE,
  measures,
  parseDuration,
  parseInstant,
} from '#kernel'
import { asTimestamp } from '#store'
import type { App, Request } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { type FieldErrors, invalid, noContent, processed } from './envelope.ts'
import { formatAsAsked, formatHours } from './format.ts'
import { isPowerLike, LOCATION } from './post-data.ts'
import { canonical, idOf } from './query.ts'
import { sensorFor } from './sensors.ts'
import { add, check, findErrors } from './validate.ts'

const closed = { additionalProperties: false }
const tags = ['flexmeasures']
const TYPES = ['GetSensorDataRequest', 'GetMeterDataRequest', 'GetPrognosisRequest', 'GetPriceDataRequest']
const Query = Type.Object(
  {
    start: Type.String({ format: 'aware-datetime', description: 'ISO 8601 with offset.' }),
    duration: Type.String({ format: 'iso-duration', description: 'Length of the window, ISO 8601.' }),
    unit: Type.String({ description: 'Unit of the answer; the unit of the sensor is converted to it.' }),
    resolution: Type.Optional(
      Type.String({
        format: 'iso-duration',
        description: "Length of a slot: a multiple or a divisor of the sensor's resolution. Coarser slots are means; of moments the first.",
      }),
    ),
    horizon: Type.Optional(
      Type.String({ format: 'iso-duration', description: 'Only what was recorded at least so long before the event could be known.' }),
    ),
    prior: Type.Optional(Type.String({ format: 'aware-datetime', description: 'Only what was recorded up to this moment.' })),
    source: Type.Optional(Type.Integer({ description: 'Id of a data source.' })),
    'source-account': Type.Optional(Type.Integer({ description: 'Id of the account whose data sources count.' })),
    'source-type': Type.Optional(Type.String({ minLength: 1, description: "Only sources of this type, such as 'forecaster'." })),
    type: Type.Optional(
      Type.Unsafe<string>({ type: 'string', enum: TYPES, description: 'Old name of the message: meter data or prognoses only.' }),
    ),
  },
  closed,
)
type Asked = Static<typeof Query>

const DeleteBody = Type.Object(
  {
    source: Type.Optional(Type.Integer({ description: 'Id of the data source whose data goes; all unless said.' })),
    start: Type.Optional(Type.String({ format: 'aware-datetime', description: 'Only events that begin then or later.' })),
    until: Type.Optional(Type.String({ format: 'aware-datetime', description: 'Only events that end then or earlier.' })),
  },
  closed,
)

const MOST_VALUES = 500_000

export function getDataRoutes(app: App, rooms: Rooms): void {
  app.get('/sensors/:id/data', { schema: { tags, summary: 'Sensor data', querystring: Query } }, async (request) => {
    const sensor = await sensorFor(rooms, request.principal!, 'read', idOf(request.params))
    return readData(rooms, sensor, { ...(await bodyOfGet(request)), ...(request.query as object) })
  })

  app.delete('/sensors/:id/data', { schema: { tags, summary: 'Deletes sensor data', body: DeleteBody } }, async (request, reply) => {
    const who = request.principal!
    const sensor = await sensorFor(rooms, who, 'delete', idOf(request.params))
    const body = check(DeleteBody, request.body ?? {}, 'json') as Static<typeof DeleteBody>
    await remove(rooms, sensor, body)
    await auditAsset(rooms.store, rooms.clock.now(), who, deletion(sensor, body), sensor.asset)
    return noContent(reply)
  })
}

const deletion = (sensor: Sensor, { source, start, until }: Static<typeof DeleteBody>): string =>
  `Deleted data for sensor '${sensor.name}': ${sensor.id}` +
  (source === undefined ? '' : `, source: ${source}`) +
  (start === undefined ? '' : `, from: ${pythonMoment(start)}`) +
  (until === undefined ? '' : `, until: ${pythonMoment(until)}`)

/** '2026-11-24 10:00:00+00:00', as Python writes a moment in the offset it was given in. */
const pythonMoment = (text: string): string => formatAsAsked(parseInstant(text), text).replace('T', ' ')

const MOST_BODY = 65_536

/** What stands in the body of a GET, as old clients send it; nothing when there is none. @throws 422 when it is no JSON object */
async function bodyOfGet(request: Request): Promise<Record<string, unknown>> {
  if (!(Number(request.headers['content-length']) > 0) && request.headers['transfer-encoding'] === undefined) return {}
  let text = ''
  for await (const part of request.raw) {
    text += String(part)
    if (text.length > MOST_BODY) throw invalid(LOCATION, { _schema: ['Too large a body.'] })
  }
  if (text.trim() === '') return {}
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  } catch {}
  throw invalid(LOCATION, { _schema: ['Invalid input type.'] })
}

/** Values of a sensor as a query asks for them, by any spelling of its names. @throws 422 that names every wrong field */
export async function readData(rooms: Rooms, sensor: Sensor, query: Record<string, unknown>) {
  const asked = canonical(query)
  const errors = findErrors(Query, asked, true) ?? {}
  const fields = asked as unknown as Asked
  if (fields.unit !== undefined && errors['unit'] === undefined) checkUnit(fields, errors)
  const sources = await sourcesOf(rooms, sensor, fields, errors)
  if (Object.keys(errors).length > 0) throw invalid(LOCATION, errors)
  return read(rooms, sensor, fields, sources)
}

function checkUnit({ unit, type }: Asked, errors: FieldErrors): void {
  if (!isUnit(unit)) return void add(errors, ['unit'], `Invalid unit: ${unit}`)
  if ((type === 'GetMeterDataRequest' || type === 'GetPrognosisRequest') && !isPowerLike(unit))
    add(errors, ['_schema'], `Messages of type ${type} give power, and ${unit} is no unit of power.`)
  if (type === 'GetPriceDataRequest' && !measures(unit, 'energy price'))
    add(errors, ['_schema'], `Messages of type ${type} give prices of energy, and ${unit} is no unit of them.`)
}

async function read(rooms: Rooms, sensor: Sensor, query: Asked, sources: SourceChoice) {
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
        prefer: 'version',
        ...(query.prior !== undefined && { at: parseInstant(query.prior) }),
        ...horizonsOf(query),
        ...sources,
        ...(query['source-type'] !== undefined && { sourceTypes: [query['source-type']] }),
      })
  return {
    values: values.map((value) => (value === null ? null : turn(value))),
    start: formatAsAsked(from, query.start),
    duration: formatHours(length),
    unit: query.unit,
    resolution: formatHours(query.resolution === undefined || sensor.resolution === 0 ? sensor.resolution : step),
    ...processed,
  }
}

function horizonsOf({ horizon, type }: Asked): { horizonAtLeast?: number; horizonAtMost?: number } {
  const asked = horizon === undefined ? undefined : durationLength(parseDuration(horizon))
  const least = type === 'GetPrognosisRequest' ? Math.max(asked ?? 0, 0) : asked
  return { ...(least !== undefined && { horizonAtLeast: least }), ...(type === 'GetMeterDataRequest' && { horizonAtMost: 0 }) }
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

type SourceChoice = { sources?: number[]; sourceAccounts?: number[] }

/** Which sources count; empty = all. */
async function sourcesOf(rooms: Rooms, sensor: Sensor, query: Asked, errors: FieldErrors): Promise<SourceChoice> {
  const { source, 'source-type': type, 'source-account': account } = query
  const fine = (field: string) => errors[field] === undefined
  if (
    type !== undefined &&
    fine('source-type') &&
    !(await hasRecorded(rooms, sensor, type, errors['start'] || errors['duration'] ? {} : query))
  )
    add(errors, ['source-type'], `No data source with source-type '${type}' has recorded any data on this sensor.`)
  if (source !== undefined && fine('source') && !(await rooms.sources.get(source)))
    add(errors, ['source'], `No data source found with id ${source}.`)
  if (account !== undefined && fine('source-account') && !(await rooms.accounts.get(account)))
    add(errors, ['source-account'], `No account found with id ${account}.`)
  return { ...(source !== undefined && { sources: [source] }), ...(account !== undefined && { sourceAccounts: [account] }) }
}

/** Whether sources of the type ever wrote the sensor: looked for in the asked window first, where it is quick to find. */
async function hasRecorded(
  { store }: Rooms,
  { id, timezone }: Sensor,
  type: string,
  { start, duration }: Partial<Asked>,
): Promise<boolean> {
  const ask = (within: string, moments: string[]) =>
    store.first(
      `select 1 from timed_belief b where b.sensor_id = $1 and (b.source_id + 0) = any(array(select id from data_source where type = $2)) ${within} limit 1`,
      [id, type, ...moments],
    )
  if (start !== undefined && duration !== undefined) {
    const from = parseInstant(start)
    const until = addDuration(from, parseDuration(duration), timezone)
    const within = "and (b.event_start >= $3 and b.event_start < $4 or b.event_start = 'infinity')"
    if (await ask(within, [asTimestamp(from), asTimestamp(until)])) return true
  }
  return (await ask('', [])) !== undefined
}

async function remove(rooms: Rooms, sensor: Sensor, { source, start, until }: Static<typeof DeleteBody>): Promise<void> {
  const from = start === undefined ? undefined : parseInstant(start)
  const to = until === undefined ? undefined : parseInstant(until)
  if (from !== undefined && to !== undefined && to < from + sensor.resolution)
    throw invalid('json', { until: ['until must lie at least one event after start.'] })
  if (source !== undefined && !(await rooms.sources.get(source)))
    throw invalid('json', { source: [`No data source found with id ${source}.`] })
  await rooms.beliefs.remove({
    sensor: sensor.id,
    ...(source !== undefined && { source }),
    ...(from !== undefined && { from }),
    // The last event is the one that ends at `until`.
    ...(to !== undefined && { until: instant(to - sensor.resolution + 1) }),
  })
}
