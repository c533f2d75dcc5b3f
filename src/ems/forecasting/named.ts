/** Forecasts that the configuration names: made again and again as jobs, and scored day by day against persistence. */
import { after, type Clock, DAY, dayStart, describeError, HOUR, type Instant, type Log, MINUTE } from '#kernel'
import type { Store } from '#store'
import type { Assets } from '../assets.ts'
import type { Beliefs } from '../belief.ts'
import type { Forecasts } from '../forecasts.ts'
import type { Sensor, Sensors } from '../sensors.ts'
import { DEFAULT_CONFIG, keptConfig } from './kept.ts'
import { type ForecastKind, kindOf } from './kinds.ts'
import { CHOSEN, type Model } from './models.ts'
import type { ForecastOrder } from './order.ts'
import { toldOf } from './past.ts'
import { keepSkill } from './skill.ts'

/** One entry of the configuration's `forecasts`. Lengths in ms. */
export interface NamedForecast {
  name: string
  sensor: number
  kind?: ForecastKind
  /** 'CustomLGBM' lets all candidates compete, or the name of one. */
  model: string
  every: number
  duration: number
  trainPeriod: number
  /** Sensors whose measurements and forecasts explain it. */
  regressors: number[]
  probabilistic: boolean
}

export interface NamedForecasts {
  list(): readonly NamedForecast[]
  /** Makes one now; resolves to its job, or undefined when there is nothing to foretell. @throws Problem `unknown-sensor` */
  run(name: string): Promise<string | undefined>
  stop(): Promise<void>
}

export interface NamedParts {
  store: Store
  clock: Clock
  log: Log
  beliefs: Beliefs
  sensors: Sensors
  assets: Assets
  forecasts: Forecasts
  /** Time zone of the days that are scored. */
  zone: string
}

/** The first ones are made so long after the start. */
const FIRST = 2 * MINUTE

/** The order of one forecast now: prices and the like only from where the market has not told them. */
export async function orderOf(
  parts: Pick<NamedParts, 'beliefs' | 'sensors' | 'assets' | 'clock'>,
  one: NamedForecast,
): Promise<ForecastOrder | undefined> {
  const sensor = await parts.sensors.need(one.sensor)
  const now = parts.clock.now()
  const asset = await parts.assets.get(sensor.asset)
  const kind = one.kind ?? kindOf(sensor, asset?.type.name)
  const start = kind === 'price' || kind === 'co2' ? await firstUntold(parts.beliefs, sensor, now) : undefined
  const until = after(now, one.duration)
  if (start !== undefined && start >= until) return undefined
  const references = one.regressors.map((id) => ({ sensor: id }))
  const config = {
    ...DEFAULT_CONFIG,
    model: one.model,
    futureRegressors: references,
    pastRegressors: references,
    trainPeriod: one.trainPeriod,
  }
  return {
    sensor: sensor.id,
    ...(start === undefined ? { duration: one.duration } : { start, end: until, prior: now }),
    probabilistic: one.probabilistic,
    config,
    kept: keptConfig(config, sensor.timezone),
  }
}

/** The first event that nobody told of yet; undefined when that is the present one. */
async function firstUntold(beliefs: Beliefs, { id, resolution }: Sensor, now: Instant): Promise<Instant | undefined> {
  const told = await toldOf(beliefs, id, after(now, -DAY), now, resolution || HOUR)
  const until = after(told.start, told.values.length * told.step)
  return until > now ? until : undefined
}

/** Starts the forecasts of the configuration. One that fails is logged; the next one tries again. */
export function startNamedForecasts(parts: NamedParts, list: readonly NamedForecast[]): NamedForecasts {
  const { clock, log, forecasts } = parts
  const last = new Map<string, string>()
  let scored: Instant | undefined
  let working: Promise<void> = Promise.resolve()

  const run = async (one: NamedForecast): Promise<string | undefined> => {
    const waiting = last.get(one.name)
    const known = waiting === undefined ? undefined : await forecasts.get(waiting)
    if (known && ['QUEUED', 'STARTED', 'SCHEDULED', 'DEFERRED'].includes(known.job.status)) return waiting
    const order = await orderOf(parts, one)
    if (!order) return undefined
    const id = await forecasts.trigger(order)
    last.set(one.name, id)
    return id
  }
  const score = async (): Promise<void> => {
    const today = dayStart(clock.now(), parts.zone)
    if (scored === today) return
    const models = await Promise.all(list.map((one) => modelOf(parts.sensors, one, parts.zone)))
    await keepSkill({ ...parts, models: models.filter((model) => model !== undefined) }, clock.now())
    scored = today
  }
  const tick = (one: NamedForecast) => {
    working = working
      .then(async () => {
        await run(one)
        await score()
      })
      .catch((error: unknown) => log.warn({ forecast: one.name, error: describeError(error) }, 'a forecast was not made'))
  }
  const timers = list.flatMap((one) => [clock.in(FIRST, () => tick(one)), clock.every(one.every, () => tick(one))])
  return {
    list: () => list,
    async run(name) {
      const one = list.find((each) => each.name === name)
      return one && run(one)
    },
    async stop() {
      for (const timer of timers) timer.cancel()
      await working
    },
  }
}

/** A named forecast is scored by what was published; it has no default that speaks for it. A sensor that is gone is passed over. */
async function modelOf(sensors: Sensors, { sensor: id, name }: NamedForecast, zone: string): Promise<Model | undefined> {
  const sensor = await sensors.get(id)
  return sensor && { sensor: id, asset: sensor.asset, name, model: CHOSEN, step: sensor.resolution || HOUR, zone }
}
