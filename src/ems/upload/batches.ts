/** Files that were read, as batches to record: one per moment of belief, each event once. */
import { formatInstant, type Instant, instant, say } from '#kernel'
import type { BeliefBatch } from '../belief.ts'
import { unreadable } from './refusal.ts'
import { SAYING } from './saying.ts'
import type { ReadFile } from './target.ts'

export interface UploadOrder {
  sensor: number
  source: number
  /** True: each value was believed when its event could be known; else where the file does not say it, now. */
  measuredInstantly: boolean
}

/** So many moments of belief files may have: each is looked at by itself. */
const MOST_BELIEF_TIMES = 5000

/**
 * Batches in the order of their belief times.
 * @throws Problem `invalid-upload` when files contradict each other
 */
export function uploadBatches(files: readonly ReadFile[], { sensor, source, measuredInstantly }: UploadOrder): BeliefBatch[] {
  const timing = measuredInstantly ? { horizon: 0 } : {}
  const [only, ...others] = files
  if (only && others.length === 0 && !only.beliefTimes)
    return [{ sensor, source, starts: Array.from(only.starts) as Instant[], values: Array.from(only.values), ...timing }]
  const byBelief = new Map<number | undefined, Map<number, number>>()
  for (const { starts, values, beliefTimes } of files)
    for (let i = 0; i < starts.length; i++) {
      const believed = beliefTimes?.[i]
      const events = byBelief.get(believed) ?? new Map<number, number>()
      if (events.size === 0) byBelief.set(believed, events)
      const [start, value] = [starts[i]!, values[i]!]
      const known = events.get(start)
      if (known !== undefined && known !== value)
        throw unreadable(say(SAYING.twice, { text: formatInstant(instant(start)) }), SAYING.keepOne)
      events.set(start, value)
    }
  if (byBelief.size > MOST_BELIEF_TIMES) throw unreadable(say(SAYING.tooManyBeliefs, { count: MOST_BELIEF_TIMES }), SAYING.inParts)
  return [...byBelief]
    .sort(([a], [b]) => (a ?? Infinity) - (b ?? Infinity))
    .map(([believed, events]) => ({
      sensor,
      source,
      ...inOrder(events),
      ...(believed === undefined ? timing : { beliefTime: instant(believed) }),
    }))
}

function inOrder(events: ReadonlyMap<number, number>): { starts: Instant[]; values: number[] } {
  const starts = [...events.keys()] as Instant[]
  if (starts.some((start, i) => i > 0 && start < starts[i - 1]!)) starts.sort((a, b) => a - b)
  return { starts, values: starts.map((start) => events.get(start)!) }
}
