/** Habits of a site's cars, looked up in their history when somebody asks, remembered for an hour. */
import { after, floorTo, HOUR, type Instant, MINUTE } from '#kernel'
import type { Beliefs } from '../belief.ts'
import type { Wish } from '../device.ts'
import type { Site, SiteDevice } from '../site.ts'
import { MEMORY } from './models.ts'
import { pastOf } from './past.ts'
import { habitualWish, learnHabits, type VehicleHabits } from './vehicle.ts'

export interface HabitBook {
  /** Presence per weekday and hour, levels, departures; see `VehicleHabits`. */
  of(vehicle: SiteDevice, at: Instant): Promise<VehicleHabits>
  /** The wish of a plugged car whose driver said nothing. */
  wish(vehicle: SiteDevice, at: Instant): Promise<Wish | undefined>
}

/** Opens the book of habits of a site. */
export function openHabits(beliefs: Beliefs, site: Site): HabitBook {
  const remembered = new Map<number, { hour: Instant; habits: Promise<VehicleHabits> }>()
  const of = (vehicle: SiteDevice, at: Instant): Promise<VehicleHabits> => {
    const hour = floorTo(at, HOUR)
    const known = remembered.get(vehicle.asset)
    if (known?.hour === hour) return known.habits
    const habits = pastOf(beliefs, vehicle.soc!, after(hour, -MEMORY), hour, 15 * MINUTE).then((past) => learnHabits(past, site.zone))
    remembered.set(vehicle.asset, { hour, habits })
    habits.catch(() => remembered.delete(vehicle.asset))
    return habits
  }
  return {
    of,
    wish: async (vehicle, at) => (vehicle.soc === undefined ? undefined : habitualWish(await of(vehicle, at), at, site.zone)),
  }
}
