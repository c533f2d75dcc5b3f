/** Which alarms this browser has shown to its user; what is active and not among them rings the bell. */
import { cell } from './cell.ts'
import type { Alarm } from './wire.ts'

const KEY = 'cariflex.alarms.seen'
/** Older ones than these are long gone from the list. */
const KEPT = 500

function remembered(): ReadonlySet<string> {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? '[]') as unknown
    return new Set(Array.isArray(kept) ? kept.map(String) : [])
  } catch {
    return new Set()
  }
}

export const seen = cell<ReadonlySet<string>>(remembered())

export const unread = (alarms: readonly Alarm[] | null, known: ReadonlySet<string>): Alarm[] =>
  (alarms ?? []).filter(({ id, active }) => active && !known.has(String(id)))

/** All of these have been looked at. */
export function markSeen(alarms: readonly Alarm[]): void {
  const known = seen.get()
  const fresh = alarms.map(({ id }) => String(id)).filter((id) => !known.has(id))
  if (fresh.length === 0) return
  const all = [...known, ...fresh].slice(-KEPT)
  seen.set(new Set(all))
  try {
    localStorage.setItem(KEY, JSON.stringify(all))
  } catch {
    // Private windows may refuse storage: the bell then remembers as long as the page.
  }
}
