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

export function openWrittenSpans(): WrittenSpans {
  const spans = new Map<string, { first: number; last: number }>()
  const keyOf = ({ sensor, source }: SettledBatch) => `${sensor.id} ${source}`
  return {
    reach(batch) {
      const span = spans.get(keyOf(batch))
      return span !== undefined && batch.starts[0]! <= span.last && batch.starts.at(-1)! >= span.first
    },
    note(batch) {
      const [key, first, last] = [keyOf(batch), batch.starts[0]!, batch.starts.at(-1)!]
      const span = spans.get(key)
      if (!span && spans.size >= MOST) spans.clear()
      spans.set(key, span ? { first: Math.min(span.first, first), last: Math.max(span.last, last) } : { first, last })
    },
  }
}
