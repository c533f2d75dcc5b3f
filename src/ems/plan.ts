/** What the scheduler decided for a site: a power per device and slot, and why. Powers in kW, energies in kWh, consumption positive. */
import type { Instant } from '#kernel'
import type { ToldDevice, ToldFlow } from './scheduling/explanation.ts'
import type { MissCause } from './scheduling/wish.ts'

export interface PlannedDevice {
  device: string
  asset: number
  /** Numeric power sensor the plan is saved on. */
  sensor: number
  /** Power per slot, kW. */
  powerKw: number[]
  /** Power per slot of the same plan without grid limits, kW; only when a grid limit is in force or announced. */
  freePowerKw?: number[]
  /** Plants: what the sun is forecast to give per slot, kW (negative); the plan holds back the rest. */
  availableKw?: number[]
  /** Stock at slot ends, kWh (n values), with the value at the start before them. */
  socKwh?: number[]
  /** One sentence per run of slots: `[from slot, to slot), text`. */
  reasons: { from: number; to: number; because: string }[]
  /** What holds it, what stored energy is worth (currency per kWh), what more of it would bring. */
  explanation?: ToldDevice
}

/** A car that is away and usually comes: the plan keeps room for what it will need. */
export interface ExpectedCar {
  device: string
  asset: number
  arrives: Instant
  leaves: Instant
  needKwh: number
  /** What is kept for it per slot, kW. */
  powerKw: number[]
}

/** A wish that could not be met, by name and amount. */
export interface BrokenWish {
  device: string
  asset: number
  /** e.g. 'soc-minima' */
  name: string
  at: Instant
  missingKwh: number
  /** What stands in its way: power, absent, flexible-cap, site-limit, capacity, other-wish. */
  cause: MissCause
  /** 'V2G003: 16 kWh will be missing at 07:00: the charger gives 11 kW.' */
  because: string
}

export interface Plan {
  id: string
  site: number
  madeAt: Instant
  start: Instant
  /** Slot length, ms. */
  step: number
  slots: number
  devices: PlannedDevice[]
  /** Fixed profile under the flexible devices (PV, loads), kW per slot. */
  inflexibleKw: number[]
  consumptionPrice: number[]
  productionPrice: number[]
  currency: string
  /** The site and what devices share: marginal prices (currency per kWh), limits that bind, what one kW more of connection would bring. */
  explanation?: ToldFlow[]
  objective: number
  /** Proven: no plan costs less; null when nothing was proven. */
  bound: number | null
  /** (objective − bound) / |objective|; null when unknown. */
  gap: number | null
  solver: string
  solveMs: number
  brokenWishes: BrokenWish[]
  /** Cars the plan keeps room for. */
  expected?: ExpectedCar[]
  /** Why this plan was made: 'every 5 minutes', 'CP003: car arrived', … */
  trigger: string
  /** What a person must know about this plan, e.g. that prices were missing. */
  notes?: string[]
  /** Set when this plan is an older one kept because the solver gave none. */
  fallback?: string
}
