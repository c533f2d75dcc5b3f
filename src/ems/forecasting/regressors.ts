/** Series that may explain another, as they were known at a moment: other sensors, and annotations as zeros and ones. */
import { DAY, type Instant, instant } from '#kernel'
import { asTimestamp, type Store } from '#store'
import type { Beliefs, SeriesQuery } from '../belief.ts'
import type { Sensors } from '../sensors.ts'
import type { Regressor } from './learn/frame.ts'
import type { AnnotationRegressor, ForecastConfig, RegressorReference } from './order.ts'

export interface RegressorParts {
  store: Store
  beliefs: Beliefs
  sensors: Sensors
}

export interface RegressorWindow {
  from: Instant
  until: Instant
  step: number
  /** Nothing recorded after this moment counts. */
  knownAt: Instant
  /** Of the past of future regressors: what was foretold at least so long before, where something was, ms. */
  lead: number
}

/**
 * A series with its past as it was foretold at least `lead` ms before, where somebody did: a forecaster that learned from what was measured
 * of the weather would trust the forecasts of it too much. What lies beyond `knownAt` stays the newest that is known.
 */
export async function withForetold(
  beliefs: Pick<Beliefs, 'series'>,
  query: SeriesQuery,
  newest: Float64Array,
  lead: number,
): Promise<Float64Array> {
  const { from, step = 1, at = query.until } = query
  const foretold = await beliefs.series({ ...query, until: instant(Math.min(query.until, at)), horizonAtLeast: lead })
  const past = Math.floor((at - from) / step)
  return newest.map((value, slot) => (slot < past ? (foretold[slot] ?? value) : value))
}

/** Half of how far ahead is looked, at most half a day: so old are forecasts of the weather in the middle of a forecast that rests on them. */
export const leadOf = (horizon: number): number => Math.min(horizon, DAY) / 2

/** All regressors of a config over a window, one value per slot, NaN where nothing was known. */
export async function readRegressors(parts: RegressorParts, config: ForecastConfig, window: RegressorWindow): Promise<Regressor[]> {
  const future = await Promise.all(config.futureRegressors.map((one) => readSensor(parts, one, 'future', window)))
  const past = await Promise.all(config.pastRegressors.map((one) => readSensor(parts, one, 'past', window)))
  const notes = await Promise.all(config.annotationRegressors.map((one, index) => readAnnotations(parts, one, index, window)))
  return [...future, ...past, ...notes]
}

async function readSensor(
  { beliefs, sensors }: RegressorParts,
  { sensor: id, sourceTypes, excludeSourceTypes, sources, sourceAccounts }: RegressorReference,
  kind: Regressor['kind'],
  { from, until, step, knownAt, lead }: RegressorWindow,
): Promise<Regressor> {
  const sensor = await sensors.need(id)
  const query: SeriesQuery = {
    sensor: id,
    from,
    until,
    step,
    at: knownAt,
    ...(sourceTypes && { sourceTypes }),
    ...(excludeSourceTypes && { excludeSourceTypes }),
    ...(sources && { sources }),
    ...(sourceAccounts && { sourceAccounts }),
  }
  const newest = Float64Array.from(await beliefs.series(query), (value) => value ?? Number.NaN)
  const values = kind === 'future' ? await withForetold(beliefs, query, newest, lead) : newest
  return { name: `${sensor.name} (ID: ${id})`, unit: sensor.unit, kind, values }
}

const PLACES = {
  account: { table: 'annotations_accounts', column: 'account_id' },
  asset: { table: 'annotations_assets', column: 'generic_asset_id' },
  sensor: { table: 'annotations_sensors', column: 'sensor_id' },
} as const

/** 1 where an annotation covers the start of a slot. One that does not say when it was made was always known. */
async function readAnnotations(
  { store }: RegressorParts,
  spec: AnnotationRegressor,
  index: number,
  { from, until, step, knownAt }: RegressorWindow,
): Promise<Regressor> {
  const place = (['account', 'asset', 'sensor'] as const).find((one) => spec[one] !== undefined)!
  const { table, column } = PLACES[place]
  const rows = await store.query<{ start: Instant; end: Instant }>(
    `select a.start, a."end" from annotation a join ${table} t on t.annotation_id = a.id
     where t.${column} = $1 and a.type::text = $2 and a."end" > $3 and a.start < $4 and (a.belief_time is null or a.belief_time <= $5)`,
    [spec[place], spec.type, asTimestamp(from), asTimestamp(until), asTimestamp(knownAt)],
  )
  const values = new Float64Array(Math.max(0, Math.ceil((until - from) / step)))
  for (const { start, end } of rows) {
    const first = Math.max(0, Math.ceil((start - from) / step))
    for (let slot = first; slot < values.length && instant(from + slot * step) < end; slot++) values[slot] = 1
  }
  return { name: spec.name ?? `annotation_regressor_${index}`, unit: '', kind: 'future', values }
}
