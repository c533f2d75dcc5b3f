export { type Contract, type ContractFault, type ContractVerdict, isSameEmaid } from './contract.ts'
export { decodeExi, type ExiObject, type ExiValue, encodeExi, encodeFragment } from './exi/codec.ts'
export { SCHEMAS, type SchemaName, schema } from './exi/schemas.ts'
export { type Explained, explainExi } from './explain.ts'
export {
  answerInstallation,
  type InstallationDesk,
  installationRequest,
  openInstallation,
  type Provider,
  type Provisioning,
} from './installation.ts'
export { type EvccOptions, openSecc, runEvcc, type Secc, type SeccOptions, type TlsFiles } from './listen.ts'
export type * from './messages.gen.ts'
export { fromPhysical, fromRational, physical, rational } from './numbers.ts'
export type {
  InstallationSeeker,
  MeterReading,
  Needs,
  Offer,
  Order,
  Outcome,
  Protocol,
  Supply,
  SupplyLimits,
  Token,
  Vehicle,
  VehicleState,
  Wish,
} from './parties.ts'
export { type DiscoverOptions, discoverSecc, type SdpAnswer, type SdpRequest, serveSdp } from './sdp.ts'
export { decodeV2gtp, encodeV2gtp, PAYLOAD, type V2gFrame, v2gtpReader } from './v2gtp.ts'
