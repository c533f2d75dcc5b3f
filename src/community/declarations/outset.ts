// What is known where a wish is planned, and what comes of it.
import { ceilTo, DAY, type Instant, instant, MINUTE } from '#kernel'
import type { Charge, Comfort, Cycle } from '../planning/problem.ts'

export const SLOT = 15 * MINUTE
export const SLOTS = DAY / SLOT

export interface Outset {
  /** First instant of the plan, a boundary of a slot. */
  start: Instant
  /** IANA time zone of the homes. */
  zone: string
  /** Mean power per quarter of an hour of a machine: its learnt programme, or its default. */
  profileW?: readonly number[]
  /** When the appliance was last started. */
  lastStart?: Instant
  /** What a vehicle took since it was declared, by the plans. */
  takenWh?: number
  /** Quarters just before `start`, newest last: was the heater in comfort? */
  comfortBefore?: readonly boolean[]
}

/** Where a wish of now is planned: from the next slot on. */
export const outsetAt = (now: Instant, zone: string): Outset => ({ start: ceilTo(now, SLOT), zone })

export const endOf = ({ start }: Pick<Outset, 'start'>): Instant => instant(start + DAY)

type Unnamed<T> = Omit<T, 'id' | 'home' | 'type' | 'priority'>
export type Demand = Unnamed<Cycle> | Unnamed<Charge> | Unnamed<Comfort>

/** What the planner is asked for, or that there is nothing to place now; with what there is to say of it. */
export interface Asked {
  demand?: Demand
  says: string[]
}
