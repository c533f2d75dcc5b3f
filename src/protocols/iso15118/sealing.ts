/**
 * Private keys on their way to a car, readable by that car alone: an ephemeral key of the sender meets the static key of the reader (ECDH), what they
 * agree on encrypts. ISO 15118-2 on P-256 with AES-128-CBC, -20 on P-521 with AES-256-GCM.
 */
import { createCipheriv, createDecipheriv, createECDH, createHash, createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import { Problem } from '#kernel'

export interface Sealed {
  /** The sender's ephemeral public key, uncompressed, base64. */
  publicKey: string
  /** Base64; 48 bytes (-2) or 94 bytes (-20). */
  sealed: string
}

const SUITES = {
  iso2: { curve: 'prime256v1', hash: 'sha256', size: 16 },
  iso20: { curve: 'secp521r1', hash: 'sha512', size: 32 },
} as const
const VECTOR = { iso2: 16, iso20: 12 } as const
const TAG = 16

export type Sealing = keyof typeof SUITES

/** Whether a public key lies on the curve that a version of the standard seals for. */
export const maySealFor = (version: Sealing, key: KeyObject): boolean => key.asymmetricKeyDetails?.namedCurve === SUITES[version].curve

/** Seals a private key for the holder of another; both on the curve of the version. `bound` is authenticated along (-20). */
export function sealKey(version: Sealing, key: KeyObject, reader: KeyObject, bound = ''): Sealed {
  const ephemeral = createECDH(SUITES[version].curve)
  const publicKey = ephemeral.generateKeys().toString('base64')
  const secret = derive(version, ephemeral.computeSecret(uncompressed(reader)))
  const vector = randomBytes(VECTOR[version])
  const plain = scalar(key)
  if (version === 'iso2') {
    const cipher = createCipheriv('aes-128-cbc', secret, vector).setAutoPadding(false)
    return { publicKey, sealed: Buffer.concat([vector, cipher.update(plain), cipher.final()]).toString('base64') }
  }
  const cipher = createCipheriv('aes-256-gcm', secret, vector).setAAD(Buffer.from(bound, 'latin1'))
  const data = Buffer.concat([vector, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  return { publicKey, sealed: data.toString('base64') }
}

/**
 * The private key of `owner` (public), for the holder of `key`.
 * @throws Problem v2g-contract-broken when it was sealed for another, was changed, or does not belong to `owner`
 */
export function openKey(version: Sealing, { publicKey, sealed }: Sealed, key: KeyObject, owner: KeyObject, bound = ''): KeyObject {
  try {
    const own = createECDH(SUITES[version].curve)
    own.setPrivateKey(scalar(key))
    const secret = derive(version, own.computeSecret(Buffer.from(publicKey, 'base64')))
    const data = Buffer.from(sealed, 'base64')
    const vector = data.subarray(0, VECTOR[version])
    const rest = data.subarray(VECTOR[version])
    const plain = version === 'iso2' ? openCbc(secret, vector, rest) : openGcm(secret, vector, rest, bound)
    own.setPrivateKey(plain)
    if (!own.getPublicKey().equals(uncompressed(owner))) throw new Error('it belongs to another certificate')
    return createPrivateKey({ key: { ...owner.export({ format: 'jwk' }), d: plain.toString('base64url') }, format: 'jwk' })
  } catch (cause) {
    throw new Problem('v2g-contract-broken', 'The private key of the contract cannot be read.', { status: 502, cause })
  }
}

function openCbc(secret: Buffer, vector: Buffer, data: Buffer): Buffer {
  const cipher = createDecipheriv('aes-128-cbc', secret, vector).setAutoPadding(false)
  return Buffer.concat([cipher.update(data), cipher.final()])
}

function openGcm(secret: Buffer, vector: Buffer, data: Buffer, bound: string): Buffer {
  const cipher = createDecipheriv('aes-256-gcm', secret, vector, { authTagLength: TAG }).setAAD(Buffer.from(bound, 'latin1'))
  cipher.setAuthTag(data.subarray(-TAG))
  return Buffer.concat([cipher.update(data.subarray(0, -TAG)), cipher.final()])
}

/** Concatenation KDF of NIST SP 800-56A: one round, algorithm 01, parties U and V. */
const derive = (version: Sealing, secret: Buffer): Buffer =>
  createHash(SUITES[version].hash)
    .update(Buffer.from([0, 0, 0, 1]))
    .update(secret)
    .update(Buffer.from('015556', 'hex'))
    .digest()
    .subarray(0, SUITES[version].size)

const part = (key: KeyObject, name: 'x' | 'y' | 'd'): Buffer => Buffer.from(key.export({ format: 'jwk' })[name] ?? '', 'base64url')
const scalar = (key: KeyObject): Buffer => part(key, 'd')
const uncompressed = (key: KeyObject): Buffer => Buffer.concat([Buffer.from([4]), part(key, 'x'), part(key, 'y')])
