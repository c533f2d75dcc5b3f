/** Our own pool of contracts, for trials: certificates are made when a car asks, and the key is sealed for it at once. */
import { after, type Clock, DAY, type Log, millis } from '#kernel'
import { type Applicant, answerContractRequest, type Contract, type NoContract, versionOf } from '#protocols/iso15118'
import { isEmaid, issueCertificate, makeKey, plainEmaid, readCertificates, toDer, validateChain } from '#protocols/pki'
import type { Store } from '#store'
import { keepCertificate, type RootUse, revokedAmong, trustedRoots } from '../security/shelf.ts'
import { contractOfCar, findContract, type KeptContract, markInstalled } from './contract-book.ts'
import type { ContractPool } from './pool.ts'
import { KINDS, type TestAuthority } from './test-authority.ts'

export interface OwnPoolParts {
  store: Store
  clock: Clock
  log: Log
  authority: TestAuthority
  organization: string
}

const ders = (...pems: string[]): string[] => pems.map((pem) => toDer(pem).toString('base64'))

/** PCIDs are compared in capitals, without separators. */
export const plainCar = (pcid: string): string => pcid.toUpperCase().replaceAll(/[^A-Z0-9]/g, '')

export function openOwnPool({ store, clock, log, authority, organization }: OwnPoolParts): ContractPool {
  /** Whether what the car shows leads to a root that is trusted for this, and was not taken back. */
  const faultOf = async ({ chain, version, action }: Applicant): Promise<NoContract | undefined> => {
    const [use, issuer]: [RootUse, 'oem' | 'mo'] = action === 'Install' ? ['OEM', 'oem'] : ['MO', 'mo']
    const roots = await trustedRoots(store, [use])
    // -2 shows the leaf alone.
    const { certificate } = await authority.holder(version, issuer)
    const path = readCertificates(chain.map(String).join('') + certificate)
    const revoked = await revokedAmong(store, [...path, ...roots])
    const verdict = validateChain(path, { roots, now: clock.now(), isRevoked: ({ fingerprint }) => revoked.has(fingerprint) })
    if (verdict.ok) return undefined
    return verdict.fault === 'CertificateExpired' || verdict.fault === 'CertificateRevoked' ? verdict.fault : 'CertChainError'
  }

  const issue = async ({ emaid, until }: KeptContract, { version }: Applicant): Promise<Contract> => {
    const [issuer, key] = await Promise.all([authority.holder(version, 'mo'), makeKey(KINDS[version])])
    const now = clock.now()
    const certificate = issueCertificate({
      subject: { commonName: emaid, organization, domain: 'MO' },
      ...{ key, issuer, until, from: after(now, millis(-DAY)) },
    })
    await store.transact(async (tx) => {
      await keepCertificate(tx, certificate, { kind: 'contract', now, uses: [emaid] })
      await markInstalled(tx, emaid, now)
    })
    return { emaid, chain: ders(certificate, issuer.certificate), key }
  }

  return {
    place: 'own',
    async answer(question) {
      const signer = versionOf(question.namespace) ?? 'iso2'
      const cps = await authority.holder(signer, 'cps')
      return answerContractRequest(question, {
        provider: { chain: ders(cps.certificate), key: cps.key },
        async contractFor(applicant) {
          const { action, name, preferred } = applicant
          const fault = await faultOf(applicant)
          const now = clock.now()
          const contract =
            fault === undefined && action === 'Install'
              ? await contractOfCar(store, plainCar(name), preferred.map(plainEmaid), now)
              : isEmaid(name) && (await findContract(store, plainEmaid(name)))
          const isOver = contract && (contract.revokedAt !== null || contract.until <= now)
          const none = fault ?? (isOver ? 'ContractCanceled' : contract ? undefined : 'NoCertificateAvailable')
          log.info({ action, version: applicant.version, answer: none ?? 'a contract' }, 'a car asked for a contract')
          return none ?? issue(contract as KeptContract, applicant)
        },
      })
    },
  }
}
