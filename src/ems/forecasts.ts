/** Forecasts on request: checked when asked for, learned in durable jobs, stored as beliefs; the same for the API, the command line and automations. */
import { type Clock, describeError, type Instant, instant, isProblem, Problem } from '#kernel'
import type { Job, Queue, RunningJob, Store } from '#store'
import type { Assets } from './assets.ts'
import type { Beliefs } from './belief.ts'
import { type CycleOrder, type CycleResult, runCycle } from './forecasting/cycle-job.ts'
import { type Learner, sharedLearner } from './forecasting/learn/learner.ts'
import { type ForecastOrder, planForecast } from './forecasting/order.ts'
import type { Sensors } from './sensors.ts'
import type { Sources } from './sources.ts'

export const FORECASTING = 'forecasting'
/** The forecaster class as FlexMeasures names it. */
export const FORECASTER = 'TrainPredictPipeline'

/** Values as foretold, one per event, ascending from `start` to `end`. */
export interface StoredForecast {
  start: Instant
  end: Instant
  values: number[]
}

export interface ForecastJob {
  job: Job
  sensor: number
  /** Ids of the cycles that a wrap-up waits for. */
  cycles?: string[]
  /** What a finished cycle says of itself. */
  result?: CycleResult
}

export interface Forecasts {
  /**
   * Checks the order and makes its jobs: one per cycle, and for several one that wraps up. Resolves to the id of the one to ask for.
   * @throws Problem `invalid-forecast` (422) with `details.fields`, `unknown-sensor`
   */
  trigger(order: ForecastOrder): Promise<string>
  get(id: string): Promise<ForecastJob | undefined>
  /** What a finished job foretold, from the beliefs; undefined when nothing is stored. */
  values(found: ForecastJob): Promise<StoredForecast | undefined>
  /** The jobs of a sensor or of an asset's sensors, newest first. */
  list(sensors: readonly number[]): Promise<ForecastJob[]>
  close(): Promise<void>
}

export interface ForecastParts {
  store: Store
  clock: Clock
  beliefs: Beliefs
  sensors: Sensors
  assets: Assets
  sources: Sources
  queue: Queue
  /** Default the one of this process. */
  learner?: Learner
  /** Name of the data source of forecasts. */
  author: string
  /** Length of a forecast that does not say its own, ms. */
  planningHorizon: number
  /** A job that takes longer is ended, ms; default an hour. */
  timeout?: number
}

type Payload = { window: { start: Instant; end: Instant }; source: number; sensor: number; asset: number } & (
  | { kind: 'cycle'; order: CycleOrder }
  | { kind: 'wrap-up'; cycles: string[] }
)

const HOUR_MS = 3_600_000

export function openForecasts(parts: ForecastParts): Forecasts {
  const { store, clock, beliefs, sensors, queue, sources, timeout = HOUR_MS } = parts
  const learner = parts.learner ?? sharedLearner()

  const work = async (job: RunningJob): Promise<unknown> => {
    const payload = job.payload as Payload
    if (payload.kind === 'wrap-up') return { cycles: payload.cycles }
    const timer = new AbortController()
    const late = clock.in(timeout, () => timer.abort(tooLong(timeout)))
    try {
      return await runCycle({ ...parts, learner }, payload.order, {
        signal: AbortSignal.any([job.signal, timer.signal]),
        onProgress: (stage, share) => job.progress({ stage, done: Math.round(100 * share), total: 100, unit: '%' }),
      })
    } catch (error) {
      throw job.signal.aborted ? error : named(error)
    } finally {
      late.cancel()
    }
  }
  // One at a time: they share one thread, and the wrap-up comes after the last cycle.
  const stop = queue.work(FORECASTING, work, 1)

  const found = (job: Job): ForecastJob => {
    const payload = job.payload as Payload
    return {
      job,
      sensor: payload.sensor,
      ...(payload.kind === 'wrap-up' && { cycles: payload.cycles }),
      ...(payload.kind === 'cycle' && job.status === 'FINISHED' && { result: job.result as CycleResult }),
    }
  }
  return {
    async trigger(order) {
      const sensor = await sensors.need(order.sensor)
      const plan = planForecast(order, sensor, clock.now(), parts.planningHorizon)
      const key = { name: parts.author, type: 'forecaster', model: FORECASTER }
      const source = await sources.of(key, { data_generator: { config: order.kept } })
      const shared = { window: { start: plan.start, end: plan.end }, source, sensor: sensor.id, asset: sensor.asset }
      return store.transact(async (tx) => {
        const cycles: string[] = []
        for (const cycle of plan.cycles) {
          const { prior, probabilistic, config } = order
          const one: CycleOrder = {
            sensor: sensor.id,
            source,
            cycle,
            horizon: plan.horizon,
            probabilistic,
            config,
            ...(prior !== undefined && { prior }),
          }
          const payload: Payload = { ...shared, kind: 'cycle', order: one }
          cycles.push(await queue.enqueue(FORECASTING, payload, { maxTries: 2 }, tx))
        }
        if (cycles.length === 1) return cycles[0]!
        const payload: Payload = { ...shared, kind: 'wrap-up', cycles }
        return queue.enqueue(FORECASTING, payload, { after: cycles.at(-1)! }, tx)
      })
    },
    async get(id) {
      const job = await queue.get(id)
      return job?.queue === FORECASTING ? found(job) : undefined
    },
    async values({ job }) {
      const { sensor: id, source, window } = job.payload as Payload
      const sensor = await sensors.need(id)
      const stored = await beliefs.search({ sensor: id, from: window.start, until: window.end, sources: [source], one: 'per-event' })
      const ended = stored.starts.findLastIndex((start) => start + sensor.resolution <= window.end) + 1
      if (ended === 0) return undefined
      const end = instant(stored.starts[ended - 1]! + sensor.resolution)
      return { start: instant(stored.starts[0]!), end, values: [...stored.values.subarray(0, ended)] }
    },
    async list(ids) {
      const jobs = await queue.list({ queue: FORECASTING, limit: 1000 })
      return jobs.map(found).filter(({ sensor }) => ids.includes(sensor))
    },
    close: () => stop(),
  }
}

const tooLong = (timeout: number): Problem =>
  new Problem(
    'forecast-timeout',
    `JobTimeoutException: The forecast was not ready after ${Math.round(timeout / 1000)} s. Ask for a shorter max-forecast-horizon or training period, or for more and shorter cycles.`,
    { status: 422, hint: 'Operators can raise flexmeasures.jobTimeouts for the queue forecasting.' },
  )

/** The failure under the name FlexMeasures gives it; the same order fails the same way. */
function named(error: unknown): unknown {
  if (!isProblem(error) || error.retry === 'later' || error.code === 'forecast-timeout') return error
  const told = error.details?.['exception']
  return new Problem(error.code, `${typeof told === 'string' ? told : 'ValueError'}: ${describeError(error)}`, {
    status: error.status,
    cause: error,
  })
}
