/** The assets of the steered site with what they do now, and the series that the asset page draws. */
import { type Static, type TSchema, Type } from 'typebox'
import { type Asset, demand, type Sensor, type SetpointView, type Site } from '#ems'
import {
  convert,
  converter,
  formatDuration,
  formatInstant,
  type Instant,
  instant,
  MINUTE,
  measures,
  Problem,
  parseDurationLength,
  parseInstant,
  say,
} from '#kernel'
import type { App } from '../app.ts'
import type { Rooms, SteeredSite } from '../rooms.ts'
import { SAYING } from '../saying.ts'
import { readableSite } from './site.ts'

/** A value or null. Written as one schema with two types: a union would make the answer's writer try both for every value. */
const Nullable = <T extends TSchema & { type: string }>(schema: T) =>
  Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, 'null'] })
const OneOf = <const T extends readonly string[]>(...words: T) => Type.Unsafe<T[number]>({ type: 'string', enum: words })

const Live = Type.Object({
  powerKw: Nullable(Type.Number()),
  socKwh: Nullable(Type.Number()),
  at: Nullable(Type.String()),
  freshness: OneOf('fresh', 'late', 'silent'),
  controllable: Type.Optional(Type.Boolean()),
  why: Nullable(Type.String()),
  plugged: Nullable(Type.String()),
  simulated: Type.Boolean(),
})

const AssetView = Type.Object({
  asset: Type.Integer(),
  device: Nullable(Type.String()),
  name: Type.String(),
  kind: OneOf('pv', 'battery', 'evse', 'vehicle', 'weather', 'grid', 'site'),
  town: Nullable(Type.String()),
  latitude: Nullable(Type.Number()),
  longitude: Nullable(Type.Number()),
  sensors: Type.Record(Type.String(), Type.Integer()),
  nominalKw: Nullable(Type.Number()),
  capacityKwh: Nullable(Type.Number()),
  live: Live,
  order: Type.Unsafe<SetpointView | null>({}),
})

const SeriesAnswer = Type.Object({
  data: Type.Object({
    start: Type.String(),
    step: Type.String(),
    series: Type.Array(
      Type.Object({
        key: Type.String(),
        sensor: Type.Integer(),
        name: Type.String(),
        unit: Type.String(),
        values: Type.Array(Nullable(Type.Number())),
      }),
    ),
  }),
})

const SeriesQuery = Type.Object(
  {
    start: Type.Optional(Type.String({ description: 'ISO 8601 with offset; default 12 hours ago.' })),
    duration: Type.Optional(Type.String({ description: 'ISO 8601 duration; default PT36H.' })),
    resolution: Type.Optional(Type.String({ description: 'ISO 8601 duration of a slot; default PT5M, PT1H for more than 14 days.' })),
    at: Type.Optional(Type.String({ description: 'What was believed at this moment.' })),
  },
  { additionalProperties: false },
)

/** Raw readings come every ten seconds: three missed ones are late, five minutes without any are silence. */
const FRESH = 45_000
const LATE = 5 * MINUTE
const MOST_SLOTS = 10_000

export function assetRoutes(app: App, rooms: Rooms): void {
  const tags = ['assets']
  app.get(
    '/assets',
    {
      schema: { tags, summary: 'Assets of the site and what they do now', response: { 200: Type.Object({ data: Type.Array(AssetView) }) } },
    },
    async (request) => {
      const steered = await readableSite(rooms, request)
      return { data: await assetViews(rooms, steered) }
    },
  )
  app.get(
    '/assets/:id/series',
    {
      schema: {
        tags,
        summary: 'Measured, forecast and planned values of an asset',
        params: Type.Object({ id: Type.Integer() }),
        querystring: SeriesQuery,
        response: { 200: SeriesAnswer },
      },
    },
    async (request) => {
      const asset = await rooms.assets.get(request.params.id)
      if (!asset) throw new Problem('unknown-asset', `No asset found with ID ${request.params.id}.`, { status: 404 })
      demand(request.principal!, 'read', { kind: 'asset', account: asset.account, consultancy: asset.consultancy })
      return { data: await seriesOf(rooms, asset, request.query) }
    },
  )
}

type Member = Site['devices'][number]
type View = Static<typeof AssetView>

/** The assets of the site as the API shows them. */
export async function assetViews(rooms: Rooms, steered: SteeredSite): Promise<View[]> {
  const { line, demo, plugged } = steered
  const { site } = line
  const now = rooms.clock.now()
  const [rows, readings, orders] = await Promise.all([
    rooms.assets.list({ root: site.asset }),
    line.recorder.latest(now, 2 * 3_600_000),
    line.setpoints.views({}, now),
  ])
  const read = new Map(readings.map((reading) => [reading.sensor, reading]))
  const ordered = new Map(orders.map((order) => [order.asset, order]))
  const cables = plugged?.() ?? new Map<string, string>()
  const members = new Map(site.devices.map((device) => [device.asset, device]))
  const views: View[] = []
  for (const row of rows) {
    const member = members.get(row.id)
    const view: View = {
      asset: row.id,
      device: member?.device ?? null,
      name: row.name,
      kind: kindOf(row, site, member),
      town: typeof row.attributes['town'] === 'string' ? row.attributes['town'] : null,
      latitude: row.latitude,
      longitude: row.longitude,
      sensors: sensorKeys(row, member),
      nominalKw: member && member.nominal > 0 ? member.nominal / 1000 : null,
      capacityKwh: member?.capacity === undefined ? null : member.capacity / 1000,
      live: { powerKw: null, socKwh: null, at: null, freshness: 'silent', why: null, plugged: null, simulated: demo },
      order: ordered.get(row.id) ?? null,
    }
    if (member) await lookAt(rooms, steered, member, view, read, cables, now)
    else view.live.freshness = await freshnessOf(rooms, row, now)
    views.push(view)
  }
  return views
}

async function lookAt(
  rooms: Rooms,
  steered: SteeredSite,
  member: Member,
  view: View,
  read: ReadonlyMap<number, { at: Instant; value: number }>,
  cables: ReadonlyMap<string, string>,
  now: Instant,
): Promise<void> {
  const { line } = steered
  const { live } = view
  const power = member.power === undefined ? undefined : read.get(member.power)
  const soc = member.soc === undefined ? undefined : read.get(member.soc)
  if (power) live.powerKw = round(await inUnit(rooms, member.power!, power.value, 'kW'))
  if (soc) live.socKwh = round(await inUnit(rooms, member.soc!, soc.value, 'kWh'))
  const at = Math.max(power?.at ?? -Infinity, soc?.at ?? -Infinity)
  if (at > -Infinity) {
    live.at = formatInstant(instant(at), line.site.zone)
    live.freshness = now - at <= FRESH ? 'fresh' : now - at <= LATE ? 'late' : 'silent'
  }
  const device = line.devices.get(member.device)
  const capability = device?.capability()
  if (capability) live.controllable = capability.controllable
  live.why = line.watch.silence(member.device) ?? capability?.why ?? null
  live.plugged = cables.get(member.device) ?? null
  if (member.kind === 'evse') showCharger(steered, member, view, now)
  if (member.kind === 'vehicle') await showVehicle(rooms, steered, member, view)
}

/** A charger speaks by itself: what it said last, and 0 kW while its station is there and nothing is plugged. */
function showCharger({ line, online }: SteeredSite, member: Member, { live }: View, now: Instant): void {
  const measured = line.devices.get(member.device)?.measured()
  const isThere = online?.(member.device) ?? false
  if (measured) live.powerKw = round(measured.power / 1000)
  else if (isThere) live.powerKw = 0
  const at = measured && live.plugged !== null ? measured.at : isThere ? now : undefined
  if (at !== undefined) live.at = formatInstant(at, line.site.zone)
  live.freshness = isThere ? 'fresh' : measured && now - measured.at <= LATE ? 'late' : 'silent'
}

/** A car shows its state of charge through the charger it stands at; on the road the last one known holds. */
async function showVehicle(rooms: Rooms, { line }: SteeredSite, member: Member, { live }: View): Promise<void> {
  const charger = live.plugged === null ? undefined : line.devices.get(live.plugged)
  const stock = charger?.capability().storage
  if (charger && stock) {
    live.socKwh = round(stock.soc / 1000)
    live.at = formatInstant(charger.measured()?.at ?? rooms.clock.now(), line.site.zone)
    live.freshness = 'fresh'
    return
  }
  const last = member.soc === undefined ? undefined : await rooms.beliefs.latest(member.soc)
  if (last) {
    live.socKwh = round(await inUnit(rooms, member.soc!, last.value, 'kWh'))
    live.at = formatInstant(last.start, line.site.zone)
  }
  live.freshness = last ? 'fresh' : 'silent'
  live.why = say(SAYING.onTheRoad)
}

const round = (value: number): number => Math.round(value * 1000) / 1000

async function inUnit(rooms: Rooms, sensor: number, value: number, unit: string): Promise<number> {
  const known = await rooms.sensors.get(sensor)
  return known && known.unit !== unit ? convert(value, known.unit, unit) : value
}

const kindOf = (asset: Asset, site: Site, member: Member | undefined): View['kind'] => {
  if (member) return member.kind === 'load' ? 'evse' : member.kind
  return asset.id === site.asset ? 'site' : /weather/i.test(asset.type.name) ? 'weather' : 'grid'
}

const sensorKeys = (asset: Asset, member: Member | undefined): Record<string, number> =>
  member
    ? { ...(member.power !== undefined && { power: member.power }), ...(member.soc !== undefined && { soc: member.soc }) }
    : Object.fromEntries(asset.sensors.map((sensor) => [sensor.name, sensor.id]))

/**
 * How fresh an asset without a device is: as its freshest sensor. Prices and signals are told ahead, so a value for this very moment counts as
 * well as one that was measured lately; a forecast does not. Sensors that never had a value say nothing.
 */
export async function freshnessOf(
  { sensors, beliefs }: Pick<Rooms, 'sensors' | 'beliefs'>,
  asset: Pick<Asset, 'sensors'>,
  now: Instant,
): Promise<View['live']['freshness']> {
  if (asset.sensors.length === 0) return 'fresh'
  let known = false
  for (const { id } of asset.sensors) {
    const sensor = await sensors.get(id)
    if (!sensor) continue
    const { resolution } = sensor
    const latest = await beliefs.latest(id, now)
    if (latest && now - latest.start - resolution <= Math.max(LATE, 2 * resolution)) return 'fresh'
    known ||= latest !== undefined
    if (resolution === 0) continue
    const from = instant(Math.floor(now / resolution) * resolution)
    const until = instant(from + resolution)
    const [told] = await beliefs.series({ sensor: id, from, until, step: resolution, excludeSourceTypes: ['forecaster', 'scheduler'] })
    if (typeof told === 'number') return 'fresh'
  }
  return known ? 'late' : 'silent'
}

async function seriesOf(rooms: Rooms, asset: Asset, query: Static<typeof SeriesQuery>) {
  const { steered, clock, beliefs } = rooms
  const site = steered?.line.site
  const zone = site?.zone ?? 'UTC'
  const length = query.duration === undefined ? 36 * 3_600_000 : parseDurationLength(query.duration)
  const step = query.resolution === undefined ? (length > 14 * 86_400_000 ? 3_600_000 : 5 * MINUTE) : parseDurationLength(query.resolution)
  if (!(step >= MINUTE) || !(length > 0) || length / step > MOST_SLOTS)
    throw new Problem('too-many-slots', `A window of ${formatDuration(length)} in steps of ${formatDuration(step)} cannot be shown.`, {
      status: 422,
      hint: `Ask for at most ${MOST_SLOTS} slots of a minute or more.`,
    })
  const start = query.start === undefined ? clock.now() - 12 * 3_600_000 : parseInstant(query.start)
  const from = instant(Math.floor(start / step) * step)
  const until = instant(Math.ceil((start + length) / step) * step)
  const window = { from, until, step, sign: 'consumption-positive' as const, ...(query.at !== undefined && { at: parseInstant(query.at) }) }
  const show = (sensor: Sensor, key: string, values: (number | null)[]) => {
    const unit = measures(sensor.unit, 'power') ? 'kW' : measures(sensor.unit, 'energy') ? 'kWh' : sensor.unit
    const turn = converter(sensor.unit, unit)
    return { key, sensor: sensor.id, name: sensor.name, unit, values: values.map((value) => (value === null ? null : round6(turn(value)))) }
  }
  const seriesOfSensor = async (id: number) => {
    const sensor = await rooms.sensors.get(id)
    if (!sensor) return []
    if (measures(sensor.unit, 'energy price')) return [show(sensor, 'price', await beliefs.series({ sensor: id, ...window }))]
    const { measured, forecast, plan } = await beliefs.seriesByKind({ sensor: id, ...window })
    return sensor.resolution === 0 && (measures(sensor.unit, 'energy') || sensor.unit === '%')
      ? [show(sensor, 'soc', measured), show(sensor, 'soc-plan', joined(plan, Math.round((60 * MINUTE) / step)))]
      : [show(sensor, 'measured', measured), show(sensor, 'forecast', forecast), show(sensor, 'plan', plan)]
  }
  const price = site?.sensors.price
  const ids = asset.sensors.map(({ id }) => id)
  if (price !== undefined && !ids.includes(price)) ids.push(price)
  const series = (await Promise.all(ids.map(seriesOfSensor))).flat()
  return { start: formatInstant(from, zone), step: formatDuration(step), series }
}

/** Levels foretold for moments, with the straight line between two of them that lie at most `most` steps apart. */
export function joined(values: readonly (number | null)[], most: number): (number | null)[] {
  const line = [...values]
  let last: number | undefined
  for (const [at, value] of values.entries()) {
    if (value === null) continue
    if (last !== undefined && at - last <= most) {
      const before = values[last]!
      for (let slot = last + 1; slot < at; slot++) line[slot] = before + ((value - before) * (slot - last)) / (at - last)
    }
    last = at
  }
  return line
}

const round6 = (value: number): number => Math.round(value * 1e6) / 1e6
