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

const Watts = (description: string) => Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000, description })
const Percent = (description: string) => Type.Number({ minimum: 0, maximum: 100, description })
const Celsius = (description: string) => Type.Number({ minimum: -60, maximum: 60, description })
const Kind = <const Name extends string>(kind: Name) => Type.Literal(kind, { description: 'Which kind of wish.' })

const MachineWish = Type.Object(
  {
    kind: Kind('machine'),
    done: When,
    durationMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 1440, description: 'How long it runs; else as its kind does.' })),
    delayMinutes: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 10_080, description: 'How long before the deadline it may be finished at most; else any time.' }),
    ),
  },
  closed,
)
const VehicleWish = Type.Object(
  {
    kind: Kind('vehicle'),
    done: When,
    capacityWh: Type.Number({ exclusiveMinimum: 0, maximum: 1_000_000, description: 'Of its battery.' }),
    nowPercent: Percent('What its battery holds now.'),
    leastPercent: Percent('What it must hold at least when it is done.'),
    powersW: Type.Array(Watts('A level.'), {
      minItems: 1,
      maxItems: 32,
      description: 'Its levels; only a modulating one uses another than the highest.',
    }),
    charging: Type.Enum(['continuous', 'interruptible', 'modulating'], { description: 'In one go, with breaks, or at any of its levels.' }),
  },
  closed,
)
const WaterHeaterWish = Type.Object(
  {
    kind: Kind('water-heater'),
    volumeL: Type.Number({ exclusiveMinimum: 0, maximum: 10_000, description: 'Of its water.' }),
    powerW: Watts('What it takes while it heats.'),
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
    kind: Kind('heating'),
    ecoW: Type.Number({ minimum: 0, maximum: 1_000_000, description: 'What it takes in eco, on average.' }),
    comfortW: Watts('What it takes in comfort, on average.'),
    ecoPercent: Percent('Share of the comfort time that may be eco.'),
    ...Weeks,
  },
  closed,
)
const ServoHeatingWish = Type.Object(
  {
    kind: Kind('servo-heating'),
    powerW: Watts('What it takes while it heats.'),
    ecoC: Celsius('Wished outside its comfort hours.'),
    comfortC: Celsius('Wished in its comfort hours.'),
    deltaC: Type.Number({ exclusiveMinimum: 0, maximum: 10, description: 'How far it may be from what is wished, K.' }),
    roomC: Celsius('Of the room now.'),
    outdoorC: Type.Optional(Celsius('Outside; 10 °C when nothing is known.')),
    resistanceKPerW: Type.Number({ minimum: 1e-6, maximum: 10, description: 'Thermal resistance of the room.' }),
    capacityJPerK: Type.Number({ minimum: 1e4, maximum: 1e12, description: 'Thermal capacity of the room.' }),
    ...Weeks,
  },
  closed,
)

export const WishSchema = Type.Union([MachineWish, VehicleWish, WaterHeaterWish, HeatingWish, ServoHeatingWish], {
  description: 'What is wished of the appliance.',
})
/** A wish with what the registry knows of its appliance. */
export interface Declaration {
  /** Id of the appliance in the registry. */
  appliance: number
  /** Pseudonym of the participant, e.g. R004. */
  home?: string
  /** ELFE's code of the appliance: 112 is a washing machine. */
  type: number
  wish: Wish
}

export type When = Static<typeof When>
export type Span = Static<typeof Span>
export type MachineWish = Static<typeof MachineWish>
export type VehicleWish = Static<typeof VehicleWish>
export type WaterHeaterWish = Static<typeof WaterHeaterWish>
export type HeatingWish = Static<typeof HeatingWish>
export type ServoHeatingWish = Static<typeof ServoHeatingWish>
export type Wish = Static<typeof WishSchema>
