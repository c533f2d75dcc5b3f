/** Events into bins of another length: the mean of what lies in each, the sum of the parts where amounts add up, the first of moments. */

export interface Events {
  /** Ascending. */
  starts: ArrayLike<number>
  values: ArrayLike<number>
}

export type BinRule = 'mean' | 'sum' | 'first'

/**
 * One value a bin, null where nothing is known. Bin k is [edges[k], edges[k + 1]); an event lasts until `endOf` its start, moments (which end
 * where they begin) count where they lie.
 */
export function fillBins(
  { starts, values }: Events,
  endOf: (start: number) => number,
  edges: readonly number[],
  rule: BinRule,
): (number | null)[] {
  const count = Math.max(0, edges.length - 1)
  const sums = new Float64Array(count)
  const weights = new Float64Array(count)
  let bin = 0
  for (let i = 0; i < starts.length; i++) {
    const [start, value] = [starts[i]!, values[i]!]
    if (!Number.isFinite(value)) continue
    const end = endOf(start)
    while (bin < count && edges[bin + 1]! <= start) bin++
    if (end <= start) {
      if (bin < count && start >= edges[bin]! && (rule !== 'first' || weights[bin] === 0)) {
        sums[bin]! += value
        weights[bin]! += 1
      }
      continue
    }
    for (let at = bin; at < count && edges[at]! < end; at++) {
      const part = (Math.min(end, edges[at + 1]!) - Math.max(start, edges[at]!)) / (end - start)
      if (part <= 0) continue
      sums[at]! += value * part
      weights[at]! += part
    }
  }
  return Array.from(sums, (sum, k) => (weights[k] === 0 ? null : rule === 'mean' ? sum / weights[k]! : sum))
}
