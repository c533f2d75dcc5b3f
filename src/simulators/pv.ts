/** A PV plant: cells that warm up in the sun, an inverter that clips, curtails when told and falls back when it is not told again. */
import { after, type Instant, MINUTE, SECOND } from '#kernel'
import { seedOf } from './noise.ts'
import { type Place, roofOf, type Sky } from './sky.ts'

export interface PvOptions {
  id: string
  weather: Sky
  place: Place
  start: Instant
  /** Power of the modules at standard conditions, W; default 5000. */
  peak?: number
  /** Rating of the inverter, W; default the peak power. */
  rating?: number
  /** Energy counter at the start, Wh. */
  energy?: number
}

export interface PvState {
  at: Instant
  /** What it delivers, W, production positive. */
  power: number
  /** What the sun would allow, W. */
  available: number
  /** All it ever delivered, Wh. */
  energy: number
  cellTemperature: number
  curtailed: boolean
  fault: boolean
}

export interface PvPlant {
  readonly id: string
  readonly rating: number
  /** State at a moment; time only runs forward, and stands while frozen. */
  at(moment: Instant): PvState
  /** Lets it deliver at most this share of its rating for `seconds` (0 = until further notice); undefined lifts the cap. */
  curtail(share: number | undefined, seconds: number, moment: Instant): void
  /** The cap in force, and the seconds it has left. */
  cap(): { share: number; left: number } | undefined
  fault(on: boolean): void
  freeze(on: boolean): void
}

/** Losses of cables, dirt and mismatch. */
const LOSSES = 0.14
/** Loss of power per kelvin above 25 °C. */
const GAMMA = 0.0037
/** Kelvin per W/m² of a roof with some air behind the modules. */
const HEATING = 0.032
/** An inverter moves by this share of its rating in a second. */
const RAMP = 0.5
const LONGEST_STEP = MINUTE

/** A plant at a place under a sky. */
export function pvPlant({ id, weather, place, start, peak = 5000, rating = peak, energy = 0 }: PvOptions): PvPlant {
  const roof = roofOf(seedOf(id))
  let now = start
  let power = sun(start).available
  let total = energy
  let limit: { share: number; until: number } | undefined
  let broken = false
  let frozen = false

  function sun(moment: Instant): { available: number; cellTemperature: number } {
    const { beam, diffuse, temperature, elevation, azimuth, global } = weather.at(moment, place)
    if (elevation <= 0) return { available: 0, cellTemperature: temperature }
    const facing = Math.sin(elevation) * Math.cos(roof.tilt) + Math.cos(elevation) * Math.sin(roof.tilt) * Math.cos(azimuth - roof.azimuth)
    const onRoof = beam * Math.max(0, facing) + (diffuse * (1 + Math.cos(roof.tilt))) / 2 + (0.2 * global * (1 - Math.cos(roof.tilt))) / 2
    const cellTemperature = temperature + HEATING * onRoof
    const raw = peak * (onRoof / 1000) * (1 - GAMMA * (cellTemperature - 25)) * (1 - LOSSES)
    return { available: Math.min(rating, Math.max(0, raw)), cellTemperature }
  }

  function advance(to: Instant): void {
    if (frozen) return
    while (now < to) {
      const next = Math.min(to, after(now, LONGEST_STEP), limit && limit.until > now ? limit.until : to) as Instant
      step(next)
      if (limit && now >= limit.until) limit = undefined
    }
  }

  function step(next: Instant): void {
    const seconds = (next - now) / SECOND
    const target = broken ? 0 : Math.min(sun(next).available, limit ? limit.share * rating : rating)
    const most = RAMP * rating * seconds
    const before = power
    power = broken ? 0 : before + Math.min(most, Math.max(-most, target - before))
    total += ((before + power) / 2) * (seconds / 3600)
    now = next
  }

  return {
    id,
    rating,
    at(moment) {
      advance(moment)
      const { available, cellTemperature } = sun(now)
      return {
        at: now,
        power,
        available,
        energy: total,
        cellTemperature,
        curtailed: limit !== undefined && power < available - 1,
        fault: broken,
      }
    },
    curtail(share, seconds, moment) {
      advance(moment)
      limit = share === undefined ? undefined : { share, until: seconds > 0 ? after(moment, seconds * SECOND) : Number.POSITIVE_INFINITY }
    },
    cap: () =>
      limit && { share: limit.share, left: Number.isFinite(limit.until) ? Math.max(0, Math.ceil((limit.until - now) / SECOND)) : 0 },
    fault(on) {
      broken = on
      if (on) power = 0
    },
    freeze(on) {
      frozen = on
    },
  }
}

/** Mean power of steps from `from` on (W, consumption positive, so production is negative), by the same plant stepped through time. */
export function pvHistory(
  options: Omit<PvOptions, 'start'>,
  { from, until, step }: { from: Instant; until: Instant; step: number },
): { at: Instant; powerW: number }[] {
  const plant = pvPlant({ ...options, start: from })
  const series: { at: Instant; powerW: number }[] = []
  let before = plant.at(from).energy
  for (let at = from; at < until; at = after(at, step)) {
    const { energy } = plant.at(after(at, step))
    series.push({ at, powerW: 0 - Math.round(((energy - before) * 3_600_000) / step) })
    before = energy
  }
  return series
}
