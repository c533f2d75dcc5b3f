/** Flex-model and flex-context of an asset that changes, checked before they are stored (reference 3.1). */
import { type Asset, type AssetFields, flexSource, refusalsOfStored } from '#ems'
import type { Rooms } from '../rooms.ts'
import { type FieldErrors, invalid } from './envelope.ts'

/** What is the same as before is left as it is. @throws the 422 that names every wrong field of the one or the other */
export async function refuseStoredFlex(rooms: Rooms, read: AssetFields, before: Asset): Promise<void> {
  const source = flexSource(rooms)
  for (const [what, value, old] of [
    ['flex-context', read.flexContext, before.flexContext],
    ['flex-model', read.flexModel, before.flexModel],
  ] as const) {
    if (value === undefined || JSON.stringify(value) === JSON.stringify(old)) continue
    const refusals = await refusalsOfStored(what, value, source)
    if (refusals) throw invalid('json', refusals as FieldErrors)
  }
}
