/** Flexibility delivered on order: what devices did otherwise than they would have, by the rung of the ladder that ordered it. */
import { instant, SECOND } from '#kernel'
import { asTimestamp, type Queryable } from '#store'
import { RUNGS, type Rung } from '../limit.ts'
import type { Plan } from '../plan.ts'
import { HOURS, type SiteFlow, type SiteFlows, SLOT } from './site-flows.ts'

/** How much of a slot was under orders of a rung. */
interface Held {
  device: string
  slot: number
  rung: Rung
  share: number
}

/** Shares of slots under orders, by device and rung. */
async function heldBy(db: Queryable, { start, end }: SiteFlows, devices: readonly string[]): Promise<Held[]> {
  const rows = await db.query<{ device: string; rung: Rung; slot: number; seconds: number }>(
    `with orders as (
       select device, rung, at, least(until, coalesce(lead(at) over (partition by device order by at, id), until)) as ends
       from cariflex.setpoint where device = any($1::text[]) and at < $3 and until > $2),
     cut as (select device, rung, greatest(at, $2) as begins, least(ends, $3) as ends from orders where ends > $2 and ends > at)
     select device, rung, slot::int as slot,
       sum(extract(epoch from least(cut.ends, $2::timestamptz + (slot + 1) * $4::interval) - greatest(cut.begins, $2::timestamptz + slot * $4::interval)))::float8 as seconds
     from cut, generate_series(floor(extract(epoch from begins - $2::timestamptz) / $5)::int,
       ceil(extract(epoch from cut.ends - $2::timestamptz) / $5)::int - 1) slot
     group by device, rung, slot`,
    [devices, asTimestamp(start), asTimestamp(end), `${SLOT} milliseconds`, SLOT / SECOND],
  )
  return rows.map(({ device, slot, rung, seconds }) => ({ device, slot, rung, share: Math.min(1, (seconds * SECOND) / SLOT) }))
}

/** What the plan in force at the begin of each of these slots wanted of each device without the grid's limits, kW. */
async function plannedKw(db: Queryable, site: SiteFlows, slots: readonly number[]): Promise<Map<string, number>> {
  const wanted = new Map<string, number>()
  for (let k = 0; k < slots.length; k += 96) {
    const some = slots.slice(k, k + 96)
    const rows = await db.query<{ slot: number; body: Plan }>(
      `select asked.slot, plan.body from unnest($2::int[], $3::timestamptz[]) asked(slot, at)
       cross join lateral (select body from cariflex.plan where site = $1 and made_at <= asked.at order by made_at desc, id desc limit 1) plan`,
      [site.asset, some, some.map((slot) => asTimestamp(instant(site.start + slot * SLOT)))],
    )
    for (const { slot, body } of rows) {
      const at = Math.floor((site.start + slot * SLOT - body.start) / body.step)
      for (const { device, powerKw, freePowerKw, availableKw } of body.devices) {
        const value = (availableKw ?? freePowerKw ?? powerKw)[at]
        if (value !== undefined) wanted.set(`${device} ${slot}`, value)
      }
    }
  }
  return wanted
}

export interface Delivered {
  rung: Rung
  /** kWh a slot: consumption avoided (or produced instead), and consumption added, against what would have been. */
  less: Float64Array
  more: Float64Array
  /** Plants held back, kWh. */
  curtailed: Float64Array
}

/** @param idle what a device would do that nobody steers, kW a slot: what orders of the plan are measured against */
export async function deliveredFlexibility(
  db: Queryable,
  site: SiteFlows,
  idle: (flow: SiteFlow) => readonly (number | null)[],
): Promise<Delivered[]> {
  const byDevice = new Map(site.flows.flatMap((flow) => (flow.device === undefined ? [] : [[flow.device, flow] as const])))
  const held = await heldBy(db, site, [...byDevice.keys()])
  const beyondPlan = [...new Set(held.filter(({ rung }) => rung !== 'plan').map(({ slot }) => slot))]
  const pvSlots = [...new Set(held.filter(({ device }) => byDevice.get(device)?.kind === 'pv').map(({ slot }) => slot))]
  const wanted = await plannedKw(
    db,
    site,
    [...new Set([...beyondPlan, ...pvSlots])].sort((a, b) => a - b),
  )
  const told = new Map<Rung, Delivered>(
    RUNGS.map((rung) => [
      rung,
      { rung, less: new Float64Array(site.slots), more: new Float64Array(site.slots), curtailed: new Float64Array(site.slots) },
    ]),
  )
  for (const { device, slot, rung, share } of held) {
    const flow = byDevice.get(device)!
    const measured = flow.kw[slot]
    if (slot < 0 || slot >= site.slots || measured === null || measured === undefined) continue
    const isPlant = flow.kind === 'pv'
    const reference = rung === 'plan' && !isPlant ? idle(flow)[slot] : wanted.get(`${device} ${slot}`)
    if (reference === null || reference === undefined) continue
    const kwh = (measured - reference) * HOURS * share
    const line = told.get(rung)!
    if (isPlant) line.curtailed[slot]! += Math.max(0, kwh)
    else if (kwh < 0) line.less[slot]! -= kwh
    else line.more[slot]! += kwh
  }
  return [...told.values()]
}
