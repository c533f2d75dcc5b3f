/** Assets and sensors as this API shows them: objects as JSON in strings (reference 2.5). */
import type { Asset, Sensor } from '#ems'
import type { FlexMeasuresSettings } from '#kernel'
import { formatResolution } from './format.ts'

export const assetView = (asset: Asset) => ({
  id: asset.id,
  name: asset.name,
  description: asset.description,
  account_id: asset.account,
  owner: asset.account === null ? null : { id: asset.account, name: asset.accountName },
  latitude: asset.latitude,
  longitude: asset.longitude,
  generic_asset_type_id: asset.type.id,
  generic_asset_type: asset.type,
  attributes: JSON.stringify(asset.attributes),
  parent_asset_id: asset.parent,
  child_assets: asset.children.map((child) => ({
    id: child.id,
    name: child.name,
    account_id: child.account,
    generic_asset_type: child.type,
  })),
  sensors: asset.sensors,
  sensors_to_show: JSON.stringify(asset.sensorsToShow),
  flex_context: JSON.stringify(asset.flexContext),
  flex_model: JSON.stringify(asset.flexModel),
  sensors_to_show_as_kpis: JSON.stringify(asset.kpis),
  external_id: asset.externalId,
})

/** Names of what an asset shows. */
export const ASSET_FIELDS: ReadonlySet<string> = new Set([
  'id',
  'name',
  'description',
  'account_id',
  'owner',
  'latitude',
  'longitude',
  'generic_asset_type_id',
  'generic_asset_type',
  'attributes',
  'parent_asset_id',
  'child_assets',
  'sensors',
  'sensors_to_show',
  'flex_context',
  'flex_model',
  'sensors_to_show_as_kpis',
  'external_id',
] satisfies (keyof ReturnType<typeof assetView>)[])

/** `naming` begins its entity address. */
export const sensorView = (sensor: Sensor, naming: string) => ({
  id: sensor.id,
  name: sensor.name,
  unit: sensor.unit,
  timezone: sensor.timezone,
  event_resolution: formatResolution(sensor.resolution),
  entity_address: `${naming}:fm1.${sensor.id}`,
  attributes: JSON.stringify(sensor.attributes),
  generic_asset_id: sensor.asset,
})

/** How entity addresses begin here: `ea1.<month>.<host, reversed>` of the first host that is ours. */
export function namingOf({ hostsAndAuthStart }: Pick<FlexMeasuresSettings, 'hostsAndAuthStart'>): string {
  const [host, month] = Object.entries(hostsAndAuthStart)[0] ?? ['flexmeasures.io', '2021-01']
  return `ea1.${month}.${host.split('.').reverse().join('.')}`
}
