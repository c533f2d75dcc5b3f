/**
 * What a pool of contracts answers to the bytes of a car's request, for every version: one EXI message each way, sealed for that car. The car shows its
 * provisioning certificate (installation) or the contract it has (update).
 */
import { Problem } from '#kernel'
import type { ContractDesk, ContractQuestion } from './contract.ts'
import { answerIso2 } from './installation.ts'
import { answerIso20 } from './installation20.ts'
import { NAMESPACES } from './parties.ts'
import type { Sealing } from './sealing.ts'

/** Of the namespace a station says; the common messages of -20 are told by any of its schemas. */
export const versionOf = (namespace: string): Sealing | undefined =>
  namespace === NAMESPACES.iso2 ? 'iso2' : namespace.startsWith('urn:iso:std:iso:15118:-20:') ? 'iso20' : undefined

/**
 * Answers a request: bytes for the car, and whether they carry a contract. A request whose signature is wrong, or for which there is no contract, is
 * answered with the code that says so.
 * @throws Problem exi-… when the bytes are no such request, v2g-unknown-protocol
 */
export async function answerContractRequest(request: ContractQuestion, desk: ContractDesk): Promise<{ ok: boolean; exi: Buffer }> {
  const version = versionOf(request.namespace)
  if (!version)
    throw new Problem('v2g-unknown-protocol', `Contracts are not installed by '${request.namespace.slice(0, 80)}'.`, {
      status: 422,
      hint: `${NAMESPACES.iso2} or urn:iso:std:iso:15118:-20:CommonMessages.`,
    })
  return version === 'iso2' ? answerIso2(request, desk) : answerIso20(request, desk)
}
