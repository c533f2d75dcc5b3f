/** A bill as it is written for other programs: decimal strings, OCPI's words. */

import type Fraction from 'fraction.js'
import type { Amount, Bill } from './price.ts'

/** Twelve decimals, zeros at the end left out. */
export function decimal(value: Fraction): string {
  const scaled = value.abs().mul(1_000_000_000_000).add(0.5).floor()
  const digits = scaled.toFraction().padStart(13, '0')
  const text = `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, '')
  return value.compare(0) < 0 && text !== '0' ? `-${text}` : text
}

const amount = ({ excl, incl }: Amount) => ({ excl_vat: decimal(excl), incl_vat: decimal(incl) })

/** The answer of `cariflex tariff price`. */
export const writtenBill = ({ currency, total, beforeClamp, consumed, lines, issues }: Bill) => ({
  currency,
  total: total ? amount(total) : null,
  before_clamp: beforeClamp ? amount(beforeClamp) : null,
  consumed: {
    energy_kwh: decimal(consumed.energy),
    time_h: decimal(consumed.time),
    parking_h: decimal(consumed.parking),
    reservation_h: decimal(consumed.reservation),
  },
  lines: lines.map((line) => ({
    dimension: line.dimension,
    tariff_id: line.tariff,
    element: line.element,
    price: line.price && decimal(line.price),
    vat: line.vat && decimal(line.vat),
    quantity: decimal(line.quantity),
    ...amount(line),
    why: line.why,
  })),
  issues,
})
