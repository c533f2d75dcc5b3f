/** Numbers as the messages carry them: a short whole number and a power of ten. */
import type { Iso2PhysicalValue, Iso20RationalNumber } from './messages.gen.ts'

const MOST = 32767

/** Smallest power of ten, within bounds, with which the value fits; as many digits as fit survive. */
function scaled(value: number, low: number, high: number): { value: number; exponent: number } {
  let exponent = low
  while (exponent < high && Math.abs(value) / 10 ** exponent > MOST) exponent++
  // 10 000 W is 10000, not 100e2: nothing is lost, and readers show what was meant.
  while (exponent < 0 && Number.isInteger(value)) exponent++
  const digits = Math.round(value / 10 ** exponent)
  return { value: Math.max(-MOST, Math.min(MOST, digits)) + 0, exponent }
}

/** ISO 15118-2: multiplier −3 to 3; beyond 32 767 000 the value is cut. */
export function physical(value: number, unit: Iso2PhysicalValue['Unit']): Iso2PhysicalValue {
  const { value: Value, exponent: Multiplier } = scaled(value, -3, 3)
  return { Multiplier, Unit: unit, Value }
}

export const fromPhysical = ({ Multiplier, Value }: { Multiplier: number; Value: number }): number => tenth(Value, Multiplier)

/** ISO 15118-20. */
export function rational(value: number): Iso20RationalNumber {
  const { value: Value, exponent: Exponent } = scaled(value, -3, 9)
  return { Exponent, Value }
}

export const fromRational = ({ Exponent, Value }: Iso20RationalNumber): number => tenth(Value, Exponent)

/** Dividing by a power of ten keeps 230.1 exact where multiplying by 0.1 would not. */
const tenth = (value: number, exponent: number): number => (exponent < 0 ? value / 10 ** -exponent : value * 10 ** exponent)
