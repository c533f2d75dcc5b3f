/** What charts are asked for: a window, a belief time, what to show and how (reference 2.4). */
import { type TSchema, Type } from 'typebox'
import { addDuration, type Instant, millis, parseDuration, parseDurationLength, parseInstant } from '#kernel'
import { invalid } from './envelope.ts'
import { canonical, flagOf } from './query.ts'
import { check } from './validate.ts'

const closed = { additionalProperties: false }
const moment = (description: string) => Type.Optional(Type.String({ format: 'aware-datetime', description }))
const pixels = (description: string) => Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description }))

const window = {
  start: moment('Begin of the window, ISO 8601 with offset.'),
  end: moment('End of the window, ISO 8601 with offset.'),
  duration: Type.Optional(Type.String({ format: 'iso-duration', description: 'Length of the window, with start or end.' })),
  prior: moment('Only what was recorded up to this moment.'),
  'beliefs-after': moment('Only what was recorded after this moment.'),
}
const chart = {
  ...window,
  'include-data': Type.Optional(flagOf('The records in the specification; otherwise they are at chart_data.')),
  'include-asset-annotations': Type.Optional(flagOf('Notes of the asset in the chart.')),
  'include-account-annotations': Type.Optional(flagOf('Notes of the account in the chart.')),
  'dataset-name': Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'Name of the data set in the specification.' })),
  height: pixels('Height of each graph, pixels.'),
  width: pixels('Width, pixels; that of its container unless said.'),
}
const data = {
  ...window,
  'use-latest-version-per-event': Type.Optional(flagOf('Of each source only its highest version, event by event.')),
  'most-recent-beliefs-only': Type.Optional(flagOf('Only what was believed last of each event; True unless said.')),
  'compress-json': Type.Optional(flagOf('Short records, with sensors and sources told once.')),
}
const type = (names: readonly string[]) =>
  Type.Optional(Type.Unsafe<string>({ type: 'string', enum: names, description: 'Kind of chart.' }))

export const AssetChartQuery = Type.Object(
  {
    ...chart,
    'combine-legend': Type.Optional(flagOf('One legend for all graphs; True unless said.')),
    'chart-type': type(['chart_for_multiple_sensors']),
  },
  closed,
)
export const sensorChartQuery = (types: readonly string[]) =>
  Type.Object(
    { ...chart, 'include-sensor-annotations': Type.Optional(flagOf('Notes of the sensor in the chart.')), 'chart-type': type(types) },
    closed,
  )
export const AssetDataQuery = Type.Object(data, closed)
export const SensorDataQuery = Type.Object(
  { ...data, resolution: Type.Optional(Type.String({ format: 'iso-duration', description: 'Length of a slot, ISO 8601.' })) },
  closed,
)
export const NotesQuery = Type.Object(
  { ...window, clip: Type.Optional(flagOf('Notes end where the window does; True unless said.')) },
  closed,
)

/** Spellings of before 1.0. */
const LEGACY: Record<string, string> = { 'event-starts-after': 'start', 'event-ends-before': 'end', 'beliefs-before': 'prior' }

/** The query, checked, by its names of today. @throws 422 */
export function chartQuery<T extends TSchema>(schema: T, query: unknown) {
  const named = Object.entries(canonical(query)).map(([name, value]) => [LEGACY[name] ?? name, value])
  return check(schema, Object.fromEntries(named), 'query')
}

interface Window {
  start?: string
  end?: string
  duration?: string
  prior?: string
  'beliefs-after'?: string
}

export interface ChartTimes {
  from?: Instant
  until?: Instant
  prior?: Instant
  since?: Instant
}

/** Start and end, one of them perhaps from a duration. @throws 422 */
export function timesOf(query: Window, zone: string): ChartTimes {
  let from = query.start === undefined ? undefined : parseInstant(query.start)
  let until = query.end === undefined ? undefined : parseInstant(query.end)
  if (query.duration !== undefined) {
    const { months, days, exact } = parseDuration(query.duration)
    if (parseDurationLength(query.duration) < 0) throw invalid('query', { duration: ['The duration must not be negative.'] })
    if (from !== undefined) until ??= addDuration(from, { months, days, exact }, zone)
    else if (until !== undefined) from = addDuration(until, { months: -months, days: -days, exact: millis(-exact) }, zone)
    else throw invalid('query', { duration: ['Provide `duration` together with `start` or `end`.'] })
  }
  if (from !== undefined && until !== undefined && until < from) throw invalid('query', { end: ['end must not be before start.'] })
  return {
    ...(from !== undefined && { from }),
    ...(until !== undefined && { until }),
    ...(query.prior !== undefined && { prior: parseInstant(query.prior) }),
    ...(query['beliefs-after'] !== undefined && { since: parseInstant(query['beliefs-after']) }),
  }
}
