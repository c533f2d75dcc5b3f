/** Which candidate forecasts which horizons: the one with the smallest error in the rolling validation, the simpler one of two as good. */
import { type Bucket, bucketAt } from './buckets.ts'
import { CANDIDATES, type CandidateName } from './candidates.ts'
import type { Block } from './features.ts'

export interface Choice extends Bucket {
  /** One candidate, or several whose mean is taken. */
  models: CandidateName[]
  /** Forecasts judged; 0 when the history was too short to judge any. */
  n: number
  rmse: number
  mae: number
  /** Of the same clock time on the last known day. */
  rmsePersistence: number
  /** Root mean square error of every candidate, best first. */
  table: { model: CandidateName; rmse: number }[]
}

/** Candidates as good as the best, by this share of its error, are taken together: their mean is seldom worse and steadier than each. */
const AS_GOOD = 0.03
/** The fewer days were judged the less is known of who is best: this much more per day. */
const DOUBT = 0.25
/** Candidates taken together at most. */
const MOST_MEMBERS = 3
/** The mean of several must be better than the best one by this share. */
const WORTH = 0.01
/** Fewer judged forecasts than this, or than this share of all, decide nothing. */
const FEWEST = 8
const LEAST_SHARE = 0.15
/** What all are measured against. */
const BASELINE: CandidateName = 'Yesterday'

export interface ChooseOptions {
  /** Candidates that may be chosen; others are only listed. */
  eligible: readonly CandidateName[]
  /** Days that were judged. */
  days: number
}

/** Chooses per group of horizons from what the candidates said of judged forecasts. */
export function choose(
  block: Pick<Block, 'origins' | 'slots'>,
  truth: Float64Array,
  said: ReadonlyMap<CandidateName, Float64Array>,
  buckets: readonly Bucket[],
  options: ChooseOptions,
): Choice[] {
  const rowsOf = buckets.map((): number[] => [])
  for (let row = 0; row < truth.length; row++) rowsOf[bucketAt(buckets, block.slots[row]! - block.origins[row]! + 1)]!.push(row)
  const choices: Choice[] = []
  buckets.forEach((bucket, index) => {
    const rows = rowsOf[index]!
    const before = choices.at(-1)
    choices.push(
      rows.length < FEWEST && before ? { ...before, ...bucket, n: 0, table: [] } : { ...bucket, ...bestOf(rows, truth, said, options) },
    )
  })
  return choices
}

function bestOf(
  rows: readonly number[],
  truth: Float64Array,
  said: ReadonlyMap<CandidateName, Float64Array>,
  { eligible, days }: ChooseOptions,
): Omit<Choice, keyof Bucket> {
  const persistence = said.get(BASELINE)!
  const whole = errorsOf(rows, truth, [persistence])
  /** A candidate that is silent on some rows (a week ago was not yet known) is judged on the others, against persistence there. */
  const errorOf = (members: readonly CandidateName[]) => {
    const own = errorsOf(
      rows,
      truth,
      members.map((name) => said.get(name)!),
      persistence,
    )
    if (own.n < Math.max(FEWEST, LEAST_SHARE * rows.length)) return undefined
    const share = own.n < rows.length && own.naive.rmse > 0 ? whole.rmse / own.naive.rmse : 1
    return { rmse: own.rmse * share, mae: own.mae * share }
  }
  const table = CANDIDATES.flatMap((model) => {
    const error = said.has(model) ? errorOf([model]) : undefined
    return error ? [{ model, ...error }] : []
  })
  const ranked = table.filter(({ model }) => eligible.includes(model)).toSorted((one, other) => one.rmse - other.rmse)
  const least = ranked[0]?.rmse ?? whole.rmse
  const near = ranked.filter(({ rmse }) => rmse <= least * (1 + AS_GOOD + DOUBT / Math.max(1, days))).slice(0, MOST_MEMBERS)
  const models = near.map(({ model }) => model)
  const together = models.length > 1 ? errorOf(models) : undefined
  // Of two that are as good the simpler one.
  const alone = table.find(({ model, rmse }) => eligible.includes(model) && rmse <= least * (1 + WORTH)) ?? { model: BASELINE, ...whole }
  const chosen =
    together && together.rmse < alone.rmse * (1 + WORTH)
      ? { models, ...together }
      : { models: [alone.model], rmse: alone.rmse, mae: alone.mae }
  return {
    ...chosen,
    n: rows.length,
    rmsePersistence: whole.rmse,
    table: table.toSorted((one, other) => one.rmse - other.rmse).map(({ model, rmse }) => ({ model, rmse })),
  }
}

/** Errors of the mean of answers over the rows on which all of them speak; and of a second opinion on the same rows. */
function errorsOf(rows: readonly number[], truth: Float64Array, answers: readonly Float64Array[], other = answers[0]!) {
  let [n, squares, sizes, otherSquares] = [0, 0, 0, 0]
  for (const row of rows) {
    let sum = 0
    for (const answer of answers) sum += answer[row]!
    const off = sum / answers.length - truth[row]!
    const second = other[row]! - truth[row]!
    if (Number.isNaN(off) || Number.isNaN(second)) continue
    n++
    squares += off * off
    sizes += Math.abs(off)
    otherSquares += second * second
  }
  const count = Math.max(1, n)
  return { n, rmse: Math.sqrt(squares / count), mae: sizes / count, naive: { rmse: Math.sqrt(otherSquares / count) } }
}
