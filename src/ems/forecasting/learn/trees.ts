/**
 * Gradient-boosted regression trees over histograms, for squared error or for a quantile. Own work on typed arrays: features are put
 * into at most 63 bins once, a tree grows level by level, the histogram of the larger child is that of its parent minus its sibling's.
 */

export interface Trees {
  base: number
  /** Upper edges of the bins of each feature, ascending; bin 0 holds what is missing. */
  edges: Float64Array[]
  /** Nodes of all trees, one after the other; a feature of -1 is a leaf. */
  feature: Int16Array
  /** Rows of this bin and below go left. */
  bin: Uint8Array
  /** Where the left child is; the right one follows it. */
  child: Int32Array
  value: Float64Array
  roots: Int32Array
}

export interface GrowOptions {
  /** undefined: squared error; else the quantile, 0 … 1. */
  quantile?: number
  trees?: number
  depth?: number
  /** Share of each tree's step that is taken. */
  rate?: number
  /** Fewest rows in a leaf. */
  leafAtLeast?: number
  /** Shares of rows and features that each tree sees. */
  rowShare?: number
  columnShare?: number
  seed?: number
  /** Told after each tree. */
  onTree?(done: number): void
}

const BINS = 64

/** Grows trees that foretell `target` (no NaN) from columns (NaN = missing), one value per row each. */
export function growTrees(columns: readonly Float64Array[], target: Float64Array, options: GrowOptions = {}): Trees {
  const { quantile, trees = 100, depth = 5, rate = 0.08, leafAtLeast = 20, rowShare = 0.7, columnShare = 0.7, seed = 1, onTree } = options
  const rows = target.length
  const edges = columns.map(edgesOf)
  const binned = columns.map((column, feature) => binsOf(column, edges[feature]!))
  const base = quantile === undefined ? mean(target) : quantileOf(Float64Array.from(target), quantile)
  const rest = Float64Array.from(target, (value) => value - base)
  const slope = quantile === undefined ? rest : new Float64Array(rows)
  const random = randomFrom(seed)
  const forest = openForest(trees * 2 ** (depth + 1))
  const grower = openGrower(binned, forest, { depth, leafAtLeast })
  const roots = new Int32Array(trees)
  const order = new Int32Array(rows)
  for (let tree = 0; tree < trees; tree++) {
    if (quantile !== undefined) for (let row = 0; row < rows; row++) slope[row] = rest[row]! > 0 ? quantile : quantile - 1
    // Rows that this tree learns from come first, the others after them.
    let taken = 0
    let left = rows
    for (let row = 0; row < rows; row++) {
      if (random() < rowShare) order[taken++] = row
      else order[--left] = row
    }
    roots[tree] = forest.size
    grower.grow(order, taken, slope, someOf(columns.length, columnShare, random), (from, until) => {
      if (quantile === undefined) return (rate * sumOf(rest, order, from, until)) / (until - from + 1)
      return (
        rate *
        quantileOf(
          Float64Array.from(order.subarray(from, until), (row) => rest[row]!),
          quantile,
        )
      )
    })
    for (let index = taken; index < rows; index++) {
      const row = order[index]!
      rest[row]! -= forest.value[leafOf(forest, roots[tree]!, binned, row)]!
    }
    grower.settle(order, rest)
    onTree?.(tree + 1)
  }
  const { feature, bin, child, value, size } = forest
  return {
    base,
    edges,
    feature: feature.slice(0, size),
    bin: bin.slice(0, size),
    child: child.slice(0, size),
    value: value.slice(0, size),
    roots,
  }
}

/** Foretells each row of the columns. */
export function askTrees(trees: Trees, columns: readonly Float64Array[]): Float64Array {
  const { base, edges, value, roots } = trees
  const rows = columns[0]?.length ?? 0
  const binned = columns.map((column, index) => binsOf(column, edges[index]!))
  const answer = new Float64Array(rows).fill(base)
  for (const root of roots) for (let row = 0; row < rows; row++) answer[row]! += value[leafOf(trees, root, binned, row)]!
  return answer
}

type Nodes = Pick<Trees, 'feature' | 'bin' | 'child' | 'value'>

/** Room for the nodes of all trees. */
function openForest(most: number): Nodes & { size: number } {
  return { feature: new Int16Array(most), bin: new Uint8Array(most), child: new Int32Array(most), value: new Float64Array(most), size: 0 }
}

/** The leaf that a row falls into. */
function leafOf({ feature, bin, child }: Nodes, root: number, binned: readonly Uint8Array[], row: number): number {
  let node = root
  for (let at = feature[node]!; at >= 0; at = feature[node]!) node = child[node]! + (binned[at]![row]! <= bin[node]! ? 0 : 1)
  return node
}

/** A leaf that may still be split: its rows in the order, and what each bin of each feature holds of them. */
interface Open {
  node: number
  from: number
  until: number
  sums: Float64Array
  counts: Int32Array
}

function openGrower(
  binned: readonly Uint8Array[],
  forest: ReturnType<typeof openForest>,
  { depth, leafAtLeast }: { depth: number; leafAtLeast: number },
) {
  const width = binned.length * BINS
  const spare: Pick<Open, 'sums' | 'counts'>[] = []
  const kept = new Int32Array(binned[0]?.length ?? 0)
  let leaves: { from: number; until: number; value: number }[] = []
  const node = (): number => {
    forest.feature[forest.size] = -1
    return forest.size++
  }
  const fill = (features: Int32Array, order: Int32Array, from: number, until: number, slope: Float64Array) => {
    const { sums, counts } = spare.pop() ?? { sums: new Float64Array(width), counts: new Int32Array(width) }
    for (const feature of features) {
      const bins = binned[feature]!
      const at = feature * BINS
      sums.fill(0, at, at + BINS)
      counts.fill(0, at, at + BINS)
      for (let index = from; index < until; index++) {
        const row = order[index]!
        const cell = at + bins[row]!
        sums[cell]! += slope[row]!
        counts[cell]! += 1
      }
    }
    return { sums, counts }
  }
  const close = ({ node, from, until, ...histogram }: Open, value: number) => {
    forest.value[node] = value
    leaves.push({ from, until, value })
    spare.push(histogram)
  }
  return {
    /** Adds one tree over the first `taken` rows of the order, which is rearranged; `worthOf` says what the leaf of its rows [from, until) adds. */
    grow(order: Int32Array, taken: number, slope: Float64Array, features: Int32Array, worthOf: (from: number, until: number) => number) {
      leaves = []
      let level: Open[] = [{ node: node(), from: 0, until: taken, ...fill(features, order, 0, taken, slope) }]
      for (let deep = 0; level.length > 0; deep++) {
        const next: Open[] = []
        for (const open of level) {
          const { from, until } = open
          const split = deep < depth ? bestSplit(open, features, leafAtLeast) : undefined
          if (!split) {
            close(open, until > from ? worthOf(from, until) : 0)
            continue
          }
          const middle = partition(order, from, until, binned[split.feature]!, split.bin, kept)
          const [left, right] = [node(), node()]
          forest.feature[open.node] = split.feature
          forest.bin[open.node] = split.bin
          forest.child[open.node] = left
          const isLeftSmaller = middle - from < until - middle
          const small = isLeftSmaller ? fill(features, order, from, middle, slope) : fill(features, order, middle, until, slope)
          const large = without(open, small, features)
          next.push(
            { node: left, from, until: middle, ...(isLeftSmaller ? small : large) },
            { node: right, from: middle, until, ...(isLeftSmaller ? large : small) },
          )
        }
        level = next
      }
    },
    /** Takes the leaves of the newest tree off what is left to explain of its rows. */
    settle(order: Int32Array, rest: Float64Array) {
      for (const { from, until, value } of leaves) for (let index = from; index < until; index++) rest[order[index]!]! -= value
    },
  }
}

/** The parent's histogram minus one child's is the other child's; the parent's arrays are used up. */
function without({ sums, counts }: Open, small: Pick<Open, 'sums' | 'counts'>, features: Int32Array): Pick<Open, 'sums' | 'counts'> {
  for (const feature of features)
    for (let cell = feature * BINS; cell < (feature + 1) * BINS; cell++) {
      sums[cell]! -= small.sums[cell]!
      counts[cell]! -= small.counts[cell]!
    }
  return { sums, counts }
}

/** The cut that lowers the squared error of the slopes most; undefined when none helps. */
function bestSplit(
  { from, until, sums, counts }: Open,
  features: Int32Array,
  leafAtLeast: number,
): { feature: number; bin: number } | undefined {
  const rows = until - from
  if (rows < 2 * leafAtLeast) return undefined
  let total = 0
  for (let bin = 0; bin < BINS; bin++) total += sums[features[0]! * BINS + bin]!
  const before = (total * total) / (rows + 1)
  let best: { feature: number; bin: number } | undefined
  let most = before + 1e-9 * Math.abs(before) + 1e-12
  for (const feature of features) {
    let left = 0
    let count = 0
    for (let bin = 0; bin < BINS - 1; bin++) {
      const cell = feature * BINS + bin
      left += sums[cell]!
      count += counts[cell]!
      if (count < leafAtLeast) continue
      if (rows - count < leafAtLeast) break
      const right = total - left
      const gain = (left * left) / (count + 1) + (right * right) / (rows - count + 1)
      if (gain > most) {
        most = gain
        best = { feature, bin }
      }
    }
  }
  return best
}

/** Puts the rows of low bins first, keeping their order. @returns where the others begin */
function partition(order: Int32Array, from: number, until: number, bins: Uint8Array, bin: number, kept: Int32Array): number {
  let left = from
  let right = 0
  for (let index = from; index < until; index++) {
    const row = order[index]!
    if (bins[row]! <= bin) order[left++] = row
    else kept[right++] = row
  }
  for (let index = 0; index < right; index++) order[left + index] = kept[index]!
  return left
}

/** At most 62 edges at equal shares of the known values. */
function edgesOf(column: Float64Array): Float64Array {
  const known = column.filter((value) => !Number.isNaN(value)).sort()
  const edges: number[] = []
  for (let part = 1; part < BINS - 1; part++) {
    const edge = known[Math.floor((part * known.length) / (BINS - 1))]
    if (edge !== undefined && edge !== edges.at(-1)) edges.push(edge)
  }
  return Float64Array.from(edges)
}

function binsOf(column: Float64Array, edges: Float64Array): Uint8Array {
  const bins = new Uint8Array(column.length)
  for (let row = 0; row < column.length; row++) {
    const value = column[row]!
    if (Number.isNaN(value)) continue
    let low = 0
    let high = edges.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (value <= edges[middle]!) high = middle
      else low = middle + 1
    }
    bins[row] = low + 1
  }
  return bins
}

function someOf(count: number, share: number, random: () => number): Int32Array {
  const all = Array.from({ length: count }, (_, index) => index)
  if (share >= 1) return Int32Array.from(all)
  for (let index = count - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1))
    ;[all[index], all[other]] = [all[other]!, all[index]!]
  }
  return Int32Array.from(all.slice(0, Math.max(1, Math.ceil(share * count)))).sort()
}

const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length)

function sumOf(values: Float64Array, order: Int32Array, from: number, until: number): number {
  let sum = 0
  for (let index = from; index < until; index++) sum += values[order[index]!]!
  return sum
}

/** The quantile of values, which are put into order. */
function quantileOf(values: Float64Array, share: number): number {
  if (values.length === 0) return 0
  values.sort()
  const place = share * (values.length - 1)
  const low = Math.floor(place)
  return values[low]! + (place - low) * ((values[low + 1] ?? values[low]!) - values[low]!)
}

/** Numbers in [0, 1) from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
