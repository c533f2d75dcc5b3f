/** All candidates behind one face: what they learn, and what they say of a block of forecasts. */
import type { Bucket } from './buckets.ts'
import type { Block } from './features.ts'
import { askLinear, fitLinear } from './linear.ts'
import { knowsIrradiance, learnPlant, lightOf, type Plant, plantPower, reachOfLight } from './plant.ts'
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
  'PvTrees',
] as const satisfies readonly string[]
export type CandidateName = (typeof CANDIDATES)[number]

/** What candidates learned; plain data. */
export interface Fitted {
  Ridge?: (Ridge | undefined)[]
  Trees?: Trees
  PvPhysical?: Plant | undefined
  /** The plant, and trees for what it misses. */
  PvTrees?: { plant: Plant; trees: Trees } | undefined
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
  if (name === 'PvPhysical' || name === 'PvTrees') return knowsIrradiance(view)
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
  const options = { ...growth, onTree: (done: number) => onPart?.(done / (growth.trees ?? 100)) }
  if (name === 'Trees') fitted.Trees = growTrees(lesson.block.columns, missedOf(lesson), options)
  if (name === 'PvTrees') fitted.PvTrees = teachPvTrees(view, lesson, options)
}

/** Trees for what the plant misses; where the irradiance is not known it misses nothing that could be learned. */
function teachPvTrees(view: View, { block, truth, until }: Lesson, options: GrowOptions): Fitted['PvTrees'] {
  const plant = learnPlant(view, until)
  if (!plant) return undefined
  const said = askPlant(view, block, plant)
  const missed = truth.map((value, row) => value - said[row]!)
  const rows = Int32Array.from(missed.keys()).filter((row) => !Number.isNaN(missed[row]!))
  if (rows.length < FEWEST_ROWS) return undefined
  const columns = block.columns.map((column) => Float64Array.from(rows, (row) => column[row]!))
  return {
    plant,
    trees: growTrees(
      columns,
      Float64Array.from(rows, (row) => missed[row]!),
      options,
    ),
  }
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
  if (name in SEASONAL) {
    const guess: Guess = SEASONAL[name as SeasonalName]
    return perRow(block, (origin, slot) => guess(view, origin, slot))
  }
  if (name === 'ClearSky') return askSky(view, block, clearness)
  if (name === 'PvPhysical') return askPlant(view, block, fitted.PvPhysical)
  if (name === 'PvTrees') {
    const said = askPlant(view, block, fitted.PvTrees?.plant)
    return fitted.PvTrees ? askTrees(fitted.PvTrees.trees, block.columns).map((missed, row) => said[row]! + missed) : said
  }
  const missed =
    name === 'Ridge'
      ? fitted.Ridge && askLinear(fitted.Ridge, block, buckets, view.perDay)
      : fitted.Trees && askTrees(fitted.Trees, block.columns)
  return missed ? missed.map((value, row) => value + usualOf(block, row)) : new Float64Array(block.slots.length).fill(Number.NaN)
}

const perRow = ({ origins, slots }: Block, guess: (origin: number, slot: number) => number): Float64Array =>
  Float64Array.from(origins, (origin, row) => guess(origin, slots[row]!))

function askPlant(view: View, block: Block, plant: Plant | undefined): Float64Array {
  if (!plant) return new Float64Array(block.slots.length).fill(Number.NaN)
  const light = lightOf(view)
  const reach = reachOfLight(view)
  return perRow(block, (origin, slot) => (slot - origin >= reach ? Number.NaN : plantPower(view, plant, light, slot)))
}

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
