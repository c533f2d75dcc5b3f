/** How good are the forecasts of a series? Rolling over its past: at each local midnight the next day is foretold and compared (reference grid 6.2). */
import { DAY } from '#kernel'
import { CANDIDATES, type CandidateName } from './candidates.ts'
import type { Choice } from './choice.ts'
import { foretell, foretellEach } from './foretell.ts'
import type { Frame } from './frame.ts'
import { HIGH, LOW } from './spread.ts'
import { type Trained, teachAll, train } from './train.ts'
import { sameClock, type View, viewOf } from './view.ts'

export interface Evaluation {
  /** Slots compared. */
  n: number
  mae: number
  rmse: number
  /** Mean of what was foretold less what was. */
  bias: number
  rmsePersistence: number
  maePersistence: number
  /** 1 − rmse / rmsePersistence; NaN when persistence was perfect. */
  skill: number
  /** Root mean square error as a share of the largest magnitude measured. */
  nrmse: number
  /** Share of the measurements between the low and the high quantile (0.8 wanted), where these differ. */
  coverage: number
  /** Mean pinball loss at the low, middle and high quantile there. */
  pinball: number
  days: number
  /** Candidates chosen at the last training, by group of horizons. */
  choices: Choice[]
  /** Each candidate by itself on the slots of which it said anything, best first; empty unless `compare`. */
  models: ModelScore[]
}

/** What a candidate alone would have been worth. */
export interface ModelScore {
  model: CandidateName
  n: number
  rmse: number
  mae: number
  bias: number
  /** Against persistence on the same slots. */
  skill: number
}

export interface EvaluateOptions {
  /** Days that are only learned from, before the first one foretold; default 7. */
  learnDays?: number
  /** Days between two trainings; Infinity: train once, on the first days only. Default 1. */
  retrainDays?: number
  /** Days foretold each time; default 1. */
  horizonDays?: number
  candidates?: readonly CandidateName[]
  /** Compare only slots whose clear sky is above this, W/m² (daylight); default all. */
  daylight?: number
  /** Score each candidate by itself too; default false. Takes no part in choosing. */
  compare?: boolean
  /** Values of the frame's regressors as they were known at an origin; default those of the frame, as if known all along. */
  regressorsAt?(origin: number): readonly Float64Array[]
  onProgress?(done: number, total: number): void
}

/** Foretells each day of the frame after the first ones from what was known at its midnight. Undefined when there are not enough days. */
export function evaluate(frame: Frame, options: EvaluateOptions = {}): Evaluation | undefined {
  const { learnDays = 7, retrainDays = 1, horizonDays = 1, candidates, daylight, compare = false, regressorsAt, onProgress } = options
  const view = viewOf(frame)
  const midnights = originsOf(view, learnDays)
  const horizon = Math.max(1, Math.round((horizonDays * DAY) / frame.step))
  const sums = openSums()
  const alone = new Map((compare ? (candidates ?? CANDIDATES) : []).map((name) => [name, openSums()]))
  let trained: Trained | undefined
  let taught: Trained | undefined
  let trainedOn = Number.NEGATIVE_INFINITY
  midnights.forEach((origin, index) => {
    const known = regressorsAt?.(origin)
    const seen = known ? { ...frame, regressors: frame.regressors.map((one, at) => ({ ...one, values: known[at]! })) } : frame
    if (!trained || view.day[origin]! - trainedOn >= retrainDays) {
      trained = train(seen, { origin, horizon, ...(candidates && { candidates }) })
      if (compare) taught = teachAll(seen, { origin, horizon, ...(candidates && { candidates }) })
      trainedOn = view.day[origin]!
    }
    const count = Math.min(horizon, view.slots - origin)
    const { values, low, high } = foretell(trained, seen, origin, count)
    const each = taught && foretellEach(taught, seen, { origin, count, candidates: [...alone.keys()] })
    for (let ahead = 0; ahead < count; ahead++) {
      const slot = origin + ahead
      const same = sameClock(view, slot, origin, 0, 1)
      if (same < 0 || (daylight !== undefined && (view.clear?.[slot] ?? 0) < daylight)) continue
      const [truth, naive] = [view.target[slot]!, view.target[same]!]
      sums.add(truth, values[ahead]!, naive, low?.[ahead], high?.[ahead])
      each?.forEach((said, name) => {
        alone.get(name)!.add(truth, said[ahead]!, naive)
      })
    }
    onProgress?.(index + 1, midnights.length)
  })
  if (!trained || sums.n() === 0) return undefined
  const models = [...alone]
    .filter(([, one]) => one.n() > 0)
    .map(([model, one]): ModelScore => {
      const { n, rmse, mae, bias, skill } = one.figures()
      return { model, n, rmse, mae, bias, skill }
    })
    .sort((one, other) => one.rmse - other.rmse)
  return { ...sums.figures(), days: midnights.length, choices: trained.choices, models }
}

/** The local midnights of a frame after its first `learnDays` days: from them `evaluate` looks ahead. */
export const evaluationOrigins = (frame: Frame, learnDays = 7): number[] => originsOf(viewOf({ ...frame, regressors: [] }), learnDays)

function originsOf({ day, slots }: Pick<View, 'day' | 'slots'>, learnDays: number): number[] {
  const found: number[] = []
  for (let slot = 1; slot < slots; slot++) if (day[slot] !== day[slot - 1] && day[slot]! >= learnDays) found.push(slot)
  return found
}

function openSums() {
  let [n, absolute, squares, bias, naive, naiveAbsolute, inside, spread, loss, most] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  const pin = (off: number, share: number) => (off > 0 ? share * off : (share - 1) * off)
  return {
    n: () => n,
    add(truth: number, said: number, same: number, low?: number, high?: number) {
      if (Number.isNaN(truth) || Number.isNaN(said)) return
      n++
      absolute += Math.abs(said - truth)
      squares += (said - truth) ** 2
      bias += said - truth
      naive += (same - truth) ** 2
      naiveAbsolute += Math.abs(same - truth)
      most = Math.max(most, Math.abs(truth))
      // Where the series never changes (nights of a plant) both are the same: certain, and no achievement.
      if (low === undefined || high === undefined || high === low) return
      spread++
      if (truth >= low - 1e-9 && truth <= high + 1e-9) inside++
      loss += (pin(truth - low, LOW) + pin(truth - said, 0.5) + pin(truth - high, HIGH)) / 3
    },
    figures() {
      const rmse = Math.sqrt(squares / n)
      const rmsePersistence = Math.sqrt(naive / n)
      return {
        n,
        mae: absolute / n,
        rmse,
        bias: bias / n,
        rmsePersistence,
        maePersistence: naiveAbsolute / n,
        skill: rmsePersistence > 1e-9 ? 1 - rmse / rmsePersistence : Number.NaN,
        nrmse: most > 0 ? rmse / most : Number.NaN,
        coverage: spread > 0 ? inside / spread : Number.NaN,
        pinball: spread > 0 ? loss / spread : Number.NaN,
      }
    },
  }
}
