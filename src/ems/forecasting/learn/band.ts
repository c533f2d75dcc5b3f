/** Quantiles by trees of their own, stretched until they hold on the judged forecasts (conformalised quantile regression, in widths). */
import { type Bucket, bucketAt } from './buckets.ts'
import { missedOf, usualOf } from './candidates.ts'
import type { Block } from './features.ts'
import { conformal, HIGH, type Judged, LOW } from './spread.ts'
import { askTrees, growTrees, type Trees } from './trees.ts'

export interface Band {
  low: Trees
  high: Trees
  /** By how many widths the ends are moved, per group of horizons. */
  stretchLow: Float64Array
  stretchHigh: Float64Array
}

const GROWTH = { trees: 60, rate: 0.12, depth: 4, rowShare: 0.5 }
/** Fewer rows than this teach no quantiles. */
const FEWEST = 2000

/** Learns the band from the lesson, and its stretch from the judged forecasts; undefined when the lesson is too small. */
export function learnBand(
  lesson: { block: Block; truth: Float64Array },
  { block, truth, days }: Judged & { block: Block },
  buckets: readonly Bucket[],
  { seed, onPart }: { seed: number; onPart?(share: number): void },
): Band | undefined {
  if (lesson.truth.length < FEWEST) return undefined
  const missed = missedOf(lesson)
  const grow = (quantile: number, before: number) =>
    growTrees(lesson.block.columns, missed, { ...GROWTH, quantile, seed, onTree: (done) => onPart?.(before + done / (2 * GROWTH.trees)) })
  const none = new Float64Array(buckets.length)
  const band = { low: grow(LOW, 0), high: grow(HIGH, 0.5), stretchLow: none, stretchHigh: none }
  const { low, high } = bandAround(band, block, buckets)
  const stretch = (end: Float64Array, share: number) => {
    const by = new Float64Array(buckets.length)
    buckets.forEach((_, bucket) => {
      const off: number[] = []
      for (let row = 0; row < truth.length; row++) {
        const width = high[row]! - low[row]!
        if (width > 1e-9 && bucketAt(buckets, block.slots[row]! - block.origins[row]! + 1) === bucket)
          off.push((truth[row]! - end[row]!) / width)
      }
      off.sort((one, other) => one - other)
      by[bucket] = conformal(off, share, days) ?? by[bucket - 1] ?? 0
    })
    return by
  }
  return { ...band, stretchLow: stretch(low, LOW), stretchHigh: stretch(high, HIGH) }
}

/** Low and high values of each row. */
export function bandAround({ low, high, stretchLow, stretchHigh }: Band, block: Block, buckets: readonly Bucket[]) {
  const [lows, highs] = [askTrees(low, block.columns), askTrees(high, block.columns)]
  for (let row = 0; row < lows.length; row++) {
    const usual = usualOf(block, row)
    const [from, until] = [usual + Math.min(lows[row]!, highs[row]!), usual + Math.max(lows[row]!, highs[row]!)]
    const bucket = bucketAt(buckets, block.slots[row]! - block.origins[row]! + 1)
    lows[row] = from + stretchLow[bucket]! * (until - from)
    highs[row] = until + stretchHigh[bucket]! * (until - from)
  }
  return { low: lows, high: highs }
}
