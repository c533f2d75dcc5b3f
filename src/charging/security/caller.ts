/** How a station came: in the clear or encrypted, and with which certificate of its own. */
import { X509Certificate } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { type DetailedPeerCertificate, TLSSocket } from 'node:tls'
import type { Clock } from '#kernel'
import { type CertificateFacts, factsOf, readCertificates, type Subject, validateChain } from '#protocols/pki'
import type { Store } from '#store'
import type { Authority } from './authority.ts'
import { revokedAmong, trustedRoots } from './shelf.ts'

export interface Caller {
  encrypted: boolean
  /** Of a certificate that leads to a root we trust and counts now. */
  subject?: Subject
  /** Why the certificate it showed is not accepted. */
  fault?: string
}

const LONGEST = 8

/** The certificates a station showed, its own first; empty when it showed none. */
function shown(socket: TLSSocket): CertificateFacts[] {
  const found: CertificateFacts[] = []
  for (let one = socket.getPeerCertificate(true) as DetailedPeerCertificate | undefined; one?.raw && found.length < LONGEST; ) {
    const facts = factsOf(new X509Certificate(one.raw))
    if (found.some(({ fingerprint }) => fingerprint === facts.fingerprint)) break
    found.push(facts)
    one = one.issuerCertificate
  }
  return found
}

export interface CallerParts {
  store: Store
  clock: Clock
  authority: Authority
  /** Believe that a proxy in front of us took the encryption off when it says so. */
  trustProxy: boolean
}

/** Whoever presents a certificate of ours, or of a maker that is trusted, is told by its subject; revoked ones count no more. */
export async function callerOf(request: IncomingMessage, { store, clock, authority, trustProxy }: CallerParts): Promise<Caller> {
  const { socket } = request
  if (!(socket instanceof TLSSocket)) return { encrypted: trustProxy && request.headers['x-forwarded-proto'] === 'https' }
  const chain = shown(socket)
  if (chain.length === 0) return { encrypted: true }
  const roots = [...(await authority.roots()).flatMap((pem) => readCertificates(pem)), ...(await trustedRoots(store, ['Manufacturer']))]
  const revoked = await revokedAmong(store, [...chain, ...roots])
  const verdict = validateChain(chain, { roots, now: clock.now(), isRevoked: ({ fingerprint }) => revoked.has(fingerprint) })
  return verdict.ok ? { encrypted: true, subject: chain[0]!.subject } : { encrypted: true, fault: verdict.why }
}

/** Why a certificate does not belong to the station that shows it: CN is its identity or its serial number, O the operator (A00.FR.412…). */
export function strangeness(
  subject: Subject,
  { identity, serial, organization }: { identity: string; serial?: string | undefined; organization: string },
) {
  if (subject.commonName !== identity && (serial === undefined || subject.commonName !== serial))
    return `its certificate is made out to '${subject.commonName}'`
  if (subject.organization !== organization)
    return `its certificate is made out for '${subject.organization ?? ''}', not for '${organization}'`
  return undefined
}
