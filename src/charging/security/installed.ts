/** Roots on stations (OCPP 2.0.1 M03 to M05): installed, listed, removed; hash data goes back as it came. */
import { type Clock, type Instant, Problem, say } from '#kernel'
import { type CertificateHash, hashOf, readCertificates, sameHash } from '#protocols/pki'
import { asJson, asTimestamp, type Store } from '#store'
import type { Station } from '../station.ts'
import { FACE, type Installed, type InstalledUse, step } from './face.ts'
import { connected } from './password-change.ts'
import { SAYING } from './saying.ts'
import { listCertificates } from './shelf.ts'

export const INSTALLED_USES = [
  'V2GRootCertificate',
  'MORootCertificate',
  'CSMSRootCertificate',
  'ManufacturerRootCertificate',
  'OEMRootCertificate',
] as const

export interface InstalledCertificate extends Installed {
  /** Who it is, when we know the certificate. */
  subject: string | null
  /** Position in the station's list; what `remove` takes. */
  position: number
  toldAt: Instant
}

export interface InstalledCertificates {
  /** Installs a root (PEM) on a station. Resolves with its status word. @throws Problem `bad-certificate`, `station-offline`, `station-refused` */
  install(station: Station, use: InstalledUse, pem: string): Promise<string>
  /** What the station says it holds, asked now; kept for when it is away. */
  ask(station: Station, uses?: readonly string[]): Promise<InstalledCertificate[]>
  /** What it said last. */
  last(identity: string): Promise<InstalledCertificate[]>
  /** Removes what stands at a position of its list, or is named by hash data. Resolves with its status word. @throws Problem `unknown-certificate` */
  remove(station: Station, which: number | CertificateHash): Promise<string>
}

export function openInstalled({ store, clock, timeout }: { store: Store; clock: Clock; timeout: number }): InstalledCertificates {
  /** Subjects of the certificates we hold ourselves, by their hash data. */
  const naming = async () => {
    const roots = [...(await listCertificates(store, { kind: 'root' })), ...(await listCertificates(store, { kind: 'authority' }))]
    return (hash: CertificateHash): string | null =>
      roots.find(({ pem }) => sameHash(hashOf(pem, pem, hash.hashAlgorithm), hash))?.subject ?? null
  }
  const last = async (identity: string): Promise<InstalledCertificate[]> => {
    const rows = await store.query<{ position: number; type: string; hash: Pick<Installed, 'hash' | 'children'>; toldAt: Instant }>(
      'select position, type, hash, told_at as "toldAt" from cariflex.installed_certificate where station = $1 order by position',
      [identity],
    )
    const nameOf = await naming()
    return rows.map(({ hash, ...row }) => ({ ...row, ...hash, subject: nameOf(hash.hash) }))
  }
  return {
    async install(station, use, pem) {
      const [certificate] = readCertificates(pem, 1)
      const session = connected(station)
      return step(session, 'InstallCertificate', () => FACE.install(session, use, certificate!.pem, { timeout }))
    },
    async ask(station, uses) {
      const { identity } = station.record
      const session = connected(station)
      const told = await step(session, 'GetInstalledCertificateIds', () => FACE.installed(session, uses, { timeout }))
      await store.transact(async (tx) => {
        await tx.query('delete from cariflex.installed_certificate where station = $1 and ($2::text[] is null or type = any($2))', [
          identity,
          uses && uses.length > 0 ? uses : null,
        ])
        await tx.query(
          `insert into cariflex.installed_certificate (station, position, type, hash, told_at)
           select $1, coalesce((select max(position) from cariflex.installed_certificate where station = $1), 0) + r.n, r.type, r.hash, $3
           from jsonb_to_recordset($2::jsonb) as r(n int, type text, hash jsonb)`,
          [
            identity,
            asJson(told.map(({ type, hash, children }, index) => ({ n: index + 1, type, hash: { hash, children } }))),
            asTimestamp(clock.now()),
          ],
        )
      })
      const all = await last(identity)
      return uses && uses.length > 0 ? all.filter(({ type }) => uses.includes(type)) : all
    },
    last,
    async remove(station, which) {
      const session = connected(station)
      const { identity } = station.record
      const found = typeof which === 'number' ? (await last(identity)).find(({ position }) => position === which)?.hash : which
      if (!found)
        throw new Problem('unknown-certificate', say(SAYING.unknownCertificate, { fingerprint: String(which) }), {
          status: 404,
          hint: say(SAYING.listCertificates),
        })
      const status = await step(session, 'DeleteCertificate', () => FACE.remove(session, found, { timeout }))
      if (status === 'Accepted')
        await store.query(`delete from cariflex.installed_certificate where station = $1 and hash->'hash' = $2::jsonb`, [
          identity,
          asJson(found),
        ])
      return status
    },
  }
}
