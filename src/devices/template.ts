/** What a device template says: how one brand of device is recognised, read and ordered over Modbus. The JSON Schema and the types come from here. */
import { type Static, Type } from 'typebox'
import { VALUE_KINDS, type ValueKind } from '#protocols/modbus'

const closed = { additionalProperties: false }
const Quantity = (description: string) => Type.String({ description, examples: ['50 kW'] })
const Sign = Type.Optional(
  Type.Union([Type.Literal('consumption-positive'), Type.Literal('production-positive')], {
    description: 'What a positive number means on the device. Default consumption-positive: charging, drawing from the grid.',
  }),
)

/** Where a value lives: a register, or a point of a SunSpec model. */
const place = {
  register: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 65_535, description: 'Address on the wire, counted from 0 (manuals that print 40001 mean 0).' }),
  ),
  table: Type.Optional(
    Type.Union([Type.Literal('holding'), Type.Literal('input')], {
      description: 'Holding registers (function 3, default) or input registers (4).',
    }),
  ),
  type: Type.Optional(
    Type.Unsafe<ValueKind>(
      Type.Union(
        VALUE_KINDS.map((kind) => Type.Literal(kind)),
        { description: 'How the registers hold the value; a SunSpec point knows its own.' },
      ),
    ),
  ),
  length: Type.Optional(Type.Integer({ minimum: 1, maximum: 125, description: 'Registers of a string.' })),
  words: Type.Optional(
    Type.Union([Type.Literal('big'), Type.Literal('little')], {
      description: 'Order of the words of long values, when it differs from bus.words.',
    }),
  ),
  model: Type.Optional(
    Type.Union([Type.Integer({ minimum: 1 }), Type.Array(Type.Integer({ minimum: 1 }), { minItems: 1 })], {
      description: 'SunSpec model, or several of which the device has one.',
    }),
  ),
  point: Type.Optional(Type.String({ description: 'Name of the point in that model, as SunSpec writes it.' })),
}

const measure = {
  ...place,
  scale: Type.Optional(Type.Number({ description: 'Value = register × scale + offset. SunSpec scale factors are applied by themselves.' })),
  offset: Type.Optional(Type.Number()),
  unit: Type.Optional(
    Type.String({ description: 'Unit of the scaled value: W, kW, Wh, kWh, %, °C, V, A …; a SunSpec point knows its own.' }),
  ),
  of: Type.Optional(
    Type.Union([Type.Literal('consumption'), Type.Literal('production'), Type.Literal('capacity')], {
      description: "What 100 % is, when the unit is '%': a nominal value.",
    }),
  ),
  sign: Sign,
  missing: Type.Optional(
    Type.Array(Type.Number(), { description: 'Register values that mean "no value". SunSpec markers are known by themselves.' }),
  ),
}

const Nominal = Type.Object(measure, { ...closed, description: 'A place on the device that tells it.' })
const nominal = (description: string) => Type.Optional(Type.Union([Quantity(description), Nominal], { description }))

const Reading = Type.Object(
  {
    ...measure,
    says: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Words for the values of a state, for people.' })),
    blocks: Type.Optional(
      Type.Array(Type.Number(), { description: 'While the reading has one of these values, orders make no sense (fault, local control).' }),
    ),
    stuckAfter: Type.Optional(
      Type.String({ description: 'A counter that must move: when it stands still for so long, the device is frozen.', examples: ['60 s'] }),
    ),
    above: Type.Optional(Quantity('With stuckAfter: it must move only while the power is at least this.')),
  },
  { ...closed, description: 'A value that is read at every look at the device.' },
)

const Write = Type.Object(
  {
    ...place,
    from: Type.Optional(
      Type.Union([Type.Literal('power'), Type.Literal('watchdog'), Type.Literal('counter')], {
        description: 'Writes the ordered power, the seconds of the watchdog, or a number that counts up with every write.',
      }),
    ),
    value: Type.Optional(
      Type.Union(
        [
          Type.Number(),
          Type.Object(
            {
              consume: Type.Optional(Type.Number({ description: 'When the order is to consume (charge).' })),
              produce: Type.Optional(Type.Number({ description: 'When the order is to produce (discharge), or a cap on production.' })),
              idle: Type.Optional(Type.Number({ description: 'When the order is 0 W.' })),
              free: Type.Optional(Type.Number({ description: 'When the order allows all that the device can produce.' })),
            },
            closed,
          ),
        ],
        { description: 'A fixed number, or one that depends on the direction of the order.' },
      ),
    ),
    unit: Type.Optional(Type.String({ description: 'Unit of what is written: W, kW, %, A.' })),
    of: Type.Optional(
      Type.Union([Type.Literal('consumption'), Type.Literal('production')], { description: "What 100 % is, when the unit is '%'." }),
    ),
    sign: Sign,
    part: Type.Optional(
      Type.Union([Type.Literal('consumption'), Type.Literal('production')], {
        description: 'Only this part of the power, as a positive number; 0 when the order goes the other way.',
      }),
    ),
    scale: Type.Optional(Type.Number({ description: 'Register = value / scale.' })),
    function: Type.Optional(Type.Union([Type.Literal(6), Type.Literal(16)], { description: 'Modbus function that writes; default 16.' })),
    check: Type.Optional(
      Type.Boolean({ description: 'Whether the register must hold what was written. Default true, but for watchdog and counter.' }),
    ),
  },
  { ...closed, description: 'One value that is written, in this order.' },
)

export const TemplateSchema = Type.Object(
  {
    template: Type.Literal(1, { description: 'Version of this format.' }),
    kind: Type.Union([Type.Literal('pv'), Type.Literal('battery'), Type.Literal('load')]),
    name: Type.String({ minLength: 1, maxLength: 100 }),
    about: Type.Optional(Type.String({ description: 'What it was tried with, where its manual is.' })),
    bus: Type.Optional(
      Type.Object(
        {
          port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535, description: 'Default 502.' })),
          unit: Type.Optional(Type.Integer({ minimum: 0, maximum: 255, description: 'Default 1.' })),
          timeout: Type.Optional(Quantity('Longest wait for an answer; default 1 s.')),
          inFlight: Type.Optional(Type.Integer({ minimum: 1, maximum: 16, description: 'Requests at once; default 1.' })),
          words: Type.Optional(
            Type.Union([Type.Literal('big'), Type.Literal('little')], { description: 'Order of the words of long values.' }),
          ),
          gap: Type.Optional(
            Type.Integer({ minimum: 0, maximum: 100, description: 'Unused registers that one request may read over; default 0.' }),
          ),
        },
        closed,
      ),
    ),
    identify: Type.Optional(
      Type.Array(
        Type.Object(
          {
            ...place,
            is: Type.Optional(Type.Union([Type.Number(), Type.String()])),
            matches: Type.Optional(Type.String({ description: 'A regular expression, for texts.' })),
          },
          closed,
        ),
        { description: 'What must hold for the device to be the one this template is for.' },
      ),
    ),
    nominal: Type.Object(
      {
        consumption: nominal('Largest power it may consume (charge).'),
        production: nominal('Largest power it may produce (discharge).'),
        capacity: nominal('Usable energy of a storage.'),
        minSoc: nominal('Lowest state of charge, % of the capacity or an energy.'),
        maxSoc: nominal('Highest state of charge.'),
        chargingEfficiency: nominal('Share of the consumed energy that is stored, %.'),
        dischargingEfficiency: nominal('Share of the stored energy that comes out, %.'),
      },
      closed,
    ),
    readings: Type.Object(
      { power: Reading, soc: Type.Optional(Reading) },
      { additionalProperties: Reading, description: 'What is read, by name: power, soc, and any others.' },
    ),
    orders: Type.Optional(
      Type.Object(
        {
          means: Type.Optional(
            Type.Union([Type.Literal('setpoint'), Type.Literal('cap')], {
              description: 'setpoint: it holds the power (default); cap: it produces at most so much (PV).',
            }),
          ),
          writes: Type.Array(Write, { minItems: 1 }),
          watchdog: Type.Optional(Quantity('The device falls back by itself when it is not told again for so long.')),
          refresh: Type.Optional(Quantity('How often an order is told again; default a third of the watchdog.')),
          safe: Type.Object(
            {
              power: Type.Optional(Quantity('An order like any other, usually 0 W.')),
              writes: Type.Optional(Type.Array(Write, { minItems: 1, description: 'Writes that hand the device back to itself.' })),
            },
            { ...closed, description: 'What is ordered when an order has ended and no new one came.' },
          ),
        },
        closed,
      ),
    ),
  },
  {
    ...closed,
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Cariflex device template',
    description: 'How one brand of device is recognised, read and ordered over Modbus TCP.',
  },
)

export type Template = Static<typeof TemplateSchema>
export type TemplateReading = Static<typeof Reading>
export type TemplateNominal = Static<typeof Nominal>
export type TemplateWrite = Static<typeof Write>
export type TemplatePlace = Pick<TemplateReading, 'register' | 'table' | 'type' | 'length' | 'words' | 'model' | 'point'>
export type NominalName = keyof Template['nominal']
