/** OCPI's tariffs as the structured tariffs of OCPP 2.1 (I07–I12) and back. What the other form has no word for is listed, never dropped in silence. */

import type { V21 } from '#protocols/ocpp'
import { type PriceComponent, type Restrictions, type Tariff, WEEKDAYS } from './tariff.ts'

type TariffConditions = V21.TariffConditionsType
/** Prices without tax, per kWh, per minute or once. */
type Priced = {
  prices: { priceKwh?: number; priceMinute?: number; priceFixed?: number; conditions?: TariffConditions }[]
  taxRates?: V21.TaxRateType[]
}

type Kind = 'energy' | 'chargingTime' | 'idleTime' | 'fixedFee' | 'reservationTime' | 'reservationFixed'

const KINDS: Record<
  Kind,
  { type: PriceComponent['type']; reservation: boolean; price: 'priceKwh' | 'priceMinute' | 'priceFixed'; per: number }
> = {
  energy: { type: 'ENERGY', reservation: false, price: 'priceKwh', per: 1 },
  chargingTime: { type: 'TIME', reservation: false, price: 'priceMinute', per: 60 },
  idleTime: { type: 'PARKING_TIME', reservation: false, price: 'priceMinute', per: 60 },
  fixedFee: { type: 'FLAT', reservation: false, price: 'priceFixed', per: 1 },
  reservationTime: { type: 'TIME', reservation: true, price: 'priceMinute', per: 60 },
  reservationFixed: { type: 'FLAT', reservation: true, price: 'priceFixed', per: 1 },
}

type Bound = keyof Omit<Restrictions, 'day_of_week' | 'reservation'>

/** Restriction and condition, and how many of the condition's unit one of the restriction's is. */
const CONDITIONS: readonly (readonly [Bound, keyof TariffConditions & string, number])[] = [
  ['start_time', 'startTimeOfDay', 1],
  ['end_time', 'endTimeOfDay', 1],
  ['start_date', 'validFromDate', 1],
  ['end_date', 'validToDate', 1],
  ['min_kwh', 'minEnergy', 1000],
  ['max_kwh', 'maxEnergy', 1000],
  ['min_current', 'minCurrent', 1],
  ['max_current', 'maxCurrent', 1],
  ['min_power', 'minPower', 1000],
  ['max_power', 'maxPower', 1000],
  ['min_duration', 'minTime', 1],
  ['max_duration', 'maxTime', 1],
]

/** The tariff for a station that prices by itself; `lost` names what OCPP 2.1 cannot say. */
export function toOcppTariff(tariff: Tariff): { tariff: V21.TariffType; lost: string[] } {
  const lost = new Set<string>()
  const kinds: Partial<Record<Kind, Priced>> = {}
  const written: V21.TariffType = { tariffId: tariff.id, currency: tariff.currency.toUpperCase() }
  if (tariff.start_date_time !== undefined) written.validFrom = tariff.start_date_time
  if (tariff.end_date_time !== undefined) lost.add('end_date_time')
  for (const [kind, { type, reservation, price, per }] of Object.entries(KINDS) as [Kind, (typeof KINDS)[Kind]][]) {
    const hits = tariff.elements.flatMap(({ price_components, restrictions }) => {
      const component = price_components.find((each) => each.type === type)
      return component && (restrictions?.reservation !== undefined) === reservation ? [{ component, restrictions }] : []
    })
    const rates = new Set(hits.map(({ component }) => component.vat))
    // One rate holds for all prices of a kind: more of them cannot be said.
    if (rates.size > 1) lost.add(`VAT rates that differ within ${kind}`)
    if (hits.some(({ component }) => component.step_size > 1)) lost.add(`step_size of ${kind}`)
    if (hits.some(({ restrictions }) => restrictions?.reservation === 'RESERVATION_EXPIRES')) lost.add('RESERVATION_EXPIRES')
    if (hits.length === 0) continue
    const [rate] = rates
    kinds[kind] = {
      prices: hits.map(({ component, restrictions }) => {
        const conditions = conditionsOf(restrictions ?? {})
        return {
          [price]: Math.round((component.price / per) * 1e9) / 1e9,
          ...(Object.keys(conditions).length > 0 && { conditions }),
        }
      }),
      ...(rate !== undefined && { taxRates: [{ type: 'VAT', tax: rate }] }),
    }
  }
  const cost = (bound: Tariff['min_price']): V21.PriceType | undefined =>
    bound && { exclTax: bound.excl_vat, ...(bound.incl_vat !== undefined && { inclTax: bound.incl_vat }) }
  const [least, most] = [cost(tariff.min_price), cost(tariff.max_price)]
  const bounds = { ...(least && { minCost: least }), ...(most && { maxCost: most }) }
  // Each kind has the price that KINDS gives it: its own type, which the compiler cannot follow through a table.
  return { tariff: { ...written, ...(kinds as Partial<V21.TariffType>), ...bounds }, lost: [...lost] }
}

function conditionsOf(restrictions: Restrictions): TariffConditions {
  const conditions: Record<string, unknown> = {}
  for (const [restriction, condition, factor] of CONDITIONS) {
    const value = restrictions[restriction]
    if (value !== undefined) conditions[condition] = typeof value === 'number' ? Math.round(value * factor * 1e6) / 1e6 : value
  }
  if (restrictions.day_of_week && restrictions.day_of_week.length > 0)
    conditions['dayOfWeek'] = restrictions.day_of_week.map((day) => day[0] + day.slice(1).toLowerCase())
  return conditions as TariffConditions
}

const KNOWN = new Set<string>([...CONDITIONS.map(([, condition]) => condition), 'dayOfWeek', 'customData'])

/** A station's tariff as ours; `lost` names what OCPI cannot say. One kind of price per element, in the station's order. */
export function fromOcppTariff(given: V21.TariffType): { tariff: Tariff; lost: string[] } {
  const lost = new Set<string>()
  const elements: Tariff['elements'] = []
  for (const [kind, { type, reservation, price, per }] of Object.entries(KINDS) as [Kind, (typeof KINDS)[Kind]][]) {
    const { prices, taxRates = [] }: Priced = given[kind] ?? { prices: [] }
    if (taxRates.length > 1) lost.add(`several taxes on ${kind}`)
    for (const each of prices) {
      const restrictions = restrictionsOf(each.conditions ?? {}, lost)
      if (reservation) restrictions.reservation = 'RESERVATION'
      elements.push({
        price_components: [
          {
            type,
            price: Math.round((each[price] ?? 0) * per * 1e9) / 1e9,
            step_size: 0,
            ...(taxRates[0] !== undefined && { vat: taxRates[0].tax }),
          },
        ],
        ...(Object.keys(restrictions).length > 0 && { restrictions }),
      })
    }
  }
  const bound = (cost: V21.PriceType | undefined) =>
    cost?.exclTax === undefined ? undefined : { excl_vat: cost.exclTax, ...(cost.inclTax !== undefined && { incl_vat: cost.inclTax }) }
  const [least, most] = [bound(given.minCost), bound(given.maxCost)]
  return {
    tariff: {
      id: given.tariffId,
      currency: given.currency,
      elements,
      ...(given.validFrom !== undefined && { start_date_time: given.validFrom }),
      ...(least && { min_price: least }),
      ...(most && { max_price: most }),
    },
    lost: [...lost],
  }
}

function restrictionsOf(conditions: TariffConditions, lost: Set<string>): Restrictions {
  const restrictions: Record<string, unknown> = {}
  for (const [restriction, condition, factor] of CONDITIONS) {
    const value = conditions[condition]
    if (value !== undefined) restrictions[restriction] = typeof value === 'number' ? value / factor : value
  }
  const days = conditions.dayOfWeek?.map((day) => day.toUpperCase()).filter((day) => (WEEKDAYS as readonly string[]).includes(day))
  if (days && days.length > 0) restrictions['day_of_week'] = days
  for (const key of Object.keys(conditions)) if (!KNOWN.has(key)) lost.add(`condition ${key}`)
  return restrictions
}
