/**
 * Where our answers differ from those of FlexMeasures 1.0.1, and why: made into docs/reference/flexmeasures-differences.md. The replay of the
 * recordings fails on every difference that is not explained here, and on every explanation that explains nothing.
 */

export interface Difference {
  where: string
  theirs: string
  ours: string
  why: string
  /** Recorded probes that show it. */
  probes?: readonly string[]
}

const CRASH = 'A crash tells nobody what to mend.'

export const DIFFERENCES: Record<string, readonly Difference[]> = {
  'Crashes that became answers': [
    {
      where: '`POST /sensors` with a name that the asset has already',
      theirs: '500 with a text of the database',
      ours: '422, `name`',
      why: CRASH,
      probes: ['sensor_bad_duplicate'],
    },
    {
      where: '`POST /sensors/{id}/data/upload` without a file, or with one that is none',
      theirs: '500',
      ours: '422, the row and what is wrong with it',
      why: CRASH,
      probes: ['upload_garbage', 'upload_no_file'],
    },
    {
      where: 'An asset that becomes its own parent, or the child of its own offspring',
      theirs: '500',
      ours: '422, `parent_asset_id`',
      why: `${CRASH} Trees have 100 levels at most.`,
    },
    {
      where: 'The same name, taken by two requests at once',
      theirs: '500',
      ours: '409',
      why: CRASH,
    },
    {
      where: 'The database is away',
      theirs: '500',
      ours: '503 with `Retry-After`',
      why: 'Clients wait and try again.',
    },
  ],
  'Sensor data': [
    {
      where: '`POST /sensors/{id}/data` without `values`, with an empty list, or a list as body',
      theirs: '500',
      ours: '422 that names the field',
      why: CRASH,
      probes: ['post_bad_empty_values', 'post_list_body'],
    },
    {
      where: '`POST` with `values: null`',
      theirs: '–',
      ours: '422',
      why: 'Nothing would be stored.',
    },
    {
      where: '`POST` for the future as `PostMeterDataRequest`',
      theirs: '500',
      ours: '422 `Meter data must lie in the past.`',
      why: CRASH,
    },
    {
      where: "`POST` of a stock at a coarser spacing than the sensor's: 2 kWh over PT1H onto a 15-minute kW sensor",
      theirs: '8 kW, four times',
      ours: '2 kW, four times',
      why: "Their own file upload stores 2: the value is turned by the time it covers, not by the sensor's resolution.",
    },
    {
      where: '`POST` while a worker is there',
      theirs: '202, processed later',
      ours: '200, committed when answered',
      why: 'There is no second queue; acknowledged means durable.',
    },
    {
      where: "`GET` at a resolution that is neither a multiple nor a divisor of the sensor's",
      theirs: '500',
      ours: '422',
      why: CRASH,
    },
    {
      where: '`GET` at a coarser resolution from a start off its clock',
      theirs: 'null only',
      ours: 'means of the slots that were asked for',
      why: "At the sensor's own resolution both answer null.",
    },
    {
      where: '`GET` of moments (sensors without resolution)',
      theirs: 'the value exactly at each slot',
      ours: 'the first value in each slot',
      why: 'A value a second late would be lost.',
    },
    {
      where: '`GET /sensors/{id}/stats`',
      theirs: 'up to two minutes old',
      ours: 'as of now for what came through Cariflex; rows that another program updated in place (same number) at the latest after a day, or with `fresh=true`',
      why: '[decision 10](../decisions/0010-reading-beliefs.md)',
    },
  ],
  'Clearer answers': [
    {
      where: 'Paths under `/api` that do not exist',
      theirs: '404 as a page in HTML',
      ours: '404 as JSON `{message, status}`',
      why: 'Clients read every answer as JSON.',
      probes: ['unknown_path_auth'],
    },
    {
      where: '`GET /sensors/{id}` and the like with an unknown id',
      theirs: '422, `path.id`',
      ours: '404 `No sensor found with ID …`',
      why: 'As for assets; flexmeasures-client treats both as an error.',
    },
    {
      where: 'Lists without `sort-by`',
      theirs: 'no stable order',
      ours: 'by id',
      why: 'Pages neither repeat nor miss anything.',
    },
    {
      where: 'Moments in audit logs and of users',
      theirs: 'UTC without saying so',
      ours: 'with `+00:00`',
      why: 'Nobody takes them for local time.',
    },
  ],
  'Rights and secrets': [
    {
      where: '`POST /api/requestAuthToken` of a deactivated user',
      theirs: 'a token, which opens nothing',
      ours: '401 `User is inactive.`',
      why: 'One learns at once.',
    },
    {
      where: '`PATCH /assets/{id}` with another `account_id`',
      theirs: 'an administrator moves the one asset; what lies below stays behind',
      ours: 'an administrator hands over the whole tree, noted in the log of each; others get 422',
      why: 'A site and its devices stay together.',
    },
    {
      where: '`PATCH /accounts/{id}` with `account_roles`',
      theirs: 'any member',
      ours: 'administrators',
      why: 'The role Consultancy lets consultants found accounts.',
    },
    {
      where: '`POST /assets` of a consultant for a client account',
      theirs: '422',
      ours: '201',
      why: 'The table of permissions gives consultants that right.',
    },
    {
      where: '`POST /assets` below an asset of another account',
      theirs: '403',
      ours: "422 `Parent GenericAsset with id … doesn't exist.`",
      why: 'Whether it exists is nobody else’s business.',
    },
    {
      where: '`POST /assets/{id}/copy` with `account` and `parent`',
      theirs: 'the right to create below the parent is enough',
      ours: 'that of the account is needed as well',
      why: 'Nothing is put into accounts of others.',
    },
    {
      where: 'Graphs, KPIs, flex-context and flex-model that name a sensor one may not read',
      theirs: 'stored; refused when a schedule is triggered',
      ours: '422 when they are stored',
      why: 'One learns at once, and charts show nothing foreign.',
    },
    {
      where: 'Pages of other origins',
      theirs: 'may use `/api/*`',
      ours: 'only origins named in `flexmeasures.corsOrigins`',
      why: 'Safe unless asked for.',
    },
  ],
  'Limits and settings': [
    {
      where: 'Rate limits',
      theirs: '500 requests a minute and user, 10 triggers in 5 minutes and account',
      ours: 'none unless configured (`flexmeasures.rateLimit`, `triggerRateLimit`) or in the plan of the account',
      why: 'A plan costs milliseconds here. An adopted configuration is followed.',
    },
    {
      where: '`max_users`, `max_assets`, `max_clients` of plans',
      theirs: 'not enforced yet',
      ours: '422 beyond them',
      why: 'They are there to be kept.',
    },
    {
      where: 'Time zone of new users and sensors that name none',
      theirs: 'Europe/Amsterdam and `FLEXMEASURES_TIMEZONE`',
      ours: '`platform.timezone` for both',
      why: 'One setting.',
    },
    {
      where: 'Public template assets in an empty database',
      theirs: 'made at start',
      ours: 'made when `flexmeasures.templateAssets` asks for it',
      why: 'An adopted database keeps those it has.',
      probes: ['assets_public'],
    },
    {
      where: '`/api/v3_0/docs`, `/ui/static/openapi-specs.json`',
      theirs: 'their own document',
      ours: 'ours, made of the schemas that check requests',
      why: 'It cannot say what is not so.',
    },
  ],
}

/** Which entry explains a probe. */
export const EXPLAINED: ReadonlyMap<string, Difference> = new Map(
  Object.values(DIFFERENCES).flatMap((list) => list.flatMap((entry) => (entry.probes ?? []).map((probe) => [probe, entry] as const))),
)
