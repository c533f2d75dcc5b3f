/** Revocation lists (RFC 5280): which certificates of an authority were taken back. */
import { Integer } from 'asn1js'
import { CertificateRevocationList, RevokedCertificate } from 'pkijs'
import { type Instant, Problem } from '#kernel'
import { algorithmOf, bitString, copy, derCertificate, type Holder, moment, plainSerial, toDer, toPem } from './certificate.ts'
import { signBytes } from './key.ts'

export interface Revoked {
  /** Hex. */
  serial: string
  at: Instant
}

/** The list as PEM, signed by the authority; whoever holds it asks anew after `until`. */
export function writeRevocationList(authority: Holder, revoked: readonly Revoked[], times: { from: Instant; until: Instant }): string {
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
  const body = Buffer.from((list as unknown as { encodeTBS(): { toBER(): ArrayBuffer } }).encodeTBS().toBER())
  list.tbs = copy(body)
  list.signatureValue = bitString(signBytes(body, authority.key))
  return toPem('X509 CRL', Buffer.from(list.toSchema(true).toBER()))
}

/** The numbers on a list, hex. @throws Problem `bad-revocation-list` */
export function readRevocationList(pem: string): Set<string> {
  try {
    const list = CertificateRevocationList.fromBER(copy(toDer(pem)))
    return new Set(
      (list.revokedCertificates ?? []).map(({ userCertificate }) =>
        plainSerial(Buffer.from(userCertificate.valueBlock.valueHexView).toString('hex')),
      ),
    )
  } catch (error) {
    throw new Problem('bad-revocation-list', 'The revocation list cannot be read.', { status: 422, hint: 'Give it as PEM.', cause: error })
  }
}
