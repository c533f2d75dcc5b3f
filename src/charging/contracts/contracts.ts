/** Contracts of Plug & Charge as people handle them: issued, listed, revoked; the pool that cars ask; the authority of trials. */
import { after, type Clock, DAY, type Instant, type Log, millis, type Outward, Problem, say } from '#kernel'
import { emaidCheckDigit, isEmaid, issueCertificate, keyToPem, makeKey, plainEmaid } from '#protocols/pki'
import type { Secrets, Store } from '#store'
import { registerToken } from '../badges.ts'
import type { ChargingConfig } from '../config.ts'
import { type KeptCertificate, listCertificates } from '../security/shelf.ts'
import { addContract, endContract, findContract, type KeptContract, listContracts } from './contract-book.ts'
import { outerPool } from './outer-pool.ts'
import { openOwnPool, plainCar } from './own-pool.ts'
import type { ContractPool } from './pool.ts'
import { SAYING } from './saying.ts'
import { KINDS, openTestAuthority, type Version } from './test-authority.ts'

export interface ContractWish {
  /** Its check character may be left out, hyphens may stand in it. */
  emaid: string
  /** PCID of the car. */
  car: string
  /** Default: two years from now. */
  until?: Instant
}

/** What a car of trials is made with: its provisioning certificate with the issuer, and the key (PEM). */
export interface TestCar {
  version: Version
  certificate: string
  key: string
}

export interface ContractDesk {
  /** Where cars get their contracts; absent when nothing is set up. */
  pool(): Promise<{ place: string; roots: string[] } | undefined>
  list(): Promise<KeptContract[]>
  /** @throws Problem `unknown-contract` */
  find(emaid: string): Promise<KeptContract & { certificates: KeptCertificate[] }>
  /** Makes a contract for a car and a badge that pays by it. @throws Problem `bad-emaid`, `contract-exists`, `no-contract-authority` */
  issue(wish: ContractWish): Promise<KeptContract>
  /** Ends a contract: its certificates pay no more. @throws Problem `unknown-contract` */
  revoke(emaid: string, because: string): Promise<KeptContract>
  /** Makes the authority of trials and trusts it; its roots (PEM). @throws Problem `no-authority` */
  trial(): Promise<string[]>
  /** A car of trials for both versions. @throws Problem `no-contract-authority` */
  trialCar(pcid: string): Promise<TestCar[]>
  /** Whom our cars ask. */
  readonly current: ContractPool
  /** Our own pool, which other platforms may ask. */
  readonly own: ContractPool
}

export interface ContractParts {
  store: Store
  clock: Clock
  log: Log
  secrets: Secrets | undefined
  outward: Outward
  config: ChargingConfig
}

const LASTS = millis(2 * 365 * DAY)
const CAR_LASTS = millis(15 * 365 * DAY)

export function openContracts(parts: ContractParts): ContractDesk {
  const { store, clock, log, secrets, outward, config } = parts
  const { organization, contracts } = config
  const authority = openTestAuthority({ store, clock, secrets, organization })
  const own = openOwnPool({ store, clock, log, authority, organization })
  const current = contracts ? outerPool({ ...contracts, outward }) : own

  const whole = (emaid: string): string => {
    const plain = plainEmaid(emaid)
    const full = plain.length === 14 ? plain + (emaidCheckDigit(plain) ?? '') : plain
    if (isEmaid(full) && full.length === 15) return full
    throw new Problem('bad-emaid', say(SAYING.badEmaid, { emaid: emaid.slice(0, 40) }), { status: 422, hint: say(SAYING.emaidForm) })
  }

  return {
    current,
    own,
    async pool() {
      if (!contracts && !(await authority.isMade())) return undefined
      const roots = (await listCertificates(store, { kind: 'root', use: 'MO' })).filter(({ revokedAt }) => revokedAt === null)
      return { place: current.place, roots: roots.map(({ subject }) => subject) }
    },
    list: () => listContracts(store),
    async find(emaid) {
      const plain = whole(emaid)
      const contract = await findContract(store, plain)
      if (!contract)
        throw new Problem('unknown-contract', say(SAYING.unknownContract, { emaid: plain }), {
          status: 404,
          hint: say(SAYING.listContracts),
        })
      return { ...contract, certificates: await listCertificates(store, { kind: 'contract', use: plain }) }
    },
    async issue({ emaid, car, until = after(clock.now(), LASTS) }) {
      const plain = whole(emaid)
      if (until <= clock.now()) throw new Problem('invalid-contract', say(SAYING.contractOver), { status: 422 })
      await authority.holder('iso2', 'mo')
      const contract = await addContract(store, plain, plainCar(car), until, clock.now())
      await registerToken(store, { token: plain, type: 'eMAID', validUntil: until })
      return contract
    },
    revoke: (emaid, because) => {
      const plain = whole(emaid)
      return store.transact((tx) => endContract(tx, plain, because, clock.now()))
    },
    trial: () => authority.make(),
    trialCar: (pcid) =>
      Promise.all(
        (['iso2', 'iso20'] as const).map(async (version) => {
          const [issuer, key] = await Promise.all([authority.holder(version, 'oem'), makeKey(KINDS[version])])
          const certificate = issueCertificate({
            subject: { commonName: plainCar(pcid), organization, domain: 'OEM' },
            ...{ key, issuer, from: after(clock.now(), millis(-DAY)), until: after(clock.now(), CAR_LASTS) },
          })
          return { version, certificate: certificate + issuer.certificate, key: keyToPem(key) }
        }),
      ),
  }
}
