export { type AcceptOptions, type Acceptor, type Admission, acceptStations, type Credentials } from './accept.ts'
export { CallError, RPC_ERROR_CODES, type RpcErrorCode } from './call-error.ts'
export {
  type Installed,
  type InstalledProfile,
  type Profile,
  type Profile16,
  type ProfilePurpose,
  type ProfileVersion,
  profileFrom16,
  profileTo16,
  type SchedulePeriod,
} from './charging-profile.ts'
export { type CompositeInput, type CompositePeriod, compositeSchedule } from './composite-schedule.ts'
export { type CheckedVectors, checkVectors, sayPeriods, type VectorFile } from './composite-vectors.ts'
export { configurationKey, type NamedVariable, OWN_KEYS, variableOf } from './configuration-keys.ts'
export { type ConnectOptions, connectStation } from './connect.ts'
export type { Dialect, End, OcppVersion, Part, Verdict } from './dialect.ts'
export { chooseVersion, DIALECTS, dialectOf } from './dialects.ts'
export type { Message, Payload } from './frame.ts'
export { basicHeader, isIdentity } from './identity.ts'
export { limitSourceOf, matchingProfiles, withoutOutlived, withoutProfiles, withProfile } from './installed-profiles.ts'
export { LENIENT, type Lenience, ORDINARY, QUIRKS, type Quirk, STRICT } from './lenience.ts'
export { type ProfileContext, type ProfileFault, type ProfileVerdict, validateProfile } from './profile-rules.ts'
export { type Frame, type Handler, openSession, type Session, type SessionOptions } from './session.ts'
/** The types of 1.6: `V16.StartTransactionRequest`. Those of 2.0.1 go by their own names. */
export type * as V16 from './v16.gen.ts'
export { OCPP16, v16 } from './v16.ts'
/** The types of 2.1: `V21.ChargingProfileType`. */
export type * as V21 from './v21.gen.ts'
export { OCPP21, v21 } from './v21.ts'
export type * from './v201.gen.ts'
export type { ChargingProfileType as ChargingProfile } from './v201.gen.ts'
export { OCPP201, v201 } from './v201.ts'
