// From what is wished to what the planner places.
import { instant, MINUTE, say } from '#kernel'
import type { Appliance } from '../planning/problem.ts'
import { heating, servoHeating } from './heating.ts'
import { type Asked, type Outset, SLOT } from './outset.ts'
import { SAYING } from './saying.ts'
import { waterHeater } from './water-heater.ts'
import { deadlineOf } from './when.ts'
import type { Declaration, MachineWish, VehicleWish, Wish } from './wish.ts'

/** What the planner gets of a declaration, or nothing when there is nothing to place now; with what there is to say. */
export interface Placeable {
  appliance?: Appliance
  says: string[]
}

/** @throws Problem `naive-datetime`, `invalid-datetime` when a moment of the wish is none */
export function placeableOf({ appliance, home, type, wish }: Declaration, outset: Outset): Placeable {
  const { demand, says } = askedOf(wish, outset)
  return {
    ...(demand && { appliance: { id: String(appliance), type, priority: 0, ...(home !== undefined && { home }), ...demand } }),
    says,
  }
}

function askedOf(wish: Wish, outset: Outset): Asked {
  switch (wish.kind) {
    case 'machine':
      return machine(wish, outset)
    case 'vehicle':
      return vehicle(wish, outset)
    case 'water-heater':
      return waterHeater(wish, outset)
    case 'heating':
      return heating(wish, outset)
    case 'servo-heating':
      return servoHeating(wish, outset)
  }
}

/** A machine runs once: not before its deadline less its delay less its duration. */
function machine({ done, durationMinutes = 0, delayMinutes }: MachineWish, { start, zone, profileW = [] }: Outset): Asked {
  const slots = Math.max(1, profileW.length, Math.ceil((durationMinutes * MINUTE) / SLOT))
  const latestEnd = deadlineOf(done, start, zone)
  const first = delayMinutes === undefined ? start : latestEnd - delayMinutes * MINUTE - slots * SLOT
  const profileKw = Array.from({ length: slots }, (_, slot) => (profileW[slot] ?? 0) / 1000)
  return { demand: { kind: 'cycle', profileKw, earliestStart: instant(Math.max(start, first)), latestEnd }, says: [] }
}

/** A vehicle takes at least what lacks to what is wished, at most what lacks to full. */
function vehicle(wish: VehicleWish, { start, zone, takenWh = 0 }: Outset): Asked {
  const energyKwh = (percent: number): number => Math.max(0, (wish.capacityWh * (percent - wish.nowPercent)) / 100 - takenWh) / 1000
  if (energyKwh(100) === 0) return { says: [say(SAYING.full)] }
  const levels = [...new Set(wish.powersW)].sort((a, b) => a - b).map((power) => power / 1000)
  return {
    demand: {
      kind: 'charge',
      powerLevelsKw: wish.charging === 'modulating' ? levels : levels.slice(-1),
      minEnergyKwh: energyKwh(wish.leastPercent),
      maxEnergyKwh: energyKwh(100),
      interruptible: wish.charging !== 'continuous',
      earliestStart: start,
      latestEnd: deadlineOf(wish.done, start, zone),
    },
    says: [],
  }
}
