/** Whether a chain of certificates leads to a root that is trusted, now. */
import type { Instant } from '#kernel'
import type { CertificateFacts } from './certificate.ts'

export type ChainFault = 'SignatureError' | 'CertificateExpired' | 'CertificateRevoked' | 'CertChainError' | 'NoCertificateAvailable'
export type ChainVerdict = { ok: true; root: CertificateFacts; path: CertificateFacts[] } | { ok: false; fault: ChainFault; why: string }

export interface ChainCircumstances {
  roots: readonly CertificateFacts[]
  now: Instant
  /** True for certificates that were taken back. */
  isRevoked?(certificate: CertificateFacts): boolean
}

const LONGEST = 6

/**
 * Follows a chain from its first certificate, the leaf, up to one of the roots; certificates may come in any order behind the leaf.
 * Faults are named as OCPP's certificateStatus names them. Names match, signatures hold, every issuer is an authority, dates hold.
 */
export function validateChain(
  chain: readonly CertificateFacts[],
  { roots, now, isRevoked = () => false }: ChainCircumstances,
): ChainVerdict {
  const fault = (name: ChainFault, why: string): ChainVerdict => ({ ok: false, fault: name, why })
  const [leaf, ...others] = chain
  if (!leaf) return fault('NoCertificateAvailable', 'no certificate was given')
  const path = [leaf]
  for (let current = leaf; path.length <= LONGEST; ) {
    const root = roots.find((one) => one.fingerprint === current.fingerprint)
    const issuer =
      root ?? [...roots, ...others].find((one) => current.x509.checkIssued(one.x509) && one.fingerprint !== current.fingerprint)
    if (!issuer) return fault('CertChainError', `nobody we trust issued '${current.subject.commonName}'`)
    if (!root && !current.x509.verify(issuer.x509.publicKey))
      return fault('SignatureError', `the signature of '${current.subject.commonName}' does not hold`)
    if (!root && !issuer.isAuthority) return fault('CertChainError', `'${issuer.subject.commonName}' may not issue certificates`)
    if (now < current.from) return fault('CertificateExpired', `'${current.subject.commonName}' is not valid yet`)
    if (now > current.until) return fault('CertificateExpired', `'${current.subject.commonName}' has expired`)
    if (isRevoked(current)) return fault('CertificateRevoked', `'${current.subject.commonName}' was revoked`)
    if (root) return { ok: true, root, path }
    path.push(issuer)
    current = issuer
  }
  return fault('CertChainError', 'the chain is too long')
}
