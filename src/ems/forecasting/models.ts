/** Which model forecasts which sensor of a site, behind the face `Forecaster`. */
import { after, DAY, dayStart, type Instant, MINUTE } from '#kernel'
import type { Beliefs } from '../belief.ts'
import type { Forecaster, ForecastRequest, ForecastSeries } from '../forecaster.ts'
import type { Site } from '../site.ts'
import { usualHour } from './daily.ts'
import { type Past, pastBefore, pastOf } from './past.ts'
import { clearnessNow, learnClearness, type SunSensor, sunForecast } from './sun-power.ts'
import { expectedLevels, learnHabits } from './vehicle.ts'

export interface Model {
  sensor: number
  asset: number
  name: string
  model: string
  /** Slot of the past that it learns from, ms. */
  step: number
  /** Daily shape of sunlight: skill counts daylight only. */
  sun?: SunSensor
  /** What skill is measured in, when not in the sensor's values: cars are judged by whether they were there. */
  presence?: boolean
  /** From a past (already cut to what was known at `ahead.at`): values per slot, consumption positive. */
  predict(
    past: Past,
    ahead: { at: Instant; from: Instant; step: number; slots: number },
    more?: { measuredNow?: number },
  ): (number | null)[]
}

/** How much past the models learn from. */
export const MEMORY = 14 * DAY

export interface ModelsOptions {
  /** True when a plant was held back at that time: its measurements say nothing about the sun. */
  isCurtailed?: (asset: number, start: Instant) => boolean
}

/** The models of a site: PV plants, irradiance, temperature, cars. Batteries do what the plan says and are not forecast. */
export function modelsOf(site: Site, { isCurtailed = () => false }: ModelsOptions = {}): Model[] {
  const here = { latitude: site.latitude, longitude: site.longitude }
  const sunny = (sensor: number, asset: number, name: string, model: string, sun: SunSensor): Model => ({
    sensor,
    asset,
    name,
    model,
    step: 15 * MINUTE,
    sun,
    predict(past, ahead, { measuredNow } = {}) {
      const isValid = (start: Instant) => !isCurtailed(asset, start)
      // Learned from whole days only, so that the far end of a forecast rests within a day.
      const days = pastBefore(past, dayStart(ahead.at, site.zone))
      const learned = learnClearness(days.values.some((value) => value !== null) ? days : past, sun, isValid)
      return sunForecast(sun, learned, clearnessNow(past, sun, ahead.at, measuredNow), ahead)
    },
  })
  const plants = site.devices.filter((member) => member.kind === 'pv' && member.power !== undefined)
  const cars = site.devices.filter((member) => member.kind === 'vehicle' && member.soc !== undefined)
  const { irradiance, temperature } = site.sensors
  return [
    ...plants.map((plant) =>
      sunny(plant.power!, plant.asset, plant.name, 'PvPhysical', {
        place: { latitude: plant.latitude ?? here.latitude, longitude: plant.longitude ?? here.longitude },
        zone: site.zone,
        full: -plant.nominal / 1000,
      }),
    ),
    ...(irradiance === undefined
      ? []
      : [sunny(irradiance, site.asset, 'irradiance', 'ClearSky', { place: here, zone: site.zone, full: 1000 })]),
    ...(temperature === undefined
      ? []
      : [
          {
            sensor: temperature,
            asset: site.asset,
            name: 'temperature',
            model: 'UsualHour',
            step: 15 * MINUTE,
            predict: (past: Past, ahead: Parameters<Model['predict']>[1]) => usualHour(past, site.zone, ahead),
          },
        ]),
    ...cars.map((car) => ({
      sensor: car.soc!,
      asset: car.asset,
      name: car.name,
      model: 'VehicleHabits',
      step: 15 * MINUTE,
      presence: true,
      predict: (past: Past, { from, step, slots }: Parameters<Model['predict']>[1]) =>
        expectedLevels(learnHabits(past, site.zone), site.zone, from, step, slots),
    })),
  ]
}

/** A model as a `Forecaster` that reads its past from beliefs. */
export function forecasterOf(model: Model, beliefs: Beliefs): Forecaster {
  return {
    model: model.model,
    async forecast({ from, until, step, at }: ForecastRequest): Promise<ForecastSeries> {
      const past = await pastOf(beliefs, model.sensor, after(at, -MEMORY), at, model.step)
      const slots = Math.max(0, Math.ceil((until - from) / step))
      return { model: model.model, values: model.predict(past, { at, from, step, slots }) }
    },
  }
}
