/** What the plan of a site is asked with: devices, prices, limits. Powers kW (consumption positive), energies kWh, prices per MWh. */
import type { Series } from './problem.ts'

/** A wish about the stock at the end of slot `slot` (0 = end of the first slot). */
export interface StockWish {
  slot: number
  kwh: number
  /** 'minimum': at least (a departure) · 'maximum': at most · 'target': exactly */
  kind: 'minimum' | 'maximum' | 'target'
  /** What missing it weighs, as a share of the usual; default 1. */
  weight?: number
}

export interface SiteStorage {
  /** Energy at the start, kWh. */
  kwh: number
  /** Wanted floor and hard ceiling, kWh. A floor above the present energy is approached as fast as possible. */
  minKwh: number
  maxKwh: number
  /** Default 1 and 1. */
  chargingEfficiency?: number
  dischargingEfficiency?: number
  /** Share left after one slot; default 1. */
  retention?: number
  /** Energy that goes in (> 0) or out (< 0) by itself, kW per slot: a trip while the car is away. */
  inflowKw?: Series
  wishes?: StockWish[]
}

export interface PlanDevice {
  id: string
  /** Power it can take per slot, consumption positive, kW: 0 and 0 while absent. Constant or one a slot. */
  minKw: Series
  maxKw: Series
  /** Absent: a load or producer without storage, free between its bounds (curtailable PV: minKw = -forecast, maxKw = 0). */
  storage?: SiteStorage
  /** Less power than this, kW, is of no use to it: where a plan would ask for so little, it asks for none. Default 0. */
  leastKw?: number
  /** Counts under the cap on flexible consumption; default true. */
  flexible?: boolean
  /** Who comes first when not all wishes fit: 1 before 2; default 1. Within a priority the worst served is served first. */
  priority?: number
  /** Cost of moving one MWh through it, either way (wear); default 0. */
  wearPrice?: number
  /** Power of the last plan at the same slots, kW (NaN where it had none); with `changePrice` the new plan keeps to it among equals. */
  previousKw?: Series
}

export interface SiteProblem {
  slots: number
  /** Slot length, ms. */
  step: number
  devices: PlanDevice[]
  /** Net power of everything not decided here, kW per slot (PV negative). */
  inflexibleKw: Series
  /** Currency per MWh, per slot. */
  consumptionPrice: Series
  productionPrice: Series
  /** Highest net consumption and production of the site, kW ≥ 0 (Infinity = none). Kept whenever the devices can. */
  importKw?: Series
  exportKw?: Series
  /** Highest sum of what flexible devices consume, kW ≥ 0 (Infinity = none): load control. Always kept. */
  flexibleConsumptionKw?: Series
  /** Currency per MWh of difference from `previousKw`; default 0. */
  changePrice?: number
}
