/** All candidates behind one face: what they learn, and what they say of a block of forecasts. */
import type { Bucket } from './buckets.ts'
import type { Block } from './features.ts'
import { askLinear, fitLinear } from './linear.ts'
import { knowsIrradiance, learnPlant, lightOf, type Plant, plantPower } from './plant.ts'
import type { Ridge } from './ridge.ts'
import { type Guess, SEASONAL, type SeasonalName } from './seasonal.ts'
import { clearnessAt, learnClearness, sunValue } from './sky.ts'
import { askTrees, type GrowOptions, growTrees, type Trees } from './trees.ts'
import type { View } from './view.ts'

/** From the simplest to the most involved: of two that are as good the simpler one is taken. */
export const CANDIDATES = [
  ...(Object.keys(SEASONAL) as SeasonalName[]),
  'ClearSky',
  'PvPhysical',
  'Ridge',
  'Trees',
] as const satisfies readonly string[]
export type CandidateName = (typeof CANDIDATES)[number]

/** What candidates learned; plain data. */
export interface Fitted {
  Ridge?: (Ridge | undefined)[]
  Trees?: Trees
  PvPhysical?: Plant | undefined
}

/** Rows to learn from, with what then was. */
export interface Lesson {
  block: Block
  truth: Float64Array
  /** The slots before this one may be looked at. */
  until: number
  buckets: readonly Bucket[]
}

/** Fewer rows than this teach nothing. */
const FEWEST_ROWS = 300

/** Whether a candidate can say anything about the series at all. */
export function suits(name: CandidateName, view: View): boolean {
  if (name === 'ClearSky') return view.clear !== undefined && view.step <= 3_600_000
  if (name === 'PvPhysical') return knowsIrradiance(view)
  return true
}

/** How trees are grown where the defaults are not wanted. */
export type Growth = Pick<GrowOptions, 'trees' | 'depth' | 'rate' | 'leafAtLeast'>

export interface TeachOptions {
  growth?: Growth | undefined
  /** Hears of the share done. */
  onPart?(share: number): void
}

/** Lets one candidate learn; those that learn nothing do nothing. */
export function teach(name: CandidateName, view: View, lesson: Lesson, fitted: Fitted, { growth = {}, onPart }: TeachOptions = {}): void {
  if (name === 'PvPhysical') fitted.PvPhysical = learnPlant(view, lesson.until)
  if (lesson.truth.length < FEWEST_ROWS) return
  if (name === 'Ridge') fitted.Ridge = fitLinear(lesson.block, missedOf(lesson), lesson.buckets, view.perDay)
  if (name === 'Trees')
    fitted.Trees = growTrees(lesson.block.columns, missedOf(lesson), {
      ...growth,
      onTree: (done) => onPart?.(done / (growth.trees ?? 100)),
    })
}

/** What the usual value missed; where there was none it missed everything. */
export const missedOf = ({ block, truth }: Pick<Lesson, 'block' | 'truth'>): Float64Array =>
  truth.map((value, row) => value - usualOf(block, row))

/** The usual value of a row, 0 when there is none. */
export function usualOf(block: Block, row: number): number {
  const usual = block.columns[block.usual]![row]!
  return Number.isNaN(usual) ? 0 : usual
}

export interface AskOptions {
  buckets: readonly Bucket[]
  /** Clearness of the sky at the origin as measured this minute. */
  clearness?: number | undefined
}

/** What a candidate says of each row, NaN where it has nothing to say. Rows of one origin stand together. */
export function ask(name: CandidateName, view: View, block: Block, fitted: Fitted, { buckets, clearness }: AskOptions): Float64Array {
  const { origins, slots } = block
  if (name in SEASONAL) {
    const guess: Guess = SEASONAL[name as SeasonalName]
    return perRow(block, (origin, slot) => guess(view, origin, slot))
  }
  if (name === 'ClearSky') return askSky(view, block, clearness)
  if (name === 'PvPhysical') {
    const plant = fitted.PvPhysical
    if (!plant) return new Float64Array(slots.length).fill(Number.NaN)
    const light = lightOf(view)
    return perRow(block, (_, slot) => plantPower(view, plant, light, slot))
  }
  const missed =
    name === 'Ridge'
      ? fitted.Ridge && askLinear(fitted.Ridge, block, buckets, view.perDay)
      : fitted.Trees && askTrees(fitted.Trees, block.columns)
  return missed ? missed.map((value, row) => value + usualOf(block, row)) : new Float64Array(origins.length).fill(Number.NaN)
}

const perRow = ({ origins, slots }: Block, guess: (origin: number, slot: number) => number): Float64Array =>
  Float64Array.from(origins, (origin, row) => guess(origin, slots[row]!))

function askSky(view: View, block: Block, measured: number | undefined): Float64Array {
  let at = -1
  let learned = learnClearness(view, 0)
  let now: number | undefined
  return perRow(block, (origin, slot) => {
    if (origin !== at) {
      at = origin
      learned = learnClearness(view, origin)
      now = measured ?? clearnessAt(view, origin, learned.full)
    }
    return sunValue(view, learned, now, origin, slot)
  })
}
