/** Revocation lists (RFC 5280): which certificates of an authority were taken back. */
import { Integer } from 'asn1js'
import { CertificateRevocationList, Extension, Extensions, RevokedCertificate } from 'pkijs'
import { type Instant, instant, isProblem, Problem } from '#kernel'
import {
  algorithmOf,
  bitString,
  type CertificateFacts,
  copy,
  derCertificate,
  type Holder,
  moment,
  plainSerial,
  toDer,
  toPem,
} from './certificate.ts'
import { isSigned, signBytes } from './key.ts'
import { readName, type Subject } from './name.ts'
import { DIGEST_OF } from './request.ts'

export interface Revoked {
  /** Hex. */
  serial: string
  at: Instant
}

const NUMBER = '2.5.29.20'

/** The list as PEM, signed by the authority; whoever holds it asks anew after `until`. */
export function writeRevocationList(
  authority: Holder,
  revoked: readonly Revoked[],
  times: { from: Instant; until: Instant; number?: number },
): string {
  const list = new CertificateRevocationList()
  list.version = 1
  list.issuer = derCertificate(authority.certificate).subject
  list.signature = algorithmOf(authority.key)
  list.signatureAlgorithm = algorithmOf(authority.key)
  list.thisUpdate = moment(times.from)
  list.nextUpdate = moment(times.until)
  if (revoked.length > 0)
    list.revokedCertificates = revoked.map(
      ({ serial, at }) =>
        new RevokedCertificate({
          userCertificate: new Integer({ valueHex: copy(Buffer.from(`${serial.length % 2 ? '0' : ''}${serial}`, 'hex')) }),
          revocationDate: moment(at),
        }),
    )
  if (times.number !== undefined)
    list.crlExtensions = new Extensions({
      extensions: [new Extension({ extnID: NUMBER, critical: false, extnValue: new Integer({ value: times.number }).toBER() })],
    })
  const body = Buffer.from((list as unknown as { encodeTBS(): { toBER(): ArrayBuffer } }).encodeTBS().toBER())
  list.tbs = copy(body)
  list.signatureValue = bitString(signBytes(body, authority.key))
  return toPem('X509 CRL', Buffer.from(list.toSchema(true).toBER()))
}

export interface RevocationList {
  pem: string
  /** Whoever signed it says so of itself; `isListOf` proves it. */
  issuer: Subject
  /** Grows with every list of an authority; absent on old ones. */
  number: bigint | undefined
  from: Instant
  /** Absent: it never ends. */
  until: Instant | undefined
  /** Numbers of the certificates that were taken back, as `CertificateFacts.serial`. */
  serials: string[]
}

/**
 * Reads a list, PEM (other blocks may stand around it) or DER; who signed it is `isListOf`'s.
 * @throws Problem `bad-revocation-list` also for one that tells a part only (RFC 5280 5.2: critical extensions, as of delta lists)
 */
export function readRevocationList(given: string | Uint8Array): RevocationList {
  const wrong = (why: string, cause?: unknown) =>
    new Problem('bad-revocation-list', `The revocation list cannot be read: ${why}.`, { status: 422, hint: 'Give it as PEM.', cause })
  try {
    const text = typeof given === 'string' ? given : Buffer.from(given).toString('latin1')
    const block = /-----BEGIN X509 CRL-----[A-Za-z0-9+/=\s]+-----END X509 CRL-----/.exec(text)?.[0]
    const der = block === undefined ? Buffer.from(given) : toDer(block)
    const list = CertificateRevocationList.fromBER(copy(der))
    const extensions = list.crlExtensions?.extensions ?? []
    const strange = extensions.find(({ critical }) => critical)
    if (strange) throw wrong(`its extension ${strange.extnID} is critical and not known here, as on lists that tell a part only`)
    const number: unknown = extensions.find(({ extnID }) => extnID === NUMBER)?.parsedValue
    return {
      pem: toPem('X509 CRL', der),
      issuer: readName(list.issuer),
      number: number instanceof Integer ? number.toBigInt() : undefined,
      from: instant(list.thisUpdate.value.getTime()),
      until: list.nextUpdate && instant(list.nextUpdate.value.getTime()),
      serials: (list.revokedCertificates ?? []).map(({ userCertificate }) =>
        plainSerial(Buffer.from(userCertificate.valueBlock.valueHexView).toString('hex')),
      ),
    }
  } catch (error) {
    throw isProblem(error) ? error : wrong('it is no such list', error)
  }
}

/** Whether a certificate is that of an authority which signed the list. */
export function isListOf({ pem }: RevocationList, { pem: certificate, isAuthority, x509 }: CertificateFacts): boolean {
  const list = CertificateRevocationList.fromBER(copy(toDer(pem)))
  const digest = DIGEST_OF[list.signatureAlgorithm.algorithmId]
  return (
    isAuthority &&
    list.issuer.isEqual(derCertificate(certificate).subject) &&
    digest !== undefined &&
    isSigned(list.tbsView, list.signatureValue.valueBlock.valueHexView, x509.publicKey, digest)
  )
}
