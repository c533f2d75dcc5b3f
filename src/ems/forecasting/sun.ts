/** Where the sun stands and what a clear sky gives: NOAA's solar position (after Spencer), Haurwitz's clear sky. */
import type { Instant } from '#kernel'

export interface Place {
  latitude: number
  longitude: number
}

const RADIANS = Math.PI / 180
const DAY = 86_400_000

/** Sine of the sun's height above the horizon at the middle of a moment; negative at night. Good to half a degree. */
export function sineOfElevation(at: Instant, { latitude, longitude }: Place): number {
  const date = new Date(at)
  const yearStart = Date.UTC(date.getUTCFullYear(), 0, 1)
  const days = (Date.UTC(date.getUTCFullYear() + 1, 0, 1) - yearStart) / DAY
  const turn = (2 * Math.PI * ((at - yearStart) / DAY - 0.5)) / days
  const equationOfTime =
    229.18 *
    (0.000075 + 0.001868 * Math.cos(turn) - 0.032077 * Math.sin(turn) - 0.014615 * Math.cos(2 * turn) - 0.040849 * Math.sin(2 * turn))
  const declination =
    0.006918 -
    0.399912 * Math.cos(turn) +
    0.070257 * Math.sin(turn) -
    0.006758 * Math.cos(2 * turn) +
    0.000907 * Math.sin(2 * turn) -
    0.002697 * Math.cos(3 * turn) +
    0.00148 * Math.sin(3 * turn)
  const solarMinutes = ((at % DAY) + DAY) / 60_000 + equationOfTime + 4 * longitude
  const hourAngle = (solarMinutes / 4 - 180) * RADIANS
  return Math.sin(latitude * RADIANS) * Math.sin(declination) + Math.cos(latitude * RADIANS) * Math.cos(declination) * Math.cos(hourAngle)
}

/** Global irradiance of a clear sky on level ground, W/m². */
export function clearSky(at: Instant, place: Place): number {
  const sine = sineOfElevation(at, place)
  return sine <= 0 ? 0 : 1098 * sine * Math.exp(-0.057 / sine)
}

/** Mean clear sky over a slot, W/m². */
export function clearSkyMean(start: Instant, step: number, place: Place): number {
  const parts = Math.max(1, Math.min(4, Math.round(step / 300_000)))
  let sum = 0
  for (let part = 0; part < parts; part++) sum += clearSky((start + ((part + 0.5) * step) / parts) as Instant, place)
  return sum / parts
}
