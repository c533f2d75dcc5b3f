/**
 * A charging profile as this house handles it, whatever the version: the form of OCPP 2.1, of which a profile of 2.0.1 is a part; those of 1.6
 * are read and written here (charging reference 2.9, 2.11, 2.12).
 */
import type { SetChargingProfileRequest as Set16 } from './v16.gen.ts'
import type {
  ChargingProfileType as Profile,
  ChargingProfilePurposeEnumType as ProfilePurpose,
  ChargingScheduleType as Schedule,
  ChargingSchedulePeriodType as SchedulePeriod,
} from './v21.gen.ts'
import type { ChargingProfileType as Profile201 } from './v201.gen.ts'

export type { Profile, ProfilePurpose, Schedule, SchedulePeriod }
export type Profile16 = Set16['csChargingProfiles']
export type ProfileVersion = '1.6' | '2.0.1' | '2.1'

/** A charging profile where it is installed; evseId 0 is the station as a whole. Of 2.0.1 unless said. */
export interface InstalledProfile<P extends Profile = Profile201> {
  evseId: number
  profile: P
}
/** Of any version. */
export type Installed = InstalledProfile<Profile>

/** A profile of 1.6 in the common form; what 1.6 calls a connector is an EVSE there. */
export function profileFrom16(given: Profile16): Profile {
  const { chargingProfileId, transactionId, chargingProfilePurpose, chargingSchedule, ...same } = given
  return {
    ...same,
    id: chargingProfileId,
    chargingProfilePurpose: chargingProfilePurpose === 'ChargePointMaxProfile' ? 'ChargingStationMaxProfile' : chargingProfilePurpose,
    ...(transactionId === undefined ? {} : { transactionId: String(transactionId) }),
    chargingSchedule: [{ id: chargingProfileId, ...chargingSchedule }],
  }
}

/** Limits of 1.6 have one decimal; less than ordered, never more. */
const tenth = (value: number): number => {
  const tenths = value * 10
  // 16.1 × 10 is a hair above 161, 0.3 × 10 a hair below 3.
  const near = Math.round(tenths)
  return (Math.abs(tenths - near) < 1e-6 ? near : Math.trunc(tenths)) / 10 || 0
}

/**
 * The profile in the form of 1.6; undefined where 1.6 cannot say it: other purposes or kinds, several schedules, set-points, phases by name,
 * transaction ids that are no numbers. Limits are rounded towards 0 to a tenth.
 */
export function profileTo16(profile: Profile): Profile16 | undefined {
  const { chargingProfilePurpose: purpose, chargingProfileKind: kind, chargingSchedule, transactionId } = profile
  const [schedule, ...more] = chargingSchedule
  if (!schedule || more.length > 0 || kind === 'Dynamic') return undefined
  if (purpose !== 'ChargingStationMaxProfile' && purpose !== 'TxDefaultProfile' && purpose !== 'TxProfile') return undefined
  const number = transactionId === undefined ? undefined : Number(transactionId)
  if (number !== undefined && !Number.isSafeInteger(number)) return undefined
  const periods: Profile16['chargingSchedule']['chargingSchedulePeriod'] = []
  for (const { startPeriod, limit, numberPhases, operationMode, phaseToUse, setpoint } of schedule.chargingSchedulePeriod) {
    if (limit === undefined || setpoint !== undefined || phaseToUse !== undefined || (operationMode ?? 'ChargingOnly') !== 'ChargingOnly')
      return undefined
    periods.push({ startPeriod, limit: tenth(limit), ...(numberPhases === undefined ? {} : { numberPhases }) })
  }
  return {
    chargingProfileId: profile.id,
    ...(number === undefined ? {} : { transactionId: number }),
    stackLevel: profile.stackLevel,
    chargingProfilePurpose: purpose === 'ChargingStationMaxProfile' ? 'ChargePointMaxProfile' : purpose,
    chargingProfileKind: kind,
    ...(profile.recurrencyKind === undefined ? {} : { recurrencyKind: profile.recurrencyKind }),
    ...(profile.validFrom === undefined ? {} : { validFrom: profile.validFrom }),
    ...(profile.validTo === undefined ? {} : { validTo: profile.validTo }),
    chargingSchedule: {
      ...(schedule.duration === undefined ? {} : { duration: schedule.duration }),
      ...(schedule.startSchedule === undefined ? {} : { startSchedule: schedule.startSchedule }),
      chargingRateUnit: schedule.chargingRateUnit,
      chargingSchedulePeriod: periods,
      ...(schedule.minChargingRate === undefined ? {} : { minChargingRate: tenth(schedule.minChargingRate) }),
    },
  }
}
