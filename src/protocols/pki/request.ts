/** Requests for a certificate (PKCS #10): what a station sends in SignCertificate. */
import type { KeyObject } from 'node:crypto'
import { CertificationRequest } from 'pkijs'
import { Problem } from '#kernel'
import { algorithmOf, bitString, copy, publicKeyOf, spkiOf, toDer, toPem } from './certificate.ts'
import { isSigned, signBytes } from './key.ts'
import { readName, type Subject, writeName } from './name.ts'

export interface CertificateRequest {
  subject: Subject
  key: KeyObject
}

/** Writes a request as PEM, signed by the key it is for. */
export function writeRequest(subject: Subject, key: KeyObject): string {
  const request = new CertificationRequest()
  request.subject = writeName(subject)
  request.subjectPublicKeyInfo = spkiOf(key)
  request.attributes = []
  request.signatureAlgorithm = algorithmOf(key)
  const body = Buffer.from((request as unknown as { encodeTBS(): { toBER(): ArrayBuffer } }).encodeTBS().toBER())
  request.tbs = copy(body)
  request.signatureValue = bitString(signBytes(body, key))
  return toPem('CERTIFICATE REQUEST', Buffer.from(request.toSchema(true).toBER()))
}

const DIGEST_OF: Record<string, string> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
}

/**
 * Reads a request (PEM, or bare base64 as some stations send it) and checks that its sender holds the key.
 * @throws Problem `bad-request-for-certificate`
 */
export function readRequest(text: string): CertificateRequest {
  const wrong = (why: string, cause?: unknown) =>
    new Problem('bad-request-for-certificate', `The request for a certificate ${why}.`, { status: 422, cause })
  let request: CertificationRequest
  let key: KeyObject
  try {
    request = CertificationRequest.fromBER(copy(toDer(text)))
    key = publicKeyOf(request.subjectPublicKeyInfo)
  } catch (error) {
    throw wrong('cannot be read', error)
  }
  const digest = DIGEST_OF[request.signatureAlgorithm.algorithmId]
  if (digest === undefined) throw wrong('is signed in a way that is not accepted')
  if (!isSigned(request.tbsView, request.signatureValue.valueBlock.valueHexView, key, digest)) throw wrong('is not signed by its own key')
  return { subject: readName(request.subject), key }
}

export { DIGEST_OF }
