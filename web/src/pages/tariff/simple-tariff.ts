/** The tariffs that a form can say: a start, energy by the time of day, parking; all others are written as JSON (OCPI 2.2.1). */
import type { Tariff, TariffElement } from '../../charging-wire.ts'

export interface Window {
  from: string
  until: string
  energy: string
}
/** As typed; empty: no such price. Without VAT. */
export interface SimpleTariff {
  id: string
  currency: string
  flat: string
  energy: string
  time: string
  parking: string
  vat: string
  windows: Window[]
}

export const BLANK: SimpleTariff = { id: '', currency: 'EUR', flat: '', energy: '', time: '', parking: '', vat: '', windows: [] }

/** `0,35` or `0.35`; NaN when it is no price. */
export const priceOf = (text: string): number => {
  const value = Number(text.trim().replace(',', '.'))
  return text.trim() === '' || !Number.isFinite(value) || value < 0 ? Number.NaN : value
}

/** The tariff as OCPI writes it; undefined while a field is no price, or nothing is priced. */
export function writeTariff(given: SimpleTariff): Tariff | undefined {
  const { id, currency, vat } = given
  const rate = vat.trim() === '' ? {} : { vat: priceOf(vat) }
  const priced = (type: string, text: string) => ({ type, price: priceOf(text), ...rate, step_size: 1 })
  const base = [
    ...(given.flat.trim() ? [priced('FLAT', given.flat)] : []),
    ...(given.energy.trim() ? [priced('ENERGY', given.energy)] : []),
    ...(given.time.trim() ? [priced('TIME', given.time)] : []),
    ...(given.parking.trim() ? [priced('PARKING_TIME', given.parking)] : []),
  ]
  // The first element that has a price for it wins: hours stand before the price of all other hours.
  const elements: TariffElement[] = [
    ...given.windows.map(({ from, until, energy }) => ({
      price_components: [priced('ENERGY', energy)],
      restrictions: { start_time: from, end_time: until },
    })),
    ...(base.length > 0 ? [{ price_components: base }] : []),
  ]
  const components = elements.flatMap(({ price_components }) => price_components)
  const whole = components.every(({ price, vat: tax }) => !Number.isNaN(price) && !Number.isNaN(tax ?? 0))
  const timed = given.windows.every(({ from, until }) => from !== '' && until !== '')
  if (components.length === 0 || !whole || !timed || id.trim() === '' || !/^[A-Z]{3}$/.test(currency)) return undefined
  return { id: id.trim(), currency, elements }
}

const KNOWN = new Set(['id', 'currency', 'elements', 'last_updated'])
const FIELD: Readonly<Record<string, 'flat' | 'energy' | 'time' | 'parking'>> = {
  FLAT: 'flat',
  ENERGY: 'energy',
  TIME: 'time',
  PARKING_TIME: 'parking',
}

/** The form that says this tariff; undefined when no form can without losing something. */
export function readSimple(tariff: Tariff): SimpleTariff | undefined {
  if (Object.keys(tariff).some((field) => !KNOWN.has(field))) return undefined
  const found: SimpleTariff = { ...BLANK, id: tariff.id, currency: tariff.currency, windows: [] }
  const rates = new Set(tariff.elements.flatMap(({ price_components }) => price_components.map(({ vat }) => vat)))
  if (rates.size > 1) return undefined
  const [rate] = rates
  if (rate !== undefined) found.vat = String(rate)
  for (const [index, { price_components, restrictions }] of tariff.elements.entries()) {
    if (price_components.some(({ step_size = 1 }) => step_size > 1)) return undefined
    const [only] = price_components
    if (restrictions && Object.keys(restrictions).length > 0) {
      const { start_time: from, end_time: until, ...rest } = restrictions
      if (Object.keys(rest).length > 0 || typeof from !== 'string' || typeof until !== 'string') return undefined
      if (price_components.length !== 1 || only?.type !== 'ENERGY') return undefined
      found.windows.push({ from, until, energy: String(only.price) })
      continue
    }
    if (index !== tariff.elements.length - 1) return undefined
    for (const { type, price } of price_components) {
      const field = FIELD[type]
      if (field === undefined || found[field] !== '') return undefined
      found[field] = String(price)
    }
  }
  return found
}

/** A session to price: so much energy in so many minutes from `start` on, then so many minutes parked. */
export function sessionOf(start: number, kwh: number, charging: number, parked: number, zone: string) {
  const moment = (minutes: number) => new Date(start + minutes * 60_000).toISOString()
  return {
    start_date_time: moment(0),
    end_date_time: moment(charging + parked),
    time_zone: zone,
    periods: [
      { start_date_time: moment(0), state: 'CHARGING', energy_kwh: kwh },
      ...(parked > 0 ? [{ start_date_time: moment(charging), state: 'SUSPENDED_EV' }] : []),
    ],
  }
}
