/**
 * The tools that assistants call, by the names they expect (reference 4.8): each is one request to the API, made with the rights of the
 * user; so whatever the API checks is checked here too.
 */
import { type Static, type TObject, type TProperties, Type } from 'typebox'

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  body?: unknown
}

export interface Tool {
  name: string
  title: string
  description: string
  input: TObject
  /** 'look' changes nothing; 'gated' is offered only when the operator allows it. */
  kind: 'look' | 'change' | 'gated'
  request(given: Record<string, unknown>): ApiRequest
}

const V3 = '/api/v3_0'
const id = (what: string) => Type.Integer({ minimum: 1, description: `Id of the ${what}` })
const moment = (what: string) =>
  Type.String({ format: 'date-time', description: `${what}: ISO 8601 with offset, e.g. 2026-01-15T10:00:00-04:00` })
const duration = (what: string) => Type.String({ description: `${what}: ISO 8601 duration, e.g. PT24H` })
const json = (what: string) => Type.Record(Type.String(), Type.Unknown(), { description: what })
const maybe = Type.Optional

function tool<Fields extends TProperties>(
  kind: Tool['kind'],
  name: string,
  description: string,
  fields: Fields,
  request: (given: Static<TObject<Fields>>) => ApiRequest,
): Tool {
  const title = name.replace(/_/g, ' ').replace(/^./, (first) => first.toUpperCase())
  const input = Type.Object(fields, { additionalProperties: false })
  return {
    kind,
    name,
    title,
    description,
    input: input as unknown as TObject,
    request: (given) => request(given as Static<TObject<Fields>>),
  }
}

const query = (given: Record<string, unknown>): string => {
  const kept = Object.entries(given).flatMap(([key, value]): [string, string][] => (value === undefined ? [] : [[key, String(value)]]))
  return kept.length === 0 ? '' : `?${new URLSearchParams(kept)}`
}
const get = (path: string, given: Record<string, unknown> = {}): ApiRequest => ({ method: 'GET', path: path + query(given) })
const post = (path: string, body: unknown): ApiRequest => ({ method: 'POST', path, body })

const AssetFields = {
  name: maybe(Type.String({ description: 'Name, unlike those of its siblings' })),
  latitude: maybe(Type.Number({ minimum: -90, maximum: 90 })),
  longitude: maybe(Type.Number({ minimum: -180, maximum: 180 })),
  parent_asset_id: maybe(id('asset it is part of')),
  attributes: maybe(json('Anything else about it')),
  flex_context: maybe(json('Prices, site capacities and so on; see flexmeasures://docs/flex-context')),
  flex_model: maybe(json('What the device can do; see flexmeasures://docs/flex-model')),
  sensors_to_show: maybe(Type.Array(Type.Unknown(), { description: 'Charts of its page' })),
}
const Automation = {
  asset: id('asset'),
  name: Type.String({ description: 'What people call it' }),
  cron: Type.String({ description: 'Five fields: minute hour day month weekday, in the time zone of the asset, e.g. "0 5 * * *"' }),
  timezone: maybe(Type.String({ description: 'Of the cron string, when not that of the asset' })),
  active: maybe(Type.Boolean({ description: 'False: it rests for now' })),
  parameters: json('What the job gets: those of a trigger, or of a report'),
}

export const TOOLS: readonly Tool[] = [
  tool('look', 'health_check', 'Whether the platform can work.', {}, () => get('/health/ready')),
  tool('look', 'connection_info', 'Which platform this is and which versions of the API it speaks.', {}, () => get('/api/')),
  tool('look', 'list_asset_types', 'Types an asset may have, with their ids.', {}, () => get(`${V3}/assets/types`)),
  tool(
    'look',
    'list_assets',
    'Assets one may read, found by words in their names.',
    {
      filter: maybe(Type.String({ description: 'Words that must all be found in the name' })),
      account: maybe(id('account')),
      root: maybe(id('asset whose subtree is wanted')),
      page: maybe(Type.Integer({ minimum: 1 })),
      'per-page': maybe(Type.Integer({ minimum: 1, maximum: 100 })),
    },
    (given) => get(`${V3}/assets`, { ...given, page: given.page ?? 1, 'per-page': given['per-page'] ?? 50 }),
  ),
  tool('look', 'get_asset', 'One asset with its sensors, children, flex-model and flex-context.', { asset: id('asset') }, ({ asset }) =>
    get(`${V3}/assets/${asset}`),
  ),
  tool(
    'change',
    'create_asset',
    'Makes an asset (a site, a battery, a charger …).',
    { ...AssetFields, name: Type.String(), generic_asset_type_id: id('asset type'), account_id: maybe(id('account that owns it')) },
    (body) => post(`${V3}/assets`, body),
  ),
  tool('change', 'update_asset', 'Changes fields of an asset.', { asset: id('asset'), ...AssetFields }, ({ asset, ...body }) => ({
    method: 'PATCH',
    path: `${V3}/assets/${asset}`,
    body,
  })),
  tool(
    'look',
    'list_sensors',
    'Sensors one may read, or those of an asset and everything below it.',
    { asset: maybe(id('asset')), filter: maybe(Type.String()), unit: maybe(Type.String({ description: 'Only sensors of this unit' })) },
    (given) => get(`${V3}/sensors`, { ...given, page: 1, 'per-page': 100 }),
  ),
  tool('look', 'get_sensor', 'One sensor: unit, resolution, time zone, attributes.', { sensor: id('sensor') }, ({ sensor }) =>
    get(`${V3}/sensors/${sensor}`),
  ),
  tool(
    'change',
    'create_sensor',
    'Makes a sensor of an asset: a series of values in one unit.',
    {
      name: Type.String(),
      unit: Type.String({ description: 'e.g. kW, kWh, EUR/MWh, %' }),
      event_resolution: duration('Length of one value; PT0S for instantaneous ones'),
      generic_asset_id: id('asset'),
      timezone: maybe(Type.String({ description: 'IANA name, e.g. America/Martinique' })),
      attributes: maybe(json('e.g. {"consumption_is_positive": true}')),
    },
    (body) => post(`${V3}/sensors`, body),
  ),
  tool(
    'change',
    'post_sensor_data',
    'Records values of a sensor: they share the duration evenly.',
    {
      sensor: id('sensor'),
      start: moment('Start of the first value'),
      duration: duration('Length of all values together'),
      values: Type.Array(Type.Union([Type.Number(), Type.Null()]), { minItems: 1, maxItems: 10_000 }),
      unit: Type.String({ description: 'Unit of the values; converted to that of the sensor' }),
      prior: maybe(moment('When they were known; now unless said')),
    },
    ({ sensor, ...body }) => post(`${V3}/sensors/${sensor}/data`, body),
  ),
  tool(
    'look',
    'get_sensor_data',
    'Values of a sensor over a period, the most recent belief of each.',
    {
      sensor: id('sensor'),
      start: moment('Start'),
      duration: duration('Length of the period'),
      unit: Type.String({ description: 'Unit wanted' }),
      resolution: maybe(duration('Length of one value')),
      prior: maybe(moment('Only what was known before')),
    },
    ({ sensor, ...given }) => get(`${V3}/sensors/${sensor}/data`, given),
  ),
  tool(
    'change',
    'trigger_forecast',
    'Starts a forecast of a sensor; read it with get_forecast.',
    {
      sensor: id('sensor'),
      start: maybe(moment('Start of the forecast; now unless said')),
      duration: maybe(duration('Length of the forecast')),
      'max-forecast-horizon': maybe(duration('How far ahead each forecast looks')),
      config: maybe(json('e.g. {"future-regressors": [82]}')),
    },
    ({ sensor, ...body }) => post(`${V3}/sensors/${sensor}/forecasts/trigger`, body),
  ),
  tool(
    'look',
    'get_forecast',
    'A forecast that was triggered, or how far it is.',
    { sensor: id('sensor'), forecast: Type.String({ description: 'What trigger_forecast returned' }) },
    ({ sensor, forecast }) => get(`${V3}/sensors/${sensor}/forecasts/${encodeURIComponent(forecast)}`),
  ),
  tool(
    'change',
    'trigger_schedule',
    'Plans the flexible devices of an asset and its children; read the plan of each sensor with get_schedule.',
    {
      asset: id('asset'),
      start: moment('Start of the plan'),
      duration: maybe(duration('Length of the plan; PT48H unless said')),
      resolution: maybe(duration('Length of one step')),
      'flex-model': maybe(
        Type.Array(json('One device: its sensor and what it can do'), { description: 'Devices; stored ones when left out' }),
      ),
      'flex-context': maybe(json('Prices and capacities of the site; stored ones when left out')),
      prior: maybe(moment('Only what was known before')),
    },
    ({ asset, ...body }) => post(`${V3}/assets/${asset}/schedules/trigger`, body),
  ),
  tool(
    'look',
    'get_schedule',
    'The plan of a sensor, or how far it is. Consumption is positive.',
    {
      sensor: id('sensor'),
      schedule: Type.String({ description: 'What trigger_schedule returned' }),
      duration: maybe(duration('How much of it; PT6H unless said')),
      unit: maybe(Type.String()),
    },
    ({ sensor, schedule, ...given }) => get(`${V3}/sensors/${sensor}/schedules/${encodeURIComponent(schedule)}`, given),
  ),
  tool('look', 'get_job_status', 'How far a job is, and why it failed.', { job: Type.String({ description: 'Its uuid' }) }, ({ job }) =>
    get(`${V3}/jobs/${encodeURIComponent(job)}`),
  ),
  tool('look', 'list_asset_jobs', 'Jobs of an asset and its sensors.', { asset: id('asset') }, ({ asset }) =>
    get(`${V3}/assets/${asset}/jobs`),
  ),
  tool(
    'change',
    'create_automation',
    'Repeats a forecast or a schedule by a cron string.',
    { ...Automation, type: Type.Enum(['forecasting', 'scheduling', 'reporting']) },
    ({ asset, ...body }) => post(`${V3}/assets/${asset}/automations`, body),
  ),
  tool(
    'change',
    'create_report_automation',
    'Repeats a report over a rolling window by a cron string.',
    {
      ...Automation,
      parameters: json('reporter, config, input, output, start-offset, end-offset: see the how-to on reports'),
    },
    ({ asset, ...body }) => post(`${V3}/assets/${asset}/automations`, { ...body, type: 'reporting' }),
  ),
  tool('look', 'list_automations', 'Automations of an asset, with their next run.', { asset: id('asset') }, ({ asset }) =>
    get(`${V3}/assets/${asset}/automations`),
  ),
  tool(
    'look',
    'get_automation',
    'One automation of an asset.',
    { asset: id('asset'), automation: id('automation') },
    ({ asset, automation }) => get(`${V3}/assets/${asset}/automations/${automation}`),
  ),
  tool(
    'change',
    'update_automation',
    'Pauses, resumes, renames or re-times an automation.',
    {
      asset: id('asset'),
      automation: id('automation'),
      name: maybe(Type.String()),
      cron: maybe(Type.String()),
      active: maybe(Type.Boolean({ description: 'False pauses it' })),
    },
    ({ asset, automation, ...body }) => ({ method: 'PATCH', path: `${V3}/assets/${asset}/automations/${automation}`, body }),
  ),
  tool('gated', 'delete_asset', 'Deletes an asset with all its sensors, data and children.', { asset: id('asset') }, ({ asset }) => ({
    method: 'DELETE',
    path: `${V3}/assets/${asset}`,
  })),
  tool(
    'gated',
    'delete_automation',
    'Deletes an automation.',
    { asset: id('asset'), automation: id('automation') },
    ({ asset, automation }) => ({ method: 'DELETE', path: `${V3}/assets/${asset}/automations/${automation}` }),
  ),
  tool(
    'gated',
    'authenticate',
    'Signs in as another user, whose rights count from then on.',
    { email: Type.String({ format: 'email' }), password: Type.String() },
    (body) => post('/api/requestAuthToken', body),
  ),
]
