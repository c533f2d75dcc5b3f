/** The past of a sensor of a configuration, ready for `forecast evaluate`: what was measured, and what was known of its regressors when. */
import {
  type EvaluateOptions,
  evaluationOrigins,
  type Frame,
  leadOf,
  openAssets,
  openBeliefs,
  openSensors,
  type Regressor,
  type SkillView,
  skillViews,
  sunOf,
  withForetold,
} from '#ems'
import { after, type Clock, DAY, floorTo, HOUR, inProcessBus, instant, Problem } from '#kernel'
import type { Store } from '#store'

export interface PastQuery {
  sensor: number
  days: number
  regressors: readonly number[]
  learnDays: number
  horizonDays: number
  /** Take what was measured of the regressors as if it had been foretold without error. */
  known: boolean
}

export interface SensorPast {
  name: string
  unit: string
  frame: Frame
  regressorsAt?: NonNullable<EvaluateOptions['regressorsAt']>
  /** Share of the slots to foretell of which each regressor was known at the midnight before. */
  foreseen: { name: string; share: number }[]
  /** What was really published, day by day. */
  published: SkillView[]
}

/** @throws Problem `unknown-sensor`, `sensor-silent` (nothing was measured in those days) */
export async function readSensorPast(store: Store, clock: Clock, query: PastQuery): Promise<SensorPast> {
  const sensors = openSensors(store, () => clock.now())
  const beliefs = openBeliefs({ store, clock, bus: inProcessBus(() => {}), sensors })
  const sensor = await sensors.need(query.sensor)
  const step = sensor.resolution || HOUR
  const until = floorTo(clock.now(), step)
  const window = { from: floorTo(after(until, -query.days * DAY), step), until, step }
  const horizon = Math.round((query.horizonDays * DAY) / step)
  const target = series(await beliefs.series({ sensor: sensor.id, ...window, excludeSourceTypes: ['forecaster', 'scheduler'] }))
  const first = target.findIndex((value) => !Number.isNaN(value))
  if (first < 0)
    throw new Problem('sensor-silent', `Nothing was measured of sensor ${sensor.id} (${sensor.name}) in the last ${query.days} days.`, {
      hint: 'Give another sensor, or more --days.',
    })
  const from = after(window.from, first * step)
  const sun = await sunOf(openAssets(store), sensor)
  const bare: Frame = { start: from, step, zone: sensor.timezone, target: target.slice(first), regressors: [], ...(sun && { sun }) }
  const origins = query.known ? [] : evaluationOrigins(bare, query.learnDays)
  const regressors: Regressor[] = []
  const ahead: Map<number, Float64Array>[] = []
  for (const id of query.regressors) {
    const { name, unit } = await sensors.need(id)
    const newest = series(await beliefs.series({ sensor: id, ...window, from }))
    const values = query.known ? newest : await withForetold(beliefs, { sensor: id, ...window, from }, newest, leadOf(horizon * step))
    regressors.push({ name: `${name} (ID: ${id})`, unit, kind: 'future', values })
    const said = new Map<number, Float64Array>()
    for (const origin of origins) {
      const at = after(from, origin * step)
      said.set(
        origin,
        series(await beliefs.series({ sensor: id, from: at, until: instant(Math.min(until, at + horizon * step)), step, at })),
      )
    }
    ahead.push(said)
  }
  /** Up to the origin what came to be known, from there on what was known then. */
  const regressorsAt = (origin: number): Float64Array[] =>
    regressors.map(({ values }, index) => {
      const said = ahead[index]!.get(origin)!
      return values.map((value, slot) => (slot < origin ? value : (said[slot - origin] ?? Number.NaN)))
    })
  const foreseen = regressors.map(({ name }, index) => {
    const all = [...ahead[index]!.values()].flatMap((said) => [...said])
    return { name, share: all.filter((value) => !Number.isNaN(value)).length / Math.max(1, all.length) }
  })
  return {
    ...{ name: `${sensor.assetName} ${sensor.name}`, unit: sensor.unit, frame: { ...bare, regressors } },
    ...(origins.length > 0 && regressors.length > 0 ? { regressorsAt, foreseen } : { foreseen: [] }),
    published: await skillViews(store, { sensors: [sensor.id] }, clock.now()),
  }
}

const series = (values: readonly (number | null)[]): Float64Array => Float64Array.from(values, (value) => value ?? Number.NaN)
