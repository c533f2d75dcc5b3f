/** Horizons are judged in groups: what is best for the next hour is seldom best for tomorrow. */
import { HOUR } from '#kernel'

/** A group of horizons in slots, both ends included; horizon 1 is the first slot that is not known. */
export interface Bucket {
  from: number
  until: number
}

const ENDS = [1, 3, 6, 12, 24, 48, 96, 168]

/** The groups of horizons up to `horizon` slots of `step` ms: to 1, 3, 6, 12, 24, 48, 96 and 168 hours, and beyond. */
export function bucketsOf(horizon: number, step: number): Bucket[] {
  const buckets: Bucket[] = []
  let from = 1
  for (const hours of [...ENDS, Number.POSITIVE_INFINITY]) {
    const until = Math.min(horizon, Math.max(1, Math.floor((hours * HOUR) / step)))
    if (until < from) continue
    buckets.push({ from, until })
    from = until + 1
    if (from > horizon) break
  }
  return buckets
}

/** Index of the group of a horizon; the last one for horizons beyond. */
export function bucketAt(buckets: readonly Bucket[], horizon: number): number {
  const found = buckets.findIndex(({ until }) => horizon <= until)
  return found < 0 ? buckets.length - 1 : found
}
