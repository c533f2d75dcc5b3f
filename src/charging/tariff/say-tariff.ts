/** A tariff in one line for a display, a personal message or the driver's page: price first. */

import { type PriceComponent, type Restrictions, type Tariff, WEEKDAYS } from './tariff.ts'

const WORDS = {
  en: {
    ENERGY: 'kWh',
    TIME: 'h of charging',
    PARKING_TIME: 'h of parking',
    FLAT: 'at the start',
    from: 'from',
    to: 'to',
    least: 'at least',
    most: 'at most',
    free: 'free',
    above: 'above',
    below: 'below',
    vat: 'incl. VAT',
    reserved: 'for a reservation',
    next: '; ',
  },
  fr: {
    ENERGY: 'kWh',
    TIME: 'h de charge',
    PARKING_TIME: "h d'occupation",
    FLAT: 'au départ',
    from: 'de',
    to: 'à',
    least: 'au moins',
    most: 'au plus',
    free: 'gratuit',
    above: 'au-delà de',
    below: "jusqu'à",
    vat: 'TTC',
    reserved: 'pour une réservation',
    next: ' ; ',
  },
} as const
export type TariffLanguage = keyof typeof WORDS

const ORDER: readonly PriceComponent['type'][] = ['ENERGY', 'TIME', 'PARKING_TIME', 'FLAT']

/**
 * As "0.24 EUR/kWh from 22:00 to 06:00; 0.38 EUR/kWh; 0.54 EUR at the start, incl. VAT". Prices include VAT where it is known.
 * A tariff's own `tariff_alt_text` in the language goes before it.
 */
export function sayTariff(tariff: Tariff, language: TariffLanguage): string {
  const own = tariff.tariff_alt_text?.find((text) => text.language.toLowerCase().startsWith(language))
  if (own) return own.text
  const words = WORDS[language]
  const number = new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 4 })
  const priced = tariff.elements.flatMap(({ price_components, restrictions }) =>
    price_components.map((component) => ({ component, restrictions })),
  )
  const said = ORDER.flatMap((type) =>
    priced
      .filter(({ component }) => component.type === type && component.price !== 0)
      .map(({ component, restrictions }) => {
        const price = `${number.format(component.price * (1 + (component.vat ?? 0) / 100))} ${tariff.currency.toUpperCase()}`
        return [type === 'FLAT' ? `${price} ${words.FLAT}` : `${price}/${words[type]}`, when(restrictions ?? {}, language)]
          .filter(Boolean)
          .join(' ')
      }),
  )
  if (said.length === 0) return words.free
  const bounds = [
    tariff.min_price && `${words.least} ${number.format(tariff.min_price.incl_vat ?? tariff.min_price.excl_vat)}`,
    tariff.max_price && `${words.most} ${number.format(tariff.max_price.incl_vat ?? tariff.max_price.excl_vat)}`,
  ].flatMap((bound) => (bound ? [`${bound} ${tariff.currency.toUpperCase()}`] : []))
  const hasVat = priced.some(({ component }) => component.vat !== undefined)
  return `${[...said, ...bounds].join(words.next)}${hasVat ? `, ${words.vat}` : ''}`
}

function when(
  { start_time, end_time, day_of_week, min_kwh, max_kwh, min_duration, max_duration, reservation }: Restrictions,
  language: TariffLanguage,
): string {
  const words = WORDS[language]
  const dayName = (day: (typeof WEEKDAYS)[number]) =>
    new Intl.DateTimeFormat(language, { weekday: 'short', timeZone: 'UTC' }).format(Date.UTC(2026, 0, 5 + WEEKDAYS.indexOf(day)))
  return [
    start_time !== undefined || end_time !== undefined ? `${words.from} ${start_time ?? '00:00'} ${words.to} ${end_time ?? '24:00'}` : '',
    day_of_week && day_of_week.length > 0 ? `(${day_of_week.map(dayName).join(', ')})` : '',
    min_kwh !== undefined ? `${words.above} ${min_kwh} kWh` : '',
    max_kwh !== undefined ? `${words.below} ${max_kwh} kWh` : '',
    min_duration !== undefined ? `${words.above} ${Math.round(min_duration / 60)} min` : '',
    max_duration !== undefined ? `${words.below} ${Math.round(max_duration / 60)} min` : '',
    reservation ? words.reserved : '',
  ]
    .filter(Boolean)
    .join(' ')
}
