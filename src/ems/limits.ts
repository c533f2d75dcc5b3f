/** Limits in force and announced: those posted to the table `cariflex.site_limit`, and those of other sources (signal sensors, programmes). */
import { randomUUID } from 'node:crypto'
import { after, type Bus, type Clock, formatInstant, type Instant, Problem, say, watts } from '#kernel'
import { asTimestamp, type Store } from '#store'
import { kw } from './kw.ts'
import { type Limit, type LimitSource, RUNGS } from './limit.ts'
import type { News } from './news.ts'
import { SAYING } from './saying.ts'
import type { Site } from './site.ts'

export interface PostedLimit {
  /** A device's asset or the site's; default the site's. */
  asset?: number
  /** Default now. */
  from?: Instant
  until: Instant
  maxKw?: number
  minKw?: number
  rung?: 'grid' | 'contract'
  /** For the site: 'flexible-consumption' (default) or 'site-net'. */
  scope?: Limit['scope']
  because?: string
  /** Who posts it. */
  origin: string
}

export interface LimitView {
  id: string
  asset: number
  rung: Limit['rung']
  from: string
  until: string
  because: string
  maxKw: number | null
  minKw: number | null
  scope: Limit['scope']
  origin: string
}

export interface Limits {
  /** Limits that touch the window, most important first. A source that fails is left out and logged by `onError`. */
  within(from: Instant, until: Instant): Promise<Limit[]>
  /** Commits the limit, then tells the bus. @throws Problem `invalid-limit` (422), `unknown-asset` (404) */
  post(posted: PostedLimit): Promise<LimitView>
  /** Ends a posted limit now. @throws Problem `unknown-limit` (404) */
  end(id: string): Promise<void>
  /** Limits in force now, and with `ahead` also those announced for so many milliseconds. */
  views(ahead?: number): Promise<LimitView[]>
}

export interface LimitRoom {
  store: Store
  clock: Clock
  bus: Bus<News>
  site: Site
  sources: readonly LimitSource[]
  onError(error: unknown, source: string): void
}

interface LimitRow {
  id: string
  asset: number
  rung: Limit['rung']
  from_at: Instant
  until: Instant
  max_w: number | null
  min_w: number | null
  scope: Limit['scope']
  because: string
  origin: string
}

/** Opens the limits of one site. */
export function openLimits({ store, clock, bus, site, sources, onError }: LimitRoom): Limits {
  const within = async (from: Instant, until: Instant): Promise<Limit[]> => {
    const rows = store.query<LimitRow>(
      `select id, asset, rung, from_at, least(until, coalesce(ended_at, 'infinity')) as until, max_w, min_w, scope, because, origin
       from cariflex.site_limit where site = $1 and until > $2 and from_at < $3 and (ended_at is null or ended_at > $2)`,
      [site.asset, asTimestamp(from), asTimestamp(until)],
    )
    const others = sources.map((source) =>
      source.limits(site.asset, from, until).catch((error: unknown) => {
        onError(error, source.name)
        return []
      }),
    )
    const posted = (await rows).map(fromRow)
    const all = [...posted, ...(await Promise.all(others)).flat(), ...agreed(site, from, until)]
    return all.toSorted((a, b) => RUNGS.indexOf(a.rung) - RUNGS.indexOf(b.rung))
  }
  return {
    within,
    async post(posted) {
      const limit = checked(site, posted, clock.now())
      await store.query(
        `insert into cariflex.site_limit (id, site, asset, rung, from_at, until, max_w, min_w, scope, because, origin, made_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
        [
          limit.id,
          site.asset,
          limit.asset,
          limit.rung,
          asTimestamp(limit.from),
          asTimestamp(limit.until),
          limit.max ?? null,
          limit.min ?? null,
          limit.scope,
          limit.because,
          limit.origin,
          asTimestamp(clock.now()),
        ],
      )
      bus.tell({ kind: 'limits', site: site.asset })
      return limitView(limit, site.zone)
    },
    async end(id) {
      const now = asTimestamp(clock.now())
      const ended = await store.query(
        `update cariflex.site_limit set ended_at = $3 where id = $1 and site = $2 and ended_at is null and until > $3 returning id`,
        [id, site.asset, now],
      )
      if (ended.length === 0)
        throw new Problem('unknown-limit', say(SAYING.unknownLimit, { id }), {
          status: 404,
          hint: say(SAYING.listLimits),
        })
      bus.tell({ kind: 'limits', site: site.asset })
    },
    async views(ahead = 0) {
      const now = clock.now()
      const limits = await within(now, after(now, Math.max(ahead, 1)))
      return limits.filter((limit) => limit.origin !== AGREED).map((limit) => limitView(limit, site.zone))
    },
  }
}

/** True for kW that something on Earth may draw. */
export const isPower = (kw: number): boolean => Math.abs(kw) < 1e9

const AGREED = 'site contract'

/** Import and export agreed for the site, as limits that always hold. */
function agreed(site: Site, from: Instant, until: Instant): Limit[] {
  const { maxConsumption, maxProduction } = site
  if (maxConsumption === undefined && maxProduction === undefined) return []
  return [
    {
      id: `agreed-${site.asset}`,
      rung: 'contract',
      asset: site.asset,
      from,
      until,
      ...(maxConsumption !== undefined && { max: maxConsumption }),
      ...(maxProduction !== undefined && { min: watts(-maxProduction) }),
      scope: 'site-net',
      because: sayAgreed(maxConsumption, maxProduction),
      origin: AGREED,
    },
  ]
}

function sayAgreed(consumption: number | undefined, production: number | undefined): string {
  if (consumption !== undefined && production !== undefined)
    return say(SAYING.agreedBoth, { power: kw(consumption), other: kw(production) })
  return consumption === undefined
    ? say(SAYING.agreedExport, { power: kw(production ?? 0) })
    : say(SAYING.agreedImport, { power: kw(consumption) })
}

function checked(site: Site, posted: PostedLimit, now: Instant): Limit {
  const asset = posted.asset ?? site.asset
  const refuse = (message: string, hint: string) => new Problem('invalid-limit', message, { status: 422, hint })
  const device = site.devices.find((each) => each.asset === asset)
  if (asset !== site.asset && !device)
    throw new Problem('unknown-asset', say(SAYING.unknownPart, { asset: String(asset) }), {
      status: 404,
      hint: say(SAYING.limitTheSite, { asset: String(site.asset) }),
    })
  const from = posted.from ?? now
  if (posted.maxKw === undefined && posted.minKw === undefined) throw refuse(say(SAYING.limitsNothing), say(SAYING.giveBounds))
  for (const value of [posted.maxKw, posted.minKw])
    if (value !== undefined && !isPower(value)) throw refuse(say(SAYING.noPower, { value: String(value) }), say(SAYING.givePower))
  if ((posted.minKw ?? -Infinity) > (posted.maxKw ?? Infinity))
    throw refuse(say(SAYING.crossed, { low: String(posted.minKw), high: String(posted.maxKw) }), say(SAYING.swapBounds))
  if (posted.until <= from) throw refuse(say(SAYING.endsEarly), say(SAYING.giveLaterEnd))
  if (posted.until <= now) throw refuse(say(SAYING.limitOfPast), say(SAYING.giveFuture))
  const scope = device ? 'device' : posted.scope && posted.scope !== 'device' ? posted.scope : 'flexible-consumption'
  const rung = posted.rung ?? 'grid'
  return {
    id: randomUUID(),
    rung,
    asset,
    from,
    until: posted.until,
    ...(posted.maxKw !== undefined && { max: watts(posted.maxKw * 1000) }),
    ...(posted.minKw !== undefined && { min: watts(posted.minKw * 1000) }),
    scope,
    because: posted.because?.trim() || sentence(posted, rung, site.zone),
    origin: posted.origin,
  }
}

function sentence({ maxKw, minKw, until }: PostedLimit, rung: string, zone: string): string {
  const slots = { what: sayBand(maxKw, minKw), time: clockTime(until, zone) }
  return rung === 'grid' ? say(SAYING.gridAllows, slots) : say(SAYING.contractAllows, slots)
}

function sayBand(maxKw: number | undefined, minKw: number | undefined): string {
  const power = (value: number) => kw(value * 1000)
  if (minKw === undefined) return say(SAYING.atMostConsumed, { power: power(maxKw ?? 0) })
  if (maxKw === undefined)
    return minKw > 0 ? say(SAYING.atLeastConsumed, { power: power(minKw) }) : say(SAYING.atMostProduced, { power: power(-minKw) })
  return minKw > 0
    ? say(SAYING.betweenConsumed, { power: power(minKw), other: power(maxKw) })
    : say(SAYING.bothWays, { power: power(maxKw), other: power(-minKw) })
}

/** '19:00' in the zone. */
export const clockTime = (at: Instant, zone: string): string => formatInstant(at, zone).slice(11, 16)

function fromRow(row: LimitRow): Limit {
  return {
    id: row.id,
    rung: row.rung,
    asset: row.asset,
    from: row.from_at,
    until: row.until,
    ...(row.max_w !== null && { max: watts(row.max_w) }),
    ...(row.min_w !== null && { min: watts(row.min_w) }),
    scope: row.scope,
    because: row.because,
    origin: row.origin,
  }
}

/** A limit as the API shows it: kW, ISO times in the site's zone. */
export const limitView = (limit: Limit, zone: string): LimitView => ({
  id: limit.id,
  asset: limit.asset,
  rung: limit.rung,
  from: formatInstant(limit.from, zone),
  until: formatInstant(limit.until, zone),
  because: limit.because,
  maxKw: limit.max === undefined ? null : limit.max / 1000,
  minKw: limit.min === undefined ? null : limit.min / 1000,
  scope: limit.scope,
  origin: limit.origin,
})
