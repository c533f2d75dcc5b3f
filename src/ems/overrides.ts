/** What owners order by hand: one power per device, until a moment, with a name under it and a way back. It replaces the plan's wish. */
import { randomUUID } from 'node:crypto'
import { type Bus, type Clock, formatInstant, type Instant, Problem, say, type Watts, watts } from '#kernel'
import { asTimestamp, type Store } from '#store'
import { kw } from './kw.ts'
import { isPower } from './limits.ts'
import type { News } from './news.ts'
import { SAYING } from './saying.ts'
import type { Site } from './site.ts'

export interface Override {
  id: string
  device: string
  asset: number
  power: Watts
  from: Instant
  until: Instant
  because: string
  owner: string
}

export interface OverrideView {
  id: string
  device: string
  asset: number
  powerKw: number
  from: string
  until: string
  because: string
  owner: string
}

export interface Overrides {
  /** Overrides that touch the window; of one device the newest first. */
  within(from: Instant, until: Instant): Promise<Override[]>
  /** @throws Problem `invalid-override` (422), `unknown-device` (404) */
  post(posted: { device: string; powerKw: number; until: Instant; owner: string; because?: string }): Promise<OverrideView>
  /** Takes an override back. @throws Problem `unknown-override` (404) */
  undo(id: string, who: string): Promise<void>
  /** Overrides in force now. */
  views(): Promise<OverrideView[]>
}

interface OverrideRow {
  id: string
  device: string
  asset: number
  power_w: number
  from_at: Instant
  until: Instant
  because: string
  owner: string
}

export interface OverrideRoom {
  store: Store
  clock: Clock
  bus: Bus<News>
  site: Site
}

/** Opens the overrides of one site; a new one of a device ends the one before. */
export function openOverrides({ store, clock, bus, site }: OverrideRoom): Overrides {
  const within = async (from: Instant, until: Instant): Promise<Override[]> => {
    const rows = await store.query<OverrideRow>(
      `select id, device, asset, power_w, from_at, until, because, owner from cariflex.owner_override
       where site = $1 and until > $2 and from_at < $3 and undone_at is null order by made_at desc, id`,
      [site.asset, asTimestamp(from), asTimestamp(until)],
    )
    return rows.map(({ power_w, from_at, ...row }) => ({ ...row, power: watts(power_w), from: from_at }))
  }
  return {
    within,
    async post({ device, powerKw, until, owner, because }) {
      const now = clock.now()
      const known = site.devices.find((each) => each.device === device && each.kind !== 'vehicle')
      if (!known)
        throw new Problem('unknown-device', say(SAYING.takesNoOrders, { id: device }), {
          status: 404,
          hint: say(SAYING.whoTakesOrders),
        })
      if (!isPower(powerKw) || until <= now)
        throw new Problem('invalid-override', until <= now ? say(SAYING.overrideOfPast) : say(SAYING.noPower, { value: String(powerKw) }), {
          status: 422,
          hint: say(SAYING.giveOverride),
        })
      const row: OverrideRow = {
        id: randomUUID(),
        device,
        asset: known.asset,
        power_w: powerKw * 1000,
        from_at: now,
        until,
        because: because?.trim() || say(SAYING.byHand, { owner, power: kw(powerKw * 1000) }),
        owner,
      }
      await store.transact(async (tx) => {
        await tx.query(
          `update cariflex.owner_override set undone_at = $3, undone_by = $4 where site = $1 and device = $2 and undone_at is null and until > $3`,
          [site.asset, device, asTimestamp(now), owner],
        )
        await tx.query(
          `insert into cariflex.owner_override (id, site, device, asset, power_w, from_at, until, because, owner, made_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $6)`,
          [row.id, site.asset, device, row.asset, row.power_w, asTimestamp(now), asTimestamp(until), row.because, owner],
        )
      })
      bus.tell({ kind: 'limits', site: site.asset })
      return overrideView({ ...row, power: watts(row.power_w), from: now }, site.zone)
    },
    async undo(id, who) {
      const rows = await store.query(
        `update cariflex.owner_override set undone_at = $3, undone_by = $4 where id = $1 and site = $2 and undone_at is null and until > $3 returning id`,
        [id, site.asset, asTimestamp(clock.now()), who],
      )
      if (rows.length === 0)
        throw new Problem('unknown-override', say(SAYING.unknownOverride, { id }), {
          status: 404,
          hint: say(SAYING.listOverrides),
        })
      bus.tell({ kind: 'limits', site: site.asset })
    },
    async views() {
      const now = clock.now()
      return (await within(now, (now + 1) as Instant)).map((override) => overrideView(override, site.zone))
    },
  }
}

const overrideView = ({ power, ...override }: Override, zone: string): OverrideView => ({
  id: override.id,
  device: override.device,
  asset: override.asset,
  powerKw: power / 1000,
  from: formatInstant(override.from, zone),
  until: formatInstant(override.until, zone),
  because: override.because,
  owner: override.owner,
})
