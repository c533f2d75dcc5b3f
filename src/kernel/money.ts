/** Amounts of money: exact decimal minor units, one currency each, no silent exchange. */
import { Problem } from './problem.ts'

/** An amount in a currency; `units` are ten-thousandths (1 EUR = 10 000), so that per-kWh prices keep their digits. */
export interface Money {
  readonly currency: string
  readonly units: number
}

/** `money(12.5, 'EUR')`: rounds half away from zero at four decimals. */
export function money(amount: number, currency: string): Money {
  if (!/^[A-Z]{3}$/.test(currency))
    throw new Problem('invalid-currency', `'${currency}' is not an ISO 4217 currency code.`, { status: 422, hint: "Write it like 'EUR'." })
  const scaled = amount * 10_000
  return { currency, units: Math.sign(scaled) * Math.round(Math.abs(scaled) + 1e-9) }
}

/** Amount in whole currency units. */
export const amountOf = (value: Money): number => value.units / 10_000

/** Sum of amounts in one currency. @throws Problem `mixed-currencies` */
export function addMoney(first: Money, ...rest: Money[]): Money {
  return rest.reduce((sum, value) => {
    if (value.currency !== sum.currency)
      throw new Problem('mixed-currencies', `Cannot add ${value.currency} to ${sum.currency}.`, {
        status: 422,
        hint: 'Convert one of them first; Cariflex never exchanges silently.',
      })
    return { currency: sum.currency, units: sum.units + value.units }
  }, first)
}

/** `12.34 EUR`, rounded to cents. */
export const formatMoney = (value: Money): string => `${amountOf(value).toFixed(2)} ${value.currency}`
