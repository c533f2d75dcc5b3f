/** What is asked of a forecast (reference 4.1), and the cycles that come of it: what each learns from, from when it looks ahead and how far. */
import { DAY, formatInstant, HOUR, type Instant, instant, MINUTE, Problem } from '#kernel'
import type { Sensor } from '../sensors.ts'
import { floorOf } from '../settle-batch.ts'

/** A series that may explain the one that is foretold, with the sources that count. */
export interface RegressorReference {
  sensor: number
  sourceTypes?: string[]
  excludeSourceTypes?: string[]
  sources?: number[]
  sourceAccounts?: number[]
}

/** Annotations as a series of zeros and ones. */
export interface AnnotationRegressor {
  account?: number
  asset?: number
  sensor?: number
  type: string
  name?: string
}

/** What defines the forecaster: another config is another data source. Lengths in ms, bounds in the sensor's unit. */
export interface ForecastConfig {
  /** 'CustomLGBM' (all candidates compete) or the name of one. */
  model: string
  futureRegressors: RegressorReference[]
  pastRegressors: RegressorReference[]
  annotationRegressors: AnnotationRegressor[]
  /** Share of missing values that is tolerated. */
  missingThreshold: number
  ensurePositive: boolean
  lower?: number
  upper?: number
  snap: { target: number; first: number; second: number }[]
  trainStart?: Instant
  trainPeriod: number
  maxTrainingPeriod: number
  retrainFrequency: number
  modelParams?: Record<string, unknown>
}

export interface ForecastOrder {
  sensor: number
  start?: Instant
  end?: Instant
  duration?: number
  /** Only what was recorded by then may be used; the forecast counts as made then. */
  prior?: Instant
  maxHorizon?: number
  frequency?: number
  probabilistic: boolean
  config: ForecastConfig
  /** The config as it is kept with the data source, by the names and in the form of FlexMeasures. */
  kept: Record<string, unknown>
}

export interface Viewpoint {
  /** Events before this moment are over. */
  at: Instant
  /** When the forecast counts as made. */
  beliefTime: Instant
}

export interface ForecastCycle {
  trainStart: Instant
  from: Instant
  until: Instant
  viewpoints: Viewpoint[]
}

/** An order whose times are settled; plain data. */
export interface ForecastPlan {
  sensor: number
  start: Instant
  end: Instant
  /** How far each viewpoint looks ahead, ms. */
  horizon: number
  cycles: ForecastCycle[]
}

/** Slots that one viewpoint may look ahead: a week of minutes. FlexMeasures' own longest schedule is 2,520 steps. */
export const MOST_STEPS = 10_080
/** Values that one order may make. */
const MOST_VALUES = 500_000
/** A training window holds no more slots than this: for seconds it is shorter than asked for. */
const MOST_TRAINING_SLOTS = 200_000
const SHORTEST_TRAINING = 2 * DAY

/** What is wrong with an order, by field as FlexMeasures names it. */
export const refuseForecast = (fields: Record<string, unknown>): Problem =>
  new Problem('invalid-forecast', 'The forecast that is asked for is not possible.', { status: 422, details: { fields } })

/**
 * Settles the times of an order as FlexMeasures does.
 * @throws Problem `invalid-forecast` (422) with `details.fields`
 */
export function planForecast(order: ForecastOrder, sensor: Sensor, now: Instant, planningHorizon: number): ForecastPlan {
  const { resolution } = sensor
  if (resolution === 0)
    throw refuseForecast({ _schema: ['An instantaneous sensor has no resolution to forecast at. Forecast a sensor with a resolution.'] })
  const itself = order.config.futureRegressors.find(({ sensor: id, ...filters }) => id === sensor.id && Object.keys(filters).length === 0)
  if (itself)
    throw refuseForecast({
      config: {
        'future-regressors': [
          `Sensor ${sensor.id} cannot explain itself. Name the sources whose forecasts of it count, as in {"sensor": ${sensor.id}, "source-types": ["forecaster"]}, or leave it out: its past counts anyway.`,
        ],
      },
    })
  const floor = floorOf({ ...sensor, attributes: {} }, order.start ?? now)
  const { start, end, isNow } = windowOf(order, floor, now, planningHorizon)
  const { horizon, frequency, period } = horizonsOf(order, end - start, resolution, sensor)
  if (horizon / resolution > MOST_STEPS)
    throw refuseForecast({
      'max-forecast-horizon': [
        `A forecast may look ${MOST_STEPS} steps of ${resolution / MINUTE} minutes ahead; ${Math.round(horizon / resolution)} are asked for.`,
      ],
    })
  const count = Math.max(1, Math.ceil(period / frequency))
  const values = count * Math.ceil(horizon / resolution) * (order.probabilistic ? 3 : 1)
  if (values > MOST_VALUES)
    throw refuseForecast({ 'forecast-frequency': [`That would be ${values} forecast values; at most ${MOST_VALUES} are made at once.`] })
  const made = order.prior ?? (isNow ? now : start)
  const viewpoints = Array.from({ length: count }, (_, index) => ({
    at: instant(start + index * frequency),
    beliefTime: instant(made + index * frequency),
  }))
  const trainStart = trainingStart(order.config, start, resolution)
  const each = Math.max(order.config.retrainFrequency, frequency)
  const cycles = Array.from({ length: Math.max(1, Math.ceil(period / each)) }, (_, index): ForecastCycle => {
    const from = instant(start + index * each)
    const until = instant(Math.min(from + each, start + period))
    return { trainStart, from, until, viewpoints: viewpoints.filter(({ at }) => at >= from && at < until) }
  })
  return { sensor: sensor.id, start, end, horizon, cycles: cycles.filter((cycle) => cycle.viewpoints.length > 0) }
}

function windowOf(
  { start, end, duration }: ForecastOrder,
  floor: (at: Instant) => number,
  now: Instant,
  planningHorizon: number,
): { start: Instant; end: Instant; isNow: boolean } {
  if (start !== undefined && end !== undefined && duration !== undefined)
    throw refuseForecast({ duration: ["Provide 'duration' with either 'start' or 'end', but not with both."] })
  if (duration !== undefined && duration <= 0) throw refuseForecast({ duration: ['Must be greater than 0.'] })
  if (start !== undefined && end !== undefined && start >= end) throw refuseForecast({ start: ['start must be before end'] })
  const isNow = start === undefined
  const from = instant(floor(start ?? (end === undefined || duration === undefined ? now : instant(end - duration))))
  const until = end ?? instant(from + (duration ?? planningHorizon))
  if (from >= until)
    throw refuseForecast({
      end: [
        `Resolved predict start (${formatInstant(from)}) is not before end (${formatInstant(until)}). Provide start explicitly or choose a later end.`,
      ],
    })
  return { start: from, end: until, isNow }
}

function horizonsOf({ maxHorizon, frequency, duration }: ForecastOrder, span: number, resolution: number, { id }: Sensor) {
  const clock = clockOf(resolution)
  for (const [name, length] of [
    ['max-forecast-horizon', maxHorizon],
    ['forecast-frequency', frequency],
  ] as const) {
    if (length === undefined) continue
    if (length <= 0) throw refuseForecast({ [name]: ['Must be greater than 0.'] })
    if (length % resolution !== 0) throw refuseForecast({ _schema: [`${name} must be a multiple of the sensor resolution (${clock})`] })
  }
  if (span < resolution) throw refuseForecast({ _schema: [`The period holds no event of sensor ${id}, whose resolution is ${clock}.`] })
  if (maxHorizon !== undefined && duration !== undefined && maxHorizon < span)
    throw refuseForecast({
      max_forecast_horizon: ['This combination of parameters will not yield forecasts for the entire prediction window.'],
    })
  if (maxHorizon !== undefined && maxHorizon > span)
    throw refuseForecast({ max_forecast_horizon: ['max-forecast-horizon must be less than or equal to predict-period'] })
  const horizon = maxHorizon ?? Math.ceil(span / resolution) * resolution
  // One viewpoint, unless more are asked for.
  return { horizon, frequency: frequency ?? horizon, period: frequency === undefined ? Math.min(horizon, span) : span }
}

function trainingStart({ trainStart, trainPeriod, maxTrainingPeriod }: ForecastConfig, start: Instant, resolution: number): Instant {
  const longest = Math.min(maxTrainingPeriod, MOST_TRAINING_SLOTS * resolution)
  const wanted = Math.min(trainStart === undefined ? trainPeriod : start - trainStart, longest)
  const length = Math.max(wanted, Math.min(SHORTEST_TRAINING, MOST_TRAINING_SLOTS * resolution))
  return instant(start - Math.ceil(length / resolution) * resolution)
}

/** '0:15:00', '1 day, 0:00:00', as FlexMeasures writes lengths in messages. */
export function clockOf(length: number): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const days = Math.floor(length / DAY)
  const clock = `${Math.floor((length % DAY) / HOUR)}:${two(Math.floor((length % HOUR) / MINUTE))}:${two(Math.floor((length % MINUTE) / 1000))}`
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`
}
