/** An existing coordination database taken over into our registry. */
import { Problem, say } from '#kernel'
import type { Store } from '#store'
import {
  type Appliance,
  type Device,
  keepAppliances,
  keepDevices,
  listAppliances,
  type Outcome,
  writeRegistry,
} from '../registry/registry.ts'
import { SAYING } from './saying.ts'

export interface Adopted {
  appliances: { id: number; outcome: Outcome }[]
  devices: { id: string; outcome: Outcome }[]
}

/**
 * Makes the registry say of these appliances and devices what the database says; others stay. A nominal power that it does not know is kept.
 * @param dryRun tells the same and writes nothing
 * @throws Problem `invalid-adoption` (422) when an id is given twice, or a device belongs to an appliance that nobody knows
 */
export function adoptCoordination(
  store: Store,
  { appliances, devices }: { appliances: readonly Appliance[]; devices: readonly Device[] },
  dryRun: boolean,
): Promise<Adopted> {
  return writeRegistry(store, dryRun, async (tx) => {
    const known = new Map((await listAppliances(tx)).map((one) => [one.id, one.powerW]))
    check(appliances, devices, known)
    const told = await keepAppliances(
      tx,
      appliances.map((one) => ({ ...one, powerW: one.powerW ?? known.get(one.id) ?? null })),
    )
    const outcomes = await keepDevices(tx, devices)
    return {
      appliances: [...told].map(([id, outcome]) => ({ id, outcome })),
      devices: [...outcomes].map(([id, outcome]) => ({ id, outcome })),
    }
  })
}

function check(appliances: readonly Appliance[], devices: readonly Device[], known: ReadonlyMap<number, unknown>): void {
  const ids: (string | number)[] = [...appliances, ...devices].map(({ id }) => id)
  const seen = new Set<string | number>()
  const twice = ids.find((id) => seen.size === seen.add(id).size)
  const given = new Set(appliances.map(({ id }) => id))
  const stray = devices.find(({ appliance }) => !given.has(appliance) && !known.has(appliance))
  if (twice === undefined && !stray) return
  const message = stray ? say(SAYING.noAppliance, { id: stray.id, appliance: stray.appliance }) : say(SAYING.givenTwice, { id: `${twice}` })
  throw new Problem('invalid-adoption', message, { status: 422 })
}
