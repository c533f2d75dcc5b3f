/** Which candidate forecasts which sensor of a site: chosen once a day in the learning thread, never in anybody's way. */
import { after, DAY, dayStart, describeError, type Instant } from '#kernel'
import type { Beliefs } from '../belief.ts'
import type { Line } from '../line.ts'
import { keepChoice } from './choice-book.ts'
import type { Regressor } from './learn/frame.ts'
import type { Learner } from './learn/learner.ts'
import type { Trained } from './learn/train.ts'
import { frameOf, type Model, withoutHeld } from './models.ts'
import { type Past, pastOf, toldOf } from './past.ts'
import { leadOf, withForetold } from './regressors.ts'

/** What was chosen for a sensor, and the sensors that it wants to know of. */
export interface Chosen {
  trained: Trained
  explainedBy: number[]
}

export interface Choosing {
  /** What was chosen for a sensor; undefined while its default candidate speaks. */
  of(sensor: number): Chosen | undefined
  /** Chooses for all models when it was not done yet today. Resolves when done; failures are logged. */
  refresh(models: readonly Model[], isHeld: (asset: number, start: Instant) => boolean): Promise<void>
  stop(): void
}

/** So much of the past is learned from, ms. */
const HISTORY = 60 * DAY
/** How far ahead what is chosen must be able to look, ms: to the end of the day after tomorrow. */
const HORIZON = 3 * DAY
/** A weather service counts when it foretells this share of the next day. */
const FORETELLS = 0.8

export function openChoosing(line: Line, learner: Learner): Choosing {
  const { clock, log, site, store } = line
  const chosen = new Map<number, Chosen>()
  const abort = new AbortController()
  let day: Instant | undefined

  const chooseFor = async (model: Model, isHeld: (start: Instant) => boolean): Promise<void> => {
    const now = clock.now()
    const read = model.told ? toldOf : pastOf
    const past = withoutHeld(await read(line.beliefs, model.sensor, after(now, -HISTORY), now, model.step), isHeld)
    if (past.values.every((value) => value === null)) return
    const explainedBy = await foretoldByOthers(line.beliefs, model, now)
    const horizon = Math.ceil(HORIZON / model.step)
    const { frame, origin } = frameOf(model, past, { from: endOf(past), slots: 0 }, await explanations(line, explainedBy, past, 0))
    const { trained } = await learner.learn(
      { frame, options: { origin, horizon, quantiles: false, fallback: model.candidate! }, viewpoints: [] },
      { idly: true, signal: abort.signal },
    )
    chosen.set(model.sensor, { trained, explainedBy })
    const known = past.values.findIndex((value) => value !== null)
    await keepChoice(store, model, { at: now, days: ((past.values.length - known) * past.step) / DAY, choices: trained.choices })
  }
  return {
    of: (sensor) => chosen.get(sensor),
    async refresh(models, isHeld) {
      const today = dayStart(clock.now(), site.zone)
      if (day === today) return
      day = today
      for (const model of models) {
        if (!model.candidate || abort.signal.aborted) continue
        await chooseFor(model, (start) => isHeld(model.asset, start)).catch((error: unknown) => {
          if (!abort.signal.aborted) log.warn({ sensor: model.sensor, error: describeError(error) }, 'no forecasting model was chosen')
        })
      }
    },
    stop: () => abort.abort(new Error('forecasting stops')),
  }
}

const endOf = ({ start, step, values }: Past): Instant => after(start, values.length * step)

/** Which of the sensors that explain a model somebody else foretells (a weather service): our own forecasts of them add nothing. */
async function foretoldByOthers(beliefs: Beliefs, { explainedBy = [], step }: Model, now: Instant): Promise<number[]> {
  const found: number[] = []
  for (const sensor of explainedBy) {
    const ahead = await beliefs.series({ sensor, from: now, until: after(now, DAY), step, excludeSourceTypes: OURS })
    if (ahead.filter((value) => value !== null).length >= FORETELLS * ahead.length) found.push(sensor)
  }
  return found
}

const OURS = ['forecaster', 'scheduler']

/** The series of sensors over a past, as it was foretold where it was, and over so many slots more; by others than us. */
export async function explanations(
  { beliefs, sensors }: Pick<Line, 'beliefs' | 'sensors'>,
  wanted: readonly number[],
  past: Past,
  slots: number,
): Promise<Regressor[]> {
  const until = after(endOf(past), slots * past.step)
  return Promise.all(
    wanted.map(async (id): Promise<Regressor> => {
      const { name, unit } = await sensors.need(id)
      const query = { sensor: id, from: past.start, until, step: past.step, excludeSourceTypes: OURS }
      const newest = Float64Array.from(await beliefs.series(query), (value) => value ?? Number.NaN)
      return { name, unit, kind: 'future', values: await withForetold(beliefs, { ...query, until: endOf(past) }, newest, leadOf(DAY)) }
    }),
  )
}
