/** The site without flexibility: batteries idle, cars charged from their arrival on as fast as the charger can. */
import { type Instant, say } from '#kernel'
import { asTimestamp, type Queryable } from '#store'
import { SAYING } from './saying.ts'
import { HOURS, type SiteFlow, type SiteFlows, SLOT } from './site-flows.ts'

export interface Stay {
  asset: number
  from: Instant
  until: Instant
}

/** Charging sessions at these assets that touch the time, as the stations told them. */
export const staysAt = (db: Queryable, assets: readonly number[], start: Instant, end: Instant): Promise<Stay[]> =>
  db.query<Stay>(
    `select s.asset, coalesce(t.started_at, t.first_at) as "from", coalesce(t.ended_at, $3) as until
     from cariflex.charging_transaction t join cariflex.charging_station s on s.identity = t.station
     where s.asset = any($1::int[]) and coalesce(t.started_at, t.first_at) < $3 and coalesce(t.ended_at, $3) > $2 order by 2`,
    [assets, asTimestamp(start), asTimestamp(end)],
  )

export interface Baseline {
  /** Power a slot without flexibility, kW. */
  of: (flow: SiteFlow) => (number | null)[]
  notes: string[]
}

/** @param stays sessions of chargers; a charger without any stays as measured, which is noted */
export function withoutFlexibility(site: SiteFlows, stays: readonly Stay[]): Baseline {
  const series = new Map<SiteFlow, (number | null)[]>()
  const unknown: string[] = []
  for (const flow of site.flows) {
    if (flow.kind === 'battery')
      series.set(
        flow,
        flow.kw.map((value) => (value === null ? null : 0)),
      )
    else if (flow.kind === 'evse') {
      const own = stays.filter(({ asset }) => asset === flow.asset)
      if (own.length === 0 && flow.kw.some((value) => value !== null && value > 0.1)) unknown.push(flow.name)
      series.set(flow, atArrival(site, flow, own))
    } else series.set(flow, flow.kw)
  }
  return {
    of: (flow) => series.get(flow) ?? flow.kw,
    notes: [say(SAYING.baseline), ...(unknown.length > 0 ? [say(SAYING.noSessions, { names: unknown.join(', ') })] : [])],
  }
}

function atArrival(site: SiteFlows, flow: SiteFlow, stays: readonly Stay[]): (number | null)[] {
  const kw = [...flow.kw]
  const most = flow.nominalKw ?? Math.max(0, ...flow.kw.map((value) => value ?? 0))
  for (const { from, until } of stays) {
    const first = Math.max(0, Math.floor((from - site.start) / SLOT))
    const last = Math.min(site.slots - 1, Math.ceil((until - site.start) / SLOT) - 1)
    let left = 0
    for (let slot = first; slot <= last; slot++) left += (flow.kw[slot] ?? 0) * HOURS
    left = Math.max(0, left)
    for (let slot = first; slot <= last; slot++) {
      if (kw[slot] === null) continue
      const begins = Math.max(from, site.start + slot * SLOT)
      const share = Math.max(0, Math.min(1, (Math.min(until, site.start + (slot + 1) * SLOT) - begins) / SLOT))
      const energy = slot === last ? left : Math.min(left, most * share * HOURS)
      kw[slot] = energy / HOURS
      left -= energy
    }
  }
  return kw
}
