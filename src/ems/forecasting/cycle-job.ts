/** One cycle of a forecast: read what was known, learn once, look ahead from each viewpoint, store what is foretold as beliefs. */
import { type Clock, DAY, type Instant, instant, measures, Problem, say } from '#kernel'
import type { Store } from '#store'
import type { Assets } from '../assets.ts'
import type { BeliefBatch, Beliefs } from '../belief.ts'
import type { Sensor, Sensors } from '../sensors.ts'
import { type ChosenModels, keepChoice, modelView } from './choice-book.ts'
import { finish } from './finish.ts'
import { DEFAULT_MODELS, kindOf } from './kinds.ts'
import { CANDIDATES, type CandidateName, type Growth } from './learn/candidates.ts'
import type { Foretold } from './learn/foretell.ts'
import type { Frame, Regressor } from './learn/frame.ts'
import type { Learner } from './learn/learner.ts'
import { HIGH, LOW } from './learn/spread.ts'
import type { ForecastConfig, ForecastCycle } from './order.ts'
import { leadOf, readRegressors } from './regressors.ts'
import { SAYING } from './saying.ts'

export interface CycleParts {
  store: Store
  clock: Clock
  beliefs: Beliefs
  sensors: Sensors
  assets: Assets
  learner: Learner
}

export interface CycleOrder {
  sensor: number
  /** Data source that the forecast is stored under. */
  source: number
  cycle: ForecastCycle
  horizon: number
  prior?: Instant
  probabilistic: boolean
  config: ForecastConfig
}

/** What a finished cycle keeps with its job. */
export interface CycleResult {
  beliefs: number
  seconds: number
  /** Which model foretells how far ahead, and how good it was on the newest part of the past. */
  models: ChosenModels[]
}

export interface CycleOptions {
  signal?: AbortSignal
  onProgress?(stage: string, share: number): void
}

/**
 * Runs a cycle; resolves when its beliefs are durable.
 * @throws Problem `not-enough-data` (422), the signal's reason
 */
export async function runCycle(parts: CycleParts, order: CycleOrder, { signal, onProgress }: CycleOptions = {}): Promise<CycleResult> {
  const begin = performance.now()
  onProgress?.(say(SAYING.reads), 0)
  const sensor = await parts.sensors.need(order.sensor)
  const { frame, seen } = await readFrames(parts, order, sensor)
  const asset = await parts.assets.get(sensor.asset)
  checkData(frame, order, sensor)
  signal?.throwIfAborted()
  const { trained, foretold } = await parts.learner.learn(
    {
      frame,
      options: {
        origin: slotOf(frame, order.cycle.from),
        horizon: order.horizon / frame.step,
        candidates: candidatesOf(order.config.model),
        fallback: DEFAULT_MODELS[kindOf(sensor, asset?.type.name)],
        quantiles: order.probabilistic,
        growth: growthOf(order.config.modelParams),
      },
      viewpoints: order.cycle.viewpoints.map(({ at }, index) => ({
        origin: slotOf(frame, at),
        count: order.horizon / frame.step,
        regressors: seen[index]!.map(({ values }) => values),
      })),
    },
    { ...(signal && { signal }), onProgress: (stage, share) => onProgress?.(stage, 0.1 + 0.8 * share) },
  )
  onProgress?.(say(SAYING.stores), 0.9)
  const batches = foretold.map((one, index) => batchOf(order, frame, index, one))
  await parts.beliefs.record(batches)
  const slots = slotOf(frame, order.cycle.from)
  const first = frame.target.findIndex((value) => !Number.isNaN(value))
  const days = ((slots - Math.max(0, first)) * frame.step) / DAY
  const kept = { sensor: sensor.id, asset: sensor.asset, step: frame.step }
  await keepChoice(parts.store, kept, { at: parts.clock.now(), days, choices: trained.choices })
  return {
    beliefs: batches.reduce((sum, { values }) => sum + values.length, 0),
    seconds: Math.round(performance.now() - begin) / 1000,
    models: trained.choices.map((choice) => modelView(choice, frame.step)),
  }
}

const slotOf = ({ start, step }: Frame, at: Instant): number => Math.round((at - start) / step)

/** The frame as known when the cycle begins, and the regressors as known at each viewpoint. */
async function readFrames(parts: CycleParts, order: CycleOrder, sensor: Sensor): Promise<{ frame: Frame; seen: Regressor[][] }> {
  const { cycle, config, horizon, prior } = order
  const step = sensor.resolution
  const start = cycle.trainStart
  const last = cycle.viewpoints.at(-1)!.at
  const until = instant(last + horizon)
  const known = await parts.beliefs.series({
    sensor: sensor.id,
    from: start,
    until: last,
    step,
    excludeSourceTypes: ['forecaster'],
    ...(prior !== undefined && { at: prior }),
  })
  const target = new Float64Array(Math.round((until - start) / step)).fill(Number.NaN)
  known.forEach((value, slot) => {
    if (value !== null) target[slot] = value
  })
  const seen: Regressor[][] = []
  for (const { beliefTime } of cycle.viewpoints)
    seen.push(await readRegressors(parts, config, { from: start, until, step, knownAt: beliefTime, lead: leadOf(horizon) }))
  const sun = await sunOf(parts.assets, sensor)
  return { frame: { start, step, zone: sensor.timezone, target, regressors: seen[0]!, ...(sun && { sun }) }, seen }
}

/** Where the sun shines on what a sensor measures, when that may follow it: power, energy and irradiance of something that has a place. */
export async function sunOf(assets: Assets, { unit, asset: id, resolution }: Sensor): Promise<Frame['sun'] | undefined> {
  if (resolution >= DAY || !(measures(unit, 'power') || measures(unit, 'energy') || /^k?W\/m/.test(unit))) return undefined
  for (let asset = await assets.get(id); asset; asset = asset.parent === null ? undefined : await assets.get(asset.parent))
    if (asset.latitude !== null && asset.longitude !== null) return { latitude: asset.latitude, longitude: asset.longitude }
  return undefined
}

/** FlexMeasures' own name of the model lets all candidates compete. */
function candidatesOf(model: string): readonly CandidateName[] {
  const one = CANDIDATES.find((name) => name === model)
  return one === undefined ? CANDIDATES : [one]
}

/** Parameters of LightGBM that mean something to our trees; the others are kept with the source and change nothing. */
function growthOf(params: Record<string, unknown> = {}): Growth {
  const number = (names: readonly string[], least: number, most: number) => {
    const value = names.map((name) => params[name]).find((one) => typeof one === 'number' && Number.isFinite(one))
    return value === undefined ? undefined : Math.max(least, Math.min(most, value as number))
  }
  const trees = number(['n_estimators', 'num_iterations', 'num_trees', 'num_boost_round'], 1, 500)
  const depth = number(['max_depth'], 1, 8)
  const rate = number(['learning_rate', 'eta'], 0.001, 1)
  const leafAtLeast = number(['min_child_samples', 'min_data_in_leaf'], 1, 5000)
  return {
    ...(trees !== undefined && { trees: Math.round(trees) }),
    ...(depth !== undefined && { depth: Math.round(depth) }),
    ...(rate !== undefined && { rate }),
    ...(leafAtLeast !== undefined && { leafAtLeast: Math.round(leafAtLeast) }),
  }
}

/** At least a day of values, and no more missing than the config tolerates. */
function checkData(frame: Frame, { cycle, config }: CycleOrder, sensor: Sensor): void {
  const until = slotOf(frame, cycle.from)
  const missing = (values: Float64Array) => values.subarray(0, until).filter((value) => Number.isNaN(value)).length
  const known = until - missing(frame.target)
  const least = Math.max(2, Math.round(DAY / frame.step))
  if (known < least)
    throw notEnough(
      `${say(SAYING.fewValues, { name: `${sensor.name} (ID: ${sensor.id})`, count: known, days: (until * frame.step) / DAY, least })} ${say(SAYING.recordMore)}`,
    )
  const series = [
    { name: `${sensor.name} (ID: ${sensor.id})`, values: frame.target },
    ...frame.regressors.map(({ name, values }) => ({ name, values })),
  ]
  for (const { name, values } of series) {
    const share = missing(values) / Math.max(1, until)
    if (share > config.missingThreshold)
      throw notEnough(
        say(SAYING.manyMissing, {
          name,
          missing: `${(share * 100).toFixed(1)}%`,
          threshold: `${(config.missingThreshold * 100).toFixed(1)}%`,
        }),
      )
  }
}

const notEnough = (message: string): Problem =>
  new Problem('not-enough-data', message, { status: 422, details: { exception: 'NotEnoughDataException' } })

function batchOf(
  { sensor, source, cycle, probabilistic, config }: CycleOrder,
  frame: Frame,
  index: number,
  foretold: Foretold,
): BeliefBatch {
  const { at, beliefTime } = cycle.viewpoints[index]!
  const parts: [number, Float64Array][] = [[0.5, finish(foretold.values, config)]]
  if (probabilistic) {
    parts.unshift([LOW, finish(foretold.low ?? foretold.values, config)])
    parts.push([HIGH, finish(foretold.high ?? foretold.values, config)])
  }
  const starts: Instant[] = []
  const values: number[] = []
  const probabilities: number[] = []
  for (let slot = 0; slot < foretold.values.length; slot++)
    for (const [probability, series] of parts) {
      if (Number.isNaN(series[slot]!)) continue
      starts.push(instant(at + slot * frame.step))
      values.push(series[slot]!)
      probabilities.push(probability)
    }
  return { sensor, source, starts, values, beliefTime, overwrite: true, ...(probabilistic && { probabilities }) }
}
