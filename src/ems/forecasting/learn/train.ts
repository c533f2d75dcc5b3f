/** Training: candidates learn from the older past, are judged on the newer by a rolling origin, the chosen ones learn again from all of it. */
import { DAY } from '#kernel'
import { type Bucket, bucketsOf } from './buckets.ts'
import { ask, CANDIDATES, type CandidateName, type Fitted, type Growth, missedOf, suits, teach, usualOf } from './candidates.ts'
import { type Choice, choose } from './choice.ts'
import { type Block, blockOf } from './features.ts'
import type { Frame } from './frame.ts'
import { lessonRows, validationRows } from './rows.ts'
import { conformal, HIGH, type Judged, LOW, learnSpread, pinball, type Spread, spreadAround } from './spread.ts'
import { askTrees, growTrees, type Trees } from './trees.ts'
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
  /** Quantile trees with what must be added to them per group of horizons, when they judge better than the spread. */
  quantiles?: { low: Trees; high: Trees; addLow: Float64Array; addHigh: Float64Array }
  /** Values ever seen. */
  least: number
  most: number
}

/** Learners compete when there is so much history: half of it may teach them, the rest judge. */
const LEARNING_DAYS = 14
/** Days judged at most, and the share of the history that they may take: with learners, and without. */
const JUDGED_DAYS = 14
const JUDGED_SHARE = { withLearners: 0.5, without: 0.6 }
/** A shorter history is not judged. */
const SHORTEST_DAYS = 3
const QUANTILE_TREES = 60

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
  onProgress('looking at the past', 0)
  const view = viewOf({ ...frame, target: knownOnly(frame.target, origin) })
  const buckets = bucketsOf(horizon, frame.step)
  const names = CANDIDATES.filter((name) => (candidates.includes(name) || name === 'Yesterday') && suits(name, view))
  const { least, most, first } = extentOf(view, origin)
  const trained: Trained = { step: frame.step, buckets, choices: [], fitted: {}, least, most }
  const days = (origin - first) / view.perDay
  if (days < SHORTEST_DAYS) {
    trained.choices = buckets.map((bucket) => ({ ...bucket, ...unjudged(fallback) }))
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
  const said = new Map<CandidateName, Float64Array>()
  const competing = isLong ? names : names.filter((name) => name !== 'Ridge' && name !== 'Trees')
  competing.forEach((name, index) => {
    const done = (part: number) => onProgress(`judging ${name}`, (0.05 + 0.45 * (index + part)) / competing.length)
    done(0)
    teach(name, view, lesson, fitted, { growth, onPart: done })
    const answer = ask(name, view, block, fitted, { buckets })
    if (answer.some((value) => !Number.isNaN(value))) said.set(name, name === 'Yesterday' ? orElse(answer, block) : answer)
  })
  const judgedDays = judgedSlots / view.perDay
  const eligible = candidates.filter((name) => said.has(name))
  trained.choices = choose(block, truth, said, buckets, { eligible: eligible.length > 0 ? eligible : ['Yesterday'], days: judgedDays })
  const judged: Judged = { block, truth, said: mixOf(trained.choices, block, (name) => orElse(said.get(name)!, block)), days: judgedDays }
  if (quantiles) {
    trained.spread = learnSpread(view, judged, buckets)
    onProgress('learning quantiles', 0.5)
    const trees = quantileTrees(view, trained.spread, judged, block, lesson, buckets, seed)
    if (trees) trained.quantiles = trees
  }
  teachChosen(view, trained, origin, options)
  onProgress('trained', 1)
  return trained
}

const knownOnly = (target: Float64Array, origin: number): Float64Array => target.map((value, slot) => (slot < origin ? value : Number.NaN))

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

/** Lets the chosen learners learn again, from all of the past. */
function teachChosen(view: View, trained: Trained, origin: number, { seed = 1, growth, onProgress }: TrainOptions): void {
  const chosen = new Set(trained.choices.flatMap(({ models }) => models))
  const learners = (['PvPhysical', 'Ridge', 'Trees'] as const).filter((name) => chosen.has(name))
  if (learners.length === 0) return
  const lesson = lessonOf(view, trained.buckets, origin, seed + 1)
  learners.forEach((name, index) => {
    const onPart = (part: number) => onProgress?.(`learning ${name}`, 0.7 + (0.3 * (index + part)) / learners.length)
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

/** What the chosen candidates say of each row. */
export function mixOf(choices: readonly Choice[], { origins, slots }: Block, saidBy: (name: CandidateName) => Float64Array): Float64Array {
  return Float64Array.from(slots, (slot, row) => {
    const horizon = slot - origins[row]! + 1
    const { models } = choices.find(({ until }) => horizon <= until) ?? choices.at(-1)!
    return models.reduce((sum, name) => sum + saidBy(name)[row]!, 0) / models.length
  })
}

/** Trees for the low and high share, moved until they hold on the judged forecasts; undefined when the spread does as well. */
function quantileTrees(
  view: View,
  spread: Spread,
  judged: Judged,
  block: Block,
  lesson: { block: Block; truth: Float64Array },
  buckets: readonly Bucket[],
  seed: number,
): Trained['quantiles'] | undefined {
  if (lesson.truth.length < 2000) return undefined
  const missed = missedOf(lesson)
  const grow = (quantile: number) =>
    growTrees(lesson.block.columns, missed, { quantile, trees: QUANTILE_TREES, rate: 0.12, depth: 4, rowShare: 0.5, seed })
  const grown = { low: grow(LOW), high: grow(HIGH) }
  const raw = (trees: Trees) => askTrees(trees, block.columns).map((value, row) => value + usualOf(block, row))
  const [low, high] = [raw(grown.low), raw(grown.high)]
  const shift = (said: Float64Array, share: number) => {
    const add = new Float64Array(buckets.length)
    buckets.forEach(({ from, until }, bucket) => {
      const errors: number[] = []
      said.forEach((value, row) => {
        const horizon = block.slots[row]! - block.origins[row]! + 1
        if (horizon >= from && horizon <= until) errors.push(judged.truth[row]! - value)
      })
      errors.sort((one, other) => one - other)
      add[bucket] = conformal(errors, share, judged.days) ?? add[bucket - 1] ?? 0
    })
    return add
  }
  const [addLow, addHigh] = [shift(low, LOW), shift(high, HIGH)]
  const moved = (said: Float64Array, add: Float64Array) =>
    said.map((value, row) => {
      const horizon = block.slots[row]! - block.origins[row]! + 1
      return value + add[buckets.findIndex(({ until }) => horizon <= until)]!
    })
  const around = spreadAround(view, spread, block, judged.said, buckets)
  const loss = (lows: Float64Array, highs: Float64Array) => pinball(judged.truth, lows, LOW) + pinball(judged.truth, highs, HIGH)
  return loss(moved(low, addLow), moved(high, addHigh)) < 0.98 * loss(around.low, around.high) ? { ...grown, addLow, addHigh } : undefined
}
