/** Keys of certificates: made, carried as PEM, judged. Signatures are Node's own; what is written around them is `pkijs`. */
import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject, sign, verify } from 'node:crypto'
import { promisify } from 'node:util'

/** P-256 and RSA-2048 for charging stations (OCPP 2.0.1 A00), P-521 for ISO 15118-20. */
export type KeyKind = 'p256' | 'p521' | 'rsa2048'

const generate = promisify(generateKeyPair)
const CURVES = { p256: 'P-256', p521: 'P-521' } as const

/** A new private key. An RSA key costs some tens of milliseconds, the others less than one. */
export async function makeKey(kind: KeyKind = 'p256'): Promise<KeyObject> {
  const pair =
    kind === 'rsa2048'
      ? await generate('rsa', { modulusLength: 2048 })
      : await generate('ec', { namedCurve: CURVES[kind], paramEncoding: 'named' })
  return pair.privateKey
}

export const keyToPem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()
export const keyFromPem = (pem: string): KeyObject => createPrivateKey(pem)
/** The public half of a private key; a public key is itself. */
export const publicOf = (key: KeyObject): KeyObject => (key.type === 'private' ? createPublicKey(key) : key)

/** The digest that goes with a key: SHA-256, for P-521 SHA-512. */
export const digestOf = (key: KeyObject): 'sha256' | 'sha512' =>
  key.asymmetricKeyDetails?.namedCurve === 'secp521r1' ? 'sha512' : 'sha256'

export const signBytes = (bytes: Uint8Array, key: KeyObject): Buffer => sign(digestOf(key), bytes, key)
export const isSigned = (bytes: Uint8Array, signature: Uint8Array, key: KeyObject, digest: string): boolean => {
  try {
    return verify(digest, bytes, key, signature)
  } catch {
    return false
  }
}

/** Why a key is too weak for a station, or undefined: RSA from 2048 bits, P-256 and stronger curves (charging reference 2.5). */
export function keyFault(key: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'rsa') return modulusLength >= 2048 ? undefined : `an RSA key of ${modulusLength} bits; 2048 are the least`
  if (key.asymmetricKeyType === 'ec')
    return namedCurve !== undefined && ['prime256v1', 'secp384r1', 'secp521r1'].includes(namedCurve)
      ? undefined
      : `a key on the curve ${namedCurve}; P-256 is asked`
  return `a key of the kind ${key.asymmetricKeyType}; RSA or P-256 is asked`
}
