/**
 * Contract certificates that a car fetches over the station (ISO 15118-2, CertificateInstallation): it shows its provisioning certificate, a pool
 * answers with a contract and its private key, which only that car can read. What travels between them is one EXI message each way.
 */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHash,
  createPrivateKey,
  type KeyObject,
  randomBytes,
  X509Certificate,
} from 'node:crypto'
import { Problem } from '#kernel'
import type { Contract } from './contract.ts'
import { blank } from './exi/blank.ts'
import { decodeExi, type ExiObject, encodeExi } from './exi/codec.ts'
import { schema } from './exi/schemas.ts'
import type { Iso2CertificateInstallationRes, Iso2MessageHeader, Iso2Messages, Iso2ResponseCode } from './messages.gen.ts'
import { type SignedPart, signPart, verifyPart } from './signature.ts'

/** What a car has from its maker. */
export interface Provisioning {
  /** DER in base64. */
  certificate: string
  key: KeyObject
  /** Roots that it knows, by issuer and serial number. */
  roots: { issuer: string; serial: string }[]
}

/** Chain (DER in base64, leaf first) and key of who signs what cars are given (CPS). */
export interface Provider {
  chain: string[]
  key: KeyObject
}

export interface InstallationDesk {
  provider: Provider
  /** The contract for a provisioning certificate (its PCID is the common name), or why there is none. */
  contractFor(
    pcid: string,
    certificate: X509Certificate,
  ): Promise<Contract | 'NoCertificateAvailable' | 'CertificateExpired' | 'CertChainError'>
}

const CURVE = 'prime256v1'

/** The request of a car, signed with its provisioning key. */
export function installationRequest({ certificate, key, roots }: Provisioning, sessionId: string): ExiObject {
  const content = {
    Id: 'ID1',
    OEMProvisioningCert: certificate,
    ListOfRootCertificateIDs: {
      RootCertificateID: roots.map(({ issuer, serial }) => ({
        X509IssuerName: issuer,
        X509SerialNumber: BigInt(`0x${serial}`).toString(),
      })),
    },
  }
  const Signature = signPart({ schema: 'iso2', name: 'CertificateInstallationReq', content }, key)
  return {
    V2G_Message: { Header: { SessionID: sessionId, Signature }, Body: { CertificateInstallationReq: content } },
  } as unknown as ExiObject
}

/**
 * What a pool answers to the bytes of a request: bytes for the car, and whether they carry a contract. A request that is not signed by its certificate,
 * or for which there is no contract, is answered with the code that says so.
 * @throws Problem exi-… when the bytes are no such request
 */
export async function answerInstallation(exi: Uint8Array, desk: InstallationDesk): Promise<{ ok: boolean; exi: Buffer }> {
  const { Header, Body } = (decodeExi(schema('iso2'), exi) as unknown as Iso2Messages).V2G_Message
  const request = Body.CertificateInstallationReq
  if (!request) throw new Problem('exi-unknown-message', 'This is no CertificateInstallationReq.', { status: 422 })
  const write = (answer: ExiObject, more: Partial<Iso2MessageHeader> = {}) =>
    encodeExi(schema('iso2'), {
      V2G_Message: { Header: { SessionID: Header.SessionID, ...more }, Body: { CertificateInstallationRes: answer } },
    } as unknown as ExiObject)
  const refused = (ResponseCode: Iso2ResponseCode) => ({
    ok: false,
    exi: write({ ...blank(schema('iso2'), 'CertificateInstallationResType'), ResponseCode }),
  })
  let certificate: X509Certificate
  try {
    certificate = new X509Certificate(Buffer.from(request.OEMProvisioningCert, 'base64'))
    verifyPart({ schema: 'iso2', name: 'CertificateInstallationReq', content: request }, Header.Signature, certificate.publicKey)
  } catch {
    return refused('FAILED_SignatureError')
  }
  // Names may stand in parts of their own or together in one.
  const pcid = /(?:^|\+ )CN=([^\n+]+?)(?: \+|$)/m.exec(certificate.subject)?.[1] ?? ''
  const contract = await desk.contractFor(pcid, certificate)
  if (typeof contract === 'string') return refused(`FAILED_${contract}`)
  const { DHpublickey, sealed } = seal(contract.key, certificate.publicKey)
  const chain = ([Certificate = '', ...others]: string[]) => ({
    Certificate,
    ...(others.length > 0 && { SubCertificates: { Certificate: others } }),
  })
  const answer: Iso2CertificateInstallationRes = {
    ResponseCode: 'OK',
    SAProvisioningCertificateChain: chain(desk.provider.chain),
    ContractSignatureCertChain: { Id: 'ID1', ...chain(contract.chain) },
    ContractSignatureEncryptedPrivateKey: { Id: 'ID2', value: sealed },
    DHpublickey: { Id: 'ID3', value: DHpublickey },
    eMAID: { Id: 'ID4', value: contract.emaid },
  }
  const Signature = signPart(partsOf(answer), desk.provider.key)
  return { ok: true, exi: write(answer as unknown as ExiObject, { Signature }) }
}

/**
 * The contract in an answer, for the car whose provisioning key this is. `isTrusted` judges the chain of the provider that signed.
 * @throws Problem v2g-refused (the code of the pool), v2g-signature-wrong, v2g-chain-refused, v2g-contract-broken
 */
export async function openInstallation(
  message: ExiObject,
  { key }: Provisioning,
  isTrusted: (chain: readonly string[]) => boolean | Promise<boolean>,
): Promise<Contract> {
  const { Header, Body } = (message as unknown as Iso2Messages).V2G_Message
  const answer = Body.CertificateInstallationRes
  const code = answer?.ResponseCode ?? 'nothing'
  if (!answer || code.startsWith('FAILED'))
    throw new Problem('v2g-refused', `No contract was installed: ${code}.`, { status: 403, details: { code } })
  const chainOf = ({ Certificate, SubCertificates }: Iso2CertificateInstallationRes['ContractSignatureCertChain']) => [
    Certificate,
    ...(SubCertificates?.Certificate ?? []),
  ]
  const provider = chainOf(answer.SAProvisioningCertificateChain)
  if (!(await isTrusted(provider))) throw new Problem('v2g-chain-refused', 'Nobody trusted signed the contract.', { status: 403 })
  const leaf = new X509Certificate(Buffer.from(provider[0]!, 'base64'))
  verifyPart(partsOf(answer), Header.Signature, leaf.publicKey)
  const chain = chainOf(answer.ContractSignatureCertChain)
  const contract = new X509Certificate(Buffer.from(chain[0]!, 'base64'))
  const opened = open(answer.ContractSignatureEncryptedPrivateKey.value, answer.DHpublickey.value, key, contract.publicKey)
  if (!contract.checkPrivateKey(opened))
    throw new Problem('v2g-contract-broken', 'The private key does not belong to the contract certificate.', { status: 502 })
  return { emaid: answer.eMAID.value, chain, key: opened }
}

const partsOf = (answer: Iso2CertificateInstallationRes): SignedPart[] =>
  (['ContractSignatureCertChain', 'ContractSignatureEncryptedPrivateKey', 'DHpublickey', 'eMAID'] as const).map((name) => ({
    schema: 'iso2',
    name,
    content: answer[name],
  }))

interface Point {
  x: Buffer
  y: Buffer
  d: Buffer
}
const partsOfKey = (key: KeyObject): Point => {
  const { x = '', y = '', d = '' } = key.export({ format: 'jwk' })
  return { x: Buffer.from(x, 'base64url'), y: Buffer.from(y, 'base64url'), d: Buffer.from(d, 'base64url') }
}
const uncompressed = ({ x, y }: Point): Buffer => Buffer.concat([Buffer.from([4]), x, y])

/** Concatenation KDF of NIST SP 800-56A with SHA-256: one round, algorithm 01, parties U and V. */
const derive = (secret: Buffer): Buffer =>
  createHash('sha256')
    .update(Buffer.from([0, 0, 0, 1]))
    .update(secret)
    .update(Buffer.from('015556', 'hex'))
    .digest()
    .subarray(0, 16)

/** A private key for the holder of another: 16 bytes of initialization vector, 32 of AES-128-CBC without padding. */
function seal(key: KeyObject, reader: KeyObject): { DHpublickey: string; sealed: string } {
  const ephemeral = createECDH(CURVE)
  const DHpublickey = ephemeral.generateKeys().toString('base64')
  const vector = randomBytes(16)
  const cipher = createCipheriv('aes-128-cbc', derive(ephemeral.computeSecret(uncompressed(partsOfKey(reader)))), vector).setAutoPadding(
    false,
  )
  const data = Buffer.concat([vector, cipher.update(partsOfKey(key).d), cipher.final()])
  return { DHpublickey, sealed: data.toString('base64') }
}

function open(sealed: string, DHpublickey: string, key: KeyObject, owner: KeyObject): KeyObject {
  try {
    const own = createECDH(CURVE)
    own.setPrivateKey(partsOfKey(key).d)
    const data = Buffer.from(sealed, 'base64')
    const secret = derive(own.computeSecret(Buffer.from(DHpublickey, 'base64')))
    const cipher = createDecipheriv('aes-128-cbc', secret, data.subarray(0, 16)).setAutoPadding(false)
    const d = Buffer.concat([cipher.update(data.subarray(16)), cipher.final()]).toString('base64url')
    return createPrivateKey({ key: { ...owner.export({ format: 'jwk' }), d }, format: 'jwk' })
  } catch (cause) {
    throw new Problem('v2g-contract-broken', 'The private key of the contract cannot be read.', { status: 502, cause })
  }
}
