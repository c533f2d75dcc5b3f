// Water heaters: a block in the longest of their off-peak windows.
import { after, HOUR, say } from '#kernel'
import { type Asked, endOf, type Outset, SLOT } from './outset.ts'
import { SAYING, sayLength } from './saying.ts'
import { periodsBetween } from './when.ts'
import type { WaterHeaterWish } from './wish.ts'

/** It rests at least so long between two starts. */
const REST = 12 * HOUR
/** Wh that warm a litre of water by one kelvin. */
const WH_PER_LITRE_KELVIN = 4180 / 3600

/** Seconds in which it warms all of its water from 10 to 60 °C. */
export const reheatSeconds = (volumeL: number, powerW: number): number => (3600 * 50 * volumeL * WH_PER_LITRE_KELVIN) / powerW

/** Slots that are planned: for what it took in a day and two hours more; for a full reheat where that is not known. */
export const blockSlots = ({ volumeL, powerW, dayEnergyWh }: WaterHeaterWish): number =>
  dayEnergyWh === undefined ? Math.ceil((reheatSeconds(volumeL, powerW) * 1000) / SLOT) : Math.ceil(4 * (dayEnergyWh / powerW + 2))

/** The block of a water heater in the next of its longest off-peak window; one that begun is used for what is left of it. */
export function waterHeater(wish: WaterHeaterWish, outset: Outset): Asked {
  const { start, zone, lastStart } = outset
  if (lastStart !== undefined && start - lastStart < REST) return { says: [say(SAYING.heated)] }
  const longest = wish.offPeak.reduce((best, span) => (span.endSecond - span.startSecond > best.endSecond - best.startSecond ? span : best))
  const [period] = periodsBetween(() => [longest], start, endOf(outset), zone)
  if (!period) return { says: [say(SAYING.noOffPeak)] }
  const from = Math.max(0, Math.ceil((period.start - start) / SLOT))
  const room = Math.floor((period.end - start) / SLOT) - from
  if (room < 1) return { says: [say(SAYING.noOffPeak)] }
  const needed = blockSlots(wish)
  const slots = Math.min(needed, room)
  const cut = slots < needed && say(SAYING.blockCut, { need: sayLength(needed * 15), room: sayLength(room * 15) })
  return {
    demand: {
      kind: 'cycle',
      profileKw: new Array<number>(slots).fill(wish.powerW / 1000),
      earliestStart: after(start, from * SLOT),
      latestEnd: period.end,
    },
    says: cut ? [cut] : [],
  }
}
