/**
 * Of which times this program lately wrote beliefs, by sensor and source: who writes there again says hardly anything unheard of, so looking value
 * by value is the quicker way at once. A guess, never more: both ways of writing are right whatever it says.
 */
import type { SettledBatch } from './settle-batch.ts'

export interface WrittenSpans {
  /** Whether beliefs of the batch's source were written between its first and its last event. */
  reach(batch: SettledBatch): boolean
  note(batch: SettledBatch): void
}

/** So many sensors and sources are remembered; then it begins anew. */
const MOST = 10_000
/** And so many batches of each: what lies between them may well be unheard of. */
const RECENT = 8

export function openWrittenSpans(): WrittenSpans {
  const spans = new Map<string, { first: number; last: number }[]>()
  const keyOf = ({ sensor, source }: SettledBatch) => `${sensor.id} ${source}`
  return {
    reach(batch) {
      const [first, last] = [batch.starts[0]!, batch.starts.at(-1)!]
      return spans.get(keyOf(batch))?.some((span) => first <= span.last && last >= span.first) ?? false
    },
    note(batch) {
      const [key, span] = [keyOf(batch), { first: batch.starts[0]!, last: batch.starts.at(-1)! }]
      const recent = spans.get(key)
      if (!recent && spans.size >= MOST) spans.clear()
      if (!recent) spans.set(key, [span])
      else if (recent.push(span) > RECENT) recent.shift()
    },
  }
}
