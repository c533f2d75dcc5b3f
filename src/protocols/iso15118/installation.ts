/**
 * Contract certificates that a car fetches over the station by ISO 15118-2: its first one, shown its provisioning certificate (CertificateInstallation),
 * or a newer one, shown the contract it has (CertificateUpdate).
 */
import type { KeyObject, X509Certificate } from 'node:crypto'
import { Problem } from '#kernel'
import { certificatesOf, chainElement, chainOf, commonNameOf, rootList } from './certificates.ts'
import { type Contract, type ContractDesk, type ContractQuestion, isSameEmaid, type Provisioning } from './contract.ts'
import { blank } from './exi/blank.ts'
import { decodeExi, type ExiObject, encodeExi } from './exi/codec.ts'
import { schema } from './exi/schemas.ts'
import type { Iso2CertificateInstallationRes, Iso2MessageHeader, Iso2Messages, Iso2ResponseCode } from './messages.gen.ts'
import { maySealFor, openKey, sealKey } from './sealing.ts'
import { type SignedPart, signPart, verifyPart } from './signature.ts'

/** The request of a car for its first contract, signed with its provisioning key. */
export function installationRequest({ certificate, key, roots }: Provisioning, sessionId: string): ExiObject {
  const content = { Id: 'ID1', OEMProvisioningCert: certificate, ListOfRootCertificateIDs: rootList(roots) }
  return signedRequest('CertificateInstallationReq', content, key, sessionId)
}

/** The request of a car for a newer contract, signed with the key of the one it has. */
export function updateRequest({ emaid, chain, key }: Contract, roots: Provisioning['roots'], sessionId: string): ExiObject {
  const content = {
    Id: 'ID1',
    ContractSignatureCertChain: chainElement(chain),
    eMAID: emaid,
    ListOfRootCertificateIDs: rootList(roots),
  }
  return signedRequest('CertificateUpdateReq', content, key, sessionId)
}

function signedRequest(name: string, content: { Id: string }, key: KeyObject, SessionID: string): ExiObject {
  const Signature = signPart({ schema: 'iso2', name, content }, key)
  return { V2G_Message: { Header: { SessionID, Signature }, Body: { [name]: content } } } as unknown as ExiObject
}

/** @throws Problem exi-… when the bytes are no such request */
export async function answerIso2({ action, exi }: ContractQuestion, desk: ContractDesk): Promise<{ ok: boolean; exi: Buffer }> {
  const { Header, Body } = (decodeExi(schema('iso2'), exi) as unknown as Iso2Messages).V2G_Message
  const { CertificateInstallationReq: installation, CertificateUpdateReq: update } = Body
  const request = action === 'Install' ? installation : update
  const name = action === 'Install' ? 'CertificateInstallation' : 'CertificateUpdate'
  if (!request) throw new Problem('exi-unknown-message', `This is no ${name}Req.`, { status: 422 })
  const write = (answer: ExiObject, more: Partial<Iso2MessageHeader> = {}) =>
    encodeExi(schema('iso2'), {
      V2G_Message: { Header: { SessionID: Header.SessionID, ...more }, Body: { [`${name}Res`]: answer } },
    } as unknown as ExiObject)
  const refused = (ResponseCode: Iso2ResponseCode) => ({
    ok: false,
    exi: write({ ...blank(schema('iso2'), `${name}ResType`), ResponseCode }),
  })
  let chain: X509Certificate[]
  try {
    chain = certificatesOf(installation ? [installation.OEMProvisioningCert] : chainOf(update!.ContractSignatureCertChain))
    verifyPart({ schema: 'iso2', name: `${name}Req`, content: request }, Header.Signature, chain[0]!.publicKey)
  } catch {
    return refused('FAILED_SignatureError')
  }
  const [leaf] = chain as [X509Certificate]
  if (!maySealFor('iso2', leaf.publicKey)) return refused('FAILED_CertChainError')
  if (update && !isSameEmaid(update.eMAID, commonNameOf(leaf))) return refused('FAILED_CertChainError')
  const contract = await desk.contractFor({ action, name: commonNameOf(leaf), chain, version: 'iso2', preferred: [] })
  if (typeof contract === 'string') return refused(`FAILED_${contract}`)
  const { publicKey, sealed } = sealKey('iso2', contract.key, leaf.publicKey)
  const answer: Iso2CertificateInstallationRes = {
    ResponseCode: 'OK',
    SAProvisioningCertificateChain: chainElement(desk.provider.chain),
    ContractSignatureCertChain: { Id: 'ID1', ...chainElement(contract.chain) },
    ContractSignatureEncryptedPrivateKey: { Id: 'ID2', value: sealed },
    DHpublickey: { Id: 'ID3', value: publicKey },
    eMAID: { Id: 'ID4', value: contract.emaid },
  }
  const Signature = signPart(partsOf(answer), desk.provider.key)
  return { ok: true, exi: write(answer as unknown as ExiObject, { Signature }) }
}

/**
 * The contract in an answer, for the car whose key this is: that of its provisioning, or of the contract it has. `isTrusted` judges the chain of the
 * provider that signed.
 * @throws Problem v2g-refused (the code of the pool), v2g-signature-wrong, v2g-chain-refused, v2g-contract-broken
 */
export async function openInstallation(
  message: ExiObject,
  key: KeyObject,
  isTrusted: (chain: readonly string[]) => boolean | Promise<boolean>,
): Promise<Contract> {
  const { Header, Body } = (message as unknown as Partial<Iso2Messages>).V2G_Message ?? {}
  const answer = Body?.CertificateInstallationRes ?? Body?.CertificateUpdateRes
  const code = answer?.ResponseCode ?? 'nothing'
  if (!answer || code.startsWith('FAILED'))
    throw new Problem('v2g-refused', `No contract was installed: ${code}.`, { status: 403, details: { code } })
  const provider = chainOf(answer.SAProvisioningCertificateChain)
  if (!(await isTrusted(provider))) throw new Problem('v2g-chain-refused', 'Nobody trusted signed the contract.', { status: 403 })
  verifyPart(partsOf(answer), Header?.Signature, certificatesOf(provider)[0]!.publicKey)
  const chain = chainOf(answer.ContractSignatureCertChain)
  const [contract] = certificatesOf(chain) as [X509Certificate]
  const sealed = { publicKey: answer.DHpublickey.value, sealed: answer.ContractSignatureEncryptedPrivateKey.value }
  return { emaid: answer.eMAID.value, chain, key: openKey('iso2', sealed, key, contract.publicKey) }
}

const partsOf = (answer: Iso2CertificateInstallationRes): SignedPart[] =>
  (['ContractSignatureCertChain', 'ContractSignatureEncryptedPrivateKey', 'DHpublickey', 'eMAID'] as const).map((name) => ({
    schema: 'iso2',
    name,
    content: answer[name],
  }))
