/** The operations that reports chain, by the names of pandas (reference 4.2). What is not here is refused, naming what is. */
import { nearest } from '#kernel'
import { AGGREGATES, type AggregateName, aggregate, aggregateNamed } from './aggregate.ts'
import {
  atTime,
  betweenTimes,
  carry,
  diff,
  dropMissing,
  ends,
  interpolate,
  percentChange,
  round,
  running,
  shift,
  truncate,
} from './along.ts'
import { type Given, readGiven } from './arguments.ts'
import { BINARY, choose, clip, combine, fill } from './arithmetic.ts'
import { acrossColumns, beside, columnNamed, crossSection, dropColumns, rename, select } from './columns.ts'
import {
  dropLevels,
  type Frame,
  type Grouped,
  isFrame,
  isGrouped,
  mapValues,
  refuseReport,
  type SensorFacts,
  type Value,
  withColumns,
} from './frame.ts'
import { aggregateGroups, groupBy, resample, resampleEvents, rolling, upsample } from './grouping.ts'

interface Operation {
  takes: readonly string[]
  run(frame: Frame, given: Given): Value
}

const op = (takes: readonly string[], run: Operation['run']): Operation => ({ takes, run })
const NUMERIC = ['numeric_only', 'inplace']

const binary = (name: string): Operation =>
  op(['other', 'axis', 'level', 'fill_value'], (frame, given) =>
    combine(frame, given.operand('other'), BINARY[name]!, given.has('fill_value') ? given.number('fill_value') : undefined),
  )

const aggregated = (name: AggregateName): Operation =>
  op(['axis', 'skipna', 'numeric_only', 'min_count', 'ddof'], (frame, given) => whole(frame, name, given))

/** Of all rows: a number; of all columns: one value a row. */
function whole(frame: Frame, name: AggregateName, given: Given): Value {
  if (given.raw('skipna') === false)
    throw refuseReport(`'${name}' passes over missing values here.`, 'Leave out skipna, or fill them first.')
  const least = given.has('min_count') ? given.integer('min_count') : undefined
  if (given.axis(0) === 1) return acrossColumns(frame, name, least)
  if (frame.columns.length > 1)
    throw refuseReport(
      `'${name}' over all rows would leave one number a column.`,
      'Say axis=1 for one value a row, or choose a column first.',
    )
  return aggregate(name, frame.columns[0]?.values ?? [], least)
}

const limitOf = (given: Given) => (given.has('limit') ? given.integer('limit') : Number.POSITIVE_INFINITY)

const FRAME: Record<string, Operation> = {
  ...Object.fromEntries(Object.keys(BINARY).map((name) => [name, binary(name)])),
  ...Object.fromEntries(Object.keys(AGGREGATES).map((name) => [name, aggregated(name as AggregateName)])),
  agg: op(['func', 'axis'], (frame, given) => whole(frame, aggregateNamed(given.raw('func')), given)),
  aggregate: op(['func', 'axis'], (frame, given) => whole(frame, aggregateNamed(given.raw('func')), given)),
  abs: op([], (frame) => mapValues(frame, Math.abs)),
  copy: op(['deep'], (frame) => frame),
  clip: op(['lower', 'upper', 'axis'], clip),
  round: op(['decimals'], round),
  shift: op(['periods', 'freq', 'axis', 'fill_value'], shift),
  diff: op(['periods', 'axis'], diff),
  pct_change: op(['periods'], percentChange),
  cumsum: op(['axis', 'skipna'], (frame) => running(frame, (so, value) => so + value)),
  cumprod: op(['axis', 'skipna'], (frame) => running(frame, (so, value) => so * value)),
  cummax: op(['axis', 'skipna'], (frame) => running(frame, Math.max)),
  cummin: op(['axis', 'skipna'], (frame) => running(frame, Math.min)),
  fillna: op(['value', 'method', 'axis', 'inplace', 'limit'], (frame, given) => {
    if (given.has('value')) return fill(frame, given.operand('value'))
    const method = given.oneOf('method', ['ffill', 'pad', 'bfill', 'backfill'], 'ffill')
    return carry(frame, method === 'ffill' || method === 'pad' ? 'forward' : 'back', limitOf(given))
  }),
  ffill: op(['axis', 'inplace', 'limit'], (frame, given) => carry(frame, 'forward', limitOf(given))),
  bfill: op(['axis', 'inplace', 'limit'], (frame, given) => carry(frame, 'back', limitOf(given))),
  interpolate: op(['method'], (frame, given) => {
    given.oneOf('method', ['linear'], 'linear')
    return interpolate(frame)
  }),
  dropna: op(['axis', 'how', 'inplace'], dropMissing),
  isna: op([], (frame) => mapValues(frame, (value) => (Number.isNaN(value) ? 1 : 0))),
  notna: op([], (frame) => mapValues(frame, (value) => (Number.isNaN(value) ? 0 : 1))),
  where: op(['cond', 'other'], (frame, given) => choose(frame, given, true)),
  mask: op(['cond', 'other'], (frame, given) => choose(frame, given, false)),
  head: op(['n'], (frame, given) => ends(frame, given, 'head')),
  tail: op(['n'], (frame, given) => ends(frame, given, 'tail')),
  between_time: op(['start_time', 'end_time', 'inclusive', 'axis'], betweenTimes),
  at_time: op(['time', 'asof', 'axis'], atTime),
  truncate: op(['before', 'after'], truncate),
  sort_index: op(['axis', 'ascending'], (frame) => frame),
  astype: op(['dtype'], (frame, given) => {
    const kind = given.oneOf('dtype', ['float', 'float64', 'int', 'int64', 'bool'], 'float')
    if (kind === 'bool') return mapValues(frame, (value) => (value === 0 ? 0 : 1))
    return kind.startsWith('int') ? mapValues(frame, Math.trunc) : frame
  }),
  rename: op(['mapper', 'index', 'columns', 'axis', 'inplace'], rename),
  drop: op(['labels', 'axis', 'index', 'columns'], dropColumns),
  get: op(['key', 'default'], select),
  __getitem__: op(['key'], select),
  filter: op(['key'], select),
  to_frame: op(['name'], (frame, given) =>
    withColumns(frame, given.has('name') ? [{ ...frame.columns[0]!, name: given.text('name') }] : frame.columns, false),
  ),
  squeeze: op(['axis'], (frame) => (frame.columns.length === 1 ? withColumns(frame, frame.columns, true) : frame)),
  droplevel: op(['level', 'axis'], (frame, given) => dropLevels(frame, given.list('level') as (string | number)[])),
  xs: op(['key', 'axis', 'level', 'drop_level'], crossSection),
  merge: op(['right', 'how', 'on', 'left_on', 'right_on', 'left_index', 'right_index', 'sort', 'suffixes'], (frame, given) =>
    beside(frame, given, 'merge'),
  ),
  join: op(['other', 'on', 'how', 'lsuffix', 'rsuffix'], (frame, given) => beside(frame, given, 'join')),
  resample: op(['rule', 'axis', 'closed', 'label'], resample),
  resample_events: op(['event_resolution', 'distribution', 'keep_only_most_recent_belief'], resampleEvents),
  asfreq: op(['freq'], (frame, given) => upsample(resample(frame, readGiven('asfreq', ['rule'], [given.text('freq')], {})), 'exact')),
  groupby: op(['by', 'axis', 'level', 'as_index', 'sort', 'group_keys'], groupBy),
  rolling: op(['window', 'min_periods', 'center'], rolling),
  get_attribute: op(['attribute', 'default'], (frame, given) => attributeOf(sensorOf(frame), given)),
}

/** What a Resampler, a GroupBy and a Rolling can do. */
const GROUPED: Record<string, { takes: readonly string[]; run(grouped: Grouped, given: Given): Value }> = {
  ...Object.fromEntries(
    Object.keys(AGGREGATES).map((name) => [
      name,
      {
        takes: ['min_count', 'ddof', ...NUMERIC],
        run: (grouped: Grouped, given: Given) =>
          aggregateGroups(grouped, name as AggregateName, given.has('min_count') ? given.integer('min_count') : undefined),
      },
    ]),
  ),
  agg: { takes: ['func'], run: (grouped, given) => aggregateGroups(grouped, aggregateNamed(given.raw('func'))) },
  aggregate: { takes: ['func'], run: (grouped, given) => aggregateGroups(grouped, aggregateNamed(given.raw('func'))) },
  ffill: { takes: ['limit'], run: (grouped) => upsample(grouped, 'forward') },
  bfill: { takes: ['limit'], run: (grouped) => upsample(grouped, 'back') },
  asfreq: { takes: [], run: (grouped) => upsample(grouped, 'exact') },
  interpolate: { takes: ['method'], run: (grouped) => interpolate(upsample(grouped, 'exact')) },
}

/** Names of all operations, for messages and the documentation. */
export const OPERATIONS: readonly string[] = [...new Set([...Object.keys(FRAME), ...Object.keys(GROUPED)])].sort()
/** What can be read of a frame without calling it. */
export const PROPERTIES = ['loc', 'sensor', 'empty', 'size', 'event_value'] as const

const sensorOf = ({ sensor }: Frame): SensorFacts => {
  if (sensor) return sensor
  throw refuseReport('The frame is of no sensor.', 'Ask an input for its sensor.')
}

function attributeOf({ attributes }: SensorFacts, given: Given): number {
  const name = given.text('attribute')
  const value = attributes[name] ?? given.raw('default')
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 1 : 0
  throw refuseReport(`The sensor has no attribute '${name}' that is a number.`, 'Set it on the sensor or its asset, or give a default.')
}

/** @throws Problem `invalid-report` (422) for operations that do not exist */
export function demandOperation(method: string): void {
  if (Object.hasOwn(FRAME, method) || Object.hasOwn(GROUPED, method)) return
  const meant = nearest(method, [...OPERATIONS])
  throw refuseReport(
    `There is no operation '${method}'.`,
    `${meant === undefined ? '' : `Did you mean '${meant}'? `}There are: ${OPERATIONS.join(', ')}.`,
  )
}

/** Calls an operation of a value. @throws Problem `invalid-report` (422) */
export function operate(value: Value, method: string, args: readonly unknown[], kwargs: Readonly<Record<string, unknown>>): Value {
  demandOperation(method)
  if (isGrouped(value)) {
    const known = Object.hasOwn(GROUPED, method) ? GROUPED[method] : undefined
    if (!known) throw refuseReport(`'${method}' cannot follow ${value.by}.`, `After ${value.by}: ${Object.keys(GROUPED).join(', ')}.`)
    return known.run(value, readGiven(method, known.takes, args, kwargs))
  }
  if (typeof value === 'number') {
    const work = BINARY[method]
    if (work) {
      const other = readGiven(method, ['other'], args, kwargs).operand('other')
      return isFrame(other) ? combine(other, value, (theirs, ours) => work(ours, theirs)) : work(value, other)
    }
    if (method === 'abs') return Math.abs(value)
    throw refuseReport(
      `'${method}' cannot follow a single number.`,
      `A number can be reckoned with: ${Object.keys(BINARY).join(', ')}, abs.`,
    )
  }
  if (!isFrame(value)) {
    if (method === 'get_attribute') return attributeOf(value, readGiven(method, ['attribute', 'default'], args, kwargs))
    throw refuseReport(`A sensor cannot '${method}'.`, 'A sensor has get_attribute.')
  }
  const known = Object.hasOwn(FRAME, method) ? FRAME[method] : undefined
  if (!known) throw refuseReport(`'${method}' follows resample, groupby or rolling only.`)
  return known.run(value, readGiven(method, known.takes, args, kwargs))
}

/** Reads a property of a value: one of `PROPERTIES` or a column. @throws Problem `invalid-report` (422) */
export function readProperty(value: Value, name: string): Value {
  if (isFrame(value)) {
    if (name === 'loc') return value
    if (name === 'sensor') return sensorOf(value)
    if (name === 'empty') return value.starts.length === 0 ? 1 : 0
    if (name === 'size') return value.starts.length * value.columns.length
    if (name === 'event_value' || value.columns.some((column) => column.name === name))
      return withColumns(value, [columnNamed(value, name)], true)
  }
  throw refuseReport(`There is no property '${name}'.`, `There are: ${PROPERTIES.join(', ')}, and the names of columns.`)
}
