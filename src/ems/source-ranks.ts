/** Which sources are versions of one another, and which of them is the latest (reference 1.2). */
import type { Store } from '#store'

/** What choosing among beliefs needs to know of a source. */
export interface SourceRank {
  type: string
  /** Sources of one name, type and model are one group: versions of the same thing. */
  group: number
  /** How late the version is among all sources: equal versions have equal ranks, no version counts as 0.0.0. */
  version: number
  /** The same, equal versions told apart by id: later is higher. */
  order: number
}

export type SourceRanks = ReadonlyMap<number, SourceRank>

/** What ranking needs of a source. */
export interface RankedSource {
  id: number
  name: string
  type: string
  model: string | null
  version: string | null
}

/** Ranks by version as Python packages are versioned (PEP 440), then by id. */
export function rankSources(sources: readonly RankedSource[]): SourceRanks {
  const groups = new Map<string, number>()
  const keyed = sources.map((source) => ({ source, key: versionKey(source.version) }))
  keyed.sort((a, b) => compareKeys(a.key, b.key) || a.source.id - b.source.id)
  const ranks = new Map<number, SourceRank>()
  let version = -1
  keyed.forEach(({ source, key }, order) => {
    if (order === 0 || compareKeys(keyed[order - 1]!.key, key) !== 0) version++
    const name = JSON.stringify([source.name, source.type, source.model])
    const group = groups.get(name) ?? groups.size
    groups.set(name, group)
    ranks.set(source.id, { type: source.type, group, version, order })
  })
  return ranks
}

type Part = number | string
/** epoch, release without its final zeros, then pre-release, post-release, development and local parts. */
type VersionKey = readonly (readonly Part[])[]

const WORDS: Record<string, string> = { alpha: 'a', beta: 'b', c: 'rc', pre: 'rc', preview: 'rc' }
const VERSION =
  /^\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|alpha|b|beta|rc|c|pre|preview)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(?:post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*$/i

const LOWEST = -1
const HIGHEST = '~'

/** The order of PEP 440: 1.dev1 < 1a1 < 1rc1 < 1 < 1+local < 1.post1. What is no version counts as 0.0.0, like none. */
function versionKey(text: string | null): VersionKey {
  const hit = VERSION.exec(text ?? '') ?? VERSION.exec('0.0.0')!
  const [, epoch, release = '0', pre, preNumber, implicitPost, postNumber, dev, devNumber, local] = hit
  const numbers = release.split('.').map(Number)
  while (numbers.length > 1 && numbers.at(-1) === 0) numbers.pop()
  const isPost = implicitPost !== undefined || postNumber !== undefined
  const word = pre?.toLowerCase()
  const preKey: Part[] =
    word !== undefined ? [WORDS[word] ?? word, Number(preNumber || 0)] : dev !== undefined && !isPost ? [''] : [HIGHEST]
  return [
    [Number(epoch ?? 0)],
    numbers,
    preKey,
    [isPost ? Number(implicitPost ?? (postNumber || 0)) : LOWEST],
    dev !== undefined ? [Number(devNumber || 0)] : [HIGHEST],
    local === undefined
      ? []
      : local
          .toLowerCase()
          .split(/[-_.]/)
          .map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
  ]
}

function compareKeys(a: VersionKey, b: VersionKey): number {
  for (let i = 0; i < a.length; i++) {
    const [left, right] = [a[i]!, b[i]!]
    const local = i === a.length - 1
    for (let k = 0; k < Math.max(left.length, right.length); k++) {
      const difference = compareParts(left[k], right[k], local)
      if (difference !== 0) return difference
    }
  }
  return 0
}

/** Absent before present; numbers before words, in local parts the other way round. */
function compareParts(a: Part | undefined, b: Part | undefined, local: boolean): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  return (typeof a === 'number' ? -1 : 1) * (local ? -1 : 1)
}

export interface SourceBook {
  /** Ranks of the sources of the database; read again when one of `needed` is not among them, and every half minute. */
  ranks(needed: Iterable<number>): Promise<SourceRanks>
}

const KEEP = 30_000

/** Remembers the ranks of a database's sources. */
export function openSourceBook(store: Store, now: () => number): SourceBook {
  let known: { ranks: SourceRanks; until: number } | undefined
  let reading: Promise<SourceRanks> | undefined
  const read = async (): Promise<SourceRanks> => {
    const ranks = rankSources(
      await store.query<RankedSource>("select id, name, coalesce(type, '') as type, model, version from data_source"),
    )
    known = { ranks, until: now() + KEEP }
    return ranks
  }
  return {
    async ranks(needed) {
      if (known && known.until > now()) {
        let complete = true
        for (const id of needed) if (!known.ranks.has(id)) complete = false
        if (complete) return known.ranks
      }
      reading ??= read().finally(() => {
        reading = undefined
      })
      return reading
    },
  }
}
