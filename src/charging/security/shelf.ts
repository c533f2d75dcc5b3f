/** Certificates in the database: those we issued, those of stations, and the roots that are trusted. */
import { type Instant, Problem, say } from '#kernel'
import { type CertificateFacts, readCertificates, sayName } from '#protocols/pki'
import { asTimestamp, type Queryable } from '#store'
import { SAYING } from './saying.ts'

export type CertificateKind = 'authority' | 'server' | 'station' | 'v2g' | 'root' | 'contract'
/** What a trusted root vouches for: charging stations of a maker, cars (OEM), contracts (MO), stations towards cars (V2G), ourselves (CSMS). */
export const ROOT_USES = ['V2G', 'MO', 'OEM', 'CSMS', 'Manufacturer'] as const
export type RootUse = (typeof ROOT_USES)[number]
export type CertificateState = 'current' | 'sent' | 'refused' | 'replaced'

export interface KeptCertificate {
  fingerprint: string
  kind: CertificateKind
  uses: string[]
  station: string | null
  serial: string
  subject: string
  issuer: string
  pem: string
  from: Instant
  until: Instant
  state: CertificateState
  revokedAt: Instant | null
  revokedBecause: string | null
  createdAt: Instant
}

const COLUMNS = `fingerprint, kind, uses, station, serial, subject, issuer, pem, valid_from as "from", valid_until as "until", state,
  revoked_at as "revokedAt", revoked_because as "revokedBecause", created_at as "createdAt"`

/** Keeps a certificate (PEM); one that is there already gets the state and uses said now, and stays revoked if it was. */
export async function keepCertificate(
  store: Queryable,
  pem: string,
  more: { kind: CertificateKind; now: Instant; station?: string; state?: CertificateState; uses?: readonly string[] },
): Promise<CertificateFacts> {
  const facts = readCertificates(pem)[0]!
  await store.query(
    `insert into cariflex.certificate (fingerprint, kind, uses, station, serial, subject, issuer, pem, valid_from, valid_until, state, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (fingerprint) do update set state = excluded.state, uses = excluded.uses`,
    [
      facts.fingerprint,
      more.kind,
      more.uses ?? [],
      more.station ?? null,
      facts.serial,
      sayName(facts.subject),
      sayName(facts.issuer),
      facts.pem,
      asTimestamp(facts.from),
      asTimestamp(facts.until),
      more.state ?? 'current',
      asTimestamp(more.now),
    ],
  )
  return facts
}

/** Newest first. */
export const listCertificates = (
  store: Queryable,
  { kind, station, use }: { kind?: CertificateKind; station?: string; use?: string } = {},
): Promise<KeptCertificate[]> =>
  store.query<KeptCertificate>(
    `select ${COLUMNS} from cariflex.certificate
     where ($1::text is null or kind = $1) and ($2::text is null or station = $2) and ($3::text is null or $3 = any(uses))
     order by created_at desc, id desc limit 5000`,
    [kind ?? null, station ?? null, use ?? null],
  )

/** Certificates of stations that are in use, and two thirds of whose life are over; the one that ends first comes first. */
export const oldCertificates = (store: Queryable, now: Instant): Promise<KeptCertificate[]> =>
  store.query<KeptCertificate>(
    `select ${COLUMNS} from cariflex.certificate
     where kind in ('station', 'v2g') and state = 'current' and revoked_at is null and valid_from + (valid_until - valid_from) * (2.0 / 3) <= $1
     order by valid_until limit 1000`,
    [asTimestamp(now)],
  )

/** The roots that are trusted for one of these uses. */
export async function trustedRoots(store: Queryable, uses: readonly RootUse[]): Promise<CertificateFacts[]> {
  const rows = await store.query<{ pem: string }>(
    `select pem from cariflex.certificate where kind = 'root' and uses && $1::text[] and revoked_at is null`,
    [uses],
  )
  return rows.flatMap(({ pem }) => readCertificates(pem))
}

/** Sets the state of the certificate, and of older ones of the same station and kind when it is in use now. */
export async function markCertificate(store: Queryable, { fingerprint }: { fingerprint: string }, state: CertificateState): Promise<void> {
  // In one statement: at no moment are two in use.
  await store.query(
    `update cariflex.certificate one set state = case when one.fingerprint = $1 then $2 else 'replaced' end
     from cariflex.certificate new
     where new.fingerprint = $1 and (one.fingerprint = $1
       or ($2 = 'current' and one.station = new.station and one.kind = new.kind and one.state in ('current', 'sent') and one.id < new.id))`,
    [fingerprint, state],
  )
}

/** Takes a certificate back, for good. @throws Problem `unknown-certificate` */
export async function revokeCertificate(store: Queryable, fingerprint: string, because: string, now: Instant): Promise<KeptCertificate> {
  const row = await store.first<KeptCertificate>(
    `update cariflex.certificate set revoked_at = coalesce(revoked_at, $2), revoked_because = coalesce(revoked_because, $3)
     where fingerprint = $1 returning ${COLUMNS}`,
    [fingerprint.toLowerCase(), asTimestamp(now), because],
  )
  if (row) return row
  throw new Problem('unknown-certificate', say(SAYING.unknownCertificate, { fingerprint: fingerprint.slice(0, 64) }), {
    status: 404,
    hint: say(SAYING.listCertificates),
  })
}

/** Fingerprints of those of these certificates that were taken back: by us, or by the revocation list of whoever issued them. */
export async function revokedAmong(store: Queryable, certificates: readonly CertificateFacts[]): Promise<Set<string>> {
  const rows = await store.query<{ fingerprint: string; chain: string | null }>(
    `select fingerprint, null as chain from cariflex.certificate where revoked_at is not null and fingerprint = any($1::text[])
     union all
     select shown.fingerprint, list.chain from unnest($1::text[], $2::text[], $3::text[]) shown (fingerprint, issuer, serial)
     join cariflex.revocation_list list on list.issuer = shown.issuer and shown.serial = any(list.serials)`,
    [
      certificates.map(({ fingerprint }) => fingerprint),
      certificates.map(({ issuer }) => sayName(issuer)),
      certificates.map(({ serial }) => serial),
    ],
  )
  const isOf = (certificate: string, chain: string): boolean => {
    const found = certificates.find(({ fingerprint }) => fingerprint === certificate)!
    return found.x509.verify(readCertificates(chain)[0]!.x509.publicKey)
  }
  // Two authorities may bear one name: the key tells whose number it is.
  return new Set(rows.filter(({ fingerprint, chain }) => chain === null || isOf(fingerprint, chain)).map(({ fingerprint }) => fingerprint))
}
