/** `add`: forecasts and schedules, computed here and now, or left to the worker of a running program. */
import { Problem } from '#kernel'
import type { Desk } from './desk.ts'
import type { Given, Option } from './option.ts'
import type { FmVerb, OpenDesk, Talk } from './verb.ts'

const AS_JOB: Option = { name: 'as-job', kind: 'flag', what: 'leave it to the worker of a running program, or to jobs run-worker' }

/** Does what the trigger asks for, or with --as-job leaves it in the queue. Resolves to the id of the job. */
export async function carryOut(
  given: Given,
  open: OpenDesk,
  talk: Talk,
  what: string,
  trigger: (desk: Desk) => Promise<string>,
): Promise<{ desk: Desk; id: string; exit?: number }> {
  const asJob = given.flag('as-job')
  const desk = await open({ computesHere: !asJob, dry: given.flag('dry-run') })
  const id = await trigger(desk)
  if (asJob) {
    talk.show({ job: id, status: 'QUEUED' }, () => `New ${what} job ${id} has been added to the queue.`)
    return { desk, id, exit: 0 }
  }
  const job = await desk.settle(id, ({ stage, done, total }) => talk.progress(stage, done, total))
  if (job.status !== 'FINISHED') throw new Problem('job-failed', `The ${what} failed: ${job.exc ?? job.status}`, { status: 422 })
  return { desk, id }
}

const REFUSED_FORECASTERS = 'TrainPredictPipeline'

const FORECAST_FIELDS: readonly Option[] = [
  { name: 'sensor', kind: 'whole', what: 'id of the sensor that is forecast' },
  { name: 'start', also: ['from-date', 'start-predict-date'], kind: 'moment', what: 'first event; default now' },
  { name: 'end', also: ['to-date', 'end-date'], kind: 'moment', what: 'end of the last event' },
  { name: 'duration', kind: 'length', what: 'instead of the end; default PT48H' },
  { name: 'prior', kind: 'moment', what: 'only what was recorded by then is used' },
  { name: 'max-forecast-horizon', kind: 'length', what: 'how far each forecast looks ahead' },
  { name: 'forecast-frequency', kind: 'length', what: 'from how many moments the future is looked at' },
  { name: 'probabilistic', kind: 'flag', what: 'store the quantiles 0.1, 0.5 and 0.9' },
]
const FORECAST_CONFIG: readonly Option[] = [
  { name: 'regressors', what: 'ids of sensors, separated by commas, whose past and forecasts explain it' },
  { name: 'future-regressors', what: 'ids of sensors whose forecasts explain it' },
  { name: 'past-regressors', what: 'ids of sensors whose measurements explain it' },
  { name: 'annotation-regressors', kind: 'json', what: 'a list in JSON of {account|asset|sensor, annotation-type}' },
  { name: 'missing-threshold', kind: 'number', what: 'share of missing values that is tolerated' },
  { name: 'ensure-positive', kind: 'flag', what: 'nothing below zero' },
  { name: 'lower', what: "least value, such as '0 kW'" },
  { name: 'upper', what: 'largest value' },
  { name: 'train-start', kind: 'moment', what: 'start of what is learned from' },
  { name: 'train-period', kind: 'length', what: 'so much of the past is learned from; default P30D' },
  { name: 'max-training-period', kind: 'length', what: 'at most so much; default P365D' },
  { name: 'retrain-frequency', kind: 'length', what: 'how often it is trained anew over a long period' },
  { name: 'model-params', kind: 'json', what: 'settings of the trees, an object in JSON' },
]
/** Of FlexMeasures, without effect here. */
const FORECAST_IDLE: readonly Option[] = [
  { name: 'resolution', what: 'accepted as FlexMeasures does: the sensor has its own' },
  { name: 'horizon', many: true, what: 'accepted as FlexMeasures does: the period says it' },
  { name: 'model-save-dir', what: 'accepted: models are kept in the database' },
  { name: 'output-path', what: 'accepted: read forecasts with show beliefs' },
  { name: 'edit-config', kind: 'flag', what: 'refused: write the file first, and name it with --config' },
  { name: 'edit-parameters', kind: 'flag', what: 'refused: write the file first, and name it with --parameters' },
]

/** No editor is opened. @throws Problem `usage` */
export function refuseEditing(given: Given): void {
  for (const name of ['config', 'parameters'])
    if (given.has(`edit-${name}`))
      throw new Problem('usage', `--edit-${name} opens no editor here.`, { hint: `Write a JSON or YAML file, and name it with --${name}.` })
}

/** Config of a generator: of a source that is named, of a file, then of the options. */
export async function configOf(desk: Desk, given: Given): Promise<Record<string, unknown>> {
  const stored: Record<string, unknown> = {}
  if (given.has('source')) {
    const row = await desk.store.first<{ attributes: { data_generator?: { config?: object } } | null }>(
      'select attributes from data_source where id = $1',
      [/^\d{1,9}$/.test(given.need('source')) ? Number(given.need('source')) : -1],
    )
    if (!row) throw new Problem('unknown-source', `No source found with ID ${given.need('source')}.`, { hint: 'See show data-sources.' })
    Object.assign(stored, row.attributes?.data_generator?.config)
  }
  return { ...stored, ...(given.file('config') as object | undefined) }
}

const kebab = (fields: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.replaceAll('_', '-'), value]))

function fieldValue(given: Given, { name, kind }: Option): unknown {
  if (kind === 'flag') return given.flag(name)
  if (kind === 'number') return given.number(name)
  if (kind === 'json') return given.json(name)
  if (name.endsWith('regressors')) return given.need(name).split(',').map(Number)
  return given.need(name)
}

const chosen = (given: Given, options: readonly Option[]) =>
  Object.fromEntries(options.filter(({ name }) => given.has(name)).map((option) => [option.name, fieldValue(given, option)]))

export const ADD_FORECASTS: readonly FmVerb[] = [
  {
    name: 'add forecasts',
    summary: 'Forecasts a sensor.',
    options: [
      { name: 'forecaster', what: `only ${REFUSED_FORECASTERS}; all models of Cariflex compete in it` },
      { name: 'source', what: 'id of an earlier forecaster whose config is used' },
      { name: 'config', what: 'JSON or YAML file with the config' },
      { name: 'parameters', what: 'JSON or YAML file with the parameters' },
      ...FORECAST_FIELDS,
      ...FORECAST_CONFIG,
      ...FORECAST_IDLE,
      AS_JOB,
    ],
    async run(given, open, talk) {
      refuseEditing(given)
      if (given.has('forecaster') && given.need('forecaster') !== REFUSED_FORECASTERS)
        throw new Problem('usage', `Forecaster class \`${given.need('forecaster')}\` not available.`, { hint: 'See show forecasters.' })
      const {
        sensor: named,
        'sensor-to-save': _,
        'as-job': __,
        config: inner,
        ...fields
      } = kebab((given.file('parameters') ?? {}) as object)
      const sensor = given.number('sensor') ?? Number(named)
      if (!Number.isInteger(sensor))
        throw new Problem('usage', "Missing option '--sensor'.", { hint: 'Or name it in the file of --parameters.' })
      const { exit } = await carryOut(given, open, talk, 'forecasting', async (desk) => {
        const config = { ...kebab((inner ?? {}) as object), ...kebab(await configOf(desk, given)), ...chosen(given, FORECAST_CONFIG) }
        const body = { ...fields, ...chosen(given, FORECAST_FIELDS), ...(Object.keys(config).length > 0 && { config }) }
        const { sensor: ___, ...order } = body as Record<string, unknown>
        const { forecast } = await desk.ask<{ forecast: string }>('POST', `/sensors/${sensor}/forecasts/trigger`, order)
        return forecast
      })
      if (exit === undefined)
        talk.show(
          { sensor },
          () => `Successfully computed forecasts for sensor ${sensor}. See show beliefs --sensor ${sensor} --start … --duration …`,
        )
      return exit
    },
  },
]
