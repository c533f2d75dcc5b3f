/** Plug & Charge: whether the contract certificate that a car shows counts (OCPP 2.0.1 C07, charging reference 2.7). */
import { type Clock, describeError, isProblem, type Log } from '#kernel'
import { type CertificateFacts, hashOf, isEmaid, plainEmaid, readCertificates, validateChain } from '#protocols/pki'
import type { Store } from '#store'
import type { Contract, ContractCheck, ContractStatus } from '../token.ts'
import type { OcspDesk, OcspQuestion } from './ocsp.ts'
import { revokedAmong, trustedRoots } from './shelf.ts'

export interface ContractParts {
  store: Store
  clock: Clock
  log: Log
  ocsp: OcspDesk
}

/** The same contract, whether one of the two carries its check character or not. */
const sameContract = (a: string, b: string): boolean => plainEmaid(a).slice(0, 14) === plainEmaid(b).slice(0, 14)

/**
 * Judges a contract: its chain leads to a root for contracts (MO) or V2G, counts now, names the eMAID that is shown, and no responder says that
 * it was taken back. A responder that cannot be reached does not stop a car whose chain is right; without a chain it does.
 */
export function contractCheck({ store, clock, log, ocsp }: ContractParts): ContractCheck {
  return async (contract: Contract): Promise<ContractStatus> => {
    const refuse = (status: ContractStatus, why: string): ContractStatus => {
      log.info({ contract: `…${contract.emaid.slice(-4)}`, status, why }, 'a contract certificate was not accepted')
      return status
    }
    const roots = await trustedRoots(store, ['MO', 'V2G'])
    let path: CertificateFacts[] = []
    if (contract.certificate !== undefined) {
      let chain: CertificateFacts[]
      try {
        chain = readCertificates(contract.certificate)
      } catch (error) {
        if (!isProblem(error)) throw error
        return refuse('CertChainError', error.message)
      }
      const revoked = await revokedAmong(store, [...chain, ...roots])
      const verdict = validateChain(chain, { roots, now: clock.now(), isRevoked: ({ fingerprint }) => revoked.has(fingerprint) })
      if (!verdict.ok) return refuse(verdict.fault, verdict.why)
      const { commonName } = chain[0]!.subject
      if (!isEmaid(commonName)) return refuse('CertChainError', 'its subject is no eMAID, or has the wrong check character')
      if (!sameContract(commonName, contract.emaid)) return refuse('CertChainError', 'it belongs to another eMAID')
      path = verdict.path
    }
    const questions = new Map<string, OcspQuestion>()
    for (const [index, { ocsp: responderURL, pem }] of path.entries()) {
      const issuer = path[index + 1]
      if (responderURL === undefined || !issuer) continue
      const question = { ...hashOf(pem, issuer.pem), responderURL }
      questions.set(`${question.issuerKeyHash} ${question.serialNumber}`, question)
    }
    for (const { hashAlgorithm, issuerNameHash, issuerKeyHash, serialNumber, responderURL } of contract.hashes ?? [])
      questions.set(`${issuerKeyHash} ${serialNumber}`.toLowerCase(), {
        hashAlgorithm,
        issuerNameHash,
        issuerKeyHash,
        serialNumber,
        responderURL,
      })
    if (path.length === 0 && questions.size === 0) return refuse('NoCertificateAvailable', 'neither a certificate nor hash data came')

    for (const question of questions.values()) {
      try {
        const state = await ocsp.state(question, [...path, ...roots])
        if (state === 'revoked') return refuse('CertificateRevoked', 'its responder says so')
        if (state === 'unknown') return refuse('NoCertificateAvailable', 'its responder does not know it')
      } catch (error) {
        if (!isProblem(error)) throw error
        if (path.length === 0) return refuse(error.code === 'bad-ocsp' ? 'CertChainError' : 'NoCertificateAvailable', describeError(error))
        log.warn(
          { responder: question.responderURL, error: describeError(error) },
          'whether a contract was taken back is not known; its chain is right',
        )
      }
    }
    return 'Accepted'
  }
}
