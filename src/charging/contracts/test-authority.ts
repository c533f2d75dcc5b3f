/**
 * The authority of trials: a root with the issuers of contracts (MO), of cars (OEM) and of what cars are given (CPS) below it, once on P-256 for
 * ISO 15118-2 and once on P-521 for -20. Made when a person asks for it, its keys in the secret store.
 */
import { after, type Clock, DAY, millis, Problem, say } from '#kernel'
import { type Holder, issueCertificate, type KeyKind, keyFromPem, keyToPem, makeKey } from '#protocols/pki'
import type { Secrets, Store } from '#store'
import { SAYING as SECURITY } from '../security/saying.ts'
import { keepCertificate, type RootUse } from '../security/shelf.ts'
import { SAYING } from './saying.ts'

export type Version = 'iso2' | 'iso20'
export type Role = 'root' | 'mo' | 'oem' | 'cps'
export const KINDS: Record<Version, KeyKind> = { iso2: 'p256', iso20: 'p521' }
const VERSIONS = ['iso2', 'iso20'] as const
/** Whom it vouches for: it is trusted for all that its issuers do. */
const USES: readonly RootUse[] = ['V2G', 'MO', 'OEM']
const TITLES: Record<Role, string> = { root: 'root', mo: 'contracts', oem: 'cars', cps: 'provisioning' }
const LASTS = millis(20 * 365 * DAY)

export interface TestAuthority {
  /** Makes what is not there yet and trusts it. Resolves with the roots (PEM). @throws Problem `no-authority` */
  make(): Promise<string[]>
  /** @throws Problem `no-contract-authority` when it was not made yet */
  holder(version: Version, role: Role): Promise<Holder>
  isMade(): Promise<boolean>
}

export interface TestAuthorityParts {
  store: Store
  clock: Clock
  secrets: Secrets | undefined
  organization: string
}

const secretOf = (version: Version, role: Role) => `charging/test-authority/${version}/${role}`

export function openTestAuthority({ store, clock, secrets, organization }: TestAuthorityParts): TestAuthority {
  const read = async (version: Version, role: Role): Promise<Holder | undefined> => {
    const text = await secrets?.get(secretOf(version, role))
    if (text === undefined) return undefined
    const { certificate, key } = JSON.parse(text) as { certificate: string; key: string }
    return { certificate, key: keyFromPem(key) }
  }

  return {
    isMade: async () => (await read('iso20', 'cps')) !== undefined,
    async holder(version, role) {
      const found = await read(version, role)
      if (found) return found
      throw new Problem('no-contract-authority', say(SAYING.noTestAuthority), { status: 409, hint: say(SAYING.makeTestAuthority) })
    },
    make() {
      if (!secrets) throw new Problem('no-authority', say(SECURITY.noAuthority), { status: 503, hint: say(SECURITY.giveSecretStore) })
      return store.transact(async (tx) => {
        await tx.query("select pg_advisory_xact_lock(hashtext('cariflex test authority'))")
        const roots: string[] = []
        for (const version of VERSIONS) {
          const one = async (role: Role, issuer?: Holder): Promise<Holder> => {
            const known = await read(version, role)
            if (known) return known
            const key = await makeKey(KINDS[version])
            const certificate = issueCertificate({
              subject: { commonName: `${organization} test ${TITLES[role]} ${version}`.slice(0, 64), organization },
              key,
              from: after(clock.now(), millis(-DAY)),
              until: after(clock.now(), LASTS),
              ...(issuer && { issuer }),
              ...(role === 'root' ? { authority: true } : role !== 'cps' && { authority: 0 }),
            })
            const description = `Key and certificate of the test authority: ${TITLES[role]}, ${version}`
            await secrets.set(secretOf(version, role), JSON.stringify({ certificate, key: keyToPem(key) }), { description, tx })
            return { certificate, key }
          }
          const root = await one('root')
          for (const role of ['mo', 'oem', 'cps'] as const) await one(role, root)
          await keepCertificate(tx, root.certificate, { kind: 'root', now: clock.now(), uses: USES })
          roots.push(root.certificate)
        }
        return roots
      })
    },
  }
}
