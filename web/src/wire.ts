/** Shapes of `/api/cariflex/v1` as this UI reads them. Powers kW (consumption positive), energies kWh, times ISO 8601 with offset. */
import type { Face } from './theming.ts'

export type Kind = 'pv' | 'battery' | 'evse' | 'vehicle' | 'weather' | 'grid' | 'site'
export type Freshness = 'fresh' | 'late' | 'silent'
export type Rung = 'safety' | 'grid' | 'contract' | 'override' | 'plan'
export type Outcome = 'obeyed' | 'clipped' | 'refused' | 'silent'

export interface User {
  id: number
  email: string
  username: string
  account: { id: number; name: string } & Partial<Face>
  roles: string[]
  /** What a sign-in takes beside the password. */
  secondFactor?: 'mail' | null
}

export interface Site {
  asset: number
  name: string
  timezone: string
  currency: string
  latitude: number
  longitude: number
  demo: boolean
  platformName: string
  version: string
  now: string
  maxConsumptionKw?: number | null
  maxProductionKw?: number | null
}

export interface Receipt {
  outcome: Outcome
  powerKw?: number | null
  at: string
  why?: string | null
}

export interface Order {
  device: string
  asset: number
  powerKw: number
  at?: string
  until: string
  because: string
  rung: Rung
  receipt: Receipt | null
}

export interface Live {
  powerKw?: number | null
  socKwh?: number | null
  at?: string | null
  freshness: Freshness
  controllable?: boolean
  why?: string | null
  plugged?: string | null
  simulated?: boolean
}

export interface Asset {
  asset: number
  device: string | null
  name: string
  kind: Kind
  town?: string | null
  latitude?: number | null
  longitude?: number | null
  sensors: Record<string, number>
  nominalKw?: number | null
  capacityKwh?: number | null
  live: Live
  order: Order | null
}

export interface LiveNews {
  assets: { asset: number; powerKw?: number | null; socKwh?: number | null; at?: string | null; freshness?: Freshness }[]
}

export type SeriesKey = 'measured' | 'forecast' | 'plan' | 'soc' | 'soc-plan' | 'price'
export interface Series {
  key: SeriesKey
  sensor: number
  name: string
  unit: string
  values: (number | null)[]
}
export interface SeriesSet {
  start: string
  step: string
  series: Series[]
}

export interface PlannedDevice {
  device: string
  asset: number
  sensor: number
  powerKw: number[]
  freePowerKw?: number[] | null
  socKwh?: number[] | null
  reasons: { from: number; to: number; because: string }[]
}
export interface BrokenWish {
  device: string
  asset: number
  name: string
  at: string
  missingKwh: number
  because: string
}
export interface Plan {
  id: string
  site: number
  madeAt: string
  start: string
  /** Slot length: milliseconds or an ISO duration. */
  step: number | string
  slots: number
  devices: PlannedDevice[]
  inflexibleKw: number[]
  consumptionPrice: number[]
  productionPrice: number[]
  currency: string
  objective: number
  bound: number | null
  gap: number | null
  solver: string
  solveMs: number
  brokenWishes: BrokenWish[]
  trigger: string
  fallback?: string | null
  /** What must be known of the prices and of the solver. */
  notes?: string[]
}

export interface Limit {
  id: string
  asset: number
  rung: Exclude<Rung, 'plan'>
  from: string
  until: string
  because: string
  maxKw?: number | null
  minKw?: number | null
  scope: 'device' | 'flexible-consumption' | 'site-net'
  origin: string
}

export interface Override {
  id: string
  device: string
  powerKw: number
  from?: string
  until: string
  because?: string | null
  owner?: string | null
}

export interface Alarm {
  id: string
  asset: number
  code: string
  message: string
  since: string
  active: boolean
}

export interface Skill {
  sensor: number
  asset: number
  name: string
  model: string
  day: string
  rmse: number
  rmsePersistence: number
  skill: number
  unit: string
  n: number
}

export interface Transaction {
  id: string
  startedAt: string
  energyKwh?: number | null
  powerKw?: number | null
  socPercent?: number | null
  token?: string | null
  chargingState?: string | null
  vehicle?: string | null
}
export interface Station {
  identity: string
  asset: number | null
  device: string | null
  name: string
  /** 'parked': it knocked, but nobody has registered it yet. */
  state?: 'registered' | 'parked'
  online: boolean
  lastSeen?: string | null
  version?: string | null
  vendor?: string | null
  model?: string | null
  firmware?: string | null
  evses: { id: number; connectorStatus: string | null; transaction: Transaction | null }[]
  limit: { kw: number; rung: Rung; because: string; until: string | null } | null
}
export interface Utterance {
  id: string | number
  at: string
  direction: 'in' | 'out'
  kind: string
  action?: string | null
  message?: string | null
  payload?: unknown
  took?: number | null
}
export interface CommandAnswer {
  status: string
  payload?: unknown
  took?: number | null
}

export interface World {
  /** ISO time or milliseconds. */
  now: string | number
  cloudCover: number
  frozen: boolean
  vehicles: { id: string; asset?: number; plugged: string | null; socPercent?: number | null; departure?: string | number | null }[]
  devices: { id: string; fault: boolean; connected: boolean }[]
  stations: SimulatedStation[]
}
export interface SimulatedStation {
  id: string
  version: string
  phases: number
  nominalKw: number
  connected: boolean
  fault: boolean
  /** Id of the plugged car. */
  plugged: string | null
  connector: string
  powerKw: number
  limitKw: number
  session: boolean
  /** Added by hand: it may be taken out. */
  guest: boolean
}
