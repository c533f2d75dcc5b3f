/** An existing coordination database taken over into our registry. */
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

export interface Adopted {
  appliances: { id: number; outcome: Outcome }[]
  devices: { id: string; outcome: Outcome }[]
}

/**
 * Makes the registry say of these appliances and devices what the database says; others stay. A nominal power that it does not know is kept.
 * @param dryRun tells the same and writes nothing
 */
export function adoptCoordination(
  store: Store,
  { appliances, devices }: { appliances: readonly Appliance[]; devices: readonly Device[] },
  dryRun: boolean,
): Promise<Adopted> {
  return writeRegistry(store, dryRun, async (tx) => {
    const known = new Map((await listAppliances(tx)).map((one) => [one.id, one.powerW]))
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
