/** Training: candidates learn from the older past, are judged on the newer by a rolling origin, the chosen ones learn again from all of it. */
import { DAY, say } from '#kernel'
import { SAYING } from '../saying.ts'
import { type Band, bandAround, learnBand } from './band.ts'
import { type Bucket, bucketsOf } from './buckets.ts'
import { ask, CANDIDATES, type CandidateName, type Fitted, type Growth, suits, teach } from './candidates.ts'
import { type Choice, choose } from './choice.ts'
import { type Block, blockOf } from './features.ts'
import { fixedValues } from './fixed.ts'
import type { Frame } from './frame.ts'
import { lessonRows, validationRows } from './rows.ts'
import { HIGH, LOW, learnSpread, pinball, type Spread, spreadAround } from './spread.ts'
import { type View, viewOf } from './view.ts'

export interface TrainOptions {
  /** Slots before this one are known. */
  origin: number
  /** Farthest slot that will be asked for, counted from the origin. */
  horizon: number
  /** Candidates that may compete; default all. */
  candidates?: readonly CandidateName[]
  /** Taken while the history is too short to judge; default MeanOf7Days. */
  fallback?: CandidateName
  /** Learn quantiles too; default true. */
  quantiles?: boolean
  seed?: number
  growth?: Growth
  onProgress?(stage: string, share: number): void
}

/** What training leaves: plain data, to be sent between threads and asked as often as wanted. */
export interface Trained {
  step: number
  buckets: Bucket[]
  choices: Choice[]
  fitted: Fitted
  spread?: Spread
  /** Quantile trees, when they judge better than the spread. */
  band?: Band
  /** Values ever seen. */
  least: number
  most: number
}

/** Learners compete when there is so much history: half of it may teach them, the rest judge. */
const LEARNING_DAYS = 14
/** Days of history from which on a candidate competes: a shorter one teaches it more noise than sense. */
const COMPETES_AFTER: Partial<Record<CandidateName, number>> = { Ridge: LEARNING_DAYS, Trees: LEARNING_DAYS, PvTrees: 2 * LEARNING_DAYS }
/** Days judged at most, and the share of the history that they may take: with learners, and without. */
const JUDGED_DAYS = 14
const JUDGED_SHARE = { withLearners: 0.5, without: 0.6 }
/** A shorter history is not judged. */
const SHORTEST_DAYS = 3
/** The band must be better than the spread by this much. */
const BETTER = 0.97

/** Trains on the known part of a frame. Takes about a second for 60 days of quarter hours. */
export function train(frame: Frame, options: TrainOptions): Trained {
  const {
    origin,
    horizon,
    candidates = CANDIDATES,
    fallback = 'MeanOf7Days',
    quantiles = true,
    seed = 1,
    growth,
    onProgress = () => {},
  } = options
  onProgress(say(SAYING.looks), 0)
  const view = viewOf(asKnown(frame, origin))
  const buckets = bucketsOf(horizon, frame.step)
  const names = CANDIDATES.filter((name) => (candidates.includes(name) || name === 'Yesterday') && suits(name, view))
  const { least, most, first } = extentOf(view, origin)
  const trained: Trained = { step: frame.step, buckets, choices: [], fitted: {}, least, most }
  const days = (origin - first) / view.perDay
  if (days < SHORTEST_DAYS) {
    const [only = fallback] = candidates.length === 1 ? candidates : []
    trained.choices = buckets.map((bucket) => ({ ...bucket, ...unjudged(suits(only, view) ? only : 'MeanOf7Days') }))
    teachChosen(view, trained, origin, options)
    return trained
  }
  const isLong = days >= LEARNING_DAYS
  const share = isLong ? JUDGED_SHARE.withLearners : JUDGED_SHARE.without
  const judgedSlots = Math.round(Math.min(JUDGED_DAYS * Math.max(view.perDay, DAY / frame.step), share * (origin - first)))
  const from = origin - Math.max(1, judgedSlots)
  const lesson = lessonOf(view, buckets, from, seed)
  const rows = validationRows(view, horizon, from, origin)
  const block = blockOf(view, rows.origins, rows.slots)
  const truth = Float64Array.from(rows.slots, (slot) => view.target[slot]!)
  const fitted: Fitted = {}
  const fixed = fixedValues(view, from, rows.slots)
  const held = (answer: Float64Array) =>
    answer.map((value, row) => (Number.isNaN(fixed[row]!) || Number.isNaN(value) ? value : fixed[row]!))
  const said = new Map<CandidateName, Float64Array>()
  // Whoever is wanted alone competes with nobody.
  const competing = names.filter((name) => candidates.length === 1 || days >= (COMPETES_AFTER[name] ?? 0))
  competing.forEach((name, index) => {
    const done = (part: number) => onProgress(say(SAYING.tries, { model: name }), (0.05 + 0.45 * (index + part)) / competing.length)
    done(0)
    teach(name, view, lesson, fitted, { growth, onPart: done })
    const answer = held(ask(name, view, block, fitted, { buckets }))
    if (answer.some((value) => !Number.isNaN(value))) said.set(name, name === 'Yesterday' ? orElse(answer, block) : answer)
  })
  const judgedDays = judgedSlots / view.perDay
  const eligible = candidates.filter((name) => said.has(name))
  trained.choices = choose(block, truth, said, buckets, { eligible: eligible.length > 0 ? eligible : ['Yesterday'], days: judgedDays })
  if (quantiles) {
    // Where the series is fixed nothing is uncertain: that must neither narrow the quantiles of the other hours nor widen them.
    const open = Int32Array.from(fixed.keys()).filter((row) => Number.isNaN(fixed[row]!))
    const mixed = mixOf(trained.choices, block, (name) => orElse(said.get(name)!, block))
    const judged = { block: pickRows(block, open), truth: pick(truth, open), said: pick(mixed, open), days: judgedDays }
    trained.spread = learnSpread(view, judged, buckets)
    const onPart = (part: number) => onProgress(say(SAYING.learnsQuantiles), 0.5 + 0.2 * part)
    onPart(0)
    const band = learnBand(lesson, judged, buckets, { seed, onPart })
    const loss = ({ low, high }: { low: Float64Array; high: Float64Array }) =>
      pinball(judged.truth, low, LOW) + pinball(judged.truth, high, HIGH)
    const around = spreadAround(view, trained.spread, judged.block, judged.said, buckets)
    if (band && loss(bandAround(band, judged.block, buckets)) < BETTER * loss(around)) trained.band = band
  }
  teachChosen(view, trained, origin, options)
  onProgress(say(SAYING.trained), 1)
  return trained
}

/**
 * A frame as it was known at an origin: nothing of the target beyond it, and of each future regressor how far it reaches there. What is only
 * measured of the weather would otherwise be learned as if it were foretold, and be missing when it is needed.
 */
export function asKnown({ target, regressors, ...frame }: Frame, origin: number): Frame {
  const reachOf = (values: Float64Array): number => {
    const last = values.findLastIndex((value) => !Number.isNaN(value))
    // A frame that ends at its origin tells nothing of the future; one that is known to its end is known all along.
    return values.length <= origin || last === values.length - 1 ? Number.POSITIVE_INFINITY : Math.max(0, last + 1 - origin)
  }
  return {
    ...frame,
    target: target.map((value, slot) => (slot < origin ? value : Number.NaN)),
    regressors: regressors.map((one) => (one.kind === 'future' ? { ...one, reach: reachOf(one.values) } : one)),
  }
}

const pick = (values: Float64Array, rows: Int32Array): Float64Array => Float64Array.from(rows, (row) => values[row]!)
const pickRows = (block: Block, rows: Int32Array): Block => ({
  ...block,
  origins: rows.map((row) => block.origins[row]!),
  slots: rows.map((row) => block.slots[row]!),
  columns: block.columns.map((column) => pick(column, rows)),
})

const unjudged = (model: CandidateName): Omit<Choice, keyof Bucket> => ({
  models: [model],
  n: 0,
  rmse: Number.NaN,
  mae: Number.NaN,
  rmsePersistence: Number.NaN,
  table: [],
})

function extentOf({ target }: View, origin: number): { least: number; most: number; first: number } {
  let [least, most, first] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, origin]
  for (let slot = origin - 1; slot >= 0; slot--) {
    const value = target[slot]!
    if (Number.isNaN(value)) continue
    first = slot
    if (value < least) least = value
    if (value > most) most = value
  }
  return { least, most, first }
}

function lessonOf(view: View, buckets: readonly Bucket[], until: number, seed: number) {
  const rows = lessonRows(view, buckets, until, seed)
  const block = blockOf(view, rows.origins, rows.slots)
  return { block, truth: Float64Array.from(rows.slots, (slot) => view.target[slot]!), until, buckets }
}

/** Lets candidates learn from all that is known, without judging them: to be asked one by one. */
export function teachAll(frame: Frame, { origin, horizon, candidates = CANDIDATES, seed = 1, growth }: TrainOptions): Trained {
  const view = viewOf(asKnown(frame, origin))
  const buckets = bucketsOf(horizon, frame.step)
  const { least, most } = extentOf(view, origin)
  const lesson = lessonOf(view, buckets, origin, seed)
  const fitted: Fitted = {}
  for (const name of candidates) if (suits(name, view)) teach(name, view, lesson, fitted, { growth })
  return { step: frame.step, buckets, choices: [], fitted, least, most }
}

/** Lets the chosen learners learn again, from all of the past. */
function teachChosen(view: View, trained: Trained, origin: number, { seed = 1, growth, onProgress }: TrainOptions): void {
  const chosen = new Set(trained.choices.flatMap(({ models }) => models))
  const learners = (['PvPhysical', 'Ridge', 'Trees', 'PvTrees'] as const).filter((name) => chosen.has(name))
  if (learners.length === 0) return
  const lesson = lessonOf(view, trained.buckets, origin, seed + 1)
  learners.forEach((name, index) => {
    const onPart = (part: number) => onProgress?.(say(SAYING.learns, { model: name }), 0.7 + (0.3 * (index + part)) / learners.length)
    onPart(0)
    teach(name, view, lesson, trained.fitted, { growth, onPart })
  })
}

/** Where a candidate has nothing to say: the usual value, else the newest. */
export function orElse(answer: Float64Array, block: Block): Float64Array {
  const newest = block.columns[3]!
  const usual = block.columns[block.usual]!
  return answer.map((value, row) => (!Number.isNaN(value) ? value : !Number.isNaN(usual[row]!) ? usual[row]! : newest[row]!))
}

/** What the chosen candidates say of each row; `saidBy` is asked once per candidate. */
export function mixOf(choices: readonly Choice[], { origins, slots }: Block, saidBy: (name: CandidateName) => Float64Array): Float64Array {
  const members = choices.map(({ models }) => models)
  const said = new Map([...new Set(members.flat())].map((name) => [name, saidBy(name)]))
  const answers = members.map((names) => names.map((name) => said.get(name)!))
  return Float64Array.from(slots, (slot, row) => {
    const horizon = slot - origins[row]! + 1
    const found = choices.findIndex(({ until }) => horizon <= until)
    const of = answers[found < 0 ? answers.length - 1 : found]!
    let sum = 0
    for (const answer of of) sum += answer[row]!
    return sum / of.length
  })
}
