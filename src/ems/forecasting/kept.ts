/** A forecaster's config as FlexMeasures keeps it with the data source: its names, all fields, lengths written its way. */
import { DAY, formatDuration, formatInstant, HOUR } from '#kernel'
import type { ForecastConfig, RegressorReference } from './order.ts'

/** FlexMeasures' name of the model: with it all candidates compete. */
export const ALL_CANDIDATES = 'CustomLGBM'

/** What holds where nothing is said. */
export const DEFAULT_CONFIG: ForecastConfig = {
  model: ALL_CANDIDATES,
  futureRegressors: [],
  pastRegressors: [],
  annotationRegressors: [],
  missingThreshold: 1,
  ensurePositive: false,
  snap: [],
  trainPeriod: 30 * DAY,
  maxTrainingPeriod: 365 * DAY,
  retrainFrequency: 48 * HOUR,
}

/** The config in kebab-case; bounds and snapping in the sensor's unit unless `raw` says how they were written. */
export function keptConfig(config: ForecastConfig, zone: string, raw: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    model: config.model,
    'future-regressors': config.futureRegressors.map(keptReference),
    'past-regressors': config.pastRegressors.map(keptReference),
    'annotation-regressors': config.annotationRegressors.map(({ type, name, ...place }) => ({
      ...place,
      'annotation-type': type,
      ...(name !== undefined && { name }),
    })),
    'model-params': config.modelParams ?? null,
    'missing-threshold': config.missingThreshold,
    'ensure-positive': config.ensurePositive,
    lower: config.lower ?? null,
    upper: config.upper ?? null,
    snap: Object.fromEntries(config.snap.map(({ target, first, second }) => [String(target), [first, second]])),
    ...(config.trainStart !== undefined && { 'train-start': formatInstant(config.trainStart, zone) }),
    'train-period': formatDuration(config.trainPeriod),
    'max-training-period': formatDuration(config.maxTrainingPeriod),
    'retrain-frequency': formatDuration(config.retrainFrequency),
    ...raw,
  }
}

/** An id, or a reference with the filters that were given. */
export function keptReference({ sensor, sourceTypes, excludeSourceTypes, sources, sourceAccounts }: RegressorReference): unknown {
  const filters = {
    ...(sourceTypes && { 'source-types': sourceTypes }),
    ...(excludeSourceTypes && { 'exclude-source-types': excludeSourceTypes }),
    ...(sources && { sources }),
    ...(sourceAccounts && { 'source-account': sourceAccounts }),
  }
  return Object.keys(filters).length === 0 ? sensor : { sensor, ...filters }
}
