/** Which of several beliefs about one event counts (reference 1.2): latest versions, one belief per event. */
import type { BeliefColumns } from './belief-columns.ts'
import type { SourceRanks } from './source-ranks.ts'

/**
 * Of sources that are versions of one another only the latest, told apart by version, then by id; per event, or per belief (event and horizon).
 * Distributions stay whole.
 */
export function latestVersions(beliefs: BeliefColumns, ranks: SourceRanks, per: 'event' | 'belief'): BeliefColumns {
  if (!hasVersions(beliefs, ranks)) return beliefs
  const keep: number[] = []
  for (let from = 0; from < beliefs.length; ) {
    const until = eventEnd(beliefs, from)
    const best = new Map<string, number>()
    const key = (i: number, group: number) => (per === 'event' ? String(group) : `${group} ${beliefs.horizons[i]}`)
    for (let i = from; i < until; i++) {
      const rank = ranks.get(beliefs.sources[i]!)
      if (rank) best.set(key(i, rank.group), Math.max(best.get(key(i, rank.group)) ?? -1, rank.order))
    }
    for (let i = from; i < until; i++) {
      const rank = ranks.get(beliefs.sources[i]!)
      if (!rank || best.get(key(i, rank.group)) === rank.order) keep.push(i)
    }
    from = until
  }
  return pick(beliefs, keep)
}

function hasVersions(beliefs: BeliefColumns, ranks: SourceRanks): boolean {
  const groups = new Set<number>()
  for (const source of sourcesOf(beliefs)) {
    const group = ranks.get(source)?.group
    if (group === undefined) continue
    if (groups.has(group)) return true
    groups.add(group)
  }
  return false
}

/** The sources of the beliefs, each once. There are few, and rows of one of them often follow each other. */
export function sourcesOf({ sources }: Pick<BeliefColumns, 'sources'>): number[] {
  const found: number[] = []
  for (let i = 0; i < sources.length; i++) if (sources[i] !== sources[i - 1] && !found.includes(sources[i]!)) found.push(sources[i]!)
  return found
}

/** How one belief is chosen among those of an event: the most recent, or the highest version first as FlexMeasures does. Then the newest source. */
export type Preference = 'recent' | 'version'

/** One belief per event. Expects one row a belief (distributions reduced to their middle). */
export function onePerEvent(beliefs: BeliefColumns, ranks: SourceRanks, preference: Preference): BeliefColumns {
  const keep = new Int32Array(beliefs.length)
  let count = 0
  for (let from = 0; from < beliefs.length; ) {
    const until = eventEnd(beliefs, from)
    let best = from
    for (let i = from + 1; i < until; i++) if (isBetter(beliefs, ranks, preference, i, best)) best = i
    keep[count++] = best
    from = until
  }
  return count === beliefs.length ? beliefs : pick(beliefs, keep.subarray(0, count))
}

function isBetter(beliefs: BeliefColumns, ranks: SourceRanks, preference: Preference, one: number, other: number): boolean {
  if (preference === 'version') {
    const difference = (ranks.get(beliefs.sources[one]!)?.version ?? 0) - (ranks.get(beliefs.sources[other]!)?.version ?? 0)
    if (difference !== 0) return difference > 0
  }
  const later = beliefs.horizons[other]! - beliefs.horizons[one]!
  return later !== 0 ? later > 0 : beliefs.sources[one]! > beliefs.sources[other]!
}

/** End of the run of rows about the event at `from`. */
function eventEnd(beliefs: BeliefColumns, from: number): number {
  let until = from + 1
  while (until < beliefs.length && beliefs.starts[until] === beliefs.starts[from]) until++
  return until
}

/** The rows with these numbers. */
export function pick(beliefs: BeliefColumns, rows: ArrayLike<number>): BeliefColumns {
  const doubles = (column: Float64Array) => fill(new Float64Array(rows.length), column, rows)
  return {
    length: rows.length,
    starts: doubles(beliefs.starts),
    horizons: doubles(beliefs.horizons),
    values: doubles(beliefs.values),
    sources: fill(new Int32Array(rows.length), beliefs.sources, rows),
    probabilities: doubles(beliefs.probabilities),
  }
}

function fill<T extends Float64Array | Int32Array>(into: T, column: T, rows: ArrayLike<number>): T {
  for (let i = 0; i < rows.length; i++) into[i] = column[rows[i]!]!
  return into
}

/** The rows for which the test holds. */
export function where(beliefs: BeliefColumns, test: (row: number) => boolean): BeliefColumns {
  const rows = new Int32Array(beliefs.length)
  let count = 0
  for (let i = 0; i < beliefs.length; i++) if (test(i)) rows[count++] = i
  return count === beliefs.length ? beliefs : pick(beliefs, rows.subarray(0, count))
}
