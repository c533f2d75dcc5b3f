export {
  type Applicant,
  type Contract,
  type ContractDesk,
  type ContractFault,
  type ContractQuestion,
  type ContractVerdict,
  isSameEmaid,
  type NoContract,
  type Provider,
  type Provisioning,
} from './contract.ts'
export { answerContractRequest, versionOf } from './contract-desk.ts'
export { decodeExi, type ExiObject, type ExiValue, encodeExi, encodeFragment } from './exi/codec.ts'
export { SCHEMAS, type SchemaName, schema } from './exi/schemas.ts'
export { type Explained, explainExi } from './explain.ts'
export { installationRequest, openInstallation, updateRequest } from './installation.ts'
export { installationRequest20, openInstallation20 } from './installation20.ts'
export { type EvccOptions, openSecc, runEvcc, type Secc, type SeccOptions, type TlsFiles } from './listen.ts'
export type * from './messages.gen.ts'
export { fromPhysical, fromRational, physical, rational } from './numbers.ts'
export {
  type InstallationSeeker,
  type MeterReading,
  NAMESPACES,
  type Needs,
  type Offer,
  type Order,
  type Outcome,
  type Protocol,
  type Supply,
  type SupplyLimits,
  type Token,
  type Vehicle,
  type VehicleState,
  type Wish,
} from './parties.ts'
export { type DiscoverOptions, discoverSecc, type SdpAnswer, type SdpRequest, serveSdp } from './sdp.ts'
export { decodeV2gtp, encodeV2gtp, PAYLOAD, type V2gFrame, v2gtpReader } from './v2gtp.ts'
