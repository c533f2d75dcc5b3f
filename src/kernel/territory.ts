/** A territory as `cariflex.yaml` describes it under `territory:` (the configuration includes this schema): its site, assets, sensors, devices, vehicles. */
import { type Static, Type } from 'typebox'

const closed = { additionalProperties: false }

const Sensor = Type.Object(
  {
    id: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Numeric id, kept for ever; given by the database (from 1000) when absent.' }),
    ),
    name: Type.String({ minLength: 1, maxLength: 120 }),
    unit: Type.String({ description: "Unit such as kW, kWh, EUR/MWh, %, W/m², °C or '' for none." }),
    resolution: Type.String({
      description: 'ISO 8601 duration of an event; PT0S for instantaneous values.',
      examples: ['PT5M', 'PT0S', 'PT1H'],
    }),
    attributes: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'FlexMeasures sensor attributes, e.g. consumption_is_positive.' }),
    ),
  },
  closed,
)

const Asset = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 80 }),
    type: Type.String({ description: 'Asset type: solar, battery, one-way_evse, two-way_evse, building, …; created when unknown.' }),
    town: Type.Optional(Type.String()),
    latitude: Type.Optional(Type.Number({ minimum: -90, maximum: 90 })),
    longitude: Type.Optional(Type.Number({ minimum: -180, maximum: 180 })),
    attributes: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    sensors: Type.Optional(Type.Array(Sensor)),
  },
  closed,
)

const Step = Type.Object(
  {
    from: Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', description: "Local time of day from which the price holds, 'HH:MM'." }),
    price: Type.Number({ description: 'Price in the currency of the site per MWh.' }),
  },
  closed,
)

const Everest = Type.Object(
  {
    broker: Type.String({ pattern: '^mqtts?://', description: 'Address of its MQTT broker, e.g. mqtt://192.168.1.20:1883.' }),
    node: Type.String({ minLength: 1, description: 'Id of the module external_energy_limits_consumer_API in its configuration.' }),
    manager: Type.String({ minLength: 1, description: 'Id of the module evse_manager_consumer_API.' }),
    dischargeKw: Type.Optional(Type.Number({ minimum: 0, description: 'Power that may be given back, kW; 0 unless said.' })),
  },
  { ...closed, description: 'A charging point of EVerest, steered over MQTT.' },
)

const Device = Type.Object(
  {
    id: Type.String({
      pattern: '^[A-Za-z0-9*+=:._@|-]{1,48}$',
      description: 'Name of the device everywhere; on OCPP also the identity of the station.',
    }),
    kind: Type.Union([Type.Literal('pv'), Type.Literal('battery'), Type.Literal('evse'), Type.Literal('load')]),
    asset: Type.String({ description: 'Name of its asset.' }),
    bus: Type.Union([Type.Literal('modbus'), Type.Literal('ocpp'), Type.Literal('everest')]),
    everest: Type.Optional(Everest),
    template: Type.Optional(
      Type.String({ description: 'Modbus: a shipped template such as battery/sunspec-battery, or the path of your own YAML file.' }),
    ),
    host: Type.Optional(Type.String()),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
    unit: Type.Optional(Type.Integer({ minimum: 0, maximum: 255, description: 'Modbus unit id.' })),
    password: Type.Optional(
      Type.String({ minLength: 16, maxLength: 40, description: 'OCPP security profile 1. Prefer `!file` or an environment variable.' }),
    ),
    ocpp: Type.Optional(
      Type.Union([Type.Literal('1.6'), Type.Literal('2.0.1'), Type.Literal('2.1')], {
        description: 'Version that a simulated station speaks, 2.0.1 by default; a real one says its own when it connects.',
      }),
    ),
    phases: Type.Optional(Type.Union([Type.Literal(1), Type.Literal(3)])),
    nominalKw: Type.Number({ exclusiveMinimum: 0, description: 'Nominal power, kW.' }),
    capacityKwh: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Batteries: usable energy, kWh.' })),
    minSocKwh: Type.Optional(Type.Number({ minimum: 0 })),
    maxSocKwh: Type.Optional(Type.Number({ minimum: 0 })),
    sensors: Type.Object(
      { power: Type.Optional(Type.Integer()), soc: Type.Optional(Type.Integer()) },
      { additionalProperties: Type.Integer(), description: 'Sensor ids by what they measure.' },
    ),
  },
  closed,
)

const Vehicle = Type.Object(
  {
    id: Type.String(),
    asset: Type.String({ description: 'Name of its asset.' }),
    token: Type.String({ minLength: 1, maxLength: 36, description: 'Token that its driver shows at the station.' }),
    capacityKwh: Type.Number({ exclusiveMinimum: 0 }),
    home: Type.Optional(Type.String({ description: 'Station where it usually charges.' })),
    v2g: Type.Optional(Type.Boolean({ description: 'May give energy back where car and station declare it.' })),
    floorPercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100, description: 'Never discharged below this share.' })),
    targetPercent: Type.Optional(Type.Number({ minimum: 0, maximum: 100 })),
    readyBy: Type.Optional(Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' })),
    soc: Type.Integer({ description: 'Sensor id of its state of charge, kWh.' }),
  },
  closed,
)

export const TerritorySchema = Type.Object(
  {
    account: Type.String({ minLength: 1, maxLength: 100, description: 'Organisation that owns the assets.' }),
    site: Type.Object(
      {
        name: Type.String({ minLength: 1, maxLength: 80 }),
        timezone: Type.String({ examples: ['America/Martinique', 'Europe/Paris'] }),
        currency: Type.String({ pattern: '^[A-Z]{3}$' }),
        latitude: Type.Number({ minimum: -90, maximum: 90 }),
        longitude: Type.Number({ minimum: -180, maximum: 180 }),
        maxConsumptionKw: Type.Optional(Type.Number({ minimum: 0, description: 'Most that the site may draw from the grid, kW.' })),
        maxProductionKw: Type.Optional(Type.Number({ minimum: 0, description: 'Most that the site may feed into the grid, kW.' })),
        productionPriceFactor: Type.Optional(
          Type.Number({ minimum: 0, description: 'Price earned for production as a share of the consumption price; default 0.6.' }),
        ),
        sensors: Type.Optional(Type.Array(Sensor)),
        tariff: Type.Optional(
          Type.Array(Step, { description: 'Prices of a day, used until a market is connected; marked as simulation.' }),
        ),
        gridTariff: Type.Optional(
          Type.Array(Step, { description: 'Network prices of a day, shown beside the tariff; marked as simulation.' }),
        ),
        roles: Type.Object(
          {
            consumptionPrice: Type.Optional(Type.Integer()),
            loadControl: Type.Optional(Type.Integer()),
            demandResponse: Type.Optional(Type.Integer()),
            irradiance: Type.Optional(Type.Integer()),
            temperature: Type.Optional(Type.Integer()),
            gridPrice: Type.Optional(Type.Integer()),
          },
          { additionalProperties: false, description: 'Which sensor plays which part for the site.' },
        ),
      },
      closed,
    ),
    assets: Type.Array(Asset),
    devices: Type.Array(Device),
    vehicles: Type.Optional(Type.Array(Vehicle)),
  },
  closed,
)

export type Territory = Static<typeof TerritorySchema>
export type TerritoryDevice = Static<typeof Device>
export type TerritoryVehicle = Static<typeof Vehicle>
export type TerritoryAsset = Static<typeof Asset>
export type TerritorySensor = Static<typeof Sensor>
