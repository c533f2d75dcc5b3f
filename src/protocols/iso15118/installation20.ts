/** Contract certificates that a car fetches over the station by ISO 15118-20 (CertificateInstallation). */
import type { KeyObject, X509Certificate } from 'node:crypto'
import { Problem } from '#kernel'
import { certificatesOf, chainElement, chainOf, commonNameOf, keyIdentifierOf, rootList } from './certificates.ts'
import type { Contract, ContractDesk, ContractQuestion, NoContract, Provisioning } from './contract.ts'
import { blank } from './exi/blank.ts'
import { decodeExi, type ExiObject, encodeExi } from './exi/codec.ts'
import { schema } from './exi/schemas.ts'
import type { Header, Request, ResponseCode } from './iso20.ts'
import type { Iso20CertificateInstallationRes, Iso20Messages, Iso20SignedInstallationData } from './messages.gen.ts'
import { maySealFor, openKey, sealKey } from './sealing.ts'
import { type SignedPart, signPart, verifyPart } from './signature.ts'

const WARNINGS: Record<NoContract, ResponseCode> = {
  NoCertificateAvailable: 'WARNING_NoContractMatchingPCIDFound',
  CertificateExpired: 'WARNING_CertificateExpired',
  CertificateRevoked: 'WARNING_CertificateRevoked',
  CertChainError: 'WARNING_CertificateValidationError',
  ContractCanceled: 'WARNING_NoContractMatchingPCIDFound',
}

/** The request of a car, and the signature with its provisioning key that goes into the header. */
export function installationRequest20({ certificate, issuers = [], key, roots }: Provisioning, preferred: readonly string[] = []) {
  const OEMProvisioningCertificateChain = { Id: 'ID1', ...chainElement([certificate, ...issuers]) }
  const signature = signPart(requestPart(OEMProvisioningCertificateChain), key)
  const request: Request<'CertificateInstallation'> = {
    OEMProvisioningCertificateChain,
    ListOfRootCertificateIDs: rootList(roots) as unknown as Request<'CertificateInstallation'>['ListOfRootCertificateIDs'],
    MaximumContractCertificateChains: 1,
    ...(preferred.length > 0 && { PrioritizedEMAIDs: { EMAID: [...preferred] } }),
  }
  return { request, signature }
}

/** @throws Problem exi-… when the bytes are no such request */
export async function answerIso20({ action, exi }: ContractQuestion, desk: ContractDesk): Promise<{ ok: boolean; exi: Buffer }> {
  const { CertificateInstallationReq: request } = decodeExi(schema('iso20'), exi) as unknown as Partial<Iso20Messages>
  if (!request || action === 'Update')
    throw new Problem('exi-unknown-message', 'This is no CertificateInstallationReq; ISO 15118-20 knows no update.', { status: 422 })
  const { SessionID, TimeStamp } = request.Header
  const write = (answer: ExiObject, more: Partial<Header> = {}) =>
    encodeExi(schema('iso20'), {
      CertificateInstallationRes: { ...answer, Header: { SessionID, TimeStamp, ...more } },
    } as unknown as ExiObject)
  const refused = (code: ResponseCode) => ({
    ok: false,
    exi: write({ ...blank(schema('iso20'), 'CertificateInstallationResType'), ResponseCode: code }),
  })
  let chain: X509Certificate[]
  try {
    chain = certificatesOf(chainOf(request.OEMProvisioningCertificateChain))
    verifyPart(requestPart(request.OEMProvisioningCertificateChain), request.Header.Signature, chain[0]!.publicKey)
  } catch {
    return refused('FAILED_SignatureError')
  }
  const [leaf] = chain as [X509Certificate]
  // Ed448 with X448 is the other curve of the standard; it is not spoken here.
  if (!maySealFor('iso20', leaf.publicKey)) return refused('WARNING_CertificateValidationError')
  const name = commonNameOf(leaf)
  const contract = await desk.contractFor({ action, name, chain, version: 'iso20', preferred: request.PrioritizedEMAIDs?.EMAID ?? [] })
  if (typeof contract === 'string') return refused(WARNINGS[contract])
  const [certificate] = certificatesOf(contract.chain) as [X509Certificate]
  const { publicKey, sealed } = sealKey('iso20', contract.key, leaf.publicKey, boundTo(name, certificate))
  const data: Iso20SignedInstallationData = {
    Id: 'ID1',
    ContractCertificateChain: chainElement(contract.chain) as Iso20SignedInstallationData['ContractCertificateChain'],
    ECDHCurve: 'SECP521',
    DHPublicKey: publicKey,
    SECP521_EncryptedPrivateKey: sealed,
  }
  const answer: Omit<Iso20CertificateInstallationRes, 'Header'> = {
    ResponseCode: 'OK',
    EVSEProcessing: 'Finished',
    CPSCertificateChain: chainElement(desk.provider.chain),
    SignedInstallationData: data,
    RemainingContractCertificateChains: 0,
  }
  return { ok: true, exi: write(answer as unknown as ExiObject, { Signature: signPart(answerPart(data), desk.provider.key) }) }
}

/**
 * The contract in an answer, for the car that asked.
 * @throws Problem v2g-refused (the code of the pool), v2g-signature-wrong, v2g-chain-refused, v2g-contract-broken
 */
export async function openInstallation20(
  { ResponseCode: code, CPSCertificateChain, SignedInstallationData: data, Header }: Iso20CertificateInstallationRes,
  { certificate, key }: { certificate: string; key: KeyObject },
  isTrusted: (chain: readonly string[]) => boolean | Promise<boolean>,
): Promise<Contract> {
  if (!code.startsWith('OK')) throw new Problem('v2g-refused', `No contract was installed: ${code}.`, { status: 403, details: { code } })
  const provider = chainOf(CPSCertificateChain)
  if (!(await isTrusted(provider))) throw new Problem('v2g-chain-refused', 'Nobody trusted signed the contract.', { status: 403 })
  verifyPart(answerPart(data), Header.Signature, certificatesOf(provider)[0]!.publicKey)
  const chain = chainOf(data.ContractCertificateChain)
  const [contract] = certificatesOf(chain) as [X509Certificate]
  const bound = boundTo(commonNameOf(certificatesOf([certificate])[0]!), contract)
  const sealed = { publicKey: data.DHPublicKey, sealed: data.SECP521_EncryptedPrivateKey ?? '' }
  return { emaid: commonNameOf(contract), chain, key: openKey('iso20', sealed, key, contract.publicKey, bound) }
}

/** What the sealed key is bound to: the car by its PCID, the contract by the identifier of its key. */
const boundTo = (pcid: string, contract: X509Certificate): string =>
  pcid.toUpperCase().replaceAll(/[^A-Z0-9]/g, '') + keyIdentifierOf(contract)

const requestPart = (content: SignedPart['content']): SignedPart => ({ schema: 'iso20', name: 'OEMProvisioningCertificateChain', content })
const answerPart = (content: SignedPart['content']): SignedPart => ({ schema: 'iso20', name: 'SignedInstallationData', content })
