/** Asking what was trained: values and quantiles of the slots from an origin on. */
import { bucketAt } from './buckets.ts'
import { ask, type CandidateName, usualOf } from './candidates.ts'
import { type Block, blockOf } from './features.ts'
import type { Frame } from './frame.ts'
import { rowsFrom } from './rows.ts'
import { spreadAround } from './spread.ts'
import { mixOf, orElse, type Trained } from './train.ts'
import { askTrees, type Trees } from './trees.ts'
import { type View, viewOf } from './view.ts'

export interface Foretold {
  /** One per slot from the origin on; NaN only when nothing at all is known. */
  values: Float64Array
  low?: Float64Array
  high?: Float64Array
}

/** The series is taken as fixed at a clock time when it never changed there for so many days. */
const FIXED_DAYS = 14

/** Values of `count` slots from the origin on; the frame must reach so far. `clearness`: of the sky, as measured this minute. */
export function foretell(trained: Trained, frame: Frame, origin: number, count: number, clearness?: number): Foretold {
  const view = viewOf({ ...frame, target: frame.target.map((value, slot) => (slot < origin ? value : Number.NaN)) })
  const rows = rowsFrom(origin, count)
  const block = blockOf(view, rows.origins, rows.slots)
  const memo = new Map<CandidateName, Float64Array>()
  const saidBy = (name: CandidateName) => {
    const known = memo.get(name)
    if (known) return known
    const said = orElse(ask(name, view, block, trained.fitted, { buckets: trained.buckets, clearness }), block)
    memo.set(name, said)
    return said
  }
  const room = 0.05 * (trained.most - trained.least)
  const bound = (value: number) => Math.max(trained.least - room, Math.min(trained.most + room, value))
  const fixed = fixedValues(view, origin, rows.slots)
  const hold = (said: Float64Array) => said.map((value, row) => (Number.isNaN(fixed[row]!) ? bound(value) : fixed[row]!))
  const values = hold(mixOf(trained.choices, block, saidBy))
  if (!trained.spread) return { values }
  const { low, high } = trained.quantiles
    ? {
        low: moved(trained, trained.quantiles.low, trained.quantiles.addLow, block),
        high: moved(trained, trained.quantiles.high, trained.quantiles.addHigh, block),
      }
    : spreadAround(view, trained.spread, block, values, trained.buckets)
  return {
    values,
    low: hold(low).map((value, row) => Math.min(value, values[row]!)),
    high: hold(high).map((value, row) => Math.max(value, values[row]!)),
  }
}

const moved = ({ buckets }: Trained, trees: Trees, add: Float64Array, block: Block): Float64Array =>
  askTrees(trees, block.columns).map(
    (value, row) => value + usualOf(block, row) + add[bucketAt(buckets, block.slots[row]! - block.origins[row]! + 1)]!,
  )

/** The value that the series always has at a clock time and the ones beside it (nights of a plant); NaN where it varies. */
function fixedValues(view: View, origin: number, slots: Int32Array): Float64Array {
  const least = new Float64Array(view.perDay).fill(Number.POSITIVE_INFINITY)
  const most = new Float64Array(view.perDay).fill(Number.NEGATIVE_INFINITY)
  const seen = new Int32Array(view.perDay)
  for (let slot = Math.max(0, origin - FIXED_DAYS * view.perDay); slot < origin; slot++) {
    const value = view.target[slot]!
    const at = view.slotOfDay[slot]!
    if (Number.isNaN(value)) continue
    least[at] = Math.min(least[at]!, value)
    most[at] = Math.max(most[at]!, value)
    seen[at]! += 1
  }
  return Float64Array.from(slots, (slot) => {
    const at = view.slotOfDay[slot]!
    const around = [at, (at + 1) % view.perDay, (at + view.perDay - 1) % view.perDay]
    const value = least[at]!
    return around.every((near) => seen[near]! >= 3 && least[near] === value && most[near] === value) ? value : Number.NaN
  })
}
