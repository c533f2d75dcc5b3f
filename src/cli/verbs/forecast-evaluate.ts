import { statSync } from 'node:fs'
import { CANDIDATES, type CandidateName, type EvaluateOptions, type Evaluation, evaluate, type Frame } from '#ems'
import { Problem } from '#kernel'
import { configOf, DATABASE_OPTIONS, DATABASE_WORDS } from '../configured.ts'
import { openDatabase } from '../database.ts'
import { readFolder, readRegressor, readSeries } from '../forecast-data.ts'
import { readSensorPast, type SensorPast } from '../forecast-past.ts'
import { type Judged, renderMany, renderOne, renderPublished } from '../forecast-report.ts'
import { clock } from '../settings.ts'
import type { Invocation, Verb } from '../verb.ts'

export const forecastEvaluate: Verb = {
  name: 'forecast evaluate',
  summary:
    'Shows how good forecasts are: each day of a past is foretold from what was known at its midnight and compared, beside the same clock time of the day before (persistence) and every model by itself.',
  usage: '(--sensor N [--days 60] [--known] | --data FILE|FOLDER [--column NAME]) [--regressor N|FILE:UNIT …] [--once] [--json]',
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
    known: { type: 'boolean' },
    quick: { type: 'boolean' },
    config: DATABASE_OPTIONS.config,
    'database-url': DATABASE_OPTIONS['database-url'],
  },
  explain: {
    sensor: 'the sensor of this configuration whose past is looked at',
    days: 'so many days of it, default 60',
    data: 'a CSV file instead: moments, then values; or a folder of them: a file of irradiation explains those of plants, training is --once',
    column: 'name or number of its column of values, default the second',
    regressor:
      'what explains it: a sensor, of which counts what was known at each midnight; or a file with its unit after a colon, known beforehand',
    timezone: 'whose days repeat (and of moments without offset), default that of the sensor, of the moments or of the configuration',
    latitude: 'of a file: where the sun shines on it',
    longitude: 'of a file: likewise',
    'learn-days': 'days that are only learned from, default 7',
    'retrain-days': 'days between two trainings, default 7',
    'horizon-days': 'days foretold each time, default 1',
    once: 'train on the first days only, as the reference does',
    model: 'only this candidate, default all compete',
    daylight: 'compare only slots with daylight (clear sky above 50 W/m²)',
    known: 'take what was measured of regressors as if it had been foretold without error',
    quick: 'leave out what each model would have been worth by itself',
    config: DATABASE_WORDS.config,
    'database-url': DATABASE_WORDS['database-url'],
  },
  async run(invocation) {
    const { options, show } = invocation
    if ((options['sensor'] === undefined) === (options['data'] === undefined))
      throw new Problem('usage', 'Give either --sensor or --data.', { hint: 'See cariflex forecast evaluate --help.' })
    if (options['sensor'] !== undefined) {
      const past = await ofSensor(invocation)
      const judged = judge(invocation, past)
      const { published } = past
      show({ ...plainly(judged), foreseen: past.foreseen, published }, () =>
        [
          renderOne(judged, foreseenNotes(past, options['known'] === true)),
          ...(published.length > 0 ? ['What was really published, day by day:', renderPublished(published)] : []),
        ].join('\n'),
      )
      return undefined
    }
    const isFolder = statSync(String(options['data']), { throwIfNoEntry: false })?.isDirectory() === true
    if (!isFolder) {
      const frame = ofFile(invocation)
      const judged = judge(invocation, { name: String(options['data']), unit: '', frame })
      show(plainly(judged), () => renderOne(judged, frame.regressors.length > 0 ? [ALL_KNOWN] : []))
      return undefined
    }
    const { series, left } = readFolder(String(options['data']), zoneOf(invocation), options['timezone'] === undefined)
    const all: Judged[] = []
    for (const { file, frame } of series) {
      const judged = judgeIf(invocation, { name: file, unit: '', frame: { ...frame, ...sunOf(options) } }, true)
      if (judged) all.push(judged)
      else left.push({ file, why: 'There are not enough days to foretell one from the others.' })
    }
    if (all.length === 0)
      throw new Problem(
        'data-unreadable',
        `No file of ${String(options['data'])} can be foretold: ${left.map(({ file, why }) => `${file}: ${why}`).join(' ') || 'it holds no CSV file'}`,
      )
    const once = options['retrain-days'] === undefined
    show({ series: all.map(plainly), left }, () =>
      renderMany(
        all,
        left,
        [once ? 'Trained once, on the first days only; every later day is foretold from its midnight.' : '', ALL_KNOWN].filter(Boolean),
      ),
    )
    return undefined
  },
}

const ALL_KNOWN = 'The files that explain a series are taken as known beforehand, as if foretold without error.'

interface Series {
  name: string
  unit: string
  frame: Frame
  regressorsAt?: EvaluateOptions['regressorsAt']
}

function judge(invocation: Invocation, series: Series): Judged {
  const judged = judgeIf(invocation, series, false)
  if (!judged)
    throw new Problem('not-enough-data', 'There are not enough days to foretell one from the others.', {
      hint: 'Give more data, or fewer --learn-days.',
    })
  return judged
}

function judgeIf({ options, progress }: Invocation, { name, unit, frame, regressorsAt }: Series, once: boolean): Judged | undefined {
  const trainsOnce = options['once'] === true || (once && options['retrain-days'] === undefined)
  const found = evaluate(frame, {
    ...{ learnDays: number(options, 'learn-days', 7), horizonDays: number(options, 'horizon-days', 1) },
    retrainDays: trainsOnce ? Number.POSITIVE_INFINITY : number(options, 'retrain-days', 7),
    ...(options['model'] !== undefined && { candidates: [modelOf(String(options['model']))] }),
    ...(options['daylight'] === true && { daylight: 50 }),
    ...(regressorsAt && { regressorsAt }),
    compare: options['quick'] !== true,
    onProgress: (done, total) => progress(`foretelling ${name}`, done, total),
  })
  return found && { name, unit, step: frame.step, regressors: frame.regressors.map((one) => one.name), found }
}

/** For programs: without the long tables of each choice. */
const plainly = ({ found, ...rest }: Judged): Omit<Judged, 'found'> & Omit<Evaluation, 'choices'> & { choices: unknown[] } => ({
  ...rest,
  ...found,
  choices: found.choices.map(({ table: _table, ...choice }) => choice),
})

const number = (options: Invocation['options'], name: string, otherwise: number): number => {
  const text = options[name]
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!(value > 0)) throw new Problem('usage', `--${name} must be a number above 0, not '${String(text)}'.`)
  return value
}

function modelOf(text: string): CandidateName {
  const found = CANDIDATES.find((name) => name === text)
  if (!found) throw new Problem('usage', `There is no model '${text}'.`, { hint: `There are ${CANDIDATES.join(', ')}.` })
  return found
}

const zoneOf = ({ options, env }: Invocation): string =>
  options['timezone'] === undefined ? configOf({ options: {}, env }).config.platform.timezone : String(options['timezone'])

/** Where the sun shines on a file, when both ends were said. */
function sunOf(options: Invocation['options']): Pick<Frame, 'sun'> {
  const [latitude, longitude] = (['latitude', 'longitude'] as const).map((name) =>
    options[name] === undefined ? undefined : Number(options[name]),
  )
  if (latitude === undefined && longitude === undefined) return {}
  if (!(Math.abs(latitude ?? Number.NaN) <= 90 && Math.abs(longitude ?? Number.NaN) <= 180))
    throw new Problem('usage', 'Give both --latitude (-90 … 90) and --longitude (-180 … 180), in degrees.')
  return { sun: { latitude: latitude!, longitude: longitude! } }
}

function ofFile(invocation: Invocation): Frame {
  const { options } = invocation
  const zone = zoneOf(invocation)
  const series = readSeries({
    ...{ path: String(options['data']), zone, ownOffset: options['timezone'] === undefined },
    ...(options['column'] !== undefined && { column: String(options['column']) }),
  })
  const regressors = listed(options['regressor']).map((text) => {
    const at = text.lastIndexOf(':')
    return readRegressor({ path: at > 1 ? text.slice(0, at) : text, unit: at > 1 ? text.slice(at + 1) : '', zone }, series)
  })
  return { ...series, regressors, ...sunOf(options) }
}

const listed = (value: unknown): string[] => (value === undefined ? [] : [value].flat().map(String))

/** `--data` names a file here: the data folder is that of the configuration or of CARIFLEX_DATA. */
async function ofSensor({ options, env }: Invocation): Promise<SensorPast> {
  const { data: _data, ...rest } = options
  const { config } = configOf({ options: rest, env })
  const ids = [options['sensor'], ...listed(options['regressor'])].map(Number)
  if (ids.some((id) => !Number.isInteger(id) || id < 1))
    throw new Problem('usage', 'Sensors are named by their id, a whole number.', { hint: 'See cariflex show sensors.' })
  const database = await openDatabase(config, { clock })
  try {
    return await readSensorPast(database.store, clock, {
      sensor: ids[0]!,
      regressors: ids.slice(1),
      days: number(options, 'days', 60),
      learnDays: number(options, 'learn-days', 7),
      horizonDays: number(options, 'horizon-days', 1),
      known: options['known'] === true,
    })
  } finally {
    await database.close()
  }
}

function foreseenNotes({ foreseen, frame }: SensorPast, known: boolean): string[] {
  if (frame.regressors.length === 0) return []
  if (known) return [ALL_KNOWN.replace('files', 'sensors')]
  return foreseen.map(
    ({ name, share }) =>
      `Of ${name} ${(100 * share).toFixed(0)} % was known at midnight; only that counts${share < 0.5 ? ' (--known takes what was measured instead)' : ''}.`,
  )
}
