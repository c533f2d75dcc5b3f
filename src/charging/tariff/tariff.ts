/** What a tariff is: OCPI 2.2.1 `mod_tariffs` word for word, which OCPP 2.1's structured tariffs are written from (`ocpp-tariff.ts`). */

import { type Static, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { isZone, Problem, parseInstant, say } from '#kernel'
import { SAYING } from '../saying.ts'

const Optional = Type.Optional
const One = <const Word extends string>(...words: readonly Word[]) => Type.Unsafe<Word>({ type: 'string', enum: words })
const Clock = Type.String({ pattern: '^([0-1][0-9]|2[0-3]):[0-5][0-9]$' })
const Day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' })
const Bound = Type.Number({ minimum: 0 })

export const WEEKDAYS = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY'] as const

/** `step_size`: Wh for ENERGY, seconds for times; 0 and 1 round nothing beyond that unit. `vat` in percent, absent = not applicable. */
const PriceComponent = Type.Object({
  type: One('ENERGY', 'FLAT', 'PARKING_TIME', 'TIME'),
  /** Per kWh, per hour, or once. Excluding VAT. */
  price: Type.Number(),
  vat: Optional(Type.Number({ minimum: 0, maximum: 1000 })),
  step_size: Type.Integer({ minimum: 0 }),
})
export type PriceComponent = Static<typeof PriceComponent>

/** All must hold. min_ is inclusive, max_ exclusive; clock, dates and weekdays are local to the location. */
const Restrictions = Type.Object({
  start_time: Optional(Clock),
  end_time: Optional(Clock),
  start_date: Optional(Day),
  end_date: Optional(Day),
  min_kwh: Optional(Bound),
  max_kwh: Optional(Bound),
  /** A, the sum over the phases. */
  min_current: Optional(Bound),
  max_current: Optional(Bound),
  /** kW. */
  min_power: Optional(Bound),
  max_power: Optional(Bound),
  /** Seconds since the session began. */
  min_duration: Optional(Bound),
  max_duration: Optional(Bound),
  day_of_week: Optional(Type.Array(One(...WEEKDAYS))),
  reservation: Optional(One('RESERVATION', 'RESERVATION_EXPIRES')),
})
export type Restrictions = Static<typeof Restrictions>

const Element = Type.Object({
  price_components: Type.Array(PriceComponent, { minItems: 1 }),
  restrictions: Optional(Restrictions),
})
export type TariffElement = Static<typeof Element>

const Price = Type.Object({ excl_vat: Type.Number(), incl_vat: Optional(Type.Number()) })

const Moment = Type.String({ minLength: 1 })

export const TariffSchema = Type.Object({
  country_code: Optional(Type.String({ maxLength: 2 })),
  party_id: Optional(Type.String({ maxLength: 3 })),
  id: Type.String({ minLength: 1, maxLength: 36 }),
  currency: Type.String({ pattern: '^[A-Za-z]{3}$' }),
  type: Optional(One('AD_HOC_PAYMENT', 'PROFILE_CHEAP', 'PROFILE_FAST', 'PROFILE_GREEN', 'REGULAR')),
  tariff_alt_text: Optional(Type.Array(Type.Object({ language: Type.String(), text: Type.String({ maxLength: 512 }) }))),
  tariff_alt_url: Optional(Type.String()),
  min_price: Optional(Price),
  max_price: Optional(Price),
  elements: Type.Array(Element, { minItems: 1 }),
  start_date_time: Optional(Moment),
  end_date_time: Optional(Moment),
  last_updated: Optional(Moment),
})
export type Tariff = Static<typeof TariffSchema>

export const PERIOD_STATES = ['CHARGING', 'SUSPENDED_EV', 'SUSPENDED_EVSE', 'RESERVED', 'RESERVATION_EXPIRED'] as const

/** A stretch of a session in which nothing changes but energy and time; it lasts to the next one's start or the session's end. */
const PricedPeriod = Type.Object({
  start_date_time: Moment,
  /** SUSPENDED_EV: the vehicle asks for nothing, which is parking; SUSPENDED_EVSE: we withhold power, which is still charging time. */
  state: One(...PERIOD_STATES),
  /** Flows evenly within the period; negative when fed back. */
  energy_kwh: Optional(Type.Number()),
  power_kw: Optional(Type.Number()),
  current_a: Optional(Type.Number()),
  /** Another tariff than the first. */
  tariff_id: Optional(Type.String()),
})

const PricingCase = Type.Object({
  tariff: Optional(TariffSchema),
  tariffs: Optional(Type.Array(TariffSchema, { minItems: 1 })),
  session: Type.Object({
    start_date_time: Moment,
    end_date_time: Moment,
    time_zone: Type.String(),
    periods: Type.Array(PricedPeriod),
  }),
  options: Optional(
    Type.Object({
      rounding: Optional(One('none', 'gireve', 'cent')),
      step_policy: Optional(One('last', 'parking')),
      vat_rates: Optional(Type.Array(Type.Object({ from: Moment, rate: Type.Number({ minimum: 0 }) }))),
    }),
  ),
})
export type PricingCase = Static<typeof PricingCase>
export type PricingOptions = NonNullable<PricingCase['options']>

const readers = new Map<TSchema, ReturnType<typeof Compile>>()

function read<Schema extends TSchema>(schema: Schema, value: unknown, what: 'tariffUnread' | 'caseUnread'): Static<Schema> {
  const reader = readers.get(schema) ?? Compile(schema)
  readers.set(schema, reader)
  if (reader.Check(value)) return value as Static<Schema>
  const [fault] = reader.Errors(value)
  const where = fault?.instancePath.slice(1).replaceAll('/', '.') ?? ''
  throw new Problem('invalid-tariff', say(SAYING[what], { fault: `'${where}' ${fault?.message ?? 'is not valid'}` }), {
    status: 422,
    hint: say(SAYING.tariffFields),
  })
}

/** Reads a tariff. @throws Problem `invalid-tariff` that names the field, `invalid-datetime`, `naive-datetime` */
export function readTariff(value: unknown): Tariff {
  const tariff = read(TariffSchema, value, 'tariffUnread')
  for (const moment of [tariff.start_date_time, tariff.end_date_time]) if (moment !== undefined) parseInstant(moment)
  return tariff
}

/** Reads a case for `priceSession`. @throws Problem `invalid-tariff` that names the field */
export function readPricingCase(value: unknown): PricingCase {
  const given = read(PricingCase, value, 'caseUnread')
  if ((given.tariff === undefined) === (given.tariffs === undefined))
    throw new Problem('invalid-tariff', say(SAYING.oneOrMany), {
      status: 422,
      hint: say(SAYING.giveTariff),
    })
  if (!isZone(given.session.time_zone))
    throw new Problem('invalid-tariff', say(SAYING.noZone, { zone: given.session.time_zone }), {
      status: 422,
      hint: say(SAYING.zoneLike),
    })
  return given
}
