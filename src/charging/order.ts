/** From an order in watts to a charging profile and back (OCPP 2.0.1 K01, K08; charging reference 2.9). Pure. */
import { formatInstant, type Instant, instant, type Watts, watts } from '#kernel'
import type { ChargingProfileType } from '#protocols/ocpp'

/** Ids of our profiles: small and fixed, because some stations refuse ids above the number of profiles they can hold. */
export const PROFILE = { stationMax: 1, safeDefault: 2, order: (evse: number) => 2 + evse, priority: (evse: number) => 100 + evse } as const

/** 0 < I < 6 A cannot be signalled to a car (IEC 61851): such a limit pauses it, so say 0. */
export const SMALLEST_CURRENT = 6

export interface Wires {
  unit: 'A' | 'W'
  phases: number
  voltage: number
  /** Amperes that the station keeps in steps of; 0.1. */
  step?: number
  /** Amperes below which a car can only pause; 6. */
  least?: number
}

/** Limits in the unit of the wires from their moments on. */
export interface Level {
  at: Instant
  limit: number
}

/** The limit in the station's unit, rounded towards 0 so that an order is never exceeded: W whole, A per phase to its step (a tenth). */
export function limitOf(power: number, { unit, phases, voltage, step = 0.1, least = SMALLEST_CURRENT }: Wires): number {
  const smallest = least * voltage * phases
  if (power > 0 && power < smallest - 1e-6) return 0
  const parts = Math.round(1 / step)
  const exact = unit === 'W' ? power : (power / (voltage * phases)) * parts
  const whole = Math.trunc(exact + Math.sign(exact) * 1e-6)
  return (unit === 'W' ? whole : whole / parts) || 0
}

/** Watts that a limit means. */
export const powerOf = (limit: number, { unit, phases, voltage }: Wires): Watts => watts(unit === 'W' ? limit : limit * phases * voltage)

/** The standard's default is 3 phases; said only when it is another number. */
const period = (limit: number, phases: number) => ({ startPeriod: 0, limit, ...(phases === 3 ? {} : { numberPhases: phases }) })

/** A limit without end for the whole station: the floor that remains when the platform is lost, or what its cable can carry. */
export function standingProfile(
  purpose: 'TxDefaultProfile' | 'ChargingStationMaxProfile',
  amperes: number,
  wires: Wires,
  now: Instant,
): ChargingProfileType {
  const id = purpose === 'TxDefaultProfile' ? PROFILE.safeDefault : PROFILE.stationMax
  const limit = wires.unit === 'A' ? amperes : Math.floor(amperes * wires.voltage * wires.phases)
  return {
    id,
    stackLevel: 0,
    chargingProfilePurpose: purpose,
    chargingProfileKind: 'Absolute',
    chargingSchedule: [
      {
        id,
        startSchedule: zulu(instant(Math.floor((now - 60_000) / 1000) * 1000)),
        chargingRateUnit: wires.unit,
        chargingSchedulePeriod: [period(limit, wires.phases)],
      },
    ],
  }
}

/** UTC with 'Z': some stations read no other form. */
export const zulu = (at: Instant): string => formatInstant(at).replace('+00:00', 'Z')
