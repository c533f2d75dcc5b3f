/** Two weeks that the same device models would have lived through, so that charts and forecasts mean something at first sight. */
import { after, type Instant, instant, MINUTE, wallClock, watts } from '#kernel'
import { battery, batteryHistory } from './battery.ts'
import type { CarSpec } from './car.ts'
import { carHistory } from './car-history.ts'
import { hashed } from './noise.ts'
import { pvHistory } from './pv.ts'
import type { Sky } from './sky.ts'
import type { PastSeries, WorldSpec } from './world-spec.ts'

const WEATHER_STEP = 15 * MINUTE

export interface Past {
  series: PastSeries[]
  /** Wh in each battery and car at the end: the present begins with it. */
  end: Record<string, number>
}

/** Makes the past of the whole world. Batteries follow a simple clock, cars charge on arrival. */
export function past(
  spec: WorldSpec,
  weather: Sky,
  cars: readonly { spec: CarSpec; nominalKw: number }[],
  window: { from: Instant; until: Instant; step: number },
): Past {
  const { from, until, step } = window
  const series: PastSeries[] = []
  const end: Record<string, number> = {}
  const add = (device: string, measure: PastSeries['measure'], values: (number | null)[], each = step) =>
    series.push({ device, measure, start: from, step: each, values })

  for (const { id, peakKw, latitude, longitude } of spec.pvs) {
    const lived = pvHistory({ id, weather, place: { latitude, longitude }, peak: peakKw * 1000 }, window)
    add(
      id,
      'power',
      lived.map(({ powerW }) => powerW / 1000),
    )
  }
  for (const { id, capacityKwh, powerKw, minSocKwh, maxSocKwh } of spec.batteries) {
    const options = {
      id,
      capacity: capacityKwh * 1000,
      power: powerKw * 1000,
      minSoc: minSocKwh / capacityKwh,
      maxSoc: maxSocKwh / capacityKwh,
    }
    const lived = batteryHistory(options, { ...window, rule: (at) => clockRule(spec, id, at) * powerKw * 1000 })
    add(
      id,
      'power',
      lived.map(({ powerW }) => powerW / 1000),
    )
    add(
      id,
      'soc',
      lived.map(({ socWh }) => socWh / 1000),
    )
    end[id] = lived.at(-1)?.socWh ?? battery({ ...options, start: until }).at(until).soc
  }
  for (const { spec: car, nominalKw } of cars) {
    const lived = carHistory(car, { nominal: watts(nominalKw * 1000) }, from, until, step)
    add(
      car.home,
      'power',
      lived.power.map((power) => power / 1000),
    )
    add(
      car.id,
      'soc',
      lived.soc.map((soc, index) => (lived.plugged[index] ? soc / 1000 : null)),
    )
    end[car.id] = lived.end
  }
  const moments = Array.from({ length: Math.floor((until - from) / WEATHER_STEP) }, (_, index) => after(from, index * WEATHER_STEP))
  const middles = moments.map((at) => weather.at(after(at, WEATHER_STEP / 2)))
  add(
    'weather',
    'irradiance',
    middles.map(({ global }) => Math.round(global * 10) / 10),
    WEATHER_STEP,
  )
  add(
    'weather',
    'temperature',
    middles.map(({ temperature }) => Math.round(temperature * 10) / 10),
    WEATHER_STEP,
  )
  return { series, end }
}

/** Share of its power that a battery without a platform would give or take: fills at night and at noon, gives in the evening. */
function clockRule({ seed, zone }: WorldSpec, id: string, at: Instant): number {
  const { hour, dayOfYear } = wallClock(at, zone)
  const keen = 0.4 + 0.5 * hashed(seed, dayOfYear * 64 + [...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0))
  if (hour >= 1 && hour < 5) return 0.35 * keen
  if (hour >= 11 && hour < 14) return 0.3 * keen
  if (hour >= 18 && hour < 21) return -0.6 * keen
  return 0
}

/** The window of a past that ends now: whole steps. */
export const pastWindow = (given: NonNullable<WorldSpec['history']>) => ({
  from: instant(given.from),
  until: instant(given.until),
  step: given.step,
})
