/** Reading what is asked of a forecast: fields, forms and defaults of FlexMeasures, every fault by its field (reference 4.1). */
import { type Static, Type } from 'typebox'
import type { AnnotationRegressor, ForecastConfig, ForecastOrder, RegressorReference, Sensor } from '#ems'
import { ALL_CANDIDATES, CANDIDATES, DEFAULT_CONFIG, keptConfig } from '#ems'
import {
  addDuration,
  convert,
  DAY,
  dayAfter,
  durationLength,
  formatInstant,
  HOUR,
  instant,
  parseDuration,
  parseInstant,
  parseQuantity,
} from '#kernel'
import { type FieldErrors, invalid } from './envelope.ts'
import { canonical } from './query.ts'
import { add, check } from './validate.ts'

/** Errors of this route stand under this name, as path, query and body are one to FlexMeasures. */
export const WHERE = 'combined_sensor_data_description'

const closed = { additionalProperties: false }
const Moment = (description: string) => Type.Optional(Type.String({ format: 'aware-datetime', description }))
const Length = (description: string) => Type.Optional(Type.String({ format: 'iso-duration', description }))
const Ids = (description: string) => Type.Optional(Type.Array(Type.Integer(), { description }))
const Words = (description: string) => Type.Optional(Type.Array(Type.String(), { description }))
const Reference = Type.Object(
  {
    sensor: Type.Integer({ description: 'Id of the sensor.' }),
    'source-types': Words('Only beliefs of sources of these types.'),
    'exclude-source-types': Words('No beliefs of sources of these types.'),
    sources: Ids('Only beliefs of these sources.'),
    'source-account': Ids('Only beliefs of sources of these accounts.'),
    default: Type.Optional(Type.String({ description: 'Accepted, of no effect on a forecast.' })),
  },
  closed,
)
const Regressors = (description: string) =>
  Type.Optional(
    Type.Unsafe<(number | Static<typeof Reference>)[]>({ type: 'array', items: { anyOf: [{ type: 'integer' }, Reference] }, description }),
  )
const Annotation = Type.Object(
  {
    account: Type.Optional(Type.Integer({ description: 'Id of the account whose notes count.' })),
    asset: Type.Optional(Type.Integer({ description: 'Id of the asset whose notes count.' })),
    sensor: Type.Optional(Type.Integer({ description: 'Id of the sensor whose notes count.' })),
    'annotation-type': Type.Optional(Type.String({ default: 'holiday', description: 'Kind of note.' })),
    name: Type.Optional(Type.String({ description: 'What the series is called in the model.' })),
  },
  closed,
)
const Bound = (description: string) => Type.Optional(Type.Unsafe<number | string>({ type: ['number', 'string'], description }))
const Config = Type.Object(
  {
    model: Type.Optional(
      Type.String({
        description: `CustomLGBM (default: all candidates compete) or one of them: ${CANDIDATES.join(', ')}.`,
        default: 'CustomLGBM',
      }),
    ),
    'future-regressors': Regressors('Sensors whose forecasts explain the future of this one: ids, or references with filters on sources.'),
    'past-regressors': Regressors('Sensors whose measurements explain it.'),
    regressors: Regressors('Sensors of which both count.'),
    'annotation-regressors': Type.Optional(
      Type.Array(Annotation, { description: 'Annotations of an account, asset or sensor as a series of 0 and 1, such as holidays.' }),
    ),
    'missing-threshold': Type.Optional(Type.Number({ description: 'Share of missing values that is tolerated.', default: 1 })),
    'ensure-positive': Type.Optional(Type.Boolean({ description: 'Nothing below zero.', default: false })),
    lower: Bound("Least value: a number in the sensor's unit, or a quantity such as '0 kW'."),
    upper: Bound('Largest value.'),
    snap: Type.Optional(
      Type.Unsafe<Record<string, (number | string)[]>>({
        type: 'object',
        additionalProperties: { type: 'array', items: { type: ['number', 'string'] }, minItems: 2, maxItems: 2 },
        description:
          'Values within [first, second) become the target: {"0 kW": ["0 kW", "4 kW"]}; bounds in reverse order close the upper side.',
      }),
    ),
    'train-start': Moment('Start of the training data; then train-period does not count.'),
    'train-period': Length('Length of the training data, at least 2 days; P30D unless said.'),
    'max-training-period': Length('Most training data; P365D unless said.'),
    'retrain-frequency': Length('How often it is trained anew over a long period, at least an hour; PT48H unless said.'),
    'model-params': Type.Optional(
      Type.Unsafe<Record<string, unknown>>({
        type: 'object',
        description: 'Of the trees: n_estimators, max_depth, learning_rate, min_child_samples; others are kept and change nothing.',
      }),
    ),
  },
  { ...closed, description: 'How to learn and to forecast.' },
)
export const ForecastTrigger = Type.Object(
  {
    start: Moment('First event foretold; now unless said.'),
    end: Moment('End of the last event foretold.'),
    duration: Length('Length of the forecast, with start or end; 48 hours unless said.'),
    prior: Moment('Only what was recorded by then is used; the forecast counts as made then.'),
    'max-forecast-horizon': Length('How far each forecast looks ahead; the whole period unless said.'),
    'forecast-frequency': Length('From how many moments of the period the future is looked at; once unless said.'),
    probabilistic: Type.Optional(Type.Boolean({ description: 'Store the quantiles 0.1, 0.5 and 0.9.', default: false })),
    model: Type.Optional(Type.String({ description: 'Forecaster class.', default: 'TrainPredictPipeline' })),
    config: Type.Optional(Config),
  },
  closed,
)
type Body = Static<typeof ForecastTrigger>
type ConfigBody = Static<typeof Config>

export interface AskedForecast {
  order: ForecastOrder
  /** Sensors that must be readable, by the field that names them. */
  reads: { field: string; sensor: number }[]
}

/**
 * The order in a request's body.
 * @throws 422 with every wrong field under `combined_sensor_data_description`
 */
export function readForecastOrder(given: unknown, sensor: Sensor, timezone: string): AskedForecast {
  const body = check(ForecastTrigger, plain(given, timezone), WHERE) as Body
  const errors: FieldErrors = {}
  const config = body.config ?? {}
  if (body.model !== undefined && body.model !== 'TrainPredictPipeline')
    add(errors, ['model'], `Forecaster '${body.model}' is not known. Must be one of: TrainPredictPipeline.`)
  const lengths = lengthsOf(body, config, errors, body.start ?? body.end, sensor.timezone)
  const regressors = regressorsOf(config)
  const settled: ForecastConfig = {
    model: modelOf(config, errors),
    futureRegressors: regressors.future,
    pastRegressors: regressors.past,
    annotationRegressors: annotationsOf(config, errors),
    missingThreshold: config['missing-threshold'] ?? 1,
    ensurePositive: config['ensure-positive'] ?? false,
    ...boundsOf(config, sensor, errors),
    ...(config['train-start'] !== undefined && { trainStart: parseInstant(config['train-start']) }),
    ...trainingOf(config, lengths, errors),
    ...(config['model-params'] !== undefined && { modelParams: config['model-params'] }),
  }
  if (Object.keys(errors).length > 0) throw invalid(WHERE, errors)
  const moment = (name: 'start' | 'end' | 'prior') => (body[name] === undefined ? {} : { [name]: parseInstant(body[name]) })
  const order: ForecastOrder = {
    sensor: sensor.id,
    ...moment('start'),
    ...moment('end'),
    ...moment('prior'),
    ...(lengths.duration !== undefined && { duration: lengths.duration }),
    ...(lengths['max-forecast-horizon'] !== undefined && { maxHorizon: lengths['max-forecast-horizon'] }),
    ...(lengths['forecast-frequency'] !== undefined && { frequency: lengths['forecast-frequency'] }),
    probabilistic: body.probabilistic ?? false,
    config: settled,
    kept: keptConfig(settled, sensor.timezone, {
      ...(config.lower !== undefined && { lower: config.lower }),
      ...(config.upper !== undefined && { upper: config.upper }),
      ...(config.snap !== undefined && { snap: config.snap }),
    }),
  }
  return { order, reads: regressors.reads }
}

/** Kebab-case names without nulls; days become moments in the server's zone, the last day included. */
function plain(given: unknown, timezone: string): unknown {
  if (given === undefined || given === null) return {}
  if (typeof given !== 'object' || Array.isArray(given)) return given
  const body = withoutNulls(canonical(given))
  const day = (value: unknown, days: number) =>
    typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value))
      ? formatInstant(dayAfter(instant(Date.parse(`${value}T12:00:00Z`)), timezone, days))
      : value
  for (const [name, days] of [
    ['start', 0],
    ['end', 1],
  ] as const)
    if (name in body) body[name] = day(body[name], days)
  const config = body['config']
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    const inner = withoutNulls(canonical(config))
    if ('train-start' in inner) inner['train-start'] = day(inner['train-start'], 0)
    body['config'] = inner
  }
  return body
}

const withoutNulls = (value: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null))

const LENGTHS = ['duration', 'max-forecast-horizon', 'forecast-frequency'] as const
const CONFIG_LENGTHS = ['train-period', 'max-training-period', 'retrain-frequency'] as const
type Lengths = Partial<Record<(typeof LENGTHS)[number] | (typeof CONFIG_LENGTHS)[number], number>>

/** Lengths in ms; months and years counted from the start. */
function lengthsOf(body: Body, config: ConfigBody, errors: FieldErrors, from: string | undefined, zone: string): Lengths {
  const lengths: Lengths = {}
  const read = (text: string, path: string[]): number => {
    const duration = parseDuration(text)
    if (duration.exact % 60_000 !== 0) add(errors, path, 'FlexMeasures only support multiples of 1 minute.')
    if (duration.months === 0 || from === undefined) return durationLength(duration)
    const at = parseInstant(from)
    return addDuration(at, duration, zone) - at
  }
  for (const name of LENGTHS) if (body[name] !== undefined) lengths[name] = read(body[name], [name])
  for (const name of CONFIG_LENGTHS) if (config[name] !== undefined) lengths[name] = read(config[name], ['config', name])
  return lengths
}

function trainingOf(config: ConfigBody, lengths: Lengths, errors: FieldErrors) {
  const {
    'train-period': trainPeriod = DEFAULT_CONFIG.trainPeriod,
    'max-training-period': maxTrainingPeriod = DEFAULT_CONFIG.maxTrainingPeriod,
    'retrain-frequency': retrainFrequency = DEFAULT_CONFIG.retrainFrequency,
  } = lengths
  const longest = config['max-training-period']
  if (longest !== undefined && parseDuration(longest).months !== 0)
    add(
      errors,
      ['config', 'max_training_period'],
      'max-training-period must be specified using days or smaller units (e.g. P365D, PT48H). Years and months are not supported.',
    )
  if (maxTrainingPeriod <= 0) add(errors, ['config', 'max_training_period'], 'Must be greater than 0.')
  if (retrainFrequency < HOUR) add(errors, ['config', 'retrain_frequency'], 'retrain-frequency must be at least 1 hour')
  if (trainPeriod < 2 * DAY) add(errors, ['config', 'train_period'], 'train-period must be at least 2 days (48 hours)')
  return { trainPeriod: Math.min(trainPeriod, maxTrainingPeriod), maxTrainingPeriod, retrainFrequency }
}

function modelOf({ model = ALL_CANDIDATES }: ConfigBody, errors: FieldErrors): string {
  const names = [ALL_CANDIDATES, ...CANDIDATES]
  if (!names.includes(model)) add(errors, ['config', 'model'], `Must be one of: ${names.join(', ')}.`)
  return model
}

const FIELDS = ['future-regressors', 'past-regressors', 'regressors'] as const

/** Those of `regressors` count twice: as future ones and as past ones. */
function regressorsOf(config: ConfigBody) {
  const [future, past, both] = FIELDS.map((field) => (config[field] ?? []).map(referenceOf)) as [
    RegressorReference[],
    RegressorReference[],
    RegressorReference[],
  ]
  const merged = (own: RegressorReference[]) => {
    const known = new Set(own.map((one) => JSON.stringify(one)))
    return [...own, ...both.filter((one) => !known.has(JSON.stringify(one)))]
  }
  const reads = [future, past, both].flatMap((list, index) => list.map(({ sensor }) => ({ field: FIELDS[index]!, sensor })))
  return { future: merged(future), past: merged(past), reads }
}

function referenceOf(given: number | Static<typeof Reference>): RegressorReference {
  if (typeof given === 'number') return { sensor: given }
  const entry = check(Reference, given, WHERE) as Static<typeof Reference>
  return {
    sensor: entry.sensor,
    ...(entry['source-types'] && { sourceTypes: entry['source-types'] }),
    ...(entry['exclude-source-types'] && { excludeSourceTypes: entry['exclude-source-types'] }),
    ...(entry.sources && { sources: entry.sources }),
    ...(entry['source-account'] && { sourceAccounts: entry['source-account'] }),
  }
}

function annotationsOf(config: ConfigBody, errors: FieldErrors): AnnotationRegressor[] {
  return (config['annotation-regressors'] ?? []).map(({ 'annotation-type': type = 'holiday', name, ...place }, index) => {
    if (Object.keys(place).length !== 1)
      add(errors, ['config', 'annotation-regressors', String(index), '_schema'], 'Specify exactly one of account, asset, or sensor.')
    return { ...place, type, ...(name !== undefined && { name }) }
  })
}

/** Bounds and snapping in the sensor's unit. */
function boundsOf(
  { lower: low, upper: high, snap: snaps = {} }: ConfigBody,
  sensor: Sensor,
  errors: FieldErrors,
): Pick<ForecastConfig, 'lower' | 'upper' | 'snap'> {
  const bound = (value: number | string | undefined, field: string): number | undefined => {
    if (value === undefined) return undefined
    const read = quantityOf(value, sensor.unit)
    if (typeof read === 'number') return read
    add(errors, ['config', field], read === 'no quantity' ? "Must be a number or a parseable quantity string (e.g. 0 or '0 kW')." : read)
    return undefined
  }
  const [lower, upper] = [bound(low, 'lower'), bound(high, 'upper')]
  if (lower !== undefined && upper !== undefined && lower > upper)
    add(errors, ['config', '_schema'], 'Forecast post-processing lower bound cannot be greater than upper bound.')
  const snap = Object.entries(snaps).flatMap(([target, interval]) => {
    const numbers = [target, ...interval].map((value) => quantityOf(value, sensor.unit))
    const wrong = numbers.find((value) => typeof value === 'string')
    if (wrong !== undefined) {
      add(
        errors,
        ['config', 'snap'],
        wrong === 'no quantity' ? `Snap entry '${target}' must use numbers or parseable quantity strings.` : wrong,
      )
      return []
    }
    const [to, first, second] = numbers as [number, number, number]
    if (first === second) add(errors, ['config', 'snap'], 'Forecast post-processing snap interval bounds must differ.')
    else if (to < Math.min(first, second) || to > Math.max(first, second))
      add(errors, ['config', 'snap'], 'Forecast post-processing snap target must lie within its interval bounds.')
    return [{ target: to, first, second }]
  })
  return { snap, ...(lower !== undefined && { lower }), ...(upper !== undefined && { upper }) }
}

/** The number in a unit, 'no quantity', or why it cannot be converted. */
function quantityOf(value: number | string, unit: string): number | string {
  if (typeof value === 'number') return Number.isFinite(value) ? value : 'no quantity'
  try {
    const quantity = parseQuantity(value)
    if (quantity.unit === '') return quantity.value
    try {
      return convert(quantity.value, quantity.unit, unit)
    } catch {
      return `Could not convert forecast post-processing value '${value}' to '${unit}'.`
    }
  } catch {
    return 'no quantity'
  }
}
