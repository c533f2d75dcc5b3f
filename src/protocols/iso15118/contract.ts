/** Contracts: what a car pays with, and what a station finds out about the chain of certificates it shows. */
import type { KeyObject } from 'node:crypto'

export interface Contract {
  emaid: string
  /** DER in base64, the leaf first, without the root. */
  chain: string[]
  key: KeyObject
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
