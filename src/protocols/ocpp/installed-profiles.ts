/** The profiles a station holds, as a value: install, clear and find (OCPP 2.0.1 K01, K09, K10). */
import type { Installed, InstalledProfile, Profile, ProfileVersion } from './charging-profile.ts'
import type { ChargingLimitSourceEnumType, ChargingProfileCriterionType, ClearChargingProfileRequest } from './v201.gen.ts'

/**
 * With the profile installed; one of the same id is replaced wherever it was (K01.FR.05). In 1.6 one of the same purpose and stack level on
 * the same connector is replaced too, whatever its id.
 */
export const withProfile = <P extends Profile>(
  installed: readonly InstalledProfile<P>[],
  evseId: number,
  profile: P,
  version: ProfileVersion = '2.0.1',
): InstalledProfile<P>[] => [
  ...installed.filter(
    (one) =>
      one.profile.id !== profile.id &&
      !(
        version === '1.6' &&
        one.evseId === evseId &&
        one.profile.stackLevel === profile.stackLevel &&
        one.profile.chargingProfilePurpose === profile.chargingProfilePurpose
      ),
  ),
  { evseId, profile },
]

/**
 * Without those that a station which has been off line for so many seconds must delete (2.1: invalidAfterOfflineDuration); it only ignores the
 * others while it stays off line.
 */
export const withoutOutlived = <P extends Profile>(installed: readonly InstalledProfile<P>[], offline: number): InstalledProfile<P>[] =>
  installed.filter(
    ({ profile: { maxOfflineDuration, invalidAfterOfflineDuration } }) =>
      !(invalidAfterOfflineDuration === true && maxOfflineDuration !== undefined && offline > maxOfflineDuration),
  )

/**
 * Without the profiles that a ClearChargingProfile names: by id, else by every criterion given, all of them when none is.
 * External constraints stay: they belong to whoever set them (K10.FR.06).
 */
export function withoutProfiles<P extends Profile>(
  installed: readonly InstalledProfile<P>[],
  request: ClearChargingProfileRequest,
): InstalledProfile<P>[] {
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
export const limitSourceOf = ({ profile }: Installed): ChargingLimitSourceEnumType =>
  profile.chargingProfilePurpose === 'ChargingStationExternalConstraints' ? 'SO' : 'CSO'

/** The profiles that a GetChargingProfiles asks for. */
export const matchingProfiles = <P extends Profile>(
  installed: readonly InstalledProfile<P>[],
  criterion: ChargingProfileCriterionType,
  evseId?: number,
): InstalledProfile<P>[] =>
  installed.filter(
    (one) =>
      (evseId === undefined || one.evseId === evseId) &&
      (criterion.chargingProfilePurpose === undefined || one.profile.chargingProfilePurpose === criterion.chargingProfilePurpose) &&
      (criterion.stackLevel === undefined || one.profile.stackLevel === criterion.stackLevel) &&
      (criterion.chargingProfileId === undefined || criterion.chargingProfileId.includes(one.profile.id)) &&
      (criterion.chargingLimitSource === undefined || criterion.chargingLimitSource.includes(limitSourceOf(one))),
  )
