/**
 * What may stand in `cariflex.yaml`: types, defaults, validation and the published JSON Schema come from here.
 * Every setting has a default unless it is optional. Lengths of time are written as ISO 8601 durations and read as milliseconds.
 */
import { type Static, Type } from 'typebox'
import { Count, closed, Flag, Kept, Length, LengthsByName, Port, Section, Share, Text, Words } from './config-fields.ts'
import { FlexMeasuresSection, MailSection, SecuritySection } from './config-flexmeasures.ts'
import type { Millis } from './quantity.ts'
import { TerritorySchema } from './territory.ts'

const MqttSection = Section('A broker that is told of events as webhooks are.', {
  url: Type.Optional(
    Type.String({
      pattern: '^mqtts?://',
      description: "Its address: 'mqtt://broker:1883', 'mqtts://broker:8883'; without it nothing is published.",
    }),
  ),
  username: Type.Optional(Type.String({ minLength: 1, description: 'Who we are there.' })),
  password: Type.Optional(Type.String({ minLength: 1, description: 'With which password.' })),
  authority: Type.Optional(
    Type.String({ minLength: 1, description: "PEM file of the authority of the broker's certificate, when it is not a public one." }),
  ),
  prefix: Text('cariflex', 'First level of all topics.'),
  events: Words(
    ['alarm.*', 'device.*', 'forecast.*', 'limits.*', 'order.*', 'plan.*', 'station.connected', 'station.closed'],
    "Which events: types, 'device.*', or '*' for all, frames of stations (station.message, station.sent) too.",
  ),
})

const BeliefPolicy = Type.Object(
  {
    after: Type.Unsafe<Millis>({
      type: 'string',
      format: 'duration',
      description: 'Age of an event from which on it is thinned.',
      examples: ['P7D'],
    }),
    keep: Type.Enum(['newest', 'newest-by-class', 'one-per', 'nothing'], {
      description:
        'What stays of each event and source: the newest belief; the newest forecast and the newest measurement; of moments the first in each interval; nothing.',
    }),
    every: Type.Optional(
      Type.Unsafe<Millis>({ type: 'string', format: 'duration', description: 'The interval of keep: one-per.', examples: ['PT15M'] }),
    ),
    sourceTypes: Type.Optional(
      Type.Array(Type.String(), { description: 'Only beliefs of such sources: forecaster, scheduler, gateway, user …' }),
    ),
    sources: Type.Optional(Type.Array(Type.String(), { description: 'Only beliefs of sources of these names.' })),
    sensors: Type.Optional(Type.Array(Type.Integer(), { description: 'Only these sensors, by id.' })),
    except: Type.Optional(Type.Array(Type.Integer(), { description: 'Never these sensors, by id.' })),
  },
  closed,
)

const NamedForecast = Type.Object(
  {
    sensor: Type.Integer({ minimum: 1, description: 'Id of the sensor that is forecast.' }),
    kind: Type.Optional(
      Type.Enum(['load', 'pv', 'price', 'co2', 'irradiance', 'temperature', 'other'], {
        description: 'What it is a series of; by its unit and asset unless said.',
      }),
    ),
    model: Text('CustomLGBM', "The model; CustomLGBM lets all candidates compete. See 'cariflex forecast run --help'."),
    every: Length('PT1H', 'How often it is made.'),
    duration: Length('PT48H', 'How far it looks ahead.'),
    trainPeriod: Length('P60D', 'So much of the past is learned from, at least 2 days.'),
    regressors: Type.Array(Type.Integer(), { default: [], description: 'Ids of sensors that explain it: weather, occupation …' }),
    probabilistic: Flag(false, 'Store the quantiles 0.1 and 0.9 beside the median.'),
  },
  closed,
)

export const ConfigSchema = Type.Object(
  {
    platform: Section('How the platform presents itself.', {
      name: Text('Cariflex', 'Name on the screen, in mails and of the data sources of plans and forecasts.'),
      language: Type.Enum(['fr', 'en'], { default: 'fr', description: 'Language of a visitor who has not chosen.' }),
      timezone: Type.String({
        format: 'time-zone',
        default: 'America/Martinique',
        description: 'Zone of sensors and reports that do not say their own.',
      }),
      currency: Type.String({ pattern: '^[A-Z]{3}$', default: 'EUR', description: 'ISO 4217 code, where a site does not say its own.' }),
    }),
    server: Section('The HTTP port of interface, APIs, charging stations and streams.', {
      host: Text('127.0.0.1', 'Address to listen on; 0.0.0.0 opens it to the network: put TLS in front.'),
      port: Type.Integer({ minimum: 0, maximum: 65_535, default: 5000, description: 'TCP port; 0 takes a free one.' }),
      publicUrl: Type.Optional(
        Type.String({ format: 'uri', description: 'Address under which people and stations reach us, behind a proxy.' }),
      ),
      trustProxy: Flag(false, 'Believe X-Forwarded-* headers; only behind a proxy that sets them.'),
      bodyLimit: Count(1_048_576, 'Largest request body, bytes.', 1024),
      ingestLimit: Count(3_250_585, 'Largest body of sensor data, bytes.', 1024),
      uploadRows: Count(1_000_000, 'Rows that an uploaded file of sensor data may have.', 1),
      headerLimit: Count(16_384, 'Largest sum of request headers, bytes.', 1024),
      requestTimeout: Length('PT30S', 'A request that takes longer to arrive is dropped.'),
      sessionLength: Length('P14D', 'How long a sign-in lasts.'),
    }),
    database: Section('Where the data is kept. Without url an embedded PostgreSQL runs in the folder.', {
      url: Type.Optional(Type.String({ description: "Your own server: 'postgres://user:password@host:5432/database'." })),
      folder: Text('./data', 'Data folder: embedded database, keys, token of the command line.'),
      port: Type.Optional(Port('Port of the embedded database on loopback; by default a free one, kept over restarts.')),
      connections: Count(10, 'Connections to the database at most.', 2),
    }),
    admin: Section('The first administrator, created on a database without users. Never alters an existing user.', {
      email: Type.Optional(Type.String({ format: 'email' })),
      password: Type.Optional(
        Type.String({ minLength: 8, description: 'Prefer `!file` or the environment. Generated and printed once when absent.' }),
      ),
    }),
    security: SecuritySection,
    flexmeasures: FlexMeasuresSection,
    mail: MailSection,
    mqtt: MqttSection,
    monitoring: Section('What somebody is told when it stops: an alarm, and a mail to mail.monitoring.', {
      tasks: LengthsByName('Longest time between runs of tasks that report them (/api/ops/postLatestTaskRun), by name.'),
      users: LengthsByName('Longest time between calls of users (gateways, bridges), by email.'),
    }),
    log: Section('What the program tells.', {
      level: Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], {
        default: 'info',
        description: 'Least important lines that are written.',
      }),
      format: Type.Enum(['auto', 'pretty', 'json'], { default: 'auto', description: 'auto: readable in a terminal, JSON elsewhere.' }),
    }),
    ems: Section('The energy management.', {
      heartbeat: Length('PT10S', 'How often devices are read and ordered.'),
      replan: Length('PT5M', 'How often a new plan is made, besides at once on news.'),
      horizon: Length('PT24H', 'How far a plan looks ahead.'),
      resolution: Length('PT15M', 'Step of a plan.'),
      solverDeadline: Length('PT20S', 'A solve that takes longer is ended; its best answer so far counts.'),
      solverGap: Share(0.001, 'A plan this close to the proven bound is good enough (share).'),
      solverWorkers: Count(1, 'Solves that may run at once.', 1),
      forecast: Length('PT15M', 'How often forecasts are refreshed, besides at once on news.'),
      forecastHorizon: Length('PT48H', 'How far forecasts look ahead.'),
      newsThreshold: Share(0.1, 'A forecast that moved by more than this share of the nominal power calls for a new plan.'),
      orderLifetime: Length('PT2M', 'An order that is not repeated ends after this, and the device falls back to its safe default.'),
      answerTimeout: Length('PT5S', 'A device that has not answered by then is silent; the others never wait for it.'),
      allowOverwrite: Flag(false, 'Let posts replace values that are stored already.'),
    }),
    forecasts: Type.Record(Type.String(), NamedForecast, {
      default: {},
      description: 'Forecasts by name that are made again and again, beside those of the territory: load, price, CO₂ …',
    }),
    grid: Section('What the network operator says.', {
      demandResponseLevels: Type.Array(Type.Number({ minimum: 0, maximum: 100 }), {
        minItems: 2,
        default: [100, 75, 50, 0],
        description: 'Percent of the flexible power that may be consumed at demand-response level 0, 1, 2, …',
      }),
    }),
    charging: Section('Charging stations (OCPP).', {
      securityProfile: Type.Enum([0, 1, 2, 3], {
        default: 1,
        description:
          'The least asked of every station: 0 = nothing, 1 = password (basic authentication), 2 = password over the encrypted port, 3 = certificate of its own.',
      }),
      organization: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 64,
          description: 'The operator (CPO) as certificates of stations name it; platform.name unless given.',
        }),
      ),
      tls: Section('The encrypted port of stations, for security profiles 2 and 3.', {
        port: Type.Optional(Port('TCP port; without it there is none. 0 takes a free one.')),
        host: Text('0.0.0.0', 'Address to listen on.'),
        names: Words([], 'Host names and addresses that stations call it by, for the certificate of our own authority.'),
        certificates: Type.Array(
          Type.Object(
            {
              certificate: Type.String({ minLength: 1, description: 'PEM file of the certificate and its chain, the leaf first.' }),
              key: Type.String({ minLength: 1, description: 'PEM file of its key.' }),
            },
            closed,
          ),
          {
            default: [],
            description:
              'Files that an ACME client renews, an RSA and an ECDSA pair side by side; read anew when they change. Empty: our own authority issues both.',
          },
        ),
      }),
      contracts: Section('Where cars get contracts (Plug & Charge); our own pool for trials unless a URL is given.', {
        url: Type.Optional(
          Type.String({
            pattern: '^https?://.*[^/]$',
            maxLength: 500,
            description: 'Pool in the shape of the Open Plug&Charge Protocol: the address before /v1/ccp/signedContractData.',
          }),
        ),
        token: Type.Optional(Type.String({ minLength: 1, description: 'Sent to it as a bearer token.' })),
      }),
      unknownStations: Type.Enum(['refuse', 'park', 'accept'], {
        default: 'refuse',
        description: 'A station that nobody registered: refused, kept waiting until a person approves it, or taken as it is.',
      }),
      citrineosOnLoopback: Flag(false, 'Programs on this machine may use the interfaces of CitrineOS without a token.'),
      citrineos: Section('A running CitrineOS whose stations are steered from here as well.', {
        version: Type.Enum(['1.8'], { default: '1.8', description: 'Its version.' }),
        amqp: Type.Optional(
          Type.String({
            pattern: '^amqps?://',
            description: 'Address of its RabbitMQ with user, password and virtual host; without it there is no bridge.',
          }),
        ),
        authority: Type.Optional(
          Type.String({ minLength: 1, description: "PEM file of the authority of the broker's certificate, when it is not a public one." }),
        ),
        exchange: Text('citrineos', 'Its exchange.'),
        queue: Text('cariflex', 'Our own queue at its broker.'),
        tenant: Count(1, 'Its tenant that our stations belong to.', 1),
        api: Type.Optional(
          Type.String({ pattern: '^https?://', description: 'Address of its message API; needed unless orders are injected.' }),
        ),
        token: Type.Optional(Type.String({ minLength: 1, description: 'Bearer token of that API.' })),
        database: Type.Optional(
          Type.String({
            pattern: '^postgres(ql)?://',
            description: 'Its database, with a user that may only read: fills gaps, and both sides are compared.',
          }),
        ),
        orders: Type.Enum(['inject', 'alternate', 'clear'], {
          default: 'inject',
          description:
            'How a charging profile replaces the one before: published at the broker and replaced at once; by the API in turn on two stack levels; by the API after the old one was cleared.',
        }),
        firstProfile: Count(7000, 'Our charging profiles have the ids up to 100 above it.', 1000),
        reconcile: Length('PT5M', 'Time between two comparisons of both sides.'),
      }),
      freeVend: Flag(false, 'Cars without any token may charge.'),
      heartbeat: Length('PT5M', 'Heartbeat interval that stations are given.'),
      sampling: Length('PT10S', 'Interval of meter values during a transaction.'),
      localDefaultLimit: Type.Number({
        default: 6,
        minimum: 0,
        description: 'Amperes per phase that a station falls back to when it loses the platform.',
      }),
      voltage: Type.Number({ default: 230, exclusiveMinimum: 0, description: 'Nominal phase voltage, V.' }),
      answerTimeout: Length('PT10S', 'How long to wait for the answer of a station.'),
      clockTolerance: Length('PT1M', "So much a station's clock may be off; beyond, our own clock counts and an alarm is raised."),
      strictModels: Type.Array(Type.String({ minLength: 1 }), {
        default: [],
        description:
          "Models that are held to the letter of OCPP, as 'Vendor/Model' with * for anything; others are forgiven what is harmless.",
      }),
      lenientModels: Type.Array(Type.String({ minLength: 1 }), {
        default: [],
        description:
          "Models whose messages are read though they break the schema, where their meaning is beyond doubt: 'Vendor/Model' with * for anything.",
      }),
      longestMessage: Type.Integer({
        minimum: 131_072,
        maximum: 16_777_216,
        default: 1_048_576,
        description: 'Bytes of the longest message of a station that is read; longer ones are refused.',
      }),
      mostMessages: Type.Integer({
        minimum: 1,
        default: 500,
        description: 'Messages per second of one station that are read in the long run; ten seconds’ worth may come at once.',
      }),
      mostConnections: Type.Integer({
        minimum: 5,
        default: 60,
        description: 'Connections of one station from one address within a minute; more are answered 429.',
      }),
      target: Share(0.8, 'State of charge wanted when nobody said more (share).'),
      readyBy: Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$', default: '07:00', description: 'Local time at which it is wanted.' }),
    }),
    simulation: Section('The simulated outside world of the demo.', {
      enabled: Type.Enum(['auto', 'on', 'off'], { default: 'auto', description: 'auto: only where the demo territory was created.' }),
      territory: Type.Optional(
        Type.String({ minLength: 1, description: 'YAML file with the territory of the demo, instead of the island of Martinique.' }),
      ),
      seed: Count(1, 'Same seed, same weather and trips.'),
      history: Length('P14D', 'Past that the same device models make up for the first sight of charts.'),
      ports: Type.Record(Type.String(), Port('TCP port of the simulated device.'), {
        default: {},
        description: 'Ports of simulated devices by their id; free ones unless given.',
      }),
    }),
    retention: Section('How long what grows is kept. Measurements and transactions are kept for ever unless a policy says otherwise.', {
      jobs: Length('P14D', 'Ended jobs; a schedule can be asked for by the id of its job as long as that is kept.'),
      conversations: Length('P30D', 'What was said with devices and partners.'),
      outbox: Length('P30D', 'Delivered messages to partners.'),
      audit: Length('P730D', 'Audit log.'),
      samples: Length('P2D', 'Samples of charging stations; the means made of them stay.'),
      beliefs: Type.Optional(
        Type.Record(Type.String(), BeliefPolicy, {
          description:
            "Policies by name that thin old beliefs. Without any, outdated plans and forecasts of the platform itself go after a week; {} thins nothing. See 'cariflex retention'.",
        }),
      ),
    }),
    partners: Section('Settings of partners that no room of this version uses yet; kept as they were given.', {
      flexmeasures: Kept('FLEXMEASURES_…'),
      ocpi: Kept('OCPI_…'),
      gireve: Kept('GIREVE_…'),
    }),
    territory: Type.Optional(TerritorySchema),
  },
  closed,
)

/** Settings of the FlexMeasures API. */
export type FlexMeasuresSettings = Static<typeof FlexMeasuresSection>
/** The broker that is told of events. */
export type MqttSettings = Static<typeof MqttSection>
/** The mail server and who writes. */
export type MailSettings = Static<typeof MailSection>
export type SecuritySettings = Static<typeof SecuritySection>

/** The whole configuration with its defaults; lengths of time in milliseconds. */
export type Config = Static<typeof ConfigSchema>

/** A JSON Schema node, as far as the configuration looks at it. */
export interface SchemaNode {
  type?: string
  format?: string
  enum?: unknown[]
  anyOf?: SchemaNode[]
  default?: unknown
  properties?: Record<string, SchemaNode>
  patternProperties?: Record<string, SchemaNode>
  additionalProperties?: boolean | SchemaNode
  items?: SchemaNode
  required?: string[]
}

export const CONFIG_SCHEMA_FILE = 'cariflex.schema.json'

/** The published JSON Schema of a `cariflex.yaml`: as above, with nothing required outside `territory`. */
export function configJsonSchema(): Record<string, unknown> {
  const { required: _, ...whole } = JSON.parse(JSON.stringify(ConfigSchema)) as SchemaNode
  const properties = Object.entries(whole.properties ?? {}).map(([name, section]) => {
    if (name === 'territory') return [name, section] as const
    const { required: __, default: ___, ...open } = section
    return [name, open] as const
  })
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of Cariflex (cariflex.yaml)',
    ...whole,
    properties: Object.fromEntries(properties),
  }
}
