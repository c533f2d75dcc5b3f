/** What the registry knows of the appliance of a wish. */
import { MINUTE, Problem, say } from '#kernel'
import type { Queryable } from '#store'
import { defaultProgramme } from '../cycles/learner.ts'
import { listAppliances } from '../registry/registry.ts'
import { SLOT } from './outset.ts'
import { SAYING } from './saying.ts'
import type { Declaration, Wish } from './wish.ts'

/** A wish for an appliance of the registry. @throws Problem `unknown-appliance` */
export async function declarationFor(store: Queryable, appliance: number, wish: Wish): Promise<Declaration> {
  const found = (await listAppliances(store)).find(({ id }) => id === appliance)
  if (!found) throw new Problem('unknown-appliance', say(SAYING.noAppliance, { appliance }), { status: 404, hint: say(SAYING.register) })
  return { appliance, type: found.type, wish, ...(found.participant !== null && { home: found.participant }) }
}

/** Mean power per quarter of an hour of a machine nobody measured yet, W: that of its kind at its nominal power, cut to the duration that was said. */
export async function profileOf(
  store: Queryable,
  { appliance, type, wish }: Pick<Declaration, 'appliance' | 'type' | 'wish'>,
): Promise<number[]> {
  if (wish.kind !== 'machine') return []
  const powerW = (await listAppliances(store)).find(({ id }) => id === appliance)?.powerW
  const { profileW } = defaultProgramme(type, powerW ?? undefined)
  return wish.durationMinutes === undefined ? profileW : profileW.slice(0, Math.ceil((wish.durationMinutes * MINUTE) / SLOT))
}
