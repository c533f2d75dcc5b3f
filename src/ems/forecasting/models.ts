/** What is forecast of a site, by which candidate unless a better one was chosen, and how a past becomes the frame they look at. */
import { HOUR, type Instant, MINUTE } from '#kernel'
import type { Site } from '../site.ts'
import type { CandidateName } from './learn/candidates.ts'
import { foretell, untrained } from './learn/foretell.ts'
import type { Frame, Regressor } from './learn/frame.ts'
import { clearnessOf } from './learn/sky.ts'
import type { Trained } from './learn/train.ts'
import type { Ahead, Past } from './past.ts'
import { expectedLevels, learnHabits } from './vehicle.ts'

export interface Model {
  sensor: number
  asset: number
  name: string
  /** Name of the data source while the default candidate speaks. */
  model: string
  /** Slot of the past that it learns from, ms. */
  step: number
  zone: string
  /** Taken until another one was chosen; cars have none, they have habits. */
  candidate?: CandidateName
  /** Daily shape of sunlight: skill counts daylight only. `full`: the value under 1000 W/m², negative for plants. */
  sun?: NonNullable<Frame['sun']> & { full: number }
  /** Skill is whether the car was there, not how full it was. */
  presence?: boolean
  /** The market says some of it beforehand: only what it has not said is forecast. */
  told?: boolean
  /** Sensors whose forecasts by others (a weather service) explain it. */
  explainedBy?: number[]
}

/** Name of the data source when another than the default candidate was chosen. */
export const CHOSEN = 'TrainPredictPipeline'
/** How much past the default candidates look at, ms, and those that were chosen. */
export const MEMORY = 14 * 24 * 60 * MINUTE
export const LONG_MEMORY = 2 * MEMORY

/** The models of a site: PV plants, irradiance, temperature, prices, cars. Batteries do what the plan says and are not forecast. */
export function modelsOf(site: Site): Model[] {
  const { zone, latitude, longitude } = site
  const common = { step: 15 * MINUTE, zone }
  const here = { asset: site.asset, ...common }
  const { irradiance, temperature, price } = site.sensors
  const weather = [irradiance, temperature].filter((sensor) => sensor !== undefined)
  const plants = site.devices.filter((member) => member.kind === 'pv' && member.power !== undefined)
  const cars = site.devices.filter((member) => member.kind === 'vehicle' && member.soc !== undefined)
  return [
    ...plants.map(
      (plant): Model => ({
        ...common,
        sensor: plant.power!,
        asset: plant.asset,
        name: plant.name,
        model: 'PvPhysical',
        candidate: 'ClearSky',
        sun: { latitude: plant.latitude ?? latitude, longitude: plant.longitude ?? longitude, full: -plant.nominal / 1000 },
        explainedBy: weather,
      }),
    ),
    ...(irradiance === undefined
      ? []
      : [
          {
            ...here,
            sensor: irradiance,
            name: 'irradiance',
            model: 'ClearSky',
            candidate: 'ClearSky' as const,
            sun: { latitude, longitude, full: 1000 },
          },
        ]),
    ...(temperature === undefined
      ? []
      : [{ ...here, sensor: temperature, name: 'temperature', model: 'UsualHour', candidate: 'UsualHour' as const }]),
    ...(price === undefined
      ? []
      : [
          {
            ...here,
            sensor: price,
            name: 'price',
            step: HOUR,
            model: 'SameHourYesterday',
            candidate: 'Yesterday' as const,
            told: true,
          },
        ]),
    ...cars.map(
      (car): Model => ({ ...common, sensor: car.soc!, asset: car.asset, name: car.name, model: 'VehicleHabits', presence: true }),
    ),
  ]
}

/** A past and the slots to come as one frame; `origin` is the first slot that is not known. */
export function frameOf(
  { sun, zone }: Pick<Model, 'sun' | 'zone'>,
  past: Past,
  { from, slots }: Pick<Ahead, 'from' | 'slots'>,
  regressors: Regressor[] = [],
): { frame: Frame; origin: number } {
  const origin = Math.max(0, Math.floor((from - past.start) / past.step))
  const target = new Float64Array(origin + slots).fill(Number.NaN)
  for (let slot = 0; slot < Math.min(origin, past.values.length); slot++) target[slot] = past.values[slot] ?? Number.NaN
  return { frame: { start: past.start, step: past.step, zone, target, regressors, ...(sun && { sun }) }, origin }
}

export interface PredictOptions {
  /** Raw value of this minute, which the past knows only when its slot is over. */
  measuredNow?: number | undefined
  trained?: Trained | undefined
  regressors?: Regressor[] | undefined
}

/** Values per slot from a past (already cut to what was known at `ahead.at`), consumption positive; null = nothing to say. */
export function predict(
  model: Model,
  past: Past,
  ahead: Ahead,
  { measuredNow, trained, regressors }: PredictOptions = {},
): (number | null)[] {
  const { at, from, step, slots } = ahead
  if (model.presence || !model.candidate) return expectedLevels(learnHabits(past, model.zone), model.zone, from, step, slots)
  const { frame, origin } = frameOf(model, past, ahead, regressors)
  const clearness = model.sun && measuredNow !== undefined ? clearnessOf(measuredNow, at, model.sun.full, model.sun) : undefined
  const { values } = foretell(trained ?? untrained(model.candidate, step), frame, origin, slots, clearness)
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value))
}

/** Whether what was trained is more than the default candidate. */
export const isChosen = (model: Model, trained: Trained | undefined): boolean =>
  trained?.choices.some(({ models }) => models.length !== 1 || models[0] !== model.candidate) ?? false

/** Name of the data source that speaks for a model. */
export const sourceModel = (model: Model, trained: Trained | undefined): string => (isChosen(model, trained) ? CHOSEN : model.model)

/** Measurements of slots in which a plant was held back say nothing about the sun. */
export function withoutHeld(past: Past, isHeld: (start: Instant) => boolean): Past {
  return { ...past, values: past.values.map((value, slot) => (isHeld((past.start + slot * past.step) as Instant) ? null : value)) }
}
