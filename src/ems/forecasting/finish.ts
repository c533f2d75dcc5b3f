/** What is done to a forecast before it is stored: nothing below zero, snapping, bounds (reference 4.1). */
import type { ForecastConfig } from './order.ts'

/** Snapping looks at the values as they were foretold, so that intervals cannot cascade; bounds come last and always hold. */
export function finish(
  values: Float64Array,
  { ensurePositive, lower, upper, snap }: Pick<ForecastConfig, 'ensurePositive' | 'lower' | 'upper' | 'snap'>,
): Float64Array {
  return values.map((foretold) => {
    const given = ensurePositive && foretold < 0 ? 0 : foretold
    const hit = snap.find(({ first, second }) => (first <= second ? given >= first && given < second : given > second && given <= first))
    const value = hit ? hit.target : given
    return Math.max(lower ?? Number.NEGATIVE_INFINITY, Math.min(upper ?? Number.POSITIVE_INFINITY, value))
  })
}
