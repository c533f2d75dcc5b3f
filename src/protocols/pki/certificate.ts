/** X.509 certificates: issued, read, and told by their hashes as OCPP and OCSP do. */
import { createHash, createPublicKey, type KeyObject, randomBytes, X509Certificate } from 'node:crypto'
import { BitString, GeneralizedTime, Integer, OctetString } from 'asn1js'
import {
  AccessDescription,
  AlgorithmIdentifier,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  Extension,
  ExtKeyUsage,
  GeneralName,
  GeneralNames,
  InfoAccess,
  PublicKeyInfo,
  Time,
} from 'pkijs'
import { type Instant, instant, Problem } from '#kernel'
import { digestOf, publicOf, signBytes } from './key.ts'
import { readName, type Subject, writeName } from './name.ts'

/** A certificate with its private key. */
export interface Holder {
  /** PEM of the certificate alone. */
  certificate: string
  key: KeyObject
}

const PURPOSES = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2', ocsp: '1.3.6.1.5.5.7.3.9' } as const

export interface CertificateWish {
  subject: Subject
  /** Of the holder; a private key counts as its public half. */
  key: KeyObject
  from: Instant
  until: Instant
  /** Absent: signed by its own `key`, which must then be private. */
  issuer?: Holder
  /** It may issue others: true, or how many authorities may follow below it. */
  authority?: boolean | number
  purposes?: (keyof typeof PURPOSES)[]
  /** DNS names and IP addresses of a server. */
  names?: string[]
  /** Where its state is told: an OCSP responder. */
  ocsp?: string
  /** Hex; a random one of 16 bytes unless given. */
  serial?: string
}

/** What we look at in a certificate. */
export interface CertificateFacts {
  pem: string
  subject: Subject
  issuer: Subject
  /** Hex without leading zeros, lower case. */
  serial: string
  from: Instant
  until: Instant
  isAuthority: boolean
  /** SHA-256 of its bytes, hex. */
  fingerprint: string
  ocsp: string | undefined
  x509: X509Certificate
}

export type HashAlgorithm = 'SHA256' | 'SHA384' | 'SHA512'

/** Names a certificate without showing it (OCPP CertificateHashDataType): hashes of its issuer's name and key, and its number. */
export interface CertificateHash {
  hashAlgorithm: HashAlgorithm
  issuerNameHash: string
  issuerKeyHash: string
  serialNumber: string
}

export const algorithmOf = (key: KeyObject): AlgorithmIdentifier => {
  if (key.asymmetricKeyType === 'rsa') return new AlgorithmIdentifier({ algorithmId: '1.2.840.113549.1.1.11' })
  return new AlgorithmIdentifier({ algorithmId: digestOf(key) === 'sha512' ? '1.2.840.10045.4.3.4' : '1.2.840.10045.4.3.2' })
}
export const spkiOf = (key: KeyObject): PublicKeyInfo => PublicKeyInfo.fromBER(publicOf(key).export({ type: 'spki', format: 'der' }))
export const bitString = (bytes: Uint8Array): BitString => new BitString({ valueHex: copy(bytes) })
export const copy = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer
const extension = (extnID: string, value: { toBER(): ArrayBuffer }, critical = false) =>
  new Extension({ extnID, critical, extnValue: value.toBER() })
const keyIdentifier = (spki: PublicKeyInfo) => createHash('sha1').update(spki.subjectPublicKey.valueBlock.valueHexView).digest()
const DNS = 2
const URI = 6
const ADDRESS = 7

/** Issues a certificate and returns its PEM. */
export function issueCertificate(wish: CertificateWish): string {
  const { issuer, subject, key, from, until, authority = false, purposes = [], names = [], ocsp, serial } = wish
  const certificate = new Certificate()
  const signer = issuer?.key ?? key
  const spki = spkiOf(key)
  certificate.version = 2
  const number =
    serial === undefined
      ? Buffer.concat([Buffer.from([1 + (randomBytes(1)[0]! & 0x3f)]), randomBytes(15)])
      : Buffer.from(serial.padStart(serial.length + (serial.length % 2), '0'), 'hex')
  certificate.serialNumber = new Integer({ valueHex: copy(number) })
  certificate.subject = writeName(subject)
  certificate.issuer = issuer ? derCertificate(issuer.certificate).subject : certificate.subject
  certificate.notBefore = moment(from)
  certificate.notAfter = moment(until)
  certificate.subjectPublicKeyInfo = spki
  certificate.signature = algorithmOf(signer)
  certificate.signatureAlgorithm = algorithmOf(signer)
  const isAuthority = authority !== false
  // keyCertSign and cRLSign, or digitalSignature with keyAgreement (cars) or keyEncipherment (TLS_RSA_*).
  const usage = isAuthority ? 0x06 : signer && key.asymmetricKeyType === 'rsa' ? 0xa0 : 0x88
  certificate.extensions = [
    extension(
      '2.5.29.19',
      new BasicConstraints({ cA: isAuthority, ...(typeof authority === 'number' ? { pathLenConstraint: authority } : {}) }).toSchema(),
      true,
    ),
    extension(
      '2.5.29.15',
      new BitString({ valueHex: copy(Buffer.from([usage])), unusedBits: isAuthority ? 1 : usage === 0xa0 ? 5 : 3 }),
      true,
    ),
    extension('2.5.29.14', new OctetString({ valueHex: copy(keyIdentifier(spki)) })),
  ]
  if (issuer)
    certificate.extensions.push(
      extension(
        '2.5.29.35',
        new AuthorityKeyIdentifier({ keyIdentifier: new OctetString({ valueHex: copy(keyIdentifier(spkiOf(issuer.key))) }) }).toSchema(),
      ),
    )
  if (purposes.length > 0)
    certificate.extensions.push(extension('2.5.29.37', new ExtKeyUsage({ keyPurposes: purposes.map((one) => PURPOSES[one]) }).toSchema()))
  if (names.length > 0) certificate.extensions.push(extension('2.5.29.17', new GeneralNames({ names: names.map(generalName) }).toSchema()))
  if (ocsp !== undefined)
    certificate.extensions.push(
      extension(
        '1.3.6.1.5.5.7.1.1',
        new InfoAccess({
          accessDescriptions: [
            new AccessDescription({ accessMethod: '1.3.6.1.5.5.7.48.1', accessLocation: new GeneralName({ type: URI, value: ocsp }) }),
          ],
        }).toSchema(),
      ),
    )
  const body = Buffer.from(certificate.encodeTBS().toBER())
  certificate.tbs = copy(body)
  certificate.signatureValue = bitString(signBytes(body, signer))
  return toPem('CERTIFICATE', Buffer.from(certificate.toSchema(true).toBER()))
}

function generalName(name: string): GeneralName {
  const parts = /^\d{1,3}(\.\d{1,3}){3}$/.test(name)
    ? Buffer.from(name.split('.').map(Number))
    : name === '::1'
      ? Buffer.from([...Array(15).fill(0), 1])
      : undefined
  return parts
    ? new GeneralName({ type: ADDRESS, value: new OctetString({ valueHex: copy(parts) }) })
    : new GeneralName({ type: DNS, value: name })
}

/** UTCTime until 2049, GeneralizedTime after (RFC 5280). */
export const moment = (at: Instant): Time => {
  const value = new Date(Math.floor(at / 1000) * 1000)
  return new Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value })
}
export const generalized = (at: Instant): GeneralizedTime => new GeneralizedTime({ valueDate: new Date(Math.floor(at / 1000) * 1000) })

export const toPem = (label: string, der: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(der)
    .toString('base64')
    .replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`

export const toDer = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]*-----/g, ''), 'base64')

export const derCertificate = (pem: string): Certificate => Certificate.fromBER(copy(toDer(pem)))

/**
 * The certificates of a PEM text, in its order.
 * @throws Problem `bad-certificate` when there is none, more than `most`, or one that cannot be read
 */
export function readCertificates(pem: string, most = 16): CertificateFacts[] {
  const parts = pem.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? []
  const wrong = (why: string) =>
    new Problem('bad-certificate', `The certificate cannot be read: ${why}.`, { status: 422, hint: 'Give it as PEM, the leaf first.' })
  if (parts.length === 0) throw wrong('there is none in the text')
  if (parts.length > most) throw wrong(`there are ${parts.length}, at most ${most} are read`)
  return parts.map((part) => {
    try {
      return factsOf(new X509Certificate(part))
    } catch (error) {
      throw wrong(error instanceof Error ? error.message : 'it is damaged')
    }
  })
}

export function factsOf(x509: X509Certificate): CertificateFacts {
  const pem = x509.toString()
  const der = derCertificate(pem)
  return {
    pem,
    subject: readName(der.subject),
    issuer: readName(der.issuer),
    serial: plainSerial(x509.serialNumber),
    from: instant(Date.parse(x509.validFrom)),
    until: instant(Date.parse(x509.validTo)),
    isAuthority: x509.ca,
    fingerprint: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    ocsp: /OCSP - URI:(\S+)/.exec(x509.infoAccess ?? '')?.[1],
    x509,
  }
}

export const plainSerial = (serial: string): string => serial.toLowerCase().replace(/^0+(?=.)/, '')

const DIGESTS = { SHA256: 'sha256', SHA384: 'sha384', SHA512: 'sha512' } as const

/** The hash data of a certificate, whose issuer must be given (a root is its own issuer). */
export function hashOf(pem: string, issuer: string, hashAlgorithm: HashAlgorithm = 'SHA256'): CertificateHash {
  const certificate = derCertificate(pem)
  const digest = (bytes: Uint8Array) => createHash(DIGESTS[hashAlgorithm]).update(bytes).digest('hex')
  return {
    hashAlgorithm,
    issuerNameHash: digest(new Uint8Array(certificate.issuer.toSchema().toBER())),
    issuerKeyHash: keyHash(issuer, hashAlgorithm),
    serialNumber: plainSerial(new X509Certificate(pem).serialNumber),
  }
}

/** Hash of the public key of a certificate, as OCSP counts it: without tag, length and unused bits. */
export const keyHash = (pem: string, hashAlgorithm: HashAlgorithm): string =>
  createHash(DIGESTS[hashAlgorithm]).update(derCertificate(pem).subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView).digest('hex')

export const nameHash = (pem: string, hashAlgorithm: HashAlgorithm): string =>
  createHash(DIGESTS[hashAlgorithm])
    .update(new Uint8Array(derCertificate(pem).subject.toSchema().toBER()))
    .digest('hex')

/** Whether two names of a certificate mean the same one: letters without regard to case, numbers without leading zeros. */
export const sameHash = (a: CertificateHash, b: CertificateHash): boolean =>
  a.hashAlgorithm === b.hashAlgorithm &&
  a.issuerNameHash.toLowerCase() === b.issuerNameHash.toLowerCase() &&
  a.issuerKeyHash.toLowerCase() === b.issuerKeyHash.toLowerCase() &&
  plainSerial(a.serialNumber) === plainSerial(b.serialNumber)

export const publicKeyOf = (spki: PublicKeyInfo): KeyObject =>
  createPublicKey({ key: Buffer.from(spki.toSchema().toBER()), format: 'der', type: 'spki' })
