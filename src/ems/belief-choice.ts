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
  const groups = new Map<number, number>()
  let last = Number.NaN
  for (let i = 0; i < beliefs.length; i++) {
    const source = beliefs.sources[i]!
    if (source === last) continue
    last = source
    const group = ranks.get(source)?.group
    if (group === undefined) continue
    if ((groups.get(group) ?? source) !== source) return true
    groups.set(group, source)
  }
  return false
}

/** How one belief is chosen among those of an event: the most recent, or the highest version first as FlexMeasures does. Then the newest source. */
export type Preference = 'recent' | 'version'

/** One belief per event. Expects one row a belief (distributions reduced to their middle). */
export function onePerEvent(beliefs: BeliefColumns, ranks: SourceRanks, preference: Preference): BeliefColumns {
  const keep: number[] = []
  for (let from = 0; from < beliefs.length; ) {
    const until = eventEnd(beliefs, from)
    let best = from
    for (let i = from + 1; i < until; i++) if (isBetter(beliefs, ranks, preference, i, best)) best = i
    keep.push(best)
    from = until
  }
  return keep.length === beliefs.length ? beliefs : pick(beliefs, keep)
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
export function pick(beliefs: BeliefColumns, rows: readonly number[]): BeliefColumns {
  const doubles = (column: Float64Array) => Float64Array.from(rows, (row) => column[row]!)
  return {
    length: rows.length,
    starts: doubles(beliefs.starts),
    horizons: doubles(beliefs.horizons),
    values: doubles(beliefs.values),
    sources: Int32Array.from(rows, (row) => beliefs.sources[row]!),
    probabilities: doubles(beliefs.probabilities),
  }
}

/** The rows for which the test holds. */
export function where(beliefs: BeliefColumns, test: (row: number) => boolean): BeliefColumns {
  const rows: number[] = []
  for (let i = 0; i < beliefs.length; i++) if (test(i)) rows.push(i)
  return rows.length === beliefs.length ? beliefs : pick(beliefs, rows)
}
