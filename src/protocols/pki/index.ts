export {
  type CertificateFacts,
  type CertificateHash,
  type CertificateWish,
  factsOf,
  type HashAlgorithm,
  type Holder,
  hashOf,
  issueCertificate,
  keyHash,
  nameHash,
  plainSerial,
  readCertificates,
  sameHash,
  toDer,
  toPem,
} from './certificate.ts'
export { type ChainFault, type ChainVerdict, validateChain } from './chain.ts'
export { emaidCheckDigit, isEmaid, plainEmaid } from './emaid.ts'
export { type KeyKind, keyFault, keyFromPem, keyToPem, makeKey, publicOf } from './key.ts'
export { type Subject, sayName } from './name.ts'
export {
  type OcspAnswer,
  type OcspStatus,
  peekOcspResponse,
  readOcspRequest,
  readOcspResponse,
  writeOcspRequest,
  writeOcspResponse,
} from './ocsp.ts'
export { type CertificateRequest, readRequest, writeRequest } from './request.ts'
export { isListOf, type RevocationList, type Revoked, readRevocationList, writeRevocationList } from './revocation-list.ts'
export { type ChainHolder, openTrialPki, type TrialAuthority, type TrialPki, type TrialWish } from './trial.ts'
