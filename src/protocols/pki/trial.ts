/**
 * The public key infrastructure of e-mobility in small, for trials: a V2G root with the authorities of a charge point operator (CPO), a mobility
 * operator (MO) with contracts, a car maker (OEM) with provisioning certificates, the provider who signs them (CPS), a maker of stations.
 * For tests and the simulated world: every key lies in this process.
 */
import { after, type Clock, DAY, type Millis, millis } from '#kernel'
import { type CertificateFacts, type Holder, hashOf, issueCertificate, readCertificates } from './certificate.ts'
import { type KeyKind, makeKey } from './key.ts'
import type { Subject } from './name.ts'
import { type OcspStatus, readOcspRequest, writeOcspResponse } from './ocsp.ts'

/** A holder with the certificates between it and its root, leaf first, root left out. */
export interface ChainHolder extends Holder {
  chain: string[]
}

export type TrialAuthority = 'v2g' | 'cpo' | 'mo' | 'oem' | 'cps' | 'maker'

export interface TrialPki {
  /** Certificates to be trusted: roots of V2G, MO, OEM and of the maker of stations. */
  roots: Record<'v2g' | 'mo' | 'oem' | 'maker', string>
  /** The authority that issues for a role, with its chain. */
  authority(role: TrialAuthority): ChainHolder
  /** Contract of an eMAID, signed by the MO. */
  contract(emaid: string, more?: TrialWish): Promise<ChainHolder>
  /** Provisioning certificate of a car, by its PCID. */
  car(pcid: string, more?: TrialWish): Promise<ChainHolder>
  /** Of a charging station towards cars (SECC). */
  seccLeaf(name: string, more?: TrialWish): Promise<ChainHolder>
  /** Of a charging station towards its CSMS, from the maker of stations. */
  station(identity: string, organization: string, more?: TrialWish): Promise<ChainHolder>
  /** From now on the OCSP answers say so of a certificate. */
  tell(certificate: string, status: OcspStatus): void
  /** Answers an OCSP request (DER) as the responder of all these authorities would. */
  ocsp(request: Uint8Array): Buffer
}

export interface TrialWish {
  /** Begins so long before now (ms), ends so long after. */
  before?: number
  lasts?: number
  ocsp?: string
  kind?: KeyKind
}

const YEARS = millis(3650 * DAY)

/** Makes the roots and the authorities; some milliseconds, all keys on P-256 unless `kind` says otherwise. */
export async function openTrialPki(clock: Clock, { kind = 'p256', ocsp }: { kind?: KeyKind; ocsp?: string } = {}): Promise<TrialPki> {
  const certify = async (
    subject: Subject,
    issuer: ChainHolder | undefined,
    {
      before = DAY,
      lasts = YEARS,
      ocsp: responder = ocsp,
      kind: own = kind,
      ...more
    }: TrialWish & { authority?: boolean | number; purposes?: ('server' | 'client')[] },
  ): Promise<ChainHolder> => {
    const key = await makeKey(own)
    const certificate = issueCertificate({
      subject,
      key,
      from: after(clock.now(), millis(-before)),
      until: after(clock.now(), lasts as Millis),
      ...(issuer && { issuer }),
      ...(issuer && responder !== undefined && { ocsp: responder }),
      ...(more.authority !== undefined && { authority: more.authority }),
      ...(more.purposes && { purposes: more.purposes }),
    })
    // A root stands at the end of a chain without being sent.
    return { certificate, key, chain: issuer ? [certificate, ...issuer.chain] : [] }
  }
  const root = (commonName: string, domain: string) =>
    certify({ commonName, organization: 'Trial', domain }, undefined, { authority: true })
  const v2g = await root('Trial V2G root', 'V2G')
  const moRoot = await root('Trial MO root', 'MO')
  const oemRoot = await root('Trial OEM root', 'OEM')
  const maker = await root('Trial maker of stations', 'CS')
  const below = (commonName: string, issuer: ChainHolder, domain: string) =>
    certify({ commonName, organization: 'Trial', domain }, issuer, { authority: 0 })
  const authorities: Record<TrialAuthority, ChainHolder> = {
    v2g,
    cpo: await below('Trial CPO authority', v2g, 'CPO'),
    mo: await below('Trial MO authority', moRoot, 'MO'),
    oem: await below('Trial OEM authority', oemRoot, 'OEM'),
    cps: await certify({ commonName: 'Trial provisioning', organization: 'Trial', domain: 'CPS' }, v2g, {}),
    maker,
  }
  const roots = { v2g: v2g.certificate, mo: moRoot.certificate, oem: oemRoot.certificate, maker: maker.certificate }
  const all = [...Object.values(authorities), moRoot, oemRoot]
  const told = new Map<string, OcspStatus>()

  return {
    roots,
    authority: (role) => authorities[role],
    contract: (emaid, more = {}) => certify({ commonName: emaid, organization: 'Trial', domain: 'MO' }, authorities.mo, more),
    car: (pcid, more = {}) => certify({ commonName: pcid, organization: 'Trial', domain: 'OEM' }, authorities.oem, more),
    seccLeaf: (name, more = {}) =>
      certify({ commonName: name, organization: 'Trial', domain: 'CPO' }, authorities.cpo, { purposes: ['server'], ...more }),
    station: (identity, organization, more = {}) =>
      certify({ commonName: identity, organization }, maker, { purposes: ['client'], ...more }),
    tell: (certificate, status) => void told.set(serialOf(certificate).serial, status),
    ocsp(request) {
      const [hash] = readOcspRequest(request)
      const signer =
        hash && all.find((one) => hashOf(one.certificate, one.certificate, hash.hashAlgorithm).issuerKeyHash === hash.issuerKeyHash)
      const status = hash && (told.get(hash.serialNumber) ?? 'good')
      return writeOcspResponse(hash!, signer ? status! : 'unknown', signer ?? v2g, {
        from: clock.now(),
        until: after(clock.now(), millis(DAY)),
      })
    },
  }
}

const serialOf = (certificate: string): CertificateFacts => readCertificates(certificate)[0]!
