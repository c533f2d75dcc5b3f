/**
 * Profiles of an upstream beside ours on one station. Ids: those that we use ourselves are moved out of the way. Stack levels: our orders lie
 * on top, and are capped by what the upstream allows; the upstream's other profiles lie above our standing ones, and are cut to them. So the
 * lower of both limits holds, whoever laid his last. Pure.
 */
import type { Instant } from '#kernel'
import {
  type CompositePeriod,
  compositeSchedule,
  type Installed,
  OCPP16,
  type OcppVersion,
  type Payload,
  type Profile,
  profileFrom16,
} from '#protocols/ocpp'
import { PROFILE } from '../order.ts'

/** Ids 1 to so many may be ours. */
const OURS = 32
/** Ids k·1000 + 1…32 of the upstream are called (k+1)·1000 + 1…32 on the station; no two meet, and the others stay as they are. */
const STRIDE = 1000
/** The highest stack level of a station that does not say. */
const USUAL_TOP = 3

const isMoved = (id: number) => id > 0 && id % STRIDE >= 1 && id % STRIDE <= OURS
/** How an upstream's profile is called on the station. */
export const idBelow = (id: number): number => (isMoved(id) ? id + STRIDE : id)
/** The upstream's name of a profile on the station; undefined: it is ours. */
export const idAbove = (id: number): number | undefined => (!isMoved(id) ? id : id > STRIDE ? id - STRIDE : undefined)

const isStanding = (purpose: string) => purpose !== 'TxProfile'

/** Where an upstream's profile lies; `top`: the station's highest level. */
export function levelBelow(level: number, purpose: string, top = USUAL_TOP): number {
  const highest = Math.max(isStanding(purpose) ? 1 : 0, top - 2)
  return Math.min(isStanding(purpose) ? level + 1 : level, highest)
}

/** Our orders lie above everything of the upstream's; our standing profiles at the bottom. */
export const ownLevel = (id: number, level: number, top = USUAL_TOP): number =>
  id <= PROFILE.safeDefault ? level : Math.max(level, top - 1 + level)

type Periods = { limit?: number; numberPhases?: number }[]
interface Schedule {
  chargingRateUnit: 'A' | 'W'
  chargingSchedulePeriod: Periods
}

/** What our standing limits allow, A per phase. */
export interface Standing {
  installation: number
  safe: number
  voltage: number
  phases: number
}

const cut = (
  { chargingRateUnit, chargingSchedulePeriod, ...rest }: Schedule,
  amperes: number,
  { voltage, phases }: Standing,
): Schedule => ({
  ...rest,
  chargingRateUnit,
  chargingSchedulePeriod: chargingSchedulePeriod.map((period) => {
    if (period.limit === undefined) return period
    const most = chargingRateUnit === 'A' ? amperes : Math.floor(amperes * voltage * (period.numberPhases ?? phases))
    return { ...period, limit: Math.min(period.limit, most) }
  }),
})

/** A SetChargingProfile of the upstream as the station gets it, and the profile as it is kept. */
export function setBelow(version: OcppVersion, payload: Payload, top: number | undefined, standing: Standing) {
  const is16 = version === OCPP16
  const key = is16 ? 'csChargingProfiles' : 'chargingProfile'
  const given = payload[key] as Payload
  const profile = (is16 ? profileFrom16(given as never) : given) as unknown as Profile
  const evseId = Number(payload[is16 ? 'connectorId' : 'evseId'] ?? 0)
  const purpose = profile.chargingProfilePurpose
  const amperes =
    purpose === 'TxDefaultProfile' ? standing.safe : purpose === 'ChargingStationMaxProfile' ? standing.installation : undefined
  const bounded = (schedule: unknown) => (amperes === undefined ? schedule : cut(schedule as Schedule, amperes, standing))
  const schedules = given['chargingSchedule']
  const laid = {
    ...given,
    [is16 ? 'chargingProfileId' : 'id']: idBelow(profile.id),
    stackLevel: levelBelow(profile.stackLevel, purpose, top),
    chargingSchedule: Array.isArray(schedules) ? schedules.map(bounded) : bounded(schedules),
  }
  return { installed: { evseId, profile } as Installed, payload: { ...payload, [key]: laid } as Payload }
}

/** Our own SetChargingProfile: orders go to the top. */
export function setOwn(version: OcppVersion, payload: Payload, top: number | undefined): Payload {
  const key = version === OCPP16 ? 'csChargingProfiles' : 'chargingProfile'
  const profile = payload[key] as Payload
  const id = Number(profile[version === OCPP16 ? 'chargingProfileId' : 'id'])
  return { ...payload, [key]: { ...profile, stackLevel: ownLevel(id, Number(profile['stackLevel']), top) } } as Payload
}

/** Our own ClearChargingProfile by its place: orders were laid at the top. */
export function clearOwn(payload: Payload, top: number | undefined): Payload {
  const criteria = payload['chargingProfileCriteria'] as Payload | undefined
  const place = criteria ?? payload
  const { stackLevel: level, chargingProfilePurpose: purpose } = place
  if (typeof level !== 'number' || (purpose !== 'TxProfile' && level === 0)) return payload
  const moved = { ...place, stackLevel: ownLevel(PROFILE.order(1), level, top) }
  return criteria ? { ...payload, chargingProfileCriteria: moved } : moved
}

/** What the upstream's profiles allow on an EVSE in a window, in steps; undefined: they limit nothing. */
export function periodsAbove(
  profiles: readonly Installed[],
  version: OcppVersion,
  evseId: number,
  window: { from: Instant; until: Instant; unit: 'A' | 'W'; transactionStart?: Instant | undefined; voltage: number; phases: number },
): CompositePeriod[] | undefined {
  const { from, until, unit, transactionStart, voltage, phases } = window
  if (profiles.length === 0) return undefined
  return compositeSchedule({
    ...{ profiles, evseId, from, until, unit, phases },
    version: version === OCPP16 ? '1.6' : version === 'ocpp2.1' ? '2.1' : '2.0.1',
    ...(transactionStart === undefined ? { simulateTransaction: true } : { transactionStart }),
    nominalVoltage: voltage,
    defaultLimit: UNBOUNDED * 1000,
  })
}

/** W, or A, above any supply: a limit as high as this limits nothing. */
export const UNBOUNDED = 1e6
