/** Forecasts for people and the command line: which there are, how good they are, making one and following it. */
import { type Static, Type } from 'typebox'
import {
  ALL_CANDIDATES,
  CANDIDATES,
  choiceViews,
  DEFAULT_MODELS,
  demand,
  FORECAST_SAYING,
  type ForecastJob,
  kindOf,
  type NamedForecast,
  orderOf,
  type Principal,
  permits,
  readableAccounts,
  type Sensor,
  type SkillView,
  skillViews,
} from '#ems'
import { DAY, formatDuration, formatInstant, HOUR, Problem, parseDurationLength, say } from '#kernel'
import type { App } from '../app.ts'
import type { Rooms } from '../rooms.ts'
import { Data, Moment, whoOf } from './shape.ts'

const Nullable = <T extends ReturnType<typeof Type.Number> | ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>>(shape: T) =>
  Type.Union([shape, Type.Null()])
const Choice = Type.Object({
  hours: Type.Number({ description: 'Up to so many hours ahead.' }),
  models: Type.Array(Type.String(), { description: 'One model, or several whose mean is taken.' }),
  rmse: Nullable(Type.Number({ description: "Root mean square error on the newest part of the past, in the sensor's unit." })),
  skill: Nullable(Type.Number({ description: '1 − rmse ÷ that of persistence.' })),
})
const Listed = Type.Object({
  name: Type.String(),
  sensor: Type.Integer(),
  kind: Type.String(),
  unit: Type.String(),
  every: Nullable(Type.String()),
  mayMake: Type.Boolean({ description: 'Whether the asker may make it now.' }),
  duration: Nullable(Type.String()),
  model: Type.String({ description: 'CustomLGBM: all candidates compete.' }),
  fallback: Type.String({ description: 'Speaks until the past is long enough to choose.' }),
  chosen: Type.Union([Type.Object({ madeAt: Moment, days: Type.Number(), choices: Type.Array(Choice) }), Type.Null()]),
  lately: Type.Union(
    [
      Type.Object({
        days: Type.Integer({ description: 'Days of the last two weeks that were scored.' }),
        rmse: Type.Number({ description: 'Mean over these days, of what was published before each began.' }),
        rmsePersistence: Type.Number(),
        skill: Nullable(Type.Number({ description: '1 − rmse ÷ that of persistence; null when that was perfect.' })),
      }),
      Type.Null(),
    ],
    { description: 'How good it was lately; null until a day that it foretold is over.' },
  ),
})
const Skill = Type.Object({
  sensor: Type.Integer(),
  asset: Type.Integer(),
  name: Type.String(),
  model: Type.String(),
  day: Type.String(),
  rmse: Type.Number(),
  rmsePersistence: Type.Number(),
  skill: Nullable(Type.Number()),
  unit: Type.String(),
  n: Type.Integer(),
})
const Order = Type.Object(
  {
    sensor: Type.Optional(Type.Integer({ description: 'Id of the sensor that is forecast.' })),
    name: Type.Optional(Type.String({ description: 'Of a forecast of the configuration, instead of a sensor.' })),
    duration: Type.Optional(Type.String({ format: 'duration', description: 'How far ahead, default PT48H.' })),
    trainPeriod: Type.Optional(Type.String({ format: 'duration', description: 'So much of the past is learned from, default P60D.' })),
    model: Type.Optional(
      Type.Unsafe<string>({
        type: 'string',
        enum: [ALL_CANDIDATES, ...CANDIDATES],
        description: 'CustomLGBM (default): all candidates compete.',
      }),
    ),
    regressors: Type.Optional(Type.Array(Type.Integer(), { maxItems: 20, description: 'Ids of sensors that explain it.' })),
    probabilistic: Type.Optional(Type.Boolean({ description: 'Store the quantiles 0.1 and 0.9 as well.' })),
  },
  { additionalProperties: false },
)
const Made = Type.Object({
  job: Type.String(),
  sensor: Type.Integer(),
  status: Type.String(),
  stage: Nullable(Type.String()),
  done: Type.Number(),
  total: Type.Number(),
  problem: Nullable(Type.String()),
  seconds: Nullable(Type.Number()),
  models: Type.Array(Choice),
  start: Type.Union([Moment, Type.Null()]),
  step: Nullable(Type.String()),
  unit: Type.String(),
  values: Type.Array(Type.Number()),
})
const Job = Type.Object({ job: Type.String({ format: 'uuid', description: 'Id of the forecast.' }) })
const LONGEST_TRAINING = 366 * DAY

/** Routes below /forecasts, for somebody signed in. */
export function forecastRoutes(app: App, rooms: Rooms): void {
  const { store, clock, sensors, assets, forecasts, config } = rooms
  const named = config.forecasts ?? []
  const tags = ['forecasts']
  const may = (who: Principal, { account, consultancy }: Sensor) => permits(who, 'read', { kind: 'sensor', account, consultancy })

  app.get(
    '/forecasts',
    {
      schema: { tags, summary: 'What is forecast, and which models were chosen', response: { 200: Data(Type.Array(Listed)) } },
    },
    async (request) => {
      const who = whoOf(request)
      const chosen = await choiceViews(store)
      const others = chosen.filter(({ sensor }) => !named.some((one) => one.sensor === sensor))
      const scores = await skillViews(store, { accounts: readableAccounts(who) }, clock.now())
      const data: Static<typeof Listed>[] = []
      for (const { id, settings } of [
        ...named.map((one) => ({ id: one.sensor, settings: one })),
        ...others.map(({ sensor }) => ({ id: sensor, settings: undefined })),
      ]) {
        const sensor = await sensors.get(id)
        if (!sensor || !may(who, sensor)) continue
        const asset = await assets.get(sensor.asset)
        const kind = settings?.kind ?? kindOf(sensor, asset?.type.name)
        const choice = chosen.find((each) => each.sensor === sensor.id)
        data.push({
          name: settings?.name ?? `${sensor.assetName} ${sensor.name}`,
          ...{ sensor: sensor.id, kind, unit: sensor.unit, fallback: DEFAULT_MODELS[kind] },
          every: settings ? formatDuration(settings.every) : null,
          mayMake: permits(who, 'create-children', { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy }),
          duration: settings ? formatDuration(settings.duration) : null,
          model: settings?.model ?? ALL_CANDIDATES,
          chosen: choice ? { madeAt: formatInstant(choice.madeAt, config.timezone), days: choice.days, choices: choice.choices } : null,
          lately: latelyOf(scores.filter((one) => one.sensor === sensor.id)),
        })
      }
      return { data }
    },
  )

  app.get(
    '/forecasts/skill',
    {
      schema: {
        tags,
        summary: 'How much better than persistence each forecast was, day by day',
        querystring: Type.Object(
          {
            sensor: Type.Optional(Type.Integer({ description: 'Of one sensor; default of all one may read.' })),
            days: Type.Optional(Type.Integer({ minimum: 1, maximum: 366, default: 14, description: 'So many days back.' })),
          },
          { additionalProperties: false },
        ),
        response: { 200: Data(Type.Array(Skill)) },
      },
    },
    async (request) => {
      const { sensor, days = 14 } = request.query
      const accounts = readableAccounts(whoOf(request))
      return { data: await skillViews(store, { accounts, days, ...(sensor !== undefined && { sensors: [sensor] }) }, clock.now()) }
    },
  )

  app.post(
    '/forecasts',
    {
      schema: { tags, summary: 'Makes a forecast now', body: Order, response: { 202: Data(Type.Object({ job: Type.String() })) } },
    },
    async (request, reply) => {
      const who = whoOf(request)
      const one = settingsOf(request.body, named)
      const sensor = await sensors.need(one.sensor)
      const { account, consultancy } = sensor
      demand(who, 'create-children', { kind: 'sensor', account, consultancy })
      for (const id of one.regressors) if (!may(who, await sensors.need(id))) throw unreadable(id)
      const order = await orderOf(rooms, one)
      if (!order)
        throw new Problem('nothing-to-forecast', say(FORECAST_SAYING.allKnown, { length: formatDuration(one.duration) }), {
          status: 409,
          hint: say(FORECAST_SAYING.askLonger),
        })
      return reply.code(202).send({ data: { job: await forecasts.trigger(order) } })
    },
  )

  const found = async (who: Principal, id: string, action: 'read' | 'create-children'): Promise<{ job: ForecastJob; sensor: Sensor }> => {
    const job = await forecasts.get(id)
    if (!job) throw new Problem('unknown-job', say(FORECAST_SAYING.noSuchJob), { status: 404, hint: say(FORECAST_SAYING.jobsForgotten) })
    const sensor = await sensors.need(job.sensor)
    demand(who, action, { kind: 'sensor', account: sensor.account, consultancy: sensor.consultancy })
    return { job, sensor }
  }
  app.get(
    '/forecasts/:job',
    { schema: { tags, summary: 'How far a forecast is, and what it says', params: Job, response: { 200: Data(Made) } } },
    async (request) => {
      const { job, sensor } = await found(whoOf(request), request.params.job, 'read')
      const stored = job.job.status === 'FINISHED' ? await forecasts.values(job) : undefined
      const { progress, status, exc } = job.job
      return {
        data: {
          job: job.job.id,
          ...{ sensor: sensor.id, status, unit: sensor.unit, problem: exc },
          ...{ stage: progress?.stage ?? null, done: progress?.done ?? 0, total: progress?.total ?? 100 },
          seconds: job.result?.seconds ?? null,
          models: job.result?.models ?? [],
          start: stored ? formatInstant(stored.start, sensor.timezone) : null,
          step: stored ? formatDuration(sensor.resolution) : null,
          values: stored?.values ?? [],
        },
      }
    },
  )
  app.delete('/forecasts/:job', { schema: { tags, summary: 'Calls a forecast off', params: Job } }, async (request, reply) => {
    await found(whoOf(request), request.params.job, 'create-children')
    if (!(await rooms.queue.cancel(request.params.job)))
      throw new Problem('forecast-over', say(FORECAST_SAYING.over), { status: 409, hint: say(FORECAST_SAYING.readOrMake) })
    return reply.code(204).send()
  })
}

/** The mean of days, when there are any. */
function latelyOf(scores: readonly SkillView[]): Static<typeof Listed>['lately'] {
  if (scores.length === 0) return null
  const mean = (of: 'rmse' | 'rmsePersistence') => scores.reduce((sum, one) => sum + one[of], 0) / scores.length
  const [rmse, rmsePersistence] = [mean('rmse'), mean('rmsePersistence')]
  return { days: scores.length, rmse, rmsePersistence, skill: rmsePersistence > 1e-9 ? 1 - rmse / rmsePersistence : null }
}

/** The settings of a forecast by its name, or made of what was asked. @throws Problem `unknown-forecast`, `invalid-forecast` */
function settingsOf(asked: Static<typeof Order>, named: readonly NamedForecast[]): NamedForecast {
  const known = asked.name === undefined ? undefined : named.find(({ name }) => name === asked.name)
  if (asked.name !== undefined && !known)
    throw new Problem('unknown-forecast', say(FORECAST_SAYING.noSuchForecast, { name: asked.name }), {
      status: 404,
      hint:
        named.length === 0
          ? say(FORECAST_SAYING.noneConfigured)
          : say(FORECAST_SAYING.thereAre, { names: named.map(({ name }) => name).join(', ') }),
    })
  const sensor = known?.sensor ?? asked.sensor
  if (sensor === undefined) throw refused(say(FORECAST_SAYING.noTarget), say(FORECAST_SAYING.giveOne))
  const length = (text: string | undefined, otherwise: number) => (text === undefined ? otherwise : parseDurationLength(text))
  const trainPeriod = length(asked.trainPeriod, known?.trainPeriod ?? 60 * DAY)
  if (trainPeriod < 2 * DAY || trainPeriod > LONGEST_TRAINING)
    throw refused(say(FORECAST_SAYING.trainingLength), say(FORECAST_SAYING.writeLength))
  return {
    name: known?.name ?? `sensor ${sensor}`,
    sensor,
    ...(known?.kind && { kind: known.kind }),
    model: asked.model ?? known?.model ?? ALL_CANDIDATES,
    every: known?.every ?? HOUR,
    duration: length(asked.duration, known?.duration ?? 48 * HOUR),
    trainPeriod,
    regressors: asked.regressors ?? known?.regressors ?? [],
    probabilistic: asked.probabilistic ?? known?.probabilistic ?? false,
  }
}

const refused = (message: string, hint: string): Problem => new Problem('invalid-forecast', message, { status: 422, hint })

const unreadable = (sensor: number): Problem =>
  new Problem('forbidden', say(FORECAST_SAYING.unreadable, { sensor: String(sensor) }), {
    status: 403,
    hint: say(FORECAST_SAYING.leaveOut),
  })
