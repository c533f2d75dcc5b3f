/** Cars that are away but usually come: stocks that appear at their arrival with what they will need, so that the plan keeps room for them. */
import { after, type Instant } from '#kernel'
import { expectedPresence, habitualWish, type VehicleHabits } from '../forecasting/vehicle.ts'
import type { PlanDevice } from '../scheduling/site-problem.ts'
import type { Site, SiteDevice } from '../site.ts'

/** A car that is expected to be plugged in the window. */
export interface Arrival {
  vehicle: SiteDevice
  arrives: Instant
  leaves: Instant
  /** kWh it will want between the two. */
  needKwh: number
  planned: PlanDevice
}

export interface ArrivalWindow {
  start: Instant
  step: number
  slots: number
}

/** With fewer days of history nothing is expected. */
const FEWEST_DAYS = 3
/** Expected cars come after those that are there. */
const LATER = 2
/** And their wishes weigh less: they may not come. */
const WEIGHT = 0.25
/** Losses of a charger whose car is not known. */
const EFFICIENCY = 0.92

/** The next stay of a car that is away now; undefined when its history tells none that ends in the window, or it needs nothing. */
export function expectedArrival(
  site: Site,
  vehicle: SiteDevice,
  habits: VehicleHabits,
  { start, step, slots }: ArrivalWindow,
): Arrival | undefined {
  const { arrivalKwh, departureKwh, days } = habits
  if (arrivalKwh === undefined || departureKwh === undefined || days < FEWEST_DAYS) return undefined
  const needKwh = departureKwh - arrivalKwh
  if (!(needKwh > 0.5)) return undefined
  const presence = expectedPresence(habits, site.zone, start, step, slots)
  // A car that should be here and is not is late: it may come at any moment, or not at all; only an arrival ahead counts.
  const away = presence.findIndex((each) => each < 0.5)
  const comes = away < 0 ? -1 : presence.findIndex((each, slot) => slot > away && each >= 0.5)
  if (comes < 0) return undefined
  const arrives = after(start, comes * step)
  const wish = habitualWish(habits, arrives, site.zone)
  const slot = wish ? Math.floor((wish.by - start) / step) - 1 : -1
  if (!wish || slot <= comes || slot >= slots) return undefined
  const power = chargerPower(site)
  if (power <= 0) return undefined
  const series = (each: number) => Array.from({ length: slots }, (_, at) => (at >= comes && at <= slot ? each : 0))
  const capacity = Math.max((vehicle.capacity ?? 0) / 1000, departureKwh)
  return {
    vehicle,
    arrives,
    leaves: wish.by,
    needKwh,
    planned: {
      id: `${vehicle.device} (expected)`,
      minKw: 0,
      maxKw: series(power),
      priority: LATER,
      storage: {
        kwh: arrivalKwh,
        minKwh: 0,
        maxKwh: capacity,
        chargingEfficiency: EFFICIENCY,
        dischargingEfficiency: EFFICIENCY,
        wishes: [{ slot, kwh: departureKwh, kind: 'minimum', weight: WEIGHT }],
      },
    },
  }
}

/** What a charger of the site gives, kW: the one in the middle. */
function chargerPower(site: Site): number {
  const powers = site.devices.flatMap(({ kind, nominal }) => (kind === 'evse' ? [nominal / 1000] : [])).sort((one, other) => one - other)
  return powers[Math.floor(powers.length / 2)] ?? 0
}
