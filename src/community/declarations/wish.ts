// What a home declares of one appliance: what is ready now, and when it must be done. The shapes are those of the API.
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false }

const MINUTES_OF_DAY = '^([01]\\d|2[0-3]):[0-5]\\d$'
const When = Type.Union(
  [
    Type.Object({ at: Type.String({ format: 'date-time', description: 'Once: the moment, ISO 8601 with its offset.' }) }, closed),
    Type.Object(
      {
        time: Type.String({ pattern: MINUTES_OF_DAY, description: "Standing: the wall clock of the home, '18:00'." }),
        days: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
          minItems: 1,
          maxItems: 7,
          description: 'On these days: 1 Monday to 7 Sunday.',
        }),
      },
      closed,
    ),
  ],
  { description: 'Once, or every week.' },
)

const Span = Type.Object(
  {
    startSecond: Type.Integer({ minimum: 0, maximum: 86_400, description: 'Wall clock, seconds from midnight.' }),
    endSecond: Type.Integer({
      minimum: 0,
      maximum: 172_800,
      description: 'Above 86400 when it crosses midnight: 22:00 to 06:00 is 79200 to 108000.',
    }),
  },
  closed,
)

const Watts = Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 })
const Percent = Type.Number({ minimum: 0, maximum: 100 })
const Celsius = Type.Number({ minimum: -50, maximum: 60 })

const MachineWish = Type.Object(
  {
    kind: Type.Literal('machine'),
    done: When,
    durationMinutes: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1440, description: 'How long it runs; else what was learnt of it.' }),
    ),
    delayMinutes: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 10_080, description: 'How long before the deadline it may be finished at most; else any time.' }),
    ),
    programme: Type.Optional(Type.String({ maxLength: 100, description: 'Which of the programmes learnt of it; else the most frequent.' })),
  },
  closed,
)
const VehicleWish = Type.Object(
  {
    kind: Type.Literal('vehicle'),
    done: When,
    capacityWh: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000 }),
    nowPercent: Percent,
    leastPercent: Percent,
    powersW: Type.Array(Watts, {
      minItems: 1,
      maxItems: 32,
      description: 'Its levels; only a modulating one uses another than the highest.',
    }),
    charging: Type.Enum(['continuous', 'interruptible', 'modulating']),
  },
  closed,
)
const WaterHeaterWish = Type.Object(
  {
    kind: Type.Literal('water-heater'),
    volumeL: Type.Number({ exclusiveMinimum: 0, maximum: 10_000 }),
    powerW: Watts,
    dayEnergyWh: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1_000_000, description: 'What it took in the last 24 h; else a full reheat.' }),
    ),
    offPeak: Type.Array(Span, { minItems: 1, maxItems: 8, description: 'Its off-peak hours; the longest is used.' }),
  },
  closed,
)
const Weeks = {
  week: Type.Array(Span, { maxItems: 4, description: 'Comfort from Monday to Friday.' }),
  weekend: Type.Array(Span, { maxItems: 4, description: 'Comfort on Saturday and Sunday.' }),
}
const HeatingWish = Type.Object(
  {
    kind: Type.Literal('heating'),
    ecoW: Type.Number({ minimum: 0, maximum: 1_000_000 }),
    comfortW: Watts,
    ecoPercent: Type.Number({ minimum: 0, maximum: 100, description: 'Share of the comfort time that may be eco.' }),
    ...Weeks,
  },
  closed,
)
const ServoHeatingWish = Type.Object(
  {
    kind: Type.Literal('servo-heating'),
    powerW: Watts,
    ecoC: Celsius,
    comfortC: Celsius,
    deltaC: Type.Number({ exclusiveMinimum: 0, maximum: 10, description: 'How far it may be from what is wished, K.' }),
    roomC: Celsius,
    outdoorC: Type.Optional(Type.Number({ minimum: -60, maximum: 60, description: 'Outside; 10 °C when nothing is known.' })),
    resistanceKPerW: Type.Number({ exclusiveMinimum: 0, description: 'Thermal resistance of the room.' }),
    capacityJPerK: Type.Number({ exclusiveMinimum: 0, description: 'Thermal capacity of the room.' }),
    ...Weeks,
  },
  closed,
)

export const WishSchema = Type.Union([MachineWish, VehicleWish, WaterHeaterWish, HeatingWish, ServoHeatingWish], {
  description: 'What is wished of the appliance.',
})
export const DeclarationSchema = Type.Object(
  {
    appliance: Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Id of the appliance in the registry.' }),
    home: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'Whose it is, as R004.' })),
    type: Type.Integer({ minimum: 1, maximum: 999, description: "ELFE's code of the appliance: 112 a washing machine." }),
    wish: WishSchema,
  },
  closed,
)

export type When = Static<typeof When>
export type Span = Static<typeof Span>
export type MachineWish = Static<typeof MachineWish>
export type VehicleWish = Static<typeof VehicleWish>
export type WaterHeaterWish = Static<typeof WaterHeaterWish>
export type HeatingWish = Static<typeof HeatingWish>
export type ServoHeatingWish = Static<typeof ServoHeatingWish>
export type Wish = Static<typeof WishSchema>
export type Declaration = Static<typeof DeclarationSchema>
