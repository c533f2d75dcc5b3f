/** Stations found by words, standing and model, for lists and maps of ten thousand: only the page that is looked at is told whole. */
import type { Station } from './station.ts'

/** What a station does, in one word: nobody registered it, not connected, out of order, with a session, free. */
export type Standing = 'parked' | 'offline' | 'fault' | 'busy' | 'free'
export const STANDINGS: readonly Standing[] = ['fault', 'offline', 'parked', 'busy', 'free']

export interface StationQuery {
  /** Words that its identity, name, maker or model have, in any order. */
  search?: string
  standing?: Standing
  model?: string
  /** Only those of which this is so: those with an alarm. */
  among?: (asset: number) => boolean
  offset?: number
  limit?: number
}

export interface StationSurvey {
  /** Those of the page, by identity. */
  page: Station[]
  /** All that were found. */
  found: { station: Station; standing: Standing }[]
  /** How many of those that words, model and alarm leave do what. */
  counts: Record<Standing, number>
  /** Models that there are. */
  models: string[]
}

export function standingOf({ record, session, connectors, open }: Station): Standing {
  if (record.state === 'parked') return 'parked'
  if (!session) return 'offline'
  for (const { status } of connectors.values()) if (status === 'Faulted') return 'fault'
  return open.size > 0 ? 'busy' : 'free'
}

/** `stations` in the order of the list. */
export function survey(stations: readonly Station[], query: StationQuery): StationSurvey {
  const { standing, model, among, offset = 0, limit = 50 } = query
  const words = (query.search ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  const counts: Record<Standing, number> = { parked: 0, offline: 0, fault: 0, busy: 0, free: 0 }
  const models = new Set<string>()
  const found: StationSurvey['found'] = []
  for (const station of stations) {
    const { record } = station
    if (record.model !== undefined) models.add(record.model)
    if (model !== undefined && record.model !== model) continue
    if (among && (record.asset === undefined || !among(record.asset))) continue
    const text =
      words.length === 0 ? '' : `${record.identity} ${record.name ?? ''} ${record.vendor ?? ''} ${record.model ?? ''}`.toLowerCase()
    if (!words.every((word) => text.includes(word))) continue
    const now = standingOf(station)
    counts[now]++
    if (standing === undefined || standing === now) found.push({ station, standing: now })
  }
  return { page: found.slice(offset, offset + limit).map(({ station }) => station), found, counts, models: [...models].sort() }
}
