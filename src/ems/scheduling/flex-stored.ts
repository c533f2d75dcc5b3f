/** Flex-models and flex-contexts as they are stored on assets: what FlexMeasures refuses there is refused, in its words. */
import { readFlexContext } from './flex-context.ts'
import { readFlexDevice } from './flex-model.ts'
import { roomOf } from './flex-request.ts'
import { type Refusals, refusalBook } from './refusal.ts'
import type { SeriesSource } from './series-source.ts'

/** What is wrong with it, field by field; undefined when nothing is. */
export async function refusalsOfStored(
  what: 'flex-model' | 'flex-context',
  value: Record<string, unknown>,
  source: SeriesSource,
): Promise<Refusals | undefined> {
  const refusals = refusalBook()
  const room = { ...(await roomOf([value], source, refusals)), storing: what }
  if (what === 'flex-model') readFlexDevice(value, {}, room)
  else readFlexContext(value, {}, room)
  return refusals.isEmpty() ? undefined : refusals.tree
}
