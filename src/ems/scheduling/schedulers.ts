/** Which scheduler plans an asset or sensor: the one its attribute `custom-scheduler` names, else the one for its type. */
import { valueError } from './flex-reading.ts'
import { processScheduler } from './process-scheduler.ts'
import type { Scheduler } from './scheduler.ts'
import type { AssetFacts, SensorFacts } from './series-source.ts'
import { storageScheduler } from './storage-scheduler.ts'

// Each is handed only what it has read itself.
const ALL = [storageScheduler, processScheduler] as unknown as readonly Scheduler<unknown>[]

/**
 * The scheduler of a sensor (with its asset) or of an asset.
 * @throws Problem `unknown-scheduler` (422) for a custom scheduler that is not here
 */
export function schedulerFor(asset: AssetFacts | undefined, sensor?: SensorFacts): Scheduler<unknown> {
  const wanted = sensor ? sensor.attributes?.['custom-scheduler'] : asset?.attributes['custom-scheduler']
  if (wanted !== undefined && wanted !== null) {
    const name = typeof wanted === 'object' ? (wanted as Record<string, unknown>)['class'] : wanted
    const known = ALL.find((scheduler) => scheduler.name === name)
    if (!known)
      throw valueError(
        'unknown-scheduler',
        `Scheduler ${typeof name === 'string' ? name : JSON.stringify(wanted)} does not seem to be registered.`,
        `Set the attribute custom-scheduler to one of ${ALL.map((scheduler) => scheduler.name).join(', ')}, or remove it.`,
      )
    return known
  }
  const type = asset?.type ?? ''
  return ALL.find((scheduler) => scheduler.takes(type)) ?? ALL[0]!
}

/** A scheduler by its name; the names are kept in jobs. */
export const schedulerNamed = (name: string): Scheduler<unknown> => ALL.find((scheduler) => scheduler.name === name) ?? ALL[0]!
