/** Contracts: what a car pays with, and what a station finds out about the chain of certificates it shows. */
import type { KeyObject, X509Certificate } from 'node:crypto'
import type { Sealing } from './sealing.ts'

export interface Contract {
  emaid: string
  /** DER in base64, the leaf first, without the root. */
  chain: string[]
  key: KeyObject
}

/** What a car has from its maker. */
export interface Provisioning {
  /** DER in base64. */
  certificate: string
  /** Those between it and the root, DER in base64; only -20 shows them. */
  issuers?: string[]
  key: KeyObject
  /** Roots that it knows, by issuer and serial number. */
  roots: { issuer: string; serial: string }[]
}

/** A request of a car for a contract, or for a newer one, as a station passes it on. */
export interface ContractQuestion {
  /** Of the protocol the car speaks. */
  namespace: string
  action: 'Install' | 'Update'
  exi: Buffer
}

/** Chain (DER in base64, leaf first) and key of who signs what cars are given (CPS). */
export interface Provider {
  chain: string[]
  key: KeyObject
}

/** What a car shows when it asks, its signature already found right. */
export interface Applicant {
  action: 'Install' | 'Update'
  /** PCID of the car, or eMAID of the contract it has: the common name of `chain[0]`. */
  name: string
  /** Of the provisioning certificate or of the contract; the leaf first. */
  chain: X509Certificate[]
  /** Curve on which the new contract must lie: P-256 (-2), P-521 (-20). */
  version: Sealing
  /** eMAIDs the car would like best, the best first (-20). */
  preferred: readonly string[]
}

export type NoContract = 'NoCertificateAvailable' | 'CertificateExpired' | 'CertificateRevoked' | 'CertChainError' | 'ContractCanceled'

export interface ContractDesk {
  provider: Provider
  /** The contract for whoever asks, or why there is none. */
  contractFor(applicant: Applicant): Promise<Contract | NoContract>
}

/** Why a chain is refused, in the words of the answers of ISO 15118-2. */
export type ContractFault = 'SignatureError' | 'CertificateExpired' | 'CertificateRevoked' | 'CertChainError' | 'NoCertificateAvailable'

/** What the leaf of a trusted chain says: the eMAID (its common name) and its public key. */
export type ContractVerdict = { emaid: string; key: KeyObject } | { fault: ContractFault }

/** eMAIDs are compared without separators, and without the check character when one side leaves it out. */
export function isSameEmaid(one: string, other: string): boolean {
  const [a = '', b = ''] = [one, other].map((text) => text.replaceAll('-', '').toUpperCase())
  return a !== '' && (a === b || (a.length !== b.length && a.slice(0, 14) === b.slice(0, 14)))
}
