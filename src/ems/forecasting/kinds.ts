/** What is forecast, by name, and the candidate that speaks for it until the past is long enough to choose one. */
import { measures } from '#kernel'
import type { Sensor } from '../sensors.ts'
import type { CandidateName } from './learn/candidates.ts'

export const KINDS = ['load', 'pv', 'price', 'co2', 'irradiance', 'temperature', 'other'] as const
export type ForecastKind = (typeof KINDS)[number]

/** Loads repeat their days, prices and CO₂ theirs shifted by what is now, plants follow the sun. */
export const DEFAULT_MODELS: Readonly<Record<ForecastKind, CandidateName>> = {
  load: 'MeanOf7Days',
  pv: 'ClearSky',
  price: 'UsualHour',
  co2: 'UsualHour',
  irradiance: 'ClearSky',
  temperature: 'UsualHour',
  other: 'MeanOf7Days',
}

/** What a sensor is a series of, by its unit and the type of its asset. */
export function kindOf({ unit }: Pick<Sensor, 'unit'>, assetType = ''): ForecastKind {
  if (measures(unit, 'energy price')) return 'price'
  if (/^(k?g|t)(CO[2₂](e|eq)?)?\/[kM]Wh$/i.test(unit.replace(/\s/g, ''))) return 'co2'
  if (/^k?W\/m(²|2|\^2|\*\*2)$/.test(unit)) return 'irradiance'
  if (measures(unit, 'temperature')) return 'temperature'
  if (measures(unit, 'power') || measures(unit, 'energy')) return assetType === 'solar' ? 'pv' : 'load'
  return 'other'
}
