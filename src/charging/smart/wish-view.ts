/** Wishes of sessions and the page of an EVSE as people see them: kWh, times of the site, price first. Pure. */
import { formatInstant, type Instant } from '#kernel'
import type { Plugged } from '../station.ts'
import { energyOf } from '../transaction.ts'
import type { Feasibility } from './feasibility.ts'
import type { SessionWish } from './session-wish.ts'

/** A wish as people say it. */
export interface WishInput {
  energyKwh?: number
  socPercent?: number
  by?: Instant
  maxCost?: number
  solarOnly?: boolean
  priority?: boolean
  discharge?: boolean
}

export interface WishView {
  session: string
  station: string
  evse: number
  wish: { [Key in keyof WishInput]: Key extends 'by' ? string : WishInput[Key] }
  /** Whether the driver said it; otherwise it is what the car or its habits say. */
  said: boolean
  feasible: boolean
  energyKwh: number
  reachableKwh: number
  missingKwh: number
  by: string
  ready: string | null
  cost: number | null
  currency: string
  uncertain: boolean
  /** Price first. */
  reasons: string[]
}

export interface DriverPage {
  /** First what it costs. */
  price: { text: { fr: string; en: string } | null; perKwh: number | null; currency: string; soFar: number | null }
  station: string
  name: string
  evse: number
  online: boolean
  plugged: boolean
  session: {
    startedAt: string
    energyKwh: number
    powerKw: number | null
    socPercent: number | null
    authorized: boolean
  } | null
  /** What the charger does now and why. */
  now: { kw: number; because: string; until: string } | null
  wish: WishView | null
}

export const kilo = (value: number) => Math.round(value) / 1000

export const shown = ({ feasible, reachable, missing, cost, uncertain, reasons }: Feasibility) => ({
  feasible,
  reachableKwh: kilo(reachable),
  missingKwh: kilo(missing),
  cost: cost ?? null,
  uncertain,
  reasons,
})

export function sayWish(wish: SessionWish, zone: string): WishView['wish'] {
  const { energy, soc, by, maxCost, solarOnly, priority, discharge } = wish
  return {
    ...(energy === undefined ? {} : { energyKwh: kilo(energy) }),
    ...(soc === undefined ? {} : { socPercent: soc }),
    ...(by === undefined ? {} : { by: formatInstant(by, zone) }),
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(solarOnly === undefined ? {} : { solarOnly }),
    ...(priority === undefined ? {} : { priority }),
    ...(discharge === undefined ? {} : { discharge }),
  }
}

export const sessionOf = ({ transaction, sample, soc }: Plugged, zone: string): NonNullable<DriverPage['session']> => ({
  startedAt: formatInstant(transaction.startedAt ?? transaction.firstAt, zone),
  energyKwh: kilo(energyOf(transaction.imported)),
  powerKw: sample?.power === undefined ? null : kilo(sample.power),
  socPercent: soc?.percent ?? null,
  authorized: transaction.tokenStatus === 'Accepted',
})
