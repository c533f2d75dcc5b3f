/** Preferences among plans of equal cost, as FlexMeasures weighs them, so that equal-price plans are equal to its plans. */

/**
 * Price per kWh missing to full after each step, in currency (`down` of a stock commitment at quantity soc-max): charge early, discharge
 * late. `spread` is the difference between the dearest and cheapest consumption price, currency per kWh (0 counts as 0.001, one per MWh).
 * The slope runs from 1e-4 × spread / steps down to 0; it stays when curtailing later is not preferred.
 */
export function fullSooner(spread: number, steps: number, hours: number, falling = true): number[] {
  const most = (1e-4 * (spread > 0 ? spread : 0.001)) / steps / hours
  return Array.from({ length: steps }, (_, step) => (falling && steps > 1 ? (-most * (steps - 1 - step)) / (steps - 1) : -most))
}
