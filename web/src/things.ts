/** Assets and sensors as `/api/v3_0` shows them, and what the signed-in user may do with them. */
import type { IconName } from './parts/icon.tsx'
import type { User } from './wire.ts'

export interface AssetType {
  id: number
  name: string
  description?: string | null
}
export interface ThingLine {
  id: number
  name: string
  account_id: number | null
  owner: { id: number; name: string } | null
  generic_asset_type: AssetType
  parent_asset_id: number | null
}
export interface Thing extends ThingLine {
  description: string | null
  latitude: number | null
  longitude: number | null
  external_id: string | null
  child_assets: { id: number; name: string; account_id: number | null; generic_asset_type: AssetType }[]
  sensors: { id: number; name: string }[]
  /** JSON in strings, as FlexMeasures writes them: read with {@link parsed}. */
  attributes: string
  sensors_to_show: string
  sensors_to_show_as_kpis: string
  flex_context: string
  flex_model: string
}
export interface Sensor {
  id: number
  name: string
  unit: string
  timezone: string
  event_resolution: string
  entity_address?: string
  attributes: string
  generic_asset_id: number
}

/** The fields of a {@link ThingLine}, for a list that stays small. */
export const LINE_FIELDS = 'id|name|account_id|owner|generic_asset_type|parent_asset_id'

export function parsed<T>(text: string | undefined | null, fallback: T): T {
  if (!text) return fallback
  try {
    return (JSON.parse(text) as T) ?? fallback
  } catch {
    return fallback
  }
}

const runs = (user: User, account: number | null): boolean =>
  account !== null && (user.roles.includes('consultant') || (user.roles.includes('account-admin') && user.account.id === account))

/** As reference 1.5 has it; the platform decides, this only keeps what would be refused off the screen. */
export function mayOn(user: User, account: number | null) {
  const admin = user.roles.includes('admin')
  const member = account !== null && user.account.id === account && !user.roles.includes('admin-reader')
  return {
    /** Add below it, send data, ask for plans and forecasts, note. */
    add: admin || member || runs(user, account),
    change: admin || member || runs(user, account),
    remove: admin || runs(user, account),
    changeSensor: admin || runs(user, account),
  }
}

/** May command stations. */
export const steers = (user: User): boolean => user.roles.includes('admin') || user.roles.includes('account-admin')

/** May act on the site at all: set powers, post limits, play with the simulated world. Readers of everything only look. */
export const acts = (user: User): boolean => steers(user) || !user.roles.includes('admin-reader')

/** May found an asset at the top of an account. */
export const foundsAssets = (user: User): boolean => ['admin', 'account-admin', 'consultant'].some((role) => user.roles.includes(role))

const ICONS: Record<string, IconName> = {
  solar: 'pv',
  battery: 'battery',
  'one-way_evse': 'evse',
  'two-way_evse': 'vehicle',
  building: 'site',
  site: 'site',
  wind: 'weather',
  process: 'settings',
  'heat-storage': 'battery',
}
const LOOKS: Record<string, string> = {
  solar: 'pv',
  battery: 'battery',
  'one-way_evse': 'evse',
  'two-way_evse': 'vehicle',
  'heat-storage': 'battery',
  building: 'site',
  site: 'site',
}
/** Icon and colour of a type of asset; a type of one's own looks like the weather does. */
export const lookOf = (type: string): { icon: IconName; look: string } => ({
  icon: ICONS[type] ?? (/weather/i.test(type) ? 'weather' : /grid|price|market/i.test(type) ? 'grid' : 'assets'),
  look: LOOKS[type] ?? (/grid|price|market/i.test(type) ? 'grid' : 'weather'),
})
