/** XML signatures over EXI: the digest of one element standing alone, and an ECDSA signature over the list of digests. */
import { createHash, type KeyObject, sign, verify } from 'node:crypto'
import { Problem } from '#kernel'
import { type ExiValue, encodeFragment } from './exi/codec.ts'
import { type SchemaName, schema } from './exi/schemas.ts'
import type { Iso2Signature } from './messages.gen.ts'

/** The suites of ISO 15118-2 (secp256r1) and -20 (secp521r1). */
const SUITES = {
  sha256: { digest: 'http://www.w3.org/2001/04/xmlenc#sha256', signature: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256' },
  sha512: { digest: 'http://www.w3.org/2001/04/xmlenc#sha512', signature: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512' },
} as const

const CANONICAL = 'http://www.w3.org/TR/canonical-exi/'

export interface SignedPart {
  schema: SchemaName
  /** The element that is signed, and its content with its Id. */
  name: string
  content: { Id?: string }
}

const hashOf = (name: SchemaName): 'sha256' | 'sha512' => (name === 'iso20' ? 'sha512' : 'sha256')

const digestOf = (part: SignedPart): string =>
  createHash(hashOf(part.schema))
    .update(encodeFragment(schema(part.schema), part.name, part.content as ExiValue))
    .digest('base64')

/** Signs one element, or several together. @throws Problem exi-invalid-message */
export function signPart(part: SignedPart | readonly SignedPart[], key: KeyObject): Iso2Signature {
  const parts = Array.isArray(part) ? (part as readonly SignedPart[]) : [part as SignedPart]
  const hash = hashOf(parts[0]!.schema)
  const suite = SUITES[hash]
  const SignedInfo: Iso2Signature['SignedInfo'] = {
    CanonicalizationMethod: { Algorithm: CANONICAL },
    SignatureMethod: { Algorithm: suite.signature },
    Reference: parts.map((each) => ({
      URI: `#${each.content.Id}`,
      Transforms: { Transform: [{ Algorithm: CANONICAL }] },
      DigestMethod: { Algorithm: suite.digest },
      DigestValue: digestOf(each),
    })),
  }
  const value = sign(hash, encodeFragment(schema('signature'), 'SignedInfo', SignedInfo), { key, dsaEncoding: 'ieee-p1363' })
  return { SignedInfo, SignatureValue: { value: value.toString('base64') } }
}

/** @throws Problem v2g-signature-wrong when an element is not what was signed, or not by this key */
export function verifyPart(part: SignedPart | readonly SignedPart[], signature: Iso2Signature | undefined, key: KeyObject): void {
  const parts = Array.isArray(part) ? (part as readonly SignedPart[]) : [part as SignedPart]
  const { schema: name } = parts[0]!
  const wrong = (why: string, what = parts[0]!.name) =>
    new Problem('v2g-signature-wrong', `${what} is not signed as it must be: ${why}.`, { status: 403 })
  if (!signature) throw wrong('the signature is missing')
  const hash = hashOf(name)
  const { SignedInfo, SignatureValue } = signature
  if (SignedInfo.SignatureMethod.Algorithm !== SUITES[hash].signature) throw wrong(`${SignedInfo.SignatureMethod.Algorithm} is not allowed`)
  for (const each of parts) {
    const reference = SignedInfo.Reference.find(({ URI }) => URI === `#${each.content.Id}`)
    if (!reference) throw wrong('it is about something else', each.name)
    if (reference.DigestMethod.Algorithm !== SUITES[hash].digest)
      throw wrong(`${reference.DigestMethod.Algorithm} is not allowed`, each.name)
    if (reference.DigestValue !== digestOf(each)) throw wrong('the content was changed', each.name)
  }
  const data = encodeFragment(schema('signature'), 'SignedInfo', SignedInfo)
  if (!verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(SignatureValue.value, 'base64')))
    throw wrong('the key of the certificate did not sign it')
}
