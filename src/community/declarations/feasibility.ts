// Whether a wish can be kept, told before it is saved.
import { after, type Instant, say } from '#kernel'
import { windowOf } from '../planning/windows.ts'
import { type Outset, SLOT, SLOTS } from './outset.ts'
import { placeableOf } from './placeable.ts'
import { SAYING } from './saying.ts'
import { clockTime } from './when.ts'
import type { Declaration } from './wish.ts'

export interface Feasibility {
  possible: boolean
  /** When it could start at the earliest and must at the latest, and the earliest it can be done; of what runs in a window. */
  earliestStart?: Instant
  latestStart?: Instant
  earliestEnd?: Instant
  says: string[]
}

/**
 * What would come of a declaration. A deadline that cannot be kept is not possible, and the earliest possible end is said; the planner would let
 * the deadline give way until then.
 *
 * @throws Problem `naive-datetime`, `invalid-datetime` when a moment of the wish is none
 */
export function feasibilityOf(declaration: Declaration, outset: Outset): Feasibility {
  const { appliance, says } = placeableOf(declaration, outset)
  if (!appliance) return { possible: true, says }
  if (appliance.kind === 'comfort') return { possible: true, says: [...says, say(SAYING.comfort)] }
  if (declaration.wish.kind === 'servo-heating') return { possible: true, says: [...says, say(SAYING.servo)] }
  const { start, zone } = outset
  const time = (at: Instant): string => clockTime(at, start, zone)
  const found = windowOf(appliance, { start, step: SLOT, slots: SLOTS })
  if (!found) return { possible: true, says: [...says, say(SAYING.later, { moment: time(appliance.earliestStart) })] }
  const { window, repair } = found
  const at = (slot: number): Instant => after(start, slot * SLOT)
  // Its deadline may lie after this plan.
  const last = repair ? window.to : Math.floor((appliance.latestEnd - start) / SLOT)
  const ends = { earliestStart: at(window.from), latestStart: at(last - window.needed), earliestEnd: at(window.from + window.needed) }
  const wished = time(appliance.latestEnd)
  const told = repair
    ? say(SAYING.tooShort, { moment: wished, earliest: time(ends.earliestEnd) })
    : say(SAYING.placed, { moment: wished, earliest: time(ends.earliestStart), latest: time(ends.latestStart) })
  return { possible: !repair, ...ends, says: [...says, told] }
}
