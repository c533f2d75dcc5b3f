import { type Evaluation, evaluate, type Frame, openAssets, openBeliefs, openSensors, type SkillView, skillViews, sunOf } from '#ems'
import { after, type Clock, DAY, floorTo, HOUR, inProcessBus, Problem } from '#kernel'
import type { Store } from '#store'
import { configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { openDatabase } from '../database.ts'
import { readRegressor, readSeries } from '../forecast-data.ts'
import { clock } from '../settings.ts'
import { table } from '../terminal.ts'
import type { Invocation, Verb } from '../verb.ts'

export const forecastEvaluate: Verb = {
  name: 'forecast evaluate',
  summary:
    'Shows how good forecasts are: each day of a past is foretold from what was known at its midnight and compared, beside the same clock time of the day before (persistence).',
  usage: '(--sensor N [--days 60] | --data FILE [--column NAME]) [--regressor N|FILE:UNIT …] [--once] [--json]',
  example: 'cariflex forecast evaluate --data production.csv --regressor irradiation.csv:W/m²',
  options: {
    sensor: { type: 'string' },
    days: { type: 'string' },
    data: { type: 'string' },
    column: { type: 'string' },
    regressor: { type: 'string', multiple: true },
    timezone: { type: 'string' },
    latitude: { type: 'string' },
    longitude: { type: 'string' },
    'learn-days': { type: 'string' },
    'retrain-days': { type: 'string' },
    'horizon-days': { type: 'string' },
    once: { type: 'boolean' },
    model: { type: 'string' },
    daylight: { type: 'boolean' },
    config: DATABASE_OPTIONS.config,
    'database-url': DATABASE_OPTIONS['database-url'],
  },
  explain: {
    sensor: 'the sensor of this configuration whose past is looked at',
    days: 'so many days of it, default 60',
    data: 'a CSV file instead: moments, then values',
    column: 'name or number of its column of values, default the second',
    regressor: 'what explains it and is known beforehand: a sensor, or a file with its unit after a colon',
    timezone: 'whose days repeat (and of moments without offset), default that of the sensor or the configuration',
    latitude: 'of a file: where the sun shines on it',
    longitude: 'of a file: likewise',
    'learn-days': 'days that are only learned from, default 7',
    'retrain-days': 'days between two trainings, default 7',
    'horizon-days': 'days foretold each time, default 1',
    once: 'train on the first days only, as the reference does',
    model: 'only this candidate, default all compete',
    daylight: 'compare only slots with daylight (clear sky above 50 W/m²)',
    config: DATABASE_WORDS.config,
    'database-url': DATABASE_WORDS['database-url'],
  },
  async run(invocation) {
    const { options, show, progress } = invocation
    if ((options['sensor'] === undefined) === (options['data'] === undefined))
      throw new Problem('usage', 'Give either --sensor or --data.', { hint: 'See cariflex forecast evaluate --help.' })
    const { frame, skill } = options['data'] === undefined ? await ofSensor(invocation) : { frame: ofFile(invocation), skill: [] }
    const found = evaluate(frame, {
      ...{ learnDays: number(options, 'learn-days', 7), horizonDays: number(options, 'horizon-days', 1) },
      retrainDays: options['once'] === true ? Number.POSITIVE_INFINITY : number(options, 'retrain-days', 7),
      ...(options['model'] !== undefined && { candidates: [String(options['model']) as never] }),
      ...(options['daylight'] === true && { daylight: 50 }),
      onProgress: (done, total) => progress('foretelling', done, total),
    })
    if (!found)
      throw new Problem('not-enough-data', 'There are not enough days to foretell one from the others.', {
        hint: 'Give more data, or fewer --learn-days.',
      })
    show({ ...found, choices: found.choices.map(({ table: _table, ...choice }) => choice), published: skill }, () =>
      render(found, frame.step, skill),
    )
    return undefined
  },
}

const number = (options: Invocation['options'], name: string, otherwise: number): number => {
  const text = options[name]
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!(value > 0)) throw new Problem('usage', `--${name} must be a number above 0, not '${String(text)}'.`)
  return value
}

function ofFile({ options, env }: Invocation): Frame {
  const zone = String(options['timezone'] ?? configOf({ options: {}, env }).config.platform.timezone)
  const path = String(options['data'])
  const series = readSeries({ path, zone, ...(options['column'] !== undefined && { column: String(options['column']) }) })
  const [latitude, longitude] = [Number(options['latitude']), Number(options['longitude'])]
  const regressors = listed(options['regressor']).map((text) => {
    const at = text.lastIndexOf(':')
    return readRegressor({ path: at > 1 ? text.slice(0, at) : text, unit: at > 1 ? text.slice(at + 1) : '', zone }, series)
  })
  return { ...series, regressors, ...(Number.isFinite(latitude) && Number.isFinite(longitude) && { sun: { latitude, longitude } }) }
}

const listed = (value: unknown): string[] => (value === undefined ? [] : [value].flat().map(String))

/** `--data` names a file here: the data folder is that of the configuration or of CARIFLEX_DATA. */
async function ofSensor({ options, env }: Invocation): Promise<{ frame: Frame; skill: SkillView[] }> {
  const { data: _data, ...rest } = options
  const { config } = configOf({ options: rest, env })
  const database = await openDatabase(config, { clock })
  try {
    return await readSensor(database.store, clock, {
      sensor: Number(options['sensor']),
      days: number(options, 'days', 60),
      regressors: listed(options['regressor']).map(Number),
    })
  } finally {
    await database.close()
  }
}

async function readSensor(
  store: Store,
  at: Clock,
  { sensor: id, days, regressors }: { sensor: number; days: number; regressors: number[] },
) {
  const sensors = openSensors(store, () => at.now())
  const beliefs = openBeliefs({ store, clock: at, bus: inProcessBus(() => {}), sensors })
  const sensor = await sensors.need(id)
  const step = sensor.resolution || HOUR
  const until = floorTo(at.now(), step)
  const window = { from: floorTo(after(until, -days * DAY), step), until, step, excludeSourceTypes: ['forecaster', 'scheduler'] }
  const known = async (which: number) =>
    Float64Array.from(await beliefs.series({ sensor: which, ...window }), (value) => value ?? Number.NaN)
  const sun = await sunOf(openAssets(store), sensor)
  const explained = await Promise.all(
    regressors.map(async (which) => {
      const { name, unit } = await sensors.need(which)
      return { name, unit, kind: 'future' as const, values: await known(which) }
    }),
  )
  const frame: Frame = {
    start: window.from,
    step,
    zone: sensor.timezone,
    target: await known(id),
    regressors: explained,
    ...(sun && { sun }),
  }
  return { frame, skill: await skillViews(store, { sensors: [id] }, at.now()) }
}

const short = (value: number): string => (Number.isNaN(value) ? '-' : Number(value.toPrecision(4)).toString())
const percent = (value: number): string => (Number.isNaN(value) ? '-' : `${(100 * value).toFixed(1)} %`)

function render(found: Evaluation, step: number, skill: readonly SkillView[]): string {
  const lines = [
    `${found.n} values of ${found.days} days compared.`,
    table([
      ['', 'FORECAST', 'PERSISTENCE'],
      ['RMSE', short(found.rmse), short(found.rmsePersistence)],
      ['MAE', short(found.mae), short(found.maePersistence)],
      ['BIAS', short(found.bias), ''],
    ]),
    `Skill ${short(found.skill)} (1 − RMSE ÷ RMSE of persistence); RMSE is ${percent(found.nrmse)} of the largest value.`,
    `${percent(found.coverage)} of the values lay between the quantiles 0.1 and 0.9 (80 % wanted); pinball loss ${short(found.pinball)}.`,
    `Models, by the newest ${found.choices[0]?.n ? 'training' : 'history (too short to choose)'}:`,
    table([
      ['UP TO', 'MODEL', 'RMSE THERE'],
      ...found.choices.map(({ until, models, rmse }) => [`${(until * step) / HOUR} h`, models.join(' + '), short(rmse)]),
    ]),
  ]
  if (skill.length > 0)
    lines.push(
      'What was really published, day by day:',
      table([
        ['DAY', 'MODEL', 'RMSE', 'PERSISTENCE', 'SKILL'],
        ...skill.map((one) => [
          one.day,
          one.model,
          short(one.rmse),
          short(one.rmsePersistence),
          one.skill === null ? '-' : short(one.skill),
        ]),
      ]),
    )
  return lines.join('\n')
}
