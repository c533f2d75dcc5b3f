/** A territory in the database: account, site, assets and sensors in the FlexMeasures tables, devices in the registry. */
import {
  type Clock,
  durationLength,
  kilowatts,
  Problem,
  parseDuration,
  type Territory,
  type TerritoryAsset,
  type TerritorySensor,
  wattHours,
} from '#kernel'
import { asJson, asTimestamp, type Queryable, type Store } from '#store'
import type { Site, SiteDevice } from './site.ts'
import { withoutPassword, withoutPasswords } from './station-passwords.ts'

/** New sensors start here; lower ids belong to the product documents. */
const FIRST_FREE_SENSOR = 1000

export interface Established {
  site: number
  account: number
  demo: boolean
  territory: Territory
  /** Asset ids by name. */
  assets: Record<string, number>
}

/** The territory established in this database, if any; without the passwords of its stations. */
export async function findTerritory(store: Queryable): Promise<Established | undefined> {
  const row = await store.first<{ site: number; demo: boolean; definition: Territory; account: number }>(
    'select t.site, t.demo, t.definition, g.account_id as account from cariflex.territory t join generic_asset g on g.id = t.site order by t.established_at limit 1',
  )
  return row && { site: row.site, account: row.account, demo: row.demo, territory: row.definition, assets: await assetIds(store, row.site) }
}

/** True when nobody and nothing lives in this database yet. */
export async function isVirgin(store: Queryable): Promise<boolean> {
  const row = await store.first<{ virgin: boolean }>(
    'select not exists (select from account) and not exists (select from fm_user) and not exists (select from generic_asset) as virgin',
  )
  return row?.virgin ?? false
}

/**
 * Creates what the territory describes and is not there yet, in one transaction; what exists is left as it is. Ids given for sensors are kept.
 * Passwords of stations are not: they come with every start, or from the secret store.
 * @throws Problem `sensor-id-taken` (409) when a wanted id belongs to another sensor
 */
export async function establishTerritory(store: Store, clock: Clock, territory: Territory, demo: boolean): Promise<Established> {
  checkReferences(territory)
  return store.transact(async (tx) => {
    const account = await idOf(
      tx,
      'insert into account (name) values ($1) on conflict (name) do update set name = excluded.name returning id',
      [territory.account],
    )
    const { site: described } = territory
    const site = await place(tx, account, null, {
      name: described.name,
      type: 'site',
      latitude: described.latitude,
      longitude: described.longitude,
      attributes: { currency: described.currency, timezone: described.timezone },
    })
    await tx.query("update generic_asset set flex_context = $2 where id = $1 and flex_context = '{}'", [
      site,
      asJson(flexContext(territory)),
    ])
    await tx.query(
      "update generic_asset set sensors_to_show = $2 where id = $1 and sensors_to_show = '[]' and not exists (select from cariflex.territory where site = $1)",
      [site, asJson(shownAtFirst(territory))],
    )
    for (const sensor of described.sensors ?? []) await measure(tx, site, described.timezone, sensor)
    for (const asset of territory.assets) {
      const id = await place(tx, account, site, asset)
      for (const sensor of asset.sensors ?? []) await measure(tx, id, described.timezone, sensor)
    }
    const assets = await assetIds(tx, site)
    for (const device of territory.devices) await enlist(tx, assets[device.asset]!, device, flexModel(device))
    await tx.query(`select setval(pg_get_serial_sequence('sensor', 'id'), greatest((select max(id) from sensor), $1))`, [
      FIRST_FREE_SENSOR - 1,
    ])
    await tx.query(
      'insert into cariflex.territory (site, demo, definition, established_at) values ($1, $2, $3, $4) on conflict (site) do update set definition = excluded.definition',
      [site, demo, asJson(withoutPasswords(territory)), asTimestamp(clock.now())],
    )
    const kept = await tx.first<{ demo: boolean }>('select demo from cariflex.territory where site = $1', [site])
    return { site, account, demo: kept?.demo ?? demo, territory, assets }
  })
}

/**
 * Adds one asset (under the site) with its device to the territory that runs here; it is there after a restart too.
 * @throws Problem `device-exists` (409)
 */
export async function joinTerritory(
  store: Store,
  established: Established,
  asset: TerritoryAsset,
  device: Territory['devices'][number],
): Promise<{ asset: number; device: Territory['devices'][number] }> {
  const { territory, site, account, assets } = established
  if (territory.devices.some((known) => known.id === device.id) || assets[asset.name] !== undefined)
    throw new Problem('device-exists', `${device.id} is known already.`, {
      status: 409,
      hint: 'Choose another name, or remove the old one first.',
    })
  const joined = await store.transact(async (tx) => {
    const id = await place(tx, account, site, asset)
    const sensors: Record<string, number> = {}
    for (const sensor of asset.sensors ?? []) sensors[sensor.name] = await measure(tx, id, territory.site.timezone, sensor)
    const whole = { ...device, sensors }
    await enlist(tx, id, whole, flexModel(whole))
    const definition: Territory = { ...territory, assets: [...territory.assets, asset], devices: [...territory.devices, whole] }
    await tx.query('update cariflex.territory set definition = $2 where site = $1', [site, asJson(withoutPasswords(definition))])
    return { id, whole }
  })
  territory.assets.push(asset)
  territory.devices.push(joined.whole)
  assets[asset.name] = joined.id
  return { asset: joined.id, device: joined.whole }
}

/** Another nominal power of a device, kW; also after the next start. */
export async function setNominal(store: Store, { territory, site }: Established, id: string, nominalKw: number): Promise<void> {
  const devices = territory.devices.map((device) => (device.id === id ? { ...device, nominalKw } : device))
  await store.query('update cariflex.territory set definition = $2 where site = $1', [
    site,
    asJson(withoutPasswords({ ...territory, devices })),
  ])
  territory.devices.splice(0, Infinity, ...devices)
}

/** The site as planner and heartbeat see it. `author` names the data sources of plans and forecasts. */
export function siteOf(established: Established, settings: { author: string; demandResponseLevels: readonly number[] }): Site {
  const { territory, assets } = established
  const { site } = territory
  const describedBy = new Map(territory.assets.map((asset) => [asset.name, asset]))
  const where = (name: string) => {
    const asset = describedBy.get(name)
    return asset?.latitude === undefined || asset.longitude === undefined ? {} : { latitude: asset.latitude, longitude: asset.longitude }
  }
  const devices: SiteDevice[] = territory.devices.map((device) => ({
    device: device.id,
    asset: assets[device.asset]!,
    name: device.asset,
    kind: device.kind,
    nominal: kilowatts(device.nominalKw),
    ...(device.sensors.power !== undefined && { power: device.sensors.power }),
    ...(device.sensors.soc !== undefined && { soc: device.sensors.soc }),
    ...(device.capacityKwh !== undefined && { capacity: wattHours(device.capacityKwh * 1000) }),
    ...where(device.asset),
  }))
  const vehicles: SiteDevice[] = (territory.vehicles ?? []).map((vehicle) => ({
    device: vehicle.id,
    asset: assets[vehicle.asset]!,
    name: vehicle.asset,
    kind: 'vehicle',
    nominal: kilowatts(0),
    soc: vehicle.soc,
    capacity: wattHours(vehicle.capacityKwh * 1000),
    ...where(vehicle.asset),
  }))
  const { consumptionPrice, irradiance, temperature, loadControl, demandResponse } = site.roles
  return {
    asset: established.site,
    name: site.name,
    zone: site.timezone,
    currency: site.currency,
    latitude: site.latitude,
    longitude: site.longitude,
    devices: [...devices, ...vehicles],
    sensors: {
      ...(consumptionPrice !== undefined && { price: consumptionPrice }),
      ...(irradiance !== undefined && { irradiance }),
      ...(temperature !== undefined && { temperature }),
      ...(loadControl !== undefined && { loadControl }),
      ...(demandResponse !== undefined && { demandResponse }),
    },
    productionPriceShare: site.productionPriceFactor ?? 0.6,
    demandResponseShares: settings.demandResponseLevels.map((percent) => percent / 100),
    ...(site.maxConsumptionKw !== undefined && { maxConsumption: kilowatts(site.maxConsumptionKw) }),
    ...(site.maxProductionKw !== undefined && { maxProduction: kilowatts(site.maxProductionKw) }),
    author: settings.author,
  }
}

function checkReferences(territory: Territory): void {
  const names = new Set(territory.assets.map((asset) => asset.name))
  const devices = new Set(territory.devices.map((device) => device.id))
  const refuse = (message: string, hint: string): never => {
    throw new Problem('config-territory', message, { status: 422, hint })
  }
  for (const device of territory.devices)
    if (!names.has(device.asset))
      refuse(
        `Device ${device.id} names the asset '${device.asset}', which is not in the list of assets.`,
        'Add the asset, or correct the name.',
      )
  if (devices.size < territory.devices.length)
    refuse('Two devices of the territory have the same id.', 'Give each device an id of its own.')
  for (const vehicle of territory.vehicles ?? []) {
    if (!names.has(vehicle.asset))
      refuse(
        `Vehicle ${vehicle.id} names the asset '${vehicle.asset}', which is not in the list of assets.`,
        'Add the asset, or correct the name.',
      )
    if (vehicle.home !== undefined && !devices.has(vehicle.home))
      refuse(`Vehicle ${vehicle.id} has its home at '${vehicle.home}', which is no device.`, 'Name one of the chargers.')
  }
}

const flexContext = ({ site }: Territory): Record<string, unknown> => ({
  ...(site.roles.consumptionPrice !== undefined && { 'consumption-price': { sensor: site.roles.consumptionPrice } }),
  ...(site.maxConsumptionKw !== undefined && { 'site-consumption-capacity': `${site.maxConsumptionKw} kW` }),
  ...(site.maxProductionKw !== undefined && { 'site-production-capacity': `${site.maxProductionKw} kW` }),
})

/** Graphs of a new site: its price and its weather. Without titles, so that they read in every language. */
function shownAtFirst({ site: { roles } }: Territory): { title: string; plots: { sensors: number[] }[] }[] {
  const groups = [[roles.consumptionPrice], [roles.irradiance, roles.temperature]]
  return groups
    .map((group) => group.filter((sensor) => sensor !== undefined))
    .filter((group) => group.length > 0)
    .map((sensors) => ({ title: '', plots: [{ sensors }] }))
}

const flexModel = (device: Territory['devices'][number]): Record<string, unknown> =>
  device.kind === 'battery'
    ? {
        'power-capacity': `${device.nominalKw} kW`,
        ...(device.minSocKwh !== undefined && { 'soc-min': `${device.minSocKwh} kWh` }),
        ...((device.maxSocKwh ?? device.capacityKwh) !== undefined && { 'soc-max': `${device.maxSocKwh ?? device.capacityKwh} kWh` }),
        ...(device.sensors.soc !== undefined && { 'state-of-charge': { sensor: device.sensors.soc } }),
      }
    : {}

async function place(tx: Queryable, account: number, parent: number | null, asset: Omit<TerritoryAsset, 'sensors'>): Promise<number> {
  const there = await tx.first<{ id: number }>(
    'select id from generic_asset where name = $1 and account_id = $2 and parent_asset_id is not distinct from $3',
    [asset.name, account, parent],
  )
  if (there) return there.id
  const type =
    (await tx.first<{ id: number }>('select id from generic_asset_type where name = $1', [asset.type]))?.id ??
    (await idOf(tx, 'insert into generic_asset_type (name, description) values ($1, $1) returning id', [asset.type]))
  return idOf(
    tx,
    'insert into generic_asset (name, account_id, parent_asset_id, generic_asset_type_id, latitude, longitude, attributes) values ($1, $2, $3, $4, $5, $6, $7) returning id',
    [
      asset.name,
      account,
      parent,
      type,
      asset.latitude ?? null,
      asset.longitude ?? null,
      asJson({ ...(asset.town && { town: asset.town }), ...asset.attributes }),
    ],
  )
}

async function measure(tx: Queryable, asset: number, timezone: string, sensor: TerritorySensor): Promise<number> {
  const known = await tx.first<{ id: number }>('select id from sensor where generic_asset_id = $1 and name = $2', [asset, sensor.name])
  if (known) return known.id
  if (sensor.id !== undefined && (await tx.first('select from sensor where id = $1', [sensor.id])))
    throw new Problem(
      'sensor-id-taken',
      `Sensor id ${sensor.id}, wanted for '${sensor.name}', belongs to another sensor of this database.`,
      {
        status: 409,
        hint: 'Leave the id out, or use an empty database.',
      },
    )
  return idOf(
    tx,
    `insert into sensor (id, name, unit, timezone, event_resolution, knowledge_horizon_fnc, knowledge_horizon_par, attributes, generic_asset_id)
     values (coalesce($1, nextval(pg_get_serial_sequence('sensor', 'id'))), $2, $3, $4, make_interval(secs => $5), 'ex_post', '{"ex_post_horizon": "P0D"}', $6, $7) returning id`,
    [
      sensor.id ?? null,
      sensor.name,
      sensor.unit,
      timezone,
      durationLength(parseDuration(sensor.resolution)) / 1000,
      asJson(sensor.attributes ?? {}),
      asset,
    ],
  )
}

async function enlist(tx: Queryable, asset: number, device: Territory['devices'][number], model: Record<string, unknown>): Promise<void> {
  const identity =
    device.bus === 'modbus' && device.host !== undefined ? `${device.host}:${device.port ?? 502}/${device.unit ?? 1}` : device.id
  await tx.query(
    `insert into cariflex.device (id, asset, kind, bus, identity, definition) values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update set asset = excluded.asset, identity = excluded.identity, definition = excluded.definition`,
    [device.id, asset, device.kind, device.bus, identity, asJson(withoutPassword(device))],
  )
  await tx.query("update generic_asset set flex_model = $2 where id = $1 and flex_model = '{}'", [asset, asJson(model)])
}

async function assetIds(tx: Queryable, site: number): Promise<Record<string, number>> {
  const rows = await tx.query<{ id: number; name: string }>('select id, name from generic_asset where parent_asset_id = $1', [site])
  return Object.fromEntries(rows.map((row) => [row.name, row.id]))
}

async function idOf(tx: Queryable, sql: string, params: unknown[]): Promise<number> {
  const row = await tx.first<{ id: number }>(sql, params)
  return row!.id
}
