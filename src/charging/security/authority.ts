/** Our own certificate authority: made when it is first needed, its key in the secret store, its root in the database. */
import { after, type Clock, DAY, type Instant, type Millis, millis, Problem, say } from '#kernel'
import {
  type CertificateRequest,
  type Holder,
  issueCertificate,
  keyFromPem,
  keyToPem,
  makeKey,
  readCertificates,
  type Subject,
  writeRevocationList,
} from '#protocols/pki'
import type { Secrets, Store } from '#store'
import { SAYING } from './saying.ts'
import { type KeptCertificate, keepCertificate, listCertificates } from './shelf.ts'

/** 'stations' issues for stations towards us and for our own port; 'v2g' for stations towards cars. */
export type AuthorityName = 'stations' | 'v2g'

export interface AuthorityWish {
  subject: Subject
  key: CertificateRequest['key']
  /** How long it counts, ms. */
  lasts: Millis
  purposes: ('server' | 'client')[]
  names?: string[]
}

/** Whoever signs certificates: our own authority, or a provider's service behind the same face. */
export interface Authority {
  /** Certificates to be trusted by those who meet what we issue. */
  roots(): Promise<string[]>
  /** Issues a certificate and returns it with those between it and the root, as PEM, the leaf first. */
  certify(wish: AuthorityWish): Promise<string>
  /** What was taken back, as a signed list (PEM). */
  revocationList(): Promise<string>
}

const ROOT_LASTS = millis(20 * 365 * DAY)
const LIST_LASTS = millis(7 * DAY)
/** Clocks of stations are late sometimes: what we issue counts from a day ago. */
const EARLIER = millis(-DAY)

export interface AuthorityParts {
  store: Store
  clock: Clock
  /** Absent: there is no authority, and asking it for anything is refused. */
  secrets: Secrets | undefined
  organization: string
}

/** @throws Problem `no-authority` by its methods when there is no secret store */
export function openAuthority(name: AuthorityName, { store, clock, secrets, organization }: AuthorityParts): Authority {
  const secret = `charging/authority-${name}`
  let known: Promise<Holder> | undefined

  const open = async (): Promise<Holder> => {
    if (!secrets) throw new Problem('no-authority', say(SAYING.noAuthority), { status: 503, hint: say(SAYING.giveSecretStore) })
    return store.transact(async (tx) => {
      // One of several processes makes it, the others find it.
      await tx.query("select pg_advisory_xact_lock(hashtext('cariflex authority'))")
      const [kept] = await listCertificates(tx, { kind: 'authority', use: name })
      const sealed = await secrets.get(secret)
      if (kept && sealed !== undefined) return { certificate: kept.pem, key: keyFromPem(sealed) }
      const key = await makeKey('p256')
      const subject = { commonName: `${organization} ${name === 'v2g' ? 'V2G root' : 'charging stations'}`.slice(0, 64), organization }
      const from = after(clock.now(), EARLIER)
      const certificate = issueCertificate({ subject, key, from, until: after(clock.now(), ROOT_LASTS), authority: 0 })
      await secrets.set(secret, keyToPem(key), { description: `Key of the certificate authority '${name}'`, tx })
      await keepCertificate(tx, certificate, { kind: 'authority', now: clock.now(), uses: [name] })
      return { certificate, key }
    })
  }
  const holder = (): Promise<Holder> => {
    known ??= open().catch((error: unknown) => {
      known = undefined
      throw error
    })
    return known
  }

  return {
    roots: async () => [(await holder()).certificate],
    async certify({ subject, key, lasts, purposes, names }) {
      const issuer = await holder()
      const end = readCertificates(issuer.certificate)[0]!.until
      const until = Math.min(after(clock.now(), lasts), end) as Instant
      return issueCertificate({ subject, key, issuer, from: after(clock.now(), EARLIER), until, purposes, ...(names && { names }) })
    },
    async revocationList() {
      const issuer = await holder()
      const rows = await store.query<Pick<KeptCertificate, 'serial'> & { at: Instant }>(
        `select serial, revoked_at as at from cariflex.certificate c where revoked_at is not null
         and kind in ('station', 'v2g', 'server') and issuer = (select subject from cariflex.certificate where fingerprint = $1) order by id`,
        [readCertificates(issuer.certificate)[0]!.fingerprint],
      )
      return writeRevocationList(issuer, rows, { from: clock.now(), until: after(clock.now(), LIST_LASTS) })
    },
  }
}
