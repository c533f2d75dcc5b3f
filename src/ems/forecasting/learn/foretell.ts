/** Asking what was trained: values and quantiles of the slots from an origin on. */
import { bandAround } from './band.ts'
import { ask, type CandidateName, suits } from './candidates.ts'
import { blockOf } from './features.ts'
import { fixedValues } from './fixed.ts'
import type { Frame } from './frame.ts'
import { rowsFrom } from './rows.ts'
import { SEASONAL } from './seasonal.ts'
import { spreadAround } from './spread.ts'
import { asKnown, mixOf, orElse, type Trained } from './train.ts'
import { viewOf } from './view.ts'

export interface Foretold {
  /** One per slot from the origin on; NaN only when nothing at all is known. */
  values: Float64Array
  low?: Float64Array
  high?: Float64Array
}

/** A single candidate that needs no training, for while there was none. */
export const untrained = (candidate: CandidateName, step: number): Trained => ({
  step,
  buckets: [{ from: 1, until: Number.POSITIVE_INFINITY }],
  choices: [
    {
      from: 1,
      until: Number.POSITIVE_INFINITY,
      models: [candidate],
      n: 0,
      rmse: Number.NaN,
      mae: Number.NaN,
      rmsePersistence: Number.NaN,
      table: [],
    },
  ],
  fitted: {},
  least: Number.NEGATIVE_INFINITY,
  most: Number.POSITIVE_INFINITY,
})

/** Values of `count` slots from the origin on; the frame must reach so far. `clearness`: of the sky, as measured this minute. */
export function foretell(trained: Trained, frame: Frame, origin: number, count: number, clearness?: number): Foretold {
  const { view, block, hold } = outlookOf(trained, frame, origin, count)
  const saidBy = (name: CandidateName) => orElse(ask(name, view, block, trained.fitted, { buckets: trained.buckets, clearness }), block)
  const values = hold(mixOf(trained.choices, block, saidBy))
  if (!trained.spread) return { values }
  const { low, high } = trained.band
    ? bandAround(trained.band, block, trained.buckets)
    : spreadAround(view, trained.spread, block, values, trained.buckets)
  return {
    values,
    low: hold(low).map((value, row) => Math.min(value, values[row]!)),
    high: hold(high).map((value, row) => Math.max(value, values[row]!)),
  }
}

/** What each candidate says by itself of the slots from the origin on; NaN where it has nothing to say. */
export function foretellEach(
  trained: Trained,
  frame: Frame,
  { origin, count, candidates }: { origin: number; count: number; candidates: readonly CandidateName[] },
): Map<CandidateName, Float64Array> {
  const { view, block, hold } = outlookOf(trained, frame, origin, count)
  return new Map(
    candidates
      .filter((name) => suits(name, view))
      .map((name) => {
        const said = ask(name, view, block, trained.fitted, { buckets: trained.buckets })
        const held = name in SEASONAL ? said : hold(said).map((value, row) => (Number.isNaN(said[row]!) ? Number.NaN : value))
        return [name, held]
      }),
  )
}

/** What is known at the origin, the slots that are asked for, and how answers are held within what the series ever was. */
function outlookOf({ least, most }: Trained, frame: Frame, origin: number, count: number) {
  const view = viewOf(asKnown(frame, origin))
  const rows = rowsFrom(origin, count)
  const room = 0.05 * (most - least)
  // What never was negative (or never positive) is not foretold to be.
  const [floor, ceiling] = [least >= 0 ? Math.max(0, least - room) : least - room, most <= 0 ? Math.min(0, most + room) : most + room]
  const bound = (value: number) => Math.max(floor, Math.min(ceiling, value))
  const fixed = fixedValues(view, origin, rows.slots)
  const hold = (said: Float64Array) => said.map((value, row) => (Number.isNaN(fixed[row]!) ? bound(value) : fixed[row]! + 0))
  return { view, block: blockOf(view, rows.origins, rows.slots), hold }
}
