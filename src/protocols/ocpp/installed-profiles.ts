/** The profiles a station holds, as a value: install, clear and find (OCPP 2.0.1 K01, K09, K10). */
import type { InstalledProfile } from './composite-schedule.ts'
import type {
  ChargingLimitSourceEnumType,
  ChargingProfileCriterionType,
  ChargingProfileType,
  ClearChargingProfileRequest,
} from './v201.gen.ts'

/** With the profile installed; one of the same id is replaced wherever it was (K01.FR.05). */
export const withProfile = (installed: readonly InstalledProfile[], evseId: number, profile: ChargingProfileType): InstalledProfile[] => [
  ...installed.filter((one) => one.profile.id !== profile.id),
  { evseId, profile },
]

/**
 * Without the profiles that a ClearChargingProfile names: by id, else by every criterion given, all of them when none is.
 * External constraints stay: they belong to whoever set them (K10.FR.06).
 */
export function withoutProfiles(installed: readonly InstalledProfile[], request: ClearChargingProfileRequest): InstalledProfile[] {
  const { chargingProfileId: id, chargingProfileCriteria: criteria } = request
  return installed.filter(({ evseId, profile }) => {
    if (profile.chargingProfilePurpose === 'ChargingStationExternalConstraints') return true
    if (id !== undefined) return profile.id !== id
    return !(
      (criteria?.evseId === undefined || criteria.evseId === evseId) &&
      (criteria?.stackLevel === undefined || criteria.stackLevel === profile.stackLevel) &&
      (criteria?.chargingProfilePurpose === undefined || criteria.chargingProfilePurpose === profile.chargingProfilePurpose)
    )
  })
}

/** Who set a profile: external constraints come from the system operator, everything else from the CSMS. */
export const limitSourceOf = ({ profile }: InstalledProfile): ChargingLimitSourceEnumType =>
  profile.chargingProfilePurpose === 'ChargingStationExternalConstraints' ? 'SO' : 'CSO'

/** The profiles that a GetChargingProfiles asks for. */
export const matchingProfiles = (
  installed: readonly InstalledProfile[],
  criterion: ChargingProfileCriterionType,
  evseId?: number,
): InstalledProfile[] =>
  installed.filter(
    (one) =>
      (evseId === undefined || one.evseId === evseId) &&
      (criterion.chargingProfilePurpose === undefined || one.profile.chargingProfilePurpose === criterion.chargingProfilePurpose) &&
      (criterion.stackLevel === undefined || one.profile.stackLevel === criterion.stackLevel) &&
      (criterion.chargingProfileId === undefined || criterion.chargingProfileId.includes(one.profile.id)) &&
      (criterion.chargingLimitSource === undefined || criterion.chargingLimitSource.includes(limitSourceOf(one))),
  )
