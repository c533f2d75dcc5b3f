/** Units of uploaded data: into the sensor's unit directly, or as a stock spread over its event (kWh in half an hour → kW), never the other way. */
import { converter, currencyOf, isUnit, measures, Problem } from '#kernel'
import { SAYING } from './saying.ts'

/** Units that are no units: how texts become numbers. */
export const SPECIAL_UNITS = ['datetime', 'dayfirst datetime', 'timedelta'] as const

export interface UnitTurn {
  /** The function for events of that length, ms. */
  over(length: number): (value: number) => number
  /** True when values of shorter events add up (energy, money) and those of longer ones are divided. */
  addsUp: boolean
}

/** @throws Problem `inconvertible-unit` (422) in FlexMeasures' words */
export function unitTurn(given: string | undefined, to: string): UnitTurn {
  const from = given ?? to
  const refuse = () =>
    new Problem('inconvertible-unit', `Provided unit '${from}' is not convertible to sensor unit '${to}'`, {
      status: 422,
      hint: SAYING.nameUnit,
    })
  if ((SPECIAL_UNITS as readonly string[]).includes(from)) {
    const turn = fits('s', to) ? converter('s', to) : undefined
    if (!turn) throw refuse()
    return { over: () => turn, addsUp: false }
  }
  if (!isUnit(from) || !isUnit(to)) {
    if (from === to) return { over: () => (value) => value, addsUp: false }
    throw refuse()
  }
  if (fits(from, to)) return { over: () => converter(from, to), addsUp: isStock(from) }
  if (fits(`(${from})/h`, to)) return { over: (length) => converter(from, to, length), addsUp: false }
  throw refuse()
}

const isStock = (unit: string): boolean => {
  const currency = currencyOf(unit)
  return measures(unit, 'energy') || (currency !== undefined && fits(unit, currency))
}

function fits(from: string, to: string): boolean {
  try {
    converter(from, to)
    return true
  } catch {
    return false
  }
}
