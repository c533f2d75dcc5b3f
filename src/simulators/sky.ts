/** The sky over an island: where the sun stands, what a clear sky would give, the clouds of a seeded weather, the air temperature. */
import { after, type Instant, MINUTE, SECOND } from '#kernel'
import { hashed, wander } from './noise.ts'

export interface Place {
  latitude: number
  longitude: number
}

export interface Weather {
  /** Share of the sky that clouds hide, 0–1. */
  cover: number
  /** Global irradiance on a level surface, W/m², and its two parts. */
  global: number
  /** On a surface that faces the sun. */
  beam: number
  diffuse: number
  /** Air temperature, °C. */
  temperature: number
  /** Height of the sun above the horizon and its direction from north over east, radians. */
  elevation: number
  azimuth: number
}

export interface Sky {
  at(moment: Instant, place?: Place): Weather
  /** Commands the clouds for some minutes from a moment; they come and go within 20 s. */
  cloud(cover: number, minutes: number, from: Instant): void
}

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const TURN = 20 * SECOND
const RADIANS = Math.PI / 180
/** The trade wind carries the clouds westward, so the east of the island sees them first. */
const WIND = 7
const METRES_PER_DEGREE = 108_000

/** A sky over a place; `utcOffset` hours bring the afternoon warmth to the afternoon. The same seed makes the same weather. */
export function sky({ place, seed, meanTemperature = 26.5 }: { place: Place; seed: number; meanTemperature?: number }): Sky {
  let commanded: { cover: number; from: Instant; until: Instant }[] = []

  function coverAt(moment: Instant, over: Place): number {
    const delay = ((place.longitude - over.longitude) * METRES_PER_DEGREE) / WIND
    const wind = moment - delay * 1000
    // Days differ (some fine, some overcast), hours within them too, and single clouds pass in minutes.
    const mood = 0.15 + 0.5 * wander(seed, wind, 1.2 * DAY)
    const drift = wander(seed + 1, wind, 2.5 * HOUR) - 0.5
    const gust = wander(seed + 2, wind, 22 * MINUTE) - 0.5
    const puff = wander(seed + 3, wind, 5 * MINUTE) - 0.5
    let cover = Math.min(1, Math.max(0, mood + 0.5 * drift + 0.45 * gust + 0.25 * puff))
    for (const order of commanded) {
      const share = Math.min(1, (moment - order.from) / TURN, (order.until - moment) / TURN)
      if (share > 0) cover += (order.cover - cover) * share
    }
    return cover
  }

  return {
    at(moment, over = place) {
      const cover = coverAt(moment, over)
      const { elevation, azimuth } = sunAt(moment, over)
      const { global, beam, diffuse } = light(elevation, cover)
      return { cover, global, beam, diffuse, temperature: airTemperature(moment, over, cover), elevation, azimuth }
    },
    cloud(cover, minutes, from) {
      commanded = commanded.filter(({ until }) => until > from)
      commanded.push({ cover: Math.min(1, Math.max(0, cover)), from, until: after(from, minutes * MINUTE) })
    },
  }

  function airTemperature(moment: Instant, over: Place, cover: number): number {
    const solarHour = (((moment / HOUR + over.longitude / 15) % 24) + 24) % 24
    const daily = 3 * Math.cos(((solarHour - 14) / 24) * 2 * Math.PI)
    const seasonal = 1.2 * Math.cos(((dayOfYear(moment) - 240) / 365.25) * 2 * Math.PI) * Math.sign(over.latitude || 1)
    const chance = wander(seed + 4, moment, 9 * HOUR) - 0.5
    return meanTemperature + daily * (1 - 0.4 * cover) + seasonal + chance
  }
}

const dayOfYear = (moment: Instant): number => (moment / DAY) % 365.2425

/** Sun position after Spencer's series (within about 0.2°, refraction left out). */
export function sunAt(moment: Instant, { latitude, longitude }: Place): { elevation: number; azimuth: number } {
  const year = 2 * Math.PI * (dayOfYear(moment) / 365.2425)
  const declination =
    0.006918 -
    0.399912 * Math.cos(year) +
    0.070257 * Math.sin(year) -
    0.006758 * Math.cos(2 * year) +
    0.000907 * Math.sin(2 * year) -
    0.002697 * Math.cos(3 * year) +
    0.00148 * Math.sin(3 * year)
  const equationOfTime =
    229.18 *
    (0.000075 + 0.001868 * Math.cos(year) - 0.032077 * Math.sin(year) - 0.014615 * Math.cos(2 * year) - 0.040849 * Math.sin(2 * year))
  const minutes = (moment % DAY) / MINUTE + equationOfTime + 4 * longitude
  const hourAngle = (minutes / 4 - 180) * RADIANS
  const phi = latitude * RADIANS
  const height = Math.sin(phi) * Math.sin(declination) + Math.cos(phi) * Math.cos(declination) * Math.cos(hourAngle)
  const elevation = Math.asin(Math.min(1, Math.max(-1, height)))
  const south = Math.atan2(Math.sin(hourAngle), Math.cos(hourAngle) * Math.sin(phi) - Math.tan(declination) * Math.cos(phi))
  return { elevation, azimuth: south + Math.PI }
}

/** Clear sky after Haurwitz, dimmed by clouds; clouds take the beam first and scatter part of it. */
function light(elevation: number, cover: number): { global: number; beam: number; diffuse: number } {
  const height = Math.sin(elevation)
  if (height <= 0) return { global: 0, beam: 0, diffuse: 0 }
  const clear = 1098 * height * Math.exp(-0.059 / height)
  const clearDiffuse = Math.min(clear, 0.14 * clear + 20 * height)
  const direct = (clear - clearDiffuse) * (1 - cover ** 1.3) ** 1.2
  const diffuse = clearDiffuse * (1 - 0.35 * cover) + 0.17 * (clear - clearDiffuse) * Math.sin(cover * Math.PI * 0.75)
  return { global: direct + diffuse, beam: height > 0.02 ? direct / height : 0, diffuse }
}

/** Irradiance (W/m²) and air temperature (°C) of a place as means over steps from `from` on, for the history of a weather station. */
export function weatherHistory({
  weather,
  from,
  until,
  step,
  place,
}: {
  weather: Sky
  from: Instant
  until: Instant
  step: number
  place?: Place
}): { at: Instant; irradiance: number; temperature: number }[] {
  const series: { at: Instant; irradiance: number; temperature: number }[] = []
  const samples = Math.max(1, Math.round(step / (5 * MINUTE)))
  for (let at = from; at < until; at = after(at, step)) {
    let irradiance = 0
    let temperature = 0
    for (let i = 0; i < samples; i++) {
      const moment = weather.at(after(at, ((i + 0.5) * step) / samples), place)
      irradiance += moment.global / samples
      temperature += moment.temperature / samples
    }
    series.push({ at, irradiance: round(irradiance, 1), temperature: round(temperature, 2) })
  }
  return series
}

const round = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits

/** A tilt and direction for a roof, from its seed: roofs differ. */
export const roofOf = (seed: number): { tilt: number; azimuth: number } => ({
  tilt: (8 + 17 * hashed(seed, 1)) * RADIANS,
  azimuth: (120 + 120 * hashed(seed, 2)) * RADIANS,
})
