// Heating between eco and comfort, and heating whose room is modelled.
import { after, type Instant, say } from '#kernel'
import { type Asked, endOf, type Outset, SLOT, SLOTS } from './outset.ts'
import { SAYING } from './saying.ts'
import { type Period, periodsBetween } from './when.ts'
import type { HeatingWish, ServoHeatingWish } from './wish.ts'

/** Of so many slots on end … */
const SLIDING = 4
/** … at least so many are comfort. */
const SLIDING_COMFORT = 3
/** Outside, where nobody knows: 283 K. */
const OUTDOOR_C = 10

const comfortPeriods = ({ week, weekend }: Pick<HeatingWish, 'week' | 'weekend'>, outset: Outset): Period[] =>
  periodsBetween((weekday) => (weekday > 5 ? weekend : week), outset.start, endOf(outset), outset.zone)

/**
 * Comfort and eco of a heater. What its present period already had counts: of the whole period so many slots must be comfort, and a slot of eco
 * among the last three makes the next ones comfort.
 */
export function heating(wish: HeatingWish, outset: Outset): Asked {
  const periods = comfortPeriods(wish, outset).flatMap((period) => periodStill(period, wish.ecoPercent, outset))
  if (periods.length === 0) return { says: [say(SAYING.noComfort)] }
  return {
    demand: {
      kind: 'comfort',
      ecoKw: wish.ecoW / 1000,
      comfortKw: Math.max(wish.comfortW, wish.ecoW) / 1000,
      periods,
      slidingSlots: SLIDING,
      slidingMinComfort: SLIDING_COMFORT,
    },
    says: [],
  }
}

type ComfortPeriod = Period & { minComfortSlots: number }

/** What is left of a period within the plan: slots that must be comfort first, then the others. */
function periodStill({ start: begun, end }: Period, ecoPercent: number, outset: Outset): ComfortPeriod[] {
  const { start, comfortBefore = [] } = outset
  const from = Math.max(0, Math.ceil((begun - start) / SLOT))
  const to = Math.min(SLOTS, Math.floor((end - start) / SLOT))
  if (to <= from) return []
  const past = begun < start ? comfortBefore.slice(-Math.floor((start - begun) / SLOT)) : []
  const whole = past.length + to - from
  const wanted = Math.ceil(((100 - ecoPercent) * whole) / 100) - past.filter(Boolean).length
  const lastEco = past.lastIndexOf(false)
  const forced = lastEco < 0 ? 0 : Math.min(to - from, Math.max(0, SLIDING - (past.length - lastEco)))
  const rest = to - from - forced
  const at = (slot: number): Instant => after(start, slot * SLOT)
  // Where fewer slots are left than the sliding rule looks at, it lets one of them be eco.
  const least = rest < SLIDING ? rest - 1 : 0
  return [
    { start: at(from), end: at(from + forced), minComfortSlots: forced },
    { start: at(from + forced), end: at(to), minComfortSlots: Math.min(rest, Math.max(0, least, wanted - forced)) },
  ].filter((period) => period.end > period.start)
}

/**
 * Heats a room so that it never falls below what is wished less its delta, and no more than that: the least of all ways that keep it so. The room
 * is one capacity behind one resistance; where its power does not suffice it is always on.
 *
 * @returns 1 in slots that heat, 0 in others; one value a slot of the plan
 */
export function servoSlots(wish: ServoHeatingWish, outset: Outset): number[] {
  const periods = comfortPeriods(wish, outset)
  const outdoor = wish.outdoorC ?? OUTDOOR_C
  const seconds = SLOT / 1000
  const gain = (wish.powerW * seconds) / wish.capacityJPerK
  const kept = Math.max(0, 1 - seconds / (wish.resistanceKPerW * wish.capacityJPerK))
  let room = wish.roomC
  return Array.from({ length: SLOTS }, (_, slot) => {
    const next = after(outset.start, (slot + 1) * SLOT)
    const isComfort = periods.some(({ start, end }) => start <= next && next <= end)
    const cold = outdoor + kept * (room - outdoor)
    const heats = cold < (isComfort ? wish.comfortC : wish.ecoC) - wish.deltaC ? 1 : 0
    room = cold + heats * gain
    return heats
  })
}

/** The heating of a modelled room as a load that cannot be moved. */
export const servoHeating = (wish: ServoHeatingWish, outset: Outset): Asked => ({
  demand: {
    kind: 'cycle',
    profileKw: servoSlots(wish, outset).map((heats) => (heats * wish.powerW) / 1000),
    earliestStart: outset.start,
    latestEnd: endOf(outset),
  },
  says: [],
})
