/**
 * How far a forecast may be off: quantiles from what the validation got wrong (split conformal). Errors are brought to one scale by the hour
 * of the day (nights of a plant have none), then cut at the wanted shares per group of horizons.
 */
import { type Bucket, bucketAt } from './buckets.ts'
import type { Block } from './features.ts'
import type { View } from './view.ts'

export interface Spread {
  /** Usual size of an error by hour of the day. */
  scale: Float64Array
  /** Per group of horizons: errors in scales at the low and high share. */
  low: Float64Array
  high: Float64Array
}

export const LOW = 0.1
export const HIGH = 0.9

export interface Judged {
  block: Pick<Block, 'origins' | 'slots'>
  truth: Float64Array
  said: Float64Array
  /** Days that were judged. */
  days: number
}

/** Learns the spread from judged forecasts. */
export function learnSpread(view: View, { block, truth, said, days }: Judged, buckets: readonly Bucket[]): Spread {
  const sums = new Float64Array(24)
  const counts = new Float64Array(24)
  for (let row = 0; row < truth.length; row++) {
    const hour = hourOf(view, block.slots[row]!)
    // The hours beside lend what the hour itself has too few of.
    for (const near of [hour + 23, hour, hour + 1]) {
      sums[near % 24]! += Math.abs(truth[row]! - said[row]!)
      counts[near % 24]! += 1
    }
  }
  const scale = sums.map((sum, hour) => (counts[hour]! > 0 ? sum / counts[hour]! : Number.NaN))
  const usual = scale.filter((value) => !Number.isNaN(value))
  const mean = usual.reduce((sum, value) => sum + value, 0) / Math.max(1, usual.length)
  scale.forEach((value, hour) => {
    if (Number.isNaN(value)) scale[hour] = mean
  })
  const low = new Float64Array(buckets.length)
  const high = new Float64Array(buckets.length)
  buckets.forEach((_, bucket) => {
    const errors: number[] = []
    for (let row = 0; row < truth.length; row++) {
      const size = scale[hourOf(view, block.slots[row]!)]!
      if (size > 0 && bucketAt(buckets, block.slots[row]! - block.origins[row]! + 1) === bucket)
        errors.push((truth[row]! - said[row]!) / size)
    }
    errors.sort((one, other) => one - other)
    // A group without a judged forecast is as wide as the one before it.
    low[bucket] = conformal(errors, LOW, days) ?? low[bucket - 1] ?? -1.6
    high[bucket] = conformal(errors, HIGH, days) ?? high[bucket - 1] ?? 1.6
  })
  return { scale, low, high }
}

/**
 * The error at a share of ascending errors; undefined for fewer than ten. Errors of one half day are like one another, so there are about three
 * independent ones a day: the share is widened as split conformal prediction does for so few.
 */
export function conformal(errors: readonly number[], share: number, days: number): number | undefined {
  if (errors.length < 10) return undefined
  const independent = Math.max(1, Math.min(errors.length, 3 * days))
  const outside = Math.min(share, 1 - share) - Math.max(share, 1 - share) / independent
  const place = Math.round(Math.max(0, outside) * (errors.length - 1))
  return errors[share < 0.5 ? place : errors.length - 1 - place]!
}

/** Low and high values around what was said. */
export function spreadAround(
  view: View,
  { scale, low, high }: Spread,
  block: Pick<Block, 'origins' | 'slots'>,
  said: Float64Array,
  buckets: readonly Bucket[],
) {
  const at = (row: number) => bucketAt(buckets, block.slots[row]! - block.origins[row]! + 1)
  const size = (row: number) => scale[hourOf(view, block.slots[row]!)]!
  return {
    low: said.map((value, row) => value + low[at(row)]! * size(row)),
    high: said.map((value, row) => value + high[at(row)]! * size(row)),
  }
}

/** Mean pinball loss of a quantile. */
export function pinball(truth: Float64Array, said: Float64Array, share: number): number {
  let sum = 0
  for (let row = 0; row < truth.length; row++) {
    const off = truth[row]! - said[row]!
    sum += off > 0 ? share * off : (share - 1) * off
  }
  return sum / Math.max(1, truth.length)
}

const hourOf = ({ slotOfDay, perDay }: View, slot: number): number => Math.floor((slotOfDay[slot]! * 24) / perDay)
