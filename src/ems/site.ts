/** A site as the EMS sees it: its devices, sensors and agreed limits. Plain data, loaded from the asset tree or written by hand in tests. */
import type { WattHours, Watts } from '#kernel'

export interface SiteDevice {
  /** Identity on its bus and in orders: 'BAT001'. */
  device: string
  asset: number
  name: string
  kind: 'pv' | 'battery' | 'evse' | 'vehicle' | 'load'
  /** Largest charging power (battery, charger) or peak power (PV). */
  nominal: Watts
  /** Power sensor; vehicles have none. */
  power?: number
  /** State-of-charge sensor of batteries and vehicles. */
  soc?: number
  capacity?: WattHours
  latitude?: number
  longitude?: number
}

export interface Site {
  asset: number
  name: string
  zone: string
  currency: string
  latitude: number
  longitude: number
  devices: SiteDevice[]
  sensors: {
    price?: number
    productionPrice?: number
    irradiance?: number
    temperature?: number
    /** Percent of flexible charging power that may be consumed. */
    loadControl?: number
    /** 0 … 3. */
    demandResponse?: number
  }
  /** Production price as a share of the consumption price when it has no sensor of its own. */
  productionPriceShare: number
  /** Share of flexible consumption allowed at demand response level 0, 1, 2, 3. */
  demandResponseShares: readonly number[]
  /** Agreed import and export of the whole site. */
  maxConsumption?: Watts
  maxProduction?: Watts
  /** Name of the data sources that plans and forecasts are filed under. */
  author: string
}

/** Devices that can shift consumption: batteries, chargers, steerable loads. */
export const flexibleDevices = (site: Site): SiteDevice[] =>
  site.devices.filter((device) => device.kind === 'battery' || device.kind === 'evse' || device.kind === 'load')

/** Sum of the nominal charging powers of the flexible devices, W: what 100 % on the load control sensor means. */
export const flexibleNominal = (site: Site): Watts => flexibleDevices(site).reduce((sum, device) => sum + device.nominal, 0) as Watts
