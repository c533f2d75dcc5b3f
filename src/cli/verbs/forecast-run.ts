import { ALL_CANDIDATES, CANDIDATES } from '#ems'
import { Problem, pause, systemClock } from '#kernel'
import { CONFIG_OPTIONS, CONFIG_WORDS, configOf } from '../configured.ts'
import { connectInstance } from '../instance.ts'
import { table } from '../terminal.ts'
import { EXIT, type Verb } from '../verb.ts'

interface Made {
  job: string
  sensor: number
  status: string
  stage: string | null
  done: number
  total: number
  problem: string | null
  seconds: number | null
  models: { hours: number; models: string[]; rmse: number | null; skill: number | null }[]
  start: string | null
  step: string | null
  unit: string
  values: number[]
}

const PATIENCE = 300

export const forecastRun: Verb = {
  name: 'forecast run',
  summary: 'Makes a forecast now in a running instance, shows how far it is, then the models that were chosen and what they say.',
  usage: '(--sensor N | --name NAME) [--duration PT48H] [--model NAME] [--regressor N …] [--probabilistic] [--json]',
  example: 'cariflex forecast run --sensor 41',
  options: {
    sensor: { type: 'string' },
    name: { type: 'string' },
    duration: { type: 'string' },
    'train-period': { type: 'string' },
    model: { type: 'string' },
    regressor: { type: 'string', multiple: true },
    probabilistic: { type: 'boolean' },
    config: CONFIG_OPTIONS.config,
    data: CONFIG_OPTIONS.data,
  },
  explain: {
    sensor: 'the sensor that is forecast',
    name: 'or a forecast of the configuration (load, price, co2 …)',
    duration: 'how far ahead, default PT48H',
    'train-period': 'so much of the past is learned from, default P60D',
    model: `${ALL_CANDIDATES} lets all compete, or one of ${CANDIDATES.join(', ')}`,
    regressor: 'a sensor that explains it, such as the irradiance',
    probabilistic: 'store the quantiles 0.1 and 0.9 as well',
    config: CONFIG_WORDS.config,
    data: CONFIG_WORDS.data,
  },
  async run({ options, env, show, progress }) {
    const { sensor, name, duration, 'train-period': trainPeriod, model, regressor, probabilistic } = options
    if ((sensor === undefined) === (name === undefined))
      throw new Problem('usage', 'Give either --sensor or --name.', { hint: 'See cariflex forecast run --help.' })
    const instance = connectInstance(env, { config: configOf({ options, env }).config })
    const body = {
      ...(sensor !== undefined && { sensor: Number(sensor) }),
      ...Object.fromEntries(Object.entries({ name, duration, trainPeriod, model }).filter(([, value]) => value !== undefined)),
      ...(regressor !== undefined && { regressors: [regressor].flat().map(Number) }),
      ...(probabilistic === true && { probabilistic: true }),
    }
    const { data } = await instance.send<{ data: { job: string } }>('POST', '/api/cariflex/v1/forecasts', body)
    for (;;) {
      const { data: made } = await instance.get<{ data: Made }>(`/api/cariflex/v1/forecasts/${data.job}`)
      if (made.status === 'FINISHED') {
        show(made, () => render(made))
        return undefined
      }
      if (made.problem !== null && ['FAILED', 'STOPPED', 'CANCELED'].includes(made.status)) {
        show(made, () => `No forecast: ${made.problem}`)
        return EXIT.failed
      }
      progress(made.stage ?? 'waiting', made.done, made.total)
      await pause(systemClock, PATIENCE)
    }
  },
}

const short = (value: number | null): string => (value === null ? '-' : Number(value.toPrecision(4)).toString())

function render({ sensor, seconds, models, start, step, unit, values }: Made): string {
  const shown = values.slice(0, 12).map(short).join(' ')
  return [
    `Forecast of sensor ${sensor} made in ${seconds} s: ${values.length} values from ${start}, one every ${step}, in ${unit}.`,
    `${shown}${values.length > 12 ? ' …' : ''}`,
    table([
      ['UP TO', 'MODEL', 'RMSE', 'SKILL'],
      ...models.map((one) => [`${one.hours} h`, one.models.join(' + '), short(one.rmse), short(one.skill)]),
    ]),
    'RMSE and skill against persistence are of the newest part of the past, each day foretold from what was known then.',
  ].join('\n')
}
