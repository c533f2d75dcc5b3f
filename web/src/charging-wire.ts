/** Shapes of the charging room of `/api/cariflex/v1`: sessions, commands, variables, certificates, badges, tariffs, wishes. Energies kWh, times ISO 8601. */
import type { Limit, Rung, Station } from './wire.ts'

export const STANDINGS = ['fault', 'offline', 'parked', 'busy', 'free'] as const
/** What a station does, in one word. */
export type Standing = (typeof STANDINGS)[number]
export interface StationPlace {
  identity: string
  standing: Standing
  latitude: number
  longitude: number
}
export interface StationSurvey {
  stations: (Station & { alarm: boolean })[]
  /** Of all that were found. */
  total: number
  counts: Record<Standing, number>
  models: string[]
  places?: StationPlace[]
}
export interface StationWhole extends Station {
  serial?: string | null
  boot?: string | null
  nominalKw?: number
  phases?: number
  variables?: number
  /** A sentence while it draws more than it may. */
  disobedience?: string | null
}
export interface PowerLadder {
  evse: number
  /** What is ordered, then what keeps the power down whatever is ordered. */
  steps: { what: string; kw: number; rung?: Rung; because?: string; until?: string }[]
  binds: string
  measuredKw: number | null
  measuredAt: string | null
  plugged: boolean
  limits: (Limit & { ofSite: boolean })[]
}
export interface Session {
  station: string
  id: string
  evse: number | null
  token: string | null
  startedAt: string
  endedAt: string | null
  stoppedReason: string | null
  energyKwh: number
  exportedKwh: number
  chargingState: string | null
  complete: boolean
  flags: string[]
}
export interface SessionEvent {
  seqNo: number
  type: string
  trigger: string
  at: string
  offline: boolean
  payload: Record<string, unknown>
}
export interface Sample {
  at: string
  kw: number | null
  soc: number | null
}
export interface Amount {
  excl_vat: string
  incl_vat: string
}
export interface Bill {
  currency: string
  total: Amount | null
  lines: (Amount & { dimension: string; quantity: string; price: string | null; vat: string | null; why: string; tariff_id?: string })[]
  issues: string[]
}
export interface TariffShown {
  tariff: Tariff
  said: { fr: string; en: string }
}
export interface Tariff {
  id: string
  currency: string
  elements: TariffElement[]
  [field: string]: unknown
}
export interface TariffElement {
  price_components: { type: string; price: number; vat?: number; step_size?: number }[]
  restrictions?: Record<string, unknown>
}
export interface TariffChoice {
  scope: 'all' | 'station' | 'evse' | 'token'
  key: string
  tariff: string | null
}
export interface SentCommand {
  id: number
  action: string
  payload: unknown
  by: string | null
  at: string
  status: string
  answer: Record<string, unknown> | null
  took: number | null
  effect: Record<string, unknown> | null
  effectAt: string | null
}
export interface Variable {
  key: string
  component: string
  variable: string
  evse: number | null
  value: string | null
  mutability: string | null
  dataType: string | null
  unit: string | null
  valuesList: string | null
}
export interface Badge {
  token: string
  type: string | null
  status: string
  nickname: string | null
  group: string | null
  master: boolean
  vehicle: number | null
  places: string[] | null
  validUntil: string | null
  language: string | null
  message: string | null
  cacheSeconds: number | null
  local: boolean
  concurrent: boolean
  lastUsedAt: string | null
}
export interface UnknownBadge {
  token: string
  type: string
  station: string
  firstAt: string
  lastAt: string
  times: number
}
export interface ProfileSchedule {
  unit: string
  start: string | null
  duration: number | null
  periods: { startPeriod: number; limit?: number; setpoint?: number }[]
}
export interface StationProfile {
  evse: number
  id: number
  purpose: string
  kind: string
  stack: number
  transaction: string | null
  schedules: (ProfileSchedule & { id: number })[]
}
export interface LaidProfile extends StationProfile {
  at: string
  until: string | null
  status: string
  reason: string | null
  deviation: string | null
  heldKw: number | null
}
/** The profiles on a station: ours, those it told when it was asked last, and what it makes of them. */
export interface StationProfiles {
  evse: number
  laid: LaidProfile[]
  told: { at: string; profiles: (StationProfile & { source: string; ours: boolean })[] } | null
  composite: (ProfileSchedule & { at: string; evse: number }) | null
}
export interface Card {
  vendor: string
  model: string
  protocol: string
  card: {
    units: string[]
    maxPeriods: number
    maxStackLevel?: number
    maxProfiles?: number
    phaseSwitching: boolean
    step: number
    minCurrent: number
    negative: boolean
    dynamic: boolean
  }
  learned: { form?: string; deaf?: string[]; clearFirst?: boolean; readsBack?: boolean }
  said: Record<string, unknown>
}
/** What is wanted of a session, and whether it will be. */
export interface Judged {
  said: boolean
  wish: WishBody
  feasible: boolean
  energyKwh: number
  reachableKwh: number
  missingKwh: number
  by: string
  ready: string | null
  cost: number | null
  currency: string
  uncertain: boolean
  /** Sentences, price first. */
  reasons: string[]
}
export interface WishBody {
  energyKwh?: number
  socPercent?: number
  by?: string
  maxCost?: number
  solarOnly?: boolean
  priority?: boolean
  discharge?: boolean
}
/** A model of stations: how many there are, and the card of one of them, which is that of all. */
export interface ModelCard extends Card {
  station: string
  count: number
  online: number
  firmware: string[]
  /** What of its messages is mended. */
  quirks: string[]
}
export type CampaignStationState = 'waiting' | 'sent' | 'done' | 'failed'
export interface Campaign {
  id: number
  name: string
  firmware: { url?: string; file?: number; installAt?: string }
  state: 'running' | 'stopped' | 'done'
  /** From 0. */
  wave: number
  waves: number
  startsAt: string
  mostFailures: number
  by: string | null
  askedAt: string
  counts: Record<CampaignStationState, number>
}
export interface CampaignWhole extends Campaign {
  stations: {
    station: string
    wave: number
    state: CampaignStationState
    status: string | null
    tries: number
    said: string | null
    changedAt: string
  }[]
}
