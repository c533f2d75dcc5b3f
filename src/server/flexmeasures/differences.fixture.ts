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
  Uploads: [
    {
      where: 'File whose first row is data',
      theirs: 'the first value is lost',
      ours: 'it counts as the others',
      why: 'Nothing is dropped silently.',
    },
    {
      where: 'Dates like 05/06/2025',
      theirs: 'month first',
      ours: 'as all rows together tell; refused when both orders make sense',
      why: "A French meter's file would land in the wrong month.",
    },
    {
      where: 'Decimal commas, semicolons, UTF-16, Windows code page',
      theirs: 'not read, or read as text',
      ours: 'found out',
      why: 'As spreadsheets here write them.',
    },
    {
      where: 'Rows in the hour that the clock skips',
      theirs: 'an exception',
      ours: '422 that names the row',
      why: 'Such a moment never was: somebody must say what was meant.',
    },
    {
      where: 'One ambiguous hour on the night the clock goes back',
      theirs: 'an exception',
      ours: 'the earlier one, with a warning in the preview',
      why: 'A logger that lost the second hour is read all the same.',
    },
    {
      where: 'Stamps that jitter by seconds',
      theirs: '422',
      ours: 'one value an event, where each event has at most one',
      why: 'Loggers do so.',
    },
    {
      where: 'Data coarser than the sensor that begins off its own grid (2 h from 11:00)',
      theirs: 'moved back to 10:00',
      ours: "begins at 11:00, floored to the sensor's resolution",
      why: 'The data says 11:00.',
    },
    {
      where: '10-minute rows on a 15-minute sensor',
      theirs: 'each row in the event it begins in',
      ours: 'shared out by overlap',
      why: 'Sums and means stay true.',
    },
    {
      where: 'Daily rows over a change of the clock',
      theirs: '422, irregular',
      ours: 'taken as days',
      why: 'Days have 23 to 25 hours.',
    },
    {
      where: '`application/octet-stream`',
      theirs: '422',
      ours: 'the name of the file decides',
      why: 'Curl and some browsers send it.',
    },
  ],
  Charts: [
    {
      where: '`chart`, `chart_data`',
      theirs: 'JSON as `text/html`',
      ours: '`application/json`',
      why: 'What a browser opens by accident must not run what somebody typed.',
    },
    {
      where: '`chart_annotations`',
      theirs: '`text/html`',
      ours: '`text/html`, with `<` written as `\\u003c`',
      why: 'The same; JSON readers see no difference.',
    },
    {
      where: 'Chart of an asset without `sensors_to_show`',
      theirs: 'no graphs',
      ours: 'its first two sensors',
      why: 'As their documentation says.',
    },
    {
      where: 'Marks of Vega-Lite 4 and formats of their page (`selection`, `quantityWithUnitFormat`)',
      theirs: 'in the specification',
      ours: 'not there',
      why: 'Our specifications are valid Vega-Lite 5 and draw anywhere.',
    },
    {
      where: 'Compressed records, most recent only',
      theirs: 'without `bt`',
      ours: 'with `bt`',
      why: 'The replay needs it.',
    },
    {
      where: "`bh` of a sensor's compressed chart data",
      theirs: 'seconds',
      ours: 'milliseconds, as for assets',
      why: 'One unit.',
    },
  ],
  'Status and KPIs': [
    {
      where: 'Status of a sensor written by sources of other types (script, simulation)',
      theirs: '"no data recorded"',
      ours: 'a line for each type',
      why: 'The data is there.',
    },
    {
      where: 'Status with `status_specs` that cannot be read',
      theirs: '500',
      ours: 'the rules that hold without them',
      why: 'One attribute must not hide the state of the data.',
    },
    {
      where: 'KPI of a sensor with several sources or revised values',
      theirs: 'all beliefs of whichever source comes first',
      ours: 'one belief an event, the most recent',
      why: 'A revised day would count twice.',
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
  Forecasts: [
    {
      where: '`config.model`',
      theirs: '`CustomLGBM`, one LightGBM model for each step to come',
      ours: '`CustomLGBM` lets all candidates compete, or the name of one of them; of `model-params` those that mean something to our trees count',
      why: 'Seconds instead of minutes, and what is best for this sensor: [forecasting](../explanation/forecasting.md).',
    },
    {
      where: 'A sensor among its own `regressors` or `future-regressors`, without a filter on sources',
      theirs: 'accepted',
      ours: '422',
      why: 'It would learn from what it is to foretell. With a filter (forecasts of it by others) it may.',
    },
    {
      where: '`future-regressors` of which nothing is known ahead, or not all',
      theirs: 'filled up as missing values are',
      ours: 'count as far ahead as they are known',
      why: 'Weather that is only measured says nothing of tomorrow.',
    },
    {
      where: 'More than 10,080 steps ahead, or 500,000 values at once',
      theirs: 'tried until the job is killed',
      ours: '422',
      why: 'It would not be ready in time.',
    },
  ],
  'What 0.33 did, and `flexmeasures.dialect: 0.33` does': [
    {
      where: 'Trigger of a schedule or a forecast',
      theirs: '202 with `job`, `job-url`, `results-url`',
      ours: '200 with the legacy key, as 0.33',
      why: 'Switched.',
    },
    {
      where: '`GET /jobs/{uuid}`',
      theirs: '202, 200 or 422',
      ours: '200 whatever its state',
      why: 'Switched; the keys of 1.0 are there too.',
    },
    {
      where:
        'Relaxing: `relax-constraints` and its parts, device capacities, `soc-targets`, the missing opposite capacity, devices of one stock',
      theirs: 'as 1.0',
      ours: 'as 0.33',
      why: 'Switched.',
    },
    {
      where: 'Wishes that cannot be kept together',
      theirs: 'the job fails',
      ours: 'planned as near to them as can be, as source `StorageFallbackScheduler` 3, in the same job',
      why: 'Switched. 0.33 had a second job and a simpler rule; nothing redirects to it (`FLEXMEASURES_FALLBACK_REDIRECT`).',
    },
    { where: 'Source of schedules', theirs: 'version 9', ours: 'version 8', why: 'Switched.' },
    {
      where: 'Starts off the clock, in posts, uploads and triggers',
      theirs: 'floored',
      ours: 'kept as sent, unless the sensor says `floor_datetimes_to_resolution: true`',
      why: 'Switched.',
    },
    { where: 'Rate limits, `POST /accounts`', theirs: 'there', ours: 'not there', why: 'Switched.' },
    {
      where: '`commitments` without baseline or price',
      theirs: '422',
      ours: '422 in both dialects',
      why: 'Without a price a commitment does nothing; without a baseline it is a slip.',
    },
    {
      where: 'Spellings of queries, new endpoints and flex fields of 1.0',
      theirs: 'there',
      ours: 'there in both dialects',
      why: 'Older clients do not ask for them.',
    },
  ],
  'When the recordings are replayed on the dump instead': [
    {
      where: '`GET /assets/public` (`assets_public`)',
      theirs: '3 templates',
      ours: '3 templates and the public asset of the dump',
      why: 'It was recorded on a database without "Public grid signals", which the dump holds.',
    },
    {
      where: '`GET /users`, `GET /users/{id}` (`users_inactive`, `user_self`)',
      theirs: 'the member lives in America/Martinique',
      ours: 'in Europe/Amsterdam, as the dump says',
      why: 'A probe that is not part of the recordings had changed it.',
    },
  ],
}

/** Which entry explains a probe. */
export const EXPLAINED: ReadonlyMap<string, Difference> = new Map(
  Object.values(DIFFERENCES).flatMap((list) => list.flatMap((entry) => (entry.probes ?? []).map((probe) => [probe, entry] as const))),
)
