/** Forecasts of a site, refreshed on a schedule and on news, kept as beliefs with their source and belief time. */
import { after, asSentence, dayAfter, dayStart, describeError, floorTo, HOUR, type Instant, instant, MINUTE, SECOND, say } from '#kernel'
import { asTimestamp } from '#store'
import type { BeliefBatch } from '../belief.ts'
import type { Line } from '../line.ts'
import type { News } from '../news.ts'
import { SAYING } from '../saying.ts'
import { type Chosen, explanations, openChoosing } from './choosing.ts'
import { type Learner, sharedLearner } from './learn/learner.ts'
import { LONG_MEMORY, MEMORY, type Model, modelsOf, predict, sourceModel, withoutHeld } from './models.ts'
import { pastBefore, pastOf, toldOf } from './past.ts'
import { keepSkill } from './skill.ts'

export interface ForecastingOptions {
  /** Default 15 min. */
  period?: number
  /** Score the days of history at once; otherwise they are scored with the first refresh all the same, only later. */
  firstStart?: boolean
  /** Where models are chosen among; default the learner of this process. */
  learner?: Learner
  /** Models are first chosen so long after the start, ms: a start has better things to do. Default 90 s. */
  chooseAfter?: number
}

export interface Forecasting {
  /** Forecasts everything now; resolves when the beliefs are durable. */
  refresh(): Promise<void>
  /** Resolves when the skill of past days was computed. */
  scored(): Promise<void>
  /** Chooses among the candidates, when that was not done yet today; resolves when done. */
  choose(): Promise<void>
  stop(): Promise<void>
}

/** The forecast moved when the sum of the plants' next three hours differs by more than this share of their peak. */
const THRESHOLD = 0.08
/** The sun surprised us when what it gives now differs from the forecast by more than this share of the plants' peak. */
const SURPRISE = 0.2
/** News of a surprise is answered at most so often. */
const REST = MINUTE
/** "Now" is the mean of this time, so that a single puff of cloud is not the weather. */
const FRESH = 30 * SECOND
/** The planner looks at the newest forecast so often even without news. */
const PLANNED_ANYWAY = 5 * MINUTE

/** Starts forecasting; resolves after the first refresh. A refresh that fails is logged and raises an alarm; the next one tries again. */
export async function startForecasting(
  line: Line,
  { period = 15 * MINUTE, firstStart = false, learner = sharedLearner(), chooseAfter = 90 * SECOND }: ForecastingOptions = {},
): Promise<Forecasting> {
  const { clock, bus, log, site } = line
  let stopped = false
  let running: Promise<void> | undefined
  let scoring: Promise<void> = Promise.resolve()
  let rested: Instant = instant(0)
  const choosing = openChoosing(line, learner)
  const plants = plantsOf(line)
  const peak = plants.reduce((sum, plant) => sum + plant.peakKw, 0)
  const believed: Believed = new Map()
  // What the last plan knew: many small steps are a move too.
  let reference: { at: Instant; believed: Believed } = { at: clock.now(), believed: new Map() }

  const refresh = (): Promise<void> => {
    running ??= (async () => {
      try {
        const sensors = await forecastAll(line, { believed, chosen: choosing.of })
        const at = clock.now()
        const before = sumOf(reference.believed, plants, at)
        const now = sumOf(believed, plants, at)
        const moved = before !== undefined && now !== undefined && peak > 0 && Math.abs(now - before) > THRESHOLD * peak
        if (moved || before === undefined || at >= after(reference.at, PLANNED_ANYWAY)) reference = { at, believed: new Map(believed) }
        if (!stopped) bus.tell({ kind: 'forecast', site: site.asset, sensors, moved })
        await line.alarms.clear(site.asset, 'forecast')
      } catch (error) {
        log.error({ site: site.name, error }, 'forecasting failed')
        await line.alarms
          .raise(site.asset, 'forecast', say(SAYING.forecastsOld, { why: asSentence(describeError(error)) }))
          .catch(() => undefined)
      } finally {
        running = undefined
      }
    })()
    return running
  }
  const score = () => {
    scoring = scoring
      .then(async () => {
        if (stopped) return
        const isHeld = await heldPlants(line)
        const nameOf = (model: Model) => sourceModel(model, choosing.of(model.sensor)?.trained)
        await keepSkill(
          { store: line.store, beliefs: line.beliefs, models: await modelsOn(line), zone: site.zone, isHeld, nameOf },
          clock.now(),
        )
      })
      .catch((error: unknown) => log.warn({ error: describeError(error) }, 'the skill of forecasts was not computed'))
  }
  let isEarly = true
  let chosen: Promise<void> = Promise.resolve()
  const choose = (): Promise<void> => {
    chosen = chosen
      .then(async () => {
        if (stopped) return
        await choosing.refresh(await modelsOn(line), await heldPlants(line))
      })
      .catch((error: unknown) => log.warn({ error: describeError(error) }, 'no forecasting models were chosen'))
    return chosen
  }
  const latest = new Map<number, number>()
  const watchSun = ({ readings }: Extract<News, { kind: 'readings' }>) => {
    for (const reading of readings) latest.set(reading.sensor, reading.value)
    const now = clock.now()
    if (peak <= 0 || now < rested + REST || !plants.every((plant) => latest.has(plant.sensor))) return
    const measured = plants.reduce((sum, plant) => sum + latest.get(plant.sensor)!, 0)
    const expected = plants.reduce((sum, plant) => sum + (nowOf(believed, plant.sensor, now) ?? latest.get(plant.sensor)!), 0)
    if (Math.abs(measured - expected) <= SURPRISE * peak) return
    rested = now
    void refresh()
  }
  await refresh()
  if (firstStart) score()
  const timers = [
    clock.every(period, () => {
      void refresh()
      score()
      if (!isEarly) void choose()
    }),
    clock.in(chooseAfter, () => {
      isEarly = false
      void choose()
    }),
    ...(firstStart ? [] : [clock.in(30 * SECOND, score)]),
  ]
  const subscriptions = [bus.on('readings', watchSun)]
  return {
    refresh,
    scored: () => scoring,
    choose,
    async stop() {
      stopped = true
      choosing.stop()
      for (const timer of timers) timer.cancel()
      for (const unsubscribe of subscriptions) unsubscribe()
      await running
      await scoring
      await chosen
    },
  }
}

interface Plant {
  sensor: number
  peakKw: number
}

const plantsOf = ({ site }: Line): Plant[] =>
  site.devices.flatMap((member) =>
    member.kind === 'pv' && member.power !== undefined ? [{ sensor: member.power, peakKw: member.nominal / 1000 }] : [],
  )

type Believed = Map<number, { start: Instant; values: (number | null)[] }>
/** Slot of all published forecasts but prices and states of charge. */
const SLOT = 15 * MINUTE

const nowOf = (believed: Believed, sensor: number, at: Instant): number | undefined => {
  const known = believed.get(sensor)
  return known?.values[Math.floor((at - known.start) / SLOT)] ?? undefined
}

/** Mean power of the plants over the next three hours as believed, kW. */
function sumOf(believed: Believed, plants: readonly Plant[], at: Instant): number | undefined {
  if (plants.some((plant) => !believed.has(plant.sensor))) return undefined
  let sum = 0
  for (let ahead = 0; ahead < 12; ahead++) for (const plant of plants) sum += nowOf(believed, plant.sensor, after(at, ahead * SLOT)) ?? 0
  return sum / 12
}

export interface ForecastAllOptions {
  /** What is believed of each sensor, kept up to date. */
  believed?: Believed
  /** What was chosen for a sensor instead of its default candidate. */
  chosen?: (sensor: number) => Chosen | undefined
}

/** Forecasts all sensors of the site to the end of the day after tomorrow's midnight and commits them. @returns the sensors */
export async function forecastAll(
  line: Line,
  { believed = new Map(), chosen = () => undefined }: ForecastAllOptions = {},
): Promise<number[]> {
  const { site, clock, beliefs } = line
  const at = clock.now()
  const isHeld = await heldPlants(line)
  const until = dayAfter(at, site.zone, 2)
  const nowBySensor = await measuredNow(line, at)
  const batches: BeliefBatch[] = []
  for (const model of await modelsOn(line)) {
    const choice = chosen(model.sensor)
    const source = await beliefs.source({ name: site.author, type: 'forecaster', model: sourceModel(model, choice?.trained) })
    const step = model.presence ? HOUR : model.step
    const from = after(dayStart(at, site.zone), choice ? -LONG_MEMORY : -MEMORY)
    const read = model.told ? toldOf : pastOf
    const past = withoutHeld(await read(beliefs, model.sensor, from, at, model.step), (start) => isHeld(model.asset, start))
    if (model.told && past.values.length === 0) continue
    // What the market told already is left alone.
    const first = model.told ? after(past.start, past.values.length * step) : floorTo(at, step)
    const slots = Math.max(0, Math.ceil((until - first) / step))
    const known = model.told ? past : pastBefore(past, first)
    const regressors = choice && (await explanations(line, choice.explainedBy, known, slots))
    const values = predict(
      model,
      known,
      { at, from: first, step, slots },
      { measuredNow: nowBySensor.get(model.sensor), trained: choice?.trained, regressors },
    )
    if (!model.presence && !model.told) believed.set(model.sensor, { start: first, values })
    const resolution = (await line.sensors.get(model.sensor))?.resolution ?? step
    batches.push(published(model.sensor, source, at, { from: first, step, values }, resolution || step))
  }
  const some = batches.filter((batch) => batch.starts.length > 0)
  if (some.length > 0) await beliefs.record(some)
  return some.map((batch) => batch.sensor)
}

/** Values at the sensor's own resolution, events that are not over yet, rounded so that what stays the same is not stored again. */
function published(
  sensor: number,
  source: number,
  at: Instant,
  { from, step, values }: { from: Instant; step: number; values: (number | null)[] },
  resolution: number,
): BeliefBatch {
  const parts = Math.max(1, Math.round(step / resolution))
  const starts: Instant[] = []
  const rounded: number[] = []
  values.forEach((value, slot) => {
    if (value === null) return
    for (let part = 0; part < parts; part++) {
      const start = after(from, slot * step + part * resolution)
      if (start + resolution <= at) continue
      starts.push(start)
      rounded.push(Math.round(value * 100) / 100 || 0)
    }
  })
  return { sensor, source, starts, values: rounded, beliefTime: at, sign: 'consumption-positive', overwrite: true }
}

/** Raw power of the last minutes per sensor, which beliefs know only when their slot is over. */
async function measuredNow({ store }: Line, at: Instant): Promise<Map<number, number>> {
  const rows = await store.query<{ sensor: number; value: number }>(
    'select sensor, avg(value) as value from cariflex.reading where at > $1 and at <= $2 group by sensor',
    [asTimestamp(after(at, -FRESH)), asTimestamp(at)],
  )
  return new Map(rows.map((row) => [row.sensor, row.value]))
}

/** The models of the site; prices are forecast in the steps in which the market tells them. */
async function modelsOn({ site, sensors }: Line): Promise<Model[]> {
  return Promise.all(
    modelsOf(site).map(async (model) => {
      const resolution = model.told ? (await sensors.get(model.sensor))?.resolution : undefined
      return resolution ? { ...model, step: resolution } : model
    }),
  )
}

/** When plants were held back by a limit or by their owner. */
async function heldPlants({ store, site, clock }: Line): Promise<(asset: number, start: Instant) => boolean> {
  const plants = site.devices.filter((member) => member.kind === 'pv').map((member) => member.asset)
  const rows = await store.query<{ asset: number; at: Instant; until: Instant }>(
    `select asset, at, until from cariflex.setpoint where asset = any($1::int[]) and rung <> 'plan' and until > $2`,
    [plants, asTimestamp(after(clock.now(), -LONG_MEMORY))],
  )
  return (asset, start) => rows.some((row) => row.asset === asset && row.at < start + SLOT && row.until > start)
}
