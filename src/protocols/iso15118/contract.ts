/** Contract certificates: a chain from the car's leaf to a root of a mobility operator that this station trusts. */
import { type KeyObject, X509Certificate } from 'node:crypto'
import { type Instant, Problem } from '#kernel'

export interface Contract {
  emaid: string
  /** DER in base64, the leaf first, without the root. */
  chain: string[]
  key: KeyObject
}

/** Why a chain is refused, in the words of the answers. */
export type ChainFault = 'CertChainError' | 'CertificateExpired' | 'NoCertificateAvailable'

/**
 * Checks a chain against roots and returns its leaf.
 * @throws Problem v2g-chain-refused, whose `details.fault` is one of {@link ChainFault}
 */
export function checkChain(chain: readonly string[], roots: readonly string[], now: Instant): X509Certificate {
  const refused = (fault: ChainFault, why: string) =>
    new Problem('v2g-chain-refused', `The contract certificate is refused: ${why}.`, { status: 403, details: { fault } })
  let certificates: X509Certificate[]
  try {
    certificates = chain.map((der) => new X509Certificate(Buffer.from(der, 'base64')))
  } catch (cause) {
    throw new Problem('v2g-chain-refused', 'The contract certificate cannot be read.', {
      status: 403,
      details: { fault: 'CertChainError' },
      cause,
    })
  }
  const [leaf] = certificates
  if (!leaf) throw refused('NoCertificateAvailable', 'there is none')
  const trusted = roots.map((pem) => new X509Certificate(pem))
  for (const [index, certificate] of certificates.entries()) {
    if (Date.parse(certificate.validTo) < now) throw refused('CertificateExpired', `${subjectOf(certificate)} ended ${certificate.validTo}`)
    if (Date.parse(certificate.validFrom) > now)
      throw refused('CertificateExpired', `${subjectOf(certificate)} begins ${certificate.validFrom}`)
    if (index > 0 && !certificate.ca) throw refused('CertChainError', `${subjectOf(certificate)} may not issue certificates`)
    const above = certificates[index + 1]
    const issuers = above ? [above] : trusted
    if (!issuers.some((issuer) => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)))
      throw refused(above ? 'CertChainError' : 'NoCertificateAvailable', `nobody trusted issued ${subjectOf(certificate)}`)
  }
  return leaf
}

/** Common name of a certificate: the eMAID of a contract. */
export const subjectOf = (certificate: X509Certificate): string => /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? certificate.subject

/** eMAIDs are compared without separators, and without the check digit when one side leaves it out. */
export function isSameEmaid(one: string, other: string): boolean {
  const [a, b] = [one, other].map((text) => text.replaceAll('-', '').toUpperCase())
  return a !== '' && (a === b || (a?.length !== b?.length && a?.slice(0, 14) === b?.slice(0, 14)))
}
