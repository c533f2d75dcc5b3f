/** POST /sensors/{id}/data: values with start and duration become beliefs. Acknowledged means committed (reference 2.6). */
import { type Static, Type } from 'typebox'
import { keepingStarts, type Principal, permits, type Sensor } from '#ems'
import {
  addDuration,
  converter,
  DAY,
  durationLength,
  HOUR,
  type Instant,
  instant,
  isUnit,
  measures,
  millis,
  parseDuration,
  parseInstant,
} from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { type FieldErrors, failed, invalid, invalidSender } from './envelope.ts'
import { formatClock } from './format.ts'
import { idOf } from './query.ts'
import { recordAndAnswer } from './record-answer.ts'
import { add, findErrors } from './validate.ts'

export const LOCATION = 'combined_sensor_data_description'
const TYPES = ['PostSensorDataRequest', 'PostMeterDataRequest', 'PostPrognosisRequest', 'PostPriceDataRequest', 'PostWeatherDataRequest']

const body = <T extends object>(values: T) =>
  Type.Object(
    {
      values: Type.Unsafe<number | null | (number | null)[]>(values),
      start: Type.String({ format: 'aware-datetime', description: 'ISO 8601 with offset.' }),
      duration: Type.String({ format: 'iso-duration', description: 'Of all values together; whole minutes.' }),
      unit: Type.String({ description: 'Converted to the unit of the sensor.' }),
      prior: Type.Optional(Type.String({ format: 'aware-datetime', description: 'Belief time; default now.' })),
      horizon: Type.Optional(Type.String({ format: 'iso-duration', description: 'Belief horizon, when there is no prior.' })),
      type: Type.Optional(
        Type.Unsafe<string>({
          type: 'string',
          enum: TYPES,
          description: 'Old name of the message: meter data lie in the past, prognoses ahead.',
        }),
      ),
    },
    { additionalProperties: false },
  )

/** As documented; values are checked by hand below, which is ten times faster for ten thousand of them. */
const Documented = body({
  anyOf: [{ type: 'number' }, { type: 'array', items: { type: ['number', 'null'] } }],
  description: 'One value or a list of them, spread evenly over the duration; null = nothing known.',
})
const Checked = body({})
type Body = Static<typeof Checked>

const MOST_VALUES = 1_000_000

export function postDataRoute(app: App, rooms: Rooms): void {
  app.post(
    '/sensors/:id/data',
    {
      bodyLimit: rooms.config.ingestLimit ?? Math.floor(3.1 * 1024 * 1024),
      schema: { tags: ['flexmeasures'], summary: 'Stores sensor data', body: Documented },
    },
    async (request) => takeData(rooms, request.principal!, idOf(request.params), request.body),
  )
}

/**
 * Stores what somebody posted of a sensor.
 * @throws 403 (no right, or a replacement), 404 (no such sensor), 422 (what does not fit, field by field)
 */
export async function takeData(rooms: Rooms, who: Principal, id: number, body: unknown): Promise<{ status: string; message: string }> {
  const sensor = await rooms.sensors.get(id)
  if (!sensor) throw failed(404, `No sensor found with ID ${id}.`)
  if (!permits(who, 'create-children', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })) throw invalidSender()
  const given = readBody(body)
  const source = await rooms.sources.of({ name: who.username, type: 'user', user: who.user, account: who.account })
  const { starts, values } = placeValues(given, keepingStarts(sensor, rooms.flexMeasures.dialect === '0.33'))
  const timing = timingOf(given)
  refuseByType(given, sensor, starts, rooms.clock.now(), timing)
  return recordAndAnswer(rooms, sensor, [{ sensor: sensor.id, source, starts, values, ...timing }])
}

function readBody(given: unknown): Body {
  const errors = findErrors(Checked, given ?? {}, false) ?? {}
  if (errors['_schema'] === undefined) checkValues((given as Body | undefined)?.values, errors)
  const { duration, unit } = (given ?? {}) as Partial<Body>
  if (typeof duration === 'string' && errors['duration'] === undefined) {
    const length = parseDuration(duration)
    if (length.exact % 60_000 !== 0) add(errors, ['duration'], 'FlexMeasures only support multiples of 1 minute.')
    else if (durationLength(length) < 0) add(errors, ['duration'], 'The duration must not be negative.')
  }
  if (typeof unit === 'string' && !isUnit(unit)) add(errors, ['unit'], `Invalid unit: ${unit}`)
  if (Object.keys(errors).length > 0) throw invalid(LOCATION, errors)
  return given as Body
}

function checkValues(values: unknown, errors: FieldErrors): void {
  if (values === undefined || errors['values'] !== undefined) return
  if (!Array.isArray(values)) {
    if (values === null) add(errors, ['values'], 'Field may not be null.')
    else if (!isNumber(values)) add(errors, ['values'], 'Not a valid number.')
    return
  }
  if (values.length === 0) return void add(errors, ['values'], 'Shorter than minimum length 1.')
  if (values.length > MOST_VALUES) return void add(errors, ['values'], `Longer than maximum length ${MOST_VALUES}.`)
  let wrong = 0
  for (let i = 0; i < values.length; i++) {
    const value: unknown = values[i]
    if (value === null || isNumber(value)) continue
    add(errors, ['values', String(i)], 'Not a valid number.')
    if (++wrong === 100) return
  }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

/** Moments and values in the sensor's unit, at the sensor's resolution or finer; nulls become NaN, which is not stored. */
export function placeValues(
  given: Pick<Body, 'values' | 'start' | 'duration' | 'unit'>,
  sensor: Sensor,
): { starts: Instant[]; values: number[] } {
  const listed = Array.isArray(given.values) ? given.values : [given.values]
  const start = parseInstant(given.start)
  const length = addDuration(start, parseDuration(given.duration), sensor.timezone) - start
  const spacing = length / listed.length
  const repeat = repetition(sensor.resolution, spacing, listed.length)
  const turn = unitTurn(given.unit, sensor, spacing)
  // Days have 23 to 25 hours: their spacing is only nearly the resolution, and each value begins at its local midnight.
  const days = isDaily(sensor.resolution) && spacing > 0.9 * sensor.resolution ? sensor.resolution / DAY : 0
  const step = repeat > 1 || days > 0 ? sensor.resolution : spacing
  const count = listed.length * repeat
  if (count > MOST_VALUES) throw invalid(LOCATION, { duration: [`Longer than ${MOST_VALUES} events of this sensor.`] })
  const starts = new Array<Instant>(count)
  const values = new Array<number>(count)
  for (let i = 0; i < count; i++) {
    const value = listed[repeat === 1 ? i : Math.floor(i / repeat)]!
    starts[i] = days > 0 ? addDuration(start, { months: 0, days: days * i, exact: millis(0) }, sensor.timezone) : instant(start + i * step)
    const turned = value === null ? Number.NaN : turn(value)
    if (!Number.isFinite(turned) && value !== null) throw invalid(LOCATION, { values: { [i]: ['Too large a number.'] } })
    values[i] = turned
  }
  const floors = sensor.attributes['floor_datetimes_to_resolution'] !== false
  return floors || sensor.resolution === 0 || step >= sensor.resolution
    ? { starts, values }
    : meansFrom(starts, values, sensor.resolution / step)
}

/** Finer values of a sensor whose starts stay as sent: the mean of each event, the first of which begins with the first value. */
function meansFrom(starts: Instant[], values: number[], each: number): { starts: Instant[]; values: number[] } {
  const events = starts.filter((_, i) => i % each === 0)
  const means = events.map((_, event) => {
    const known = values.slice(event * each, (event + 1) * each).filter(Number.isFinite)
    return known.reduce((sum, value) => sum + value, 0) / known.length
  })
  return { starts: events, values: means }
}

const isDaily = (resolution: number): boolean => resolution > 0 && resolution % DAY === 0

/** How often each value is repeated (coarser posts). @throws 422 for spacings that do not fit */
function repetition(resolution: number, spacing: number, count: number): number {
  const refuse = (text: string) => invalid(LOCATION, { _schema: [text] })
  if (resolution === 0) {
    if (spacing === 0 && count > 1)
      throw refuse(
        'Cannot save multiple instantaneous values that overlap. That is, two values spanning the same moment (a zero duration). Try sending a single value or definining a non-zero duration.',
      )
    return 1
  }
  if (spacing === 0)
    throw refuse(
      count === 1
        ? 'Cannot infer a non-zero resolution from one value over zero duration. This sensor is not instantaneous: send a non-zero duration.'
        : 'Cannot infer a non-zero resolution from values over zero duration.',
    )
  const ratio = spacing / resolution
  if (isDaily(resolution) && ratio > 0.9 && Math.abs(spacing - Math.round(ratio) * resolution) <= HOUR) return Math.round(ratio)
  if (spacing % resolution === 0) return spacing / resolution
  if (resolution % spacing === 0) return 1
  throw refuse(`Resolution of ${formatClock(spacing)} is incompatible with the sensor's required resolution of ${formatClock(resolution)}.`)
}

/** Values into the sensor's unit. Stocks over the posted spacing become flows (kWh per 15 min → kW ×4), never the other way round. */
function unitTurn(unit: string, sensor: Sensor, spacing: number): (value: number) => number {
  try {
    return converter(unit, sensor.unit)
  } catch {
    if (spacing > 0 && isUnit(unit) && fits(`(${unit})/h`, sensor.unit)) return converter(unit, sensor.unit, spacing)
    throw invalid(LOCATION, { _schema: [`Required unit for this sensor is ${sensor.unit}, got incompatible unit: ${unit}`] })
  }
}

function fits(unit: string, target: string): boolean {
  try {
    converter(unit, target)
    return true
  } catch {
    return false
  }
}

type Timing = { beliefTime?: Instant; horizon?: number }

const timingOf = (given: Body): Timing =>
  given.prior !== undefined
    ? { beliefTime: parseInstant(given.prior) }
    : given.horizon !== undefined
      ? { horizon: durationLength(parseDuration(given.horizon)) }
      : {}

/** Power, or energy, which is power once it is known how long it took. */
export const isPowerLike = (unit: string): boolean => measures(unit, 'power') || measures(unit, 'energy')

/** What the name of the message promises must hold (reference 2.6). */
function refuseByType({ type, unit }: Body, sensor: Sensor, starts: readonly Instant[], now: Instant, timing: Timing): void {
  const refuse = (text: string) => invalid(LOCATION, { _schema: [text] })
  if (type === 'PostPriceDataRequest' && !measures(unit, 'energy price'))
    throw refuse(`Messages of type ${type} give prices of energy, and ${unit} is no unit of them.`)
  if (type !== 'PostMeterDataRequest' && type !== 'PostPrognosisRequest') return
  if (!measures(unit, 'power') && !measures(unit, 'energy'))
    throw refuse(`Messages of type ${type} give power, and ${unit} is no unit of power.`)
  const horizonOf = (start: Instant) => timing.horizon ?? sensor.knownAt(start) - (timing.beliefTime ?? now)
  if (type === 'PostMeterDataRequest' && starts.some((start) => horizonOf(start) > 0)) throw refuse('Meter data must lie in the past.')
  if (type === 'PostPrognosisRequest' && starts.some((start) => horizonOf(start) < 0)) throw refuse('Prognoses must lie in the future.')
}
