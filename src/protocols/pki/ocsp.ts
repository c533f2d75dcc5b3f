/** OCSP (RFC 6960), both ends: asking whether a certificate still counts, and answering it. */
import type { KeyObject } from 'node:crypto'
import { Enumerated, fromBER, Integer, Null, OctetString } from 'asn1js'
import {
  AlgorithmIdentifier,
  BasicOCSPResponse,
  CertID,
  type Certificate,
  OCSPRequest,
  OCSPResponse,
  Request,
  ResponseBytes,
  ResponseData,
  SingleResponse,
  TBSRequest,
} from 'pkijs'
import { type Instant, instant, Problem } from '#kernel'
import {
  algorithmOf,
  bitString,
  type CertificateFacts,
  type CertificateHash,
  copy,
  derCertificate,
  type HashAlgorithm,
  type Holder,
  keyHash,
  nameHash,
  plainSerial,
  readCertificates,
  sameHash,
  toPem,
} from './certificate.ts'
import { isSigned, signBytes } from './key.ts'
import { DIGEST_OF } from './request.ts'

const OIDS: Record<HashAlgorithm, string> = {
  SHA256: '2.16.840.1.101.3.4.2.1',
  SHA384: '2.16.840.1.101.3.4.2.2',
  SHA512: '2.16.840.1.101.3.4.2.3',
}
const NAMES = Object.fromEntries(Object.entries(OIDS).map(([name, oid]) => [oid, name as HashAlgorithm]))
const BASIC = '1.3.6.1.5.5.7.48.1.1'
const SIGNING = '1.3.6.1.5.5.7.3.9'

export type OcspStatus = 'good' | 'revoked' | 'unknown'

export interface OcspAnswer {
  status: OcspStatus
  from: Instant
  /** Until when the answer may be kept; absent: it may not. */
  until: Instant | undefined
}

const bytesOf = (hex: string) => copy(Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex'))
const numberOf = (hex: string) => {
  const even = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  // A number above 0x7f… would count as negative.
  return new Integer({ valueHex: copy(even[0]! >= 0x80 ? Buffer.concat([Buffer.from([0]), even]) : even) })
}
const idOf = ({ hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber }: CertificateHash): CertID =>
  new CertID({
    hashAlgorithm: new AlgorithmIdentifier({ algorithmId: OIDS[hashAlgorithm], algorithmParams: new Null() }),
    issuerNameHash: new OctetString({ valueHex: bytesOf(issuerNameHash) }),
    issuerKeyHash: new OctetString({ valueHex: bytesOf(issuerKeyHash) }),
    serialNumber: numberOf(serialNumber),
  })
const hashIn = (id: CertID): CertificateHash | undefined => {
  const hashAlgorithm = NAMES[id.hashAlgorithm.algorithmId]
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
  return (
    hashAlgorithm && {
      hashAlgorithm,
      issuerNameHash: hex(id.issuerNameHash.valueBlock.valueHexView),
      issuerKeyHash: hex(id.issuerKeyHash.valueBlock.valueHexView),
      serialNumber: plainSerial(hex(id.serialNumber.valueBlock.valueHexView)),
    }
  )
}

/** The DER bytes of a request for one certificate, to be POSTed as application/ocsp-request. */
export function writeOcspRequest(hash: CertificateHash): Buffer {
  const request = new OCSPRequest({ tbsRequest: new TBSRequest({ requestList: [new Request({ reqCert: idOf(hash) })] }) })
  return Buffer.from(request.toSchema(true).toBER())
}

/** What certificates a request asks for. @throws Problem `bad-ocsp` */
export function readOcspRequest(der: Uint8Array): CertificateHash[] {
  try {
    return OCSPRequest.fromBER(copy(der)).tbsRequest.requestList.flatMap(({ reqCert }) => hashIn(reqCert) ?? [])
  } catch (error) {
    throw bad('the request cannot be read', error)
  }
}

const bad = (why: string, cause?: unknown) =>
  new Problem('bad-ocsp', `The answer of the OCSP responder is not usable: ${why}.`, { status: 502, retry: 'later', cause })

/**
 * Reads a response and believes it only when it is signed by the issuer of the certificate or by a responder that the issuer appointed.
 * `issuers` are the certificates among which the issuer may be; those are authentic, the response is not yet.
 * @throws Problem `bad-ocsp`
 */
export function readOcspResponse(der: Uint8Array, hash: CertificateHash, issuers: readonly CertificateFacts[], now: Instant): OcspAnswer {
  const { basic, single } = opened(der, hash)
  const issuer = issuers.find(
    (one) =>
      keyHash(one.pem, hash.hashAlgorithm) === hash.issuerKeyHash.toLowerCase() &&
      nameHash(one.pem, hash.hashAlgorithm) === hash.issuerNameHash.toLowerCase(),
  )
  if (!issuer) throw bad('the issuer of the certificate is not known here')
  if (!isAuthentic(basic, issuer, now)) throw bad('it is not signed by the issuer or by a responder that the issuer appointed')
  return answerIn(single)
}

/** What a response says, without judging who says it: for keeping it until it ends. @throws Problem `bad-ocsp` */
export const peekOcspResponse = (der: Uint8Array, hash: CertificateHash): OcspAnswer => answerIn(opened(der, hash).single)

function opened(der: Uint8Array, hash: CertificateHash): { basic: BasicOCSPResponse; single: SingleResponse } {
  let basic: BasicOCSPResponse
  try {
    const response = OCSPResponse.fromBER(copy(der))
    const status = response.responseStatus.valueBlock.valueDec
    if (status !== 0 || response.responseBytes?.responseType !== BASIC) throw bad(`it refused to answer (${status})`)
    basic = BasicOCSPResponse.fromBER(copy(response.responseBytes.response.valueBlock.valueHexView))
  } catch (error) {
    throw error instanceof Problem ? error : bad('it cannot be read', error)
  }
  const single = basic.tbsResponseData.responses.find(({ certID }) => {
    const told = hashIn(certID)
    return told && sameHash(told, hash)
  })
  if (!single) throw bad('it says nothing of the certificate that was asked for')
  return { basic, single }
}

function answerIn({ certStatus, thisUpdate, nextUpdate }: SingleResponse): OcspAnswer {
  const tag = (certStatus as { idBlock: { tagNumber: number } }).idBlock.tagNumber
  return {
    status: tag === 0 ? 'good' : tag === 1 ? 'revoked' : 'unknown',
    from: instant(thisUpdate.getTime()),
    until: nextUpdate && instant(nextUpdate.getTime()),
  }
}

function isAuthentic(basic: BasicOCSPResponse, issuer: CertificateFacts, now: Instant): boolean {
  const digest = DIGEST_OF[basic.signatureAlgorithm.algorithmId]
  if (digest === undefined) return false
  const signedBy = (key: KeyObject) => isSigned(basic.tbsResponseData.tbsView, basic.signature.valueBlock.valueHexView, key, digest)
  if (signedBy(issuer.x509.publicKey)) return true
  return (basic.certs ?? []).some((certificate: Certificate) => {
    const [responder] = readCertificates(toPem('CERTIFICATE', Buffer.from(certificate.toSchema().toBER())))
    return (
      responder !== undefined &&
      (responder.x509.keyUsage ?? []).includes(SIGNING) &&
      responder.x509.checkIssued(issuer.x509) &&
      responder.x509.verify(issuer.x509.publicKey) &&
      now >= responder.from &&
      now <= responder.until &&
      signedBy(responder.x509.publicKey)
    )
  })
}

/** Answers for an authority (or for a responder it appointed): the state of one certificate, valid until `until`. */
export function writeOcspResponse(
  hash: CertificateHash,
  status: OcspStatus,
  signer: Holder,
  times: { from: Instant; until?: Instant },
): Buffer {
  const when = (at: Instant) => new Date(Math.floor(at / 1000) * 1000)
  const data = new ResponseData({
    responderID: derCertificate(signer.certificate).subject,
    producedAt: when(times.from),
    responses: [
      new SingleResponse({
        certID: idOf(hash),
        certStatus: statusOf(status, times.from),
        thisUpdate: when(times.from),
        ...(times.until === undefined ? {} : { nextUpdate: when(times.until) }),
      }),
    ],
  })
  const body = Buffer.from(data.toSchema(true).toBER())
  data.tbs = copy(body)
  const basic = new BasicOCSPResponse({
    tbsResponseData: data,
    signatureAlgorithm: algorithmOf(signer.key),
    signature: bitString(signBytes(body, signer.key)),
    certs: [derCertificate(signer.certificate)],
  })
  const response = new OCSPResponse({
    responseStatus: new Enumerated({ value: 0 }),
    responseBytes: new ResponseBytes({ responseType: BASIC, response: new OctetString({ valueHex: basic.toSchema().toBER() }) }),
  })
  return Buffer.from(response.toSchema().toBER())
}

/** CertStatus ::= CHOICE { good [0] NULL, revoked [1] SEQUENCE { revocationTime }, unknown [2] NULL }, all implicit. */
function statusOf(status: OcspStatus, at: Instant) {
  if (status !== 'revoked') return fromBER(Buffer.from([status === 'good' ? 0x80 : 0x82, 0])).result
  const text = `${new Date(at).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  const time = Buffer.concat([Buffer.from([0x18, text.length]), Buffer.from(text)])
  return fromBER(Buffer.concat([Buffer.from([0xa1, time.length]), time])).result
}
